"""A document that was found in a file, with its kind, its name and its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.documents.source import embedded, inside
from ramgate.faults import Fault
from ramgate.formats import resource_policy

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ramgate.faults import Place

__all__ = ["ELEMENTS", "Found", "Kind", "PolicyKind", "computed", "is_inside", "policy"]

PolicyKind: TypeAlias = Literal["identity", "trust", "control"]
Kind: TypeAlias = (
    PolicyKind
    | Literal[
        "resource policy",
        "accounts",
        "catalog",
        "catalog role",
        "catalog service",
        "catalog system policy",
        "nothing",
        "faulty",
        "unreadable",
    ]
)

ELEMENTS: Final = frozenset({"Version", "Statement"})
"""The elements of a policy document."""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A document with its kind, its name, and the place of its root, which collects its findings.

    | kind | |
    |---|---|
    | `identity`, `trust`, `control` | a policy document: translate the `value` at the `place` |
    | `resource policy` | a bucket policy, a key policy: its fault says that ramgate reads none |
    | `accounts` | accounts files that are read together: `contents` has their bytes, `named` the
      paths of the files that they name |
    | `catalog` | the folder of a catalog, `place.findings.file` |
    | `catalog role`, `catalog system policy`, `catalog service` | a file of the catalog |
    | `nothing` | a file without policy documents: its advice says so |
    | `faulty`, `unreadable` | not a document, or a file that cannot be read: its fault says why |

    The kind is that of the place where the document was found: a role's document is a `trust`
    policy. A file that is itself a policy document is `identity` or `trust` by its `Principal`.
    The `name` is the policy's or the role's, empty where the source has none. `computed` has a
    finding for each value that a template or a plan does not state: it can be anything.

    >>> from ramgate.faults import Findings, Place
    >>> found = Found("identity", "readers", {"Version": "1"}, Place(Findings(), "$"))
    >>> found.name, found.is_computed(Fault(path="$.Version"))
    ('readers', False)
    """

    kind: Kind
    name: str
    value: object
    place: Place
    computed: tuple[Fault, ...] = ()
    contents: Mapping[Path, bytes] = dataclasses.field(default_factory=dict)
    named: frozenset[Path] = frozenset()

    @property
    def documents(self) -> int:
        """The number of accounts files, and of the files that they name."""
        return len(self.contents) + len(self.named)

    def is_computed(self, finding: Fault) -> bool:
        """True if the finding is about a value of `computed`, so it may be wrong."""
        return any(is_inside(finding.path, value.path) for value in self.computed)


def policy(
    kind: PolicyKind | None,
    name: str,
    value: object,
    place: Place,
    computed: Iterable[Fault] = (),
) -> Found:
    """Return the policy document at a place, where it may be a JSON text.

    Without a kind, the value alone shows its kind: a `Principal` makes it a trust policy, and
    without `Version` and `Statement` it is not a policy document.

    >>> from ramgate.faults import Findings, Place
    >>> found = policy("trust", "app", '{"Version": "1"}', Place(Findings(), "$") / "Document")
    >>> found.value, str(found.place)
    ({'Version': '1'}, '$.Document')
    """
    here = inside(place)
    if isinstance(value, str) and (kind or value.lstrip().startswith("{")):
        source = embedded(value, place)
        value, here = source.value, source.place
    if message := resource_policy.describe(value):
        here.fault(message)
        return Found("resource policy", name, value, here)
    if kind is None and (message := _describe_other(value)):
        here.fault(message)
        return Found("faulty", name, value, here)
    if kind is None:
        kind = "trust" if _has_principal(value) else "identity"
    return Found(kind, name, value, here, tuple(computed))


def computed(place: Place, message: str) -> Fault:
    """Return a finding about the value at a place that is not stated there.

    >>> from ramgate.faults import Findings, Place
    >>> print(computed(Place(Findings("plan.json"), "$"), "is not known yet"))
    plan.json: $: is not known yet: ramgate reads literal values only
    """
    file, line = place.findings.file, place.findings.line_of(place.steps)
    return Fault(file, line, str(place), f"{message}: ramgate reads literal values only")


def is_inside(path: str, outer: str) -> bool:
    """True if the path is the outer one, or leads into its value.

    >>> is_inside("$.Statement[0]", "$.Statement"), is_inside("$.Statements", "$.Statement")
    (True, False)
    """
    return path.startswith(outer) and path[len(outer) : len(outer) + 1] in ("", ".", "[")


def _describe_other(value: object) -> str:
    """Return a message if nothing in an object or a list looks like a policy document."""
    if isinstance(value, list) and value:
        return "is a list without a policy document"
    if isinstance(value, Mapping) and value and ELEMENTS.isdisjoint(value):
        return "is not a policy document: `Version` and `Statement` are missing"
    return ""


def _has_principal(value: object) -> bool:
    statements = value.get("Statement") if isinstance(value, Mapping) else None
    return isinstance(statements, list) and any(
        isinstance(statement, Mapping) and "Principal" in statement for statement in statements
    )
