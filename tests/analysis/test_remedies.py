from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from ramgate import Remedy, Statement
from ramgate.analysis import remedies

if TYPE_CHECKING:
    from ramgate.model.decision import Policy

NUMBER = "1234567890123456"
ERIN, APP = f"acs:ram::{NUMBER}:user/erin", f"acs:ram::{NUMBER}:role/app"
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
    assert changed["roles"]["App"]["policies"] == ["System"]


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


def test_control_policies_are_replaced_at_the_levels_that_the_remedy_names() -> None:
    remedy = Remedy(ask="ControlPolicy", levels=(0, 2))
    documents = [{"accounts": {NUMBER: ACCOUNT}}, {"directory": DIRECTORY}]
    members, changed = remedies.apply(documents, NUMBER, remedy, None)
    assert members == documents[0]
    root = changed["directory"]["root"]
    production = root["folders"]["production"]
    assert root["control_policies"] == ["FullAliyunAccess"]
    assert root["folders"]["empty"]["control_policies"] == []
    assert production["control_policies"] == ["folder-policy"]
    assert production["accounts"][NUMBER]["control_policies"] == ["FullAliyunAccess"]


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
