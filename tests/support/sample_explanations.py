"""Explanations as OPA answers them, written by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from command_line import ACCOUNT, NUMBER
from ramgate.model.decision import Request
from ramgate.model.explanation import Explained, Explanation

ACCOUNT_LEVEL = "AccountLevelIdentityBasedPolicy"
TRUST = "AssumeRolePolicy"
BUCKET = f"acs:oss:oss-cn-hangzhou:{NUMBER}:backups"

NOT_ASKED: list[dict[str, Any]] = [
    {
        "policy_type": "ControlPolicy",
        "level": None,
        "effect": None,
        "statements": [],
        "note": "no_directory",
    },
    {
        "policy_type": "SessionPolicy",
        "level": None,
        "effect": None,
        "statements": [],
        "note": "none_given",
    },
]


def decision(
    reason: str = "no_statement_matches",
    policy_type: str | None = ACCOUNT_LEVEL,
    effect: str = "ImplicitDeny",
    *statements: tuple[str, int],
) -> dict[str, Any]:
    return {
        "allow": effect == "Allow",
        "effect": effect,
        "reason": reason,
        "policy_type": policy_type,
        "statements": [{"policy": policy, "index": index} for policy, index in statements],
    }


def layer(
    policy_type: str, effect: str | None, note: str | None = None, level: str | None = None
) -> dict[str, Any]:
    return {
        "policy_type": policy_type,
        "level": level,
        "effect": effect,
        "statements": [],
        "note": note,
    }


def considered(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return an Allow on objects of which only the resource differs, with changes."""
    return {
        "policy": "backup-objects",
        "index": 0,
        "effect": "Allow",
        "policy_type": ACCOUNT_LEVEL,
        "attached": [{"to": "user", "name": "velero", "resource_group": None}],
        "matches": False,
        "action": {"matches": True, "pattern": "oss:listmultipartuploads", "not_action": False},
        "resource": {
            "matches": False,
            "pattern": "acs:oss:*:*:backups/*",
            "differs_at": {"field": "relative_id", "wanted": "backups/*", "given": "backups"},
        },
        "principal": None,
        "conditions": [],
    } | changes


def condition(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return a condition whose value differs, with changes."""
    return {
        "operator": "StringEquals",
        "key": "oss:Prefix",
        "values": ["team-a/"],
        "given": "team-a",
        "satisfied": False,
        "reason": "value_differs",
        "rule": "4.1",
    } | changes


STATEMENT: dict[str, Any] = {
    "policy": "backup-objects",
    "index": 0,
    "effect": "Allow",
    "policy_type": ACCOUNT_LEVEL,
    "level": None,
}
ONLY_RESOURCE: dict[str, Any] = STATEMENT | {
    "code": "only_resource_differs",
    "pattern": "acs:oss:*:*:backups/*",
    "field": "relative_id",
    "wanted": "backups/*",
    "given": "backups",
}


def answer(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Return an answer of OPA: a bucket-level action on objects, with changes."""
    return {
        "decision": decision(),
        "layers": [
            *NOT_ASKED,
            layer(ACCOUNT_LEVEL, "ImplicitDeny"),
            layer("ResourceGroupLevelIdentityBasedPolicy", None, "no_resource_group"),
            layer(TRUST, None, "not_a_role"),
        ],
        "considered": [considered()],
        "more": 0,
        "hints": [ONLY_RESOURCE],
    } | changes


REQUEST = Request(f"{ACCOUNT}:user/velero", "oss:ListMultipartUploads", BUCKET)


def explanation(request: Request = REQUEST, **changes: Any) -> Explanation:  # noqa: ANN401
    """Return an explanation with the changes to `answer`."""
    explained = msgspec.convert(answer(**changes), Explained)
    fields = {name: getattr(explained, name) for name in Explained.__struct_fields__}
    return Explanation(**fields, request=request)
