"""The hints that the catalog and the accounts add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from command_line import ACCOUNT, ALICE, NUMBER
from ramgate import resources
from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.hints.hints import complete, with_accounts
from ramgate.model.decision import Request
from ramgate.model.explanation import Explained
from sample_explanations import (
    ACCOUNT_LEVEL,
    ONLY_RESOURCE,
    STATEMENT,
    answer,
    considered,
    decision,
)

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.model.explanation import Explanation

LAYER: dict[str, Any] = {"policy_type": ACCOUNT_LEVEL, "level": None}
NOTHING: dict[str, Any] = LAYER | {"code": "nothing_attached", "kind": "user"}
ABSENT: dict[str, Any] = STATEMENT | {
    "code": "key_absent",
    "operator": "StringEquals",
    "values": ["v"],
}
WILDCARD: dict[str, Any] = STATEMENT | {"code": "wildcard_resource_asked", "pattern": "p"}
UNKNOWN: dict[str, Any] = {"code": "unknown_name", "account": NUMBER}


def completed(action: str, context: dict[str, str] | None = None, **changes: Any) -> Explanation:  # noqa: ANN401
    request = Request(ALICE, action, "*", context or {})
    return complete(request, msgspec.convert(answer(**changes), Explained))


def service(asked: str, *held: str) -> dict[str, Any]:
    code = {"code": "no_statement_for_service", "service": asked, "services": list(held)}
    return LAYER | code


def test_the_answer_and_its_request_stay_together() -> None:
    found = completed("oss:GetObject")
    assert found.request == Request(ALICE, "oss:GetObject", "*")
    assert found.answer == msgspec.convert(answer(), Explained)


@pytest.mark.parametrize(
    ("action", "near", "is_operation"),
    [
        ("alikafka:GetTopicList", ["alikafka:ListTopic"], True),
        ("alikafka:gettopiclist", ["alikafka:ListTopic"], True),
        ("alikafka:ListTopics", ["alikafka:ListTopic"], False),
        ("alikafk:ListTopic", ["alikafka:ListTopic"], False),
        ("sls:GetLogStore", ["log:GetLogStore"], False),
    ],
)
def test_the_action_that_was_meant_is_the_first_hint(
    action: str,
    near: list[str],
    is_operation: bool,  # noqa: FBT001 - a parameter
) -> None:
    first, *others = completed(action).hints
    expected = {
        "code": "near_action",
        "given": action,
        "actions": near,
        "is_operation": is_operation,
    }
    assert msgspec.to_builtins(first) == expected | {"actions": tuple(near)}
    assert [one.code for one in others] == ["only_resource_differs"]


def test_a_complete_answer_stays_as_it_is() -> None:
    hints = [NOTHING, ABSENT | {"key": "acs:MFAPresnt"}, WILDCARD, service("alidns", "domain")]
    found = completed("alikafka:GetTopicList", hints=hints)
    assert len(found.hints) == 5
    assert complete(found.request, found.answer) == found


@pytest.mark.parametrize(
    "action",
    [
        "alikafka:ListTopic",
        "alikafka:listtopic",
        "alikafka:EntirelyOther",
        "nowhere-near-a-service:ListTopic",
        "cloudauth:DescribeVerifyResult",
    ],
)
def test_a_known_action_an_operation_and_a_name_far_from_all_give_no_near_action(
    action: str,
) -> None:
    assert [one.code for one in completed(action).hints] == ["only_resource_differs"]


def test_an_action_of_a_statement_may_be_the_nearest() -> None:
    held = [
        considered(action={"matches": False, "pattern": pattern, "not_action": False})
        for pattern in ("oss:makefrobnicator", "oss:*frobnicato?", None)
    ]
    found = completed("oss:MakeFrobnicatr", considered=held)
    assert found.cause == (
        "`oss:MakeFrobnicatr` is not a known action: did you mean `oss:makefrobnicator`?"
    )


def test_an_action_that_a_statement_names_is_hardly_misspelt() -> None:
    named = considered(
        action={"matches": True, "pattern": "alikafka:listtopics", "not_action": False}
    )
    found = completed("alikafka:ListTopics", considered=[named], hints=[ONLY_RESOURCE, NOTHING])
    codes = [one.code for one in found.hints]
    assert codes == ["only_resource_differs", "nothing_attached", "near_action"]


@pytest.mark.parametrize(
    "changed",
    [
        decision("statement_allows", ACCOUNT_LEVEL, "Allow", ("p", 0)),
        decision("statement_denies", ACCOUNT_LEVEL, "ExplicitDeny", ("p", 0)),
    ],
)
def test_a_near_action_is_no_cause_of_a_decision_by_a_statement(changed: dict[str, Any]) -> None:
    found = completed("alikafka:GetTopicList", decision=changed)
    assert [one.code for one in found.hints] == ["only_resource_differs"]


@pytest.mark.parametrize(
    "first",
    [NOTHING, UNKNOWN | {"kind": "user", "name": "alcie"}],
    ids=lambda one: str(one["code"]),
)
def test_some_causes_stay_before_a_misspelt_action(first: dict[str, Any]) -> None:
    found = completed("alikafka:GetTopicList", hints=[first, ONLY_RESOURCE])
    codes = [one.code for one in found.hints]
    assert codes == [first["code"], "near_action", "only_resource_differs"]


@pytest.mark.parametrize(
    ("key", "context", "near", "is_never_filled_in"),
    [
        ("acs:MFAPresnt", {}, "acs:MFAPresent", False),
        ("shop:Tenent", {"shop:Tenant": "1"}, "shop:Tenant", False),
        ("shop:Tenant", {"shop:Colour": "1"}, None, False),
        ("acs:MFAPresent", {}, None, False),
        ("acs:ResourceTag/team", {}, None, True),
        ("oss:Prefix", {}, None, True),
    ],
)
def test_an_absent_key_has_the_key_that_was_meant(
    key: str,
    context: dict[str, str],
    near: str | None,
    is_never_filled_in: bool,  # noqa: FBT001 - a parameter
) -> None:
    found = completed("oss:PutObject", context, hints=[ABSENT | {"key": key}])
    [hint] = msgspec.to_builtins(found.hints)
    assert hint.get("near") == near
    assert hint.get("not_filled_by_service", False) == is_never_filled_in


@pytest.mark.parametrize(
    ("action", "forms"),
    [
        ("alikafka:DeleteTopic", ("acs:alikafka:{#regionId}:{#accountId}:{#InstanceId}",)),
        ("alikafka:Unknown", ("acs:alikafka:{#regionId}:{#accountId}:{#InstanceId}",)),
        ("nowhere:ListTopic", None),
    ],
)
def test_a_wildcard_has_the_arn_forms(action: str, forms: tuple[str, ...] | None) -> None:
    found = completed(action, hints=[WILDCARD])
    hint = msgspec.to_builtins(found.hints[-1])
    assert hint.get("forms", (None,))[0] == (forms or (None,))[0]


@pytest.mark.parametrize(
    ("asked", "held", "cause"),
    [
        (
            "alidns",
            ["domain", "ecs"],
            (
                "the policies of user/alice are about `domain`, not about `alidns`: `domain` is "
                "Domains, "
                "`alidns` is Alibaba Cloud DNS (DNS)"
            ),
        ),
        ("log", ["sls"], "the policies of user/alice are about `sls`, not about `log`"),
        ("bssapi", ["bss"], "the policies of user/alice are about `bss`, not about `bssapi`"),
        (
            "alikafka",
            ["alikafk"],
            "the policies of user/alice are about `alikafk`, not about `alikafka`",
        ),
        (
            "oss",
            ["ecs"],
            "the policies of user/alice have no statement about `oss`, only about ecs",
        ),
    ],
)
def test_a_service_that_is_taken_for_another_is_named(
    asked: str, held: list[str], cause: str
) -> None:
    assert completed(f"{asked}:Frobnicate", hints=[service(asked, *held)]).cause == cause


@pytest.fixture
def store() -> Store:
    return reader.load(resources.path("examples/accounts.yaml"), catalog.load())


@pytest.mark.parametrize(
    ("unknown", "near"),
    [
        ({"kind": "user", "name": "alcie"}, ("user/alice",)),
        ({"kind": "role", "name": "conectorapp"}, ("role/ConnectorApp",)),
        ({"kind": "user", "name": "zoltan"}, ()),
        ({"kind": "account", "account": "1234567890123465", "name": None}, (NUMBER,)),
        ({"kind": "role", "account": None, "name": None}, ()),
    ],
)
def test_the_accounts_give_the_nearest_name(
    store: Store, unknown: dict[str, Any], near: tuple[str, ...]
) -> None:
    found = completed("oss:GetObject", hints=[UNKNOWN | unknown, ONLY_RESOURCE])
    named = with_accounts(found, store)
    assert msgspec.to_builtins(named.hints[0]).get("near", ()) == near
    assert named.hints[1:] == found.hints[1:]
    assert named.request == Request(f"{ACCOUNT}:user/alice", "oss:GetObject", "*")
