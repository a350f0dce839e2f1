"""The resources in a Terraform state or plan, each with its address, its module and its values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Place

__all__ = ["HCL", "Resource", "as_object", "as_objects", "shown_resources", "stored_resources"]

HCL: Final = "is in Terraform's own language: give the output of `terraform show -json` instead"
"""The message about a file `*.tf`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Resource:
    """A resource, or a data source if the `mode` is `data`.

    `module` is the address of the module that contains it, empty for the root module. `name` is the
    label in the configuration, `key` the instance with its brackets, empty without `count` and
    `for_each`. The `values` can be secret: read attributes by their names only.

    >>> from ramgate.faults import Findings, Place
    >>> role = Resource("alicloud_ram_role.app", "managed", "alicloud_ram_role", "app", {},
    ...     Place(Findings()))
    >>> role.module, role.key, "secret" in repr(dataclasses.replace(role, values={"a": "secret"}))
    ('', '', False)
    """

    address: str
    mode: str
    type: str
    name: str
    values: Mapping[str, object] = dataclasses.field(repr=False)
    place: Place
    module: str = ""
    key: str = ""


def shown_resources(module: object, place: Place, address: str = "") -> Iterator[Resource]:
    """Yield the resources of a `root_module` and of its child modules, `terraform show -json`.

    >>> from ramgate.faults import Findings, Place
    >>> user = {"address": 'module.a.alicloud_ram_user.u["x"]', "type": "alicloud_ram_user",
    ...     "name": "u", "index": "x", "mode": "managed", "values": {"name": "x"}}
    >>> root = {"child_modules": [{"address": "module.a", "resources": [user]}]}
    >>> for found in shown_resources(root, Place(Findings(), "$")):
    ...     print(found.module, found.type, found.key, found.place)
    module.a alicloud_ram_user ["x"] $.child_modules[0].resources[0].values
    """
    for index, resource in enumerate(as_objects(as_object(module).get("resources"))):
        yield Resource(
            str(resource.get("address")),
            str(resource.get("mode")),
            str(resource.get("type")),
            str(resource.get("name")),
            as_object(resource.get("values")),
            place / "resources" / index / "values",
            address,
            _key(resource.get("index")),
        )
    for index, child in enumerate(as_objects(as_object(module).get("child_modules"))):
        here = place / "child_modules" / index
        yield from shown_resources(child, here, str(child.get("address")))


def stored_resources(state: object, place: Place) -> Iterator[Resource]:
    """Yield the resources of a state file of Terraform, `terraform.tfstate`.

    >>> from ramgate.faults import Findings, Place
    >>> users = {"mode": "managed", "type": "alicloud_ram_user", "name": "u", "module": "module.a",
    ...     "instances": [{"index_key": 0, "attributes": {"name": "x"}}]}
    >>> for found in stored_resources({"resources": [users]}, Place(Findings(), "$")):
    ...     print(found.address, found.place)
    module.a.alicloud_ram_user.u[0] $.resources[0].instances[0].attributes
    """
    for position, resource in enumerate(as_objects(as_object(state).get("resources"))):
        mode, module = str(resource.get("mode")), str(resource.get("module", ""))
        type_, name = str(resource.get("type")), str(resource.get("name"))
        data = "data" if mode == "data" else ""
        address = ".".join(filter(None, (module, data, type_, name)))
        for index, instance in enumerate(as_objects(resource.get("instances"))):
            key = _key(instance.get("index_key"))
            here = place / "resources" / position / "instances" / index / "attributes"
            values = as_object(instance.get("attributes"))
            yield Resource(address + key, mode, type_, name, values, here, module, key)


def as_object(value: object) -> Mapping[str, object]:
    """Return the value if it is an object, else an empty one.

    >>> as_object({"a": 1}), as_object([])
    ({'a': 1}, {})
    """
    return value if isinstance(value, Mapping) else {}


def as_objects(value: object) -> list[Mapping[str, object]]:
    """Return the items of a list, each as `as_object` does; an empty list for any other value.

    >>> as_objects([{"a": 1}, 2]), as_objects(None)
    ([{'a': 1}, {}], [])
    """
    return [as_object(item) for item in value] if isinstance(value, list) else []


def _key(index: object) -> str:
    """Return the key of an instance as it stands in an address."""
    if index is None:
        return ""
    # a number of a document with lines is an `Unquoted`
    number = getattr(index, "text", index)
    return f"[{json.dumps(index, ensure_ascii=False) if isinstance(index, str) else number}]"
