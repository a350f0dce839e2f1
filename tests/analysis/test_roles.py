from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from ramgate.accounts import reader
from ramgate.analysis import roles
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = catalog.load()
ETL = "AliyunServiceRoleForAlikafkaETL"
HERE, THERE = "1234567890123456", "1000000000000001"


def test_a_role_is_found_by_its_name_in_any_case() -> None:
    assert roles.find(ETL, CATALOG) is roles.find(ETL.upper(), CATALOG)
    with pytest.raises(ValueError, match=f"did you mean `{ETL}`"):
        roles.find(f"{ETL}s", CATALOG)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("Alikafka.ETL", "feature", "there is no feature `Alikafka.ETL`: write `alikafka.etl`"),
        (ETL, "feature", f"`{ETL}` is a role, not a feature: its feature is `alikafka.etl`"),
        (
            "AliyunServiceRolePolicyForAlikafkaETL",
            "role",
            f"`AliyunServiceRolePolicyForAlikafkaETL` is a policy, not a role: its role is `{ETL}`",
        ),
        (
            "AliyunServiceRoleForAlb",
            "feature",
            "`AliyunServiceRoleForAlb` is a role, not a feature: it has no feature",
        ),
        ("zzz", "service", "there is no service `zzz`: `ramgate roles` lists them"),
    ],
)
def test_an_unknown_name_is_explained(name: str, kind: roles.Kind, message: str) -> None:
    assert roles.unknown_name(name, kind, CATALOG) == message


def test_the_list_is_sorted_and_has_the_accounts_of_each_role_only_with_a_store(
    tmp_path: Path,
) -> None:
    path = tmp_path / "accounts.yaml"
    path.write_text(f'accounts: {{"{HERE}": {{service_linked_roles: [{ETL}]}}, "{THERE}": {{}}}}')
    listing = roles.listing(CATALOG)
    assert [role.role for role in listing] == sorted(
        (role.role for role in CATALOG.roles.values()), key=str.lower
    )
    assert {role.accounts for role in listing} == {msgspec.UNSET}
    with_store = roles.listing(CATALOG, reader.load(path, CATALOG))
    assert {role.role: role.accounts for role in with_store if role.accounts} == {ETL: (HERE,)}


def test_the_sheet_of_a_role_has_its_permissions_by_service() -> None:
    sheet = roles.sheet(roles.find("AliyunServiceRoleForAlikafkaConnector", CATALOG))
    assert sheet.stops_without_it == ("alikafka.connector",)
    assert sheet.permissions
    assert list(sheet.permissions) == sorted(
        sheet.permissions, key=lambda grant: (grant.service, grant.index)
    )
    [grant] = [grant for grant in sheet.permissions if grant.service == "ram"]
    assert (grant.effect, grant.actions, grant.resources) == (
        "Allow",
        ("DeleteServiceLinkedRole",),
        ("*",),
    )
    assert grant.conditions == {
        "StringEquals": {"ram:ServiceName": ("connector.alikafka.aliyuncs.com",)}
    }


def test_a_role_without_a_public_document_has_no_known_permissions() -> None:
    sheet = roles.sheet(roles.find("AliyunServiceRoleForAlb", CATALOG))
    assert (sheet.is_published, sheet.permissions, sheet.stops_without_it) == (False, None, ())
