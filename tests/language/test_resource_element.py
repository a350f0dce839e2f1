from __future__ import annotations

import pytest

from policy_documents import (
    errors,
    only,
    statement_faults,
)

# 1.8, 3.1, 3.3


ANY = "[\x00-\U0010ffff]"


@pytest.mark.parametrize(
    ("resource", "parts"),
    [
        ("*", {"any_resource": True}),
        ("**", {"any_resource": True}),
        (["acs:oss:::b", "*"], {"any_resource": True}),
        ("acs:oss:::b", {"resources": ["acs:oss:::b"]}),
        ("acs:::: ${acs:x}\n", {"resources": ["acs:::: ${acs:x}\n"]}),
        ("acs:oss:::b/*", {"resource_prefixes": ["acs:oss:::b/"]}),
        ("acs:oss:::[b**", {"resource_prefixes": ["acs:oss:::[b"]}),
        ("acs:*", {"resource_prefixes": ["acs:"]}),
        ("acs:oss:*", {"resource_prefixes": ["acs:oss:"]}),
        ("?", {"resource_patterns": ["?"]}),
        ("?*", {"resource_patterns": ["?**"]}),
        ("*b", {"resource_patterns": ["*b"]}),
        ("*b**", {"resource_patterns": ["*b**"]}),
        ("acs:*:b", {"resource_patterns": ["acs:*:b"]}),
        ("acs:o*s:cn-*", {"resource_patterns": ["acs:o*s:cn-**"]}),
        ("acs:**:**:*:b", {"resource_patterns": ["acs:*:*:*:b"]}),
        ("acs:oss:*:*:b?:*", {"resource_patterns": [f"acs:oss:*:*:b{ANY}:**"]}),
        ("acs:oss:?:*:b", {"resource_patterns": ["acs:oss:?:*:b"]}),
        (
            "acs:oss:*:*:{a,b}[!c]\\d",
            {"resource_patterns": ["acs:oss:*:*:\\{a,b\\}\\[!c\\]\\\\d"]},
        ),
        (
            ["acs:oss:*a*:*:b", "acs:oss:*:*:b?"],
            {
                "resource_patterns": [f"acs:oss:*:*:b{ANY}"],
                "resource_fields": [["acs", "oss", "*a*", "*", "b"]],
            },
        ),
    ],
)
def test_an_allow_is_compared_by_fields(resource: object, parts: dict[str, object]) -> None:
    assert only(Resource=resource) == {"effect": "Allow", **parts}


@pytest.mark.parametrize(
    ("resource", "patterns"),
    [
        ("*", None),
        (["acs:oss:::b", "**"], None),
        # the whole text
        ("?", [ANY]),
        ("*b", ["**b"]),
        ("acs:*", ["acs:**"]),
        ("acs:oss:*", ["acs:oss:**"]),
        ("acs:*:b", ["acs:**:b"]),
        ("acs:oss:*:b", ["acs:oss:**:b"]),
        ("acs:oss:**:1*", ["acs:oss:**:1**"]),
        ("acs:oss:*:*:b?", [f"acs:oss:**:**:b{ANY}"]),
        ("acs:oss:*:1:[b", ["acs:oss:**:1:\\[b"]),
        # by fields, which includes the whole text
        ("acs:oss:cn:1:b", ["acs:oss:{cn,,[*]}:1:b"]),
        ("acs:oss:cn:1:b:?*", [f"acs:oss:{{cn,,[*]}}:1:b:{ANY}**"]),
        ("acs:oss::1:b", ["acs:oss:*:1:b"]),
        ("acs:oss:cn::b", ["acs:oss:{cn,,[*]}:*:b"]),
        ("acs:oss:::b", ["acs:oss:*:*:b"]),
        ("acs:oss:{a,b}:1:b", ["acs:oss:{\\{a\\,b\\},,[*]}:1:b"]),
        # both
        ("acs:oss:cn-*:1:b", ["acs:oss:cn-**:1:b", "acs:oss:{,[*]}:1:b"]),
        ("acs:oss:c?:1*:b", [f"acs:oss:c{ANY}:1**:b", "acs:oss:{,[*]}:1*:b"]),
        ("acs:oss:c*::b", ["acs:oss:c**::b", "acs:oss:{c*,,[*]}:*:b"]),
        ("acs:oss:*::b", ["acs:oss:**::b", "acs:oss:*:*:b"]),
        ("acs:*::1:b", ["acs:**::1:b", "acs:*:*:1:b"]),
        ("acs:oss:cn-*", ["acs:oss:cn-**", "acs:oss:{,[*]}:**"]),
        ("acs:oss::1*", ["acs:oss:*:1*:**", "acs:oss::1**"]),
    ],
)
def test_a_deny_is_compared_by_fields_and_as_a_whole(
    resource: object, patterns: list[str] | None
) -> None:
    parts = {"any_resource": True} if patterns is None else {"resource_patterns": patterns}
    assert only(Effect="Deny", Resource=resource) == {"effect": "Deny", **parts}


@pytest.mark.parametrize(
    "resource",
    [
        "bucket",
        "acs:oss:b",
        "acs:oss::b",
        "ACS:oss:::b",
        "arn:oss:::b",
        " acs:oss:::b",
        "\nacs:::: ",
        "acs",
        ":",
        "acs:oss::",
    ],
)
def test_a_resource_that_could_match_nothing_is_refused(resource: str) -> None:
    assert statement_faults(Resource=["*", resource]) == [
        (
            f"`{repr(resource)[1:-1]}` is not a valid resource: write `*` or "
            "`acs:<ram-code>:<region>:<account>:<relative-id>` @ $.Statement[0].Resource[1]"
        )
    ]


def test_a_deny_with_several_wildcards_in_a_field_is_compared_by_fields_and_as_a_whole() -> None:
    assert only(Effect="Deny", Resource="acs:oss:*a*::b") == {
        "effect": "Deny",
        "resource_patterns": ["acs:oss:**a**::b"],
        "resource_fields": [["acs", "oss", "{*a*,,[*]}", "*", "b"]],
    }


SYNTAX = "`acs:<ram-code>:<region>:<account>:<relative-id>`"
FOUR = f"has four of the five fields of a resource, {SYNTAX}"
TWO = f"has two of the five fields of a resource, {SYNTAX}"


@pytest.mark.parametrize(
    ("resource", "code", "message"),
    [
        (
            "bucket/*",
            "INVALID_ARN_PREFIX",
            "matches nothing: a resource begins with `acs:` or is `*`",
        ),
        (
            "ACS:oss:*:*:*",
            "INVALID_ARN_PREFIX",
            "matches nothing: a resource begins with `acs:` or is `*`",
        ),
        ("*:oss:*", "INVALID_ARN_PREFIX", f"does not begin with `acs:`: write `*` or {SYNTAX}"),
        ("?", "INVALID_ARN_PREFIX", f"does not begin with `acs:`: write `*` or {SYNTAX}"),
        (
            "acs:oss:*:b/*",
            "MISSING_ARN_FIELD",
            f"{FOUR}: `b/*` is compared with the account, and any relative id matches",
        ),
        (
            "acs:oss*",
            "MISSING_ARN_FIELD",
            f"{TWO}: `oss*` is compared with the service, and any relative id matches",
        ),
        (
            "acs:odps:*:projects/p",
            "MISSING_ARN_FIELD",
            f"{FOUR}: it matches no resource",
        ),
        (
            "acs::ram::*",
            "EMPTY_SERVICE",
            f"has an empty service, so it matches no resource of a service: write {SYNTAX}",
        ),
    ],
)
def test_a_resource_that_rams_check_calls_wrong_is_an_error(
    resource: str, code: str, message: str
) -> None:
    assert errors(Resource=["*", resource]) == [(code, f"`{resource}` {message}")]


def test_the_error_of_a_short_deny_tells_that_it_is_compared_as_a_whole() -> None:
    [(_, message)] = errors(Effect="Deny", Resource="acs:oss:*:b")
    assert message.endswith(": it is only compared with the resource as a whole")


@pytest.mark.parametrize("resource", ["*", "**", "acs:oss:*:*:b", "*:*:*:*:b", "?cs:oss:*:*:*"])
def test_a_resource_of_five_fields_or_a_star_is_no_error(resource: str) -> None:
    assert errors(Resource=resource) == []
