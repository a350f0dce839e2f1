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
