from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acs:oss:*:*:<bucket>/*", "`<bucket>`"),
        ("acs:oss:*:*:${var.bucket}/*", "`${var.bucket}`"),
        ("acs:oss:*:*:{{ bucket }}/*", "`{{ bucket }}`"),
        ("acs:ecs:*:*:instance/{#instanceId}", "`{#instanceId}`"),
        ("acs:oss:*:%s:bucket", "`%s`"),
        ("acs:oss:*:<account>:bucket", "`<account>`"),
        ("acs:oss:*:*:a{1,2}", ""),
        ("acs:oss:*:*:bucket", ""),
    ],
)
def test_text_of_a_template_is_reported(text: str, found: str) -> None:
    said = remarks("PLACEHOLDER", allow("oss:GetObject", [text]))
    assert [one.message.split(" is text")[0] for one in said] == ([found] if found else [])


def test_templates_are_found_in_actions_and_values_too() -> None:
    code = "PLACEHOLDER"
    assert paths(code, allow("ecs:<Action>")) == ["[0].Action"]
    assert paths(code, deny(None, NotAction=["<service>:*"])) == ["[0].NotAction[0]"]
    values = {"StringEquals": {"acs:SourceVpc": ["vpc-1", "${var.vpc}"]}}
    where = ["[0].Condition.StringEquals.acs:SourceVpc[1]"]
    assert paths(code, allow("ecs:A", Condition=values)) == where
    [allows] = remarks(code, allow("<a>:B"))
    [denies] = remarks(code, deny("<a>:B"))
    assert allows.message.endswith("so this matches nothing that exists")
    assert denies.message.endswith("so this denies nothing that exists")


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ("123456789012", "has 12 digits, not 16: this matches no resource"),
        ("your-account", "is not the number of an account: this matches no resource"),
        (
            "123456789012****",
            "is masked: its stars are wildcards, and other accounts match them too",
        ),
        ("1234567890123456", ""),
        ("*", ""),
        ("", ""),
        ("123?", ""),
        ("system", ""),
    ],
)
def test_an_account_has_16_digits(account: str, reason: str) -> None:
    said = remarks("PLACEHOLDER", allow("ecs:A", f"acs:ecs:*:{account}:instance/*"))
    assert [one.message for one in said] == (
        [f"the account `{account}` {reason}"] if reason else []
    )


def test_a_short_resource_has_no_account() -> None:
    assert paths("PLACEHOLDER", allow("odps:A", "acs:odps:*:projects/p*")) == []


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("acs:ram:*:*:role/AppRole", "write `role/approle`"),
        ("acs:ram::1234567890123456:role/App-*", "write `role/app-*`"),
        ("acs:ram:*:*:role/app", ""),
        ("acs:ram:*:*:user/Alice", ""),
        ("acs:ecs:*:*:role/AppRole", ""),
        ("acs:ram:*:*:role/<RoleName>", ""),
        ("acs:ram:role/AppRole", ""),
    ],
)
def test_roles_are_written_in_lower_case(resource: str, expected: str) -> None:
    said = remarks("ROLE_NAME_CASE", allow("sts:AssumeRole", resource))
    assert [one.suggestion for one in said] == ([expected] if expected else [])
