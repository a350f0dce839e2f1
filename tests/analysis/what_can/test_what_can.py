from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from accounts_files import HERE, THERE
from policy_documents import TRUST, policy, statement
from ramgate import InvalidRequest, Request, translate
from ramgate.accounts import reader
from ramgate.analysis.engine import NOT_CONFIRMED, decide_all
from ramgate.analysis.sides.side import load
from ramgate.analysis.what_can import WhatCan, search, what_can
from ramgate.catalog import catalog
from ramgate.model.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store

ALICE = f"acs:ram::{HERE}:user/alice"
OFFICE = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}


@pytest.fixture(autouse=True)
def services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask about few services: the whole catalog takes seconds."""
    monkeypatch.setattr(search, "_services", lambda: ["alikafka", "sts"])


def written(folder: Path, document: object) -> Path:
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return path


def held(folder: Path, *statements: object, **parts: object) -> Path:
    """Write accounts in which alice holds a policy with these statements."""
    account = {"policies": {"own": policy(*statements)}, "users": {"alice": {"policies": ["own"]}}}
    return written(folder, {"accounts": {HERE: {**account, **parts}}})


def limited(folder: Path, limit: Sequence[object], *statements: object) -> Path:
    """Write accounts in which a level of control policies has the statements of `limit`."""
    members = {HERE: {"control_policies": ["limit"] if limit else []}}
    account = {"policies": {"own": policy(*statements)}, "users": {"alice": {"policies": ["own"]}}}
    return written(
        folder,
        {
            "accounts": {HERE: account},
            "directory": {
                "management": THERE,
                "policies": {"limit": policy(*(limit or [statement()]))},
                "root": {"control_policies": ["FullAliyunAccess"], "accounts": members},
            },
        },
    )


def document(path: Path, **options: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - of `what_can`
    """Return the statements of the document, which is proved."""
    found = what_can(path, ALICE, **options)
    assert (found.exact, found.reasons) == ("proved", ())
    assert found.document is not None
    translate(found.document)
    statements: Any = found.document["Statement"]
    assert isinstance(statements, list)
    return statements


def test_the_document_is_the_policy_where_there_is_one(tmp_path: Path) -> None:
    statements = (
        statement(
            Action=["ecs:Start*", "oss:GetObject"], Resource=["acs:oss:*:*:b/*", "acs:ecs:*"]
        ),
        statement(Effect="Deny", Action="oss:*", Resource="acs:oss:cn-h:*:b/?", Condition=OFFICE),
        statement(
            Action=None,
            NotAction=["ram:*", "sts:*"],
            Condition={
                "ForAllValues:StringLike": {"a:k": ["[y", "x*"]},
                "NumericLessThan": {"a:n": "5.25"},
                "DateGreaterThan": {"acs:CurrentTime": "2026-03-11T00:00:00.000000001Z"},
                "Bool": {"acs:SecureTransport": "true"},
            },
        ),
    )
    found = document(held(tmp_path, *statements))
    assert found == [
        {
            "Effect": "Allow",
            "Action": ["ecs:start*", "oss:GetObject"],
            "Resource": ["acs:ecs:*", "acs:oss:*:*:b/*"],
        },
        {
            "Effect": "Allow",
            "NotAction": ["ram:*", "sts:*"],
            "Resource": "*",
            "Condition": {
                "ForAllValues:StringLike": {"a:k": ["[y", "x*"]},
                "NumericLessThan": {"a:n": "5.25"},
                "DateGreaterThan": {"acs:CurrentTime": "2026-03-11T00:00:00.000000001Z"},
                "Bool": {"acs:SecureTransport": "true"},
            },
        },
        {
            "Effect": "Deny",
            "Action": "oss:*",
            "Resource": "acs:oss:cn-h:*:b/?",
            "Condition": OFFICE,
        },
    ]


def test_statements_that_say_nothing_more_are_left_out(tmp_path: Path) -> None:
    path = held(
        tmp_path,
        statement(Action="ecs:*"),
        statement(),
        statement(Action="oss:GetObject"),
        statement(Effect="Deny", Action="ecs:Stop*"),
        statement(Effect="Deny", Action="ecs:StopInstance"),
    )
    everything = document(path)
    assert [one["Action"] for one in everything] == ["ecs:*", "oss:GetObject", "ecs:stop*"]
    found = document(path, action="oss:*")
    assert [one["Action"] for one in found] == ["oss:GetObject"]
    found = document(path, action="ecs:Start*", resource=f"acs:ecs:*:{HERE}:instance/*")
    assert [one["Action"] for one in found] == ["ecs:*"]


def test_control_policies_become_denies(tmp_path: Path) -> None:
    own = statement(Action="*")
    for limit, expected in (
        ([statement(Action="*")], []),
        ([statement(Action=["ecs:*", "oss:Get*"])], [{"NotAction": ["ecs:*", "oss:get*"]}]),
        ([statement(Action=None, NotAction="ram:*")], [{"Action": "ram:*"}]),
        (
            [statement(Action="*"), statement(Effect="Deny", Action="ram:*")],
            [{"Action": "ram:*"}],
        ),
    ):
        found = document(limited(tmp_path, limit, own))
        assert found == [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            *({"Effect": "Deny", "Resource": "*", **one} for one in expected),
        ]


def test_a_level_without_policies_allows_nothing(tmp_path: Path) -> None:
    found = what_can(limited(tmp_path, [], statement()), ALICE)
    assert (found.document, found.exact, found.actions) == (None, "proved", ())


@pytest.mark.parametrize(
    "limit",
    [
        [statement(Action="ecs:*", Condition=OFFICE)],
        [statement(Action="ecs:*", Resource=f"acs:ecs:*:{HERE}:instance/*")],
        [statement(Action=None, NotAction="ram:*"), statement(Action="ram:Get*")],
    ],
)
def test_a_limit_that_no_statement_can_say_is_told(tmp_path: Path, limit: Sequence[object]) -> None:
    found = what_can(limited(tmp_path, limit, statement(Action="*")), ALICE)
    assert found.exact == "not_decided"
    assert found.reasons[0] == "a level of control policies allows by resources or conditions"
    assert found.reasons[1].startswith("the document allows more, such as ")
    assert found.document is not None


def test_policies_of_resource_groups_are_conditions(tmp_path: Path) -> None:
    grouped = {"policy": "own", "resource_group": "rg"}
    users = {"alice": {"policies": [grouped]}}
    path = held(tmp_path, statement(Condition={"StringEquals": {"a:k": "x"}}), users=users)
    assert document(path) == [
        {
            "Effect": "Allow",
            "Action": "ecs:StartInstance",
            "Resource": "*",
            "Condition": {"StringEquals": {"a:k": "x", "acs:ResourceGroupId": "rg"}},
        }
    ]
    path = held(
        tmp_path,
        statement(Action="ecs:*"),
        statement(Effect="Deny", Action="ecs:Stop"),
        users=users,
    )
    found = document(path)
    assert [one["Effect"] for one in found] == ["Allow", "Deny"]
    in_group = {"StringEquals": {"acs:ResourceGroupId": "rg"}}
    assert [one["Condition"] for one in found] == [in_group, in_group]
    in_account = policy(statement(Action="ecs:*"))
    account: dict[str, Any] = {
        "policies": {
            "own": policy(statement(Effect="Deny"), statement(Action="oss:*")),
            "all": in_account,
        },
        "users": {"alice": {"policies": [grouped, "all"]}},
    }
    inexact = what_can(written(tmp_path, {"accounts": {HERE: account}}), ALICE)
    assert (inexact.exact, inexact.document is None) == ("not_decided", False)
    assert len(inexact.reasons) == 1
    assert inexact.reasons[0].startswith("the document allows less, such as ecs:StartInstance on ")
    account["policies"]["all"] = policy(statement(Action="*"))
    found = document(written(tmp_path, {"accounts": {HERE: account}}))
    assert found == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def test_the_document_decides_as_the_accounts_do(tmp_path: Path) -> None:
    path = held(
        tmp_path,
        statement(Action=["ecs:*", "oss:*"], Resource=["acs:ecs:*", f"acs:oss:*:{HERE}:b/*"]),
        statement(Effect="Deny", Action="ecs:*", Condition=OFFICE),
        statement(Effect="Deny", Action="oss:Put*", Resource="acs:oss:*:*:b/locked/*"),
    )
    found = what_can(path, ALICE)
    alone = {"policies": {"said": found.document}, "users": {"alice": {"policies": ["said"]}}}
    (tmp_path / "other").mkdir()
    other = reader.load(written(tmp_path / "other", {"accounts": {HERE: alone}}), catalog.load())
    actions = ("ecs:Start", "oss:PutObject", "oss:GetObject", "rds:Start")
    named = ("*", f"acs:ecs:cn-h:{HERE}:i", "acs:oss:::b/locked/x", f"acs:oss:::{HERE}:b/x")
    contexts: tuple[dict[str, str], ...] = ({}, {"acs:SourceIp": "10.0.0.1"}, {"acs:SourceIp": "x"})
    requests = [Request(ALICE, *one) for one in itertools.product(actions, named, contexts)]
    before, after = (decide_all(one, requests) for one in (load(str(path)).store, other))
    assert [one.allow for one in before] == [one.allow for one in after]
    assert len({one.allow for one in before}) == 2


def test_actions_of_the_catalog_and_roles_are_listed(tmp_path: Path) -> None:
    trust = policy({**TRUST, "Principal": {"RAM": ALICE, "Service": "ecs.aliyuncs.com"}})
    roles = {"App": {"trust": trust}, "Other": {"trust": policy(TRUST)}}
    path = held(
        tmp_path,
        statement(Action=["alikafka:ListTopic", "alikafka:Delete*", "sts:*"]),
        statement(Effect="Deny", Action="alikafka:DeleteTopic"),
        roles=roles,
    )
    found = what_can(path, ALICE, action="*")
    app = f"acs:ram::{HERE}:role/App"
    assert found.roles == (app,)
    assert "sts:GetCallerIdentity" in found.actions
    assert "alikafka:ListTopic" in found.actions
    assert "alikafka:DeleteGroup" in found.actions
    assert not {"alikafka:DeleteTopic", "sts:AssumeRole", "ecs:StartInstance"} & {*found.actions}
    found = what_can(path, ALICE, action="sts:*")
    assert (found.roles, found.exact) == ((app,), "proved")
    assert found.document is not None
    found = what_can(path, ALICE, action="alikafka:List*")
    assert (found.actions, found.roles) == (("alikafka:ListTopic",), ())
    found = what_can(path, "ecs.aliyuncs.com")
    assert found == WhatCan(
        "ecs.aliyuncs.com", "*", "*", None, "proved", roles=(app, app.replace("App", "Other"))
    )


def test_an_owner_may_do_everything_but_assume_a_role(tmp_path: Path) -> None:
    roles = {"App": {"trust": policy({**TRUST, "Principal": {"RAM": f"acs:ram::{HERE}:root"}})}}
    owner = f"acs:ram::{HERE}:root"
    found = what_can(held(tmp_path, statement(), roles=roles), owner, action="alikafka:L*")
    assert found.document == {
        "Version": "1",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    assert (found.exact, found.roles) == ("proved", ())
    app = what_can(tmp_path / "accounts.json", f"acs:ram::{HERE}:role/APP", action="alikafka:L*")
    assert (app.principal, app.document) == (f"acs:ram::{HERE}:role/App", None)


def test_unknown_principals_and_faulty_patterns_are_errors(tmp_path: Path) -> None:
    path = held(tmp_path, statement())
    with pytest.raises(ValueError, match=r"`: did you mean `user/alice`\?$"):
        what_can(path, ALICE.replace("alice", "alcie"))
    with pytest.raises(ValueError, match=r"^the accounts do not have the principal `x`: write the"):
        what_can(path, "x")
    with pytest.raises(InvalidRequest, match=r"^action: must be "):
        what_can(path, ALICE, action="List*")


def test_nothing_is_decided_after_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = held(tmp_path, statement())
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    found = what_can(path, ALICE, timeout=-1)
    assert (found.document, found.exact) == (None, "not_decided")
    assert found.reasons == ("the time is over: the rest was left out",)


def test_an_action_that_opa_does_not_confirm_is_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(store: Store, requests: Sequence[Request]) -> list[Decision]:
        assert "accounts" in store
        no = Decision(
            allow=False,
            effect="ImplicitDeny",
            reason="no_statement_matches",
            policy_type=None,
            statements=(),
        )
        return [no for _ in requests]

    monkeypatch.setattr(search, "decide_all", deny)
    found = what_can(held(tmp_path, statement(Action="alikafka:ListTopic")), ALICE)
    assert (found.actions, found.exact) == ((), "not_decided")
    assert found.reasons == (NOT_CONFIRMED,)


def test_the_state_of_the_work_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    what_can(held(tmp_path, statement(Action="alikafka:*")), ALICE, show=shown.append)
    assert shown == ["actions of alikafka"]
