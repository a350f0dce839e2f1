from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opa_machine import GOOD, names_in, prints_version, script
from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.find import default_directory, find_opa
from ramgate.opa.install import install_opa
from ramgate.opa.versions import MINIMUM


def test_the_opa_of_the_set_up_is_found_and_runs() -> None:
    version = subprocess.run(
        [find_opa(), "version"], check=True, capture_output=True, text=True, timeout=60
    )
    assert version.stdout.startswith(f"Version: {MINIMUM[0]}.")


def test_in_a_checkout_opa_is_kept_in_it() -> None:
    assert default_directory() == Path(__file__).resolve().parents[2] / ".tools"


def test_without_a_checkout_opa_is_kept_in_the_data_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "checkout", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_directory() == tmp_path / ".local/share/ramgate"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_directory() == tmp_path / "data/ramgate"


def test_without_a_home_there_is_no_folder_to_keep_opa_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(resources, "checkout", lambda: None)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with pytest.raises(OpaUnavailable, match="no home; set `\\$OPA`"):
        default_directory()


@pytest.mark.parametrize("version", ["1.22.0", "1.22.2", "1.99.0-dev"])
def test_the_opa_named_by_the_user_is_found(
    version: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tools / "opa", GOOD)
    mine = script(commands / "mine", prints_version(version))
    for name in ("mine", str(mine), os.path.relpath(mine)):
        monkeypatch.setenv("OPA", name)
        assert find_opa(tools).samefile(mine)
        assert find_opa(tools).is_absolute()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (prints_version("1.21.9"), "is OPA 1.21.9"),
        (prints_version("0.70.0"), "is OPA 0.70.0"),
        (prints_version("2.0.0"), "is OPA 2.0.0"),
        ("echo hello >&2", "is not OPA: `version` prints `hello`"),
        ("", "is not OPA: `version` prints ``"),
        ("printf '\\377\\000Version: 1'", "is not OPA: `version` prints"),
    ],
)
def test_a_named_opa_that_does_not_fit_is_an_error_with_its_name(
    text: str, cause: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(commands / "opa", GOOD)
    mine = script(commands / "mine", text)
    monkeypatch.setenv("OPA", "mine")
    for attempt in (find_opa, install_opa):
        with pytest.raises(OpaUnavailable) as caught:
            attempt(tools)
        assert str(caught.value).startswith(f"`$OPA` does not fit: `{mine}` {cause}")
        assert str(caught.value).isprintable()
    assert names_in(tools) == set()


def test_a_named_opa_that_is_not_a_command_is_an_error_with_its_name(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(commands / "opa", GOOD)
    (commands / "plain").write_text("no right to run")
    for name in ("nowhere", str(commands), str(commands / "plain")):
        monkeypatch.setenv("OPA", name)
        with pytest.raises(OpaUnavailable, match=f"`\\$OPA` is `{name}`, which is not a command"):
            find_opa(tools)


def test_the_opa_in_the_folder_comes_before_the_one_on_path(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", "")
    on_path = script(commands / "opa", GOOD)
    assert find_opa(tools) == on_path
    kept = script(tools / "opa", prints_version("1.21.0"))
    assert find_opa(tools) == on_path
    script(kept, GOOD)
    assert find_opa(tools) == kept


def test_the_opa_beside_python_comes_before_the_one_on_path(
    commands: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", "")
    on_path = script(commands / "opa", GOOD)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv/bin/python"))
    assert find_opa(tools) == on_path
    beside = script(tmp_path / "venv/bin/opa", GOOD)
    assert find_opa(tools) == beside
    kept = script(tools / "opa", GOOD)
    assert find_opa(tools) == kept
    kept.unlink()
    script(beside, prints_version("1.21.0"))
    assert find_opa(tools) == on_path
    monkeypatch.setattr(sys, "executable", None)  # Python inside of another program
    assert find_opa(tools) == on_path


def test_an_opa_beside_python_and_on_path_is_named_once(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(commands / "python"))
    script(commands / "opa", prints_version("2.0.0"))
    with pytest.raises(OpaUnavailable) as caught:
        find_opa(tools)
    assert str(caught.value).count("is OPA 2.0.0") == 1


def test_without_a_fitting_opa_the_error_names_each_candidate_and_the_remedy(
    commands: Path, tools: Path
) -> None:
    with pytest.raises(OpaUnavailable) as caught:
        find_opa(tools)
    assert str(caught.value) == (
        f"no OPA 1.x from 1.22 on: `{tools}/opa` cannot be run: No such file or directory; "
        "no `opa` is on PATH; run `ramgate install-opa`, or set `$OPA`"
    )
    script(commands / "opa", prints_version("2.0.0"))
    with pytest.raises(OpaUnavailable, match=f"; `{commands}/opa` is OPA 2.0.0; run `ramgate"):
        find_opa(tools)
