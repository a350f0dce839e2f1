"""Find the policy documents in a Terraform state, in a plan, and in a configuration in JSON.

`terraform show -json` prints a state or a plan. A state file of Terraform, `terraform.tfstate`, has
the same resources in another form. A configuration states a document as a text with expressions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.formats.found import computed, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Fault, Place
    from ramgate.formats.found import Found, PolicyKind

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
    return "format_version" in _object(value)


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
    unknown = {
        str(change.get("address")): _object(_object(change.get("change")).get("after_unknown"))
        for change in _objects(_object(value).get("resource_changes"))
    }
    key = "planned_values" if "planned_values" in _object(value) else "values"
    module = _object(_object(value).get(key)).get("root_module")
    for resource, here in _resources(_object(module), place / key / "root_module"):
        if resource.get("mode") == "managed":
            address = str(resource.get("address"))
            values = _object(resource.get("values"))
            missing = unknown.get(address, {})
            yield from _document(resource, values, missing, address, here / "values")


def _resources(
    module: Mapping[str, object], place: Place
) -> Iterator[tuple[Mapping[str, object], Place]]:
    for index, resource in enumerate(_objects(module.get("resources"))):
        yield resource, place / "resources" / index
    for index, child in enumerate(_objects(module.get("child_modules"))):
        yield from _resources(child, place / "child_modules" / index)


def is_state_file(value: object) -> bool:
    """True if the value is the content of `terraform.tfstate`.

    >>> is_state_file({"version": 4, "lineage": "d3ce", "resources": []})
    True
    """
    return "lineage" in _object(value)


def stored(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents of the resources in a state file.

    >>> from ramgate.faults import Findings, Place
    >>> role = {"attributes": {"name": "app", "document": "{}"}}
    >>> roles = {"mode": "managed", "type": "alicloud_ram_role", "instances": [role]}
    >>> for found in stored({"resources": [roles]}, Place(Findings(), "$")):
    ...     print(found.kind, found.name, found.place)
    trust app $.resources[0].instances[0].attributes.document
    """
    for position, resource in enumerate(_objects(_object(value).get("resources"))):
        address = f"{resource.get('type')}.{resource.get('name')}"
        if resource.get("mode") == "managed":
            for index, instance in enumerate(_objects(resource.get("instances"))):
                here = place / "resources" / position / "instances" / index / "attributes"
                values = _object(instance.get("attributes"))
                yield from _document(resource, values, {}, address, here)


def _document(
    resource: Mapping[str, object],
    values: Mapping[str, object],
    unknown: Mapping[str, object],
    address: str,
    place: Place,
) -> Iterator[Found]:
    """Yield the document of a resource, unless its type has none."""
    type_ = _TYPES.get(str(resource.get("type")))
    if type_ is None:
        return
    name = _name(type_, values, address)
    for key in type_.documents:
        if isinstance(values.get(key), str):
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
    return bool(_object(value)) and _BLOCKS.issuperset(_object(value))


def configured(value: object, place: Place) -> Iterator[Found]:
    """Yield the policy documents that a configuration states.

    >>> from ramgate.faults import Findings, Place
    >>> policy = {"policy_name": "p", "policy_document": "${jsonencode(local.readers)}"}
    >>> configuration = {"resource": {"alicloud_ram_policy": {"readers": policy}}}
    >>> for found in configured(configuration, Place(Findings(), "$")):
    ...     print(found.name, *found.computed)
    p an expression of Terraform computes this value: ... @ $.resource.alicloud_ram_policy...
    """
    resources = _object(_object(value).get("resource"))
    for type_name, type_ in _TYPES.items():
        for label, blocks in _object(resources.get(type_name)).items():
            here = place / "resource" / type_name / label
            many = isinstance(blocks, list)
            for index, block in enumerate(_objects(blocks if many else [blocks])):
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
        for key, member in _object(value).items():
            yield from _computed(member, place / key)


def _name(type_: _Type, values: Mapping[str, object], address: str) -> str:
    """Return the name of a policy or role; its address if the name is an expression or unknown."""
    for key in type_.names:
        name = values.get(key)
        if isinstance(name, str) and not _EXPRESSION.search(name):
            return name
    return address


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: object) -> list[Mapping[str, object]]:
    return [_object(item) for item in value] if isinstance(value, list) else []
