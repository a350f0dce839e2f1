from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths
from policy_documents import statement


@pytest.mark.parametrize(
    ("effect", "condition", "is_reported"),
    [
        ("Deny", {"Bool": {"acs:MFAPresent": "false"}}, True),
        ("Deny", {"Bool": {"acs:MFAPresent": ["False"]}}, True),
        ("Deny", {"StringEquals": {"acs:MFAPresent": "false"}}, True),
        ("Deny", {"StringNotEquals": {"acs:MFAPresent": "false"}}, False),
        ("Deny", {"ForAnyValue:Bool": {"acs:MFAPresent": "false"}}, True),
        ("Deny", {"ForAllValues:Bool": {"acs:MFAPresent": "false"}}, False),
        ("Deny", {"Bool": {"acs:MFAPresent": "true"}}, False),
        ("Deny", {"Bool": {"acs:SecureTransport": "false"}}, False),
        ("Allow", {"Bool": {"acs:MFAPresent": "false"}}, False),
    ],
)
def test_a_deny_without_mfa_does_not_reach_access_keys(
    effect: str, condition: dict[str, dict[str, object]], *, is_reported: bool
) -> None:
    given = statement(Action="ram:*", Effect=effect, Condition=condition)
    [operator] = condition
    expected = [f"[0].Condition.{operator}.acs:MFAPresent"] if is_reported else []
    assert paths("DENY_NEEDS_A_KEY", given) == expected


def test_a_deny_of_a_service_names_the_products_other_code() -> None:
    code = "DENY_MISSES_SERVICE"
    audit = allow(["*:Describe*", "*:Query*"])
    assert paths(code, audit, deny(["efc:*", "bss:*"])) == ["[1].Action[1]"]
    assert paths(code, deny("BSS:*")) == ["[0].Action"]
    assert paths(code, deny("bssapi:*"), allow("*")) == ["[0].Action"]
    rest = {"NotAction": ["ram:*"]}
    assert paths(code, deny("bss:*"), allow(None, **rest)) == ["[0].Action"]


@pytest.mark.parametrize(
    "statements",
    [
        (allow("*"), deny(["bss:*", "bssapi:*"])),
        (allow("*"), deny("bss:*"), deny("bss*:*")),
        (allow("*"), deny("bss:Query*")),
        (allow("ecs:*"), deny("bss:*")),
        (allow(None, NotAction=["bssapi:*"]), deny("bss:*")),
        (allow("*"), deny("ecs:*")),
        (allow("bss:*"),),
    ],
)
def test_no_other_code_is_missing(statements: tuple[dict[str, object], ...]) -> None:
    assert paths("DENY_MISSES_SERVICE", *statements) == []
