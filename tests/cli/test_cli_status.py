from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hostile import Hostile, response
from ramgate import Sidecar
from ramgate.cli.main import main
from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.state import State
from ramgate.sidecar.status_server import StatusServer
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from hostile import Peer


def test_status_needs_the_token_that_opa_demands(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    with Sidecar(Path(accounts), token="s3cret") as sidecar:  # noqa: S106 - a test's own
        assert main(["status", "--url", sidecar.url]) == 2
        assert "check the `token`" in capsys.readouterr().err
        assert main(["status", "--url", sidecar.url, "--token-file", str(token)]) == 0
        assert f"revision  {sidecar.revision}\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["status"], ["check", "a", "b:c", "*"]])
def test_a_command_sends_no_token_to_another_machine_in_clear_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    given = [*command, "--url", "http://0.0.0.0:1", "--token-file", str(token)]
    assert main(given) == 2
    assert "would carry the token in clear text: use `https://`" in capsys.readouterr().err
    assert main([*given, "--plain-http"]) == 2
    assert "cannot reach `http://0.0.0.0:1`" in capsys.readouterr().err


def test_status_of_what_does_not_answer_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--url", f"unix://{tmp_path}/none"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"ramgate: cannot reach `unix://{tmp_path}/none`: No such file or directory\n"
    )


def test_status_of_an_opa_that_is_not_ready_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asked for the revision first, so it never printed `not ready`."""

    def unready(peer: Peer) -> None:
        peer.receive_head()
        peer.say(response(b"{}", "500 Internal Server Error"))
        peer.question()
        peer.say(response(b"{}"))

    with Hostile(unready, unix=tmp_path / "s") as server:
        assert main(["status", "--url", server.url]) == 1
    assert capsys.readouterr().out == (
        f"url       unix://{tmp_path}/s\nrevision  none\nhealth    not ready\n"
    )


def test_status_of_a_healthy_opa_without_ramgates_bundle_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def foreign(peer: Peer) -> None:
        peer.receive_head()
        peer.say(response(b"{}"))
        peer.question()
        peer.say(response(b"{}"))

    with Hostile(foreign, unix=tmp_path / "s") as server:
        assert main(["status", "--url", server.url]) == 2
    assert "runs without ramgate's bundle" in capsys.readouterr().err


def test_status_exits_with_1_while_opa_decides_by_another_revision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"unix://{tmp_path}/s"
    with Sidecar(bundle=tiny_bundle("one"), addresses=[url], status_address="auto") as sidecar:
        assert main(["status", "--url", url]) == 0
        assert capsys.readouterr().out == (
            f"url       {url}\nrevision  one\nhealth    ready\nwanted    one\nrestarts  0\n"
        )
        with pytest.raises(SidecarError, match="refused"):
            sidecar.publish(tiny_bundle("bad", "{"))
        assert main(["status", "--url", url]) == 1
        assert re.search(
            r"^revision  one\n.*\nwanted    bad, not in use for \d+ s, since \S+Z\nrestarts  0\n$",
            capsys.readouterr().out,
            re.MULTILINE,
        )


def test_status_exits_with_1_while_the_wanted_revision_is_known_and_opa_gives_no_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, told = f"unix://{tmp_path}/none", f"unix://{tmp_path}/told"
    server = StatusServer(Address.parse(told), lambda: State("one", None, 5.0, 7))
    try:
        assert main(["status", "--url", url, "--status-addr", told]) == 1
    finally:
        server.close()
    assert re.search(
        r"^revision  none\nhealth    no answer\nwanted    one, not .*\nrestarts  7\n$",
        capsys.readouterr().out,
        re.MULTILINE,
    )


def test_status_exits_with_2_if_ramgate_run_does_not_answer_beside_its_opa(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramgate.sidecar.status._SECONDS", 0.1)
    url, path = f"unix://{tmp_path}/s", f"{tmp_path}/s.status"
    with Sidecar(bundle=tiny_bundle("one"), addresses=[url]):
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(path)
            silent.listen()
            assert main(["status", "--url", url]) == 2
            assert f"cannot reach `unix://{path}`: timed out" in capsys.readouterr().err
        assert main(["status", "--url", url]) == 0  # no server has the socket


def test_no_ramgate_run_is_beside_a_socket_whose_name_has_no_room_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{tmp_path}/s"
    monkeypatch.setattr("ramgate.sidecar.address._LONGEST_PATH", len(path))
    with Sidecar(bundle=tiny_bundle("one"), addresses=[f"unix://{path}"]):
        assert main(["status", "--url", f"unix://{path}"]) == 0
    assert "wanted" not in capsys.readouterr().out


def test_status_of_a_status_address_that_does_not_answer_exits_with_2(
    tmp_path: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    told = f"unix://{tmp_path}/none"
    assert main(["status", "--url", ramgate_sidecar.url, "--status-addr", told]) == 2
    assert f"cannot reach `{told}`" in capsys.readouterr().err
