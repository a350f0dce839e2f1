from __future__ import annotations

import time

import pytest

from proving import ACCOUNT, ALICE, ANY_ROLE, ANY_USER, APP, allow, between, deny, statement
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.point import find_point, is_empty
from ramgate.analysis.prover.space import Space

CONDITION = {"acs:ResourceTag/team": "a"}


def test_a_request_is_found_between_statements() -> None:
    request = between([allow("oss:*")], [allow("oss:Get*")])
    assert request is not None
    assert request.principal == ALICE.arn
    assert request.action.startswith("oss:")
    assert not request.action.lower().startswith("oss:get")
    assert request.context == {}


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ([allow("oss:Get*")], [allow("OSS:*")]),
        ([allow("oss:Get*")], [allow("oss:get*")]),
        ([allow("a:b"), allow("a:c")], []),
        ([allow("a:b"), statement(Action=None, NotAction="A:*")], []),
        ([allow("a:*")], [statement(Action=None, NotAction="*:b"), allow("a:b")]),
        ([allow("sts:AssumeRole")], []),
        ([allow("a:b", "acs:oss:*:*:b/x")], [allow("a:*", "acs:oss:*")]),
        ([allow("a:b", "acs:oss:*:*:b/x")], [allow("a:*", "acs:oss:*:*:b/?"), allow("a:c")]),
        ([allow("a:b", "acs:oss:*:6543210987654321:b/x")], []),
        ([allow("a:b", "acs:oss:*:b")], []),
        ([allow(StringEquals=CONDITION)], [allow(StringLike={"acs:ResourceTag/team": "?"})]),
        ([allow(StringEquals=CONDITION)], [allow(StringEquals=CONDITION)]),
        ([allow(StringEquals={"acs:PrincipalARN": "acs:ram::*:user/bob"})], []),
    ],
)
def test_a_proof_says_that_there_is_no_request(inside: list, outside: list) -> None:  # type: ignore[type-arg]
    assert between(inside, outside) is None


def test_a_covering_statement_must_cover_the_whole_context() -> None:
    request = between([allow("a:b")], [allow("a:b", StringEquals=CONDITION)])
    assert request is not None
    assert request.context == {}
    request = between([allow("a:b")], [deny("a:b", StringNotEquals=CONDITION)])
    assert request is not None
    assert request.context == CONDITION


def test_a_condition_on_a_known_value_is_judged_beforehand() -> None:
    alice = {"acs:PrincipalARN": "acs:ram::*:user/alice"}
    assert between([allow("a:b", StringLike=alice)]) is not None
    assert between([allow("a:b")], [allow("a:b", StringLike=alice)]) is None
    assert between([allow("a:b")], [allow("a:b", StringNotLike=alice)]) is not None
    role = {"acs:PrincipalARN": "acs:ram::*:ROLE/APP"}
    assert between([allow("a:b", StringLike=role)], space=Space(APP)) is not None


def test_two_statements_may_differ_only_in_what_is_known() -> None:
    given = Space(ALICE, given={"k": "a"})
    first = allow("a:b", StringEquals={"k": "a"})
    second = allow("a:b", StringEquals={"k": "a", "other": "b"})
    assert between([first], [second], given) is not None
    assert between([second], [first], given) is None
    assert between([first], [deny("a:b", StringEquals={"k": "b"})], given) is not None


def test_a_given_value_is_part_of_the_request() -> None:
    request = between([allow("a:b")], space=Space(ALICE, given={"k": "a"}))
    assert request is not None
    assert request.context == {"k": "a"}


def test_a_principal_without_a_name_gets_one_that_fits() -> None:
    like = {"acs:PrincipalARN": "acs:ram::*:*/B?"}
    request = between([allow("a:b", StringLike=like)], space=Space(ANY_USER))
    assert request is not None
    assert request.principal == f"acs:ram::{ACCOUNT}:user/Ba"
    assert request.context == {}
    request = between([allow("a:b", StringLike=like)], space=Space(ANY_ROLE))
    assert request is not None
    assert request.principal == f"acs:ram::{ACCOUNT}:role/ba"


def test_a_resource_without_its_account_is_found() -> None:
    request = between([allow("a:b", "acs:oss:cn-a::b/*")])
    assert request is not None
    assert request.resource.startswith("acs:oss:cn-a::b/")


def test_any_resource_is_asked_with_a_star() -> None:
    outside = [deny("a:b", "acs:*")]
    request = between([allow("a:b")], outside)
    assert request is not None
    assert request.resource == "*"


def test_a_point_says_which_statements_fail_by_their_conditions() -> None:
    tagged = allow("a:b", StringEquals=CONDITION)
    point = find_point([allow("a:b")], [tagged, allow("a:c")], Space(ALICE), Budget())
    assert point is not None
    assert point.failing == (tagged,)
    assert point.frame.form == "stated"
    assert point.text == point.request.resource


def test_a_question_that_remains_open_is_no_proof() -> None:
    doubtful = allow("a:b", StringLike={"k": "1?3"}, NumericGreaterThan={"k": "122"})
    with pytest.raises(Undecided, match="several types"):
        between([doubtful])
    first = allow("a:b", StringLike={"k": "1?3"})
    request = between([first], [allow("a:b", NumericGreaterThan={"k": "200"})])
    assert request is not None


def test_a_request_is_found_in_spite_of_a_doubt() -> None:
    doubtful = allow("*", "acs:oss:*", NumericLessThanEquals={"k": "122"})
    request = between([allow("*", StringLike={"k": "1?3"})], [doubtful])
    assert request is not None
    assert not request.resource.startswith("acs:oss:")


def test_a_search_that_takes_too_long_ends() -> None:
    with pytest.raises(Undecided, match="steps") as undecided:
        find_point([allow("a:b*c")], [], Space(ALICE), Budget(steps=2))
    assert undecided.value.is_final
    with pytest.raises(Undecided, match="the time is over"):
        find_point([allow()], [], Space(ALICE), Budget(deadline=time.monotonic() - 1))
    many = [allow("a:b", StringEquals={str(key): "1"}) for key in range(200)]
    with pytest.raises(Undecided, match="steps"):
        find_point([allow("a:b", "*")], many, Space(ALICE), Budget(steps=150))


def test_a_question_may_be_asked_without_the_request() -> None:
    space = Space(ALICE)
    assert is_empty([allow("a:b")], [allow("a:*")], space, Budget())
    assert is_empty([allow("a:b*")], [allow("a:?"), allow("a:??*")], space, Budget())
    assert not is_empty([allow("a:*")], [allow("a:b")], space, Budget())
