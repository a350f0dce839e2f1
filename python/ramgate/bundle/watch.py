"""Watch accounts files, and rebuild their bundle when they change.

The files are polled, not subscribed to: polling works the same on every system, and also notices a
replaced file, a link with a new target and a change in a network folder.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from ramgate.bundle.believed import RESTLESS_SECONDS, Believed
from ramgate.bundle.builder import Builder
from ramgate.bundle.scan import Problem, Scanner
from ramgate.bundle.signature import CannotSign
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ramgate.bundle.believed import Contents
    from ramgate.bundle.builder import Bundle, Serial
    from ramgate.bundle.signature import Signer

__all__ = ["Watch"]

_EMPTY: Final = "contains no accounts file: *.yaml, *.yml or *.json"
_KEPT: Final = "its last valid content stays in use"
_ATTEMPTS: Final = 3
_LOOK_SECONDS: Final = 0.25
_SHORTEST_SECONDS: Final = 0.1
_REPLACED_SECONDS: Final = 0.03
_SHARE: Final = 10

_logger = logging.getLogger(__name__)


class Watch:
    """Watches an accounts file, or a folder of them, and rebuilds the bundle when it changes.

    A changed file counts once two consecutive polls agree, to avoid reading it mid-write. `pause`
    has the seconds until the next poll: a quarter of a second, less if reading takes little time,
    and 30 ms after a file was replaced by another, which was complete before. For at
    most three seconds the other changes wait for it: then they count, and the file keeps the
    content that it had in the last valid bundle. A missing file keeps that content for three
    seconds, then its absence counts. A file that cannot be read keeps it as long as that lasts: the
    policies in it may be denials. Files that cannot be read are named once, to `tell`, by default a
    warning in the log. All that holds for the files that accounts files name, too, as long as an
    accounts file that counts names them. The mapping `authzen` is read once, not watched.

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

    def __init__(
        self,
        path: Path,
        tell: Callable[[str], object] = _logger.warning,
        authzen: Path | None = None,
        *,
        serial: Serial = None,
        signer: Signer | None = None,
    ) -> None:
        self._path = path
        self._tell = tell
        self._builder = Builder(authzen, serial=serial, signer=signer)
        self._scanner = Scanner(path)
        self._accounts = Believed(path)
        self._named = Believed(path)
        self._built: tuple[Contents, Contents] | None = None
        self._restless: float | None = None
        self._is_faulty = False
        self._is_stream = False
        self.pause = _LOOK_SECONDS

    @property
    def unread(self) -> list[Path]:
        """The files that were part of the bundle and cannot be read now: their content is old."""
        return sorted(self._accounts.unread | self._named.unread)

    def build(self) -> Bundle:
        """Build the bundle of the files as they are.

        Raises `InvalidFiles` with every fault, and `UnreadableFiles` if a file cannot be read. A
        FIFO, a socket or a directory with the name of an accounts file is named and left out.
        """
        for _ in range(1 + _ATTEMPTS):
            self._scan_accounts()
            contents = {file: content.data for file, content in self._accounts.contents.items()}
            self._scan_named(contents)
            if not (self._accounts.is_changing or self._named.is_changing):
                break
        problems = self._accounts.problems
        if self._path in problems and problems[self._path].stray:
            self._is_stream = True
            return self._builder.build(self._path)
        faults = [
            _fault(file, problem) for file, problem in sorted(problems.items()) if not problem.stray
        ]
        if faults:
            raise UnreadableFiles(faults)
        named = {file: content.data for file, content in self._named.contents.items()}
        return self._build(contents, named)

    def look(self, active: str) -> Bundle | None:
        """Poll: return the new bundle, or None if nothing changed or its revision is `active`.

        Raises `InvalidFiles` with every fault, only once for the same contents; the last valid
        contents go on to be those of `unread` and missing files.
        """
        if self._is_stream:
            return None
        began = time.monotonic()
        self._scan_accounts()
        now = time.monotonic()
        contents, is_restless = self._accounts.believe(self._accounts.valid, now)
        wanted = self._scan_named(contents)
        # The last valid content of a file that is no longer named does not count, nor is it missed.
        valid = {file: data for file, data in self._named.valid.items() if file in wanted}
        named, is_named_restless = self._named.believe(valid, now)
        is_restless |= is_named_restless
        self._restless = (self._restless or now) if is_restless else None
        if not is_restless:
            took = time.monotonic() - began
            self.pause = min(max(_SHARE * took, _SHORTEST_SECONDS), _LOOK_SECONDS)
        elif self._accounts.is_mid_write or self._named.is_mid_write:
            self.pause = _LOOK_SECONDS
        else:
            self.pause = _REPLACED_SECONDS
        if self._restless is not None and now - self._restless < RESTLESS_SECONDS:
            return None
        if (contents, named) == self._built:
            return None
        was_faulty, self._is_faulty = self._is_faulty, True
        try:
            bundle = self._build(contents, named)
        except CannotSign:
            raise
        except InvalidFiles:
            self._built = (contents, named)
            raise
        self._is_faulty = False
        # After faults, report the bundle even if it is the active one: the files are valid again.
        return bundle if was_faulty or bundle.revision != active else None

    def _build(self, contents: Contents, named: Contents) -> Bundle:
        """Build the bundle of the accounts files and the files that they name; no file is read."""
        problem = self._accounts.problems.get(self._path)
        if problem is not None:
            raise UnreadableFiles([_fault(self._path, problem)])
        if not contents:
            raise InvalidFiles([Fault(printable(str(self._path)), message=_EMPTY)])

        def read(file: Path) -> bytes:
            if file not in named:
                raise UnreadableFiles([_fault(file, self._named.problem(file))])
            return named[file]

        bundle = self._builder.build(self._path, contents, read)
        self._accounts.valid, self._named.valid = contents, named
        self._built = (contents, named)
        return bundle

    def _scan_accounts(self) -> None:
        new = self._accounts.take(self._scanner.scan(self._accounts.contents))
        for file, problem in sorted(new.items()):
            if file != self._path:
                kept = _KEPT if file in self._accounts.valid else "left out"
                self._tell(f"{_fault(file, problem)}: {kept}")

    def _scan_named(self, contents: Contents) -> frozenset[Path]:
        """Scan the files that accounts files with these contents name, and return their paths."""
        wanted = self._builder.named(self._path, contents)
        new = self._named.take(self._scanner.scan_named(wanted, self._named.contents))
        # The problem of a file without a last valid content is a fault at the place of its name.
        by_message: dict[str, list[Path]] = {}
        for file, problem in sorted(new.items()):
            if file in self._named.valid:
                by_message.setdefault(problem.message, []).append(file)
        for message, (first, *rest) in by_message.items():
            more = f", and {len(rest)} more files" if rest else ""
            self._tell(f"{_fault(first, Problem(message))}{more}: {_KEPT}")
        return wanted


def _fault(file: Path, problem: Problem) -> Fault:
    return Fault(printable(str(file)), message=problem.message)
