"""Read a bundle from a file, and read it again when it changes.

The file may come from anywhere: only an OPA that verifies the signature tells whether to trust it.
Here its manifest is read, and no more.
"""

from __future__ import annotations

import io
import logging
import re
import stat
import tarfile
import zlib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from ramgate.bundle.builder import Bundle
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["BundleFile", "read_bundle"]

_MANIFEST: Final = ".manifest"
_MOST_BYTES: Final = 64 * 1024
_MOST_MEMBERS: Final = 1000
_FILES: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
_LOOK_SECONDS: Final = 0.25
_REVISION: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_UNREADABLE: Final = (tarfile.TarError, EOFError, OSError, zlib.error, ValueError)
_NO_BUNDLE: Final = "is not a bundle of `ramgate build`"
_KEPT: Final = "the bundle that was read before stays in use"

_logger = logging.getLogger(__name__)


class _Metadata(msgspec.Struct, frozen=True):
    serial: Annotated[int, msgspec.Meta(ge=0)] | None = None


class _Manifest(msgspec.Struct):
    revision: str
    metadata: _Metadata = _Metadata()


def read_bundle(content: bytes, name: str) -> Bundle:
    """Return the bundle in these bytes, with its revision and serial, without counts.

    Raises `InvalidFiles`, which names the file as `name`, if the bytes are not a bundle.

    >>> from ramgate.bundle.builder import build
    >>> built = build()
    >>> read_bundle(built.content, "bundle.tar.gz").revision == built.revision
    True
    """
    try:
        manifest = msgspec.json.decode(_manifest(content), type=_Manifest)
    except _UNREADABLE as error:
        message = f"{_NO_BUNDLE}: {printable(str(error))}"
        raise InvalidFiles([Fault(name, message=message)]) from error
    if not _REVISION.fullmatch(manifest.revision):
        raise InvalidFiles([Fault(name, message=f"{_NO_BUNDLE}: it has no revision")])
    return Bundle(content, manifest.revision, {}, serial=manifest.metadata.serial)


def _manifest(content: bytes) -> bytes:
    """Return the manifest, which is among the first members; nothing else is unpacked."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for _ in range(_MOST_MEMBERS):
            member = archive.next()
            if member is None:
                break
            if archive.pax_headers:
                raise ValueError("it has headers for all members, which OPA reads in another way")
            # OPA skips what is no file, and so would take another manifest
            if (
                member.type in _FILES
                and member.name.removeprefix("/").removeprefix("./") == _MANIFEST
            ):
                file = archive.extractfile(member)
                return b"" if file is None else file.read(_MOST_BYTES)
    raise ValueError("it has no manifest")


class BundleFile:
    """A bundle in a file, which is read again when it changes.

    A changed file counts once two consecutive looks agree. While it cannot be read, is not a
    bundle, or has an older serial than `at_least` or than the bundle that OPA decides by, the
    bundle before stays in use. OPA decides by the first bundle, and by each one given to `keep`: a
    bundle that OPA refuses has no say about serials. A bundle without a serial is older than any
    with one. `pause` has the seconds until the next look.

    >>> from pathlib import Path
    >>> from ramgate.bundle.builder import Builder
    >>> file = Path("bundle.tar.gz")
    >>> _ = file.write_bytes(Builder(serial=7).build().content)
    >>> BundleFile(file, at_least=8).build()
    Traceback (most recent call last):
    ramgate.errors.InvalidFiles: bundle.tar.gz: has the serial 7, which is older than 8
    """

    def __init__(
        self,
        path: Path,
        tell: Callable[[str], object] = _logger.warning,
        *,
        at_least: int | None = None,
    ) -> None:
        self._path = path
        self._name = printable(str(path))
        self._tell = tell
        self._at_least = at_least
        self._seen: bytes | None = None
        self._built: bytes | None = None
        self._is_faulty = False
        self.unread: list[Path] = []
        self.pause = _LOOK_SECONDS

    def build(self) -> Bundle:
        """Return the bundle in the file.

        Raises `UnreadableFiles` if the file cannot be read, `InvalidFiles` if it is not a bundle or
        has an older serial.
        """
        try:
            content = self._content()
        except OSError as error:
            message = error.strerror or str(error)
            raise UnreadableFiles([Fault(self._name, message=message)]) from error
        bundle = self._read(content)
        self.keep(bundle)
        return bundle

    def keep(self, bundle: Bundle) -> None:
        """Take no bundle with an older serial than this one, by which OPA decides now.

        >>> from pathlib import Path
        >>> from ramgate.bundle.builder import Builder
        >>> file = Path("bundle.tar.gz")
        >>> _ = file.write_bytes(Builder(serial=7).build().content)
        >>> watched = BundleFile(file)
        >>> watched.keep(Builder(serial=8).build())
        >>> watched.build()
        Traceback (most recent call last):
        ramgate.errors.InvalidFiles: bundle.tar.gz: has the serial 7, which is older than 8
        """
        self._at_least = bundle.serial

    def look(self, active: str) -> Bundle | None:
        """Look once: return the new bundle, or None if the file is as before or has `active`.

        After a fault it also returns the bundle that is active. Raises `InvalidFiles` as `build`
        does, once for the same content.
        """
        try:
            content = self._content()
        except OSError as error:
            if not self.unread:
                self._tell(f"{self._name}: {error.strerror or error}: {_KEPT}")
            self.unread = [self._path]
            return None
        self.unread = []
        before, self._seen = self._seen, content
        if content == self._built or content != before:
            return None
        was_faulty, self._is_faulty = self._is_faulty, True
        bundle = self._read(content)
        self._is_faulty = False
        return None if bundle.revision == active and not was_faulty else bundle

    def _content(self) -> bytes:
        if not stat.S_ISREG(self._path.stat().st_mode):  # reading a FIFO would not end
            raise OSError("is not a regular file")
        return self._path.read_bytes()

    def _read(self, content: bytes) -> Bundle:
        self._built = content
        bundle = read_bundle(content, self._name)
        if self._at_least is not None and (bundle.serial is None or bundle.serial < self._at_least):
            has = "no serial" if bundle.serial is None else f"the serial {bundle.serial}"
            message = f"has {has}, which is older than {self._at_least}"
            raise InvalidFiles([Fault(self._name, message=message)])
        return bundle
