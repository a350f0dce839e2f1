from __future__ import annotations

import ipaddress

import pytest

from policy_documents import (
    conditions,
    statement_faults,
)
from ramgate.language.condition import OPERATORS, glob

# 4


def test_every_operator_of_the_reference_is_there_and_no_other() -> None:
    orders = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan")
    assert set(OPERATORS) == {
        *("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Bool"),
        *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        *(f"Numeric{order}" for order in (*orders, "GreaterThanEquals")),
        *(f"Date{order}" for order in (*orders, "GreaterThanEquals")),
        *("IpAddress", "NotIpAddress", "IpAddressIncludeBorder", "NotIpAddressIncludeBorder"),
    }


def test_only_stars_and_question_marks_are_live_in_a_glob() -> None:
    assert glob(r"a*?-!,.^b") == r"a*?-!,.^b"
    assert glob("[a]{b}\\") == r"\[a\]\{b\}" + "\\\\"


def values(operator: str, *texts: str) -> list[object]:
    found: list[object] = []
    for text in texts:
        found += conditions({operator: {"k": text}})[0]["values"]
    return found


def value_faults(operator: str, text: str) -> list[str]:
    return statement_faults(Condition={operator: {"k": [text]}})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", [0, 0, ""]),
        ("-0", [0, 0, ""]),
        ("0.000", [0, 0, ""]),
        ("1", [1, 1, "1"]),
        ("1000", [1, 4, "1"]),
        ("0.1", [1, 0, "1"]),
        ("0.10", [1, 0, "1"]),
        ("0.001", [1, -2, "1"]),
        ("-12.50", [-1, 2, "125"]),
        ("10.01", [1, 2, "1001"]),
        ("123456789012345678901234567891", [1, 30, "123456789012345678901234567891"]),
        ("9" * 5000, [1, 5000, "9" * 5000]),
    ],
)
def test_a_number_is_an_exact_decimal(text: str, value: object) -> None:
    assert values("NumericEquals", text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+1",
        "01",
        "00",
        "-",
        "1.",
        ".5",
        "1e3",
        "1E3",
        "0x1",
        "1_0",
        "1,0",
        " 1",
        "1 ",
        "1\n",
        "٣",
        "１",
        "--1",
        "1.2.3",
        "Infinity",
        "NaN",
        "one",
    ],
)
def test_an_invalid_number_is_refused(text: str) -> None:
    shown = f"`{repr(text)[1:-1]}`" if text else "an empty string"
    assert value_faults("NumericLessThan", text) == [
        (
            f"{shown} is not a valid value of `NumericLessThan`: write a decimal number such as "
            "`10` or `-0.5` @ $.Statement[0].Condition.NumericLessThan.k[0]"
        )
    ]


FIRST = -9_214_560_000_000_000_000


LAST = 9_214_646_399_999_999_999


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2026-03-11T00:00:00Z", 1_773_187_200_000_000_000),
        ("2026-03-11T08:00:00+08:00", 1_773_187_200_000_000_000),
        ("2026-03-10T20:30:00-03:30", 1_773_187_200_000_000_000),
        ("2026-03-11T23:59:00+23:59", 1_773_187_200_000_000_000),
        ("2026-03-11T00:00:00.1Z", 1_773_187_200_100_000_000),
        ("2026-03-11T00:00:00.000000001Z", 1_773_187_200_000_000_001),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
        ("1678-01-01T00:00:00Z", FIRST),
        ("1678-01-01T00:00:00+23:59", FIRST - 86_340 * 10**9),
        ("1677-12-31T23:59:59Z", FIRST),
        ("1677-12-31T23:59:59-23:59", FIRST),
        ("0001-01-01T00:00:00Z", FIRST),
        ("2261-12-31T23:59:59.999999999Z", LAST),
        ("2261-12-31T23:59:59.999999999-23:59", LAST + 86_340 * 10**9),
        ("2262-01-01T00:00:00Z", LAST),
        ("2262-01-01T00:00:00+23:59", LAST),
        ("9999-12-31T23:59:59Z", LAST),
    ],
)
def test_a_date_is_an_instant_in_nanoseconds(text: str, value: int) -> None:
    assert values("DateLessThan", text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-11",
        "2026-03-11T00:00Z",
        "2026-03-11T00:00:00",
        "2026-03-11 00:00:00Z",
        "2026-03-11t00:00:00Z",
        "2026-03-11T00:00:00z",
        "2026-03-11T00:00:00.Z",
        "2026-03-11T00:00:00,5Z",
        "2026-03-11T00:00:00.1234567890Z",
        "2026-03-11T00:00:60Z",
        "2026-03-11T24:00:00Z",
        "2026-03-11T00:60:00Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-03-11T00:00:00+24:00",
        "2026-03-11T00:00:00+08:60",
        "2026-03-11T00:00:00+0800",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-03-11T00:00:00Z\n",
        "２026-03-11T00:00:00Z",
        "now",
        "0000-12-31T23:59:59-23:59",
        "1600-02-30T00:00:00Z",
        "9999-12-31T23:59:60Z",
    ],
)
def test_an_invalid_date_is_refused(text: str) -> None:
    shown = f"`{repr(text)[1:-1]}`" if text else "an empty string"
    assert value_faults("DateEquals", text) == [
        (
            f"{shown} is not a valid value of `DateEquals`: "
            "write a date such as `2026-03-11T00:00:00Z`"
            " @ $.Statement[0].Condition.DateEquals.k[0]"
        )
    ]


def test_booleans_are_read_in_any_case() -> None:
    assert values("Bool", "true", "TRUE", "False", "fAlse") == [True, True, False, False]
    assert conditions({"Bool": {"k": ["true", "False"]}})[0]["values"] == [False, True]


@pytest.mark.parametrize("text", ["", "yes", "1", "true ", "true\n", "tru", "ｔrue"])
def test_an_invalid_boolean_is_refused(text: str) -> None:
    shown = f"`{repr(text)[1:-1]}`" if text else "an empty string"
    assert value_faults("Bool", text) == [
        (
            f"{shown} is not a valid value of `Bool`: write `true` or `false`"
            " @ $.Statement[0].Condition.Bool.k[0]"
        )
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.0.0.1", "10.0.0.1/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("10.0.0.1/32", "10.0.0.1/32"),
        ("1.2.3.4/0", "0.0.0.0/0"),
        ("2001:DB8:0::1", "2001:db8::1/128"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::/0", "::/0"),
        ("::ffff:10.0.0.1", "10.0.0.1/32"),
        ("0:0:0:0:0:FFFF:a00:1", "10.0.0.1/32"),
        ("::10.0.0.1", f"{ipaddress.ip_address('::a00:1')}/128"),
    ],
)
def test_an_address_is_a_block(text: str, value: str) -> None:
    assert values("IpAddress", text) == [value]
    assert values("NotIpAddressIncludeBorder", text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.0.0",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.1/33",
        "10.0.0.1/08",
        "10.0.0.1/",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/ 8",
        "10.0.0.0/8\n",
        "/8",
        "fe80::1%eth0",
        "fe80::1%eth0/64",
        "[::1]",
        "::1/129",
        "1:2:3:4:5:6:7",
        "1::2::3",
        "10.0.0.1:80",
        "::ffff:10.0.0.0/104",
        "::ffff:10.0.0.1/128",
        "0:0:0:0:0:ffff:a00:0/104",
        "localhost",
        "*",
        "10.0.0.*",
        "10.0.0.1-10.0.0.9",
        "167772161",
        "１0.0.0.1",
        "10.0.0.0/255",
        "10.0.0.0/0x8",
    ],
)
def test_an_invalid_address_is_refused(text: str) -> None:
    shown = f"`{repr(text)[1:-1]}`" if text else "an empty string"
    assert value_faults("IpAddress", text) == [
        (
            f"{shown} is not a valid value of `IpAddress`: write an IP address or block such as "
            "`192.168.0.1` or `10.0.0.0/8` @ $.Statement[0].Condition.IpAddress.k[0]"
        )
    ]


def test_a_string_value_is_any_string() -> None:
    assert values("StringEquals", "", "a\n", "é") == ["", "a\n", "é"]
    assert values("StringNotLike", "", "*[a]") == ["", r"*\[a\]"]
    assert value_faults("StringEquals", "\ud800") == [
        (
            "`\\ud800` contains a lone surrogate: UTF-8 cannot encode it"
            " @ $.Statement[0].Condition.StringEquals.k[0]"
        )
    ]
