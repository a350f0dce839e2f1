"""The CI script runs `make test` whatever it can install, and names each thing that is missing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci/run"
NEEDED = ("bash", "dirname", "id", "mktemp", "rm", "timeout")
SERVERS = {
    "nginx": "nginx-light",
    "docker-registry": "docker-registry",
    "docker-compose": "docker-compose",
    "prometheus": "prometheus",
    "systemd-nspawn": "systemd-container",
}
NO_ENGINE = "ci: container tests are skipped: no Docker engine answers"
SECONDS = 60


def executable(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # it may be a link to the real one
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Make a folder with the programs that the script needs, and no engine and no server."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"`{name}` is missing")
        (folder / name).symlink_to(found)
    executable(folder / "make", 'echo "make $*"; exit "$STATUS"')
    return folder


def missing(programs: Path) -> list[str]:
    """Return the servers that the tests do not find: they look in /usr/sbin, too."""
    return [one for one in SERVERS if shutil.which(one, path=f"{programs}:/usr/sbin") is None]


def run(programs: Path, status: int = 0, errors: str = "") -> list[str]:
    (programs / "repository/.ci").mkdir(parents=True)
    script = shutil.copy(SCRIPT, programs / "repository/.ci/run")
    environment = {"PATH": str(programs), "STATUS": str(status)}
    done = subprocess.run(
        [programs / "bash", script],
        capture_output=True,
        text=True,
        env=environment,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, errors)
    return done.stdout.splitlines()


def test_each_failed_installation_is_one_line_and_the_tests_run(programs: Path) -> None:
    executable(programs / "id", "echo 0")
    executable(programs / "apt-get", f'echo "$*" >>{programs}/calls; echo wrong >&2; exit 100')
    absent = missing(programs)
    assert run(programs) == [
        *(f"ci: tests of {one} are skipped: installing {SERVERS[one]} failed" for one in absent),
        f"{NO_ENGINE}, and installing docker.io failed",
        "make test",
    ]
    flags = "-qq install --yes --no-install-recommends"
    packages = [*(SERVERS[one] for one in absent), "docker.io"]
    assert (programs / "calls").read_text().splitlines() == [
        "-qq update",
        *(f"{flags} {package}" for package in packages),
    ]


def test_only_root_installs(programs: Path) -> None:
    executable(programs / "id", "echo 1000")
    executable(programs / "apt-get", "exit 1")
    *lines, last = run(programs)
    assert last == "make test"
    assert len(lines) == len(missing(programs)) + 1
    assert all(" only root can " in line for line in lines)


def test_a_program_that_is_there_is_not_installed(programs: Path) -> None:
    for name in (*SERVERS, "docker"):
        executable(programs / name, "exit 0")
    executable(programs / "apt-get", "exit 1")
    assert run(programs) == ["make test"]


def test_the_status_is_that_of_the_tests(programs: Path) -> None:
    for name in (*SERVERS, "docker"):
        executable(programs / name, "exit 0")
    assert run(programs, status=2) == ["make test"]


def test_a_failed_clean_up_does_not_change_the_status(programs: Path) -> None:
    for name in (*SERVERS, "docker"):
        executable(programs / name, "exit 0")
    executable(programs / "rm", f"{shutil.which('rm')} \"$@\"; echo 'rm: busy' >&2; exit 1")
    assert run(programs, errors="rm: busy\n") == ["make test"]


def test_a_mount_of_dockerd_is_gone_after_the_tests(programs: Path, tmp_path: Path) -> None:
    for name in ("mount", "umount", "mkdir", "sleep"):
        (programs / name).symlink_to(str(shutil.which(name)))
    source, point = tmp_path / "source", tmp_path / "point"
    source.mkdir()
    point.mkdir()
    if subprocess.run([programs / "mount", "--bind", source, point], check=False).returncode:
        pytest.skip("only root can mount a folder")
    subprocess.run([programs / "umount", point], check=True)
    for name in SERVERS:
        executable(programs / name, "exit 0")
    # dockerd leaves a mount in the folder of its state, as a real one does after a host container
    steps = (
        'while [ "$1" != --exec-root ]; do shift; done',
        'mkdir -p "$2/default"',
        f'mount --bind {source} "$2/default"',
        f'echo "$2/default" >{programs}/left',
        "exec sleep 60",
    )
    executable(programs / "dockerd", "\n".join(steps))
    executable(programs / "docker", f"[ -e {programs}/left ]")
    assert run(programs) == ["make test"]
    left = (programs / "left").read_text().strip()
    assert not Path(left).exists()
    assert left not in Path("/proc/self/mountinfo").read_text()
