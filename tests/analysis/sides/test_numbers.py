"""Accounts that patterns tell apart, held against all patterns by brute force."""

from __future__ import annotations

import itertools
import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from policy_documents import policy, statement
from ramgate import translate
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.budget import Undecided
from ramgate.analysis.prover.statement import statements_of
from ramgate.analysis.sides.numbers import told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

FREE = ("1234567890123456", "6543210987654321")
NAMED = "2222222222222222"


def document(*resources: str, effect: str = "Allow", principals: Sequence[str] = ()) -> Any:  # noqa: ANN401 - parsed JSON
    condition = {"StringLike": {"acs:PrincipalARN": list(principals)}} if principals else None
    return translate(
        policy(statement(Effect=effect, Resource=list(resources) or "*", Condition=condition))
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (document(), [FREE[0]]),
        (document("acs:oss:*:*:b/2024*", "acs:oss:cn-*", "acs:oss:*::b"), [FREE[0]]),
        (document("acs:oss:*:*:b/2024*", effect="Deny"), [FREE[0]]),
        (document(f"acs:oss:*:{NAMED}:*"), [FREE[0], NAMED]),
        (document(f"acs:oss:*:{FREE[0]}:*"), list(FREE)),
        (document("acs:oss:*:12*:*", "acs:oss:*:*:*"), list(FREE)),
        (document("acs:oss:*:99998888777766??:b/*"), [FREE[0], "9999888877776611"]),
        (document("acs:oss:*:3*:*", "acs:oss:*:33*:*"), [FREE[0], "31*", "33*"]),
        (document("acs:oss:*77*cn*:*:*"), [FREE[0]]),
        (document("acs:oss:*:*77*:*"), [FREE[0], "*77*"]),
        (document("acs:oss:*:*77*:*", effect="Deny"), [FREE[0], "*77*"]),
        (document("acs:oss:*77", effect="Deny"), [FREE[0]]),
        (document("acs:ram:*:55*:role/x", "ACS:RAM::66*:role/x"), [FREE[0], "55*", "66*"]),
        (document(principals=["acs:ram::44*:user/x"]), [FREE[0], "44*"]),
        (document(principals=["*:user/x", "acs:ram::*:role/1*"]), [FREE[0]]),
        (document(principals=["ACS:RAM::7*:role/x"]), [FREE[0], "7*"]),
    ],
)
def test_one_account_of_each_kind_is_found(found: Any, expected: list[str]) -> None:  # noqa: ANN401 - parsed JSON
    named = [one for one in (NAMED, *FREE) if one in str(found)]
    numbers = told_apart([found], named, FREE)
    assert numbers == sorted(numbers)
    assert len(numbers) == len(expected)
    for pattern in expected:
        regex = re.compile(pattern.replace("*", "[0-9]*"))
        assert any(map(regex.fullmatch, numbers)), (pattern, numbers)
    assert all(re.fullmatch("[0-9]{16}", number) for number in numbers)


def test_accounts_that_are_left_out_are_decided_as_one_that_is_there() -> None:
    pick = random.Random(7)  # noqa: S311 - not for a secret
    pieces = ("*", "?", "1", "12", "99", "9", FREE[0], NAMED, "acs", "oss", ":", ":", "::", "b")
    for _ in range(60):
        patterns = [
            "acs:oss:" + "".join(pick.choices(pieces, k=pick.randint(1, 7))) + ":*"
            for _ in range(pick.randint(1, 3))
        ]
        found = document(*patterns, effect=pick.choice(("Allow", "Deny")))
        globs = [(one,) for part in statements_of("", found) for one in part.resource_globs]
        named = [one for one in (NAMED, *FREE) if one in "".join(patterns)]
        try:
            numbers = told_apart([found], named, FREE)
        except Undecided:
            continue
        places = list(itertools.product(("", "cn", "12"), ("b", "b:1", "", ":b")))
        known = {_matching(globs, number, places) for number in numbers}
        for _ in range(40):
            number = "".join(pick.choices("1299", k=16))
            assert _matching(globs, number, places) in known, (patterns, number)


def _matching(
    globs: Sequence[tuple[glob.Glob]], number: str, places: Sequence[tuple[str, str]]
) -> tuple[bool, ...]:
    return tuple(
        glob.matches(one, f"acs:oss:{region}:{number}:{rest}")
        for one in globs
        for region, rest in places
    )


def test_too_many_kinds_are_not_decided() -> None:
    many = [f"acs:oss:*:*{one}{two}*:*" for one, two in itertools.product("13579", "24680")]
    with pytest.raises(Undecided, match="patterns tell"):
        told_apart([document(*many)], [], FREE)
    few = [f"acs:oss:*:{one}{two}*:*" for one, two in itertools.product("12345", "2468")]
    assert len(told_apart([document(*few)], [], FREE)) == len(few) + 1
    with pytest.raises(Undecided, match="more than 32 kinds"):
        told_apart([document(*few, *(f"acs:oss:*:*{one}:*" for one in "13"))], [], FREE)
