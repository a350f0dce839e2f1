"""Each hint is one sentence that names the cause."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from command_line import ACCOUNT, NUMBER
from ramgate.model.decision import Request
from ramgate.model.hint import Hint
from ramgate.model.hint_text import text
from sample_explanations import ACCOUNT_LEVEL, ONLY_RESOURCE, STATEMENT, TRUST

ASKED = Request(f"{ACCOUNT}:user/velero", "oss:GetObject", "*")
PASSES = Request(f"{ACCOUNT}:user/velero", "ram:PassRole", "*", {"acs:Service": "ecs.aliyuncs.com"})
GROUP = Request(f"{ACCOUNT}:user/velero", "oss:GetObject", "*", {"acs:ResourceGroupId": "rg-2"})
OTHER = "acs:ram::2345678901234567"
LAYER: dict[str, Any] = {"policy_type": ACCOUNT_LEVEL, "level": None}
ROLE: dict[str, Any] = {"role": "Deploy", "account": NUMBER}
CONTROL: dict[str, Any] = {"policy_type": "ControlPolicy", "level": "production"}
OF_TRUST: dict[str, Any] = STATEMENT | {"policy": "trust:Deploy", "policy_type": TRUST}
DENY: dict[str, Any] = STATEMENT | {"effect": "Deny"}
NAME: dict[str, Any] = {"code": "unknown_name", "account": NUMBER}
ADMITS: dict[str, Any] = ROLE | {"code": "trust_admits", "policy_type": TRUST, "level": None}
ABSENT: dict[str, Any] = {
    "code": "key_absent",
    "operator": "StringEquals",
    "key": "sts:ExternalId",
    "values": ["shop"],
}
DIFFERS: dict[str, Any] = {
    "code": "only_condition_differs",
    "operator": "StringEquals",
    "key": "oss:Prefix",
    "values": ["team-a/"],
    "given": "team-b/",
    "reason": "value_differs",
}
WILDCARD: dict[str, Any] = {"code": "wildcard_resource_asked", "pattern": "acs:oss:*:*:b/*"}
SERVICE: dict[str, Any] = {
    "code": "no_statement_for_service",
    "service": "alidns",
    "services": ["domain", "ecs"],
}
ACTION: dict[str, Any] = {
    "code": "only_action_differs",
    "pattern": "oss:putobject",
    "not_action": False,
    "given": "oss:GetObject",
}
NEAR: dict[str, Any] = {"code": "near_action", "given": "alikafka:GetTopicList"}
NOTHING: dict[str, Any] = {"code": "nothing_attached", "kind": "user"}
RESOURCE_GROUP = "ResourceGroupLevelIdentityBasedPolicy"
CASES: list[tuple[dict[str, Any], Request, str]] = [
    (
        NAME | {"kind": "user", "name": "velreo"},
        ASKED,
        f"account `{NUMBER}` has no user `velreo`",
    ),
    (
        NAME | {"kind": "role", "name": "depoly", "near": ["role/Deploy", "role/Depot"]},
        ASKED,
        f"account `{NUMBER}` has no role `depoly`: did you mean `role/Deploy` or `role/Depot`?",
    ),
    (NAME | {"kind": "account", "name": None}, ASKED, f"account `{NUMBER}` does not exist"),
    (
        {"code": "unknown_name", "kind": "role", "account": None, "name": None},
        ASKED,
        "the resource is not the ARN of a role: write `acs:ram::<account>:role/<name>`",
    ),
    (
        {"code": "owner_cannot_assume", "role": None, "account": None, "admits": []},
        ASKED,
        "an account owner can never assume a role: ask as a user or a role",
    ),
    (
        LAYER | {"code": "unreadable_policy", "policy": "old"},
        ASKED,
        "ramgate cannot read `old`, so the policies of user/velero allow nothing",
    ),
    (
        CONTROL | {"code": "unreadable_policy", "policy": "old"},
        ASKED,
        "ramgate cannot read `old`, so the control policies of level `production` allow nothing",
    ),
    (
        {"policy_type": "SessionPolicy", "level": None, **SERVICE},
        ASKED,
        "the session policies have no statement about `alidns`, only about domain and ecs",
    ),
    (
        {"policy_type": TRUST, "level": None, "code": "unreadable_policy", "policy": "trust:Old"},
        ASKED,
        "ramgate cannot read `trust:Old`, so the statements of the trust policy allow nothing",
    ),
    (
        ROLE
        | {"code": "identity_missing", "action": "sts:AssumeRole", "resource": f"{ACCOUNT}:role/d"},
        ASKED,
        "role `Deploy` trusts user/velero, whose own policies do not allow sts:AssumeRole on it",
    ),
    (
        STATEMENT | {"code": "would_allow_in_resource_group", "resource_group": "rg-1"},
        ASKED,
        ("`backup-objects[0]` allows it only in resource group `rg-1`, which is not named"),
    ),
    (
        STATEMENT | {"code": "would_allow_in_resource_group", "resource_group": "rg-1"},
        GROUP,
        ("`backup-objects[0]` allows it only in resource group `rg-1`, not in `rg-2`"),
    ),
    (
        OF_TRUST | ABSENT,
        ASKED,
        "the request has no `sts:ExternalId`, and the trust policy of role `Deploy` wants `shop`",
    ),
    (
        STATEMENT | ABSENT | {"key": "acs:MFAPresnt", "near": "acs:MFAPresent"},
        ASKED,
        (
            "`backup-objects[0]` wants `acs:MFAPresnt`, which is absent: did you mean "
            "`acs:MFAPresent`?"
        ),
    ),
    (
        STATEMENT | ABSENT | {"key": "acs:ResourceTag/team", "not_filled_by_service": True},
        ASKED,
        (
            "calls of oss:GetObject never carry `acs:ResourceTag/team`, which "
            "`backup-objects[0]` wants"
        ),
    ),
    (
        DENY | ABSENT,
        ASKED,
        "`backup-objects[0]` denies it, because the request has no `sts:ExternalId`",
    ),
    (
        DENY | ABSENT | {"near": "sts:ExternalID"},
        ASKED,
        (
            "`backup-objects[0]` denies it, because the request has no `sts:ExternalId`: did "
            "you mean "
            "`sts:ExternalID`?"
        ),
    ),
    (
        STATEMENT | DIFFERS,
        ASKED,
        "`oss:Prefix` is `team-b/`, and `backup-objects[0]` wants `team-a/`",
    ),
    (
        STATEMENT | DIFFERS | {"given": "team-a"},
        ASKED,
        "`oss:Prefix` is `team-a`, and `backup-objects[0]` wants `team-a/`: only a slash differs",
    ),
    (
        STATEMENT | DIFFERS | {"key": "acs:Service", "given": "fc.aliyuncs.com", "values": ["ecs"]},
        PASSES,
        "`backup-objects[0]` lets the role be passed to `ecs`, not to `fc.aliyuncs.com`",
    ),
    (
        STATEMENT
        | DIFFERS
        | {"operator": "IpAddress", "key": "acs:SourceIp", "given": "here", "reason": "unreadable"},
        ASKED,
        "`acs:SourceIp` is `here`, which IpAddress of `backup-objects[0]` cannot read",
    ),
    (
        STATEMENT | WILDCARD,
        ASKED,
        (
            "ask with the ARN of the resource, not with `*`: `backup-objects[0]` allows "
            "`acs:oss:*:*:b/*`"
        ),
    ),
    (
        DENY | WILDCARD | {"forms": ["acs:oss:x"]},
        ASKED,
        (
            "ask with the ARN of the resource, not with `*`: `backup-objects[0]` denies "
            "`acs:oss:*:*:b/*`; its form is `acs:oss:x`"
        ),
    ),
    (
        ONLY_RESOURCE,
        ASKED,
        "`backup-objects[0]` allows it on objects `backups/*`, not on bucket `backups`",
    ),
    (
        ONLY_RESOURCE | CONTROL,
        ASKED,
        (
            "`backup-objects[0]` of level `production` allows it on objects `backups/*`, not "
            "on bucket `backups`"
        ),
    ),
    (
        STATEMENT | ACTION,
        ASKED,
        "`backup-objects[0]` does not list oss:GetObject, its nearest action is `oss:putobject`",
    ),
    (
        STATEMENT | ACTION | {"pattern": None},
        ASKED,
        "`backup-objects[0]` does not list oss:GetObject",
    ),
    (
        STATEMENT | ACTION | {"not_action": True},
        ASKED,
        "`backup-objects[0]` allows all but `oss:putobject` (NotAction), so not oss:GetObject",
    ),
    (
        NEAR | {"actions": ["alikafka:ListTopic"], "is_operation": True},
        ASKED,
        "`alikafka:GetTopicList` is an API operation: RAM authorizes it as `alikafka:ListTopic`",
    ),
    (
        NEAR | {"actions": ["alikafka:ListTopic"], "is_operation": False},
        ASKED,
        "`alikafka:GetTopicList` is not a known action: did you mean `alikafka:ListTopic`?",
    ),
    (
        ADMITS | {"admits": ["ecs.aliyuncs.com"], "given": f"{ACCOUNT}:user/alice"},
        ASKED,
        "the trust policy of role `Deploy` admits only ecs.aliyuncs.com, not user/alice",
    ),
    (
        ADMITS | {"admits": [f"{OTHER}:root", f"{OTHER}:user/a"], "given": "fc.aliyuncs.com"},
        ASKED,
        (
            "the trust policy of role `Deploy` admits only account 2345678901234567 and user/a of "
            "account 2345678901234567, not fc.aliyuncs.com"
        ),
    ),
    (
        ADMITS | {"admits": [], "given": f"{ACCOUNT}:user/alice"},
        ASKED,
        "the trust policy of role `Deploy` admits no principal",
    ),
    (
        LAYER | SERVICE,
        ASKED,
        "the policies of user/velero have no statement about `alidns`, only about domain and ecs",
    ),
    (
        {"policy_type": RESOURCE_GROUP, "level": None, **SERVICE, "services": []},
        ASKED,
        "the policies of user/velero in the resource group have no statement about `alidns`",
    ),
    (
        LAYER | SERVICE | {"alias": "domain"},
        ASKED,
        "the policies of user/velero are about `domain`, not about `alidns`",
    ),
    (
        LAYER | SERVICE | {"alias": "domain", "note": "`domain` is Domains"},
        ASKED,
        "the policies of user/velero are about `domain`, not about `alidns`: `domain` is Domains",
    ),
    (
        LAYER | SERVICE | {"service": "ram"},
        PASSES,
        ("`ram:PassRole` is missing: the policies of user/velero have no statement about `ram`"),
    ),
    (LAYER | NOTHING, ASKED, "user/velero holds no policy at all"),
    (
        {"policy_type": None, "level": None, **NOTHING, "kind": "service"},
        Request("ecs.aliyuncs.com", "oss:GetObject", "*"),
        "ecs.aliyuncs.com can only assume a role: ask as the role",
    ),
    (
        CONTROL | NOTHING,
        ASKED,
        "level `production` has no control policy, so it allows nothing",
    ),
    (
        {"policy_type": RESOURCE_GROUP, "level": None, **NOTHING},
        GROUP,
        "user/velero holds no policy, neither in `rg-2` nor outside it",
    ),
]


@pytest.mark.parametrize(("hint", "request_", "expected"), CASES, ids=[case[2] for case in CASES])
def test_a_hint_is_a_sentence(hint: dict[str, Any], request_: Request, expected: str) -> None:
    assert text(msgspec.convert(hint, Hint), request_) == expected


def test_every_kind_of_hint_has_a_sentence() -> None:
    known = {kind.__struct_config__.tag for kind in get_args(Hint)}
    assert {case[0]["code"] for case in CASES} == known
