"""Read the files of a folder in a thread that may block, as on a network mount that hangs."""

from __future__ import annotations

import dataclasses
import stat
import threading
import time
from typing import TYPE_CHECKING, Final

from ramgate.accounts import reader
from ramgate.documents import source
from ramgate.documents.file_version import version
from ramgate.documents.messages import ChangingFileError, NotAFileError, reason
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from ramgate.documents.file_version import Version

__all__ = ["HUNG", "Content", "Problem", "Scan", "Scanner"]

HUNG: Final = "does not answer: it hangs, as on a network mount"
"""The message about a file that takes longer than two seconds."""

_HUNG_SECONDS: Final = 2.0
_MOST_HUNG: Final = 4
# The coarsest time stamps of a file system are two seconds apart (FAT).
_COARSEST_SECONDS: Final = 2.5


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a file, its version, and when they were read first.

    A version is trusted once the bytes were read again later than two writes can have the same time
    stamp: until then a second write of the same size could go unseen.
    """

    data: bytes
    version: Version
    read_at: float
    trusted: bool = False

    @property
    def node(self) -> Version:
        """The device and the number of the file: another file of the same name has others."""
        return self.version[:2]


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """Why a file was not read.

    A `stray` is not a file at all: a FIFO, a socket, a directory. A `brief` problem is over at the
    next scan: the file changed while it was read.
    """

    message: str
    stray: bool = False
    brief: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Scan:
    """The files that were read, and the problems of the others, by their paths.

    A problem of the scanned path itself means that nothing is known about the files.
    """

    contents: dict[Path, Content] = dataclasses.field(default_factory=dict)
    problems: dict[Path, Problem] = dataclasses.field(default_factory=dict)


class Scanner:
    """Scans an accounts file, or a folder of them, and files that they name, any number of times.

    A file that hangs is left to its blocked thread, and is a problem until that thread returns.

    >>> from pathlib import Path
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {}")
    >>> Scanner(file).scan({}).contents[file].data
    b'accounts: {}'
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._accounts: dict[Path, _Pass] = {}
        self._named: dict[Path, _Pass] = {}

    def scan(self, known: Mapping[Path, Content]) -> Scan:
        """Read the files whose versions differ from those of `known`, and return all of them."""
        found = _scanned(self._path, self._files, known, self._accounts)
        return Scan({}, {self._path: found}) if isinstance(found, Problem) else found

    def scan_named(self, files: Collection[Path], known: Mapping[Path, Content]) -> Scan:
        """Read the files that accounts files name, as `scan` does; only these are opened.

        They hang apart from the accounts files, so that an accounts file which no longer names a
        hanging file counts.
        """
        if not files:
            return Scan()
        self._named = {file: at for file, at in self._named.items() if file in files}
        found = _scanned(self._path, lambda: sorted(files), known, self._named)
        return Scan({}, dict.fromkeys(files, found)) if isinstance(found, Problem) else found

    def _files(self) -> list[Path]:
        if not stat.S_ISDIR(self._path.stat().st_mode):
            return [self._path]
        return [file for file in self._path.iterdir() if reader.is_accounts_file(file.name)]


def _scanned(
    start: Path,
    files: Callable[[], Iterable[Path]],
    known: Mapping[Path, Content],
    hung: dict[Path, _Pass],
) -> Scan | Problem:
    """Return the scan of the first pass that ends; `hung` has the passes that have not ended.

    A problem of the start, where a pass begins to find the files, is one of all of them.
    """
    for file in [file for file, attempt in hung.items() if attempt.finished.is_set()]:
        del hung[file]
    while len(hung) < _MOST_HUNG and start not in hung:
        try:
            attempt = _Pass(start, files, known, frozenset(hung))
        except RuntimeError as error:  # no thread can be started
            return Problem(f"cannot be read: {error}")
        if attempt.ends():
            return attempt.failure or attempt.result
        hung[attempt.at] = attempt
    return Problem(HUNG)


class _Pass:
    """One pass over files, in a thread of its own; `at` is the file that it has reached."""

    def __init__(
        self,
        start: Path,
        files: Callable[[], Iterable[Path]],
        known: Mapping[Path, Content],
        hung: frozenset[Path],
    ) -> None:
        self.at = start
        self.result = Scan({}, dict.fromkeys(hung, Problem(HUNG)))
        self.failure: Problem | None = None
        self.finished = threading.Event()
        self._files = files
        self._known = known
        self._since = time.monotonic()
        threading.Thread(target=self._run, name="ramgate-scan", daemon=True).start()

    def ends(self) -> bool:
        """Wait until the pass has ended; False if it stays at one file for two seconds."""
        while not self.finished.wait(self._since + _HUNG_SECONDS - time.monotonic()):
            if time.monotonic() >= self._since + _HUNG_SECONDS:
                return False
        return True

    def _run(self) -> None:
        try:
            for file in self._files():
                if file not in self.result.problems:
                    self.at, self._since = file, time.monotonic()
                    self._read(file)
        except OSError as error:
            self.failure = Problem(reason(error))
        except Exception as error:  # noqa: BLE001 - out of memory: the files read so far are not all
            self.failure = Problem(f"cannot be read: {error!r}")
        finally:
            self.finished.set()

    def _read(self, file: Path) -> None:
        contents, problems = self.result.contents, self.result.problems
        if not reader.is_utf_8(file):
            problems[file] = Problem(reader.NOT_UTF_8)
            return
        known, now = self._known.get(file), time.monotonic()
        try:
            if (
                known
                and version(file.stat()) == known.version
                and (known.trusted or now < known.read_at + _COARSEST_SECONDS)
            ):
                contents[file] = known
                return
            data, status = source.read_regular(file)
        except FileNotFoundError:
            return
        except OSError as error:
            stray = isinstance(error, NotAFileError | IsADirectoryError)
            brief = isinstance(error, ChangingFileError)
            problems[file] = Problem(reason(error), stray, brief)
            return
        except InvalidFiles as error:
            problems[file] = Problem(error.faults[0].message)
            return
        current = version(status)
        if known and (known.data, known.version) == (data, current):
            contents[file] = dataclasses.replace(known, trusted=True)
        else:
            contents[file] = Content(data, current, now)
