from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from proving import ALICE, allow, deny
from ramgate.analysis.prover import access
from ramgate.analysis.prover.access import Access, Difference, Way, newly_allowed
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.space import Request, Space

if TYPE_CHECKING:
    from ramgate.analysis.prover.statement import Statement

GROUP = "acs:ResourceGroupId"
IN_A = {GROUP: "rg-a"}
SPACE = Space(ALICE)
DOUBTFUL = allow("a:b", StringLike={"k": "1?3"}, NumericGreaterThan={"k": "122"})


def way(
    *statements: Statement, levels: list[list[Statement]] | None = None, group: str | None = None
) -> Way:
    """Return the way of a layer of statements, with the Allows of other layers."""
    allows = tuple(one for one in statements if one.effect == "Allow")
    denies = tuple(one for one in statements if one.effect == "Deny")
    return Way((*map(tuple, levels or []), allows), denies, group)


def allowed(*ways: Way, space: Space = SPACE) -> Request | None:
    point = access.allowed(ways, space, Budget())
    return None if point is None else point.request


def denied(*ways: Way, space: Space = SPACE) -> Request | None:
    point = access.denied(ways, space, Budget())
    return None if point is None else point.request


def newly(old: Access, new: Access, space: Space = SPACE) -> list[Difference]:
    return list(newly_allowed(old, new, space, Budget()))


def test_a_request_is_allowed_that_every_layer_allows() -> None:
    assert allowed() is None
    assert allowed(way()) is None
    assert allowed(way(allow("a:b"), levels=[[allow("b:*")]])) is None
    request = allowed(way(allow("a:*"), levels=[[allow("b:*"), allow("*:c")]]))
    assert request is not None
    assert request.action == "a:c"


def test_a_request_is_allowed_that_no_statement_denies() -> None:
    assert allowed(way(allow("a:b"), deny("a:*"))) is None
    assert allowed(way(allow("a:*"), deny("a:b"))) is not None
    assert allowed(way(allow("a:b")), way(allow("a:c"), deny("a:*"))) is not None


def test_a_way_of_a_resource_group_needs_its_name() -> None:
    request = allowed(way(allow("a:b"), group="rg-a"))
    assert request is not None
    assert request.context == IN_A
    assert allowed(way(allow("a:b", StringNotEquals=IN_A), group="rg-a")) is None
    named = Space(ALICE, given=IN_A)
    assert allowed(way(allow("a:b"), group="rg-a"), space=named) is not None
    assert allowed(way(allow("a:b"), group="rg-b"), space=named) is None
    unnamed = Space(ALICE, groups=frozenset({"rg-a"}))
    assert allowed(way(allow("a:b"), group="rg-a"), space=unnamed) is None
    absent = Space(ALICE, free=frozenset())
    assert allowed(way(allow("a:b"), group="rg-a"), space=absent) is None


def test_a_request_is_denied_that_a_layer_does_not_allow() -> None:
    space = Space(ALICE, actions=["a:*"])
    assert denied(space=space) is not None
    assert denied(way(allow("a:*")), space=space) is None
    request = denied(way(allow("a:*"), levels=[[allow("a:b")]]), space=space)
    assert request is not None
    assert request.action != "a:b"


def test_a_request_is_denied_that_a_statement_denies() -> None:
    space = Space(ALICE, actions=["a:*"])
    request = denied(way(allow("*"), deny("a:c")), space=space)
    assert request is not None
    assert request.action == "a:c"
    assert denied(way(allow("*"), deny("b:c")), space=space) is None


def test_a_request_is_denied_if_all_ways_deny_it() -> None:
    space = Space(ALICE, actions=["a:*"], given=IN_A)
    first = way(allow("*"), deny("a:b"))
    assert denied(first, way(allow("*"), group="rg-a"), space=space) is None
    assert denied(first, way(allow("*"), group="rg-b"), space=space) is not None
    request = denied(first, way(allow("*"), deny("a:*"), group="rg-a"), space=space)
    assert request is not None
    assert request.action == "a:b"
    request = denied(first, way(allow("a:?"), group="rg-a"), space=space)
    assert request is None


def test_a_request_in_no_group_stands_for_all_if_no_condition_tests_the_group() -> None:
    in_group = way(allow("*"), group="rg-a")
    assert denied(way(allow("*")), in_group) is None
    request = denied(in_group)
    assert request is not None
    assert GROUP not in request.context
    request = denied(way(allow("*", StringNotLike={GROUP: "*"})), in_group)
    assert request is not None
    tested = way(allow("*"), deny("a:b", StringEquals=IN_A))
    for action, is_denied in (("a:b", True), ("a:c", False)):
        space = Space(ALICE, actions=[action])
        assert (denied(tested, in_group, space=space) is not None) == is_denied


def test_a_new_allow_is_the_cause_of_a_difference() -> None:
    old, new = allow("a:b"), allow("a:*")
    assert newly((way(old),), (way(old),)) == []
    assert newly((way(new),), (way(old),)) == []
    (difference,) = newly((way(old),), (way(old, new),))
    assert difference.gained == (new,)
    assert difference.lost == ()
    assert difference.point.request.action != "a:b"


def test_a_lost_deny_is_the_cause_of_a_difference() -> None:
    both, gone = allow("a:*"), deny("a:b")
    (difference,) = newly((way(both, gone),), (way(both),))
    assert difference.gained == ()
    assert difference.lost == (gone,)
    assert difference.point.request.action == "a:b"
    assert newly((way(both),), (way(both, gone),)) == []
    assert newly((way(both, gone),), (way(both, deny("a:?")),)) == []


def test_each_cause_is_shown_once() -> None:
    one, other = allow("b:*"), allow("c:*")
    differences = newly((way(allow("a:*")),), (way(allow("a:*"), one, other),))
    assert [one.gained for one in differences] == [(one,), (other,)]
    level = [allow("b:*"), allow("*:x")]
    differences = newly((), (way(one, levels=[level]),))
    assert differences
    assert len({one.gained for one in differences}) == len(differences)


def test_a_new_allow_behind_a_lost_deny_has_both_causes() -> None:
    gone, gained = deny("a:*"), allow("a:b")
    old = (way(allow("c:d"), gone),)
    (difference,) = newly(old, (way(allow("c:d"), gained),))
    assert difference.gained == (gained,)
    assert difference.lost in ((), (gone,))


def test_a_wider_level_allows_newly() -> None:
    own = allow("*")
    old = (way(own, levels=[[allow("a:*")]]),)
    new = (way(own, levels=[[allow("*")]]),)
    differences = newly(old, new)
    assert differences
    assert not differences[0].point.request.action.startswith("a:")
    assert newly(new, old) == []


def test_a_resource_group_may_allow_newly() -> None:
    own = way(allow("a:*"))
    grouped = way(allow("b:*"), group="rg-a")
    (difference,) = newly((own,), (own, grouped))
    assert difference.point.request.context == IN_A
    assert newly((own, grouped), (own,)) == []
    (difference,) = newly((own, grouped), (own, way(allow("b:*"), group="rg-b")))
    assert difference.point.request.context == {GROUP: "rg-b"}
    assert newly((own, grouped), (own, grouped)) == []
    moved = newly((own, grouped), (way(allow("a:*"), allow("b:*")),))
    assert moved
    assert GROUP not in moved[0].point.request.context


def test_a_request_that_a_resource_group_allowed_is_not_new() -> None:
    old = (way(allow("a:*")), way(allow("b:*"), group="rg-a"))
    (difference,) = newly(old, (way(allow("b:*", StringEquals=IN_A)),))
    # a list names no resource group
    assert difference.point.request.context == {GROUP: ["rg-a"]}


def test_only_requests_of_the_space_are_compared() -> None:
    old, new = (way(allow("a:b")),), (way(allow("a:*")),)
    assert newly(old, new, Space(ALICE, actions=["a:b", "b:*"])) == []
    grouped = (way(allow("a:*"), group="rg-a"),)
    assert newly(old, grouped, Space(ALICE, given={GROUP: "rg-b"})) == []
    assert len(newly(old, grouped, Space(ALICE, given=IN_A))) == 1


def test_a_question_that_remains_open_is_no_proof() -> None:
    doubtful = way(DOUBTFUL)
    with pytest.raises(Undecided, match="several types"):
        allowed(doubtful)
    with pytest.raises(Undecided, match="several types"):
        newly((), (doubtful,))


def test_a_request_is_found_in_spite_of_a_doubt() -> None:
    assert allowed(way(DOUBTFUL, allow("c:d"))) is not None
    questions = newly_allowed((), (way(DOUBTFUL, allow("c:d")),), SPACE, Budget())
    assert next(questions).point.request.action == "c:d"
    with pytest.raises(Undecided, match="several types"):
        next(questions)


def test_a_search_that_takes_too_long_ends() -> None:
    ways = (way(allow("a:bcdefgh"), allow("c:d")),)
    for ask in (access.allowed, access.denied):
        with pytest.raises(Undecided, match="steps") as undecided:
            ask(ways, SPACE, Budget(steps=2))
        assert undecided.value.is_final
    with pytest.raises(Undecided, match="steps"):
        list(newly_allowed((), ways, SPACE, Budget(steps=2)))


def test_causes_that_were_found_already_are_left_out_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels = [[allow(f"{service}:*") for service in "abcdefghi"] for _ in range(3)]
    old, new = (way(allow(action), levels=levels) for action in ("b:x", "a:*"))
    seconds = iter(range(10_000))
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    differences = newly_allowed((old,), (new,), SPACE, Budget(2_500))
    assert next(differences).point.request.action.startswith("a:")
    with pytest.raises(Undecided, match="the time is over"):
        next(differences)
