from __future__ import annotations

import fnmatch
import itertools
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from accounts_files import CATALOG, HERE, THERE, write
from policy_documents import TRUST, policy, statement
from ramgate import InvalidRequest, Request
from ramgate.accounts import reader
from ramgate.analysis.engine import decide_all
from ramgate.analysis.unread import SERVICE, UNREAD
from ramgate.analysis.who_can import Condition, NotDecided, When, patterns, search
from ramgate.model.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.analysis.who_can import Permission, WhoCan

INSTANCE = f"acs:ecs:cn-hangzhou:{HERE}:instance/i"
SOURCE, GROUP = "acs:SourceIp", "acs:ResourceGroupId"
OFFICE = {"IpAddress": {SOURCE: "10.0.0.0/8"}}


def arn(name: str, account: str = HERE) -> str:
    return f"acs:ram::{account}:{name}"


def store(folder: Path, account: Mapping[str, object], **parts: object) -> Store:
    document = {"accounts": {HERE: account}, **parts}
    return reader.load(write(folder, json.dumps(document), "accounts.json"), CATALOG)


def test_a_principal_with_an_unreadable_policy_is_not_decided(tmp_path: Path) -> None:
    odd = {"unreadable": "was refused", "document": ""}
    account = {
        "policies": {"odd": odd},
        "users": {"alice": {"policies": ["odd"]}, "bob": {"policies": ["odd"]}, "carol": {}},
        "roles": {"App": {"trust": odd}},
    }
    found = store(tmp_path, account)
    unread = tuple(NotDecided(arn(name), UNREAD) for name in ("user/alice", "user/bob"))
    for unknown in ((), None):
        answer = search(found, "ram:CreateAccessKey", "*", unknown=unknown)
        assert answer.not_decided == unread
        assert [one.principal for one in answer.allowed] == [arn("root")]
        answer = search(found, "sts:AssumeRole", arn("role/App"), unknown=unknown)
        assert answer.not_decided == (*unread, NotDecided(SERVICE, UNREAD))
        assert answer.allowed == ()


def held(folder: Path, *statements: object, **parts: object) -> Store:
    """Return a store in which alice holds a policy with these statements."""
    users = {"alice": {"policies": ["own"]}}
    return store(folder, {"policies": {"own": policy(*statements)}, "users": users, **parts})


def answers(found: WhoCan) -> dict[str, str]:
    return {one.principal.rpartition("/")[2]: one.answer for one in found.allowed}


def of(found: WhoCan, name: str) -> Permission:
    return next(one for one in found.principals + found.services if one.principal == arn(name))


@pytest.fixture
def wide(tmp_path: Path) -> Store:
    only = {"StringLike": {"acs:PrincipalARN": [arn("user/b*"), arn("role/A*")]}}
    policies = {
        "own": policy(statement(Action="*")),
        "arns": policy(statement(Action="*", Condition=only)),
        "no-list": policy(statement(Effect="Deny", Action="ecs:List*", Condition=OFFICE)),
        "objects": policy(statement(Action="oss:*", Resource=f"acs:oss:*:{HERE}:b/*")),
    }
    grouped = {"policy": "own", "resource_group": "rg"}
    users = {
        "a": {"policies": ["own"]},
        "b": {"policies": ["arns", "no-list"]},
        "c": {"policies": ["arns", grouped]},
        "d": {"policies": [grouped, "objects"]},
    }
    trust = policy({**TRUST, "Principal": {"RAM": [arn("user/a"), arn("role/app")]}})
    roles = {"App": {"trust": trust, "policies": ["own"]}}
    account = {"policies": policies, "users": users, "roles": roles}
    linked = ["AliyunServiceRoleForAlikafka", "AliyunServiceRoleForAlb"]
    levels = {HERE: {"control_policies": ["limit"]}}
    limit = policy(statement(Action=["ecs:*", "sts:*", "oss:Get*"]))
    return store(
        tmp_path,
        {**account, "service_linked_roles": linked},
        directory={
            "management": THERE,
            "policies": {"limit": limit},
            "root": {"control_policies": ["FullAliyunAccess"], "accounts": levels},
        },
    )


def test_every_and_none_hold_for_all_requests(wide: Store) -> None:
    actions = ("ecs:ListDisks", "ecs:Start", "oss:GetObject", "oss:PutObject", "sts:AssumeRole")
    named = ("*", INSTANCE, f"acs:oss:*:{HERE}:b/o", f"acs:oss:::c/{HERE}", arn("role/App"))
    contexts: list[dict[str, Any]] = [{}, {GROUP: "rg"}, {SOURCE: "10.0.0.1"}, {SOURCE: "x"}]
    requests = [*itertools.product(actions, named, contexts)]
    principals = [one.principal for one in search(wide, "ecs:*", "*").principals]
    decided = {
        (one, index): bool(decision)
        for one in principals
        for index, decision in enumerate(
            decide_all(wide, [Request(one, *request) for request in requests])
        )
    }
    questions: list[tuple[str, str, Any, Any]] = [
        ("*", "*", {}, ()),
        ("ecs:*", "*", {}, None),
        ("ecs:List*", "*", {}, (SOURCE,)),
        ("oss:*", f"acs:oss:*:{HERE}:b/*", {GROUP: "rg"}, ()),
        ("oss:Get*", "acs:oss:*:*:b/*", {}, (GROUP,)),
        ("sts:Assume*", "*", {}, ()),
        ("ecs:Start", INSTANCE, {}, (SOURCE, GROUP)),
    ]
    kinds = set()
    for action, resource, context, unknown in questions:
        found = search(wide, action, resource, context, unknown=unknown)
        assert found.not_decided == ()
        for one in found.principals:
            kinds.add(one.answer)
            for index, request in enumerate(requests):
                if _is_among(request, action, resource, context, unknown):
                    expected = {"every": True, "none": False}.get(one.answer)
                    case = (one.principal, action, resource, request)
                    assert expected in (None, decided[one.principal, index]), case
    assert kinds == {"every", "some", "none"}


def _is_among(
    request: tuple[str, str, dict[str, Any]],
    action: str,
    resource: str,
    context: dict[str, Any],
    unknown: Sequence[str] | None,
) -> bool:
    """Return whether a request is one of those that the question stands for."""
    own, target, given = request
    assumes = own.startswith("sts:")
    if assumes != (target == arn("role/App")) or assumes != action.startswith("sts:"):
        return False
    return (
        fnmatch.fnmatchcase(own, action)
        and (fnmatch.fnmatchcase(target, resource) or resource == "*")
        and context.items() <= given.items()
        and (unknown is None or set(given) <= {*context, *unknown})
    )


def test_some_has_an_allowed_and_a_denied_request(tmp_path: Path) -> None:
    accounts = held(tmp_path, statement(Action="ecs:Start*"), statement(Action="oss:GetObject"))
    found = of(search(accounts, "ecs:*", "*"), "user/alice")
    assert (found.answer, found.always, found.when) == ("some", True, None)
    assert found.witness is not None
    assert found.gap is not None
    assert [bool(one) for one in decide_all(accounts, [found.witness, found.gap])] == [True, False]
    assert found.witness.action.lower().startswith("ecs:start")
    assert [str(one) for one in found.statements] == ["own[0]"]
    assert [str(one) for one in found.through] == ["own attached to user alice"]
    assert answers(search(accounts, "ecs:start?*", "*")) == {"alice": "every", root(): "every"}
    assert answers(search(accounts, "rds:*", "*")) == {root(): "every"}


def root() -> str:
    return arn("root")


def test_a_resource_of_another_account_is_allowed_to_none(tmp_path: Path) -> None:
    accounts = held(tmp_path, statement(Action="*"))
    found = search(accounts, "oss:*", f"acs:oss:*:{THERE}:b/*")
    assert answers(found) == {}
    assert [(one.witness, one.gap) for one in found.principals] == [(None, None)] * 2


def test_only_a_pattern_of_sts_is_about_assuming_a_role(tmp_path: Path) -> None:
    trust = {"Service": "ecs.aliyuncs.com", "Federated": arn("saml-provider/idp"), "RAM": root()}
    roles = {"App": {"trust": policy({**TRUST, "Principal": trust})}}
    accounts = held(tmp_path, statement(Action="*"), roles=roles)
    everywhere = search(accounts, "*", "*")
    assert (answers(everywhere), everywhere.services) == ({"alice": "every", root(): "every"}, ())
    found = search(accounts, "sts:AssumeRole", arn("role/a*"))
    assert answers(found) == {"alice": "every", "ecs.aliyuncs.com": "every", "idp": "every"}
    assert [str(one) for one in found.services[1].through] == ["trust:App of role App"]
    assert answers(search(accounts, "sts:AssumeRole", arn("role/b*"))) == {}
    assert answers(search(accounts, "sts:*", "*"))["alice"] == "some"
    roles["App"]["trust"] = policy({**TRUST, "Principal": {"RAM": arn("root", THERE)}})
    accounts = held(tmp_path, statement(Action="*"), roles=roles)
    reason = "a role trusts it, and the accounts do not contain it"
    found = search(accounts, "sts:AssumeRole", "*")
    assert found.not_decided == (NotDecided(arn("root", THERE), reason),)


def test_the_conditions_on_unknown_keys_are_a_tree(tmp_path: Path) -> None:
    secure = {"Bool": {"acs:SecureTransport": "true"}}
    accounts = held(
        tmp_path,
        statement(Condition={**OFFICE, **secure}),
        statement(Effect="Deny", Condition={"StringEquals": {"acs:SourceVpc": ["v", "w"]}}),
        statement(Action="ecs:Stop"),
        statement(Condition={"StringEquals": {"x:y": "z"}}),
    )
    asked = ("ecs:StartInstance", INSTANCE)
    vpc = Condition("StringEquals", "acs:SourceVpc", ("v", "w"), "own", 1)
    both = When(
        all=(
            Condition("Bool", "acs:SecureTransport", ("true",), "own", 0),
            Condition("IpAddress", SOURCE, ("10.0.0.0/8",), "own", 0),
        )
    )
    other = Condition("StringEquals", "x:y", ("z",), "own", 3)
    found = of(search(accounts, *asked, unknown=None), "user/alice")
    assert found.when == When(all=(When(any=(both, other)),), unless=vpc)
    assert (found.answer, found.always) == ("some", False)
    found = of(
        search(accounts, *asked, {SOURCE: "10.0.0.1"}, unknown=["acs:SecureTransport"]),
        "user/alice",
    )
    assert found.when == Condition("Bool", "acs:SecureTransport", ("true",), "own", 0)
    found = of(search(accounts, *asked, {"x:y": "z"}, unknown=["acs:SourceVpc"]), "user/alice")
    assert found.when == When(unless=vpc)
    found = of(search(accounts, *asked, {"x:y": "z"}, unknown=[SOURCE]), "user/alice")
    assert (found.answer, found.when) == ("every", None)
    found = of(search(accounts, *asked, {"acs:SourceVpc": "v"}, unknown=[SOURCE]), "user/alice")
    assert (found.answer, found.when) == ("none", None)


def test_the_conditions_of_layers_are_all_required(tmp_path: Path) -> None:
    grouped = {"policy": "own", "resource_group": "rg"}
    condition = {"StringEquals": {"sts:ExternalId": "x"}}
    trust = policy({**TRUST, "Principal": {"RAM": arn("user/alice")}, "Condition": condition})
    account = {
        "policies": {
            "own": policy(statement(Action=["ecs:*", "sts:*"], Condition=OFFICE)),
            "all": policy(statement(Action="*", Condition={"Bool": {"acs:MFAPresent": "true"}})),
        },
        "users": {"alice": {"policies": ["all"]}, "bob": {"policies": [grouped]}},
        "roles": {"App": {"trust": trust}},
    }
    accounts = store(tmp_path, account)
    found = search(accounts, "sts:AssumeRole", arn("role/App"), unknown=None)
    assert of(found, "user/alice").when == When(
        all=(
            Condition("Bool", "acs:MFAPresent", ("true",), "all", 0),
            Condition("StringEquals", "sts:ExternalId", ("x",), "trust:App", 0),
        )
    )
    asked = ("ecs:Start", INSTANCE)
    office = Condition("IpAddress", SOURCE, ("10.0.0.0/8",), "own", 0)
    found = search(accounts, *asked, unknown=None)
    group = Condition("StringEquals", GROUP, ("rg",), None, None)
    assert of(found, "user/bob").when == When(all=(group, office))
    assert str(of(found, "user/bob").when) == (
        f"StringEquals {GROUP} rg and IpAddress {SOURCE} 10.0.0.0/8 (own[0])"
    )
    found = search(accounts, *asked, {GROUP: "rg"}, unknown=[SOURCE])
    assert of(found, "user/bob").when == office
    assert answers(search(accounts, *asked, {GROUP: "other"}, unknown=[SOURCE])) == {
        root(): "every"
    }


def test_the_time_is_now_unless_it_is_stated(tmp_path: Path) -> None:
    until = {"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}}
    accounts = held(tmp_path, statement(Action="*", Condition=until))
    assert answers(search(accounts, "ecs:*", "*")) == {root(): "every"}
    early = {"acs:CurrentTime": "2019-01-01T00:00:00Z"}
    found = search(accounts, "ecs:*", "*", early)
    assert answers(found) == {"alice": "every", root(): "every"}
    witness = of(found, "user/alice").witness
    assert witness is not None
    assert witness.context == early
    assert answers(search(accounts, "ecs:*", "*", unknown=None))["alice"] == "some"
    gap = of(search(accounts, "ecs:*", "*"), "user/alice").gap
    assert gap is not None
    assert gap.context == {}


def test_conditions_read_like_a_sentence() -> None:
    one, two = (Condition("Bool", f"a:{key}", ("true",), "p", 0) for key in "bc")
    assert str(When(any=(one, When(all=(one, two))), unless=two)) == (
        "Bool a:b true (p[0]) or (Bool a:b true (p[0]) and Bool a:c true (p[0])), "
        "unless Bool a:c true (p[0])"
    )
    assert str(When(any=())) == "never"


def test_an_unknown_key_has_no_value(tmp_path: Path) -> None:
    accounts = held(tmp_path, statement())
    with pytest.raises(InvalidRequest, match=f"^context.{SOURCE}: cannot have a value and be"):
        search(accounts, "ecs:*", "*", {SOURCE: "x"}, unknown=[SOURCE])
    with pytest.raises(InvalidRequest, match=r"^context.acs:PrincipalARN: is filled in"):
        search(accounts, "ecs:*", "*", unknown=["acs:PrincipalARN"])


def test_nothing_is_decided_after_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = held(tmp_path, statement())
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    found = search(accounts, "ecs:*", "*", timeout=-1)
    assert (found.principals, found.services) == ((), ())
    assert [(one.principal, one.reason) for one in found.not_decided] == [
        (name, "the time is over") for name in (arn("user/alice"), root())
    ]


def test_a_request_that_opa_does_not_confirm_is_not_shown(
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

    accounts = held(tmp_path, statement())
    monkeypatch.setattr(patterns, "decide_all", deny)
    found = search(accounts, "ecs:StartInstance*", "*")
    assert found.allowed == ()
    assert {one.reason[:35] for one in found.not_decided} == {"OPA does not confirm a request that"}


def test_the_state_of_the_work_is_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    search(held(tmp_path, statement()), "ecs:*", "*", show=shown.append)
    assert shown == ["1 sets of policies searched", "2 sets of policies searched"]


def test_a_service_is_denied_all_but_assuming_a_role(tmp_path: Path) -> None:
    roles = {"App": {"trust": policy({**TRUST, "Action": "sts:*"})}}
    accounts = held(tmp_path, statement(), roles=roles)
    for pattern in ("sts:*", "sts:Assume*"):
        [found] = search(accounts, pattern, arn("role/App")).services
        assert found.answer == "some"
        assert found.witness is not None
        assert found.gap is not None
        assert found.witness.action.startswith("sts:Assume")
        [denied] = decide_all(accounts, [found.gap])
        assert denied.reason == "no_statement_matches"
    for action, expected in (("sts:AssumeRole", "every"), ("sts:?etSourceIdentity", "some")):
        [found] = search(accounts, action, arn("role/App"), unknown=None).services
        assert found.answer == expected


def test_a_role_that_is_named_and_does_not_exist_cannot_be_assumed(tmp_path: Path) -> None:
    trust = policy({**TRUST, "Principal": {"RAM": arn("root")}, "Action": "sts:*"})
    accounts = held(tmp_path, statement(Action="*"), roles={"App": {"trust": trust}})
    for resource, expected in (("role/App", "every"), ("role/*", "every"), ("role/Gone", "some")):
        found = of(search(accounts, "sts:*", arn(resource)), "user/alice")
        assert found.answer == expected, resource
    [denied] = decide_all(accounts, [found.gap] if found.gap else [])
    assert denied.reason == "unknown_role"
    found = of(search(accounts, "sts:AssumeRole", arn("role/Gone"), unknown=None), "user/alice")
    assert (found.answer, found.gap is not None) == ("none", True)
