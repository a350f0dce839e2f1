"""Find the number of the account to which the resources belong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.imports.terraform.attributes import TYPES
from ramgate.imports.terraform.content import fault
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.content import Content

__all__ = ["account_number"]

_ARN: Final = re.compile(r"acs:ram::([0-9]{16}):.+")
_NUMBERS: Final[Mapping[tuple[str, str], str]] = {
    ("data", "alicloud_account"): "id",
    ("data", "alicloud_caller_identity"): "account_id",
    ("managed", "alicloud_ram_account_alias"): "id",
    ("managed", "alicloud_ram_alias"): "id",
    ("managed", "alicloud_resource_manager_resource_group"): "account_id",
    ("managed", "alicloud_resource_manager_policy_attachment"): "resource_group_id",
}
_HINT: Final = (
    'give it with `--account NUMBER`, or add `data "alicloud_caller_identity" "current" {}` to'
    " the configuration"
)
_CONFIRM: Final = "say with `--account NUMBER` to which of them the other resources belong"


def account_number(content: Content, given: str | None) -> str:
    """Return the number of the account; raises `InvalidFiles` if it is unknown or contradictory.

    The resources that belong to an account state it: an ARN, the id of an alias, the account of a
    resource group. A data source can ask for another account, so `given` decides if it does.
    """
    if given is not None and not grammar.ACCOUNT.fullmatch(given):
        raise ValueError(f"`{given}` is not a valid account number: it has 16 digits")
    every = (*content.before, *content.after)
    own = dict(_stated(one for one in every if one.mode == "managed"))
    asked = dict(_stated(one for one in every if one.mode == "data"))
    found = {**asked, **own} if given is None else own
    if len(found) > 1:
        places = " and ".join(f"{number} (`{found[number]}`)" for number in sorted(found))
        message = f"has resources of several accounts, {places}"
        hint = "give a state or a plan of one account" if len(own) > 1 else _CONFIRM
        raise fault(content.file, f"{message}: {hint}")
    if given is not None and given not in (own or {given}):
        [(number, address)] = own.items()
        message = f"has resources of the account {number} (`{address}`)"
        raise fault(content.file, f"{message}, not of `--account {given}`")
    if given is None and not found:
        raise fault(content.file, f"does not have the number of its account: {_HINT}")
    return given or next(iter(found))


def _stated(resources: Iterable[Resource]) -> Iterable[tuple[str, str]]:
    """Yield the account numbers of resources, each with an address."""
    for one in resources:
        attribute = _NUMBERS.get((one.mode, one.type))
        number = one.values.get(attribute) if attribute else None
        if isinstance(number, str) and grammar.ACCOUNT.fullmatch(number):
            yield number, one.address
        arn = one.values.get("arn") if one.mode == "managed" and one.type in TYPES else None
        if isinstance(arn, str) and (match := _ARN.fullmatch(arn)):
            yield match[1], one.address
