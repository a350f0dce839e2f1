"""Statements become clauses, with the rules of conditions on strings (4.2 to 4.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from decision_tables import checks_of, effects, line, tables_of_alice
from ramgate.tables import clauses, entries, holdings

if TYPE_CHECKING:
    from pathlib import Path


T, F = "[tT][rR][uU][eE]", "[fF][aA][lL][sS][eE]"
ANY = ".*"
CONDITIONS: dict[str, tuple[object, list[str], dict[str, str]]] = {
    "Allow StringEquals": (["x", "[y"], [r"\[y|x"], {"0": "no", "1": "yes"}),
    "Allow StringLike": ("x*", ["x.*"], {"0": "no", "1": "yes"}),
    "Allow StringEqualsIgnoreCase": ("ki-", ["[kK\u212a][iI\u0130]-"], {"0": "no", "1": "yes"}),
    "Allow StringNotEquals": (
        "x*",
        [r"x\*", ANY],
        {"00": "no", "10": "no", "01": "yes", "11": "no"},
    ),
    "Allow Bool": ("true", [T], {"0": "no", "1": "yes"}),
    "Allow ForAllValues:StringEquals": ("x", ["x"], {"0": "no", "1": "yes"}),
    "Deny StringEquals": ("", [""], {"0": "no", "1": "yes"}),
    "Deny StringNotEquals": ("x", ["x"], {"0": "yes", "1": "no"}),
    "Deny Bool": (
        "true",
        [T, f"{T}|{F}", ANY],
        {"000": "no", "001": "yes", "011": "no", "111": "yes"},
    ),
    "Deny ForAllValues:Bool": ("true", [T, f"{T}|{F}"], {"00": "yes", "01": "no", "11": "yes"}),
    "Deny ForAllValues:StringEquals": ("x", ["x", ANY], {"00": "yes", "01": "no", "11": "yes"}),
}


def compiled(effect: str, *, is_assuming: bool = False, **parts: object) -> clauses.Statement:
    """Return the compiled statement with these translated parts."""
    return clauses.compile_statement(
        "1234567890123456/own", 2, {"effect": effect, **parts}, is_assuming=is_assuming
    )


def test_a_statement_is_named_by_its_policy_and_position() -> None:
    statement = compiled("Allow", any_resource=True)
    assert statement == clauses.Statement("Allow", "own", 2, ())


def test_resources_are_one_clause() -> None:
    statement = compiled(
        "Deny", resources=["a[b"], resource_prefixes=["c["], resource_patterns=["*d"]
    )
    test = clauses.Test("resource", ("a\\[b", "c\\[**", "*d"))
    assert statement.clauses == ((clauses.Expectation(test, holds=True),),)
    found = entries.entry([clauses.Layer(holdings.OWN, [statement])], [], 5).stored
    assert effects(found) == {"0": "ImplicitDeny", "1": "ExplicitDeny"}


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
        assert one.test.listed == (compared,)


def test_a_resource_in_fields_has_no_table() -> None:
    with pytest.raises(clauses.NoTableError):
        compiled("Deny", resource_fields=[["acs", "oss", "*a*", "*", "b"]])


def test_a_role_is_compared_without_case() -> None:
    [[one]] = compiled("Allow", is_assuming=True, resources=["acs:ram"]).clauses
    assert one.test.listed == ("[aA][cC][sS]:[rR][aA][mM]",)


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
    assert (equal.listed, present.listed) == (("x",), (clauses.ANYTHING,))
    found = entries.entry([clauses.Layer(holdings.OWN, [statement])], [], 5).stored
    assert effects(found) == {
        "00": "ImplicitDeny",
        "01": "Allow",
        "10": "ImplicitDeny",
        "11": "ImplicitDeny",
    }


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_on_a_string_is_a_test(tmp_path: Path, kind: str) -> None:
    values, patterns, expected = CONDITIONS[kind]
    effect, operator = kind.split(" ")
    condition = {operator: {"acs:Service": values}}
    asked = {"Action": "ecs:Start", "Effect": effect, "Condition": condition}
    entry = line(tables_of_alice(tmp_path, asked), "ecs:start")
    path = ("context", "acs:Service")
    assert checks_of(entry) == [(path, f"(?s)^(?:{one})$") for one in patterns]
    matches = {"Allow": "yes", "ExplicitDeny": "yes", "ImplicitDeny": "no"}
    found = {held: matches[effect] for held, effect in effects(entry).items()}
    assert {held: found[held] for held in expected} == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericEquals": {"acs:Size": "1"}},
        {"StringEquals": {"k" * 257: "x"}},
        {"StringEquals": {"acs:CurrentTime": "x"}},
        {"StringEquals": {"acs:PrincipalARN": "x"}},
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


def holds(effect: str, condition: dict[str, object]) -> list[tuple[object, object, object, bool]]:
    """Return path, kind, listed values and wanted result of each expectation, clause by clause."""
    statement = compiled(effect, any_resource=True, conditions=[condition])
    return [
        (one.test.path[1], one.test.kind, one.test.listed, one.holds)
        for clause in statement.clauses
        for one in clause
    ]


def condition(operator: str, key: str, *values: object, **other: object) -> dict[str, object]:
    given = {"operator": operator, "key": key, "values": list(values)}
    return {"negated": False, "quantifier": "some", **given, **other}


@pytest.mark.parametrize(
    ("effect", "negated", "quantifier", "expected"),
    [
        ("Allow", False, "some", [True]),
        ("Allow", True, "every", [False, "readable"]),
        ("Deny", True, "every", [False]),
        ("Deny", False, "every", [True, "unreadable"]),
        ("Deny", False, "some", [True, "unreadable", "present"]),
    ],
)
def test_a_condition_on_an_address_is_a_test(
    effect: str, *, negated: bool, quantifier: str, expected: list[bool | str]
) -> None:
    key, anywhere = "acs:SourceIp", ("0.0.0.0/0", "::/0")
    named = {
        "readable": (key, "address", anywhere, True),
        "unreadable": (key, "address", anywhere, False),
        "present": (key, "pattern", (".*",), True),
    }
    asked = condition("IpAddress", key, "10.0.0.0/8", negated=negated, quantifier=quantifier)
    assert holds(effect, asked) == [
        named[one] if isinstance(one, str) else (key, "address", ("10.0.0.0/8",), one)
        for one in expected
    ]


FIRST, LAST = -(2**63), 2**63 - 1


@pytest.mark.parametrize(
    ("operator", "span"),
    [
        ("DateEquals", (5, 5)),
        ("DateLessThan", (FIRST, 4)),
        ("DateLessThanEquals", (FIRST, 5)),
        ("DateGreaterThan", (6, LAST)),
        ("DateGreaterThanEquals", (5, LAST)),
    ],
)
def test_a_condition_on_a_date_is_a_test_of_spans(operator: str, span: tuple[int, int]) -> None:
    assert holds("Allow", condition(operator, "acs:Until", 5)) == [
        ("acs:Until", "date", (span,), True)
    ]


def test_the_current_time_is_never_absent() -> None:
    asked = condition("DateLessThan", "acs:CurrentTime", 5)
    time = ("acs:CurrentTime", "time")
    assert holds("Allow", asked) == [(*time, ((FIRST, 4),), True)]
    assert holds("Deny", asked) == [(*time, ((FIRST, 4),), True), (*time, ((FIRST, LAST),), False)]


@pytest.mark.parametrize(
    ("operator", "negated", "quantifier", "takes"),
    [
        ("StringLike", False, "some", True),
        ("StringLike", True, "every", True),
        ("StringEquals", False, "every", False),
        ("StringEquals", True, "some", False),
        ("Bool", False, "some", False),
        ("IpAddress", False, "some", False),
    ],
)
def test_a_list_may_pass_by_one_element(
    operator: str, *, negated: bool, quantifier: str, takes: bool
) -> None:
    value = {"Bool": True, "IpAddress": "10.0.0.0/8"}.get(operator, "x")
    asked = condition(operator, "oss:Prefix", value, negated=negated, quantifier=quantifier)
    assert compiled("Deny", any_resource=True, conditions=[asked]).takes_lists is takes


@pytest.mark.parametrize(
    ("effect", "pattern", "needs"),
    [
        ("Allow", "acs:oss:*::b", True),
        ("Allow", "acs:oss:*:1:b", False),
        ("Allow", "acs:oss:*", False),
        ("Allow", "acs:oss:*:", False),
        ("Deny", "acs:oss:*::b", False),
    ],
)
def test_an_empty_account_in_an_allow_needs_the_general_rule(
    effect: str, pattern: str, *, needs: bool
) -> None:
    assert compiled(effect, resource_patterns=[pattern]).needs_account is needs
