from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from policy_documents import policy, statement
from proving import ACCOUNT, ALICE, OTHER, allow, world
from ramgate.analysis.prover.access import Way
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.changes import Change, Open, changes, principals
from ramgate.analysis.prover.space import Asker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

BOB = Asker("user", ACCOUNT, "bob")
APP = Asker("role", ACCOUNT, "app")
SERVICE = Asker("service", "", "ecs.aliyuncs.com")
Edit: TypeAlias = "Callable[[dict[str, Any]], object]"


def document() -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": f"acs:ram::{ACCOUNT}:root"},
    }
    return {
        "policies": {
            "p": policy(statement(Action="a:b"), statement(Effect="Deny", Action="a:c")),
            "assume": policy(statement(Action="sts:*")),
        },
        "users": {"alice": {"policies": ["p", "assume"]}, "bob": {"policies": ["assume", "p"]}},
        "roles": {"App": {"trust": policy(trust)}},
    }


def compare(
    folder: Path,
    edit: Edit,
    askers: Iterable[Asker] | None = None,
    known: Mapping[Asker, Way] | None = None,
    steps: int = 20_000,
) -> list[Change | Open]:
    """Compare the accounts before and after an edit of the account."""
    before = document()
    after = copy.deepcopy(before)
    edit(after)
    old, new = (world(folder, {"accounts": {ACCOUNT: one}}) for one in (before, after))
    return list(changes(old, new, Budget(steps=steps), askers, known or {}))


def found(folder: Path, edit: Edit) -> list[tuple[tuple[Asker, ...], str]]:
    """Return the principals and the action of each change."""
    answers = []
    for one in compare(folder, edit):
        assert isinstance(one, Change)
        answers.append((one.askers, one.difference.point.request.action))
    return answers


def test_principals_with_equal_policies_are_compared_once(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["policies"]["p"]["Statement"][0]["Action"] = ["a:b", "a:d"]

    assert found(tmp_path, edit) == [((ALICE, BOB), "a:d")]


@pytest.mark.parametrize(
    "edit",
    [
        lambda account: account["policies"].pop("unused", None),
        lambda account: account["policies"]["p"]["Statement"].reverse(),
        lambda account: account["policies"]["p"]["Statement"].append(statement(Action="A:B")),
        lambda account: account["users"]["alice"]["policies"].reverse(),
        lambda account: account["users"]["alice"]["policies"].pop(),
        lambda account: account["users"].pop("alice"),
        lambda account: account["roles"].clear(),
    ],
)
def test_nothing_is_found_where_nothing_is_allowed_newly(tmp_path: Path, edit: Edit) -> None:
    assert found(tmp_path, edit) == []


def test_a_dropped_deny_is_found_if_something_allows(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["policies"]["p"]["Statement"].pop()

    assert found(tmp_path, edit) == []

    def attach(account: dict[str, Any]) -> None:
        edit(account)
        account["users"]["bob"]["policies"].append("AdministratorAccess")

    (first, *_) = found(tmp_path, attach)
    assert first[0] == (BOB,)


def test_a_wider_trust_policy_is_found(tmp_path: Path) -> None:
    def admit(account: dict[str, Any]) -> None:
        trust = account["roles"]["App"]["trust"]
        trust["Statement"][0]["Principal"]["Service"] = "ecs.aliyuncs.com"

    assert found(tmp_path, admit) == [((SERVICE,), "sts:AssumeRole")]

    def tag(account: dict[str, Any]) -> None:
        account["roles"]["App"]["trust"]["Statement"][0]["Action"] = ["sts:AssumeRole", "sts:Tag*"]

    assert found(tmp_path, tag) == [((ALICE, BOB), "sts:tagsession")]


def test_control_policies_of_the_account_of_a_role_may_open_it(tmp_path: Path) -> None:
    carol = Asker("user", OTHER, "carol")
    account = document()
    account["roles"]["App"]["trust"]["Statement"][0]["Principal"]["RAM"] = carol.arn
    other = {"policies": account["policies"], "users": {"carol": {"policies": ["assume"]}}}
    worlds = []
    for opened in (["FullAliyunAccess"], []):
        levels = {
            ACCOUNT: {"control_policies": opened},
            OTHER: {"control_policies": ["FullAliyunAccess"]},
        }
        root = {"control_policies": ["FullAliyunAccess"], "accounts": levels}
        directory = {"management": "1" * 16, "root": root}
        accounts = {ACCOUNT: account, OTHER: other}
        worlds.append(world(tmp_path, {"accounts": accounts, "directory": directory}))
    open_, closed = worlds
    (one,) = changes(closed, open_, Budget(), [carol])
    assert isinstance(one, Change)
    assert one.difference.point.request.action == "sts:AssumeRole"
    assert list(changes(open_, closed, Budget(), [carol])) == []


def test_a_new_policy_may_allow_to_assume_a_role(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["roles"]["App"]["policies"] = ["assume"]

    actions = {action for askers, action in found(tmp_path, edit) if askers == (APP,)}
    assert "sts:AssumeRole" in actions
    assert len(actions) == 2


def test_principals_that_a_trust_policy_tells_apart_are_compared_apart(tmp_path: Path) -> None:
    def naming(name: str) -> Edit:
        def edit(account: dict[str, Any]) -> None:
            named = {"StringLike": {"acs:PrincipalARN": name}}
            account["roles"]["Second"] = copy.deepcopy(account["roles"]["App"])
            account["roles"]["Second"]["trust"]["Statement"][0]["Condition"] = named

        return edit

    assert found(tmp_path, naming("*:user/bob")) == [((BOB,), "sts:AssumeRole")]
    assert found(tmp_path, naming("*:user/alice")) == [((ALICE,), "sts:AssumeRole")]


def test_principals_that_a_condition_tells_apart_are_compared_apart(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        named = statement(Action="a:d", Condition={"StringLike": {"acs:PrincipalARN": "*/bob"}})
        account["policies"]["p"]["Statement"].append(named)

    assert found(tmp_path, edit) == [((BOB,), "a:d")]


def test_some_principals_may_be_compared(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["policies"]["p"]["Statement"][0]["Action"] = "a:*"

    (one,) = compare(tmp_path, edit, [BOB])
    assert one.askers == (BOB,)


def test_known_requests_are_left_out(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["policies"]["p"]["Statement"][0]["Action"] = "a:*"

    way = Way(((allow("a:*"),),), ())
    (one,) = compare(tmp_path, edit, known={ALICE: way})
    assert one.askers == (BOB,)


def test_a_question_that_takes_too_long_ends_the_comparison(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        account["users"]["bob"]["policies"].append("AdministratorAccess")
        account["policies"]["p"]["Statement"][0]["Action"] = "a:*"

    (one,) = compare(tmp_path, edit, steps=2)
    assert isinstance(one, Open)
    assert one.is_final
    assert one.reason == "the search has more than 2 steps"
    assert one.askers == (ALICE,)


def test_the_comparison_goes_on_after_a_doubt(tmp_path: Path) -> None:
    def edit(account: dict[str, Any]) -> None:
        types = {"StringLike": {"k": "1?3"}, "NumericGreaterThan": {"k": "122"}}
        account["policies"]["odd"] = policy(statement(Action="a:d", Condition=types))
        account["users"]["alice"]["policies"].append("odd")
        account["users"]["bob"]["policies"].append("AdministratorAccess")

    doubt, *others = compare(tmp_path, edit)
    assert isinstance(doubt, Open)
    assert not doubt.is_final
    assert doubt.askers == (ALICE,)
    assert {one.askers for one in others} == {(BOB,)}


def test_services_and_providers_are_principals_if_a_trust_policy_names_them(
    tmp_path: Path,
) -> None:
    account = document()
    provider = f"acs:ram::{ACCOUNT}:saml-provider/idp"
    trusted = account["roles"]["App"]["trust"]["Statement"][0]["Principal"]
    trusted |= {"Service": "ecs.aliyuncs.com", "Federated": provider}
    found = world(tmp_path, {"accounts": {ACCOUNT: account}})
    outside = [SERVICE, Asker("federated", "", provider)]
    assert sorted(map(repr, principals(found))) == sorted(map(repr, [ALICE, BOB, APP, *outside]))


def test_service_linked_roles_are_compared_apart(tmp_path: Path) -> None:
    # with equal policies: control policies do not bind them (5.4)
    assume = policy(statement(Action="sts:*"))
    account = {
        "policies": {"assume": assume},
        "roles": {"Plain": {**document()["roles"]["App"], "policies": ["assume"]}},
        "service_linked_roles": ["AliyunServiceRoleForAlikafka"],
    }
    other = {"roles": document()["roles"]}
    worlds = []
    for opened in ([], ["FullAliyunAccess"]):
        root = {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {OTHER: {"control_policies": opened}},
        }
        parts = {
            "accounts": {ACCOUNT: account, OTHER: other},
            "directory": {"management": "1" * 16, "root": root},
            "system_policies": {"AliyunServiceRolePolicyForAlikafka": {"document": assume}},
        }
        worlds.append(world(tmp_path, parts))
    closed, open_ = worlds
    found = list(changes(closed, open_, Budget()))
    assert [one.askers for one in found] == [(Asker("role", ACCOUNT, "plain"),)]
    assert list(changes(open_, closed, Budget())) == []
