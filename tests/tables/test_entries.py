"""The forms of an entry, its decisions, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from decision_tables import TOPIC, effects, line, tables_of_alice
from ramgate.tables import clauses, entries, holdings

if TYPE_CHECKING:
    from pathlib import Path


ANY = clauses.Test("resource", ("acs:ecs:*",))
OWN_LAYER, GROUP_LAYER, CONTROL_LAYER = holdings.OWN, holdings.IN_GROUP, holdings.CONTROL


def layer(policy_type: str, *statements_effects: str) -> clauses.Layer:
    """Return a layer of statements with these effects, each of which always matches."""
    return clauses.Layer(
        policy_type,
        [clauses.Statement(effect, "p", i, ()) for i, effect in enumerate(statements_effects)],
    )


@pytest.mark.parametrize(
    ("layers", "effect", "policy_type", "positions"),
    [
        ([layer(OWN_LAYER)], "ImplicitDeny", OWN_LAYER, []),
        ([layer(OWN_LAYER, "Allow", "Allow")], "Allow", OWN_LAYER, [0, 1]),
        ([layer(OWN_LAYER, "Allow", "Deny")], "ExplicitDeny", OWN_LAYER, [1]),
        ([layer(CONTROL_LAYER), layer(OWN_LAYER, "Allow")], "ImplicitDeny", CONTROL_LAYER, []),
        ([layer(CONTROL_LAYER, "Allow"), layer(OWN_LAYER)], "ImplicitDeny", OWN_LAYER, []),
        ([layer(OWN_LAYER, "Allow"), layer(GROUP_LAYER, "Deny")], "Allow", OWN_LAYER, [0]),
        ([layer(OWN_LAYER, "Deny"), layer(GROUP_LAYER, "Allow")], "ExplicitDeny", OWN_LAYER, [0]),
        ([layer(OWN_LAYER), layer(GROUP_LAYER, "Allow")], "Allow", GROUP_LAYER, [0]),
    ],
)
def test_the_first_final_layer_decides(
    layers: list[clauses.Layer], effect: str, policy_type: str, positions: list[int]
) -> None:
    decision = entries.decide(layers, {})
    assert (decision["effect"], decision["policy_type"]) == (effect, policy_type)
    assert decision["allow"] is (effect == "Allow")
    assert decision["statements"] == [{"policy": "p", "index": index} for index in positions]


def test_a_statement_that_two_policies_of_one_name_have_is_shown_once() -> None:
    both = clauses.Layer(OWN_LAYER, [clauses.Statement("Allow", "p", 0, ())] * 2)
    assert entries.decide([both], {})["statements"] == [{"policy": "p", "index": 0}]


def test_an_entry_omits_the_outcomes_that_the_general_rule_decides() -> None:
    compiled = entries.entry([layer(OWN_LAYER, "Allow")], [ANY], 5)
    assert compiled["tests"] == [["a", "resource", ("acs:ecs:*",)]]
    assert effects(compiled) == {"": "Allow"}


def test_an_entry_has_a_limited_number_of_tests_and_patterns() -> None:
    with pytest.raises(clauses.NoTableError):
        entries.entry([layer(OWN_LAYER)], [ANY], 0)
    many = clauses.Test("resource", tuple(map(str, range(entries.MOST_PATTERNS + 1))))
    with pytest.raises(clauses.NoTableError):
        entries.entry([layer(OWN_LAYER)], [many], 5)


def test_each_combination_of_results_is_an_outcome() -> None:
    assert dict(entries.outcomes(["x", "y"])) == {
        "": {"x": False, "y": False},
        "b": {"x": False, "y": True},
        "a": {"x": True, "y": False},
        "ab": {"x": True, "y": True},
    }
    assert list(entries.outcomes([])) == [("", {})]


def test_the_three_forms_have_their_fields() -> None:
    decisions = {"": "no", "a": "yes"}
    results = {"true": "yes", "false": "no"}
    assert entries.by_resource("x*", decisions) == {"resource": "x*", **results}
    assert entries.by_key("k", "x*", decisions) == {"key": "k", "value": "x*", **results}
    assert entries.by_tests([ANY], decisions) == {
        "tests": [["a", "resource", ("acs:ecs:*",)]],
        "outcomes": decisions,
    }


def test_an_entry_without_tests_has_one_decision(tmp_path: Path) -> None:
    entry = line(tables_of_alice(tmp_path, {"Action": "ecs:Start"}), "ecs:start")
    assert entry == {
        "resource": "**",
        "true": {
            "allow": True,
            "effect": "Allow",
            "reason": "statement_allows",
            "policy_type": "AccountLevelIdentityBasedPolicy",
            "statements": [{"policy": "own", "index": 0}],
        },
    }


def test_the_patterns_of_the_resource_are_one_test(tmp_path: Path) -> None:
    resources = [f"{TOPIC}/[a]", f"{TOPIC}/b*", f"{TOPIC}/?c"]
    entry = line(
        tables_of_alice(
            tmp_path,
            {"Action": "alikafka:Send"},
            {"Action": "alikafka:*", "Effect": "Deny", "Resource": resources},
        ),
        "alikafka:send",
    )
    topic = TOPIC.replace(":cn:", ":{cn,,[*]}:")
    patterns = (f"{topic}/[\x00-\U0010ffff]c", f"{topic}/\\[a\\]", f"{topic}/b**")
    assert entry["tests"] == [["a", "resource", patterns]]
    assert effects(entry) == {"": "Allow", "a": "ExplicitDeny"}


def test_one_pattern_of_the_resource_has_a_form_of_its_own(tmp_path: Path) -> None:
    entry = line(
        tables_of_alice(tmp_path, {"Action": "alikafka:Send", "Resource": f"{TOPIC}/b*"}),
        "alikafka:send",
    )
    assert entry.keys() == {"resource", "true", "false"}
    assert entry["resource"] == f"{TOPIC}/b**"
    assert effects(entry) == {"": "ImplicitDeny", "a": "Allow"}


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"acs:ResourceGroupId": "rg-1"}},
        {"StringLike": {"acs:Service": "**"}},
        {"StringEquals": {"acs:Service": ["x", "y"]}},
    ],
)
def test_all_other_tests_have_the_general_form(
    tmp_path: Path, condition: dict[str, object]
) -> None:
    whole = tables_of_alice(tmp_path, {"Action": "ecs:Start", "Condition": condition})
    assert line(whole, "ecs:start").keys() == {"tests", "outcomes"}
