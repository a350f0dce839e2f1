from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


@pytest.mark.parametrize(
    ("operator", "key", "value", "is_wrong"),
    [
        ("StringEquals", "acs:SourceIp", "10.0.0.0/8", True),
        ("StringLike", "acs:SourceIp", "10.*", True),
        ("StringEquals", "acs:SourceIp", "203.0.113.7", False),
        ("StringEquals", "acs:CurrentTime", "2026-01-01T00:00:00Z", True),
        ("NumericEquals", "acs:CurrentTime", "1", True),
        ("StringEquals", "acs:SecureTransport", "true", False),
        ("StringEquals", "acs:SecureTransport", "yes", True),
        ("Bool", "acs:SourceVpc", "true", True),
        ("DateLessThan", "acs:SourceIp", "2026-01-01T00:00:00Z", True),
        ("IpAddress", "acs:SourceIp", "10.0.0.0/8", False),
        ("NumericEquals", "acs:SourceVpc", "1", True),
        ("StringEquals", "acs:SourceVpc", "vpc-1", False),
        ("Bool", "ecs:Anything", "true", False),
        # the catalog states no type for this key
        ("NumericEquals", "alikafka:Acl", "1", False),
    ],
)
def test_an_operator_fits_the_type_of_the_key(
    operator: str, key: str, value: str, *, is_wrong: bool
) -> None:
    found = paths("OPERATOR_TYPE", allow("ecs:A", Condition={operator: {key: [value]}}))
    assert found == ([f"[0].Condition.{operator}.{key}"] if is_wrong else [])


def test_the_consequence_depends_on_the_operator_and_the_effect() -> None:
    texts = {"StringEquals": {"acs:SourceIp": "10.0.0.0/8"}}
    dates = {"DateLessThan": {"acs:SourceIp": "2026-01-01T00:00:00Z"}}
    [compares] = remarks("OPERATOR_TYPE", deny("ecs:A", Condition=texts))
    [allows] = remarks("OPERATOR_TYPE", allow("ecs:A", Condition=dates))
    [denies] = remarks("OPERATOR_TYPE", deny("ecs:A", Condition=dates))
    assert compares.message.endswith("compares their texts")
    assert allows.message.endswith("this statement never allows anything")
    assert denies.message.endswith("this statement denies whatever the value is")


@pytest.mark.parametrize(
    ("operator", "values", "is_over"),
    [
        ("DateLessThan", ["2026-11-30T23:59:59Z"], True),
        ("DateLessThanEquals", ["2019-01-01T00:00:00+08:00", "2020-01-01T00:00:00Z"], True),
        ("DateLessThan", ["2019-01-01T00:00:00Z", "2027-01-01T00:00:00Z"], False),
        ("DateLessThan", ["2026-12-01T00:00:00Z"], False),
        ("DateGreaterThan", ["2019-01-01T00:00:00Z"], False),
        ("DateLessThan", ["2019"], False),
        ("DateLessThan", [], False),
    ],
)
def test_a_last_date_that_is_past_is_reported(
    operator: str, values: list[str], *, is_over: bool
) -> None:
    condition = {operator: {"acs:CurrentTime": values}}
    assert bool(paths("TEMPORARY_OVER", allow("ecs:A", Condition=condition))) == is_over
    assert bool(paths("TEMPORARY_OVER", deny("ecs:A", Condition=condition))) == is_over
    assert paths("TEMPORARY_OVER", allow("ecs:A", Condition={operator: {"x:y": values}})) == []


def test_the_effect_of_a_past_date_and_the_latest_one_are_named() -> None:
    condition = {
        "DateLessThan": {"acs:CurrentTime": ["2020-01-01T00:00:00Z", "2019-01-01T00:00:00Z"]}
    }
    [allows] = remarks("TEMPORARY_OVER", allow("ecs:A", Condition=condition))
    [denies] = remarks("TEMPORARY_OVER", deny("ecs:A", Condition=condition))
    assert allows.message.startswith("this statement allows nothing any more")
    assert denies.message.startswith("this statement denies nothing any more")
    assert allows.message.endswith("2020-01-01T00:00:00Z")


def test_an_empty_condition_is_reported() -> None:
    assert paths("EMPTY_CONDITION", allow("ecs:A", Condition={})) == ["[0].Condition"]
    assert paths("EMPTY_CONDITION", allow("ecs:A")) == []
