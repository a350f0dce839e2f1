"""An address that OPA listens on: `host:port`, or `unix://PATH`."""

from __future__ import annotations

import contextlib
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

__all__ = ["Address", "AddressTakenError"]

_TCP = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):(?P<port>[0-9]{1,5})")
_UNIX = "unix://"
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not bound here
_LAST_PORT = 65535
_LONGEST_PATH = 103  # sun_path has 104 bytes on macOS, 108 on Linux, and ends in a null


class AddressTakenError(SidecarError):
    """Another process listens on the address.

    >>> import socket
    >>> with socket.create_server(("127.0.0.1", 0)) as taken:
    ...     Address("127.0.0.1", taken.getsockname()[1]).claim()
    Traceback (most recent call last):
    ramgate.sidecar.address.AddressTakenError: cannot listen on `127.0.0.1:...`: Address already...
    """


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """A TCP `host` and `port`, or the absolute `path` of a unix socket.

    An empty host means every interface, and port 0 any free port. On a `secure` address OPA speaks
    TLS.

    >>> Address.parse("127.0.0.1:8181").private, Address.parse(":8181").private
    (True, False)
    """

    host: str = ""
    port: int = 0
    path: str = ""
    secure: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `host:port` or `unix://PATH`; the path is not percent-decoded.

        Raises `ValueError` for any other text, and for a path too long for a socket.
        """
        if text.startswith(_UNIX) and text != _UNIX and "\0" not in text:
            path = str(Path(text.removeprefix(_UNIX)).absolute())
            if len(os.fsencode(path)) > _LONGEST_PATH:
                raise ValueError(
                    f"`{path}` is too long for a socket: more than {_LONGEST_PATH} bytes"
                )
            return cls(path=path)
        try:
            return cls(*_host_and_port(text))
        except ValueError as error:
            raise ValueError(
                f"`{text}` is not an address: write `host:port` or `unix://PATH`"
            ) from error

    @classmethod
    def parse_given(cls, text: str | None) -> Self | None:
        """Parse an address as `parse` does, or return None for None."""
        return None if text is None else cls.parse(text)

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}" if self.path else f"{_bracketed(self.host)}:{self.port}"

    @property
    def flag(self) -> str:
        """The value for OPA's `--addr`, which splits at commas and then parses a URL."""
        return f"{_UNIX}{quote(os.fsencode(self.path))}" if self.path else str(self)

    @property
    def plain_flag(self) -> str:
        """The value for OPA's `--diagnostic-addr`, without TLS even if OPA has a certificate."""
        return self.flag if self.path else f"http://{self}"

    @property
    def url(self) -> str:
        """The URL for a client on this machine: `http[s]://host:port` or `unix:///path`."""
        if self.path:
            return str(self)
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{_bracketed(_EVERYWHERE.get(self.host, self.host))}:{self.port}"

    @property
    def private(self) -> bool:
        """True if no other machine can reach it. Of all host names only `localhost` is trusted."""
        if self.path or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def claim(self) -> Address:
        """Return an address that is free to listen on: this one, with a free port for port 0.

        Raises `AddressTakenError` if it is taken, `SidecarError` if it cannot be used. The file of
        a unix socket without a listener is a leftover, which OPA removes; OPA would remove any
        other file at that path as well, so such a file is an error here.
        """
        try:
            return self._claim()
        except OSError as error:
            kind = AddressTakenError if error.errno == errno.EADDRINUSE else SidecarError
            raise kind(f"cannot listen on `{self}`: {error.strerror or error}") from error

    def remove_leftover(self) -> None:
        """Remove the file of a unix socket without a listener, which a killed OPA leaves."""
        if self.path:
            with contextlib.suppress(SidecarError, OSError):
                self.claim()
                Path(self.path).unlink()

    def _claim(self) -> Address:
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
            raise OSError(errno.EEXIST, "the file exists and is not a socket")
        try:
            self.connect(1.0).close()
        except ConnectionRefusedError:
            return self
        raise OSError(errno.EADDRINUSE, "another process is listening there")

    def connect(self, timeout: float) -> socket.socket:
        """Return a connection to this address; each operation on it has `timeout` seconds."""
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
