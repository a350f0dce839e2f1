from __future__ import annotations

import itertools
import string
from typing import TYPE_CHECKING

import pytest

from generator import seed_pick
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.walk import Choice, words

if TYPE_CHECKING:
    from generator import Pick
    from ramgate.analysis.prover.glob import Glob


def globs(*patterns: str) -> list[Glob]:
    return [glob.plain(pattern) for pattern in patterns]


def found(
    *wanted: list[Glob], avoided: list[Glob] | None = None, choices: list[Choice] | None = None
) -> list[tuple[str, int]]:
    return list(words(wanted, avoided or [], choices or [], Budget()))


def test_a_shortest_text_is_found_that_all_groups_match() -> None:
    assert found(globs("a*"), globs("*b")) == [("ab", 0)]
    assert found(globs("a*", "b"), globs("*b")) == [("b", 0)]
    assert found(globs("??*")) == [("aa", 0)]


def test_patterns_may_name_all_usual_characters() -> None:
    usual = "".join(map(chr, (*range(32, 127), 0xE9, 0x4E2D, *range(0x3041, 0x3097))))
    named = [glob.text(character) for character in usual]
    [(word, _)] = found(globs("?"), avoided=named)
    assert word not in usual


def test_no_text_is_found_if_there_is_none() -> None:
    assert found(globs("a*"), globs("b*")) == []
    assert found([]) == []
    assert found(globs("a*"), avoided=globs("a", "a?*")) == []
    assert found(globs("a*"), avoided=globs("*")) == []


def test_an_avoided_text_is_left_out() -> None:
    assert found(globs("a*"), avoided=globs("a", "aa")) == [("ab", 0)]


def test_the_empty_text_may_be_found() -> None:
    assert found(globs("*")) == [("", 0)]


def test_a_character_that_no_pattern_names_is_found() -> None:
    everything = globs(*(string.ascii_lowercase + string.digits))
    assert found(globs("?"), avoided=everything) == [("-", 0)]
    preferred = globs(*(string.ascii_letters + string.digits + "-_/."))
    ((text, _),) = found(globs("?"), avoided=preferred)
    assert text == "~"


def test_characters_that_an_atom_does_not_read_are_tried() -> None:
    field = [(*glob.ANY_FIELD, *glob.text("b"))]
    assert found(globs("*:b"), avoided=field) == [(":b", 0)]
    assert found(globs("?b"), avoided=field) == [(":b", 0)]


def test_optional_atoms_read_at_most_one_character() -> None:
    name = glob.some(frozenset("a"), 3)
    assert found([name], globs("??*")) == [("aa", 0)]
    assert found([name], globs("????*")) == []


def test_texts_come_with_their_minimal_choices() -> None:
    choices = [Choice(globs("a*")), Choice(globs("*b")), Choice(globs("b*"))]
    assert found(globs("a*"), choices=choices) == [("a", 1)]
    assert found(globs("a*", "bb"), choices=choices) == [("a", 1), ("bb", 6)]
    assert found(globs("*"), choices=choices) == [("", 0)]


def test_an_inverted_choice_is_matched_by_all_other_texts() -> None:
    assert found(globs("?"), choices=[Choice(globs("x"), inverted=True)]) == [("a", 1), ("x", 0)]
    assert found(globs("?"), choices=[Choice([], inverted=True)]) == [("a", 1)]


def test_each_state_is_a_step() -> None:
    with pytest.raises(Undecided, match="more than 2 steps"):
        list(words([globs("aaaa")], [], [], Budget(steps=2)))
    assert list(words([globs("aaaa")], [], [], Budget(steps=5))) == [("aaaa", 0)]


@pytest.mark.parametrize("seed", range(150))
def test_the_texts_stand_for_all_texts(seed: int) -> None:
    pick = seed_pick(seed)
    wanted = [_some(pick, 2) for _ in range(1 + pick.below(2))]
    avoided = _some(pick, 2)[: pick.below(3)]
    choices = [Choice(_some(pick, 2), inverted=pick.chance(1, 3)) for _ in range(pick.below(4))]
    yielded = list(words(wanted, avoided, choices, Budget()))
    for text, matched in yielded:
        assert _is_found(text, wanted, avoided)
        assert matched == _matched(text, choices)
    sets = [matched for _, matched in yielded]
    assert len(set(sets)) == len(sets)
    for length in range(6):
        for characters in itertools.product("ab:", repeat=length):
            text = "".join(characters)
            if _is_found(text, wanted, avoided):
                assert any(one & ~_matched(text, choices) == 0 for one in sets), text


def _some(pick: Pick, most: int) -> list[Glob]:
    found: list[Glob] = []
    for _ in range(1 + pick.below(most)):
        pattern = "".join(pick.some("aab?**:", 4))
        found += pick.of(([glob.plain(pattern)], list(glob.resource(pattern))))
    return found


def _is_found(text: str, wanted: list[list[Glob]], avoided: list[Glob]) -> bool:
    return all(glob.matches(group, text) for group in wanted) and not glob.matches(avoided, text)


def _matched(text: str, choices: list[Choice]) -> int:
    return sum(
        1 << place
        for place, choice in enumerate(choices)
        if glob.matches(choice.globs, text) != choice.inverted
    )
