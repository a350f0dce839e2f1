from __future__ import annotations

import itertools
import re
import time

import pytest

import reference_evaluator as reference
from generator import seed_pick
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.glob import Atom
from ramgate.language.resource_pattern import ANY_CHARACTER


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("oss:Get*", "oss:Get", True),
        ("oss:Get*", "oss:Get:a/b", True),
        ("oss:Get*", "oss:Ge", False),
        ("a?c", "a:c", True),
        ("a?c", "ac", False),
        ("a?c", "abbc", False),
        ("**", "", True),
        ("a**b*", "a:b", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        (r"\[a\]", "[a]", True),
        ("[*]", "*", True),
        ("[*]", "a", False),
        ("a\n*", "a\nb", True),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_wildcards_of_a_plain_pattern_read_any_character(
    pattern: str, text: str, *, matched: bool
) -> None:
    assert glob.matches([glob.plain(pattern)], text) == matched


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("acs:oss:*:1:b", "acs:oss:cn-a:1:b", True),
        ("acs:oss:*:1:b", "acs:oss::1:b", True),
        ("acs:oss:*:b", "acs:oss:cn-a:1:b", False),
        ("acs:oss:?:1:b", "acs:oss:::1:b", False),
        ("acs:oss:**b", "acs:oss:cn-a:1:b", True),
        (f"a{ANY_CHARACTER}b", "a:b", True),
        (f"a{ANY_CHARACTER}b", "ab", False),
        ("acs:oss:{cn-*,,[*]}:b", "acs:oss:cn-a:b", True),
        ("acs:oss:{cn-*,,[*]}:b", "acs:oss::b", True),
        ("acs:oss:{cn-*,,[*]}:b", "acs:oss:*:b", True),
        ("acs:oss:{cn-*,,[*]}:b", "acs:oss:c:b", False),
        (r"a{\,,b}c", "a,c", True),
        (r"a{\,,b}c", "ac", False),
        (r"a{b}{c,d}", "abd", True),
        (r"a\{b,c\}", "a{b,c}", True),
        (r"a\{b,c\}", "ab", False),
        (r"a{\},b}", "a}", True),
        ("{a,}", "", True),
    ],
)
def test_single_wildcards_of_a_resource_stay_in_their_field(
    pattern: str, text: str, *, matched: bool
) -> None:
    assert glob.matches(glob.resource(pattern), text) == matched


@pytest.mark.parametrize(
    ("globs", "text", "matched"),
    [
        (["acs", "oss", "*", "*", "b*"], "acs:oss:cn-a:1:b:c", True),
        (["acs", "oss", "*", "*", "*b"], "acs:oss:cn-a:b", False),
        (["acs", "{oss,ecs}", "", "*", "*"], "acs:ecs::1:", True),
        (["acs", "{oss,ecs}", "", "*", "*"], "acs:ecs:a:1:", False),
        (["acs", "o?s", "", "*", "?"], "acs:o:s::1:x", False),
        (["acs", "oss", "b"], "acs:oss:b", False),
    ],
)
def test_a_resource_by_fields_holds_each_field_to_its_own_glob(
    globs: list[str], text: str, *, matched: bool
) -> None:
    assert glob.matches(glob.by_fields(globs), text) == matched


def test_a_run_of_equal_wildcards_is_one_atom() -> None:
    assert len(glob.plain("a****b")) == 3
    assert len(glob.plain("a*?*")) == 4
    assert glob.plain("??") == (Atom(None), Atom(None))


@pytest.mark.parametrize(
    ("literal", "text", "matched"),
    [
        ("Key", "kEY", True),
        ("key", "\u212aey", True),
        ("\u212aey", "KEY", True),
        ("ix", "\u0130X", True),
        ("\u0130", "i", True),
        ("s", "\u017f", False),
        ("ß", "ẞ", True),
        ("key", "ke", False),
    ],
)
def test_a_folded_text_is_read_in_any_case(literal: str, text: str, *, matched: bool) -> None:
    assert glob.matches([glob.folded(literal)], text) == matched


def test_patterns_in_lower_case_keep_their_wildcards() -> None:
    lowered = glob.lower([glob.plain("A*?\u212a"), glob.text("B")])
    assert glob.matches(lowered, "axyk")
    assert glob.matches(lowered, "aXYk")
    assert glob.matches(lowered, "b")
    assert not glob.matches(lowered, "B")
    assert not glob.matches(lowered, "A-xyk")


def test_some_characters_may_have_a_limit() -> None:
    few = glob.some(frozenset("ab"), 3)
    many = glob.some(frozenset("ab"))
    assert [glob.matches([few], "a" * count) for count in range(5)] == [False, *[True] * 3, False]
    assert [glob.matches([many], "b" * count) for count in (0, 1, 9)] == [False, True, True]
    assert not glob.matches([few, many], "c")


def test_an_atom_reads_its_characters_or_all_but_some() -> None:
    assert [Atom(frozenset("ab")).reads(one) for one in "abc"] == [True, True, False]
    assert [Atom(None, frozenset("a")).reads(one) for one in "ab"] == [False, True]


def test_a_stand_in_is_read_by_its_atom() -> None:
    for atom in (Atom(frozenset("cb")), Atom(None), Atom(None, frozenset("x"))):
        assert atom.reads(glob.stand_in(atom))


@pytest.mark.parametrize("character", ["\u0130", "\u212a", "Σ", "A", "ß", "a"])
def test_a_character_keeps_its_length_in_lower_case(character: str) -> None:
    assert len(glob.opa_lower(character)) == 1


def test_a_pattern_with_many_wildcards_takes_no_exponential_time() -> None:
    began = time.process_time()
    for pattern in ("*a" * 12 + "*b", "acs:oss:*" + "a*" * 12 + "b"):
        for globs in ([glob.plain(pattern)], glob.resource(pattern)):
            assert not glob.matches(globs, "acs:oss:" + "a" * 200)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("seed", range(60))
def test_patterns_match_as_the_reference_evaluator_says(seed: int) -> None:
    pick = seed_pick(seed)
    pattern = "".join(pick.some("ab*?:*", 7))
    fields = "".join({"*": "[^:]*", "?": "[^:]"}.get(one, one) for one in pattern)
    joined = "".join({"*": ".*", "?": "."}.get(one, one) for one in pattern)
    globs = {
        "plain": ([glob.plain(pattern)], joined),
        # a run of `*` crosses a colon in a translated pattern
        "resource": (glob.resource(re.sub(r"\*+", "*", pattern)), fields),
        "both": (glob.resource(re.sub(r"\*+", "*", pattern) + "**a"), fields + ".*a"),
    }
    for length in range(7):
        for characters in itertools.product("ab:", repeat=length):
            text = "".join(characters)
            assert glob.matches(globs["plain"][0], text) == reference.like(pattern, text)
            for one, regex in globs.values():
                assert glob.matches(one, text) == bool(re.fullmatch(regex, text)), text
