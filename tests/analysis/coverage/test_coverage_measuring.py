"""The counts of real explanations, and requests that OPA confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coverage_accounts import MANAGEMENT, NUMBER, account, allow, deny, policy, trust, user, written
from ramgate import Request, translate
from ramgate.analysis.coverage import Report, Statement, measure

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ramgate.testing.world import World

BUCKET = f"acs:oss:oss-cn-hangzhou:{NUMBER}:photos/a"
ALICE = user("alice")
OFFICE = {"acs:SourceIp": "203.0.113.7"}
ROLE = f"acs:ram::{NUMBER}:role/App"
ACCOUNTS = account(
    policies={
        "reads": policy(
            allow("oss:Get*", Condition={"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}),
            deny("oss:Get*Acl"),
            deny("ecs:*"),
        )
    },
    users={"alice": {"policies": ["reads"]}, "bob": {"policies": []}},
    roles={
        "App": {
            "trust": policy(trust({"Service": "ecs.aliyuncs.com"}), trust({"RAM": [ALICE]})),
            "policies": [],
        }
    },
)


def named(report: Report) -> dict[str, Statement]:
    return {one.name: one for one in report.statements}


def test_statements_that_decide_or_match_are_counted(ramgate_world: World, tmp_path: Path) -> None:
    asked = [
        Request(ALICE, "oss:GetObject", BUCKET, OFFICE),
        Request(ALICE, "oss:GetBucket", BUCKET, OFFICE),
        Request(ALICE, "oss:GetObjectAcl", BUCKET, OFFICE),
        Request("ecs.aliyuncs.com", "sts:AssumeRole", ROLE),
    ]
    report = measure(written(ACCOUNTS, tmp_path), asked, ramgate_world(ACCOUNTS))
    found = named(report)
    assert report.requests == 4
    counts = {name: (one.decided, one.matched) for name, one in found.items()}
    assert counts == {
        "reads[0]": (2, 3),
        "reads[1]": (1, 1),
        "reads[2]": (0, 0),
        "trust:App[0]": (1, 1),
        "trust:App[1]": (0, 0),
    }
    [condition] = found["reads[0]"].conditions
    assert (condition.satisfied, condition.failed) == (True, False)
    assert found["reads[0]"].attempt is None


def test_a_condition_is_met_only_by_requests_that_the_rest_matches(
    ramgate_world: World, tmp_path: Path
) -> None:
    file, client = written(ACCOUNTS, tmp_path), ramgate_world(ACCOUNTS)
    other = Request(ALICE, "oss:PutObject", BUCKET)
    [condition] = named(measure(file, [other], client))["reads[0]"].conditions
    assert (condition.satisfied, condition.failed) == (False, False)
    without = Request(ALICE, "oss:GetObject", BUCKET)
    [condition] = named(measure(file, [without], client))["reads[0]"].conditions
    assert (condition.satisfied, condition.failed) == (False, True)


def test_untried_statements_have_a_request_that_opa_confirms(
    ramgate_world: World, tmp_path: Path
) -> None:
    client = ramgate_world(ACCOUNTS)
    file = written(ACCOUNTS, tmp_path)
    found = named(measure(file, [], client))
    assert [name for name, one in found.items() if one.dead] == ["reads[2]", "trust:App[1]"]
    tried = [one.attempt for one in found.values() if one.attempt]
    assert len(tried) == 3
    again = named(measure(file, tried, client))
    assert [name for name, one in again.items() if not one.decided] == ["reads[2]", "trust:App[1]"]


def test_a_request_that_opa_does_not_confirm_is_not_shown(
    ramgate_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Request(user("bob"), "oss:GetObject", BUCKET)
    monkeypatch.setattr("ramgate.analysis.coverage.tries.Tries.of", lambda *_: wrong)
    report = measure(written(ACCOUNTS, tmp_path), [], ramgate_world(ACCOUNTS))
    assert {(one.attempt, one.dead) for one in report.statements} == {(None, False)}


def test_control_policies_decide_with_the_layers_below(
    ramgate_world: World, tmp_path: Path
) -> None:
    members = {NUMBER: ACCOUNTS["accounts"][NUMBER], MANAGEMENT: {}}  # type: ignore[index]
    accounts: dict[str, object] = {
        "accounts": members,
        "directory": {
            "management": MANAGEMENT,
            "policies": {"level": policy(allow(["oss:*", "sts:*"]), deny("oss:GetBucket"))},
            "root": {
                "control_policies": ["FullAliyunAccess"],
                "accounts": {NUMBER: {"control_policies": ["level"]}},
            },
        },
    }
    client = ramgate_world(accounts)
    file = written(accounts, tmp_path)
    allowed = Request(ALICE, "oss:GetObject", BUCKET, OFFICE)
    report = named(measure(file, [allowed], client))
    assert (report["level[0]"].decided, report["reads[0]"].decided) == (1, 1)
    denied = Request(ALICE, "oss:GetBucket", BUCKET, OFFICE)
    report = named(measure(file, [denied], client))
    assert (report["level[0]"].decided, report["level[1]"].decided) == (0, 1)
    assert (report["reads[0]"].decided, report["reads[0]"].matched) == (0, 1)
    nothing = named(measure(file, [], client))
    assert nothing["level[1]"].attempt is not None


def test_a_session_policy_is_in_no_file(ramgate_world: World, tmp_path: Path) -> None:
    accounts = account(
        policies={"0": policy(allow("oss:*"))},
        roles={"App": {"trust": policy(trust({"RAM": [ALICE]})), "policies": ["0"]}},
        users={"alice": {"policies": []}},
    )
    session = translate(policy(deny("oss:*")))
    caller = f"acs:ram::{NUMBER}:assumed-role/App/s"
    asked = Request(caller, "oss:GetObject", BUCKET, {}, (session,))
    report = measure(written(accounts, tmp_path), [asked], ramgate_world(accounts))
    found = named(report)["0[0]"]
    assert (found.decided, found.matched) == (0, 1)


def test_a_role_without_its_account_is_one_of_the_callers_account(
    ramgate_world: World, tmp_path: Path
) -> None:
    accounts = account(
        policies={"assumes": policy(allow("sts:AssumeRole"))},
        roles={"App": {"trust": policy(trust({"RAM": [ALICE]})), "policies": []}},
        users={"alice": {"policies": ["assumes"]}},
    )
    client = ramgate_world(accounts)
    for resource in (ROLE, "acs:ram:*:*:role/App", "acs:ram:::role/App"):
        asked = Request(ALICE, "sts:AssumeRole", resource)
        report = named(measure(written(accounts, tmp_path), [asked], client))
        assert (report["trust:App[0]"].decided, report["assumes[0]"].decided) == (1, 1)


def test_a_request_that_no_layer_decides_counts_for_no_statement(
    ramgate_world: World, tmp_path: Path
) -> None:
    asked = [Request(user("erin"), "oss:GetObject", BUCKET), Request("erin", "oss:GetObject", "*")]
    report = measure(written(ACCOUNTS, tmp_path), asked, ramgate_world(ACCOUNTS))
    assert report.requests == 2
    assert {(one.decided, one.matched) for one in report.statements} == {(0, 0)}


def test_a_statement_about_another_account_is_not_called_dead(
    ramgate_world: World, tmp_path: Path
) -> None:
    other = "acs:oss:*:9876543210987654:photos"
    policies = {"p": policy(allow("oss:Get*", other), allow("oss:Put*", other.replace("9", "*")))}
    accounts = account(policies=policies, users={"alice": {"policies": ["p"]}})
    found = named(measure(written(accounts, tmp_path), [], ramgate_world(accounts)))
    assert [(one.attempt is None, one.dead) for one in found.values()] == [
        (True, False),
        (True, True),
    ]
