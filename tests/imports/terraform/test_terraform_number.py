from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ramgate.errors import InvalidFiles
from ramgate.imports.terraform import read
from terraform_files import resource, state, written

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "1" * 16, "2" * 16
USER = resource("ram_user.u", name="u")


def number(path: Path, *resources: dict[str, Any], account: str | None = None) -> str:
    """Return the number of the account with these resources, or the one line of the error."""
    value = state(*resources)
    value["values"]["root_module"]["resources"].pop(0)
    file = written(path / "state.json", value)
    try:
        [found] = read(file, account=account).accounts
    except InvalidFiles as error:
        [fault] = error.faults
        return fault.message
    return found


def asked(account: str, name: str = "a") -> dict[str, Any]:
    return resource(f"data.caller_identity.{name}", account_id=account)


def role(account: str, name: str = "r") -> dict[str, Any]:
    return resource(f"ram_role.{name}", name=name, document="{}", arn=f"acs:ram::{account}:role/r")


@pytest.mark.parametrize(
    "stated",
    [
        asked(ONE),
        resource("data.account.a", id=ONE),
        role(ONE),
        resource("ram_account_alias.a", id=ONE),
        resource("ram_alias.a", id=ONE),
        resource("resource_manager_resource_group.g", id="rg-a", account_id=ONE),
        resource(
            "resource_manager_policy_attachment.p",
            policy_name="p",
            policy_type="Custom",
            principal_name="a@x",
            principal_type="IMSUser",
            resource_group_id=ONE,
        ),
    ],
)
def test_the_account_is_stated_by_resources(tmp_path: Path, stated: dict[str, Any]) -> None:
    assert number(tmp_path, USER, stated) == ONE
    assert number(tmp_path, USER, stated, account=ONE) == ONE


def test_without_a_number_the_caller_has_to_give_it(tmp_path: Path) -> None:
    odd = (
        resource("ram_role.r", name="r", document="{}", arn="acs:ram::12:role/r"),
        resource("ram_account_alias.a", id=None),
        resource("ram_access_key.k", arn=f"acs:ram::{ONE}:user/u"),
    )
    assert number(tmp_path, USER, *odd) == (
        "does not have the number of its account: give it with `--account NUMBER`, or add "
        '`data "alicloud_caller_identity" "current" {}` to the configuration'
    )
    assert number(tmp_path, USER, *odd, account=TWO) == TWO
    with pytest.raises(ValueError, match="`12` is not a valid account number: it has 16 digits"):
        number(tmp_path, USER, account="12")


def test_several_accounts_are_refused(tmp_path: Path) -> None:
    several = f"has resources of several accounts, {ONE} (`alicloud_ram_role.r`) and {TWO} "
    split = "(`alicloud_ram_role.s`): give a state or a plan of one account"
    assert number(tmp_path, role(ONE), role(TWO, "s")) == several + split
    assert number(tmp_path, role(ONE), role(TWO, "s"), account=ONE) == several + split
    assert number(tmp_path, role(ONE), account=TWO) == (
        f"has resources of the account {ONE} (`alicloud_ram_role.r`), not of `--account {TWO}`"
    )


def test_a_data_source_of_another_account_has_to_be_confirmed(tmp_path: Path) -> None:
    assert number(tmp_path, role(ONE), asked(TWO)) == (
        f"has resources of several accounts, {ONE} (`alicloud_ram_role.r`) and {TWO} "
        "(`data.alicloud_caller_identity.a`): say with `--account NUMBER` to which of them the "
        "other resources belong"
    )
    assert number(tmp_path, role(ONE), asked(TWO), account=ONE) == ONE
    assert number(tmp_path, USER, asked(ONE), asked(TWO, "b"), account=TWO) == TWO
