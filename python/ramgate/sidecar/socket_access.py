"""The mode and the group of a unix socket, which decide who can open it."""

from __future__ import annotations

import dataclasses
import errno
import grp
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from ramgate.sidecar.address import Address

__all__ = ["OWNER_ONLY", "SOCKET_MODE", "SocketAccess"]

SOCKET_MODE = 0o600
"""The mode with which OPA creates its sockets: only the owner can open them."""

_READ_AND_WRITE = 0o666


@dataclasses.dataclass(frozen=True, slots=True)
class SocketAccess:
    """The mode of OPA's sockets, and the name or number of their group; None for OPA's own group.

    Raises `ValueError` for a mode that shuts the owner out or has other bits than read and write,
    and for the name of a group that does not exist.
    """

    mode: int = SOCKET_MODE
    group: str | int | None = None

    def __post_init__(self) -> None:
        if self.mode & SOCKET_MODE != SOCKET_MODE or self.mode & ~_READ_AND_WRITE:
            raise ValueError(
                f"the socket mode `{self.mode:o}` is not one from 600 to 666 without execute bits"
            )
        self._gid()

    def apply(self, address: Address) -> None:
        """Give the socket of a unix address its group, then its mode; skip any other address.

        Raises `SidecarError` if the system refuses that. The mode comes last: until then only the
        owner can open the socket.
        """
        if not address.path or self == OWNER_ONLY:
            return
        try:
            self._apply(Path(address.path))
        except OSError as error:
            raise SidecarError(
                f"cannot give `{address}` its mode and group: {error.strerror or error}"
            ) from error

    def _apply(self, path: Path) -> None:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.ENOTSOCK, "the file is not a socket")
        if self.group is not None:
            os.chown(path, -1, self._gid(), follow_symlinks=False)
        path.chmod(self.mode)

    def _gid(self) -> int:
        if self.group is None:
            return -1
        if isinstance(self.group, int) or self.group.isdecimal():
            return int(self.group)
        try:
            return grp.getgrnam(self.group).gr_gid
        except KeyError as error:
            raise ValueError(f"there is no group `{self.group}` for the socket") from error


OWNER_ONLY = SocketAccess()
"""The access that OPA's sockets have without any change."""
