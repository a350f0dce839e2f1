"""A request that only one statement decides, or the proof that there is none."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from coverage_accounts import MANAGEMENT, NUMBER, account, allow, deny, policy, stored, trust, user
from ramgate import Request
from ramgate.analysis.coverage import tries
from ramgate.analysis.coverage.tries import DEAD, Tries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from ramgate.accounts.store import Store

NETWORK = {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}


def in_group(name: str) -> dict[str, str]:
    return {"policy": name, "resource_group": "rg-1"}


def asked(store: Store, name: str, index: int = 0) -> Request | str | None:
    return Tries(store, time.monotonic() + 60).of(f"{NUMBER}/{name}", index)


def held(folder: Path, policies: Mapping[str, object], *attached: object, **parts: object) -> Store:
    users = {"alice": {"policies": list(attached)}}
    return stored(account(policies=policies, users=users, **parts), folder)


def test_an_allow_is_tried_outside_the_other_statements(tmp_path: Path) -> None:
    policies = {
        "one": policy(allow("oss:*"), deny("oss:Put*")),
        "two": policy(allow("oss:Get*"), allow(["oss:Get*", "oss:Put*"])),
    }
    store = held(tmp_path, policies, "one", "two")
    found = asked(store, "one")
    assert isinstance(found, Request)
    assert found.principal == user("alice")
    assert not found.action.lower().startswith(("oss:get", "oss:put"))
    assert (asked(store, "two", 0), asked(store, "two", 1)) == (DEAD, DEAD)


def test_a_deny_is_tried_inside_an_allow(tmp_path: Path) -> None:
    policies = {"one": policy(allow("oss:Get*"), deny("oss:*", Condition=NETWORK), deny("ecs:*"))}
    store = held(tmp_path, policies, "one")
    found = asked(store, "one", 1)
    assert isinstance(found, Request)
    assert found.action.startswith("oss:Get")
    assert asked(store, "one", 2) == DEAD
    guarded = {**policies, "two": policy(deny("oss:Get*"))}
    assert asked(held(tmp_path, guarded, "one", "two"), "one", 1) == DEAD


def test_a_statement_that_no_principal_holds_is_dead(tmp_path: Path) -> None:
    assert asked(held(tmp_path, {"one": policy(allow("oss:*"))}), "one") == DEAD


def test_a_policy_of_a_resource_group_is_tried_in_the_group(tmp_path: Path) -> None:
    policies = {"one": policy(allow("oss:*"), deny("oss:Put*")), "two": policy(allow("oss:Get*"))}
    store = held(tmp_path, policies, in_group("one"), "two")
    found = asked(store, "one")
    assert isinstance(found, Request)
    assert found.context["acs:ResourceGroupId"] == "rg-1"
    assert not found.action.lower().startswith("oss:get")
    # account scope decides before the resource group
    assert asked(held(tmp_path, policies, "one", in_group("two")), "two") == DEAD


def test_trust_policies_are_tried_with_the_principals_that_they_name(tmp_path: Path) -> None:
    roles = {
        "App": {
            "trust": policy(
                trust({"Service": "ecs.aliyuncs.com"}),
                trust({"RAM": [user("alice")]}),
                trust({"RAM": [user("bob")]}),
                trust({"Federated": f"acs:ram::{NUMBER}:saml-provider/idp"}),
            ),
            "policies": [],
        }
    }
    policies = {"one": policy(allow("sts:AssumeRole"))}
    store = held(tmp_path, policies, "one", roles=roles)
    names = [
        found.principal if isinstance(found := asked(store, "trust:App", index), Request) else found
        for index in range(4)
    ]
    alice = user("alice")
    provider = f"acs:ram::{NUMBER}:saml-provider/idp"
    assert names == ["ecs.aliyuncs.com", alice, DEAD, provider]
    found = asked(store, "one")
    assert isinstance(found, Request)
    assert found.resource == f"acs:ram::{NUMBER}:role/app"


def test_principals_are_apart_if_a_condition_names_one(tmp_path: Path) -> None:
    condition = {"StringEquals": {"acs:PrincipalARN": user("bob")}}
    policies = {"one": policy(allow("oss:*", Condition=condition))}
    users = {name: {"policies": ["one"]} for name in ("alice", "bob")}
    found = asked(stored(account(policies=policies, users=users), tmp_path), "one")
    assert isinstance(found, Request)
    assert found.principal == user("bob")


def test_nothing_is_dead_beside_an_unreadable_document(tmp_path: Path) -> None:
    unreadable = {"unreadable": "the operator is not known", "document": "{}"}
    policies = {"one": policy(deny("oss:*")), "other": unreadable}
    assert asked(held(tmp_path, policies, "one", "other"), "one") is None


def test_a_search_without_an_end_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = {"one": policy(allow("oss:*")), "two": policy(allow("oss:*"))}
    store = held(tmp_path, policies, "one", "two")
    late = Tries(store, time.monotonic() - 1)
    assert late.of(f"{NUMBER}/one", 0) is None
    wide = {"one": policy(deny("ecs:*"), *(allow(f"oss:A{at}") for at in range(3)))}
    store = held(tmp_path, wide, "one")
    assert asked(store, "one") == DEAD
    monkeypatch.setattr(tries, "_MOST_CHOICES", 2)
    assert asked(store, "one") is None
    monkeypatch.setattr(tries, "_MOST_CHOICES", 3)
    monkeypatch.setattr(tries, "_MOST_CASES", 0)
    assert asked(store, "one") is None


def test_control_policies_are_tried_with_each_layer(tmp_path: Path) -> None:
    users = {name: {"policies": ["all"]} for name in ("alice", "bob")}
    member = {"policies": {"all": policy(allow("oss:*"))}, "users": users}
    directory = {
        "management": MANAGEMENT,
        "policies": {"level": policy(allow("oss:Get*"), allow("ecs:*"), deny("oss:GetBucket"))},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {NUMBER: {"control_policies": ["level"]}},
        },
    }
    store = stored({"accounts": {NUMBER: member, MANAGEMENT: {}}, "directory": directory}, tmp_path)
    found = [Tries(store, time.monotonic() + 60).of("directory/level", at) for at in range(3)]
    assert isinstance(found[0], Request)
    assert found[0].action.startswith("oss:Get")
    assert found[1] == DEAD
    assert isinstance(found[2], Request)
    assert found[2].action == "oss:GetBucket"


def test_principals_are_apart_if_a_trust_policy_names_one(tmp_path: Path) -> None:
    document = policy(*(trust({"RAM": [user(name)]}) for name in ("alice", "bob")))
    accounts = account(
        policies={"one": policy(allow("sts:AssumeRole"))},
        users={name: {"policies": ["one"]} for name in ("alice", "bob")},
        roles={"App": {"trust": document, "policies": []}},
    )
    store = stored(accounts, tmp_path)
    found = [asked(store, "trust:App", index) for index in range(2)]
    assert [one.principal for one in found if isinstance(one, Request)] == [
        user("alice"),
        user("bob"),
    ]
