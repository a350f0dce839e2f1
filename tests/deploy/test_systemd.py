"""The units of deploy/systemd, started by a real systemd where root can boot a container."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from booted import booted, require_boot
from command_line import ALICE, INSTANCE, ONE_USER
from moved_python import build_wheel, copy_python
from processes import eventually
from ramgate.bundle.builder import build
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from booted import Machine

UNITS = Path(__file__).parents[2] / "deploy/systemd"
SECONDS = 60.0
CHECK = ("/opt/ramgate/bin/ramgate", "check", ALICE, "alikafka:ListTopic", INSTANCE)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Boot a machine with ramgate and the accounts as the units want them."""
    require_boot()
    folder = tmp_path_factory.mktemp("systemd")
    layer = folder / "layer"
    copy_python(layer)
    wheel = build_wheel(layer / "opt/wheels")
    shutil.copy(find_opa(), layer / "opt/opa")
    shutil.copytree(UNITS, layer / "opt/units")
    (layer / "opt/accounts.yaml").write_text(ONE_USER)
    with booted(folder, layer) as started:
        python = "/opt/ramgate/bin/python3"
        for command in (
            "/usr/local/bin/python3 -m venv --system-site-packages --without-pip /opt/ramgate",
            f"{python} -m pip install --no-index --no-deps /opt/wheels/{wheel.name}",
            "cp /opt/opa /opt/ramgate/bin/opa",
            "groupadd --system --force ramgate",
            "install -d -m 0750 -g ramgate /etc/ramgate/accounts",
            "install -m 0640 -g ramgate /opt/accounts.yaml /etc/ramgate/accounts",
        ):
            started.run(*command.split())
        yield started


def start(machine: Machine, unit: str) -> None:
    """Run the commands at the top of the unit's file."""
    commands = re.findall(r"^#   (.+)$", (UNITS / f"{unit}.service").read_text(), re.MULTILINE)
    assert commands[-1] == f"systemctl enable --now {unit}"
    machine.run("sh", "-euc", "\n".join(["cd /opt/units", *commands]))


def has_decided(machine: Machine) -> bool:
    done = machine.ask(*CHECK, "--url", "unix:///run/ramgate/opa.sock")
    assert done.returncode == 2 or done.stdout.startswith("Allow  "), done.stdout
    return done.returncode == 0


def check_privileges(machine: Machine, unit: str) -> None:
    pid = machine.property(unit, "MainPID")
    status = machine.run("cat", f"/proc/{pid}/status")
    for line in ("NoNewPrivs:\t1", "CapBnd:\t0000000000000000", "Seccomp:\t2"):
        assert line in status
    assert re.search(r"^Uid:\t[1-9]", status, re.MULTILINE)
    assert re.search(r"^\S+ / \S+ ro", machine.run("cat", f"/proc/{pid}/mounts"), re.MULTILINE)


def test_systemd_starts_run_and_starts_it_again(machine: Machine) -> None:
    start(machine, "ramgate-run")
    eventually(lambda: has_decided(machine), SECONDS)
    check_privileges(machine, "ramgate-run")
    stranger = machine.ask(
        *("runuser", "-u", "nobody", "--", *CHECK, "--url", "unix:///run/ramgate/opa.sock")
    )
    assert stranger.returncode == 2
    assert "Permission denied" in stranger.stderr
    eventually(lambda: ALICE in machine.run("cat", "/var/log/ramgate/decisions.log"), SECONDS)

    first = machine.property("ramgate-run", "MainPID")
    machine.run("kill", "-KILL", first)
    eventually(lambda: machine.property("ramgate-run", "NRestarts") == "1", SECONDS)
    eventually(lambda: has_decided(machine), SECONDS)
    assert machine.property("ramgate-run", "MainPID") != first
    assert machine.run("pgrep", "--count", "--exact", "opa") == "1\n"

    machine.run("systemctl", "stop", "ramgate-run")
    assert machine.property("ramgate-run", "Result") == "success"
    assert machine.ask("pgrep", "--exact", "opa").returncode == 1


def test_systemd_starts_publish_for_nginx(machine: Machine, tmp_path: Path) -> None:
    start(machine, "ramgate-publish")
    bundle = "/var/lib/ramgate/bundle.tar.gz"
    eventually(lambda: machine.ask("test", "-e", bundle).returncode == 0, SECONDS)
    check_privileges(machine, "ramgate-publish")
    (tmp_path / "accounts.yaml").write_text(ONE_USER)
    expected = build(tmp_path / "accounts.yaml").revision
    assert expected in machine.run("journalctl", "--unit=ramgate-publish", "--no-pager")
    for user, status in (("www-data", 0), ("nobody", 1)):
        assert (
            machine.ask("runuser", "-u", user, "--", "gzip", "--test", bundle).returncode == status
        )
