"""The statements of a document that apply to an action, or to the actions of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from decision_tables import policy
from ramgate.language.translation import translate
from ramgate.tables.actions import Always, If, indexes_about, indexes_by_service

if TYPE_CHECKING:
    from collections.abc import Mapping


def translated(*statements: Mapping[str, object]) -> dict[str, Any]:
    """Return the translated policy of these statements."""
    return translate(policy(*statements))


DOCUMENT = translated(
    {"Action": "ecs:Start"},
    {"Action": ["ecs:St*", "oss:Get?"]},
    {"Action": "*:Describe*"},
    {"NotAction": ["ecs:*", "oss:Put*"], "Effect": "Deny"},
    {"Action": "*"},
)


@pytest.mark.parametrize(
    ("action", "indexes"),
    [
        ("ecs:start", (0, 1, 4)),
        ("ecs:stop", (1, 4)),
        ("ecs:describe", (2, 4)),
        ("oss:get1", (1, 3, 4)),
        ("oss:get", (3, 4)),
        ("oss:putobject", (4,)),
        ("vpc:describeall", (2, 3, 4)),
    ],
)
def test_the_statements_about_an_action(action: str, indexes: tuple[int, ...]) -> None:
    assert indexes_about(DOCUMENT, action) == indexes


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (
            "ecs",
            {
                1: If(("ecs:st*",), expected=True),
                2: If(("*:describe*",), expected=True),
                4: Always(),
            },
        ),
        (
            "oss",
            {
                1: If(("oss:get?",), expected=True),
                2: If(("*:describe*",), expected=True),
                3: If(("oss:put*",), expected=False),
                4: Always(),
            },
        ),
        (
            None,
            {
                2: If(("*:describe*",), expected=True),
                3: If(("ecs:*", "oss:put*"), expected=False),
                4: Always(),
            },
        ),
    ],
)
def test_the_statements_that_may_apply_to_a_service(
    service: str | None, expected: dict[int, Always | If]
) -> None:
    assert indexes_by_service(DOCUMENT, service) == expected


def test_a_pattern_of_other_services_never_applies() -> None:
    assert indexes_by_service(translated({"Action": "v*:Get*"}), "ecs") == {}


def test_not_action_of_another_service_always_applies() -> None:
    document = translated({"NotAction": "ecs:*"})
    assert indexes_by_service(document, "oss") == {0: Always()}
    assert indexes_by_service(document, "ecs") == {}


def test_a_statement_applies_always_or_by_its_patterns() -> None:
    results: dict[tuple[str, ...], bool] = {("ecs:st*",): True}
    assert Always().holds(results)
    assert If(("ecs:st*",), expected=True).holds(results)
    assert not If(("ecs:st*",), expected=False).holds(results)
