"""Where OPA listens: `host:port`, or `unix://PATH`."""

from __future__ import annotations

import dataclasses
import errno
import ipaddress
import os
import re
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Address"]

_TCP = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(?P<port>[0-9]{1,5})")
_UNIX = "unix://"
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here
_LAST_PORT = 65535
_LONGEST_PATH = 103  # sun_path has 104 bytes on macOS, 108 on Linux, and ends in a null


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A TCP `host` and `port`, or the absolute `path` of a unix socket.

    An empty host is every interface. Port 0 is any free one.
    """

    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port` or `unix://PATH`; the path is taken as it stands, nothing is decoded.

        Raises `ValueError` for anything else, and for a path too long for a socket.
        """
        if text.startswith(_UNIX) and text != _UNIX and "\0" not in text:
            path = str(Path(text.removeprefix(_UNIX)).absolute())
            if len(os.fsencode(path)) > _LONGEST_PATH:
                raise ValueError(f"`{path}` is longer than the {_LONGEST_PATH} bytes of a socket's")
            return cls(path=path)
        try:
            return cls(*_host_and_port(text))
        except ValueError as error:
            raise ValueError(f"`{text}` is not one of `host:port`, `unix://PATH`") from error

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}" if self.path else f"{_bracketed(self.host)}:{self.port}"

    @property
    def flag(self) -> str:
        """The same for OPA's `--addr`, which splits at commas, then reads a URL."""
        return f"{_UNIX}{quote(os.fsencode(self.path))}" if self.path else str(self)

    @property
    def url(self) -> str:
        """What a client on this machine connects to: `http://host:port` or `unix:///path`."""
        if self.path:
            return str(self)
        return f"http://{_bracketed(_EVERYWHERE.get(self.host, self.host))}:{self.port}"

    @property
    def private(self) -> bool:
        """Whether nobody on another machine can reach it. A name but `localhost` is not trusted."""
        if self.path or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def claimed(self) -> Address:
        """The same with a port where it had none, found free to listen on.

        Raises `SidecarError` where something else is there. Where nobody answers on a unix socket,
        its file is a leftover: OPA removes it, as it would remove any other file at that path.
        """
        try:
            return self._claimed()
        except OSError as error:
            raise SidecarError(f"cannot listen on `{self}`: {error.strerror or error}") from error

    def _claimed(self) -> Address:
        if not self.path:
            with socket.socket(self._family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as OPA's Go does
                probe.bind((self.host, self.port))
                return dataclasses.replace(self, port=probe.getsockname()[1])
        try:
            mode = Path(self.path).lstat().st_mode
        except FileNotFoundError:
            Path(self.path).parent.stat()
            return self
        if not stat.S_ISSOCK(mode):
            raise OSError(errno.EEXIST, "it exists and is no socket")
        try:
            self.connect(1.0).close()
        except ConnectionRefusedError:
            return self
        raise OSError(errno.EADDRINUSE, "another process answers there")

    def connect(self, timeout: float) -> socket.socket:
        """A connection to what listens there, each operation within `timeout` seconds."""
        if not self.path:
            host = _EVERYWHERE.get(self.host, self.host)
            return socket.create_connection((host, self.port), timeout)
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(timeout)
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection

    @property
    def _family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET


def _host_and_port(text: str) -> tuple[str, int]:
    match = _TCP.fullmatch(text)
    if match is None or int(match["port"]) > _LAST_PORT:
        raise ValueError(text)
    host = match["host"].strip("[]")
    if host != match["host"]:
        ipaddress.IPv6Address(host)
    return host, int(match["port"])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
