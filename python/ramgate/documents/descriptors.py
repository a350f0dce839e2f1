"""Open, lock and synchronize files by descriptors, also where a file system lacks a feature."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["lock", "opened", "synchronize"]

_PRIVATE: Final = 0o600

# A file system without locks or synchronization reports one of these errors; the file is then
# written without that feature.
_NO_LOCKS: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP})
_NO_SYNC: Final = frozenset({errno.EBADF, errno.EINVAL, errno.ENOTSUP})


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """Open a file or a folder; a new file is one that only its owner can read.

    >>> from pathlib import Path
    >>> with opened(Path(".")) as folder:
    ...     synchronize(folder)
    """
    descriptor = os.open(path, flags, _PRIVATE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def lock(descriptor: int) -> None:
    """Lock a file or a folder against other writers, until it is closed.

    Raises `BlockingIOError` if another process holds the lock.

    >>> from pathlib import Path
    >>> with opened(Path(".")) as one, opened(Path(".")) as other:
    ...     lock(one)
    ...     lock(other)
    Traceback (most recent call last):
    BlockingIOError: ...
    """
    with _tolerated(_NO_LOCKS):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def synchronize(descriptor: int) -> None:
    """Synchronize a folder to the disk.

    >>> from pathlib import Path
    >>> with opened(Path(".")) as folder:
    ...     synchronize(folder)
    """
    with _tolerated(_NO_SYNC):
        os.fsync(descriptor)


@contextlib.contextmanager
def _tolerated(numbers: frozenset[int]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise
