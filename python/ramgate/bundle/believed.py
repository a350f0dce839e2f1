"""Decide which contents of files count while the files change, are missing or cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.bundle.scan import Problem
from ramgate.documents.messages import reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ramgate.bundle.scan import Content, Scan

__all__ = ["RESTLESS_SECONDS", "Believed", "Contents"]

Contents: TypeAlias = "dict[Path, bytes]"
"""The bytes of files by their paths."""

RESTLESS_SECONDS: Final = 3.0
"""The time for which changes wait for a file that changes or is missing."""


class Believed:
    """The files that are scanned at a path, or those that accounts files there name.

    `contents` and `problems` are those of the last scan, `valid` the contents in the last valid
    bundle. `is_mid_write` is False if each file that changes was replaced by another file, so that
    it is not in the middle of a write.

    >>> from pathlib import Path
    >>> from ramgate.bundle.scan import Scanner
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {}")
    >>> scanner, believed = Scanner(file), Believed(file)
    >>> for _ in range(2):
    ...     _ = believed.take(scanner.scan(believed.contents))
    ...     print(believed.believe(believed.valid, 0.0))
    ({}, True)
    ({PosixPath('accounts.yaml'): b'accounts: {}'}, False)
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: Mapping[Path, Content] = {}
        self._gone: dict[Path, float] = {}
        self.contents: Mapping[Path, Content] = {}
        self.problems: Mapping[Path, Problem] = {}
        self.valid: Contents = {}
        self.is_mid_write = False

    @property
    def unread(self) -> set[Path]:
        """The files of the last valid bundle that cannot be read now."""
        return self.problems.keys() & self.valid.keys()

    @property
    def is_changing(self) -> bool:
        """True if a file changed while it was read."""
        return any(problem.brief for problem in self.problems.values())

    def problem(self, file: Path) -> Problem:
        """Return why a file has no content that counts."""
        if file in self.contents:
            return Problem("is still being written")
        return self.problems.get(file) or Problem(reason(FileNotFoundError()))

    def take(self, scan: Scan) -> dict[Path, Problem]:
        """Keep the result of a scan; return the problems that are new and do not pass at once."""
        new = {
            file: problem
            for file, problem in scan.problems.items()
            if self.problems.get(file) != problem and not problem.brief
        }
        self._before, self.contents, self.problems = self.contents, scan.contents, scan.problems
        return new

    def believe(self, valid: Contents, now: float) -> tuple[Contents, bool]:
        """Return the contents that count, and whether a file is changing or missing only now.

        `valid` are the last valid contents of those files that are expected.
        """
        contents: Contents = {}
        is_restless = self.is_mid_write = False
        for file, content in self.contents.items():
            before = self._before.get(file)
            if before and before.version == content.version:
                contents[file] = content.data
            else:
                is_restless = True
                self.is_mid_write |= before is None or before.node == content.node
                _keep(file, valid, contents)
        for file, problem in self.problems.items():
            is_restless |= problem.brief
            self.is_mid_write |= problem.brief
            if file != self._path:
                _keep(file, valid, contents)
        missing = valid.keys() - self.contents.keys() - self.problems.keys()
        if self._path in self.problems:
            missing |= {self._path}
        self._gone = {file: self._gone.get(file, now) for file in missing}
        for file, since in self._gone.items():
            if now - since < RESTLESS_SECONDS:
                is_restless = self.is_mid_write = True
                _keep(file, valid, contents)
        return contents, is_restless


def _keep(file: Path, valid: Contents, contents: Contents) -> None:
    if file in valid:
        contents[file] = valid[file]
