"""The server listens where it is told to, and ends with a signal."""

from __future__ import annotations

import socket
import stat
from typing import TYPE_CHECKING

import pytest

from ramgate.web import server

if TYPE_CHECKING:
    from pathlib import Path


def test_only_the_owner_can_open_the_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with server.listen("", 0, str(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_leftover_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.touch()
    with server.listen("", 0, str(path)) as listener:
        assert listener.getsockname() == str(path)


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        server.listen("", 0, str(tmp_path / "none/s"))


def test_an_address_of_ipv6_is_listened_on() -> None:
    with server.listen("::1", 0) as listener:
        assert listener.getsockname()[0] == "::1"


def test_a_body_is_not_held_back_until_the_head_is_acknowledged() -> None:
    with (
        server.listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
