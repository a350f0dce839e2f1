from __future__ import annotations

import ipaddress
import itertools
from typing import TYPE_CHECKING, Any, Final

import pytest

import alphabets
import reference_evaluator as reference
from generator import seed_pick
from proving import condition
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.key_values import ANY_VALUE, Domain, Requirement, find_value
from ramgate.analysis.prover.reading import ABSENT

if TYPE_CHECKING:
    from generator import Pick
    from ramgate.analysis.prover.reading import Value

PRESENT: Final = Domain(may_be_absent=False)

BELOW_MAPPED: Final = [
    f"{ipaddress.IPv6Address(2**48 - 2 ** (129 - length))}/{length}" for length in range(81, 97)
]
"""All IPv6 addresses below the IPv4-mapped ones."""

Wish = tuple[str, str, list[str], bool]
"""Operator, effect and listed values, and whether the condition must be satisfied."""


def allows(operator: str, *values: str) -> Wish:
    return operator, "Allow", list(values), True


def fails(operator: str, *values: str) -> Wish:
    return operator, "Allow", list(values), False


def denies(operator: str, *values: str) -> Wish:
    return operator, "Deny", list(values), True


def spares(operator: str, *values: str) -> Wish:
    return operator, "Deny", list(values), False


def value(*wishes: Wish, domain: Domain = ANY_VALUE) -> Value | None:
    """Return the value that is found, after a look at whether it meets the wishes."""
    requirements = [
        Requirement(condition(operator, "k", *listed), effect, wanted)
        for operator, effect, listed, wanted in wishes
    ]
    found = find_value(requirements, domain, Budget(steps=20_000))
    if found is not None:
        given: Any = list(found) if isinstance(found, tuple) else found
        for operator, effect, listed, wanted in wishes:
            satisfied = reference.is_satisfied(operator, listed, given, effect, folded=domain.fold)
            assert satisfied == wanted, (found, operator, listed)
    return found


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ([], ABSENT),
        ([fails("StringEquals", "a")], ABSENT),
        ([denies("StringNotEquals", "a")], ABSENT),
        ([denies("ForAllValues:StringEquals", "a")], ABSENT),
        ([fails("StringEquals", "a"), fails("NumericEquals", "1")], ABSENT),
    ],
)
def test_an_absent_key_is_preferred(wishes: list[Wish], expected: object) -> None:
    assert value(*wishes) == expected


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ([], 0),
        ([fails("StringEquals", "a")], 0),
        ([denies("StringEquals", "a"), fails("StringNotEquals", "b")], 0),
        ([denies("NumericEquals", "1"), fails("NumericNotEquals", "1")], "unreadable"),
        ([denies("Bool", "true"), denies("Bool", "false")], "unreadable"),
        ([denies("IpAddress", "10.0.0.0/8"), denies("IpAddress", "::/0")], "unreadable"),
        (
            [
                denies("DateLessThan", "2020-01-01T00:00:00Z"),
                denies("DateGreaterThan", "2021-01-01T00:00:00Z"),
            ],
            "unreadable",
        ),
    ],
)
def test_a_value_that_cannot_be_read_counts_against_the_caller(
    wishes: list[Wish], expected: object
) -> None:
    assert value(*wishes, domain=PRESENT) == expected


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ([allows("StringEquals", "a", "b"), fails("StringEquals", "a")], "b"),
        ([allows("StringNotEquals", "a")], "example"),
        ([allows("StringLike", "a*"), fails("StringLike", "a", "aa", "ab*")], "ac"),
        ([allows("StringEqualsIgnoreCase", "key"), fails("StringLike", "???")], None),
        ([allows("StringEqualsIgnoreCase", "k"), fails("StringEquals", "k", "K")], "\u212a"),
        ([allows("StringEqualsIgnoreCase", "k"), fails("StringEquals", "k", "K", "\u212a")], None),
        ([allows("StringNotEqualsIgnoreCase", "k"), allows("StringLike", "?")], "a"),
        ([allows("NumericGreaterThan", "1"), allows("NumericLessThan", "2")], "1.5"),
        ([allows("NumericGreaterThan", "1"), fails("NumericGreaterThanEquals", "1")], None),
        ([allows("NumericGreaterThanEquals", "1"), allows("NumericLessThanEquals", "1")], 1),
        ([allows("NumericGreaterThan", "5")], 6),
        ([allows("NumericLessThan", "-5")], -6),
        ([allows("NumericNotEquals", "0"), allows("NumericNotEquals", "1")], -1),
        (
            [
                allows("NumericGreaterThan", "0.1234567890123456789012345678901"),
                allows("NumericLessThan", "0.1234567890123456789012345678902"),
            ],
            "0.12345678901234567890123456789015",
        ),
        ([allows("NumericEquals", "100000000000000000000")], "100000000000000000000"),
        (
            [
                allows("DateGreaterThan", "2020-01-01T00:00:00Z"),
                allows("DateLessThan", "2020-01-01T00:00:00.000000002Z"),
            ],
            "2020-01-01T00:00:00.000000001Z",
        ),
        (
            [
                allows("DateGreaterThan", "2020-01-01T00:00:00Z"),
                allows("ForAllValues:DateLessThan", "2020-01-01T00:00:00.000000001Z"),
            ],
            None,
        ),
        ([allows("DateLessThan", "2020-01-01T00:00:00Z")], "2019-12-31T23:59:59.999999999Z"),
        ([allows("DateNotEquals", "2020-01-01T08:00:00+08:00")], "2019-12-31T23:59:59.999999999Z"),
        ([allows("DateLessThan", "1600-01-01T00:00:00Z")], "1678-01-01T00:00:59.999999999+00:01"),
        ([allows("DateGreaterThan", "2300-01-01T00:00:00Z")], "2261-12-31T23:59:00-00:01"),
        ([allows("DateLessThan", "1678-01-01T00:00:00+23:59")], None),
        ([allows("DateGreaterThan", "2261-12-31T23:59:59.999999999-23:59")], None),
        ([allows("Bool", "TRUE")], "true"),
        ([allows("Bool", "true"), allows("ForAllValues:Bool", "false")], None),
        ([allows("IpAddress", "10.0.0.0/8"), fails("IpAddress", "10.0.0.0/9")], "10.128.0.0"),
        ([allows("IpAddress", "10.0.0.0/31"), fails("IpAddress", "10.0.0.0")], "10.0.0.1"),
        (
            [allows("IpAddress", "10.0.0.0/31"), fails("IpAddress", "10.0.0.0", "10.0.0.1")],
            None,
        ),
        ([allows("NotIpAddress", "0.0.0.0/0")], "::"),
        ([allows("NotIpAddress", "::/0")], "203.0.113.7"),
        ([allows("NotIpAddress", "::/0"), allows("NotIpAddress", "0.0.0.0/0")], None),
        (
            [allows("IpAddress", "::/79"), allows("NotIpAddress", *BELOW_MAPPED)],
            "::1:0:0:0",
        ),
        (
            [allows("IpAddress", "255.255.255.255"), fails("IpAddress", "255.0.0.0/9")],
            "255.255.255.255",
        ),
        ([allows("IpAddress", "::fffe:0:0/95"), fails("IpAddress", "::fffe:0:0/96")], None),
    ],
)
def test_a_value_is_found_at_the_borders_of_the_listed_ones(
    wishes: list[Wish], expected: object
) -> None:
    assert value(*wishes, domain=PRESENT) == expected


@pytest.mark.parametrize(
    ("wishes", "count"),
    [
        ([allows("StringEquals", "a"), allows("StringEquals", "b")], 2),
        (
            [
                allows("NumericEquals", "1"),
                allows("NumericEquals", "2"),
                allows("NumericEquals", "3"),
            ],
            3,
        ),
        ([allows("ForAnyValue:StringNotEquals", "a"), allows("StringEquals", "a")], 2),
        ([spares("StringNotEquals", "a"), spares("StringNotEquals", "b")], 2),
        ([allows("StringEquals", "a"), fails("ForAllValues:StringLike", "a*")], 2),
        (
            [
                allows("IpAddress", "10.0.0.0/8"),
                allows("IpAddress", "11.0.0.0/8"),
                allows("ForAllValues:NotIpAddress", "12.0.0.0/8"),
            ],
            2,
        ),
        ([allows("Bool", "true"), allows("ForAnyValue:Bool", "false")], 2),
    ],
)
def test_a_list_is_found_where_no_single_value_suffices(wishes: list[Wish], count: int) -> None:
    found = value(*wishes)
    assert isinstance(found, list)
    assert len(found) == count


@pytest.mark.parametrize(
    "wishes",
    [
        [allows("ForAllValues:StringEquals", "a"), allows("StringEquals", "b")],
        [allows("StringNotEquals", "a"), allows("StringEquals", "a")],
        [
            allows("StringEquals", "a"),
            allows("StringEquals", "b"),
            allows("ForAllValues:StringEquals", "a", "c"),
        ],
        [allows("StringEquals", "a"), fails("StringEquals", "a"), fails("StringEquals", "b")],
    ],
)
def test_no_list_is_found_where_each_element_is_bound(wishes: list[Wish]) -> None:
    assert value(*wishes) is None


def test_an_element_that_two_conditions_want_stands_once_in_a_list() -> None:
    wishes = [allows("StringEquals", "a"), allows("StringLike", "a"), allows("StringEquals", "b")]
    assert value(*wishes) == ["a", "b"]


def test_single_values_may_be_excepted() -> None:
    domain = Domain(may_be_absent=False, excepted=frozenset({"rg-a", "example"}))
    assert value(allows("StringLike", "rg-?"), domain=domain) == "rg-b"
    assert value(allows("StringNotEquals", "x"), domain=domain) == ""
    assert value(allows("StringEquals", "rg-a"), domain=domain) == ["rg-a"]
    assert value(allows("StringEquals", "x"), fails("StringEquals", "x"), domain=domain) is None


def test_a_key_may_have_only_some_texts() -> None:
    texts = (*glob.text("user/"), *glob.some(frozenset("ab"), 2))
    domain = Domain(may_be_absent=False, texts=texts)
    assert value(domain=domain) == "user/a"
    assert value(fails("StringEquals", "user/a", "user/aa"), domain=domain) == "user/b"
    assert value(allows("StringLike", "*c"), domain=domain) is None
    two = [allows("StringEquals", "user/a"), allows("StringEquals", "user/b")]
    assert value(*two, domain=domain) is None


def test_conditions_of_other_types_cannot_read_such_a_text() -> None:
    domain = Domain(may_be_absent=False, texts=glob.text("user/a"))
    assert value(denies("NumericEquals", "1"), domain=domain) == "user/a"
    assert value(fails("NumericEquals", "1"), domain=domain) == "user/a"
    assert value(allows("NumericNotEquals", "1"), domain=domain) is None
    assert value(spares("IpAddress", "10.0.0.1"), domain=domain) is None


def test_texts_may_be_compared_in_lower_case() -> None:
    texts = (*glob.text("role/"), *glob.some(frozenset("ab")))
    domain = Domain(may_be_absent=False, texts=texts, fold=True)
    assert value(allows("StringLike", "ROLE/B?"), domain=domain) == "role/ba"
    assert value(allows("StringEquals", "Role/A"), domain=domain) == "role/a"
    assert value(allows("StringEqualsIgnoreCase", "Role/A"), domain=domain) == "role/a"


@pytest.mark.parametrize(
    "wishes",
    [
        [allows("StringEquals", "10"), allows("NumericEquals", "10")],
        [allows("StringLike", "*"), allows("Bool", "true")],
        [denies("StringEquals", "a"), denies("NumericEquals", "1")],
        [allows("StringEquals", "true"), allows("Bool", "false")],
        [denies("NumericEquals", "1"), denies("Bool", "true")],
    ],
)
def test_a_value_of_several_types_may_be_found(wishes: list[Wish]) -> None:
    assert value(*wishes, domain=PRESENT) is not None


def test_a_value_of_several_types_may_remain_open() -> None:
    with pytest.raises(Undecided, match="conditions compare `k` as several types") as undecided:
        value(allows("StringLike", "1?3"), allows("NumericGreaterThan", "122"))
    assert not undecided.value.is_final


def test_a_value_of_several_types_is_not_an_excepted_one() -> None:
    wishes = [allows("StringLike", "t*"), allows("Bool", "true")]
    assert value(*wishes, domain=PRESENT) == "true"
    domain = Domain(may_be_absent=False, excepted=frozenset({"true"}))
    assert value(*wishes, domain=domain) == ["true", "false"]


def test_each_candidate_is_a_step() -> None:
    wishes = [Requirement(condition("NumericEquals", "k", "5"), "Allow", wanted=True)]
    with pytest.raises(Undecided, match="more than 1 steps"):
        find_value(wishes, ANY_VALUE, Budget(steps=1))
    other = Requirement(condition("Bool", "k", "true"), "Allow", wanted=True)
    with pytest.raises(Undecided, match="more than 1 steps"):
        find_value([*wishes, other], ANY_VALUE, Budget(steps=1))


@pytest.mark.parametrize("seed", range(200))
def test_no_value_is_missed(seed: int) -> None:
    pick = seed_pick(seed)
    family = pick.of(alphabets.FAMILIES)
    wishes = [_wish(pick, family) for _ in range(1 + pick.below(4))]
    domain = pick.of((ANY_VALUE, PRESENT))
    if value(*wishes, domain=domain) is not None:
        return
    elements = [
        *family.given,
        *family.unreadable,
        *(one.partition("/")[0] for one in family.listed),
    ]
    pairs = [pick.some(elements, 3, 2) for _ in range(40)]
    absent: list[object] = [[]]
    for given in itertools.chain(elements, pairs, absent if domain.may_be_absent else ()):
        assert not all(
            reference.is_satisfied(operator, listed, given, effect) == wanted
            for operator, effect, listed, wanted in wishes
        ), (given, wishes)


def _wish(pick: Pick, family: alphabets.Family) -> Wish:
    operator = pick.of(("", "ForAnyValue:", "ForAllValues:")) + pick.of(family.operators)
    effect = pick.of(("Allow", "Deny"))
    return operator, effect, pick.some(family.listed, 3), pick.chance(1, 2)
