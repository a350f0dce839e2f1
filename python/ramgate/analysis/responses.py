"""Find the policy documents in the output of RAM's and Resource Manager's APIs.

`GetPolicy`, `GetPolicyVersion`, `ListPolicyVersions`, `GetRole` and `GetControlPolicy` answer with
a policy document as a JSON text inside JSON. Programs and `jq` wrap such answers in lists and
objects of their own, so a document is found wherever its key is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.documents.source import Source, embedded, inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Place

__all__ = ["documents"]

_Kind: TypeAlias = Literal["identity", "trust", "control"]

_NAMES: Final = ("PolicyName", "RoleName")
_NOT_GIVEN: Final = "N/A"  # in RAM's example of GetPolicy, whose document is a version's


def documents(
    value: object, place: Place, name: str = "", kind: _Kind = "identity"
) -> Iterator[tuple[str, _Kind, Source]]:
    """Yield the name, the kind and the document of each policy in the output of an API.

    >>> from ramgate.faults import Findings, Place
    >>> output = {"Role": {"RoleName": "app", "AssumeRolePolicyDocument": "{}"}}
    >>> for name, kind, document in documents(output, Place(Findings(), "$")):
    ...     print(name, kind, document.place, document.value)
    app trust $.Role.AssumeRolePolicyDocument {}
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from documents(item, place / index, name, kind)
    if not isinstance(value, Mapping) or "Statement" in value:
        return
    name = _name(value) or name
    for key, member in value.items():
        here = place / str(key)
        if key == "PolicyDocument" and member != _NOT_GIVEN:
            yield name, kind, _document(member, here)
        elif key == "AssumeRolePolicyDocument":
            yield name, "trust", _document(member, here)
        else:
            yield from documents(member, here, name, "control" if key == "ControlPolicy" else kind)


def _name(value: Mapping[str, object]) -> str:
    """Return the name in an object, or in its `Policy`: GetPolicy has it beside the document."""
    policy = value.get("Policy")
    for part in (value, policy if isinstance(policy, Mapping) else {}):
        for key in _NAMES:
            if isinstance(name := part.get(key), str):
                return name
    return ""


def _document(value: object, place: Place) -> Source:
    return embedded(value, place) if isinstance(value, str) else Source(value, inside(place))
