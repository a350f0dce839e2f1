"""Find the policy documents in a Terraform state, in a plan, and in a configuration in JSON.

`terraform show -json` prints a state or a plan. A state file of Terraform, `terraform.tfstate`, has
the same resources in another form. A configuration states a document as a text with expressions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.formats.found import computed, policy
from ramgate.formats.terraform_resources import (
    as_object,
    as_objects,
    shown_resources,
    stored_resources,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.faults import Fault, Place
    from ramgate.formats.found import Found, PolicyKind
    from ramgate.formats.terraform_resources import Resource

__all__ = [
    "CONFIGURATION",
    "SHOWN",
    "STATE_FILE",
    "configured",
    "is_configuration",
    "is_shown",
    "is_state_file",
    "shown",
    "stored",
]

SHOWN: Final = "the output of `terraform show -json`"
STATE_FILE: Final = "a state file of Terraform"
CONFIGURATION: Final = "a Terraform configuration"


class _Type(NamedTuple):
    """A type of resource: the kind of its document, and the attributes, the newest name first."""

    kind: PolicyKind
    documents: tuple[str, ...]
    names: tuple[str, ...]


_TYPES: Final[Mapping[str, _Type]] = {
    "alicloud_ram_policy": _Type(
        "identity", ("policy_document", "document"), ("policy_name", "name")
    ),
    "alicloud_ram_role": _Type(
        "trust", ("assume_role_policy_document", "document"), ("role_name", "name")
    ),
    "alicloud_resource_manager_control_policy": _Type(
        "control", ("policy_document",), ("control_policy_name",)
    ),
    "alicloud_resource_manager_policy": _Type("identity", ("policy_document",), ("policy_name",)),
    "alicloud_resource_manager_role": _Type(
        "trust", ("assume_role_policy_document",), ("role_name",)
    ),
}
_BLOCKS: Final = frozenset(
    {
        "//",
        "check",
        "data",
        "import",
        "locals",
        "module",
        "moved",
        "output",
        "provider",
        "removed",
        "resource",
        "terraform",
        "variable",
    }
)
_EXPRESSION: Final = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")


def is_shown(value: object) -> bool:
    """True if the value is the output of `terraform show -json`.

    >>> is_shown({"format_version": "1.0", "terraform_version": "1.11.4", "values": {}})
    True
    """
    return "format_version" in as_object(value)


def shown(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents of the resources in a state, or after a plan.

    >>> from ramgate.faults import Findings, Place
    >>> values = {"policy_name": "readers", "policy_document": "{}"}
    >>> policy = {"mode": "managed", "type": "alicloud_ram_policy", "values": values}
    >>> state = {"values": {"root_module": {"resources": [policy]}}}
    >>> for found in shown(state, Place(Findings(), "$")):
    ...     print(found.kind, found.name, found.place)
    identity readers $.values.root_module.resources[0].values.policy_document
    """
    changes = {
        str(change.get("address")): as_object(change.get("change"))
        for change in as_objects(as_object(value).get("resource_changes"))
    }
    key = "planned_values" if "planned_values" in as_object(value) else "values"
    module = as_object(as_object(value).get(key)).get("root_module")
    for resource in shown_resources(module, place / key / "root_module"):
        yield from _document(resource, changes.get(resource.address, {}))


def is_state_file(value: object) -> bool:
    """True if the value is the content of `terraform.tfstate`.

    >>> is_state_file({"version": 4, "lineage": "d3ce", "resources": []})
    True
    """
    return "lineage" in as_object(value)


def stored(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents of the resources in a state file.

    >>> from ramgate.faults import Findings, Place
    >>> role = {"attributes": {"name": "app", "document": "{}"}}
    >>> roles = {"mode": "managed", "type": "alicloud_ram_role", "instances": [role]}
    >>> for found in stored({"resources": [roles]}, Place(Findings(), "$")):
    ...     print(found.kind, found.name, found.place)
    trust app $.resources[0].instances[0].attributes.document
    """
    for resource in stored_resources(value, place):
        yield from _document(resource, {})


def _document(resource: Resource, change: Mapping[str, object]) -> Iterator[Found]:
    """Yield the document of a resource, unless its type has none."""
    type_ = _TYPES.get(resource.type)
    if type_ is None or resource.mode != "managed":
        return
    values, place = resource.values, resource.place
    before, unknown = as_object(change.get("before")), as_object(change.get("after_unknown"))
    name = _name(type_, values, resource.address)
    stated = [key for key in type_.documents if isinstance(values.get(key), str)]
    # after a change of one attribute, a plan repeats the value before it in the other
    for key in sorted(stated, key=lambda key: values[key] == before.get(key)):
        yield policy(type_.kind, name, values[key], place / key)
        return
    for key in type_.documents:
        if key in unknown:
            missing = computed(place / key, "is not known until the plan is applied")
            yield policy(type_.kind, name, None, place / key, [missing])
            return


def is_configuration(value: object) -> bool:
    """True if the value is a Terraform configuration in JSON, a file `*.tf.json`.

    >>> is_configuration({"resource": {"alicloud_ram_policy": {}}})
    True
    """
    return bool(as_object(value)) and _BLOCKS.issuperset(as_object(value))


def configured(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents that a configuration states.

    >>> from ramgate.faults import Findings, Place
    >>> policy = {"policy_name": "p", "policy_document": "${jsonencode(local.readers)}"}
    >>> configuration = {"resource": {"alicloud_ram_policy": {"readers": policy}}}
    >>> for found in configured(configuration, Place(Findings(), "$")):
    ...     print(found.name, *found.computed)
    p an expression of Terraform computes this value: ... @ $.resource.alicloud_ram_policy...
    """
    resources = as_object(as_object(value).get("resource"))
    for type_name, type_ in _TYPES.items():
        for label, blocks in as_object(resources.get(type_name)).items():
            here = place / "resource" / type_name / label
            many = isinstance(blocks, list)
            for index, block in enumerate(as_objects(blocks if many else [blocks])):
                at = here / index if many else here
                name = _name(type_, block, f"{type_name}.{label}")
                for key in type_.documents:
                    if isinstance(text := block.get(key), str):
                        yield _stated(type_.kind, name, text, at / key)


def _stated(kind: PolicyKind, name: str, text: str, place: Place) -> Found:
    """Return the document of a text that may contain expressions, or be one."""
    raw = policy(kind, name, text, place)
    missing = _computed(text if raw.value is None else raw.value, place)
    literal = text.replace("$${", "${").replace("%%{", "%{")
    return policy(kind, name, literal, place, missing)


def _computed(value: object, place: Place) -> Iterator[Fault]:
    if isinstance(value, str) and _EXPRESSION.search(value):
        message = "an expression of Terraform computes this value"
        yield computed(place, message)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _computed(item, place / index)
    else:
        for key, member in as_object(value).items():
            yield from _computed(member, place / key)


def _name(type_: _Type, values: Mapping[str, object], address: str) -> str:
    """Return the name of a policy or role; its address if the name is an expression or unknown."""
    for key in type_.names:
        name = values.get(key)
        if isinstance(name, str) and not _EXPRESSION.search(name):
            return name
    return address
