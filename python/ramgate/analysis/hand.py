"""Find the policy documents in the files that people have in hand.

A file is a policy document, an accounts file, a file of the catalog, or contains policy documents:
the output of an API such as `GetPolicy`, a Terraform state or plan, a ROS template. The content
shows which.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.accounts import reader
from ramgate.analysis import resource_policy, responses
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Findings, Place
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["InHand", "Kind", "documents", "stored"]

Kind: TypeAlias = Literal[
    "identity",
    "trust",
    "control",
    "resource policy",
    "accounts",
    "catalog",
    "catalog role",
    "catalog system policy",
    "nothing",
    "faulty",
    "unreadable",
]

_ACCOUNTS: Final = {"accounts", "directory"}
_PARTS_OF_AN_ACCOUNT: Final = {"groups", "policies", "roles", "service_linked_roles", "users"}


@dataclasses.dataclass(frozen=True, slots=True)
class InHand:
    """A document with its kind, its name, and the place of its root, which collects its findings.

    | kind | |
    |---|---|
    | `identity`, `trust`, `control` | a policy document: translate the `value` at the `place` |
    | `resource policy` | a bucket policy, a key policy: its fault says that ramgate reads none |
    | `accounts` | accounts files that are read together: `contents` has their bytes |
    | `catalog` | the folder of a catalog, `place.findings.file` |
    | `catalog role`, `catalog system policy` | a file of the catalog |
    | `nothing` | a file without policy documents: its advice says so |
    | `faulty`, `unreadable` | a file that cannot be parsed, or not be read: its fault says why |

    The kind is that of the place where the document was found: a role's document is a `trust`
    policy. A file that is itself a policy document is `identity` or `trust` by its `Principal`.
    The `name` is the policy's or the role's, empty where the source has none. `computed` are the
    places whose values are known only when a template or a plan is applied.

    >>> from pathlib import Path
    >>> file = Path("policy.json")
    >>> _ = file.write_text('{"Version": "1", "Statement": []}')
    >>> [(found.kind, found.name, str(found.place)) for found in documents(file)]
    [('identity', '', '$')]
    """

    kind: Kind
    name: str
    value: object
    place: Place
    computed: Sequence[Place] = ()
    contents: Mapping[Path, bytes] = dataclasses.field(default_factory=dict)


def documents(path: Path) -> Iterator[InHand]:
    """Yield the documents of a file, of a folder, or of a stream such as `STANDARD_INPUT`.

    The accounts files of a folder are one document. Raises `InvalidFiles` if a folder contains no
    file that could be read, `UnreadableFiles` if it cannot be listed; a single file that cannot be
    read is a document of the kind `faulty` or `unreadable`.

    >>> from pathlib import Path
    >>> import json
    >>> policy = json.dumps({"Version": "1", "Statement": []})
    >>> file = Path("output.json")
    >>> _ = file.write_text(json.dumps({
    ...     "Policy": {"PolicyName": "readers"},
    ...     "DefaultPolicyVersion": {"PolicyDocument": policy},
    ... }))
    >>> for found in documents(file):
    ...     print(found.kind, found.name, found.place)
    identity readers $.DefaultPolicyVersion.PolicyDocument
    """
    if (path / "roles").is_dir():
        yield InHand("catalog", "", None, Place(Findings(str(path))))
    elif path.is_dir():
        yield from _of_folder(path)
    else:
        yield from _of_file(path)


def stored(accounts: InHand) -> Iterator[InHand]:
    """Yield the policy documents inside accounts files: policies, trust and control policies.

    >>> from ramgate import resources
    >>> example, = documents(resources.path("examples/accounts.yaml"))
    >>> [(found.kind, found.name) for found in stored(example)][:2]
    [('identity', 'orders-topic-only'), ('identity', 'office-network')]
    """
    for path, content in accounts.contents.items():
        with contextlib.suppress(InvalidFiles):
            root = source.decode(content, str(path), root="")
            top = Place(root.place.findings)
            for number, value in _members(_member(root.value, "accounts")):
                here = top / "accounts" / number
                for name, document in _members(_member(value, "policies")):
                    at = source.inside(here / "policies" / name)
                    yield InHand("identity", name, document, at)
                for name, role in _members(_member(value, "roles")):
                    at = source.inside(here / "roles" / name / "trust")
                    yield InHand("trust", name, _member(role, "trust"), at)
            directory = _member(root.value, "directory")
            for name, document in _members(_member(directory, "policies")):
                at = source.inside(top / "directory" / "policies" / name)
                yield InHand("control", name, document, at)


def _members(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _of_folder(path: Path) -> Iterator[InHand]:
    contents, kinds, failed = {}, set(), []
    for file in reader.files(path):
        try:
            contents[file] = source.content(file)
            kinds.add(_kind(source.decode(contents[file], str(file)).value))
        except InvalidFiles as error:
            failed.append(_failed(file, error))
    if "accounts" in kinds or not kinds:
        yield InHand("accounts", "", None, Place(Findings(str(path))), contents=contents)
        yield from (found for found in failed if found.kind == "unreadable")
        return
    for file in reader.files(path):
        yield from _of_file(file, contents.get(file))


def _of_file(path: Path, content: bytes | None = None) -> Iterator[InHand]:
    try:
        content = source.content(path) if content is None else content
        document = source.decode(content, str(path))
    except InvalidFiles as error:
        yield _failed(path, error)
        return
    kind = _kind(document.value)
    if kind in ("accounts", "catalog role", "catalog system policy"):
        root = source.decode(content, str(path), root="")
        yield InHand(kind, "", root.value, root.place, contents={path: content})
    else:
        yield from _in_value(document.value, document.place)


def _failed(path: Path, error: InvalidFiles) -> InHand:
    place = Place(Findings(str(path), faults=list(error.faults)))
    return InHand("unreadable" if isinstance(error, UnreadableFiles) else "faulty", "", None, place)


def _in_value(value: object, place: Place) -> Iterator[InHand]:
    found = list(responses.documents(value, place))
    if not found:
        yield _policy("", value, place)
    for name, kind, document in found:
        yield _policy(name, document.value, document.place, kind)


def _policy(name: str, value: object, place: Place, kind: Kind | None = None) -> InHand:
    if line := resource_policy.describe(value):
        place.fault(line)
        return InHand("resource policy", name, value, place)
    return InHand(kind or ("trust" if _has_principal(value) else "identity"), name, value, place)


def _has_principal(value: object) -> bool:
    statements = _member(value, "Statement")
    return isinstance(statements, list) and any(
        isinstance(statement, Mapping) and "Principal" in statement for statement in statements
    )


def _kind(value: object) -> Kind:
    """Return the kind of a document, by its keys.

    A document without `accounts`, but with account numbers or the parts of an account, is an
    accounts file too: the reader of accounts reports the missing `accounts`, whereas the translator
    of policies would report a missing `Statement`.
    """
    keys = set(value) if isinstance(value, dict) else set()
    if keys & _ACCOUNTS:
        return "accounts"
    if "role" in keys:
        return "catalog role"
    if "policy" in keys:
        return "catalog system policy"
    if keys and all(key in _PARTS_OF_AN_ACCOUNT or grammar.ACCOUNT.fullmatch(key) for key in keys):
        return "accounts"
    return "identity"
