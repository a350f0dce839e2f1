"""Statements become clauses, with the rules of conditions on strings (4.2 to 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from decision_tables import effects, line, patterns_of, tables_of_alice
from ramgate.tables import clauses

if TYPE_CHECKING:
    from pathlib import Path


T, F = "[tT][rR][uU][eE]", "[fF][aA][lL][sS][eE]"
CONDITIONS: dict[str, tuple[object, list[tuple[str, ...]], dict[str, str]]] = {
    "Allow StringEquals": (["x", "[y"], [("\\[y", "x")], {"": "no", "a": "yes"}),
    "Allow StringLike": ("x*", [("x**",)], {"": "no", "a": "yes"}),
    "Allow StringEqualsIgnoreCase": ("ki-", [("[kK\u212a][iI\u0130]-",)], {"": "no", "a": "yes"}),
    "Allow StringNotEquals": (
        "x",
        [("x",), ("**",)],
        {"": "no", "a": "no", "b": "yes", "ab": "no"},
    ),
    "Allow Bool": ("true", [(T,)], {"": "no", "a": "yes"}),
    "Allow ForAllValues:StringEquals": ("x", [("x",)], {"": "no", "a": "yes"}),
    "Deny StringEquals": ("x", [("x",)], {"": "no", "a": "yes"}),
    "Deny StringNotEquals": ("x", [("x",)], {"": "yes", "a": "no"}),
    "Deny Bool": (
        "true",
        [(T,), (T, F), ("**",)],
        {"": "no", "c": "yes", "bc": "no", "abc": "yes"},
    ),
    "Deny ForAllValues:Bool": ("true", [(T,), (T, F)], {"": "yes", "b": "no", "ab": "yes"}),
    "Deny ForAllValues:StringEquals": ("x", [("x",), ("**",)], {"": "yes", "b": "no", "ab": "yes"}),
}


def compiled(effect: str, *, is_assuming: bool = False, **parts: object) -> clauses.Statement:
    """Return the compiled statement with these translated parts."""
    return clauses.compile_statement(
        "1234567890123456/own", 2, {"effect": effect, **parts}, is_assuming=is_assuming
    )


def test_a_statement_is_named_by_its_policy_and_position() -> None:
    statement = compiled("Allow", any_resource=True)
    assert statement == clauses.Statement("Allow", "own", 2, ())
    assert statement.matches({})


def test_resources_are_one_clause() -> None:
    statement = compiled(
        "Deny", resources=["a[b"], resource_prefixes=["c["], resource_patterns=["*d"]
    )
    test = clauses.Test("resource", ("a\\[b", "c\\[**", "*d"))
    assert statement.clauses == ((clauses.Expectation(test, holds=True),),)
    assert statement.matches({test: True})
    assert not statement.matches({test: False})


@pytest.mark.parametrize(
    ("effect", "pattern", "compared"),
    [
        # 3.5: the request may state a region `*`, which is an empty one
        ("Allow", "acs:oss::1:b", "acs:oss:{,[*]}:1:b"),
        ("Allow", "acs:oss:*:*:b**", "acs:oss:*:*:b**"),
        ("Allow", "acs:oss:c?:*:b", "acs:oss:c?:*:b"),
        ("Allow", "acs:oss:?:*:b", None),
        ("Allow", "acs:oss:*?**", None),
        ("Allow", "acs:oss:??:*:b", "acs:oss:??:*:b"),
        ("Allow", "?**", "?**"),
        ("Deny", "acs:oss:*:1:b::c", "acs:oss:*:1:b::c"),
        ("Deny", "acs:oss:*:1:[\x00-\U0010ffff]", "acs:oss:*:1:[\x00-\U0010ffff]"),
        ("Deny", "acs:oss:**:**:b", "acs:oss:**:**:b"),
        ("Deny", "acs:oss:**::b", None),
        ("Deny", "acs:oss:**:**:[\x00-\U0010ffff]", None),
        ("Deny", "acs:oss:[\x00-\U0010ffff]:1:b", None),
        ("Deny", "**::", None),
    ],
)
def test_a_resource_is_compared_as_the_request_states_it(
    effect: str, pattern: str, compared: str | None
) -> None:
    if compared is None:
        with pytest.raises(clauses.NoTableError):
            compiled(effect, resource_patterns=[pattern])
    else:
        [[one]] = compiled(effect, resource_patterns=[pattern]).clauses
        assert one.test.patterns == (compared,)


def test_a_resource_in_fields_has_no_table() -> None:
    with pytest.raises(clauses.NoTableError):
        compiled("Deny", resource_fields=[["acs", "oss", "*a*", "*", "b"]])


def test_a_role_is_compared_without_case() -> None:
    [[one]] = compiled("Allow", is_assuming=True, resources=["acs:ram"]).clauses
    assert one.test.patterns == ("[aA][cC][sS]:[rR][aA][mM]",)


@pytest.mark.parametrize("resource", ["a*\\[", "\u00e4"])
def test_a_role_that_cannot_be_compared_without_case_has_no_table(resource: str) -> None:
    with pytest.raises(clauses.NoTableError):
        compiled("Allow", is_assuming=True, resource_patterns=[resource])


def test_each_clause_must_be_satisfied() -> None:
    condition = {
        "key": "acs:Service",
        "operator": "StringEquals",
        "negated": True,
        "quantifier": "some",
        "values": ["x"],
    }
    statement = compiled("Allow", any_resource=True, conditions=[condition])
    equal, present = (clause[0].test for clause in statement.clauses)
    assert statement.matches({equal: False, present: True})
    assert not statement.matches({equal: False, present: False})
    assert not statement.matches({equal: True, present: True})


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_on_a_string_is_a_test(tmp_path: Path, kind: str) -> None:
    values, patterns, expected = CONDITIONS[kind]
    effect, operator = kind.split(" ")
    condition = {operator: {"acs:Service": values}}
    asked = {"Action": "ecs:Start", "Effect": effect, "Condition": condition}
    entry = line(tables_of_alice(tmp_path, asked), "ecs:start")
    assert patterns_of(entry) == [(("context", "acs:Service"), one) for one in patterns]
    matches = {"Allow": "yes", "ExplicitDeny": "yes", "ImplicitDeny": "no"}
    found = {held: matches[effect] for held, effect in effects(entry).items()}
    assert {held: found[held] for held in expected} == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericEquals": {"acs:Size": "1"}},
        {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
        {"StringEquals": {"k" * 257: "x"}},
        {"StringEquals": {"acs:CurrentTime": "x"}},
        {"StringEquals": {"acs:PrincipalARN": "x"}},
        {"StringEquals": {"acs:Service": "x*"}},
        {"StringEquals": {"acs:Service": ""}},
        {"StringEqualsIgnoreCase": {"acs:Service": "x?"}},
        {"StringEqualsIgnoreCase": {"acs:Service": "ä"}},
        {"StringEquals": {f"acs:ResourceTag/{number}": "x" for number in range(6)}},
        {"StringEquals": {"acs:Service": [f"{number}" for number in range(41)]}},
    ],
)
def test_the_general_rule_decides_on_conditions_that_no_table_expresses(
    tmp_path: Path, condition: dict[str, object]
) -> None:
    whole = tables_of_alice(tmp_path, {"Action": ["ecs:Start", "ecs:Stop"], "Condition": condition})
    assert line(whole, "ecs:start") is None
    assert line(whole, "ecs:stop") is None
