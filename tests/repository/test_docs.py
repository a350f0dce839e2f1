"""The documents say what is: every block of the README runs, every operator's example holds."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate import Simulation, translate
from ramgate.cli import main as cli
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
)
OPERATOR_ROWS = re.findall(
    r"^\| `([A-Za-z:]+)` \| `(.+?)` \| `(.+?)` \| `(.+?)` \|$",
    (ROOT / "docs/reference/operators.md").read_text(),
    re.MULTILINE,
)
ADDRESS = "http://127.0.0.1:8181"


def block(language: str, mark: str) -> tuple[str, str]:
    """The README's block that has the mark in it, and the one after."""
    [index] = [at for at, (kind, text) in enumerate(BLOCKS) if kind == language and mark in text]
    return BLOCKS[index][1], BLOCKS[index + 1][1] if index + 1 < len(BLOCKS) else ""


def shell(command: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-euc", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_every_block_of_the_readme_is_run_by_a_test() -> None:
    assert [kind for kind, _ in BLOCKS] == [
        "sh",
        "sh",
        "sh",
        "json",
        "sh",
        "text",
        "python",
        "text",
        "python",
        "python",
    ]


def test_the_readmes_two_commands_are_targets_of_the_makefile() -> None:
    assert block("sh", "make run")[0] == "make run\n"
    assert block("sh", "make test")[0] == "make test\n"
    listed = shell("make help")
    assert re.search(r"^make run\b.*127\.0\.0\.1:8181 until Ctrl-C", listed, re.MULTILINE)
    assert re.search(r"^make test\b", listed, re.MULTILINE)


def test_the_first_question_is_answered_as_the_readme_says(ramgate_sidecar: Sidecar) -> None:
    command, answer = block("sh", "curl")
    assert ADDRESS in command
    printed = shell(command.replace(ADDRESS, ramgate_sidecar.url))
    assert json.loads(printed) == json.loads(answer)


def test_the_readmes_check_prints_what_it_says() -> None:
    command, answer = block("sh", "ramgate check")
    assert command.startswith(".venv/bin/ramgate ")
    ramgate = shlex.quote(str(Path(sys.executable).with_name("ramgate")))
    assert shell(command.replace(".venv/bin/ramgate", ramgate)) == answer


def test_the_first_python_prints_what_the_readme_says(ramgate_sidecar: Sidecar) -> None:
    program, answer = block("python", "from ramgate import")
    assert ADDRESS in program
    program = program.replace(ADDRESS, ramgate_sidecar.url)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == answer


@pytest.mark.parametrize("fixture", ["ramgate_client", "ramgate_world"])
def test_the_readmes_pytest_passes(pytester: pytest.Pytester, fixture: str) -> None:
    program, _ = block("python", f"({fixture})")
    pytester.makepyfile(program)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_every_operator_has_a_row_in_the_docs_and_no_other() -> None:
    rows = {row[0] for row in OPERATOR_ROWS if ":" not in row[0]}
    assert rows == set(OPERATORS)
    assert {row[0].partition(":")[0] for row in OPERATOR_ROWS if ":" in row[0]} == {
        "ForAllValues",
        "ForAnyValue",
    }


@pytest.mark.parametrize("row", OPERATOR_ROWS, ids=[row[0] for row in OPERATOR_ROWS])
def test_an_operators_example_holds(ramgate_client: Client, row: tuple[str, ...]) -> None:
    operator, listed, satisfying, other = row
    condition = {operator: {"k": json.loads(listed)}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policies = {"p": translate({"Version": "1", "Statement": [statement]})}
    decisions = ramgate_client.simulate_all(
        Simulation(
            "acs:ram::1234567890123456:user/u",
            "a:b",
            "*",
            {"k": json.loads(value)},
            policies=policies,
        )
        for value in (satisfying, other)
    )
    assert [bool(decision) for decision in decisions] == [True, False]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
            assert anchor in slugs, link


def helped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        cli.main([*words, "--help"])
    return capsys.readouterr().out


def listed(text: str) -> list[str]:
    """The commands that a help text lists."""
    part = text.partition("\ncommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^    ([a-z][a-z-]+)(?:  |$)", part, re.MULTILINE)


def settled(text: str) -> list[str]:
    # From Python 3.13 on, `-o FILE, --output FILE` is `-o, --output FILE`, and wraps elsewhere.
    return re.sub(r"(-\w) [A-Z]+, (?=--)", r"\1, ", text).split()


def test_the_page_of_commands_is_what_each_command_says_of_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/reference/commands.md").read_text()
    form = re.compile(r"^## `ramgate ?(.*?)`\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    blocks = form.findall(page)
    for name, text in blocks:
        assert settled(text) == settled(helped(monkeypatch, capsys, *name.split())), name
    commands = listed(helped(monkeypatch, capsys))
    within = [f"slr {name}" for name in listed(helped(monkeypatch, capsys, "slr"))]
    assert len(within) == 3
    at = commands.index("slr") + 1
    assert [name for name, _ in blocks] == ["", *commands[:at], *within, *commands[at:]]
