"""Two policy documents are compared for every principal and role, not only for those they name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.analysis.diff import diff
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.sides import holders

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.analysis.diff import Diff

_ALLOW = {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
_HERE = "1234567890123456"


def _like(*patterns: str, operator: str = "StringLike") -> dict[str, Any]:
    return {operator: {"acs:PrincipalARN": list(patterns)}}


@pytest.fixture
def compared(tmp_path: Path) -> Any:  # noqa: ANN401 - a function
    def run(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Diff:
        for name, statements in (("old", old), ("new", new)):
            document = {"Version": "1", "Statement": statements}
            (tmp_path / f"{name}.json").write_text(json.dumps(document))
        return diff(tmp_path / "old.json", tmp_path / "new.json")

    return run


def test_a_principal_that_matches_two_patterns_is_found(compared: Any) -> None:  # noqa: ANN401
    deny = {"Effect": "Deny", "Action": "oss:*", "Resource": "*"}
    with_a = {**deny, "Condition": _like("*/*a*")}
    without_b = {**deny, "Condition": _like("*/*a*") | _like("*/*b*", operator="StringNotLike")}
    found = compared([_ALLOW, with_a], [_ALLOW, without_b])
    assert found.result == "wider"
    kinds = {one.principal.split(":")[4].split("/")[0] for one in found.newly_allowed}
    assert kinds == {"user", "role"}
    for one in found.newly_allowed:
        name = one.principal.rpartition("/")[2]
        assert "a" in name
        assert "b" in name


def test_a_role_that_matches_two_patterns_is_found(compared: Any) -> None:  # noqa: ANN401
    allow = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "acs:ram::*:role/*a*"}
    deny = {"Effect": "Deny", "Action": "sts:*", "Resource": "acs:ram::*:role/*b*"}
    found = compared([allow], [allow, deny])
    assert found.result == "narrower"
    role = found.newly_denied[0].request.resource.rpartition("/")[2]
    assert "a" in role
    assert "b" in role
    assert compared([allow, deny], [allow, deny, allow]).result == "equivalent"


def test_a_caller_that_matches_two_patterns_is_found(compared: Any) -> None:  # noqa: ANN401
    root, ann = f"acs:ram::{_HERE}:root", f"acs:ram::{_HERE}:user/ann"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [root, ann]}}
    one = {**trust, "Condition": _like("*/*a*b*")}
    both = {**trust, "Condition": _like("*/*a*b*", "*/*b*a*c*")}
    found = compared([one], [both])
    assert found.result == "wider"
    assert compared([both], [both]).result == "equivalent"


def test_a_comparison_that_is_not_decided_is_no_proof(
    compared: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holders, "Budget", lambda _: Budget(steps=1))
    statement = {**_ALLOW, "Condition": _like("*/*a*")}
    found = compared([statement], [_ALLOW, statement])
    assert found.result in ("not_decided", "wider")
    assert {one.reason for one in found.not_decided} == {"the search has more than 1 steps"}


def _deny(*patterns: str, action: str = "oss:*") -> dict[str, Any]:
    condition = _like(*patterns)
    return {"Effect": "Deny", "Action": action, "Resource": "*", "Condition": condition}


def test_a_deny_for_some_principals_limits_their_other_policies(compared: Any) -> None:  # noqa: ANN401
    ecs, alice = {**_ALLOW, "Action": "ecs:*"}, f"acs:ram::{_HERE}:user/alice"
    for names in ((alice,), ("acs:ram::*:role/dev-*",), ("*/*a*", "*/*b*c*")):
        found = compared([ecs, _deny(*names)], [ecs])
        assert found.result == "wider"
        assert {one.before.reason for one in found.newly_allowed} == {"statement_denies"}
        assert compared([ecs], [ecs, _deny(*names)]).result == "narrower"
        assert compared([ecs, _deny(*names)], [ecs, _deny(*names)]).result == "equivalent"
    assert compared([ecs, _deny(alice)], [ecs, _deny("*:user/bob")]).result == "incomparable"


def test_a_deny_for_some_principals_limits_the_roles_that_they_assume(compared: Any) -> None:  # noqa: ANN401
    ecs = {**_ALLOW, "Action": "ecs:*"}
    named = {**_deny("*:user/alice", action="sts:AssumeRole"), "Resource": "acs:ram::*:role/app-*"}
    found = compared([ecs, named], [ecs])
    assert found.result == "wider"
    assert all("role/app-" in one.request.resource for one in found.newly_allowed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["acs:oss:*:99998888777766??:b/*"], ["acs:oss:*:99998888777766??:b/*"]),
        (["acs:oss:*:1*:*"], ["acs:oss:*:1*:*", "acs:oss:*:2*:*"]),
        (["acs:oss:*cn*:9999888877776666:b/*"], ["acs:oss:*cn*:9999888877776666:b/*"]),
        (["acs:oss:*:*3*:*"], ["acs:oss:*:*3*:*", "acs:oss:*:*:a"]),
    ],
)
def test_accounts_that_patterns_name_in_part_are_compared(
    compared: Any,  # noqa: ANN401
    old: list[str],
    new: list[str],
) -> None:
    before = {**_ALLOW, "Action": "oss:GetObject", "Resource": old}
    after = {**_ALLOW, "Action": "oss:GetObject" if old != new else "oss:*", "Resource": new}
    assert compared([before], [after]).result == "wider"
    assert compared([after], [before]).result == "narrower"
    assert compared([after], [after, before]).result == "equivalent"
    denied = [{**one, "Effect": "Deny"} for one in (before, after)]
    assert compared([_ALLOW, denied[0]], [_ALLOW, denied[1]]).result == "narrower"


def test_accounts_of_principals_that_patterns_name_in_part_are_compared(compared: Any) -> None:  # noqa: ANN401
    get, every = ({**_ALLOW, "Action": f"oss:{one}"} for one in ("GetObject", "*"))
    only = {"Condition": _like("acs:ram::77*:user/x")}
    assert compared([{**get, **only}], [{**every, **only}]).result == "wider"
    assert compared([every], [{**every, **only}]).result == "narrower"


def test_roles_of_accounts_that_patterns_name_in_part_are_compared(compared: Any) -> None:  # noqa: ANN401
    sts = {**_ALLOW, "Action": "sts:AssumeRole"}
    one, more = ({**sts, "Resource": f"acs:ram::{number}*:role/app"} for number in ("88", "8"))
    assert compared([one], [more]).result == "wider"
    assert compared([more], [more, one]).result == "equivalent"
