"""All operations of the fake by the version of their product, as a request names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alicloud import (
    attachments,
    control_policies,
    directory_tree,
    ims,
    policies,
    ram_users,
    resource_groups,
    roles,
    sts,
)
from alicloud.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alicloud.call import Operation

__all__ = ["PRODUCTS", "find", "names"]

_DIRECTORY: Final = {**directory_tree.OPERATIONS, **control_policies.OPERATIONS}
PRODUCTS: Final[Mapping[str, tuple[str, Mapping[str, Operation]]]] = {
    "2015-04-01": ("sts", sts.OPERATIONS),
    "2015-05-01": (
        "ram",
        {**ram_users.OPERATIONS, **roles.RAM, **policies.OPERATIONS, **attachments.RAM},
    ),
    "2019-08-15": ("ims", ims.OPERATIONS),
    "2020-03-31": (
        "resourcemanager",
        {
            **_DIRECTORY,
            **directory_tree.RESOURCE_MANAGER,
            **attachments.RESOURCE_MANAGER,
            **resource_groups.OPERATIONS,
            **roles.RESOURCE_MANAGER,
        },
    ),
    "2022-04-19": ("resourcedirectorymaster", _DIRECTORY),
}
"""The product of each version: its name, and its operations."""


def find(version: str, action: str) -> tuple[str, Operation]:
    """Return the product and the operation that a request names."""
    if version not in PRODUCTS:
        raise Refused(404, "InvalidVersion", "Specified parameter Version is not valid.")
    product, known = PRODUCTS[version]
    if action not in known:
        raise Refused(404, "InvalidAction.NotFound", "Specified api is not found.")
    return product, known[action]


def names() -> set[str]:
    """Return the names of all operations, alone and with their products: `ram:ListUsers`."""
    found = set()
    for product, known in PRODUCTS.values():
        found |= known.keys() | {f"{product}:{name}" for name in known}
    return found
