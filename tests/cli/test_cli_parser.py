from __future__ import annotations

import re
import shlex
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from command_line import ALICE, written
from ramgate.cli.main import main
from ramgate.cli.options import QUOTE_IT

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate import Sidecar


COMMANDS = """
run, status, build, check, roles, role, slr, slr create, slr feature, slr delete, doctor, graph,
translate, validate, install-opa
"""


@pytest.mark.parametrize("command", [[], *(name.split() for name in COMMANDS.split(","))])
def test_help_is_there_for_every_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: ramgate", *command]))


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr() == (f"ramgate {version('ramgate')}\n", "")


@pytest.mark.parametrize("command", [[], *(name.split() for name in COMMANDS.split(","))])
def test_help_names_the_exit_status_and_shows_an_example(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    text = capsys.readouterr().out
    assert "xit status" in text
    if command and command != ["slr"]:
        assert re.search(rf"^examples?:\n  ramgate {' '.join(command)}\b", text, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 100


def test_every_example_of_a_check_is_allowed(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    text = capsys.readouterr().out.partition("examples:\n")[2].replace("\\\n", " ")
    examples = [shlex.split(line)[1:] for line in text.splitlines()]
    assert [example[0] for example in examples] == ["check", "check"]
    for example in examples:
        assert main([*example, "--url", ramgate_sidecar.url]) == 0


def test_file_names_of_an_unquoted_star_are_told_from_other_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        written(tmp_path / name, "")
    for rest, hint in ((["a", "b"], f" ({QUOTE_IT})"), (["a", "c"], "")):
        with pytest.raises(SystemExit) as stopped:
            main(["check", ALICE, "alikafka:ListTopic", *rest])
        assert stopped.value.code == 2
        error = f"error: unrecognized arguments: {rest[1]}{hint}\n"
        usage = capsys.readouterr().err
        assert usage.startswith("usage: ramgate check ")
        assert usage.endswith(f"ramgate check: {error}")


@pytest.mark.parametrize(
    ("rest", "hint"),
    [
        (["--acounts", "a"], " (did you mean --accounts?)"),
        (["--acounts=a"], " (did you mean --accounts?)"),
        (["--verbose", "a"], ""),
    ],
)
def test_a_misspelt_option_gets_the_nearest_one(
    rest: list[str],
    hint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a", "")
    with pytest.raises(SystemExit):
        main(["check", ALICE, "alikafka:ListTopic", "*", *rest])
    error = f"error: unrecognized arguments: {' '.join(rest)}{hint}\n"
    assert capsys.readouterr().err.endswith(f"ramgate check: {error}")


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["check", ALICE, "alikafka:ListTopic", "*", "--accounts", ""], "accounts"),
        (["build", "--accounts", "", "-o", "bundle.tar.gz"], "accounts"),
        (["run", "--token-file", ""], "token_file"),
        (["lint", "policy.json", ""], "path"),
        (["actions", ""], "name"),
    ],
)
def test_an_empty_argument_is_wrong_usage(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith(
        f"error: argument {name}: is empty: is a variable of the shell unset?\n"
    )
