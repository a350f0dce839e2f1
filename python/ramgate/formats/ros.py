"""Find the policy documents in a template of the Resource Orchestration Service (ROS).

ROS takes `Version: 1` as a number. Its functions, such as `Fn::Sub`, compute values when a stack is
created; `!Sub` and other tags of YAML are their short form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents.source import TAG_FAULT, Unquoted
from ramgate.formats.found import computed, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Fault, Place
    from ramgate.formats.found import Found, PolicyKind

__all__ = ["NOUN", "documents", "is_template"]

NOUN: Final = "a ROS template"
_DOCUMENTS: Final[Mapping[str, tuple[str, PolicyKind]]] = {
    "ALIYUN::RAM::ManagedPolicy": ("PolicyName", "identity"),
    "ALIYUN::RAM::Role": ("RoleName", "trust"),
    "ALIYUN::ResourceManager::ControlPolicy": ("ControlPolicyName", "control"),
    "ALIYUN::ResourceManager::Role": ("RoleName", "trust"),
}
_TRUST: Final = ("AssumeRolePolicyDocument",)
_POLICY: Final = ("PolicyDocumentUnchecked", "PolicyDocument")
_WITH_POLICIES: Final = ("ALIYUN::RAM::Group", "ALIYUN::RAM::Role", "ALIYUN::RAM::User")
_WHEN: Final = "computes this value when the stack is created"


def is_template(value: object) -> bool:
    """True if the value is a ROS template.

    >>> is_template({"ROSTemplateFormatVersion": "2015-09-01"}), is_template({"Statement": []})
    (True, False)
    """
    return isinstance(value, Mapping) and (
        "ROSTemplateFormatVersion" in value
        or any(
            str(_member(resource, "Type")).startswith("ALIYUN::")
            for resource in _resources(value).values()
        )
    )


def documents(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents of a template's policies, roles, groups and users.

    >>> from ramgate.faults import Findings, Place
    >>> statement = {"Effect": "Allow", "Action": "oss:Get*", "Resource": {"Ref": "Objects"}}
    >>> properties = {"PolicyName": "r", "PolicyDocument": {"Statement": [statement]}}
    >>> policies = {"P": {"Type": "ALIYUN::RAM::ManagedPolicy", "Properties": properties}}
    >>> for found in documents({"Resources": policies}, Place(Findings(), "$")):
    ...     print(found.kind, found.name, *found.computed)
    identity r `Ref` computes this value ... @ $.Resources.P.Properties.PolicyDocument...
    """
    tagged = {fault.path for fault in place.findings.faults if fault.message == TAG_FAULT}
    for name, resource in _resources(value).items():
        type_ = _member(resource, "Type")
        properties = _member(resource, "Properties")
        here = place / "Resources" / name / "Properties"
        if isinstance(type_, str) and isinstance(properties, Mapping):
            key, kind = _DOCUMENTS.get(type_, ("", "identity"))
            if key:
                yield from _documents(
                    kind, _text(properties, key) or name, properties, here, tagged
                )
            policies = properties.get("Policies") if type_ in _WITH_POLICIES else None
            for index, inline in enumerate(policies if isinstance(policies, list) else []):
                if isinstance(inline, Mapping):
                    at = here / "Policies" / index
                    title = _text(inline, "PolicyName") or name
                    yield from _documents("identity", title, inline, at, tagged)


def _documents(
    kind: PolicyKind, name: str, properties: Mapping[str, object], place: Place, tagged: set[str]
) -> Iterator[Found]:
    """Yield the document of a resource; ROS ignores `PolicyDocument` beside the unchecked one."""
    for key in _TRUST if kind == "trust" else _POLICY:
        if key in properties:
            here = place / key
            document = _with_version(properties[key])
            yield policy(kind, name, document, here, _computed(document, here, tagged))
            break


def _with_version(document: object) -> object:
    if isinstance(document, Mapping) and document.get("Version") == Unquoted("1"):
        return {**document, "Version": "1"}
    return document


def _computed(value: object, place: Place, tagged: set[str]) -> Iterator[Fault]:
    if str(place) in tagged:
        yield computed(place, f"a tag of YAML {_WHEN}")
    elif isinstance(value, Mapping):
        names = [name for name in value if name == "Ref" or str(name).startswith("Fn::")]
        if len(value) == 1 and names:
            yield computed(place, f"`{names[0]}` {_WHEN}")
        else:
            for key, member in value.items():
                yield from _computed(member, place / str(key), tagged)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _computed(item, place / index, tagged)


def _resources(value: object) -> Mapping[str, object]:
    resources = _member(value, "Resources")
    return resources if isinstance(resources, Mapping) else {}


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _text(value: Mapping[str, object], key: str) -> str:
    member = value.get(key)
    return member if isinstance(member, str) else ""
