from __future__ import annotations

import pytest

from policy_documents import (
    advice,
    only,
    policy,
    statement,
    statement_faults,
)

# 1.8, 3.1, 3.3


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
        ("?", {"resource_patterns": ["?"]}),
        ("?*", {"resource_patterns": ["?*"]}),
        ("*b", {"resource_patterns": ["*b"]}),
        ("acs:oss:*:*:b", {"resource_patterns": ["acs:oss:*:*:b"]}),
        (
            "acs:oss:*:*:{a,b}[!c]\\d",
            {"resource_patterns": ["acs:oss:*:*:\\{a,b\\}\\[!c\\]\\\\d"]},
        ),
    ],
)
def test_resources_are_sorted_by_how_they_are_matched(
    resource: object, parts: dict[str, object]
) -> None:
    assert only(Resource=resource) == {"effect": "Allow", **parts}
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


def test_a_pattern_that_can_match_nothing_is_advised_against() -> None:
    document = policy(statement(Resource=["bucket/*", "ACS:*", "acs:*", "*b", "?cs:*"]))
    assert advice(document) == [
        (
            "`bucket/*` matches nothing: a resource begins with `acs:` or a wildcard"
            " @ $.Statement[0].Resource[0]"
        ),
        (
            "`ACS:*` matches nothing: a resource begins with `acs:` or a wildcard"
            " @ $.Statement[0].Resource[1]"
        ),
    ]
