from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.imports.terraform import read
from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.world import Account, Attachment, Document, World
from terraform_files import NUMBER, me, plan, resource, state, written

if TYPE_CHECKING:
    from pathlib import Path

LATER = "is not known until the plan is applied"


def policy(name: str, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "oss:*", "Resource": "*"}
    text = json.dumps({"Version": "1", "Statement": [statement]})
    return resource(f"ram_policy.{name}", policy_name=name, policy_document=text)


def in_group(name: str, kind: str, group: str | None, **more: object) -> dict[str, Any]:
    return resource(
        "resource_manager_policy_attachment.a",
        **{"policy_name": "allows", "policy_type": "Custom"} | more,
        principal_name=name,
        principal_type=kind,
        resource_group_id=group,
    )


ENTITIES = (
    policy("allows"),
    policy("denies", "Deny"),
    resource("ram_user.anna", name="anna"),
    resource("ram_user.bob", name="bob"),
    resource("ram_group.team", group_name="team"),
    resource("ram_role.app", role_name="App", assume_role_policy_document="{}"),
)


def of_plan(path: Path, *more: dict[str, Any]) -> World:
    value = plan(me(), *ENTITIES, *more)
    return read(written(path / "plan.json", value))


def of_state(path: Path, *more: dict[str, Any]) -> World:
    return read(written(path / "state.json", state(*ENTITIES, *more)))


def held(found: World) -> dict[str, list[str]]:
    account = found.accounts[NUMBER]
    every = {
        **{name: user.attachments for name, user in account.users.items()},
        **account.groups,
        **{name: role.attachments for name, role in account.roles.items()},
    }
    return {name: [one.policy for one in attached] for name, attached in every.items() if attached}


def members(account: Account) -> dict[str, list[str]]:
    return {name: list(user.groups) for name, user in account.users.items() if user.groups}


@pytest.mark.parametrize(
    ("name", "kind", "holder"),
    [
        (f"anna@{NUMBER}.onaliyun.com", "IMSUser", "anna"),
        ("anna@x@acme.onaliyun.com", "IMSUser", "anna@x"),
        ("anna", "IMSUser", "anna"),
        (f"team@group.{NUMBER}.onaliyun.com", "IMSGroup", "team"),
        ("team", "IMSGroup", "team"),
        (f"app@role.{NUMBER}.onaliyunservice.com", "ServiceRole", "App"),
    ],
)
def test_a_principal_of_a_resource_group_is_found(
    tmp_path: Path, name: str, kind: str, holder: str
) -> None:
    found = of_state(tmp_path, in_group(name, kind, "rg-a"))
    assert held(found)[holder][0] == "allows"
    assert len(held(found)) == 1


def test_the_scope_of_an_attachment_is_a_resource_group_or_the_account(tmp_path: Path) -> None:
    for group, scope in (("rg-a", "rg-a"), (NUMBER, "")):
        found = of_state(tmp_path, in_group("anna", "IMSUser", group)).accounts[NUMBER]
        assert found.users["anna"].attachments == (Attachment("allows", "Custom", scope),)


def test_a_principal_whose_domain_is_known_is_found_by_its_reference(tmp_path: Path) -> None:
    attached = in_group("", "IMSUser", "rg-a")
    del attached["values"]["principal_name"]
    user = ["alicloud_ram_user.u.name", "data.alicloud_caller_identity.me.account_id"]
    value = plan(
        *(me(), *ENTITIES, resource("ram_user.u"), attached),
        configuration={
            "ram_user.u": {"name": ["random_pet.p.id"]},
            "resource_manager_policy_attachment.a": {"principal_name": user},
        },
    )
    found = read(written(tmp_path / "plan.json", value))
    assert held(found) == {placeholder("alicloud_ram_user.u"): ["allows"]}


def stand_in(found: World, holder: str) -> str:
    """Return the reason of the unreadable policy that is all that a principal holds."""
    account = found.accounts[NUMBER]
    [name] = held(found)[holder]
    assert account.policies[name] == Document(missing=account.policies[name].missing)
    assert account.policies[name].missing in found.notices
    return account.policies[name].missing


ATTACHED = "alicloud_ram_user_policy_attachment.a"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"policy_type": "Custom"}, f"the policy {LATER}: {ATTACHED}"),
        ({"policy_name": "elsewhere"}, f"the type of the policy `elsewhere` {LATER}: {ATTACHED}"),
        (
            {"policy_name": "allows", "policy_type": "Odd"},
            f"the type of the policy `allows` {LATER}: {ATTACHED}",
        ),
        (
            {"policy_name": "elsewhere", "policy_type": "Custom"},
            "the custom policy `elsewhere` is not in the Terraform file, but attached: " + ATTACHED,
        ),
    ],
)
def test_a_policy_that_is_not_known_is_unreadable(
    tmp_path: Path, values: dict[str, Any], reason: str
) -> None:
    found = of_plan(tmp_path, resource("ram_user_policy_attachment.a", user_name="anna", **values))
    assert stand_in(found, "anna") == reason


def test_a_resource_group_that_is_not_known_makes_the_policy_unreadable(tmp_path: Path) -> None:
    found = of_plan(tmp_path, in_group("anna", "IMSUser", None))
    address = "alicloud_resource_manager_policy_attachment.a"
    assert stand_in(found, "anna") == (
        f"the resource group of the policy `allows` {LATER}: {address}"
    )


def test_a_policy_of_the_file_is_custom_if_its_type_is_not_known(tmp_path: Path) -> None:
    attached = resource("ram_user_policy_attachment.a", user_name="anna", policy_name="allows")
    found = of_plan(tmp_path, attached)
    assert (held(found), found.notices) == ({"anna": ["allows"]}, ())


def test_a_system_policy_that_the_catalog_lacks_is_unreadable(tmp_path: Path) -> None:
    attached = [
        resource(
            f"ram_group_policy_attachment.{name}",
            group_name="team",
            policy_name=name,
            policy_type="System",
        )
        for name in ("AliyunECSReadOnlyAccess", "AliyunNoSuchAccess")
    ]
    found = of_state(tmp_path, *attached)
    reason = "the system policy `AliyunNoSuchAccess` is not in the catalog of ramgate"
    assert found.notices == (reason,)
    account = found.accounts[NUMBER]
    assert account.system_policies == {"AliyunNoSuchAccess": Document(missing=reason)}
    assert account.groups["team"] == (
        Attachment("AliyunECSReadOnlyAccess", "System"),
        Attachment("AliyunNoSuchAccess", "System"),
    )


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_a_policy_of_an_unknown_principal_is_held_by_one_of_its_own(
    tmp_path: Path, kind: str
) -> None:
    attached = resource(f"ram_{kind}_policy_attachment.a", policy_name="allows")
    found = of_plan(tmp_path, attached)
    name = placeholder(attached["address"])
    assert held(found) == {name: ["allows"]}
    reason = f"the {kind} with the policy `allows` {LATER}: {attached['address']}"
    assert found.notices == (reason,)
    if kind == "role":
        assert found.accounts[NUMBER].roles[name].trust == Document(missing=reason)


@pytest.mark.parametrize(
    ("kind", "others"), [("user", ["anna", "bob"]), ("group", ["team"]), ("role", ["App"])]
)
@pytest.mark.parametrize(
    "policy_of",
    [
        {"policy_name": "denies", "policy_type": "Custom"},
        {"policy_type": "Custom"},
        {"policy_name": "AliyunNoSuchAccess", "policy_type": "System"},
    ],
)
def test_a_policy_that_may_deny_an_unknown_principal_limits_everyone(
    tmp_path: Path, kind: str, others: list[str], policy_of: dict[str, str]
) -> None:
    attached = resource(f"ram_{kind}_policy_attachment.a", **policy_of)
    found = of_plan(tmp_path, attached)
    own = placeholder(attached["address"])
    assert held(found).keys() == {own, *others}
    for other in others:
        assert stand_in(found, other) == (
            f"a policy that may deny, of any {kind}, {LATER}: {attached['address']}"
        )


def test_a_system_policy_that_denies_nothing_limits_nobody(tmp_path: Path) -> None:
    attached = resource(
        "ram_user_policy_attachment.a",
        policy_name="AliyunECSReadOnlyAccess",
        policy_type="System",
    )
    assert len(held(of_plan(tmp_path, attached))) == 1


def test_a_principal_of_an_unknown_kind_can_be_any(tmp_path: Path) -> None:
    found = of_plan(tmp_path, in_group("anna", "Odd", "rg-a", policy_name="denies"))
    address = "alicloud_resource_manager_policy_attachment.a"
    assert held(found).keys() == {placeholder(address), "anna", "bob", "team", "App"}
    assert f"the user or group or role with the policy `denies` {LATER}: {address}" in found.notices


def test_memberships_are_read_from_both_types(tmp_path: Path) -> None:
    found = of_state(
        tmp_path,
        resource("ram_user_group_attachment.a", group_name="team", user_name="anna"),
        resource("ram_group_membership.m", group_name="team", user_names=["anna", "bob"]),
    )
    assert members(found.accounts[NUMBER]) == {"anna": ["team"], "bob": ["team"]}
    assert found.notices == ()


def test_a_member_of_an_unknown_group_is_not_allowed_anything(tmp_path: Path) -> None:
    found = of_plan(tmp_path, resource("ram_user_group_attachment.a", user_name="anna"))
    address = "alicloud_ram_user_group_attachment.a"
    assert stand_in(found, "anna") == f"the group of the user `anna` {LATER}: {address}"


HOLDS = resource(
    "ram_group_policy_attachment.h",
    group_name="team",
    policy_name="denies",
    policy_type="Custom",
)


@pytest.mark.parametrize(
    ("names", "known"),
    [(None, []), (["bob", None], ["bob"]), ("bob", [])],
)
def test_unknown_members_of_a_group_are_one_of_their_own(
    tmp_path: Path, names: object, known: list[str]
) -> None:
    member = resource("ram_group_membership.m", group_name="team", user_names=names)
    own = placeholder(member["address"])
    found = of_plan(tmp_path, member)
    assert members(found.accounts[NUMBER]) == {name: ["team"] for name in sorted([own, *known])}
    assert held(found) == {}
    assert found.notices == (f"a member of the group `team` {LATER}: {member['address']}",)
    limited = of_plan(tmp_path, member, HOLDS)
    assert held(limited).keys() == {"anna", "bob", "team"}
    assert "a policy that may deny, of any user," in stand_in(limited, "anna")


def test_an_unknown_member_of_an_unknown_group_limits_if_any_group_may_deny(
    tmp_path: Path,
) -> None:
    member = resource("ram_user_group_attachment.a")
    own = placeholder(member["address"])
    assert held(of_plan(tmp_path, member)).keys() == {own}
    assert held(of_plan(tmp_path, member, HOLDS)).keys() == {own, "anna", "bob", "team"}


def test_an_unknown_member_of_a_group_elsewhere_limits_everyone(tmp_path: Path) -> None:
    member = resource("ram_group_membership.m", group_name="elsewhere")
    found = of_plan(tmp_path, member)
    assert held(found).keys() == {"anna", "bob", "elsewhere"}


def test_principals_that_are_not_in_the_file_are_named(tmp_path: Path) -> None:
    linked = "AliyunServiceRoleForAlikafka"
    found = of_state(
        tmp_path,
        *(
            resource(
                f"ram_{kind}_policy_attachment.{name}",
                policy_name="allows",
                policy_type="Custom",
                **{f"{kind}_name": name},
            )
            for kind, name in (
                ("user", "carol"),
                ("group", "ops"),
                ("role", "Ci"),
                ("role", linked),
            )
        ),
        resource("ram_user_group_attachment.a", user_name="anna", group_name="others"),
    )
    ends = "is not in the Terraform file, so its other policies are not known"
    named = [("group", "ops"), ("group", "others"), ("role", "Ci"), ("user", "carol")]
    assert found.notices == (
        f"a policy of the service-linked role `{linked}` is left out",
        *(f"the {kind} `{name}` {ends}" for kind, name in named),
    )
    own = {name: placeholder(f"alicloud_other_{kind}.{name}") for kind, name in named}
    assert held(found) == {
        "Ci": ["allows", own["Ci"]],
        "carol": ["allows", own["carol"]],
        "ops": ["allows", own["ops"]],
        "others": [own["others"]],
    }
    account = found.accounts[NUMBER]
    for kind, name in named:
        assert account.policies[own[name]] == Document(missing=f"the {kind} `{name}` {ends}")
    assert account.roles["Ci"].trust == Document(missing=f"the role `Ci` {ends}")


def test_the_reasons_of_a_state_do_not_speak_of_a_plan(tmp_path: Path) -> None:
    found = of_state(tmp_path, resource("ram_user_policy_attachment.a", user_name="anna"))
    assert stand_in(found, "anna") == f"the policy is not in the state: {ATTACHED}"
