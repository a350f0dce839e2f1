from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from command_line import ALLOWED, SECONDS
from hammer import EVERYTHING, NOT_AUTHORIZED, NOT_WRITTEN, WRITES, Hammer
from processes import eventually
from ramgate import Client, RamgateError
from ramgate.bundle import builder as bundle
from ramgate.cli.main import main
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate import Sidecar


def test_build_writes_a_bundle_that_any_opa_loads_and_answers_the_same(
    tmp_path: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bundle.tar.gz"
    assert main(["build", "--example", "-o", str(target)]) == 0
    made = bundle.build()
    assert target.read_bytes() == made.content
    assert capsys.readouterr().out == (
        f"revision {made.revision}: accounts 1, policies 183, roles 5, users 3\n"
    )
    question = tmp_path / "input.json"
    question.write_text(
        json.dumps(dict(zip(("principal", "action", "resource"), ALLOWED, strict=True)))
    )
    asked = ["-b", str(target), "-i", str(question), "-f", "raw", "data.ram.authz.decision"]
    answer = json.loads(subprocess.check_output([str(find_opa()), "eval", *asked], timeout=SECONDS))
    with ramgate_sidecar.client() as client:
        decision = client.decide(*ALLOWED)
    assert answer["allow"] is decision.allow is True
    assert answer["statements"] == [{"policy": "AliyunKafkaFullAccess", "index": 0}]


@pytest.mark.parametrize("address", ["unix:///run/ramgate/opa.sock", "127.0.0.1:8181"])
def test_an_opa_that_is_started_by_hand_as_the_help_shows_answers_decisions_and_takes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    """The help showed an OPA on TCP that took policies, and gave decisions by them."""
    assert main(["build", "--example", "-o", str(tmp_path / "bundle.tar.gz")]) == 0
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    example = capsys.readouterr().out.rpartition("examples:\n")[2].replace("\\\n", "")
    [command] = [line for line in example.splitlines() if address in line]
    on_tcp = not address.startswith("unix")
    here = str(Address.parse("127.0.0.1:0").claim()) if on_tcp else f"unix://{tmp_path}/opa.sock"
    shell = command.replace(address, here).replace("opa run", f"exec {find_opa()} run")
    attacks, refused = (EVERYTHING, NOT_AUTHORIZED) if on_tcp else (WRITES, NOT_WRITTEN)
    with Hammer(here, attacks, refused) as hammer:
        opa = subprocess.Popen(["/bin/sh", "-c", shell], cwd=tmp_path, stderr=subprocess.DEVNULL)
        try:
            with Client(f"http://{here}" if on_tcp else here) as client:
                eventually(lambda: _is_allowed(client))
            eventually(lambda: hammer.answers > len(attacks))
        finally:
            opa.terminate()
            opa.wait(SECONDS)
    assert hammer.accepted == []


def _is_allowed(client: Client) -> bool:
    try:
        return client.decide(*ALLOWED).allow
    except RamgateError:
        return False


def test_build_replaces_nothing_where_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", tmp_path / "missing" / "bundle.tar.gz"):
        assert main(["build", "--example", "-o", str(target)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert str(target.parent) in captured.err
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_a_bundle_on_standard_output_is_nothing_but_the_bundle(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    made = bundle.build()
    assert main(["build", "--example", "-o", "-"]) == 0
    captured = capfdbinary.readouterr()
    assert captured.out == made.content
    assert captured.err.startswith(f"revision {made.revision}: accounts 1,".encode())


def test_a_new_bundle_is_private_and_a_shared_one_stays_shared(tmp_path: Path) -> None:
    """Every bundle, with all policies and accounts, was readable by every user."""
    target = tmp_path / "bundle.tar.gz"
    assert main(["build", "--example", "-o", str(target)]) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    target.chmod(0o640)
    assert main(["build", "--example", "-o", str(target)]) == 0
    assert target.stat().st_mode & 0o777 == 0o640


def test_build_refuses_a_pipe_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pipe was replaced: its reader waited on, and the bundle lay in a file."""
    os.mkfifo(tmp_path / "pipe")
    assert main(["build", "--example", "-o", str(tmp_path / "pipe")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"ramgate: `{tmp_path}/pipe`: is a named pipe, not a regular file\n"
    assert (tmp_path / "pipe").is_fifo()
