"""Give a file the owner, group, access control list and mode of the file that it replaces."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import Final

__all__ = ["copy_attributes"]

_ACL: Final = "system.posix_acl_access"

# A file system without access control lists reports one of these errors; the file is then written
# without them.
_NO_ACL: Final = frozenset({errno.ENODATA, errno.ENOTSUP})


def copy_attributes(old: int, new: int) -> None:
    """Give the new file the attributes of the old one; both are descriptors.

    Raises `PermissionError` if this process cannot keep the owner or the group.

    >>> from pathlib import Path
    >>> Path("old").touch(0o640)
    >>> with open("old") as old, open("new", "w") as new:
    ...     copy_attributes(old.fileno(), new.fileno())
    >>> oct(Path("new").stat().st_mode)[-3:]
    '640'
    """
    kept, given = os.fstat(old), os.fstat(new)
    # not called in vain: a service manager may end a process that calls it
    if (kept.st_uid, kept.st_gid) != (given.st_uid, given.st_gid):
        try:
            os.fchown(new, kept.st_uid, kept.st_gid)
        except PermissionError as error:
            raise PermissionError(
                errno.EPERM, "belongs to another user or group, which this process cannot keep"
            ) from error
    acl = _acl(old)
    if acl != _acl(new):
        if acl is None:
            os.removexattr(new, _ACL)
        else:
            os.setxattr(new, _ACL, acl)
    os.fchmod(new, stat.S_IMODE(kept.st_mode))


def _acl(descriptor: int) -> bytes | None:
    """Return the access control list of a file; None without one, and always except on Linux."""
    try:
        return os.getxattr(descriptor, _ACL) if sys.platform == "linux" else None
    except OSError as error:
        if error.errno not in _NO_ACL:
            raise
        return None
