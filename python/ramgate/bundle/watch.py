"""Watch accounts files, and rebuild their bundle when they change.

The files are polled, not subscribed to: polling works the same on every system, and also notices a
replaced file, a link with a new target and a change in a network folder.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from ramgate.bundle.builder import Builder
from ramgate.bundle.scan import Scanner
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ramgate.bundle.builder import Bundle
    from ramgate.bundle.scan import Content, Problem, Scan

__all__ = ["Watch"]

_RESTLESS_SECONDS: Final = 3.0
_EMPTY: Final = "contains no accounts file: *.yaml, *.yml or *.json"
_ATTEMPTS: Final = 3

_logger = logging.getLogger(__name__)


class Watch:
    """Watches an accounts file, or a folder of them, and rebuilds the bundle when it changes.

    A changed file counts once two consecutive polls agree, to avoid reading it mid-write. For at
    most three seconds the other changes wait for it: then they count, and the file keeps the
    content that it had in the last valid bundle. So does a file that is missing, for three seconds
    after which its absence counts, and a file that cannot be read, for as long as that lasts: the
    policies in it may be denials. Files that cannot be read are named once, to `tell`, by default a
    warning in the log.

    >>> from pathlib import Path
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {'1234567890123456': {}}")
    >>> watch = Watch(file)
    >>> first = watch.build()
    >>> _ = file.write_text("accounts: {'1234567890123456': {users: {alice: {}}}}")
    >>> watch.look(first.revision) is None  # the file may still be in the middle of a write
    True
    >>> watch.look(first.revision).counts["users"]
    1
    """

    def __init__(self, path: Path, tell: Callable[[str], object] = _logger.warning) -> None:
        self._path = path
        self._tell = tell
        self._builder = Builder()
        self._scanner = Scanner(path)
        self._seen: dict[Path, Content] = {}
        self._valid: dict[Path, bytes] = {}
        self._built: dict[Path, bytes] | None = None
        self._problems: Mapping[Path, Problem] = {}
        self._gone: dict[Path, float] = {}
        self._restless: float | None = None
        self._is_faulty = False
        self._is_stream = False

    @property
    def unread(self) -> list[Path]:
        """The files that were part of the bundle and cannot be read now: their content is old."""
        return sorted(file for file in self._problems if file in self._valid)

    def build(self) -> Bundle:
        """Build the bundle of the files as they are.

        Raises `InvalidFiles` with every fault, and `UnreadableFiles` if a file cannot be read. A
        FIFO, a socket or a directory with the name of an accounts file is named and left out.
        """
        scan = self._scan()
        for _ in range(_ATTEMPTS):
            if any(problem.brief for problem in scan.problems.values()):
                scan = self._scan()
        if self._path in scan.problems and scan.problems[self._path].stray:
            self._is_stream = True
            return self._builder.build(self._path)
        faults = [
            _fault(file, problem)
            for file, problem in sorted(scan.problems.items())
            if not problem.stray
        ]
        if faults:
            raise UnreadableFiles(faults)
        contents = {file: content.data for file, content in scan.contents.items()}
        bundle = self._build(contents)
        self._valid = self._built = contents
        return bundle

    def look(self, active: str) -> Bundle | None:
        """Poll: return the new bundle, or None if nothing changed or its revision is `active`.

        Raises `InvalidFiles` with every fault, only once for the same contents; the last valid
        contents go on to be those of `unread` and missing files.
        """
        if self._is_stream:
            return None
        before, scan, now = self._seen, self._scan(), time.monotonic()
        contents, is_restless = self._believe(scan, before, now)
        self._restless = (self._restless or now) if is_restless else None
        if self._restless is not None and now - self._restless < _RESTLESS_SECONDS:
            return None
        if contents == self._built:
            return None
        was_faulty, self._is_faulty = self._is_faulty, True
        try:
            bundle = self._build(contents)
        except InvalidFiles:
            self._built = contents
            raise
        self._valid = self._built = contents
        self._is_faulty = False
        # After faults, report the bundle even if it is the active one: the files are valid again.
        return bundle if was_faulty or bundle.revision != active else None

    def _build(self, contents: dict[Path, bytes]) -> Bundle:
        problem = self._problems.get(self._path)
        if problem is not None:
            raise UnreadableFiles([_fault(self._path, problem)])
        if not contents:
            raise InvalidFiles([Fault(printable(str(self._path)), message=_EMPTY)])
        return self._builder.build(self._path, contents)

    def _scan(self) -> Scan:
        scan = self._scanner.scan(self._seen)
        self._seen = scan.contents
        for file, problem in sorted(scan.problems.items()):
            is_new = self._problems.get(file) != problem
            if is_new and not problem.brief and file != self._path:
                kept = "its last valid content stays in use" if file in self._valid else "left out"
                self._tell(f"{_fault(file, problem)}: {kept}")
        self._problems = scan.problems
        return scan

    def _believe(
        self, scan: Scan, before: Mapping[Path, Content], now: float
    ) -> tuple[dict[Path, bytes], bool]:
        """Return the contents that count, and whether a file is changing or missing only now."""
        contents: dict[Path, bytes] = {}
        is_restless = False
        for file, content in scan.contents.items():
            if file in before and before[file].version == content.version:
                contents[file] = content.data
            else:
                is_restless = True
                self._keep(file, contents)
        for file, problem in scan.problems.items():
            is_restless |= problem.brief
            if file != self._path:
                self._keep(file, contents)
        missing = self._valid.keys() - scan.contents.keys() - scan.problems.keys()
        if self._path in scan.problems:
            missing |= {self._path}
        self._gone = {file: self._gone.get(file, now) for file in missing}
        for file, since in self._gone.items():
            if now - since < _RESTLESS_SECONDS:
                is_restless = True
                self._keep(file, contents)
        return contents, is_restless

    def _keep(self, file: Path, contents: dict[Path, bytes]) -> None:
        if file in self._valid:
            contents[file] = self._valid[file]


def _fault(file: Path, problem: Problem) -> Fault:
    return Fault(printable(str(file)), message=problem.message)
