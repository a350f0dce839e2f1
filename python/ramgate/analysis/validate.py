"""Check files without using them, and translate policy documents in files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.accounts.reader import Reader
from ramgate.catalog import actions, catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault, Findings
from ramgate.formats.find import documents
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from ramgate.formats.find import Found

__all__ = [
    "Examination",
    "examine",
    "examine_found",
    "translate_file",
    "translate_found",
    "translations",
]


@dataclasses.dataclass(slots=True)
class Examination:
    """The findings of the files at a path, and the number of documents that were checked.

    `unreadable` has a fault for each file that could not be read.

    >>> result = examine(Path("no-such.json"))
    >>> result.documents, result.findings.faults, str(result.unreadable[0])
    (0, [], 'no-such.json: there is no such file')
    """

    findings: Findings = dataclasses.field(default_factory=Findings)
    unreadable: list[Fault] = dataclasses.field(default_factory=list)
    documents: int = 0


def examine(path: Path) -> Examination:
    """Return the findings about a file, a folder of files, or a catalog.

    The content shows the kind of a file: `ramgate.formats.find` finds the documents in it. The
    accounts files of a folder are examined together, every other document by itself.

    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text('''
    ... accounts:
    ...   "1234567890123456":
    ...     users: {alice: {policies: [no-such-policy]}}
    ... ''')
    >>> for fault in examine(file).findings.faults:
    ...     print(fault.line, fault.message)
    4 there is no policy `no-such-policy`...
    """
    result = Examination()
    try:
        for found in documents(path):
            if found.kind == "unreadable":
                result.unreadable.extend(found.place.findings.faults)
            else:
                result.documents += _count(found)
                _add(result, found)
    except InvalidFiles as error:
        is_unreadable = isinstance(error, UnreadableFiles)
        (result.unreadable if is_unreadable else result.findings.faults).extend(error.faults)
    return result


def _add(result: Examination, found: Found) -> None:
    """Add the findings about a document; if accounts name an unreadable file, the rest is read."""
    try:
        result.findings.add(examine_found(found))
    except UnreadableFiles as error:
        result.unreadable.extend(error.faults)


def examine_found(found: Found) -> Findings:
    """Return the findings about a document that `ramgate.formats.find` has found.

    Raises `InvalidFiles` if it is a catalog with a file that cannot be parsed, and
    `UnreadableFiles` if accounts name a file that cannot be read.

    >>> file = Path("policy.yaml")
    >>> _ = file.write_text("{Version: '1', Statement: []}")
    >>> found, = documents(file)
    >>> len(examine_found(found).faults)
    1
    """
    path = Path(found.place.findings.file)
    match found.kind:
        case "accounts":
            return Reader(catalog.load()).examine(path, found.contents)[1]
        case "catalog":
            findings = catalog.examine(path)[1]
            findings.add(actions.examine(path))
            return findings
        case "catalog role" | "catalog system policy":
            policies = {file.stem for file in path.parent.parent.glob("policies/*.json")}
            is_role = found.kind == "catalog role"
            read = catalog.read_role if is_role else catalog.read_system_policy
            read(source.Source(found.value, found.place), policies)
        case "catalog service":
            actions.read_service(source.Source(found.value, found.place))
        case "identity" | "trust" | "control":
            translate_found(found)
    return found.place.findings


def translate_found(found: Found) -> dict[str, object]:
    """Return the translation of a policy document; its place collects the findings.

    Values that a template computes are advice: the rest of the document is checked as it stands.

    >>> file = Path("policy.json")
    >>> _ = file.write_text('{"Version": "1", "Statement": []}')
    >>> found, = documents(file)
    >>> _ = translate_found(found)
    >>> print(*found.place.findings.faults)
    policy.json:1: $.Statement: must be a non-empty list of objects, not an empty list
    """
    findings = found.place.findings
    translation: dict[str, object] = {}
    if found.value is not None:
        translation = translate_at(found.value, found.place)
    if not found.computed and translation:
        _check_kind(found, translation["kind"])
    for stated in (findings.faults, findings.errors, findings.advice):
        stated[:] = [finding for finding in stated if not found.is_computed(finding)]
    findings.advice.extend(found.computed)
    return translation


def _check_kind(found: Found, kind: object) -> None:
    if found.kind == "trust" and kind == "identity":
        found.place.fault("is not a trust policy: its statements have no `Principal`")
    if found.kind != "trust" and kind == "trust":
        found.place.fault("is a trust policy: a role has one, a policy has no `Principal`")


def translations(path: Path) -> list[dict[str, object]]:
    """Return the translations of all policy documents in a file (docs/reference/translated.md).

    Raises `InvalidFiles` with all faults, `UnreadableFiles` if the file cannot be read. A value
    that a template computes is a fault, and so is a file of another kind.

    >>> import json
    >>> statement = {"Effect": "Allow", "Action": "alikafka:ListTopic", "Resource": "*"}
    >>> file = Path("policies.json")
    >>> _ = file.write_text(json.dumps([{"Version": "1", "Statement": [statement]}]))
    >>> [document["actions"] for document in translations(file)]
    [{'alikafka:listtopic': [0]}]
    """
    if path.is_dir():
        source.content(path)  # raises the fault
    translated, faults = [], list[Fault]()
    for found in documents(path):
        match found.kind:
            case "identity" | "trust" | "control":
                translated.append(translate_found(found))
                faults += [*found.place.findings.faults, *found.computed]
            case "unreadable":
                raise UnreadableFiles(found.place.findings.faults)
            case "nothing":
                faults += found.place.findings.advice
            case "faulty" | "resource policy":
                faults += found.place.findings.faults
            case _:
                message = "is a file of accounts or of the catalog, not a policy document"
                faults.append(Fault(str(path), message=message))
    if faults:
        raise InvalidFiles(faults)
    return translated


def translate_file(path: Path) -> dict[str, object]:
    """Return the translation of the only policy document in a file; raises as `translations` does.

    >>> file = Path("policy.yaml")
    >>> _ = file.write_text('''
    ... Version: "1"
    ... Statement:
    ...   - {Effect: Allow, Action: "alikafka:ListTopic", Resource: "*"}
    ... ''')
    >>> translate_file(file)["actions"]
    {'alikafka:listtopic': [0]}
    """
    found = translations(path)
    if len(found) > 1:
        message = f"contains {len(found)} policy documents: write one of them to a file of its own"
        raise InvalidFiles([Fault(str(path), message=message)])
    return found[0]


def _count(found: Found) -> int:
    """Return the number of documents, files in the case of accounts and of a catalog."""
    match found.kind:
        case "catalog":
            folder = Path(found.place.findings.file)
            patterns = (*catalog.FILES, *actions.FILES)
            return sum(1 for pattern in patterns for _ in folder.glob(pattern))
        case "accounts":
            return found.documents
        case "nothing" | "faulty" | "unreadable":
            return 0
        case _:
            return 1
