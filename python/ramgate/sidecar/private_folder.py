"""A folder of one sidecar that only its user can open: for its socket and its bundle's token."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.status import STATUS_SUFFIX

__all__ = ["PrivateFolder"]

_SOCKET = "opa.sock"
_SHORT = "/tmp"  # noqa: S108 - mkdtemp makes the folder's name and permissions safe


class PrivateFolder:
    """A new folder with mode 0700, among the temporary files, until `remove`.

    Raises `SidecarError` if none can be created.
    """

    def __init__(self) -> None:
        try:
            self.path = _create(tempfile.gettempdir())
            try:
                self.socket, self.status_socket = self._sockets()
            except ValueError:  # too long for a socket
                self.remove()
                self.path = _create(_SHORT)
                self.socket, self.status_socket = self._sockets()
        except OSError as error:
            raise SidecarError(f"cannot create a private folder: {error}") from error

    def write(self, name: str, text: str) -> Path:
        """Write a new file that only its owner can read, and return its path."""
        path = self.path / name
        with open(path, "x", opener=_private, encoding="ascii") as file:
            file.write(text)
        return path

    def remove(self) -> None:
        """Remove the folder and its files; do nothing if it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _sockets(self) -> tuple[Address, Address]:
        text = f"unix://{self.path / _SOCKET}"
        return Address.parse(text), Address.parse(f"{text}{STATUS_SUFFIX}")


def _create(parent: str) -> Path:
    return Path(tempfile.mkdtemp(prefix="ramgate-", dir=parent)).resolve()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
