"""Write a file completely or not at all, and nothing but a regular file.

The content goes to a temporary file in the folder of its target, which is then renamed, so a reader
sees either the old content or the new. The file and the folder are synchronized to the disk. A
writer locks the file that it replaces, and checks before the rename that the file has not changed
since the lock: of two writers at once, the second fails.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from ramgate.documents.attributes import copy_attributes
from ramgate.documents.descriptors import lock, opened, synchronize

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_standard_output", "write", "write_output"]

_KINDS: Final = {
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}
_DESCRIPTOR: Final = re.compile("[0-9]{1,9}")
_MOST_LINKS: Final = 40  # Linux follows as many symbolic links in one path
_TEMPORARY: Final = ".ramgate-"
_IDENTITY: Final = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")

# A file system without hard links reports one of these errors; the file is then moved without them.
_NO_HARD_LINKS: Final = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EPERM})

_CHANGED: Final = "was changed by another process: try again"
_LOCKED: Final = "is being written by another process: try again"


def is_standard_output(argument: str) -> bool:
    """Return True if the argument of `-o` names standard output: `-`, or `/dev/stdout`.

    >>> is_standard_output("-"), is_standard_output("./-")
    (True, False)
    """
    return argument == "-" or _descriptor(Path(argument)) == 1


def write_output(argument: str, content: bytes) -> None:
    """Write the content to the file that the argument of `-o` names.

    `-` is standard output. So is `/dev/stdout`; `/dev/stderr` and `/dev/fd/N` are the descriptors
    of this process, and `/dev/null` discards the content. Every other argument names a file for
    `write`, and raises its errors.

    >>> write_output("/dev/null", b"accounts: {}")
    >>> write_output("accounts.yaml", b"accounts: {}")
    >>> Path("accounts.yaml").read_text()
    'accounts: {}'
    """
    with _named(argument):
        descriptor = 1 if argument == "-" else _descriptor(Path(argument))
        if descriptor == 1:
            _write_to_standard_output(content)
        elif descriptor is not None:
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                stream.write(content)
        elif not _is_null(argument):
            write(Path(argument), content)


def write(path: Path, content: bytes, *, replaces: bytes | None = None) -> None:
    """Replace a regular file in one step, or create one that only its owner can read (mode 600).

    A symbolic link stays, and its target is replaced. An existing file keeps its owner, group, mode
    and access control list. With `replaces`, the file must have that content until it is replaced.

    Raises `OSError` with the path and the reason: if the path is a directory, a device, a pipe or a
    socket; if the file has several hard links, because only one of them would change; if this
    process may not write the file or cannot keep its owner; or if the system refuses. Raises
    `BlockingIOError` if another process writes the file at the same time. The old file is unchanged
    then, unless the only failure is that its folder could not be synchronized to the disk.

    >>> write(Path("accounts.yaml"), b"accounts: {}")
    >>> Path("accounts.yaml").read_text()
    'accounts: {}'
    """
    with _named(str(path)):
        target = Path(os.path.realpath(path))
        with opened(target.parent, os.O_RDONLY | os.O_DIRECTORY) as folder:
            with contextlib.ExitStack() as held:
                old = _lock(target, held)
                before = _look(target, old, replaces)
                temporary = _write_temporary(target.parent, content, old)
                try:
                    if _look(target, old, replaces) != before:
                        _fail_as_second(_CHANGED)
                    _move(temporary, target, is_new=old is None)
                finally:
                    temporary.unlink(missing_ok=True)
            synchronize(folder)


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """Name the file in every `OSError`: not a descriptor, nor the temporary file."""
    try:
        yield
    except OSError as error:
        error.filename = path
        del error.filename2  # set to None, it would be printed
        raise


def _descriptor(path: Path) -> int | None:
    """Return N if the path leads to `/dev/fd/N`, the descriptor of this process; else None.

    Links are followed one at a time: the last link leads from the descriptor to its file, which
    must not be replaced.
    """
    own = {Path("/dev/fd"), Path(os.path.realpath("/dev/fd"))}
    for _ in range(_MOST_LINKS):
        path = Path(os.path.realpath(path.parent), path.name)
        if path.parent in own and _DESCRIPTOR.fullmatch(path.name):
            return int(path.name)
        try:
            path = path.parent / path.readlink()
        except OSError:
            break
    return None


def _is_null(argument: str) -> bool:
    try:
        found = Path(argument).stat()
    except OSError:
        return False
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev


def _write_to_standard_output(content: bytes) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _fail_as_second(reason: str) -> NoReturn:
    raise BlockingIOError(errno.EAGAIN, reason)


def _lock(target: Path, held: contextlib.ExitStack) -> int | None:
    """Return a descriptor of the file, locked until `held` closes it; None if there is no file."""
    try:
        _require_replaceable(target)
        old = held.enter_context(opened(target, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW))
    except FileNotFoundError:
        return None
    try:
        lock(old)
    except BlockingIOError:
        _fail_as_second(_LOCKED)
    return old


def _require_replaceable(target: Path) -> None:
    found = target.stat()
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        raise OSError(errno.EINVAL, f"is {_KINDS.get(kind, 'special')}, not a regular file")
    if found.st_nlink > 1:
        # A writer of a new file has it under two names for a moment, see `_move`.
        for temporary in target.parent.glob(f"{_TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(temporary.lstat(), found):
                    _fail_as_second(f"{_LOCKED}, or remove `{temporary.name}` if nothing writes it")
        if target.stat().st_nlink == 1:
            _fail_as_second(_LOCKED)
        raise OSError(
            errno.EMLINK,
            f"has {found.st_nlink} hard links, of which only this one would change: "
            "make it a file of its own first",
        )


def _look(target: Path, old: int | None, replaces: bytes | None) -> tuple[int, ...] | None:
    """Return the identity of the file at `target`, or None if there is no file.

    Raises `BlockingIOError` if it is not the `old` file, or has another content than `replaces`.
    """
    try:
        found = target.lstat()
    except FileNotFoundError:
        is_as_locked, content, identity = old is None, None, None
    else:
        is_as_locked = old is not None and os.path.samestat(found, os.fstat(old))
        content = target.read_bytes() if is_as_locked and replaces is not None else None
        identity = tuple(getattr(found, field) for field in _IDENTITY)
    if not is_as_locked or content != replaces:
        _fail_as_second(_CHANGED)
    return identity


def _write_temporary(folder: Path, content: bytes, old: int | None) -> Path:
    """Return a new file in the folder, synchronized to the disk, with the attributes of `old`."""
    descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY, dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if old is not None:
                copy_attributes(old, file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def _move(temporary: Path, target: Path, *, is_new: bool) -> None:
    """Rename the temporary file; a new file never replaces one that was created meanwhile."""
    try:
        if is_new:
            os.link(temporary, target)
            return
    except FileExistsError:
        _fail_as_second(_CHANGED)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    temporary.replace(target)
