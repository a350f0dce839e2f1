"""Fixes of denied requests, each tried by OPA and compared by the prover."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import Decision, Request
from ramgate.accounts.inlined import inline
from ramgate.analysis import engine
from ramgate.analysis.fixes import AlsoAllows, Change, Fix, fixes
from ramgate.analysis.fixes.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store

_HERE = "1234567890123456"
_MEMBER = "2234567890123456"
_MANAGEMENT = "9999999999999999"
_ACTION = ("Statement", 0, "Action")
_INSTANCE = f"acs:ecs:cn-hangzhou:{_HERE}:instance/i-1"
_OBJECT = f"acs:oss:cn-hangzhou:{_HERE}:reports/x"
_ROLE = f"acs:ram::{_HERE}:role/Deploy"


def _policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def _allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a statement
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _deny(action: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a statement
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def _trust(principal: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - elements of a statement
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}


@pytest.fixture
def try_fixes(tmp_path: Path) -> Callable[..., list[Fix]]:
    """Return a function that returns the fixes of a request, with these entries of an account."""

    def run(
        account: dict[str, Any],
        principal: str,
        action: str,
        resource: str,
        context: dict[str, Any] | None = None,
        **document: Any,  # noqa: ANN401 - parts of an accounts document
    ) -> list[Fix]:
        file = tmp_path / "accounts.json"
        document.setdefault("accounts", {})[_HERE] = account
        file.write_text(json.dumps(document))
        asked = Request(principal, action, resource, context or {})
        found = fixes(file, asked)
        assert all(one.decision.allow for one in found)
        return found

    return run


def _user(name: str, number: str = _HERE) -> str:
    return f"acs:ram::{number}:user/{name}"


def _of(found: list[Fix], kind: str) -> Fix:
    return next(one for one in found if one.kind == kind)


def _paths(fix: Fix) -> list[str]:
    return [f"{one.op} {one.path.removeprefix(f'/accounts/{_HERE}')}" for one in fix.patch]


def test_an_allowed_request_has_no_fixes(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {"users": {"alice": {"policies": ["AliyunECSFullAccess"]}}}
    assert try_fixes(account, _user("alice"), "ecs:StartInstance", _INSTANCE) == []


def test_the_smallest_policy_comes_before_one_that_exists(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    found = try_fixes({"users": {"alice": {}}}, _user("alice"), "ecs:StartInstance", _INSTANCE)
    first, *others = found
    assert first.kind == "add_statement"
    assert first.document == _policy(_allow("ecs:StartInstance", _INSTANCE))
    assert first.attach_to == _user("alice")
    assert _paths(first) == ["add /policies", "add /users/alice/policies"]
    assert first.also_allows.proved
    assert first.also_allows.only == f"`ecs:StartInstance` on `{_INSTANCE}` to `{_user('alice')}`"
    attached = [one.patch[0].value for one in others]
    assert attached[0] == ["AliyunECSFullAccess"]
    assert {one.kind for one in others} == {"attach_policy"}
    assert all(not one.also_allows.proved for one in others)
    further = others[0].also_allows.request
    assert further is not None
    assert further.principal == _user("alice")
    assert further.action != "ecs:StartInstance"


def test_the_accounts_own_policies_can_be_attached(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {
        "policies": {
            "start": _policy(_allow("ecs:StartInstance")),
            "not-oss": _policy({"Effect": "Allow", "NotAction": "oss:*", "Resource": "*"}),
            "odd": {"unreadable": "unknown operator", "document": "{}"},
            "AliyunECSFullAccess": _policy(_allow("oss:*")),
        },
        "roles": {"Deploy": {"trust": _policy(_trust({"Service": "ecs.aliyuncs.com"}))}},
    }
    found = try_fixes(account, _ROLE, "ecs:StartInstance", _INSTANCE)
    attached = [one.patch[0].value for one in found if one.kind == "attach_policy"]
    assert attached == [
        ["start"],
        [{"policy": "AliyunECSFullAccess", "type": "System"}],
        ["not-oss"],
    ]
    assert _of(found, "add_statement").attach_to == f"acs:ram::{_HERE}:role/deploy"


def test_a_policy_that_may_assume_roles_elsewhere_is_not_proved(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    account = {
        "users": {"alice": {}},
        "roles": {"App": {"trust": _policy(_trust({"RAM": [f"acs:ram::{_HERE}:root"]}))}},
    }
    found = try_fixes(account, _user("alice"), "sts:AssumeRole", f"acs:ram::{_HERE}:role/app")
    proofs = {one.kind: one.also_allows for one in reversed(found)}
    assert proofs["add_statement"].proved
    reason = "`acs:ram::6543210987654321:role/a`, of an account that is not stated, may let it in"
    assert proofs["attach_policy"].not_decided == reason


def test_a_statement_is_widened_by_the_resource(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {
        "policies": {"p": _policy(_allow("oss:GetObject", f"acs:oss:*:{_HERE}:other/*"))},
        "users": {"alice": {"policies": ["p"]}, "bob": {"policies": ["p"]}},
    }
    fix = _of(try_fixes(account, _user("alice"), "oss:GetObject", _OBJECT), "widen_resource")
    assert fix.patch[0].value == [f"acs:oss:*:{_HERE}:other/*", _OBJECT]
    # the other holder of the policy may do it, too
    assert fix.also_allows.request is not None
    assert fix.also_allows.request.principal == _user("bob")


def test_a_statement_is_widened_by_the_action(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {
        "policies": {"p": _policy(_allow(["oss:GetObject", "oss:ListObjects"], _OBJECT))},
        "users": {"alice": {"policies": ["p"]}},
    }
    fix = _of(try_fixes(account, _user("alice"), "oss:PutObject", _OBJECT), "widen_action")
    assert _paths(fix) == ["add /policies/p/Statement/0/Action/-"]
    assert fix.also_allows.proved


def test_a_system_policy_is_not_changed(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {"users": {"alice": {"policies": ["AliyunOSSReadOnlyAccess"]}}}
    found = try_fixes(account, _user("alice"), "oss:PutObject", _OBJECT)
    assert {one.kind for one in found} == {"add_statement", "attach_policy"}


def test_a_context_is_given_or_the_condition_removed(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    condition = {"StringLike": {"oss:Prefix": "2026/*"}, "Bool": {"acs:MFAPresent": "true"}}
    account = {
        "policies": {"p": _policy(_allow("oss:ListObjects", Condition=condition))},
        "users": {"alice": {"policies": ["p"]}},
    }
    given = {"acs:MFAPresent": "true"}
    found = try_fixes(account, _user("alice"), "oss:ListObjects", "*", given)
    assert str(found[0].patch[0]) == 'request: add /context/oss:Prefix "2026/"'
    assert found[0].also_allows == AlsoAllows(proved=True, only="nothing")
    relaxed = _of(found, "relax_condition")
    assert _paths(relaxed) == ["remove /policies/p/Statement/0/Condition/StringLike"]
    assert not relaxed.also_allows.proved


def test_one_of_two_keys_is_removed(try_fixes: Callable[..., list[Fix]]) -> None:
    keys = {"oss:Prefix": "2026/*", "oss:Delimiter": "/"}
    account = {
        "policies": {"p": _policy(_allow("oss:ListObjects", Condition={"StringLike": keys}))},
        "users": {"alice": {"policies": ["p"]}},
    }
    given = {"oss:Delimiter": "/"}
    found = try_fixes(account, _user("alice"), "oss:ListObjects", "*", given)
    assert _paths(_of(found, "relax_condition")) == [
        "remove /policies/p/Statement/0/Condition/StringLike/oss:Prefix"
    ]


def test_no_value_satisfies_contradicting_conditions(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    condition = {"StringEquals": {"a:b": "x"}, "StringNotEquals": {"a:b": "x"}}
    account = {
        "policies": {"p": _policy(_allow("oss:ListObjects", Condition=condition))},
        "users": {"alice": {"policies": ["p"]}},
    }
    found = try_fixes(account, _user("alice"), "oss:ListObjects", "*")
    assert "give_context" not in {one.kind for one in found}


def test_conditions_of_several_types_are_not_decided(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    condition = {"StringEquals": {"a:b": "x"}, "NumericEquals": {"a:b": "1"}}
    account = {
        "policies": {"p": _policy(_allow("oss:ListObjects", Condition=condition))},
        "users": {"alice": {"policies": ["p"]}},
    }
    found = try_fixes(account, _user("alice"), "oss:ListObjects", "*")
    assert "give_context" not in {one.kind for one in found}


def test_the_principal_is_excepted_from_a_deny(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {
        "policies": {"p": _policy(_deny("oss:DeleteObject"), _allow("oss:*"))},
        "users": {"alice": {"policies": ["p"]}, "bob": {"policies": ["p"]}},
    }
    [fix] = try_fixes(account, _user("alice"), "oss:DeleteObject", _OBJECT)
    assert fix.kind == "except_from_deny"
    excepted = {"StringNotEquals": {"acs:PrincipalARN": [_user("alice")]}}
    assert fix.patch[0].value == excepted
    assert fix.also_allows.request is not None
    assert fix.also_allows.request.principal == _user("alice")


def test_a_deny_is_avoided_by_another_context(try_fixes: Callable[..., list[Fix]]) -> None:
    from_office = {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    for_others = {"StringNotEquals": {"acs:PrincipalARN": _user("bob")}}
    deny = _deny("oss:DeleteObject", Condition=from_office | for_others)
    account = {
        "policies": {"p": _policy(deny, _allow("oss:*"))},
        "users": {"alice": {"policies": ["p"]}},
    }
    first, second = try_fixes(account, _user("alice"), "oss:DeleteObject", _OBJECT)
    assert first.patch == (Change("request", "add", "/context/acs:SourceIp", "10.0.0.0"),)
    assert first.kind == "give_context"
    assert first.also_allows.only == "nothing"
    assert second.kind == "except_from_deny"
    assert second.patch[0].value == [_user("bob"), _user("alice")]


def test_a_deny_of_every_value_is_not_avoided(try_fixes: Callable[..., list[Fix]]) -> None:
    every = {"ForAllValues:Bool": {"acs:MFAPresent": ["true", "false"]}}
    account = {
        "policies": {"p": _policy(_deny("oss:*", Condition=every), _allow("oss:*"))},
        "users": {"alice": {"policies": ["p"]}},
    }
    [fix] = try_fixes(account, _user("alice"), "oss:DeleteObject", _OBJECT)
    assert fix.kind == "except_from_deny"


def test_another_value_avoids_a_deny(try_fixes: Callable[..., list[Fix]]) -> None:
    listed = {"StringEquals": {"oss:Prefix": "secret/"}}
    account = {
        "policies": {"p": _policy(_deny("oss:*", Condition=listed), _allow("oss:*"))},
        "users": {"alice": {"policies": ["p"]}},
    }
    given = {"oss:Prefix": "secret/"}
    first, _ = try_fixes(account, _user("alice"), "oss:ListObjects", "*", given)
    assert first.patch == (Change("request", "add", "/context/oss:Prefix", "example"),)


def test_one_more_principal_is_excepted(try_fixes: Callable[..., list[Fix]]) -> None:
    excepted = {"StringNotEquals": {"acs:PrincipalARN": [_user("bob")]}}
    account = {
        "policies": {"p": _policy(_deny("oss:DeleteObject", Condition=excepted), _allow("oss:*"))},
        "users": {"alice": {"policies": ["p"]}},
    }
    [fix] = try_fixes(account, _user("alice"), "oss:DeleteObject", _OBJECT)
    assert _paths(fix) == [
        "add /policies/p/Statement/0/Condition/StringNotEquals/acs:PrincipalARN/-"
    ]


def test_a_deny_of_a_system_policy_has_no_fix(try_fixes: Callable[..., list[Fix]]) -> None:
    odd = {"Bool": {"acs:MFAPresent": "true"}}
    document = {
        "system_policies": {
            "No": {"document": _policy(_deny("oss:*"))},
            "Mfa": {"document": _policy(_allow("oss:*", Condition=odd))},
        }
    }
    account = {
        "policies": {"all": _policy(_allow("*"))},
        "users": {"alice": {"policies": ["No", "all"]}, "bob": {"policies": ["Mfa"]}},
    }
    assert try_fixes(account, _user("alice"), "oss:PutObject", _OBJECT, **document) == []
    found = try_fixes(account, _user("bob"), "oss:PutObject", _OBJECT, **document)
    assert {one.kind for one in found} == {"give_context", "add_statement", "attach_policy"}


def test_an_action_that_is_excepted_is_not_added(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {
        "policies": {"p": _policy({"Effect": "Allow", "NotAction": "oss:*", "Resource": "*"})},
        "users": {"alice": {"policies": ["p"]}},
    }
    found = try_fixes(account, _user("alice"), "oss:PutObject", _OBJECT)
    assert {one.kind for one in found} == {"add_statement", "attach_policy"}


def test_a_policy_moves_from_a_resource_group_to_the_account(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    in_group = {"policy": "AliyunECSFullAccess", "resource_group": "rg-a", "type": "System"}
    account = {
        "users": {"alice": {"policies": [in_group]}, "bob": {"groups": ["team"]}},
        "groups": {
            "team": {"policies": [{"policy": "AliyunECSFullAccess", "resource_group": "rg-a"}]}
        },
    }
    found = try_fixes(account, _user("alice"), "ecs:StartInstance", _INSTANCE)
    assert found[0].patch[0] == Change("request", "add", "/context/acs:ResourceGroupId", "rg-a")
    moved = _of(found, "move_to_account_scope").patch[0]
    assert moved.value == {"policy": "AliyunECSFullAccess", "type": "System"}
    of_group = try_fixes(account, _user("bob"), "ecs:StartInstance", _INSTANCE)
    assert _of(of_group, "move_to_account_scope").patch[0].value == "AliyunECSFullAccess"
    assert _paths(_of(of_group, "move_to_account_scope")) == ["replace /groups/team/policies/0"]


def _roles(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Deploy": {"trust": _policy(*statements)}}


def test_a_role_trusts_one_more_principal(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {"roles": _roles(_trust({"Service": "ecs.aliyuncs.com"})), "users": {"alice": {}}}
    first, *_ = try_fixes(account, _user("alice"), "sts:AssumeRole", _ROLE)
    assert first.kind == "add_statement"
    assert _paths(first)[-1] == "add /roles/Deploy/trust/Statement/-"
    assert first.also_allows.proved
    [of_service] = try_fixes(account, "fc.aliyuncs.com", "sts:AssumeRole", _ROLE)
    assert of_service.kind == "trust_principal"
    assert of_service.patch[0].value == _trust({"Service": ["fc.aliyuncs.com"]})
    assert of_service.also_allows.proved
    provider = f"acs:ram::{_HERE}:oidc-provider/idp"
    [federated] = try_fixes(account, provider, "sts:AssumeRole", _ROLE)
    assert federated.patch[0].value == _trust({"Federated": [provider]})


def test_a_condition_of_a_trust_policy_is_met_or_removed(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "x-1"}}
    trust = _trust({"RAM": f"acs:ram::{_HERE}:root"}, Condition=condition)
    account = {
        "roles": _roles(trust),
        "users": {"alice": {"policies": ["AliyunSTSAssumeRoleAccess"]}, "bob": {}},
    }
    found = try_fixes(account, _user("alice"), "sts:AssumeRole", _ROLE)
    assert [one.kind for one in found][:2] == ["give_context", "trust_principal"]
    assert _paths(_of(found, "relax_condition")) == [
        "remove /roles/Deploy/trust/Statement/0/Condition/StringEquals"
    ]
    both = try_fixes(account, _user("bob"), "sts:AssumeRole", _ROLE)
    assert len(_of(both, "add_statement").patch) == 3
    given = _of(both, "give_context")
    assert given.patch[0].path == "/context/sts:ExternalId"
    assert len(given.patch) == 3


def test_a_service_linked_role_is_created(try_fixes: Callable[..., list[Fix]]) -> None:
    role = f"acs:ram::{_HERE}:role/aliyunserviceroleforalikafka"
    [fix] = try_fixes({"users": {}}, "alikafka.aliyuncs.com", "sts:AssumeRole", role)
    assert fix.kind == "create_service_linked_role"
    assert fix.patch[0].value == ["AliyunServiceRoleForAlikafka"]
    assert not fix.also_allows.proved
    [as_role, *_] = try_fixes({"users": {}}, role, "ecs:CreateSecurityGroup", "*")
    assert as_role.kind == "create_service_linked_role"


def test_an_unknown_user_has_no_fix(try_fixes: Callable[..., list[Fix]]) -> None:
    assert try_fixes({"users": {}}, _user("alice"), "ecs:StartInstance", _INSTANCE) == []


def _directory(*statements: dict[str, Any]) -> dict[str, Any]:
    levels = {
        "prod": {
            "control_policies": ["limits"],
            "folders": {
                "empty": {"control_policies": ["FullAliyunAccess"]},
                "west": {
                    "control_policies": ["FullAliyunAccess"],
                    "accounts": {_HERE: {"control_policies": ["FullAliyunAccess"]}},
                },
            },
        }
    }
    return {
        "management": _MANAGEMENT,
        "policies": {"limits": _policy(*statements)},
        "root": {"control_policies": ["FullAliyunAccess"], "folders": levels},
    }


def test_a_control_policy_is_asked_for(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {"users": {"alice": {"policies": ["AliyunECSFullAccess"]}}}
    asked = (account, _user("alice"), "ecs:StartInstance", _INSTANCE)
    [missing] = try_fixes(*asked, directory=_directory(_allow("oss:*")))
    assert missing.kind == "ask_control_policy"
    assert [one.path for one in missing.patch] == [
        "/directory/policies/ramgate-fix",
        "/directory/root/folders/prod/control_policies/-",
    ]
    assert missing.also_allows.proved
    [denied] = try_fixes(*asked, directory=_directory(_allow("*"), _deny("ecs:*")))
    assert denied.kind == "ask_control_policy"
    assert denied.patch[0].path == "/directory/policies/limits/Statement/1/Condition"


def test_a_level_and_the_principal_allow_together(try_fixes: Callable[..., list[Fix]]) -> None:
    directory = _directory(_allow("oss:*"))
    directory["root"]["folders"]["prod"]["folders"]["west"]["accounts"][_HERE] = {
        "control_policies": []
    }
    account = {"users": {"alice": {}}, "policies": {"ramgate-fix": _policy(_allow("a:b"))}}
    found = try_fixes(account, _user("alice"), "ecs:StartInstance", _INSTANCE, directory=directory)
    fix = _of(found, "add_statement")
    assert [one.path for one in fix.patch] == [
        f"/accounts/{_HERE}/policies/ramgate-fix-2",
        f"/accounts/{_HERE}/users/alice/policies",
        "/directory/policies/ramgate-fix",
        "/directory/root/folders/prod/control_policies/-",
        "/directory/policies/ramgate-fix-2",
        f"/directory/root/folders/prod/folders/west/accounts/{_HERE}/control_policies/-",
    ]
    assert fix.also_allows.proved


def test_a_comparison_without_time_is_not_decided(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"accounts": {_HERE: {"users": {"alice": {}}}}}))
    asked = Request(_user("alice"), "ecs:StartInstance", "*")
    first, *_ = fixes(file, asked, seconds=0)
    assert first.also_allows == AlsoAllows(proved=False, not_decided="the time is over")
    assert str(first.also_allows).startswith("whether it allows more is not decided: the time")


def test_a_request_that_opa_does_not_confirm_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"accounts": {_HERE: {"users": {"alice": {}}}}}))
    decided: list[Request] = []
    decide = engine.decide_all

    def confirms_once(store: Store, requests: Sequence[Request]) -> list[Decision]:
        asked = decide(store, requests)
        decided.extend(requests)
        denial = Decision(
            allow=False,
            effect="ImplicitDeny",
            reason="no_statement_matches",
            policy_type=None,
            statements=(),
        )
        return asked if len(decided) <= 2 else [denial for _ in asked]

    monkeypatch.setattr(engine, "decide_all", confirms_once)
    account = {"users": {"alice": {}}, "policies": {"all": _policy(_allow("*"))}}
    file.write_text(json.dumps({"accounts": {_HERE: account}}))
    found = fixes(file, Request(_user("alice"), "zzz:Start", _INSTANCE))
    [attached] = [one for one in found if one.kind == "attach_policy"]
    assert attached.also_allows.not_decided == "OPA does not confirm the request that was found"


def test_a_fix_is_shown_with_its_steps() -> None:
    change = Change("accounts.yaml", "remove", "/accounts/x/policies/p/Statement/0/Condition/Bool")
    assert str(change).endswith("Condition/Bool")
    shown = str(
        AlsoAllows(proved=False, request=Request(_user("bob"), "oss:GetObject", "*", {"a:b": "c"}))
    )
    assert shown == f'also allows, for example: {_user("bob")} oss:GetObject * with {{"a:b":"c"}}'
    only = AlsoAllows(proved=True, only="`oss:GetObject` on `*` to `x`")
    assert str(only) == "allows only `oss:GetObject` on `*` to `x`: proved"


def test_a_fix_is_shown_with_its_kind() -> None:
    fix = Fix(
        kind="give_context",
        patch=(Change("request", "add", "/context/a:b", "c"),),
        decision=_ALLOWED,
        also_allows=AlsoAllows(proved=True, only="nothing"),
    )
    assert str(fix) == (
        "give_context: ask with another context; allows nothing else: proved\n"
        '    request: add /context/a:b "c"'
    )


_ALLOWED = Decision(
    allow=True,
    effect="Allow",
    reason="account_owner",
    policy_type=None,
    statements=(),
)


def test_a_service_linked_role_cannot_be_changed(try_fixes: Callable[..., list[Fix]]) -> None:
    account = {"service_linked_roles": ["AliyunServiceRoleForAlikafka"], "users": {"alice": {}}}
    role = f"acs:ram::{_HERE}:role/aliyunserviceroleforalikafka"
    assert try_fixes(account, role, "oss:PutObject", _OBJECT) == []
    assert try_fixes(account, _user("alice"), "sts:AssumeRole", role) == []
    # Bob does not exist, but the role does
    assert try_fixes(account, _user("bob"), "oss:PutObject", _OBJECT) == []


def test_equal_changes_are_proposed_once(try_fixes: Callable[..., list[Fix]]) -> None:
    condition = {"ForAnyValue:StringEquals": {"oss:Prefix": "a"}}
    statement = _allow("oss:ListObjects", Condition=condition)
    account = {
        "policies": {"p": _policy(statement, {**statement, "Action": "oss:List*"})},
        "users": {"alice": {"policies": ["p", {"policy": "p", "resource_group": "rg-a"}]}},
    }
    found = try_fixes(account, _user("alice"), "oss:ListObjects", "*")
    assert [one.kind for one in found].count("give_context") == 1
    assert [one.kind for one in found].count("relax_condition") == 2


def test_a_deny_that_is_attached_twice_is_changed_once(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    account = {
        "policies": {"p": _policy(_deny("oss:*")), "all": _policy(_allow("*"))},
        "users": {
            "alice": {"policies": ["p", "all", {"policy": "p", "resource_group": "rg-a"}]},
        },
    }
    given = {"acs:ResourceGroupId": "rg-a"}
    [fix] = try_fixes(account, _user("alice"), "oss:PutObject", _OBJECT, given)
    assert len(fix.patch) == 1


def test_the_accounts_are_a_folder_of_files(tmp_path: Path) -> None:
    for number in (_MEMBER, _HERE):
        (tmp_path / f"{number}.json").write_text(
            json.dumps({"accounts": {number: {"users": {"alice": {}}}}})
        )
    (tmp_path / "0.json").write_text(
        json.dumps({"directory": _directory(_allow("oss:*")), "accounts": {}})
    )
    first, *_ = fixes(tmp_path, Request(_user("alice"), "ecs:StartInstance", _INSTANCE))
    files = [one.file.rpartition("/")[2] for one in first.patch]
    assert files == [f"{_HERE}.json"] * 2 + ["0.json"] * 2


def test_a_change_of_a_document_in_a_file_of_its_own_is_one_of_that_file(
    try_fixes: Callable[..., list[Fix]], tmp_path: Path
) -> None:
    named = tmp_path / "p.json"
    named.write_text(json.dumps(_policy(_allow("ecs:StopInstance"), _deny("ecs:Reboot*"))))
    account = {
        "policies": {"p": {"file": "p.json"}, "q": {"file": "p.json"}},
        "users": {"alice": {"policies": ["p"]}, "bob": {"policies": ["q"]}},
    }
    before = named.read_text()
    widened = _of(
        try_fixes(account, _user("alice"), "ecs:StartInstance", _INSTANCE), "widen_action"
    )
    pointer = "/Statement/0/Action"
    assert widened.patch == (
        Change(str(named), "replace", pointer, ["ecs:StopInstance", "ecs:StartInstance"]),
    )
    added = _of(try_fixes(account, _user("alice"), "oss:GetObject", _OBJECT), "add_statement")
    assert {one.file for one in added.patch} == {str(tmp_path / "accounts.json")}
    assert named.read_text() == before
    # a change of the file is one of both policies
    accounts = inline(tmp_path / "accounts.json")
    draft = Draft(*accounts)
    draft.extend(("accounts", _HERE, "policies", "p", *_ACTION), "ecs:StartInstance")
    [content] = draft.contents().values()
    policies = json.loads(content)["accounts"][_HERE]["policies"]
    assert policies["p"] == policies["q"] != json.loads(before)
    own = accounts.documents[str(tmp_path / "accounts.json")]["accounts"][_HERE]["policies"]
    assert own["p"] == json.loads(before)


def test_principals_of_a_trusted_account_may_be_let_in_by_a_fix(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "s"}}
    own, other = (f"acs:ram::{number}:root" for number in (_HERE, "6543210987654321"))
    users = {"alice": {"policies": ["AliyunSTSAssumeRoleAccess"]}}

    def relaxed(*trusted: str) -> AlsoAllows:
        roles = _roles(_trust({"RAM": list(trusted)}, Condition=condition))
        found = try_fixes({"roles": roles, "users": users}, _user("alice"), "sts:AssumeRole", _ROLE)
        return _of(found, "relax_condition").also_allows

    assert relaxed(own).proved
    also = relaxed(own, other)
    assert also.request is not None
    assert also.request.principal == _user("any", "6543210987654321")


def test_a_fix_is_not_proved_if_a_trusted_account_is_not_decided(
    try_fixes: Callable[..., list[Fix]],
) -> None:
    denies = [
        _trust(
            {"RAM": "acs:ram::6543210987654321:root"},
            Effect="Deny",
            Condition={"StringLike": {"acs:PrincipalARN": f"*/*{letter}*"}},
        )
        for letter in "bdfghijk"
    ]
    account = {"roles": _roles(*denies), "users": {"alice": {}}}
    first, *_ = try_fixes(account, _user("alice"), "ecs:StartInstance", _INSTANCE)
    assert not first.also_allows.proved
    assert "tell more than 32 kinds" in str(first.also_allows.not_decided)
