"""Find the policy documents in the output of RAM's and Resource Manager's APIs.

`GetPolicy`, `GetPolicyVersion`, `ListPolicyVersions`, `GetRole` and `GetControlPolicy` answer with
a policy document as a JSON text inside JSON. Programs and `jq` put such answers into lists and
objects of their own, so a document is found wherever its key is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.formats.found import policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Place
    from ramgate.formats.found import Found, PolicyKind

__all__ = ["NOUN", "documents", "is_output"]

NOUN: Final = "the output of an API"
_KINDS: Final[Mapping[str, PolicyKind]] = {"ControlPolicy": "control", "ControlPolicies": "control"}
_DOCUMENT: Final = "PolicyDocument"
_TRUST: Final = "AssumeRolePolicyDocument"
_NAMES: Final = ("PolicyName", "RoleName")
_NOT_GIVEN: Final = "N/A"  # beside the version that has the document, in RAM's example of GetPolicy


def is_output(value: object) -> bool:
    """True if the value is an answer of an API, or has one inside.

    >>> is_output({"RequestId": "", "Policies": {}}), is_output([{"PolicyDocument": "{}"}])
    (True, True)
    >>> is_output({"Version": "1", "Statement": []})
    False
    """
    if isinstance(value, list):
        return any(map(is_output, value))
    if not isinstance(value, Mapping) or "Statement" in value:
        return False
    return not {"RequestId", _DOCUMENT, _TRUST}.isdisjoint(value) or any(
        map(is_output, value.values())
    )


def documents(
    value: object, place: Place, name: str = "", kind: PolicyKind = "identity"
) -> Iterator[Found]:
    """Yield the policy documents in the output of an API, each with the name beside it.

    >>> from ramgate.faults import Findings, Place
    >>> output = {"Role": {"RoleName": "app", "AssumeRolePolicyDocument": "{}"}}
    >>> for found in documents(output, Place(Findings(), "$")):
    ...     print(found.kind, found.name, found.place, found.value)
    trust app $.Role.AssumeRolePolicyDocument {}
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from documents(item, place / index, name, kind)
    if not isinstance(value, Mapping):
        return
    if "Statement" in value:  # ROS's GenerateTemplatePolicy answers with an object
        yield policy(kind, name, value, place)
        return
    name = _name(value) or name
    for key, member in value.items():
        here = place / str(key)
        if key == _TRUST:
            yield policy("trust", name, member, here)
        elif key != _DOCUMENT:
            yield from documents(member, here, name, _KINDS.get(key, kind))
        elif member != _NOT_GIVEN:
            yield policy(kind, name, member, here)


def _name(value: Mapping[str, object]) -> str:
    """Return the name in an object, or in its `Policy`: GetPolicy has it beside the document."""
    beside = value.get("Policy")
    for part in (value, beside if isinstance(beside, Mapping) else {}):
        for key in _NAMES:
            if isinstance(name := part.get(key), str):
                return name
    return ""
