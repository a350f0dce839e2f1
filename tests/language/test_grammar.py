from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.language import grammar

if TYPE_CHECKING:
    import re

ARN = "acs:ram::1234567890123456:"


@pytest.mark.parametrize(
    ("form", "valid", "invalid"),
    [
        (grammar.ACCOUNT, ["1234567890123456"], ["123456789012345", "1" * 17, "1" * 15 + "٣"]),
        (grammar.NAME, ["a", "A.b_c@d-1", "a" * 64], ["", "a" * 65, "a b", "a/b", "é"]),
        (grammar.POLICY_NAME, ["a-B-1", "a" * 128], ["", "a" * 129, "a_b", "a.b"]),
        (grammar.RESOURCE_GROUP, ["rg-acfm", "a" * 64], ["", "a" * 65, "a_b"]),
        (grammar.ACTION_PATTERN, ["*", "ecs:*", "e?s:List*"], ["ecs", "?", "a:b:c", "a:", "a:[b]"]),
        (
            grammar.RESOURCE,
            ["*", "acs:oss:*:*:b", "acs::::", "acs::::\n"],
            ["", "acs:oss:*:b", "a*"],
        ),
        (grammar.SERVICE_NAME, ["ecs.aliyuncs.com", "a.b-1.aliyuncs.com"], ["aliyuncs.com", "*"]),
        (
            grammar.RAM_PRINCIPAL,
            [f"{ARN}root", f"{ARN}user/a", f"{ARN}role/a"],
            [f"{ARN}group/a", f"{ARN}user/", f"{ARN}role/a/b", f"{ARN}root/"],
        ),
        (
            grammar.FEDERATED,
            [f"{ARN}saml-provider/a", f"{ARN}oidc-provider/a"],
            [f"{ARN}user/a", f"{ARN}saml-provider/"],
        ),
    ],
)
def test_a_form_matches_a_text_as_a_whole(
    form: re.Pattern[str], valid: list[str], invalid: list[str]
) -> None:
    for text in valid:
        assert form.fullmatch(text), text
    for text in [*invalid, *(f"{text}\n" for text in valid if form is not grammar.RESOURCE)]:
        assert not form.fullmatch(text), text


def test_a_wildcard_is_found_anywhere() -> None:
    assert all(grammar.WILDCARD.search(text) for text in ("*", "a?", "a*b"))
    assert not grammar.WILDCARD.search("acs:oss:[a]{b}")
