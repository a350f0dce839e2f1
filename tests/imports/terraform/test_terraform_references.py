from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.imports.terraform import read
from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.world import Account, Attachment, World
from terraform_files import NUMBER, me, plan, resource, written

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = json.dumps(
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "oss:*", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["ecs.aliyuncs.com"]},
            }
        ],
    }
)
POLICY = resource("ram_policy.p", policy_name="readers", policy_document=ALLOW)
OF_POLICY: dict[str, Any] = {
    "ram_policy.p": {"policy_name": "readers", "policy_document": ALLOW},
}
NAMED: dict[str, Any] = {"policy_name": "readers", "policy_type": "Custom"}


def world(
    path: Path,
    *after: dict[str, Any],
    configuration: dict[str, Any],
    before: tuple[dict[str, Any], ...] = (),
) -> World:
    value = plan(me(), *after, configuration=configuration, before=before)
    return read(written(path / "plan.json", value))


def account(found: World) -> Account:
    assert found.notices == ()
    return found.accounts[NUMBER]


def holders(found: Account) -> dict[str, list[str]]:
    """Return the names of the policies of each principal that has one."""
    held: dict[str, Any] = {
        **{name: user.attachments for name, user in found.users.items()},
        **found.groups,
        **{name: role.attachments for name, role in found.roles.items()},
    }
    return {name: [one.policy for one in attached] for name, attached in held.items() if attached}


@pytest.mark.parametrize(
    "reference",
    ["alicloud_ram_policy.p.type", "alicloud_ram_policy.p", "alicloud_ram_policy.q.type"],
)
def test_the_type_of_a_policy_is_taken_from_the_policy(tmp_path: Path, reference: str) -> None:
    two = [
        resource(f"ram_policy.q[{n}]", policy_name=f"q{n}", policy_document=ALLOW) for n in (0, 1)
    ]
    found = world(
        tmp_path,
        *(POLICY, *two),
        resource("ram_user.u", name="u"),
        resource("ram_user_policy_attachment.a", policy_name="readers", user_name="u"),
        configuration={
            **OF_POLICY,
            "ram_user_policy_attachment.a": {
                "policy_name": "readers",
                "policy_type": [reference],
                "user_name": "u",
            },
        },
    )
    assert account(found).users["u"].attachments == (Attachment("readers"),)


def test_an_older_name_leads_to_the_name_that_is_stated(tmp_path: Path) -> None:
    found = world(
        tmp_path,
        POLICY,
        resource("ram_role.r", role_name="app", assume_role_policy_document=TRUST),
        resource("ram_role_policy_attachment.a", policy_type="Custom"),
        configuration={
            **OF_POLICY,
            "ram_role.r": {"role_name": "app", "assume_role_policy_document": TRUST},
            "ram_role_policy_attachment.a": {
                "policy_name": ["alicloud_ram_policy.p.id"],
                "policy_type": "Custom",
                "role_name": ["alicloud_ram_role.r.name"],
            },
        },
    )
    assert holders(account(found)) == {"app": ["readers"]}


def test_instances_are_found_by_their_keys(tmp_path: Path) -> None:
    users = [resource(f'ram_user.u["{name}"]', name=name) for name in ("anna", "bob")]
    roles = [
        resource(f"ram_role.r[{n}]", role_name=f"r{n}", assume_role_policy_document=TRUST)
        for n in (0, 1)
    ]
    attached = ["user_policy_attachment.k", "user_policy_attachment.v"]
    found = world(
        tmp_path,
        *(POLICY, *users, *roles),
        *(
            resource(f'ram_{one}["{name}"]', **NAMED)
            for one in attached
            for name in ("anna", "bob")
        ),
        resource("ram_role_policy_attachment.one", **NAMED),
        *(resource(f"ram_role_policy_attachment.each[{n}]", **NAMED) for n in (0, 1)),
        configuration={
            **OF_POLICY,
            "ram_user.u": {"name": ["each.key"], "each": ["var.users"]},
            "ram_role.r": {"role_name": ["count.index"], "assume_role_policy_document": TRUST},
            "ram_user_policy_attachment.k": {
                "user_name": ["alicloud_ram_user.u", "each.key"],
                "each": ["var.users"],
            },
            "ram_user_policy_attachment.v": {
                "user_name": ["each.value.name"],
                "each": ["alicloud_ram_user.u"],
            },
            "ram_role_policy_attachment.one": {"role_name": ["alicloud_ram_role.r[1].id"]},
            "ram_role_policy_attachment.each": {
                "role_name": ["alicloud_ram_role.r", "count.index"]
            },
        },
    )
    assert holders(account(found)) == {
        "anna": ["readers"],
        "bob": ["readers"],
        "r0": ["readers"],
        "r1": ["readers"],
    }


def test_modules_pass_values_in_and_out(tmp_path: Path) -> None:
    inner = 'module.inner["a"].'
    found = world(
        tmp_path,
        POLICY,
        resource("module.roles.ram_role.r", role_name="app", assume_role_policy_document=TRUST),
        resource(f"{inner}ram_role_policy_attachment.a", policy_type="Custom"),
        configuration={
            **OF_POLICY,
            "module.roles": {
                "()": {
                    "ram_role.r": {"role_name": "app"},
                    "outputs": {"name": ["alicloud_ram_role.r.name"]},
                }
            },
            "module.inner": {
                "role": ["module.roles.name"],
                "policy": ["each.value.id"],
                "each": ["alicloud_ram_policy.p"],
                "()": {
                    "ram_role_policy_attachment.a": {
                        "role_name": ["var.role"],
                        "policy_name": ["var.policy"],
                        "policy_type": "Custom",
                    }
                },
            },
        },
    )
    # `each.value` of a resource without instances is nothing that is known
    [notice] = found.notices
    assert notice == (
        "the policy is not known until the plan is applied: "
        'module.inner["a"].alicloud_ram_role_policy_attachment.a'
    )
    assert list(holders(found.accounts[NUMBER])) == ["app"]


def test_an_instance_of_a_module_passes_its_own_value(tmp_path: Path) -> None:
    users = [resource(f'ram_user.u["{name}"]', name=name) for name in ("anna", "bob")]
    found = world(
        tmp_path,
        *(POLICY, *users),
        *(
            resource(f'module.m["{name}"].ram_user_policy_attachment.a', **NAMED)
            for name in ("anna", "bob")
        ),
        configuration={
            **OF_POLICY,
            "ram_user.u": {"name": ["each.key"]},
            "module.m": {
                "user": ["each.value.name"],
                "each": ["alicloud_ram_user.u"],
                "()": {"ram_user_policy_attachment.a": {"user_name": ["var.user"]}},
            },
        },
    )
    assert holders(account(found)) == {"anna": ["readers"], "bob": ["readers"]}


PEERS = [resource(f'ram_user.u["{name}"]', name=name) for name in ("anna", "bob")]


@pytest.mark.parametrize(
    "stated",
    [
        {"user_name": ["alicloud_ram_user.u"]},
        {"user_name": ['alicloud_ram_user.u["carol"].name']},
        {"user_name": ['alicloud_ram_user.u["anna"].id']},
        {"user_name": ['alicloud_ram_user.u["anna"].name', "var.suffix"]},
        {"user_name": ['alicloud_ram_user.u["anna"].name', "each.key"]},
        {"user_name": ["alicloud_ram_user.u", "each.key"]},
        {"user_name": ["alicloud_ram_policy.p.policy_name"]},
        {"user_name": ["data.alicloud_ram_users.all.names"]},
        {"user_name": ["local.user"]},
        {"user_name": ["var.user"]},
        {"user_name": ["each.key"]},
        {"user_name": ["each.value"], "each": ["alicloud_ram_user.u"]},
        {"user_name": ["each.value.name"], "each": ["alicloud_ram_user.u", "alicloud_ram_user.v"]},
        {"user_name": ["each.value.name"], "each": ["alicloud_ram_user.u.name"]},
        {"user_name": ["module.none.name"]},
        {"user_name": ["module.none"]},
        {"user_name": ["random_pet.p.id"]},
        {"user_name": ["alicloud_ram_user_policy_attachment.a.user_name"]},
        {"user_name": []},
        {},
    ],
)
def test_a_principal_that_no_single_reference_decides_is_named(
    tmp_path: Path, stated: dict[str, Any]
) -> None:
    found = world(
        tmp_path,
        *(POLICY, *PEERS),
        resource("ram_user_policy_attachment.a", **NAMED),
        configuration={
            **OF_POLICY,
            "ram_user.u": {"name": ["each.key"]},
            "ram_user_policy_attachment.a": stated,
        },
    )
    address = "alicloud_ram_user_policy_attachment.a"
    assert found.notices == (
        f"the user with the policy `readers` is not known until the plan is applied: {address}",
    )
    assert holders(found.accounts[NUMBER]) == {placeholder(address): ["readers"]}


def test_a_key_of_other_instances_decides_nothing(tmp_path: Path) -> None:
    # `u["${each.key}-2"]` has the same references as `u[each.key]`
    found = world(
        tmp_path,
        *(POLICY, *PEERS),
        resource('ram_user_policy_attachment.a["anna"]', **NAMED),
        configuration={
            **OF_POLICY,
            "ram_user.u": {"name": ["each.key"]},
            "ram_user_policy_attachment.a": {"user_name": ["alicloud_ram_user.u", "each.key"]},
        },
    )
    address = 'alicloud_ram_user_policy_attachment.a["anna"]'
    assert holders(found.accounts[NUMBER]) == {placeholder(address): ["readers"]}


def test_long_and_endless_chains_of_references_end(tmp_path: Path) -> None:
    steps = 60
    chain = {
        f"ram_user_policy_attachment.a{n}": {
            "user_name": [f"alicloud_ram_user_policy_attachment.a{n + 1}.user_name"]
        }
        for n in range(steps)
    }
    nested: dict[str, Any] = {"outputs": {"o": ["alicloud_ram_user.u.name"]}}
    for _ in range(steps):
        nested = {"module.m": {"()": nested}, "outputs": {"o": ["module.m.o"]}}
    found = world(
        tmp_path,
        POLICY,
        *(resource(f"ram_user_policy_attachment.a{n}", **NAMED) for n in range(steps)),
        resource(f"ram_user_policy_attachment.a{steps}", user_name="u", **NAMED),
        resource("ram_user.u", name="u"),
        resource("ram_user_policy_attachment.deep", **NAMED),
        configuration={
            **OF_POLICY,
            **chain,
            "module.m": {"()": nested},
            "ram_user_policy_attachment.deep": {"user_name": ["module.m.o"]},
        },
    )
    unknown = [notice.rpartition(": ")[2] for notice in found.notices]
    ends = [f"alicloud_ram_user_policy_attachment.{end}" for end in ("a0", "deep")]
    assert set(ends) <= set(unknown)
    assert "u" in holders(found.accounts[NUMBER])
    assert f"alicloud_ram_user_policy_attachment.a{steps - 1}" not in unknown


def test_a_name_that_is_not_known_is_a_placeholder_that_connects(tmp_path: Path) -> None:
    found = world(
        tmp_path,
        POLICY,
        resource("ram_user.u"),
        resource("ram_group.g", group_name="team"),
        resource("ram_user_policy_attachment.a", **NAMED),
        resource("ram_user_group_attachment.m", group_name="team"),
        configuration={
            **OF_POLICY,
            "ram_user.u": {"name": ["random_pet.p.id"]},
            "ram_user_policy_attachment.a": {"user_name": ["alicloud_ram_user.u.name"]},
            "ram_user_group_attachment.m": {"user_name": ["alicloud_ram_user.u.name"]},
        },
    )
    name = placeholder("alicloud_ram_user.u")
    [notice] = found.notices
    assert notice == (
        "the name of a user is not known until the plan is applied: alicloud_ram_user.u, "
        f"so it is called `{name}`"
    )
    user = found.accounts[NUMBER].users[name]
    assert (user.groups, user.attachments) == (("team",), (Attachment("readers"),))


def test_two_things_are_never_merged_by_a_reference_in_a_name(tmp_path: Path) -> None:
    found = world(
        tmp_path,
        resource("ram_user.u"),
        resource("ram_user.v"),
        configuration={
            "ram_user.u": {"name": ["random_pet.p.id"]},
            "ram_user.v": {"name": ["alicloud_ram_user.u.name"]},
        },
    )
    assert len(found.accounts[NUMBER].users) == 2


def documents(
    path: Path, stated: dict[str, Any], before: dict[str, Any] | None, **values: object
) -> str:
    """Return the document of a policy, or the reason for which it is missing."""
    address = "ram_policy.p"
    found = world(
        path,
        resource(address, policy_name="p", **values),
        before=() if before is None else (resource(address, policy_name="p", **before),),
        configuration={address: {"policy_name": "p", **stated}},
    )
    document = found.accounts[NUMBER].policies["p"]
    return document.text or document.missing


UNKNOWN = "the document is not known until the plan is applied: alicloud_ram_policy.p"
NULL: list[str] = ["var.null"]


@pytest.mark.parametrize(
    ("stated", "before", "after", "found"),
    [
        # the attribute that is stated counts: a plan repeats the old value of the other one
        (["document"], ("old", "old"), ("old", "new"), "new"),
        (["policy_document"], ("old", "old"), ("new", "old"), "new"),
        (["document"], ("old", "old"), ("old", None), UNKNOWN),
        (["document"], None, (None, "new"), "new"),
        # a module that states both, one of them null
        (["document", "policy_document"], ("old", "old"), ("old", "new"), "new"),
        (["document", "policy_document"], ("old", "old"), ("old", "old"), "old"),
        (["document", "policy_document"], ("old", "old"), ("new", "newer"), UNKNOWN),
        (["document", "policy_document"], ("old", "old"), ("old", None), UNKNOWN),
        (["document", "policy_document"], None, ("new", None), "new"),
        (["document", "policy_document"], None, (None, None), UNKNOWN),
    ],
)
def test_the_document_that_the_provider_would_set_is_read(
    tmp_path: Path,
    stated: list[str],
    before: tuple[str, str] | None,
    after: tuple[str | None, str | None],
    found: str,
) -> None:
    def values(texts: tuple[str | None, str | None]) -> dict[str, Any]:
        names = ("policy_document", "document")
        return {name: text for name, text in zip(names, texts, strict=True) if text}

    earlier = None if before is None else values(before)
    assert documents(tmp_path, dict.fromkeys(stated, NULL), earlier, **values(after)) == found


def test_a_document_is_never_taken_from_a_reference(tmp_path: Path) -> None:
    found = world(
        tmp_path,
        *(POLICY, resource("ram_policy.q", policy_name="q")),
        configuration={
            **OF_POLICY,
            "ram_policy.q": {
                "policy_name": "q",
                "policy_document": ["alicloud_ram_policy.p.policy_document"],
            },
        },
    )
    reason = "the document is not known until the plan is applied: alicloud_ram_policy.q"
    assert found.accounts[NUMBER].policies["q"].missing == reason
    assert found.notices == (reason,)
