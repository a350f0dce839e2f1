from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from accounts_files import CATALOG, HERE, THERE, write
from policy_documents import TRUST, policy, statement
from ramgate import InvalidRequest, Request, resources
from ramgate.accounts import reader
from ramgate.analysis.engine import decide_all
from ramgate.analysis.who_can import Holding, NotDecided, search, who_can
from ramgate.bundle.builder import build

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

EXAMPLE = resources.path("examples/accounts.yaml")
TOPIC = f"acs:alikafka:cn-hangzhou:{HERE}:alikafka_post-cn-x"
KAFKA = "AliyunKafkaFullAccess"


Asked: TypeAlias = tuple[str, str] | tuple[str, str, dict[str, str]]


def arn(name: str, account: str = HERE) -> str:
    return f"acs:ram::{account}:{name}"


def trust(**principals: object) -> dict[str, object]:
    return policy({**TRUST, "Principal": principals})


def stored(folder: Path, document: object) -> Store:
    return reader.load(write(folder, json.dumps(document), "accounts.json"), CATALOG)


@pytest.fixture
def wide(tmp_path: Path) -> Store:
    """Return a store in which decisions depend on everything that they can depend on."""
    only = {"StringLike": {"acs:PrincipalARN": [arn("user/b*"), arn("role/A*")]}}
    policies = {
        "own": policy(statement(Action="*")),
        "arns": policy(statement(Action="*", Condition=only)),
        "no-sts": policy(statement(Effect="Deny", Action="sts:TagSession")),
    }
    grouped = {"policy": "own", "resource_group": "rg"}
    users = {
        "a": {"policies": ["own"]},
        "b": {"policies": ["own"]},
        "b2": {"policies": ["arns"]},
        "c": {"policies": ["arns", grouped]},
        "d": {"policies": [grouped, "no-sts"]},
        "e": {},
    }
    roles = {
        "App": {"trust": trust(RAM=[arn("user/a"), arn("role/app"), arn("root", THERE)])},
        "Other": {"trust": trust(RAM=[arn("root")]), "policies": ["arns"]},
    }
    account = {"policies": policies, "users": users, "roles": roles}
    linked = ["AliyunServiceRoleForAlikafka", "AliyunServiceRoleForAlb"]
    levels = {HERE: {"control_policies": ["limit"]}}
    condition = {"StringNotEquals": {"acs:PrincipalARN": arn("user/b")}}
    limit = policy(
        statement(Action="*"), statement(Effect="Deny", Action="oss:*", Condition=condition)
    )
    return stored(
        tmp_path,
        {
            "accounts": {HERE: {**account, "service_linked_roles": linked}, THERE: account},
            "directory": {
                "management": THERE,
                "policies": {"limit": limit},
                "root": {"control_policies": ["FullAliyunAccess"], "accounts": levels},
            },
        },
    )


def test_every_principal_gets_the_decision_on_its_own_request(wide: Store) -> None:
    actions = ("ecs:Start", "oss:GetObject", "sts:AssumeRole", "sts:TagSession")
    named = (TOPIC, f"acs:oss::{THERE}:b/o", "acs:oss:::b", "acs:ram:::role/app", arn("role/OTHER"))
    contexts: tuple[dict[str, Any], ...] = ({}, {"acs:ResourceGroupId": "rg"})
    for action, resource, context in itertools.product(actions, named, contexts):
        found = search(wide, action, resource, context)
        asked = [Request(one.principal, action, resource, context) for one in found.principals]
        assert len(asked) == 20
        assert found.classes < len(asked)
        for one, request, decision in zip(
            found.principals, asked, decide_all(wide, asked), strict=True
        ):
            assert one.answer == ("every" if decision else "none"), request
            assert one.statements == decision.statements, request
            assert (one.witness, one.gap) == ((request, None) if decision else (None, request))


def test_a_request_is_decided_once_for_principals_with_the_same_policies(tmp_path: Path) -> None:
    users = {f"u{index}": {"policies": [KAFKA] * (index % 2)} for index in range(200)}
    found = search(stored(tmp_path, {"accounts": {HERE: {"users": users}}}), "ecs:Start", TOPIC)
    assert (found.classes, len(found.principals)) == (3, 201)


def test_a_result_says_how_a_principal_comes_by_a_policy(wide: Store) -> None:
    found = search(wide, "ecs:Start", TOPIC, {"acs:ResourceGroupId": "rg"})
    through = {one.principal: one.through for one in found.principals}
    assert through[arn("user/a")] == (Holding("own", "user", "a"),)
    assert through[arn("user/d")] == (Holding("own", "user", "d", "rg"),)
    assert through[arn("role/Other", THERE)] == ()
    assert through[arn("root")] == ()
    found = search(wide, "ecs:Start", TOPIC, {"acs:ResourceGroupId": "other"})
    assert {one.principal: one.through for one in found.principals}[arn("user/d")] == ()
    found = search(wide, "sts:AssumeRole", arn("role/other"))
    through = {one.principal: one.through for one in found.principals}
    assert through[arn("user/a")] == (Holding("trust:Other", "trust", "Other"),)
    assert {str(one) for held in through.values() for one in held} == {"trust:Other of role Other"}
    assert str(Holding("own", "user", "d", "rg")) == "own attached to user d in rg"


def test_a_policy_may_come_from_groups(tmp_path: Path) -> None:
    grouped = {"policy": "AliyunKafkaReadOnlyAccess", "resource_group": "rg"}
    account: dict[str, Any] = {
        "groups": {"g": {"policies": [KAFKA]}, "h": {"policies": [KAFKA, grouped]}, "i": {}},
        "users": {
            "a": {"groups": ["g", "h", "i"]},
            "b": {"groups": ["g"], "policies": [KAFKA]},
            "c": {"groups": ["h"]},
        },
    }
    store = stored(tmp_path, {"accounts": {HERE: account}})
    found = search(store, "alikafka:DeleteTopic", TOPIC)
    through = {one.principal: one.through for one in found.principals}
    assert through[arn("user/a")] == (Holding(KAFKA, "group", "g"), Holding(KAFKA, "group", "h"))
    assert through[arn("user/b")] == (Holding(KAFKA, "user", "b"), Holding(KAFKA, "group", "g"))
    account["groups"]["h"]["policies"].remove(KAFKA)
    store = stored(tmp_path, {"accounts": {HERE: account}})
    found = search(store, "alikafka:ListTopic", TOPIC, {"acs:ResourceGroupId": "rg"})
    through = {one.principal: one.through for one in found.principals}
    assert through[arn("user/c")] == (Holding("AliyunKafkaReadOnlyAccess", "group", "h", "rg"),)


def test_services_that_a_role_trusts_are_decided(tmp_path: Path) -> None:
    provider = arn("saml-provider/idp")
    condition = {"StringEquals": {"saml:recipient": "here"}}
    document = policy(
        {**TRUST, "Principal": {"Service": ["ecs.aliyuncs.com", f"{HERE}@log.aliyuncs.com"]}},
        {**TRUST, "Principal": {"Federated": provider}, "Condition": condition},
    )
    store = stored(tmp_path, {"accounts": {HERE: {"roles": {"App": {"trust": document}}}}})
    found = search(store, "sts:assumeRole", arn("role/APP"))
    assert {one.principal: one.answer for one in found.services} == {
        f"{HERE}@log.aliyuncs.com": "every",
        provider: "none",
        "ecs.aliyuncs.com": "every",
    }
    assert found.services[0].through == (Holding("trust:App", "trust", "App"),)
    assert [one.principal for one in found.allowed] == [
        *(f"{HERE}@log.aliyuncs.com", "ecs.aliyuncs.com")
    ]
    assert search(store, "ram:GetRole", arn("role/App")).services == ()
    assert search(store, "sts:AssumeRole", "acs:ram:::role/App").services == ()
    assert search(store, "sts:AssumeRole", arn("role/gone")).services == ()


def test_a_trusted_principal_of_another_account_is_not_decided(wide: Store) -> None:
    alone = wide.copy()
    alone["accounts"] = {HERE: wide["accounts"][HERE]}
    found = search(alone, "sts:AssumeRole", arn("role/App"))
    reason = "a role trusts it, and the accounts do not contain it"
    assert found.not_decided == (NotDecided(arn("root", THERE), reason),)
    assert search(wide, "sts:AssumeRole", arn("role/App")).not_decided == ()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (("ListTopic", TOPIC), "action"),
        (("ListTopic*", TOPIC), "action"),
        (("ecs:Start", "x"), "resource"),
        (("ecs:*", "x"), "resource"),
        (("ecs:*", "acs:ecs:::i"), "resource: states no account"),
        (("ecs:Start", TOPIC, {"acs:sourceIp": "x"}), "context"),
        (("ecs:Start", TOPIC, {"acs:PrincipalARN": arn("user/alice")}), "context.acs:PrincipalARN"),
    ],
)
def test_a_malformed_request_is_an_error(asked: Asked, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        who_can(EXAMPLE, *asked)
    assert str(refused.value).startswith(field)


def test_accounts_may_be_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(build().content)
    asked = ("alikafka:DeleteTopic", TOPIC)
    assert who_can(path, *asked) == who_can(str(EXAMPLE), *asked)


def test_a_misspelt_action_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for action in ("alikafka:DeleteTopic", "alikafka:Delete*", "*", "alikafka:DeleteTopci"):
        who_can(EXAMPLE, action, TOPIC)
    message = "`alikafka:DeleteTopci` is not a known action: did you mean `alikafka:DeleteTopic`?"
    assert caplog.messages == [message]
