"""The text of an explanation: the cause first, then the decision, layers and statements."""

from __future__ import annotations

from typing import Any

import pytest

from command_line import ACCOUNT
from ramgate.model.decision import Request
from sample_explanations import (
    ACCOUNT_LEVEL,
    ONLY_RESOURCE,
    STATEMENT,
    TRUST,
    answer,
    condition,
    considered,
    decision,
    explanation,
    layer,
)

GROUP = {"to": "group", "name": "ops", "resource_group": None}
USER = {"to": "user", "name": "velero", "resource_group": None}
IN_RG = {"to": "user", "name": "velero", "resource_group": "rg-1"}
MATCHING: dict[str, Any] = {
    "matches": True,
    "resource": {"matches": True, "pattern": "*", "differs_at": None},
}
ALLOWED = decision("statement_allows", ACCOUNT_LEVEL, "Allow", ("backup-objects", 0))
DENIED = decision("statement_denies", ACCOUNT_LEVEL, "ExplicitDeny", ("backup-objects", 0))
CONTROL = "ControlPolicy"
NOTHING = {
    "code": "nothing_attached",
    "kind": "user",
    "policy_type": ACCOUNT_LEVEL,
    "level": None,
}


def test_the_cause_stands_first_then_the_decision_the_layers_and_the_statements() -> None:
    found = explanation(
        hints=[ONLY_RESOURCE, NOTHING],
        considered=[
            considered(**MATCHING, effect="Deny", conditions=[condition(**SATISFIED)]),
            considered(),
            considered(
                action={"matches": False, "pattern": "oss:putobject", "not_action": False},
                conditions=[condition(), condition(**SATISFIED)],
            ),
            considered(
                policy="trust:Deploy",
                policy_type=TRUST,
                attached=[{"to": "trust", "name": "Deploy", "resource_group": None}],
                resource=None,
                principal={"matches": False},
                action={"matches": False, "pattern": "oss:*", "not_action": True},
            ),
            considered(resource={"matches": False, "pattern": "acs:oss", "differs_at": None}),
        ],
        more=3,
    )
    assert (
        str(found)
        == """\
Denied: `backup-objects[0]` allows it on objects `backups/*`, not on bucket `backups`
ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)

also
  user/velero holds no policy at all

layers
  ControlPolicy                          -  the account of the resource is in no directory
  SessionPolicy                          -  the request has none
  AccountLevelIdentityBasedPolicy        ImplicitDeny
  ResourceGroupLevelIdentityBasedPolicy  -  the request names no resource group
  AssumeRolePolicy                       -  the request assumes no role that exists

statements, nearest first
  backup-objects[0]  Deny, matches  (user velero)
    condition  `oss:Prefix` is `team-a/`: StringEquals is satisfied (rule 4.1)
  backup-objects[0]  Allow, does not match  (user velero)
    resource   `acs:oss:*:*:backups/*`: the relative id is `backups`, not `backups/*`
  backup-objects[0]  Allow, does not match  (user velero)
    action     `oss:putobject` does not match
    resource   `acs:oss:*:*:backups/*`: the relative id is `backups`, not `backups/*`
    condition  `oss:Prefix` is `team-a`, wanted is `team-a/`
  trust:Deploy[0]  Allow, does not match  (trust policy of role Deploy)
    action     NotAction excepts `oss:*`
    principal  is not one of those that the statement names
  backup-objects[0]  Allow, does not match  (user velero)
    resource   `acs:oss` does not match
  and 3 more, which are farther from matching"""
    )


SATISFIED = {"satisfied": True, "reason": "satisfied", "given": "team-a/"}


def test_parts_without_content_are_left_out() -> None:
    unknown = decision("unknown_principal", None)
    assert str(explanation(decision=unknown, layers=[], considered=[], hints=[])) == (
        "Denied: the principal does not exist in the accounts\nImplicitDeny  unknown_principal"
    )


def test_the_first_line_is_the_whole_cause_and_the_others_fit_100_columns() -> None:
    long = ONLY_RESOURCE | {
        "policy": "p" * 60,
        "wanted": "a\x1b[2Jb/" + "c" * 30,
        "given": "d" * 40,
    }
    first, *_ = str(explanation(hints=[long])).splitlines()
    assert first == f"Denied: {explanation(hints=[long]).cause}".replace("\x1b", "\\x1b")
    assert len(first) > 150
    _, *others = str(explanation(hints=[ONLY_RESOURCE, long])).splitlines()
    at = others.index("also")
    assert max(map(len, others)) <= 100
    assert others[at + 1].startswith("  `ppp")
    assert others[at + 2].startswith("    ")
    assert "\\x1b[2J" in "".join(others)
    longer = str(explanation(hints=[ONLY_RESOURCE, long | {"policy": "n" * 120}]))
    assert f"`{'n' * 120}[0]`" in longer


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        (
            {"decision": decision("account_owner", None, "Allow"), "considered": []},
            "an account owner is allowed everything in the account",
        ),
        (
            {"decision": ALLOWED, "considered": [considered(**MATCHING)]},
            "`backup-objects[0]` allows it",
        ),
        # 50 statements of an earlier layer match: OPA leaves out the one that decides
        ({"decision": ALLOWED, "considered": []}, "`backup-objects[0]` allows it"),
        ({"decision": DENIED, "considered": []}, "`backup-objects[0]` denies it"),
        (
            {"decision": ALLOWED, "considered": [considered(**MATCHING, attached=[GROUP])]},
            "`backup-objects[0]` allows it, through group ops",
        ),
        (
            {"decision": ALLOWED, "considered": [considered(**MATCHING, attached=[GROUP, USER])]},
            "`backup-objects[0]` allows it",
        ),
        (
            {"decision": ALLOWED, "considered": [considered(**MATCHING, attached=[IN_RG, GROUP])]},
            "`backup-objects[0]` allows it, through user velero in rg-1 and group ops",
        ),
        (
            {
                "decision": decision(
                    "statement_allows", ACCOUNT_LEVEL, "Allow", ("a", 0), ("b", 1)
                ),
                "considered": [considered(**MATCHING, policy="a")],
            },
            "`a[0]` and `b[1]` allow it",
        ),
        (
            {"decision": DENIED, "considered": [considered(**MATCHING)]},
            "`backup-objects[0]` denies it",
        ),
        (
            {
                "decision": decision(
                    "statement_denies", ACCOUNT_LEVEL, "ExplicitDeny", ("a", 0), ("b", 1)
                ),
                "considered": [
                    considered(**MATCHING, policy="a", policy_type=CONTROL),
                    considered(**MATCHING, policy="a", conditions=[condition(**SATISFIED)]),
                ],
            },
            "`a[0]` and `b[1]` deny it, because `oss:Prefix` is `team-a/`",
        ),
        (
            {
                "decision": DENIED,
                "hints": [
                    ONLY_RESOURCE,
                    STATEMENT
                    | {"code": "key_absent", "operator": "Bool", "key": "a:b", "values": ["true"]},
                    STATEMENT
                    | {
                        "code": "key_absent",
                        "effect": "Deny",
                        "operator": "Bool",
                        "key": "a:c",
                        "values": ["true"],
                    },
                ],
            },
            "`backup-objects[0]` denies it, because the request has no `a:c`",
        ),
        ({"hints": [NOTHING, ONLY_RESOURCE]}, "user/velero holds no policy at all"),
        ({"hints": []}, "no statement matches the request"),
        (
            {"hints": [], "decision": decision("unknown_role", None)},
            "the role does not exist in the accounts",
        ),
        (
            {"hints": [], "decision": decision("policy_not_published", None)},
            "the policy of this service-linked role is not public",
        ),
        (
            {"hints": [], "decision": decision("policy_unreadable")},
            "ramgate cannot read a policy of the layer that decides",
        ),
        (
            {"hints": [], "decision": decision("resource_of_another_account")},
            (
                "the resource belongs to another account: a bucket or key policy there could "
                "allow it, "
                "which ramgate does not read"
            ),
        ),
    ],
)
def test_the_cause_is_one_sentence(changes: dict[str, Any], cause: str) -> None:
    found = explanation(**changes)
    assert found.cause == cause
    word = "Allowed" if found else "Denied"
    assert str(found).replace("\n  ", " ").startswith(f"{word}: {cause}\n")


@pytest.mark.parametrize(
    ("effects", "level"),
    [
        (["ImplicitDeny", "Allow", "Allow"], "level 0, the root folder"),
        (["Allow", "ImplicitDeny", "ImplicitDeny"], "level 1, a folder"),
        (["Allow", "Allow", "ImplicitDeny"], "level 2, the account"),
        (["ImplicitDeny"], "level 0, the root folder"),
        ([], "level 0, the root folder"),
    ],
)
def test_the_level_of_a_control_policy_is_named(effects: list[str], level: str) -> None:
    layers = [layer(CONTROL, effect, level=f"f{at}") for at, effect in enumerate(effects)]
    for one in layers:
        if one["effect"] == "Allow":
            one["statements"] = [{"policy": "FullAliyunAccess", "index": 0}]
    denied = decision("no_statement_matches", CONTROL)
    found = explanation(decision=denied, layers=layers)
    assert found.control_level == level
    assert f"(ControlPolicy at {level})" in str(found)
    if effects == ["Allow", "Allow", "ImplicitDeny"]:
        assert "\n  ControlPolicy of f0                    Allow  FullAliyunAccess[0]\n" in str(
            found
        )


def test_only_a_denial_by_a_control_policy_has_a_level() -> None:
    assert explanation().control_level is None
    layers = [layer(CONTROL, "ImplicitDeny", level="root"), *answer()["layers"]]
    assert explanation(layers=layers).control_level is None


def test_every_hint_has_a_text() -> None:
    found = explanation(
        Request(f"{ACCOUNT}:user/velero", "oss:GetObject", "*"), hints=[ONLY_RESOURCE, NOTHING]
    )
    assert len(found.hint_texts) == 2
    assert found.hint_texts[1] == "user/velero holds no policy at all"
