from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lint_remarks import account_remarks, allow, deny
from policy_documents import TRUST, policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBER = "1234567890123456"
MANAGEMENT = "1000000000000001"
PLACE = f"accounts.{NUMBER}.policies."
UNREADABLE = {"unreadable": "of another format", "document": "{}"}


def said(code: str, value: object) -> list[str]:
    return [one.path.removeprefix(PLACE) for one in account_remarks(code, value)]


def account(policies: Mapping[str, object], **holders: object) -> dict[str, Any]:
    return {"accounts": {NUMBER: {"policies": policies, **holders}}}


def users(**attached: Sequence[object]) -> dict[str, object]:
    return {name: {"policies": policies} for name, policies in attached.items()}


def in_group(name: str) -> dict[str, str]:
    return {"policy": name, "resource_group": "rg-1"}


POLICIES: dict[str, object] = {
    "reads": policy(allow("oss:Get*"), allow("ecs:Describe*")),
    "guard": policy(deny("ecs:*")),
    "writes": policy(allow("oss:*")),
}


def test_an_allow_that_every_holder_is_denied_grants_nothing() -> None:
    code = "ALLOW_WHOLLY_DENIED"
    [found] = account_remarks(code, account(POLICIES, users=users(alice=["reads", "guard"])))
    assert found.path == f"{PLACE}reads.Statement[1]"
    assert found.message == (
        "for each principal that holds this policy, `guard[0]` denies every request that this"
        " statement allows: it grants nothing"
    )
    assert found.request is not None
    assert found.request.principal == f"acs:ram::{NUMBER}:user/alice"
    assert found.request.action.lower().startswith("ecs:describe")
    twice = users(alice=["reads", "guard"], carol=["reads", "guard"])
    assert said(code, account(POLICIES, users=twice)) == ["reads.Statement[1]"]
    both = account(POLICIES, users=users(alice=["reads", "guard"], bob=["reads"]))
    assert said(code, both) == []
    assert said(code, account(POLICIES, users=users(alice=["guard"]))) == []
    alone = {"all": policy(allow("ecs:*"), deny("*"))}
    assert said(code, account(alone, users=users(alice=["all"]))) == []  # the document says it


def test_a_deny_of_a_resource_group_does_not_reach_account_scope() -> None:
    code = "ALLOW_WHOLLY_DENIED"
    group = account(POLICIES, users=users(alice=["reads", in_group("guard")]))
    assert said(code, group) == []
    inner = account(POLICIES, users=users(alice=[in_group("reads"), "guard"]))
    assert said(code, inner) == ["reads.Statement[1]"]


def test_the_denies_of_a_principal_count_for_the_roles_that_it_assumes() -> None:
    policies = {"assumes": policy(allow("sts:AssumeRole")), "never": policy(deny("sts:*"))}
    trust = policy({**TRUST, "Principal": {"Service": "ecs.aliyuncs.com"}})
    role = {"App": {"trust": trust, "policies": ["assumes", "never"]}}
    held = account(policies, users=users(alice=["assumes", "never"]), roles=role)
    assert said("ALLOW_WHOLLY_DENIED", held) == ["assumes.Statement[0]"]
    role["App"]["policies"] = ["assumes"]
    assert said("ALLOW_WHOLLY_DENIED", held) == []


def directory(*control: object) -> dict[str, object]:
    policies = {f"control-{at}": policy(one) for at, one in enumerate(control)}
    return {
        "management": MANAGEMENT,
        "policies": policies,
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {NUMBER: {"control_policies": sorted(policies)}},
        },
    }


def test_control_policies_may_deny_or_not_allow() -> None:
    held = account(POLICIES, users=users(alice=["reads"]))
    held["accounts"][MANAGEMENT] = {}
    only_oss = {**held, "directory": directory(allow("oss:*"))}
    [found] = account_remarks("ALLOW_WHOLLY_DENIED", only_oss)
    assert found.path == f"{PLACE}reads.Statement[1]"
    assert "the control policies allow none of the requests" in found.message
    assert found.request is None
    denied = {**held, "directory": directory(allow("*"), deny("ecs:*"))}
    [found] = account_remarks("ALLOW_WHOLLY_DENIED", denied)
    assert "`control-1[0]` denies every request" in found.message
    assert said("ALLOW_WHOLLY_DENIED", {**held, "directory": directory(allow("*"))}) == []
    many = [allow(f"oss:A{at}") for at in range(65)]
    assert said("ALLOW_WHOLLY_DENIED", {**held, "directory": directory(*many[:64])}) != []
    assert said("ALLOW_WHOLLY_DENIED", {**held, "directory": directory(*many)}) == []


def test_a_deny_of_nothing_that_a_holder_may_do_is_reported() -> None:
    code = "DENIES_NOTHING"
    [found] = account_remarks(code, account(POLICIES, users=users(alice=["guard", "writes"])))
    assert found.path == f"{PLACE}guard.Statement[0]"
    assert found.request is not None
    assert found.request.action.startswith("ecs:")
    for attached in (["guard", "reads"], ["guard", in_group("reads")]):
        assert said(code, account(POLICIES, users=users(alice=attached))) == []
    inner = account(POLICIES, users=users(alice=["reads", in_group("guard")]))
    assert said(code, inner) == ["guard.Statement[0]"]
    assert said(code, account(POLICIES)) == []


def test_a_statement_that_other_policies_of_each_holder_cover_is_redundant() -> None:
    code = "REDUNDANT_STATEMENT"
    [found] = account_remarks(code, account(POLICIES, users=users(alice=["reads", "writes"])))
    assert found.path == f"{PLACE}reads.Statement[0]"
    assert "`writes[0]` allows every request that this statement allows" in found.message
    bob = users(alice=["reads", "writes"], bob=["reads"])
    assert said(code, account(POLICIES, users=bob)) == []
    groups = {"team": {"policies": ["writes"]}}
    member = {"alice": {"groups": ["team"], "policies": ["reads"]}}
    assert said(code, account(POLICIES, users=member, groups=groups)) == ["reads.Statement[0]"]
    inner = users(alice=["reads", in_group("writes")])
    assert said(code, account(POLICIES, users=inner)) == []


def test_a_statement_that_matches_nothing_is_not_judged() -> None:
    condition = {"StringEquals": {"acs:PrincipalARN": "alice"}}
    policies = {**POLICIES, "dead": policy(allow("oss:*", Condition=condition))}
    held = account(policies, users=users(alice=["dead", "writes"]))
    assert said("REDUNDANT_STATEMENT", held) == []


def test_a_statement_about_resources_of_another_account_is_not_judged() -> None:
    other = "acs:oss:*:9876543210987654:b"
    policies = {"one": policy(allow("oss:*", other)), "two": policy(deny("oss:*", other))}
    held = account(policies, users=users(alice=["one", "two"]))
    codes = ("MATCHES_NOTHING", "ALLOW_WHOLLY_DENIED", "DENIES_NOTHING", "REDUNDANT_STATEMENT")
    assert [said(code, held) for code in codes] == [[], [], [], []]


def test_of_two_equal_policies_one_stays() -> None:
    equal = policy(allow("oss:*"), allow("oss:*"))
    twins = {"first": equal, "second": equal}
    found = said("REDUNDANT_STATEMENT", account(twins, users=users(alice=["first", "second"])))
    assert found == ["first.Statement[0]"]


def test_a_statement_that_is_denied_is_not_also_redundant() -> None:
    held = account(POLICIES, users=users(alice=["reads", "guard"]))
    assert said("REDUNDANT_STATEMENT", held) == []


@pytest.mark.parametrize("code", ["ALLOW_WHOLLY_DENIED", "DENIES_NOTHING", "REDUNDANT_STATEMENT"])
def test_a_holder_with_an_unreadable_document_is_not_judged(code: str) -> None:
    policies = {**POLICIES, "other": UNREADABLE}
    attached: list[object] = ["reads", "guard", "writes", "other"]
    assert said(code, account(policies, users=users(alice=attached))) == []
    grouped = [*attached[:3], in_group("other")]
    assert said(code, account(policies, users=users(alice=grouped))) == []
    faulty = account(POLICIES, users=users(alice=["reads", "guard", "writes", "no-such-policy"]))
    assert said(code, faulty) == []


def test_principals_are_apart_if_a_condition_names_one() -> None:
    condition = {"StringEquals": {"acs:PrincipalARN": f"acs:ram::{NUMBER}:user/alice"}}
    policies = {"reads": POLICIES["reads"], "guard": policy(deny("ecs:*", Condition=condition))}
    attached: list[object] = ["reads", "guard"]
    alice = account(policies, users=users(alice=attached))
    assert said("ALLOW_WHOLLY_DENIED", alice) == ["reads.Statement[1]"]
    both = account(policies, users=users(alice=attached, bob=attached))
    assert said("ALLOW_WHOLLY_DENIED", both) == []
    assert said("DENIES_NOTHING", both) == []
    bob = account(policies, users=users(bob=attached))
    assert said("DENIES_NOTHING", bob) == []
    [found] = account_remarks("MATCHES_NOTHING", bob)
    assert found.path == f"{PLACE}guard.Statement[0]"
    assert found.message == (
        "for each principal that holds this policy, no request matches this statement: it never"
        " denies anything"
    )
    assert said("MATCHES_NOTHING", both) == []


def test_a_finding_is_explained_for_a_principal_whose_requests_match() -> None:
    condition = {"StringLike": {"acs:PrincipalARN": "*:user/bob"}}
    policies = {**POLICIES, "bobs": policy(allow("ecs:*", Condition=condition))}
    attached: list[object] = ["bobs", "guard"]
    [denied] = account_remarks(
        "ALLOW_WHOLLY_DENIED", account(policies, users=users(alice=attached, bob=attached))
    )
    assert "`guard[0]` denies every request" in denied.message
    policies["ecs"] = policy(allow("ecs:*"))
    attached = ["bobs", "ecs"]
    [covered] = account_remarks(
        "REDUNDANT_STATEMENT", account(policies, users=users(alice=attached, bob=attached))
    )
    assert "`ecs[0]` allows every request" in covered.message
