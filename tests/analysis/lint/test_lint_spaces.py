"""Which requests a document is held against: the claims are proofs, so none may be left out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import agreement
import pairs
from lint_remarks import allow, deny
from policy_documents import policy
from ramgate import translate
from ramgate.analysis.lint.proving import is_never, needed_of, shown, shown_for_any
from ramgate.analysis.lint.spaces import assuming, identity_spaces
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.point import find_point, is_empty
from ramgate.analysis.prover.space import Asker, Space
from ramgate.analysis.prover.statement import Statement, statements_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OTHER = "9876543210987654"


def statement(parts: Mapping[str, object]) -> Statement:
    [found] = statements_of("policy", translate(policy(parts)))
    return found


def is_covered(inside: Mapping[str, object], *others: Mapping[str, object]) -> bool:
    """True if it is proved, for every holder, that the others match all that the first does."""
    listed = [statement(one) for one in (inside, *others)]
    return is_never(listed[:1], listed[1:], identity_spaces(listed))


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("acs:oss:*:*:b/*", "acs:oss:*:9876543210987654:b/*"),
        ("acs:oss:*:????????????????:b", "acs:oss:cn-*:9876543210987654:b"),
        ("acs:oss:*:9*:b", "acs:oss:*:98*:b"),
        ("acs:ram:*:*:role/*", "acs:ram:*:*:role/App"),
        ("acs:ram:*:*:role/APP", "acs:ram:*:*:role/app"),
        ("acs:oss:*:*:*", "acs:oss:*:system:b"),
    ],
)
def test_a_resource_is_compared_for_every_account(wide: str, narrow: str) -> None:
    # a role in lower case only: other resources of these patterns are compared with case (3.4)
    action = "sts:AssumeRole" if ":role/" in wide else "oss:*"
    assert is_covered(allow(action, narrow), allow(action, wide))
    assert not is_covered(allow("oss:*", wide), allow("oss:*", narrow))


def test_an_account_that_a_request_does_not_state_is_one_more_case() -> None:
    # 3.5: in an Allow, an empty account matches only a request that does not state it
    assert not is_covered(allow("oss:*", "acs:oss:*::b"), allow("oss:*", f"acs:oss:*:{OTHER}:b"))
    assert is_covered(allow("oss:*", "acs:oss:*::b"), allow("oss:*", "acs:oss:*:*:b"))
    role = allow("sts:AssumeRole", "acs:ram:::role/app")
    assert not is_covered(role, allow("sts:AssumeRole", f"acs:ram:*:{OTHER}:role/*"))
    assert is_covered(role, allow("sts:AssumeRole", "acs:ram:*:*:role/*"))


def test_the_actions_that_assume_a_role_are_compared_with_roles_only() -> None:
    assert is_covered(allow("sts:AssumeRole"), allow("sts:*", "acs:ram:*:*:role/*"))
    assert not is_covered(allow("sts:GetCallerIdentity"), allow("sts:*", "acs:ram:*:*:role/*"))
    assert not is_covered(allow("sts:*"), allow("sts:GetCallerIdentity"))
    assert not is_covered(allow("sts:*"), allow("sts:AssumeRole"))


def test_a_condition_on_the_principal_is_compared_for_every_account() -> None:
    def held(pattern: str) -> dict[str, object]:
        return allow("oss:*", Condition={"StringLike": {"acs:PrincipalARN": pattern}})

    assert is_covered(held(f"acs:ram::{OTHER}:user/*"), held("acs:ram::98*:user/*"))
    assert is_covered(held("acs:ram::*:role/APP"), held("acs:ram::*:role/app"))
    assert not is_covered(held("acs:ram::*:user/A"), held("acs:ram::*:user/a"))
    assert not is_covered(held("acs:ram::*"), held(f"acs:ram::{OTHER}:*"))
    everyone = [held("acs:ram::????????????????:user/*"), held("acs:ram::????????????????:role/*")]
    assert is_covered(allow("oss:*"), *everyone)
    assert not is_covered(allow("oss:*"), *everyone[:1])


def test_a_principal_assumes_roles_of_every_account() -> None:
    alice = assuming(Asker("user", "1234567890123456", "alice"))
    elsewhere = statement(allow("sts:AssumeRole", f"acs:ram:*:{OTHER}:role/*"))
    own = statement(allow("sts:AssumeRole", "acs:ram:*:1234567890123456:role/*"))
    assert not is_never([elsewhere], [own], [alice])
    assert is_never([statement(allow("ecs:*"))], [], [alice])


def test_a_search_that_takes_too_long_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = statement(allow("oss:GetObject"))
    spaces = identity_spaces([])
    assert is_never([inside], [inside], spaces)
    everything = statement(allow("oss:Get*"))
    assert is_never([inside], [everything], spaces)
    monkeypatch.setattr("ramgate.analysis.lint.proving._STEPS", 1)
    assert not is_never([inside], [everything], spaces)
    assert shown_for_any([inside], "") is None


def test_what_is_proved_for_every_holder_is_true_for_each() -> None:
    catalog = agreement.read_catalog()
    proved = 0
    for seed in range(300):
        pair = pairs.Pair(seed, catalog)
        inside, outside = ([statement(one) for one in each] for each in (pair.inside, pair.outside))
        own = pair.space.asker.account
        if is_never(inside, outside, identity_spaces([*inside, *outside])):
            proved += 1
            for role in (None, f"acs:ram::{own}:role/app", "acs:ram::1000000000000009:role/app"):
                space = dataclasses.replace(pair.space, role=role, actions=None)
                assert is_empty(inside, outside, space, Budget()), seed
    assert proved > 40


def test_needed_statements_are_the_first_that_suffice() -> None:
    listed = [statement(one) for one in (allow("oss:*"), allow("oss:Get*"), deny("ecs:*"))]
    asked = statement(allow("oss:GetObject"))
    assert needed_of([asked], listed, identity_spaces(listed)) == listed[:1]


def test_a_request_that_is_shown_is_of_one_of_the_spaces() -> None:
    wanted = statement(allow("sts:AssumeRole"))
    alice = Asker("user", "1234567890123456", "alice")
    request = shown([wanted], [Space(alice), assuming(alice)])
    assert request is not None
    assert (request.principal, request.action) == (alice.arn, "sts:AssumeRole")
    assert find_point([wanted], [], Space(alice), Budget()) is None
