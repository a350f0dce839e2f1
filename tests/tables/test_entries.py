"""The forms of an entry, its decisions, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from decision_tables import OWN, TOPIC, effects, line, tables_of_alice
from ramgate.language.resource_pattern import regex
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
    decision: Any = entries.entry(layers, [], 5).stored["true"]
    assert (decision["effect"], decision["policy_type"]) == (effect, policy_type)
    assert decision["allow"] is (effect == "Allow")
    assert decision["statements"] == [{"policy": "p", "index": index} for index in positions]


def test_a_statement_that_two_policies_of_one_name_have_is_shown_once() -> None:
    both = clauses.Layer(OWN_LAYER, [clauses.Statement("Allow", "p", 0, ())] * 2)
    decision: Any = entries.entry([both], [], 5).stored["true"]
    assert decision["statements"] == [{"policy": "p", "index": 0}]


def test_an_entry_omits_the_outcomes_that_the_general_rule_decides() -> None:
    compiled = entries.entry([layer(OWN_LAYER, "Allow")], [ANY], 5)
    assert compiled.stored["patterns"] == ["(?s)^(?:acs:ecs:[^:]*)$"]
    assert effects(compiled.stored) == {"0": "Allow"}
    assert compiled.keyed is None


def test_an_entry_has_a_limited_number_of_tests_and_patterns() -> None:
    with pytest.raises(clauses.NoTableError):
        entries.entry([layer(OWN_LAYER)], [ANY], 0)
    many = clauses.Test("resource", tuple(map(str, range(entries.MOST_PATTERNS + 1))))
    with pytest.raises(clauses.NoTableError):
        entries.entry([layer(OWN_LAYER)], [many], 5)


def test_each_combination_of_results_is_an_outcome() -> None:
    assert dict(entries.outcomes(["x", "y"])) == {
        "00": {"x": False, "y": False},
        "01": {"x": False, "y": True},
        "10": {"x": True, "y": False},
        "11": {"x": True, "y": True},
    }
    assert list(entries.outcomes([])) == [("", {})]


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
    assert entry["patterns"] == [entries.whole(map(regex, patterns))]
    assert effects(entry) == {"0": "Allow", "1": "ExplicitDeny"}


def test_one_pattern_of_the_resource_has_a_form_of_its_own(tmp_path: Path) -> None:
    entry = line(
        tables_of_alice(tmp_path, {"Action": "alikafka:Send", "Resource": f"{TOPIC}/b*"}),
        "alikafka:send",
    )
    assert entry.keys() == {"resource", "true", "false"}
    assert entry["resource"] == f"{TOPIC}/b**"
    assert effects(entry) == {"0": "ImplicitDeny", "1": "Allow"}


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


def keyed(whole: dict[str, Any], action: str) -> Any:  # noqa: ANN401 - an entry, or None
    """Return alice's entry for a context of the one key that it tests."""
    for part in ("keyed", "timed"):
        if name := whole[part].get(OWN, {}).get(action):
            found = whole["entries"][name]
            assert ("time" in found) == (part == "timed")
            return found
    return None


IN_VPC = {"StringEquals": {"acs:SourceVpc": ["vpc-1", "vpc-2"]}}
FROM = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
MFA = {"Bool": {"acs:MFAPresent": "true"}}
SOON = {"DateLessThan": {"acs:CurrentTime": "1970-01-01T00:00:00Z"}}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            {"Condition": IN_VPC},
            {
                "key": "acs:SourceVpc",
                "kind": "pattern",
                "listed": "(?s)^(?:vpc-1|vpc-2)$",
                "pattern": "(?s)^(?:vpc-1|vpc-2)$",
                "of_any_resource": "(?s)^(?:vpc-1|vpc-2)$",
                "resource": "**",
                "takes_lists": True,
            },
        ),
        (
            {"Condition": IN_VPC, "Resource": "acs:ecs:*:*:one"},
            {
                "key": "acs:SourceVpc",
                "kind": "pattern",
                "listed": "(?s)^(?:vpc-1|vpc-2)$",
                "pattern": "(?s)^(?:vpc-1|vpc-2)$",
                "resource": "acs:ecs:*:*:one",
                "takes_lists": True,
            },
        ),
        (
            {"Condition": FROM},
            {"key": "acs:SourceIp", "kind": "address", "listed": ("10.0.0.0/8",), "resource": "**"},
        ),
        (
            {"Condition": MFA | SOON},
            {
                "key": "acs:MFAPresent",
                "kind": "pattern",
                "listed": "(?s)^(?:[tT][rR][uU][eE])$",
                "resource": "**",
                "time": ((-(2**63), -1),),
            },
        ),
        ({"Condition": SOON}, None),
        # the second key has to be there
        ({"Condition": IN_VPC | {"StringLike": {"acs:Service": "*"}}}, None),
        ({"Condition": IN_VPC | FROM}, None),
        ({"Condition": {"StringEquals": {"acs:ResourceGroupId": "rg-1"}}}, None),
        ({"Condition": IN_VPC, "Resource": ["acs:ecs:*:*:one", "acs:ecs:*:*:two"]}, None),
        ({"Condition": IN_VPC, "Resource": "acs:ram:*"}, None),
        ({}, None),
    ],
)
def test_an_entry_that_tests_one_key_has_a_second_form(
    tmp_path: Path, statement: dict[str, object], expected: dict[str, object] | None
) -> None:
    found = keyed(tables_of_alice(tmp_path, {"Action": "ecs:Start", **statement}), "ecs:start")
    assert expected == (found and {name: found[name] for name in found if name != "outcomes"})


def test_the_outcomes_of_the_second_form_are_by_resource_then_by_key_then_by_time(
    tmp_path: Path,
) -> None:
    statement = {"Action": "ecs:Start", "Condition": MFA | SOON, "Resource": "acs:ecs:*:*:one"}
    found = keyed(tables_of_alice(tmp_path, statement), "ecs:start")["outcomes"]
    allowed = {
        (resource, key, time)
        for resource, of_resource in found.items()
        for key, of_key in of_resource.items()
        for time, decision in of_key.items()
        if decision["allow"]
    }
    assert allowed == {("1", "1", "1")}
    assert sum(len(of_key) for one in found.values() for of_key in one.values()) == 8


def test_in_the_second_form_the_key_is_there(tmp_path: Path) -> None:
    statement = {"Action": "ecs:Start", "Condition": {"StringNotEquals": {"acs:SourceVpc": "x"}}}
    whole = tables_of_alice(tmp_path, statement)
    assert len(line(whole, "ecs:start")["tests"]) == 2
    found = keyed(whole, "ecs:start")["outcomes"]["1"]
    assert {result: one["allow"] for result, one in found.items()} == {"0": True, "1": False}
