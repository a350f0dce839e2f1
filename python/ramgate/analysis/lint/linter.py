"""Run the checks over files, and collect the findings."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ramgate.accounts.named_files import NamedFiles
from ramgate.accounts.reader import Reader
from ramgate.analysis.lint.account import read_accounts
from ramgate.analysis.lint.checks import ACCOUNT_CHECKS, DOCUMENT_CHECKS, RULES
from ramgate.analysis.lint.config import NOTHING_IGNORED, read_ignores
from ramgate.analysis.lint.document import read_document
from ramgate.analysis.lint.fault_codes import findings_of
from ramgate.analysis.lint.finding import Finding, Level, Report
from ramgate.analysis.lint.held import Holdings
from ramgate.analysis.lint.proofs import without_consequences
from ramgate.analysis.validate import translate_found
from ramgate.catalog import catalog
from ramgate.catalog.actions import catalog_date
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings, printable
from ramgate.formats import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.analysis.lint.check import Check, Remark
    from ramgate.formats.find import Found

__all__ = ["lint"]

_Subject = TypeVar("_Subject")

_FRESH: Final = datetime.timedelta(days=90)
_STEP: Final = re.compile(r"[.\[]")
_CODES: Final = {
    "faulty": "INVALID_FILE",
    "nothing": "NO_POLICY",
    "resource policy": "RESOURCE_POLICY",
}


def lint(
    *paths: Path | str,
    config: Path | str | None = None,
    now: datetime.datetime | None = None,
) -> Report:
    """Check policy documents and accounts, and return the findings, file by file.

    `paths` are those of `ramgate lint`: files, folders, or `-` for standard input. `config` is a
    file such as `.ramgate-lint.yaml`. `now`, in UTC, is the time that conditions on
    `acs:CurrentTime`, the dates of the configuration and the age of the catalog are compared with.
    Raises `InvalidFiles` if the configuration has faults. A file that cannot be read is listed in
    the report.

    >>> from pathlib import Path
    >>> statement = '{"Effect": "Allow", "Action": ["ecs:*"], "Resource": "*"}'
    >>> _ = Path("policy.json").write_text('{"Version": "1", "Statement": [%s]}' % statement)
    >>> for finding in lint("policy.json").findings:
    ...     print(finding.level, finding.code, finding.path)
    Security Warning SERVICE_ADMIN $.Statement[0].Action[0]
    """
    now = now or datetime.datetime.now(datetime.UTC)
    linter = _Linter(now)
    ignores = NOTHING_IGNORED
    if config is not None:
        ignores = read_ignores(Path(config), RULES, now.date())
    for path in paths:
        linter.read(source.argument_path(str(path)))
    kept = [finding for finding in linter.findings if finding not in ignores]
    return Report(
        catalog_date=catalog_date(),
        documents=linter.documents,
        ignored=len(linter.findings) - len(kept),
        findings=(*kept, *ignores.findings),
        unreadable=tuple(linter.unreadable),
    )


class _Linter:
    """Collects the findings of one path after the other."""

    def __init__(self, now: datetime.datetime) -> None:
        self._now = now
        self._is_old = now.date() - catalog_date() > _FRESH
        self.findings: list[Finding] = []
        self.unreadable: list[Fault] = []
        self.documents = 0

    def read(self, path: Path) -> None:
        """Check the documents of a file, of a folder, or of standard input."""
        try:
            for found in find.documents(path):
                try:
                    self._read(found)
                except UnreadableFiles as error:  # accounts name a file that cannot be read
                    self.unreadable.extend(error.faults)
        except InvalidFiles as error:
            faults: list[Fault] = []
            is_unreadable = isinstance(error, UnreadableFiles)
            (self.unreadable if is_unreadable else faults).extend(error.faults)
            self.findings += findings_of(Findings(faults=faults), code="INVALID_FILE")

    def _read(self, found: Found) -> None:
        if found.kind == "unreadable":
            self.unreadable.extend(found.place.findings.faults)
        elif found.kind in _CODES:
            self._add(findings_of(found.place.findings, found.name, _CODES[found.kind]))
        elif found.kind == "accounts":
            self._read_accounts(found)
        elif found.kind in ("identity", "trust", "control"):
            translate_found(found)
            document = read_document(found.value, found.place, found.name, now=self._now)
            if found.computed:
                document = dataclasses.replace(document, proved=())
            findings = [
                one
                for one in self._checked(document, DOCUMENT_CHECKS, found.name)
                if not found.is_computed(Fault(path=one.path))
            ]
            stated = findings_of(found.place.findings, found.name)
            self._add(without_consequences([*stated, *findings]))

    def _read_accounts(self, accounts: Found) -> None:
        path = Path(accounts.place.findings.file)
        files = NamedFiles(path)
        store, found = Reader(catalog.load()).examine(path, accounts.contents, files.content)
        holdings = None if found.faults else Holdings(store)
        read = []
        for file, content in accounts.contents.items():
            with contextlib.suppress(InvalidFiles):  # its faults were found above
                root = source.decode(content, str(file), root="")
                read.append(read_accounts(root.value, root.place, self._now, holdings, files))
        documents = [document for each in read for document in each.documents]
        names = {
            (place.findings.file, str(place)): document.policy
            for document in documents
            for place in (document.named_at, document.place)
            if place is not None
        }
        findings = [*_named(findings_of(found), names)]
        for document in documents:
            findings += self._checked(document, DOCUMENT_CHECKS, document.policy)
        for each in read:
            findings += _named(self._checked(each, ACCOUNT_CHECKS), names)
        self._add(_once(without_consequences(findings)))
        self.documents += accounts.documents - 1

    def _checked(
        self, subject: _Subject, checks: Iterable[Check[_Subject]], policy: str = ""
    ) -> Iterator[Finding]:
        for check in checks:
            for remark in check.find(subject):
                yield self._finding(check, remark, policy)

    def _finding(self, check: Check[_Subject], remark: Remark, policy: str) -> Finding:
        findings = remark.place.findings
        return Finding(
            code=check.code,
            level=Level.SUGGESTION if check.ages and self._is_old else check.level,
            policy=policy,
            path=str(remark.place),
            file=findings.file,
            line=findings.line_of(remark.place.steps),
            message=printable(remark.message),
            suggestion=printable(remark.suggestion),
            request=remark.request,
        )

    def _add(self, findings: Iterable[Finding]) -> None:
        """Add the findings of one document, those of the same line in the order of the checks."""
        self.findings += sorted(findings, key=lambda one: (one.file, one.line))
        self.documents += 1


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out a finding that is repeated because two policies have their document in one file."""
    seen = set()
    for finding in findings:
        place = (finding.code, finding.file, finding.path, finding.message)
        if place not in seen:
            seen.add(place)
            yield finding


def _named(findings: Iterable[Finding], names: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    """Give each finding inside a policy the policy's name; `names` are keyed by their places."""
    for finding in findings:
        path = finding.path
        outer = [path, *(path[: step.start()] for step in _STEP.finditer(path))]
        found = (names.get((finding.file, root)) for root in outer)
        name = next((one for one in found if one is not None), "")
        yield msgspec.structs.replace(finding, policy=name)
