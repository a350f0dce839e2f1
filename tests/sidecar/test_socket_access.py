from __future__ import annotations

import grp
import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.sidecar import Sidecar
from ramgate.sidecar.socket_access import OWNER_ONLY, SocketAccess
from sidecars import ask
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = os.getgid()
ADDRESS = ["unix://opa.sock"]


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("opa.sock")
        path = tmp_path / "opa.sock"
        path.chmod(0o600)
        yield path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("number", [0o600, 0o620, 0o660, 0o666])
@pytest.mark.parametrize("group", [None, GROUP, str(GROUP), grp.getgrgid(GROUP).gr_name])
def test_a_socket_gets_its_group_and_its_mode(
    listening: Path, number: int, group: str | int | None
) -> None:
    SocketAccess(number, group).apply(Address(path=str(listening)))
    assert mode(listening) == number
    assert listening.stat().st_gid == GROUP


def test_the_mode_comes_after_the_group(listening: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the other order the first group would have a moment of access."""
    seen: list[int] = []
    monkeypatch.setattr(os, "chown", lambda path, *_, **__: seen.append(mode(Path(path))))
    SocketAccess(0o660, 12345).apply(Address(path=str(listening)))
    assert seen == [0o600]
    assert mode(listening) == 0o660


@pytest.mark.parametrize("number", [0, 0o060, 0o400, 0o066, 0o700, 0o755, 0o777, 0o1600, 660, -1])
def test_other_modes_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"^the socket mode `.*` is not one from 600 to 666"):
        SocketAccess(number)


def test_a_group_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^there is no group `no such group` for the socket$"):
        SocketAccess(group="no such group")


def test_what_is_not_a_socket_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch(mode=0o600)
    (tmp_path / "link").symlink_to(file)
    for path in (file, tmp_path / "link"):
        with pytest.raises(SidecarError, match=r"its mode and group: the file is not a socket$"):
            SocketAccess(0o660).apply(Address(path=str(path)))
    assert mode(file) == 0o600
    SocketAccess(0o660).apply(Address("127.0.0.1", 1))
    OWNER_ONLY.apply(Address(path=str(tmp_path / "missing")))


def test_opas_sockets_are_open_to_the_owner_alone_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "opa.sock"
    with Sidecar(bundle=tiny_bundle(), addresses=ADDRESS):
        assert mode(path) == 0o600
    with Sidecar(
        bundle=tiny_bundle(), addresses=ADDRESS, socket_mode=0o660, socket_group=GROUP
    ) as sidecar:
        assert mode(path) == 0o660
        assert path.stat().st_gid == GROUP
        assert ask(sidecar.url).status == 200


def test_a_mode_that_the_system_refuses_stops_opa(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "chown", refuse)
    sidecar = Sidecar(bundle=tiny_bundle(), addresses=ADDRESS, socket_mode=0o660, socket_group=0)
    with pytest.raises(
        SidecarError,
        match=rf"^cannot give `unix://{tmp_path}/opa.sock` its mode and group: Operation not perm",
    ):
        sidecar.start()
    assert not (tmp_path / "opa.sock").exists()
