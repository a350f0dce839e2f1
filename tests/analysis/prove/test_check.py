from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from accounts_files import HERE, THERE
from policy_documents import TRUST, policy, statement
from ramgate.analysis.prove import Proof, check, prove
from ramgate.analysis.unread import UNREAD
from ramgate.errors import InvalidFiles
from ramgate.model.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Request

OFFICE = {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}}


def arn(name: str) -> str:
    return f"acs:ram::{HERE}:{name}"


ALICE, BOB, APP, OWNER = map(arn, ("user/alice", "user/bob", "role/App", "root"))


def proved(folder: Path, rules: object, *statements: object, **parts: object) -> list[Proof]:
    """Return the answers on accounts in which alice holds a policy with these statements."""
    users = {"alice": {"policies": ["own"]}, "bob": {}}
    trust = {"RAM": BOB, "Service": "ecs.aliyuncs.com"}
    account = {
        "policies": {"own": policy(*statements)},
        "users": users,
        "roles": {"App": {"trust": policy({**TRUST, "Principal": trust})}},
        **parts,
    }
    (folder / "accounts.json").write_text(json.dumps({"accounts": {HERE: account}}))
    (folder / "rules.json").write_text(json.dumps({"rules": rules}))
    return prove(folder / "rules.json", str(folder / "accounts.json"))


def one(folder: Path, rule: dict[str, Any], *statements: object, **parts: object) -> Proof:
    [found] = proved(folder, {"r": rule}, *statements, **parts)
    assert found.rule == "r"
    assert found.kind in rule
    return found


def test_an_unreadable_policy_may_break_a_rule(tmp_path: Path) -> None:
    odd = {"unreadable": "was refused", "document": ""}
    rules: list[dict[str, object]] = [
        {"never": "ram:CreateAccessKey"},
        {"never_together": ["ram:CreateAccessKey", "ram:CreateUser"]},
        {"only_when": OFFICE, "action": "ram:CreateUser"},
    ]
    for rule in rules:
        found = one(tmp_path, rule, policies={"own": odd})
        assert (found.result, found.reasons) == ("not_decided", (f"{ALICE}: {UNREAD}",))
        assert one(tmp_path, {**rule, "except": [ALICE]}, policies={"own": odd}).result == "proved"
    always = {"always": "ecs:*", "principals": [ALICE]}
    assert one(tmp_path, always, policies={"own": odd}).result == "broken"
    # a rule that is broken anyway names alice once
    in_group = {"policy": "odd", "resource_group": "rg-a"}
    users = {"alice": {"policies": ["own", in_group]}}
    both = {"policies": {"own": policy(statement(Action="ram:*")), "odd": odd}, "users": users}
    found = one(tmp_path, rules[0], **{**both, "roles": {}})
    assert (found.result, found.reasons) == ("broken", ())


def test_a_role_of_another_account_may_let_a_principal_in(tmp_path: Path) -> None:
    role = f"acs:ram::{THERE}:role/prod"
    hop = statement(Action="sts:AssumeRole", Resource=role)
    rules: list[dict[str, object]] = [
        {"never": "sts:AssumeRole", "resource": role},
        {"only_when": OFFICE, "action": "sts:*"},
    ]
    for rule in rules:
        found = one(tmp_path, rule, hop, roles={})
        assert (found.result, found.reasons) == (
            "not_decided",
            (f"{ALICE}: `{role}`, of an account that is not stated, may let it in",),
        )
        assert one(tmp_path, {**rule, "except": [ALICE]}, hop, roles={}).result == "proved"
    assert one(tmp_path, rules[1], {**hop, "Condition": OFFICE}, roles={}).result == "proved"
    other = {"never": "sts:*", "resource": f"{role}-2"}
    assert one(tmp_path, other, hop, roles={}).result == "proved"


def test_a_service_has_no_policies_that_let_it_assume_a_role_elsewhere(tmp_path: Path) -> None:
    statements = [
        {"Effect": one, "Action": "sts:AssumeRole", "Principal": {"Service": ["ecs.aliyuncs.com"]}}
        for one in ("Allow", "Deny")
    ]
    role = {"trust": {"Version": "1", "Statement": statements}}
    rule: dict[str, object] = {"never": "sts:AssumeRole", "resource": f"acs:ram::{HERE}:role/app"}
    assert one(tmp_path, rule, statement(), roles={"App": role}).result == "proved"


def breakers(found: Proof) -> list[str]:
    for violation in found.violations:
        assert violation.requests[0].principal == violation.principals[0]
        expected = found.kind != "always"
        assert [decision.allow for decision in violation.decisions] == [expected] * len(
            violation.requests
        )
    return [name for violation in found.violations for name in violation.principals]


def test_never_is_proved_or_broken(tmp_path: Path) -> None:
    secure = {"Bool": {"acs:SecureTransport": "true"}}
    held = statement(Action="log:Get*"), statement(Action="log:DeleteLog*", Condition=secure)
    found = one(tmp_path, {"never": "log:Delete*"}, *held)
    assert (found.result, breakers(found)) == ("broken", [ALICE])
    assert found.violations[0].requests[0].context == {"acs:SecureTransport": "true"}
    for rule in (
        {"never": "log:Create*"},
        {"never": ["log:Create*", "oss:*"]},
        {"never": "log:Delete*", "except": ALICE},
        {"never": "log:Delete*", "except": ["acs:ram::*:user/al*"]},
        {"never": "log:Delete*", "context": {"acs:SecureTransport": "false"}},
        {"never": "log:Delete*", "resource": f"acs:log:*:{THERE}:*"},
    ):
        assert one(tmp_path, rule, *held).result == "proved", rule
    found = one(tmp_path, {"never": {"action": ["oss:*", "log:G*"]}, "because": "why"}, *held)
    assert (found.result, found.because) == ("broken", "why")


def test_a_rule_about_a_role_is_one_about_services_too(tmp_path: Path) -> None:
    held = statement(Action="sts:AssumeRole")
    rule: dict[str, Any] = {"never": "sts:AssumeRole", "resource": arn("role/App")}
    users = {"bob": {"policies": ["own"]}}
    found = one(tmp_path, rule, held, users=users)
    assert breakers(found) == [BOB, "ecs.aliyuncs.com"]
    found = one(tmp_path, {**rule, "except": ["*.aliyuncs.com", BOB]}, held, users=users)
    assert found.result == "proved"


def test_a_rule_about_a_role_is_one_about_other_accounts_too(tmp_path: Path) -> None:
    trust = policy({**TRUST, "Principal": {"RAM": f"acs:ram::{THERE}:root"}})
    roles = {"App": {"trust": trust}}
    rule: dict[str, Any] = {"never": "sts:AssumeRole", "resource": "acs:ram::*:role/*"}
    found = one(tmp_path, rule, statement(), roles=roles)
    assert breakers(found) == [f"acs:ram::{THERE}:user/any"]
    rule["except"] = [f"acs:ram::{THERE}:user/*"]
    found = one(tmp_path, rule, statement(), roles=roles)
    assert breakers(found) == [f"acs:ram::{THERE}:role/any"]
    rule["except"] += [f"acs:ram::{THERE}:role/*"]
    assert one(tmp_path, rule, statement(), roles=roles).result == "proved"


def test_never_together_needs_all_requests(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"never_together": ["ram:CreatePolicyVersion", "ram:AttachPolicyToUser"]}
    one_of_them = statement(Action="ram:Create*"), statement(Action="ram:Detach*")
    assert one(tmp_path, rule, *one_of_them).result == "proved"
    both = statement(Action="ram:Create*"), statement(Action="ram:Attach*")
    found = one(tmp_path, rule, *both)
    assert breakers(found) == [ALICE]
    actions = [request.action.lower() for request in found.violations[0].requests]
    assert actions == ["ram:createpolicyversion", "ram:attachpolicytouser"]
    elsewhere = {"action": "ram:AttachPolicyToUser", "resource": f"acs:ram:*:{THERE}:*"}
    rule = {"never_together": ["ram:CreatePolicyVersion", elsewhere]}
    assert one(tmp_path, rule, *both).result == "proved"


def test_only_when_needs_its_conditions_in_every_allowed_request(tmp_path: Path) -> None:
    rule = {"only_when": OFFICE, "action": "ecs:*"}
    assert one(tmp_path, rule, statement(Condition=OFFICE)).result == "proved"
    narrower = {"IpAddress": {"acs:SourceIp": "10.1.0.0/16"}}
    assert one(tmp_path, rule, statement(Condition=narrower)).result == "proved"
    outside = {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    denied = statement(Effect="Deny", Condition=outside)
    assert one(tmp_path, rule, statement(), denied).result == "proved"
    assert one(tmp_path, rule, statement(Action="oss:*")).result == "proved"
    wider = {"IpAddress": {"acs:SourceIp": "10.0.0.0/7"}}
    found = one(tmp_path, rule, statement(Condition=wider))
    assert breakers(found) == [ALICE]
    assert found.violations[0].requests[0].context == {"acs:SourceIp": "11.0.0.0"}
    found = one(tmp_path, rule, statement())
    assert found.violations[0].requests[0].context == {}
    negated = {"only_when": outside, "action": "ecs:*"}
    assert one(tmp_path, negated, statement()).result == "broken"
    assert one(tmp_path, negated, statement(Condition=outside)).result == "proved"


def test_always_needs_every_request_of_its_principals(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"always": "ecs:Start*", "principals": [ALICE]}
    assert one(tmp_path, rule, statement(Action="ecs:*")).result == "proved"
    found = one(tmp_path, {**rule, "always": "ecs:*"}, statement(Action="ecs:Start*"))
    assert breakers(found) == [ALICE]
    inside = statement(Action="ecs:*", Condition=OFFICE)
    assert one(tmp_path, rule, inside).result == "broken"
    near = {**rule, "context": {"acs:SourceIp": "10.0.0.1"}}
    assert one(tmp_path, near, inside).result == "proved"
    for name in (OWNER, "ecs.aliyuncs.com", APP.replace("App", "APP")):
        found = one(
            tmp_path,
            {"always": "sts:AssumeRole", "resource": arn("role/App"), "principals": name},
            statement(),
        )
        assert found.result == ("proved" if name.startswith("ecs") else "broken"), name
    assert one(tmp_path, {**rule, "principals": [OWNER]}, statement()).result == "proved"


def test_owners_are_left_out(tmp_path: Path) -> None:
    assert one(tmp_path, {"never": "ecs:*"}, statement(), users={}).result == "proved"


def test_all_actions_include_those_that_assume_a_role(tmp_path: Path) -> None:
    found = one(tmp_path, {"never": "*"}, statement(), users={})
    assert breakers(found) == ["ecs.aliyuncs.com"]
    assert one(tmp_path, {"never": "s*:AssumeRole"}, statement()).result == "broken"
    assert one(tmp_path, {"never": "s*:Get*"}, statement()).result == "proved"


def test_a_resource_need_not_state_its_account(tmp_path: Path) -> None:
    held = statement(Action="oss:DeleteBucket", Resource="acs:oss:*::b")
    for rule in (
        {"never": "oss:DeleteBucket"},
        {"never": "oss:DeleteBucket", "resource": f"acs:oss::{HERE}:b"},
    ):
        found = one(tmp_path, rule, held)
        assert breakers(found) == [ALICE]
        assert found.violations[0].requests[0].resource == "acs:oss:::b"


def test_always_is_not_proved_by_the_absence_of_requests(tmp_path: Path) -> None:
    other, typo = f"acs:oss::{THERE}:b", arn("role/Typo")
    for rule in (
        {"always": "oss:GetObject", "resource": other, "principals": [ALICE]},
        {"always": "oss:GetObject", "resource": other, "principals": [OWNER]},
        {
            "always": "oss:GetObject",
            "resource": f"acs:oss::{HERE}:b",
            "principals": ["a.aliyuncs.com"],
        },
        {"always": "sts:AssumeRole", "resource": typo, "principals": [ALICE]},
    ):
        found = one(tmp_path, rule, statement(Action="*"))
        assert breakers(found) == rule["principals"]
    every = {"always": "oss:*", "resource": f"acs:oss:*:{THERE}:*", "principals": [ALICE]}
    found = one(tmp_path, every, statement(Action="*"))
    assert found.result == "not_decided"
    assert "no request of this principal fits" in found.reasons[0]


def test_a_key_that_no_request_has_is_a_fault(tmp_path: Path) -> None:
    rule = {"always": "oss:*", "principals": [ALICE], "context": {"acs:sourceip": "10.0.0.1"}}
    with pytest.raises(InvalidFiles, match=r"acs:sourceip: is spelled `acs:SourceIp`"):
        one(tmp_path, rule, statement(Action="*"))


def test_an_unknown_principal_of_always_is_an_error(tmp_path: Path) -> None:
    hints = {"user/alcie": "did you mean `user/alice`?", "user/x": "correct its name"}
    for name, hint in hints.items():
        with pytest.raises(ValueError, match=r"^rule `r`: the accounts do not have `") as refused:
            one(tmp_path, {"always": "ecs:*", "principals": [arn(name)]}, statement())
        assert hint in str(refused.value)


def test_faults_are_raised(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles):
        proved(tmp_path, {"r": {"never": 5}}, statement())
    with pytest.raises(InvalidFiles):
        proved(tmp_path, {"r": {"never": "*"}})


def test_nothing_is_decided_after_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one(tmp_path, {"never": "oss:*"}, statement())
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    [found] = prove(tmp_path / "rules.json", tmp_path / "accounts.json", timeout=-1)
    assert found.result == "not_decided"
    assert found.reasons[0] == f"{ALICE}: the time is over"


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

    monkeypatch.setattr(check, "decide_all", deny)
    found = one(tmp_path, {"never": "ecs:*"}, statement())
    assert (found.result, found.violations) == ("not_decided", ())
    assert found.reasons[0].startswith(f"{ALICE}: OPA does not confirm a request")


def test_the_state_of_the_work_is_shown(tmp_path: Path) -> None:
    one(tmp_path, {"never": "oss:*"}, statement())
    shown: list[str] = []
    prove(tmp_path / "rules.json", tmp_path / "accounts.json", show=shown.append)
    assert shown == ["1 of 1 rules checked"]


@pytest.mark.parametrize(
    ("action", "warned"),
    [
        ("alikafka:DeleteTopci", ["did you mean `alikafka:DeleteTopic`?"]),
        (["alikafka:ListTopic", "alikafak:*"], ["did you mean `alikafka:*`?"]),
        (["alikafka:ListTopic", "alikafka:Delte*"], []),
    ],
)
def test_a_misspelt_action_of_a_rule_is_logged(
    action: object, warned: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = {"kept": {"never": action}}
    assert proved(tmp_path, rules, statement())[0].result == "proved"
    assert [one.partition("action: ")[2] for one in caplog.messages] == warned
    assert all(one.startswith("rule `kept`: `alika") for one in caplog.messages)


def arns(operator: str, *names: str) -> dict[str, Any]:
    return {operator: {"acs:PrincipalARN": list(names)}}


CAROL, CI = arn("user/carol"), (arn("role/CI-1"), arn("role/CI-2"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (arns("StringEquals", ALICE), [BOB, CAROL, APP, *CI]),
        (arns("StringEqualsIgnoreCase", ALICE.upper()), [BOB, CAROL, APP, *CI]),
        (arns("StringLike", ALICE, arn("role/ci-*")), [BOB, CAROL, APP]),
        (arns("StringNotEquals", BOB, APP), [BOB, APP]),
        (arns("StringLike", "*"), []),
    ],
)
def test_principals_that_the_condition_of_a_rule_tells_apart_are_tried_apart(
    tmp_path: Path, condition: dict[str, Any], expected: list[str]
) -> None:
    held = {"policies": ["own"]}
    users = dict.fromkeys(("alice", "bob", "carol"), held)
    roles = {name: {"trust": policy(TRUST), **held} for name in ("App", "CI-1", "CI-2")}
    rule = {"only_when": condition, "action": "ecs:StartInstance"}
    found = one(tmp_path, rule, statement(), users=users, roles=roles)
    assert sorted(breakers(found)) == sorted(expected)
    assert found.result == ("broken" if expected else "proved")


def deploy(*statements: dict[str, Any]) -> dict[str, object]:
    """Return a role, `Deploy`, with these statements about another account."""
    root = {"RAM": f"acs:ram::{THERE}:root"}
    return {
        "Deploy": {"trust": policy(*({**TRUST, "Principal": root, **one} for one in statements))}
    }


def outside(name: str) -> str:
    return f"acs:ram::{THERE}:{name}"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([{"Condition": arns("StringLike", outside("role/ci-*"))}], ["role/ci-"]),
        ([{"Condition": arns("StringEquals", outside("user/bob"))}], ["user/bob"]),
        ([{"Condition": arns("StringLike", outside("user/b*"), "*:role/CI")}], ["user/b"]),
        ([{"Condition": arns("StringNotLike", outside("user/*"))}], ["role/any"]),
        ([{}, {"Effect": "Deny", "Principal": {"RAM": outside("user/any")}}], ["user/a"]),
        ([{"Principal": {"RAM": outside("user/bob")}}], ["user/bob"]),
        ([{"Condition": arns("StringEquals", arn("user/bob"))}], []),
        ([{}, {"Effect": "Deny", "Condition": arns("StringLike", "*")}], []),
    ],
)
def test_any_user_and_role_of_a_trusted_account_may_break_a_rule(
    tmp_path: Path, statements: list[dict[str, Any]], expected: list[str]
) -> None:
    rule: dict[str, Any] = {"never": "sts:AssumeRole", "resource": arn("role/Deploy")}
    found = one(tmp_path, rule, statement(), roles=deploy(*statements))
    assert sorted(breakers(found)) == [outside(name) for name in expected]
    assert found.result == ("broken" if expected else "proved")


def test_an_exception_for_some_of_a_trusted_account_is_none_for_others(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"never": "sts:AssumeRole", "resource": "*"}
    rule["except"] = [outside("user/any"), outside("role/*")]
    found = one(tmp_path, rule, statement(), roles=deploy({}))
    assert [name.rpartition("/")[0] for name in breakers(found)] == [outside("user")]
    rule["except"] = [outside("user/*"), outside("role/ci-*")]
    assert breakers(one(tmp_path, rule, statement(), roles=deploy({}))) == [outside("role/any")]


def test_only_when_may_name_principals_of_a_trusted_account(tmp_path: Path) -> None:
    allowed = arns("StringLike", outside("role/ci-*"))
    rule = {"only_when": allowed, "action": "sts:AssumeRole"}
    found = one(tmp_path, rule, statement(), roles=deploy({}))
    assert breakers(found) == [outside("user/any")]
    narrower = {"Condition": arns("StringLike", outside("role/ci-x*"))}
    assert one(tmp_path, rule, statement(), roles=deploy(narrower)).result == "proved"


def test_too_many_kinds_of_principals_of_a_trusted_account_are_not_decided(
    tmp_path: Path,
) -> None:
    letters = "bdfghijk"  # none of them is in all ARNs
    patterns = [{"Condition": arns("StringLike", f"*{letter}*")} for letter in letters]
    denies = [{"Effect": "Deny", **one} for one in patterns]
    found = one(tmp_path, {"never": "sts:AssumeRole"}, statement(), roles=deploy(*denies))
    assert (found.result, len(found.reasons)) == ("not_decided", 1)
    assert found.reasons[0].startswith(f"the principals of the account `{THERE}`: conditions tell")
    # no rule about other actions depends on them
    for rule in ({"never": "oss:*"}, {"always": "ecs:StartInstance", "principals": [ALICE]}):
        assert one(tmp_path, rule, statement(), roles=deploy(*denies)).result == "proved"


def test_a_trusted_account_is_only_supposed_to_let_its_principals_assume_roles(
    tmp_path: Path,
) -> None:
    assert one(tmp_path, {"never": "sts:Get*"}, statement(), roles=deploy({})).result == "proved"


def test_always_is_broken_if_its_requests_are_malformed(tmp_path: Path) -> None:
    rule: dict[str, Any] = {"always": "ecs:Start*", "principals": [ALICE, OWNER]}
    fits = {"acs:SourceIp": [f"10.0.0.{number}" for number in range(100)]}
    held = statement(Action="ecs:*")
    assert one(tmp_path, {**rule, "context": fits}, held).result == "proved"
    for context in (
        {"acs:SourceIp": [*fits["acs:SourceIp"], "10.1.0.0"]},
        {f"a:{number}": "x" for number in range(201)},
        {"a:b": "x" * 2049},
    ):
        found = one(tmp_path, {**rule, "context": context}, held)
        assert breakers(found) == [ALICE, OWNER]
        for violation in found.violations:
            assert violation.decisions[0].reason == "malformed_request"
            assert violation.requests[0].context.keys() == context.keys()
    long = {**rule, "resource": f"acs:ecs:*:*:{'x' * 2048}*"}
    assert breakers(one(tmp_path, long, held)) == [ALICE, OWNER]


def test_always_of_an_action_and_a_resource_has_no_other_keys(tmp_path: Path) -> None:
    held = statement(Action="ecs:*"), statement(Effect="Deny", Condition=OFFICE)
    always = {"action": "ecs:Start*", "resource": f"acs:ecs:*:{HERE}:*"}
    assert one(tmp_path, {"always": always, "principals": [ALICE]}, *held).result == "proved"


def test_a_service_may_do_no_more_than_assume_a_role(tmp_path: Path) -> None:
    trust = policy({**TRUST, "Action": "sts:*"})
    rule: dict[str, Any] = {"resource": arn("role/App"), "principals": ["ecs.aliyuncs.com"]}
    roles = {"App": {"trust": trust}}
    found = one(tmp_path, {**rule, "always": "sts:AssumeRole"}, statement(), roles=roles)
    assert found.result == "proved"
    found = one(tmp_path, {**rule, "always": "sts:*"}, statement(), roles=roles)
    assert breakers(found) == ["ecs.aliyuncs.com"]
    assert found.violations[0].decisions[0].reason == "no_statement_matches"


def test_a_role_that_a_rule_names_must_exist(tmp_path: Path) -> None:
    trust = policy({**TRUST, "Principal": {"RAM": arn("root")}, "Action": "sts:*"})
    parts = {"roles": {"App": {"trust": trust}}}
    rule: dict[str, Any] = {"always": "sts:*", "principals": [ALICE]}
    for resource, result in (("role/App", "proved"), ("role/*", "proved"), ("role/Gone", "broken")):
        asked = {**rule, "resource": arn(resource)}
        found = one(tmp_path, asked, statement(Action="sts:*"), **parts)
        assert found.result == result, resource
        for violation in found.violations:
            assert violation.decisions[0].reason == "unknown_role"
