from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy_documents import (
    ALLOW,
    advice,
    conditions,
    errors,
    faults,
    only,
    policy,
    statement,
    statement_faults,
)
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping


QUANTIFIERS = {"": None, "ForAllValues:": "every", "ForAnyValue:": "some"}


def test_an_empty_condition_is_left_out() -> None:
    assert only(Condition={}) == only()
    assert "conditions" not in only(Condition={})


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ([], ["must be an object, not a list @ $.Statement[0].Condition"]),
        ("x", ["must be an object, not `x` @ $.Statement[0].Condition"]),
        (
            {"StringEquals": {}},
            [
                (
                    "must be an object of condition keys, not an empty one"
                    " @ $.Statement[0].Condition.StringEquals"
                )
            ],
        ),
        (
            {"StringEquals": ["k"]},
            [
                (
                    "must be an object of condition keys, not a list"
                    " @ $.Statement[0].Condition.StringEquals"
                )
            ],
        ),
        (
            {"StringEquals": {"k": []}},
            ["must not be an empty list @ $.Statement[0].Condition.StringEquals.k"],
        ),
        (
            {"StringEquals": {"": "a"}},
            [
                (
                    "a condition key must be a non-empty string, not an empty string"
                    " @ $.Statement[0].Condition.StringEquals."
                )
            ],
        ),
        (
            {"StringEquals": {5: "a"}},
            [
                (
                    "a condition key must be a non-empty string, not `5` without quotes"
                    " @ $.Statement[0].Condition.StringEquals.5"
                )
            ],
        ),
        (
            {"StringEquals": {"k": {"a": "b"}}},
            ["must be a string, not an object @ $.Statement[0].Condition.StringEquals.k"],
        ),
    ],
)
def test_a_condition_without_content_is_refused(condition: object, found: list[str]) -> None:
    assert statement_faults(Condition=condition) == found


def test_a_condition_that_is_null_is_refused() -> None:
    assert faults(policy({**ALLOW, "Condition": None})) == [
        "must be an object, not `null` without quotes @ $.Statement[0].Condition"
    ]


VALUES: Mapping[str, tuple[str, object]] = {
    "String": ("a[*?", "a[*?"),
    "Numeric": ("10", [1, 2, "1"]),
    "Date": ("1970-01-01T00:00:01Z", 1_000_000_000),
    "Bool": ("True", True),
    "IpAddress": ("10.0.0.1", "10.0.0.1/32"),
    "NotIpAddress": ("10.0.0.1", "10.0.0.1/32"),
}


@pytest.mark.parametrize("name", sorted(OPERATORS))
@pytest.mark.parametrize("prefix", sorted(QUANTIFIERS))
def test_an_operator_is_a_comparison_a_negation_and_a_quantifier(name: str, prefix: str) -> None:
    text, value = next(pair for start, pair in VALUES.items() if name.startswith(start))
    is_negated = "Not" in name
    value = r"a\[*?" if name.endswith("Like") else value
    assert conditions({prefix + name: {"acs:ResourceTag/opc:managed": text}}) == [
        {
            "operator": name.replace("Not", "").removesuffix("IncludeBorder"),
            "negated": is_negated,
            "quantifier": QUANTIFIERS[prefix] or ("every" if is_negated else "some"),
            "key": "acs:ResourceTag/opc:managed",
            "values": [value],
        }
    ]


@pytest.mark.parametrize(
    "name",
    [
        "Null",
        "StringEqualsIfExists",
        "BoolIfExists",
        "ArnEquals",
        "ArnLike",
        "BinaryEquals",
        "stringequals",
        "STRINGEQUALS",
        "StringEqualz",
        "",
        ":",
        ":StringEquals",
        "StringEquals:",
        "forAllValues:StringEquals",
        "ForAllValues",
        "ForAllValues:",
        "ForAllValues:Null",
        "ForAllValues:ForAnyValue:StringEquals",
        "ForAllValues::StringEquals",
        "NumericLike",
        " StringEquals",
        "StringEquals\n",
        "IpAddressEquals",
        "NotBool",
        "ForSomeValue:Bool",
    ],
)
def test_an_unknown_operator_is_refused(name: str) -> None:
    shown = f"`{repr(name)[1:-1]}`" if name else "an empty string"
    for effect in ("Allow", "Deny"):
        assert statement_faults(Effect=effect, Condition={name: {"k": "true"}}) == [
            f"unknown operator {shown} @ $.Statement[0].Condition"
        ]


def test_an_operator_that_is_not_a_string_is_refused() -> None:
    assert statement_faults(Condition={5: {"k": "true"}}) == [
        "unknown operator `5` without quotes @ $.Statement[0].Condition"
    ]


def test_a_quantifier_is_advised_against() -> None:
    assert advice(policy(statement(Condition={"ForAnyValue:Bool": {"k": "true"}}))) == [
        (
            "RAM's pages do not list `ForAnyValue`, but RAM's own policies use it"
            " @ $.Statement[0].Condition.ForAnyValue:Bool"
        )
    ]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("StringEquals", "StringLike"),
        ("StringNotEquals", "StringNotLike"),
        ("StringEqualsIgnoreCase", "StringLike"),
        ("StringNotEqualsIgnoreCase", "StringNotLike"),
    ],
)
def test_a_star_under_equals_is_literal_and_advised_against(name: str, meant: str) -> None:
    condition = {name: {"k": ["a*", "b"]}}
    assert conditions(condition)[0]["values"] == ["a*", "b"]
    assert advice(policy(statement(Condition=condition))) == [
        (
            f"`*` is an ordinary character under `{name}`: did you mean `{meant}`?"
            f" @ $.Statement[0].Condition.{name}.k[0]"
        )
    ]
    assert advice(policy(statement(Condition={"StringLike": {"k": "a*"}}))) == []


@pytest.mark.parametrize(
    ("key", "spelled"),
    [
        ("acs:sourceip", "acs:SourceIp"),
        ("ACS:SourceIp", "acs:SourceIp"),
        ("acs:PrincipalArn", "acs:PrincipalARN"),
        ("ram:Servicename", "ram:ServiceName"),
        ("OIDC:aud", "oidc:aud"),
        ("acs:SourceİP", "acs:SourceIp"),
        ("ali\u212aafka:Acl", "alikafka:Acl"),
        ("acs:resourceTag/Env", "acs:ResourceTag/Env"),
        ("KMS:tag/x", "kms:tag/x"),
    ],
)
def test_a_known_key_in_another_case_is_refused(key: str, spelled: str) -> None:
    assert statement_faults(Effect="Deny", Condition={"StringEquals": {key: "a"}}) == [
        f"the condition key is spelled `{spelled}` @ $.Statement[0].Condition.StringEquals.{key}"
    ]


@pytest.mark.parametrize(
    "key",
    [
        "acs:RequestTag/A",
        "acs:ResourceTag/opc:a/b",
        "acs:resourcetag",
        "acs:sourceip/a",
        "anything",
        "acs:SourceIpp",
        "${acs:SourceIp}",
    ],
)
def test_other_keys_are_free_text(key: str) -> None:
    assert conditions({"StringEquals": {key: "a"}})[0]["key"] == key


@pytest.mark.parametrize(
    ("effect", "operator", "consequence"),
    [
        ("Allow", "StringEquals", "never"),
        ("Allow", "StringNotEquals", "never"),
        ("Deny", "StringEquals", "never"),
        ("Deny", "StringNotLike", "always"),
        ("Deny", "ForAllValues:StringEquals", "always"),
    ],
)
def test_a_key_that_no_request_carries_is_an_error(
    effect: str, operator: str, consequence: str
) -> None:
    [(code, message)] = errors(Effect=effect, Condition={operator: {"Resource": "a"}})
    assert code == "INVALID_CONDITION_KEY"
    assert message == (
        "`Resource` is not a condition key, which is `<ram-code>:<name>` without white space, "
        f"so no request carries it and the condition is {consequence} met"
    )


def test_the_error_of_a_key_with_white_space_names_the_key_that_is_meant() -> None:
    [(code, message)] = errors(Condition={"Bool": {"acs:mfaPresent ": "true"}})
    assert code == "INVALID_CONDITION_KEY"
    assert message.endswith("never met: did you mean `acs:MFAPresent`?")


@pytest.mark.parametrize("key", ["a:b", "acs:ResourceTag/a b", "kms:tag/acs:x y"])
def test_white_space_in_the_key_of_a_tag_is_no_error(key: str) -> None:
    assert errors(Condition={"StringEquals": {key: "a"}}) == []


@pytest.mark.parametrize(
    ("values", "end"),
    [
        (["true", "False"], ": this lists both, so every value matches"),
        (["true", "TRUE"], ""),
    ],
)
def test_several_values_of_bool_are_an_error(values: list[str], end: str) -> None:
    assert errors(Condition={"Bool": {"acs:SecureTransport": values}}) == [
        ("MULTIPLE_BOOLEAN", f"`Bool` compares with one value, `true` or `false`{end}")
    ]
    assert errors(Condition={"Bool": {"acs:SecureTransport": values[:1]}}) == []
