from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import Remedy, Statement
from ramgate.analysis import remedies

if TYPE_CHECKING:
    from ramgate.model.decision import Policy

NUMBER = "1234567890123456"
ERIN, APP = f"acs:ram::{NUMBER}:user/erin", f"acs:ram::{NUMBER}:role/app"
FULL = {"policy": "FullAliyunAccess", "type": "System"}
POLICY: dict[str, Any] = {"Version": "1", "Statement": [{"Effect": "Allow"}]}
ACCOUNT: dict[str, Any] = {
    "policies": {
        "no-roles": {"Version": "1", "Statement": [{"Effect": "Deny"}, {"Effect": "Allow"}]},
        "way-out-1": {},
    },
    "users": {"erin": {"policies": ["no-roles"]}},
    "roles": {"App": {"trust": {}}},
}
DIRECTORY: dict[str, Any] = {
    "root": {
        "control_policies": ["root-policy"],
        "folders": {
            "empty": {"control_policies": []},
            "production": {
                "control_policies": ["folder-policy"],
                "accounts": {NUMBER: {"control_policies": ["account-policy"]}},
            },
        },
    }
}


def applied(
    account: dict[str, Any], remedy: Remedy, attached: Policy | str | None
) -> dict[str, Any]:
    [document] = remedies.apply([{"accounts": {NUMBER: account}}], NUMBER, remedy, attached)
    changed: dict[str, Any] = document["accounts"][NUMBER]
    return changed


def test_each_policy_that_may_be_attached_is_an_alternative() -> None:
    with_both = Remedy(policy=POLICY, attach_to=ERIN, or_attach="System")
    assert remedies.alternatives(with_both) == [
        ("the policy attached", POLICY),
        ("`System` attached instead", "System"),
    ]
    assert remedies.alternatives(Remedy(policy=POLICY, attach_to=ERIN)) == [
        ("the policy attached", POLICY)
    ]
    assert remedies.alternatives(Remedy(remove=(Statement("a", 0),))) == [("that done", None)]


def test_a_document_is_attached_under_a_name_that_is_free() -> None:
    changed = applied(ACCOUNT, Remedy(policy=POLICY, attach_to=ERIN), POLICY)
    assert changed["policies"]["way-out-2"] == POLICY
    assert changed["users"]["erin"]["policies"] == ["no-roles", "way-out-2"]


def test_a_system_policy_is_attached_by_its_name_to_a_role_in_any_case() -> None:
    remedy = Remedy(policy=POLICY, attach_to=APP, or_attach="System")
    changed = applied(ACCOUNT, remedy, "System")
    assert changed["policies"] == ACCOUNT["policies"]
    assert changed["roles"]["App"]["policies"] == [{"policy": "System", "type": "System"}]


def test_an_account_without_policies_gets_its_first() -> None:
    changed = applied({"users": {"erin": {}}}, Remedy(policy=POLICY, attach_to=ERIN), POLICY)
    assert changed["policies"] == {"way-out-1": POLICY}
    assert changed["users"] == {"erin": {"policies": ["way-out-1"]}}


def test_a_removed_statement_leaves_the_indexes_of_the_others() -> None:
    changed = applied(ACCOUNT, Remedy(remove=(Statement("no-roles", 0),)), None)
    removed, kept = changed["policies"]["no-roles"]["Statement"]
    assert removed == {"Effect": "Deny", "Action": "ramgate:Removed", "Resource": "*"}
    assert kept == {"Effect": "Allow"}
    assert changed["users"] == ACCOUNT["users"]


SYSTEM_ONE = {"policy": "X", "type": "System"}
CUSTOM_ONE = {"policy": "X", "type": "Custom"}
IN_GROUP = {"policy": "X", "type": "System", "resource_group": "rg"}


def without_x0(policies: dict[str, Any], *attached: object) -> tuple[dict[str, Any], list[object]]:
    """Return the own policies and all attachments of an account without the statement `X[0]`."""
    held = {"policies": ["other", *attached]}
    account = {
        "policies": policies,
        "users": {"erin": held, "bare": {}},
        "groups": {"team": held},
        "roles": {"App": {"trust": {}, **held}},
    }
    changed = applied(account, Remedy(remove=(Statement("X", 0),)), None)
    assert changed["users"]["bare"] == {}
    holders = (changed["users"]["erin"], changed["groups"]["team"], changed["roles"]["App"])
    assert holders[0]["policies"] == holders[1]["policies"] == holders[2]["policies"]
    return changed["policies"], holders[0]["policies"]


def test_a_system_policy_is_detached_in_place_of_its_statement() -> None:
    assert without_x0({}, "X", SYSTEM_ONE, IN_GROUP, "Y") == ({}, ["other", "Y"])


@pytest.mark.parametrize(
    "own", [{"Statement": [{"Effect": "Allow"}]}, {"unreadable": "why", "document": "{"}]
)
def test_the_deny_is_the_system_policy_s_if_the_own_one_has_none(own: dict[str, Any]) -> None:
    assert without_x0({"X": own}, "X", CUSTOM_ONE, SYSTEM_ONE) == (
        {"X": own},
        ["other", "X", CUSTOM_ONE],
    )


def test_the_own_policy_s_deny_is_removed_and_the_system_policy_stays() -> None:
    own = {"Version": "1", "Statement": [{"Effect": "Deny"}]}
    policies, attached = without_x0({"X": own}, CUSTOM_ONE, SYSTEM_ONE)
    assert policies["X"]["Statement"][0]["Action"] == "ramgate:Removed"
    assert attached == ["other", CUSTOM_ONE, SYSTEM_ONE]


def test_control_policies_are_replaced_at_the_levels_that_the_remedy_names() -> None:
    remedy = Remedy(ask="ControlPolicy", levels=(0, 2))
    documents = [{"accounts": {NUMBER: ACCOUNT}}, {"directory": DIRECTORY}]
    members, changed = remedies.apply(documents, NUMBER, remedy, None)
    assert members == documents[0]
    root = changed["directory"]["root"]
    production = root["folders"]["production"]
    assert root["control_policies"] == [FULL]
    assert root["folders"]["empty"]["control_policies"] == []
    assert production["control_policies"] == ["folder-policy"]
    assert production["accounts"][NUMBER]["control_policies"] == [FULL]


def test_documents_of_other_accounts_stay_as_they_are() -> None:
    others: list[dict[str, Any]] = [
        {"accounts": {"1000000000000002": ACCOUNT}},
        {"directory": {"root": {}}},
    ]
    remedy = Remedy(remove=(Statement("no-roles", 0),), ask="ControlPolicy", levels=(0,))
    assert remedies.apply(others, NUMBER, remedy, None) == others


def test_the_documents_that_go_in_are_not_changed() -> None:
    documents = [{"accounts": {NUMBER: copy.deepcopy(ACCOUNT)}, "directory": DIRECTORY}]
    before = copy.deepcopy(documents)
    remedy = Remedy(
        policy=POLICY,
        attach_to=ERIN,
        remove=(Statement("no-roles", 0),),
        ask="ControlPolicy",
        levels=(0, 1, 2),
    )
    assert remedies.apply(documents, NUMBER, remedy, POLICY) != before
    assert documents == before
