from __future__ import annotations

import json
import time
from types import MappingProxyType

import pytest

from policy_documents import (
    ALLOW,
    TRUST,
    advice,
    faults,
    only,
    policy,
    statement,
    statement_faults,
    trust_faults,
)
from ramgate import InvalidPolicy, translate
from ramgate.documents.source import parse
from ramgate.faults import Findings, Place
from ramgate.language import translation
from ramgate.language.translation import FORMAT, translate_at


def test_a_whole_document_is_translated_for_look_up() -> None:
    document = policy(
        statement(
            Sid="first",
            Action=["ecs:StartInstance", "ECS:startinstance", "ecs:Stop*", "*:List?", "e?s:*"],
            Resource=["acs:ecs:*:*:instance/*", "acs:oss:::Bucket", "acs:oss:::a[b]?"],
        ),
        statement(Effect="Deny", NotAction=["OSS:Get*", "ecs:*"], Action=None),
        statement(
            Effect="Deny",
            Action="*",
            Condition={"NotIpAddress": {"acs:SourceIp": ["10.0.0.1/8", "192.168.0.1"]}},
        ),
    )
    assert translate(document) == {
        "format": 2,
        "kind": "identity",
        "statements": [
            {
                "effect": "Allow",
                "resources": ["acs:oss:::Bucket"],
                "resource_patterns": [
                    "acs:ecs:*:*:instance/**",
                    "acs:oss:::a\\[b\\][\x00-\U0010ffff]",
                ],
            },
            {"effect": "Deny", "any_resource": True, "except": ["ecs:*", "oss:get*"]},
            {
                "effect": "Deny",
                "any_resource": True,
                "conditions": [
                    {
                        "operator": "IpAddress",
                        "negated": True,
                        "quantifier": "every",
                        "key": "acs:SourceIp",
                        "values": ["10.0.0.0/8", "192.168.0.1/32"],
                    }
                ],
            },
        ],
        "actions": {"ecs:startinstance": [0]},
        "wildcards": {"ecs": {"ecs:stop*": [0]}},
        "service_wildcards": {"*": [2], "*:list?": [0], "e?s:*": [0]},
        "not_actions": [1],
    }


def test_a_trust_policy_is_translated() -> None:
    document = policy(
        {
            "Sid": "",
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:Tag*"],
            "Principal": {
                "RAM": [
                    "acs:ram::1234567890123456:root",
                    "acs:ram::1234567890123456:role/App.Role",
                    "acs:ram::1234567890123456:user/Alice",
                ],
                "Service": "ecs.aliyuncs.com",
                "Federated": "acs:ram::1234567890123456:saml-provider/Okta",
            },
            "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
        },
        {"Effect": "Deny", "Action": "*", "Principal": {"Service": ["fc.aliyuncs.com"]}},
    )
    assert translate(document) == {
        "format": FORMAT,
        "kind": "trust",
        "statements": [
            {
                "effect": "Allow",
                "principals": [
                    "acs:ram::1234567890123456:role/app.role",
                    "acs:ram::1234567890123456:root",
                    "acs:ram::1234567890123456:saml-provider/Okta",
                    "acs:ram::1234567890123456:user/Alice",
                    "ecs.aliyuncs.com",
                ],
                "conditions": [
                    {
                        "operator": "StringEquals",
                        "negated": False,
                        "quantifier": "some",
                        "key": "sts:ExternalId",
                        "values": ["x"],
                    }
                ],
            },
            {"effect": "Deny", "principals": ["fc.aliyuncs.com"]},
        ],
        "actions": {"sts:assumerole": [0]},
        "wildcards": {"sts": {"sts:tag*": [0]}},
        "service_wildcards": {"*": [1]},
        "not_actions": [],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Effect": "Deny"},
        {"Effect": "allow"},
        {"Effect": None},
        {"Action": "ecs:Start*"},
        {"Action": "ecs"},
        {"Action": ["ecs:Start"]},
        {"Action": 1},
        {"Resource": "*"},
        {"Resource": "acs:ecs:cn:1:a:b"},
        {"Resource": "acs:ecs::1:a"},
        {"Resource": "acs:ecs:cn:1:a*"},
        {"Resource": "acs:ecs:c?:1:a"},
        {"Resource": "acs::cn:1:a"},
        {"Resource": "acs:ecs:cn:1"},
        {"Resource": "acs:ecs:cn:1:\ud800"},
        {"Resource": "acs:ecs:cn:1\ud800:b"},
        {"Resource": "acs:ecs:c\ud800n:1:b"},
        {"Resource": "acs:e\ud800s:cn:1:b"},
        {"Resource": "ecs"},
        {"Resource": ""},
        {"Resource": ["acs:ecs:cn:1:a"]},
        {"Sid": "a"},
    ],
)
def test_a_plain_grant_is_translated_like_any_other_statement(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shortcut for plain grants changes neither the translation nor the findings."""
    statement = {
        "Effect": "Allow",
        "Action": "ecs:Start",
        "Resource": "acs:ecs:cn:1:a",
        **changes,
    }
    document = {"Version": "1", "Statement": [statement]}
    short, general = Place(Findings(), "$"), Place(Findings(), "$")
    found = translate_at(document, short)
    monkeypatch.setattr(translation, "_plain", lambda _: None)
    assert found == translate_at(document, general)
    for kind in ("faults", "errors", "advice"):
        assert getattr(short.findings, kind) == getattr(general.findings, kind)


def test_text_and_mappings_mean_the_same() -> None:
    document = policy(statement(), statement(Effect="Deny", Resource=["acs:oss:::b"]))
    assert translate(json.dumps(document)) == translate(document)
    frozen = {"Version": "1", "Statement": tuple(map(MappingProxyType, [statement()]))}
    assert translate(MappingProxyType(frozen)) == translate(policy(statement()))
    parsed = parse(json.dumps(document), is_json=False)
    assert translate_at(parsed.value, parsed.place) == translate(document)


def test_order_and_repetition_do_not_show() -> None:
    first = only(
        Action=["a:b", "a:c"],
        Resource=["acs:b:::x", "acs:a:::x", "acs:a:::x"],
        Condition={"Bool": {"k": ["true", "TRUE"]}, "StringLike": {"a": ["y", "x"], "b": "z"}},
    )
    second = only(
        Action=["a:c", "a:b"],
        Resource=["acs:a:::x", "acs:b:::x"],
        Condition={"StringLike": {"b": ["z"], "a": ["x", "y", "x"]}, "Bool": {"k": "true"}},
    )
    assert first == second


# 1.1


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (None, ["a policy document must be an object, not `null` without quotes @ $"]),
        (5, ["a policy document must be an object, not `5` without quotes @ $"]),
        ([], ["a policy document must be an object, not a list @ $"]),
        ({}, ['`Version` is missing: write `"Version": "1"` @ $', "`Statement` is missing @ $"]),
        (
            {"Version": 1, "Statement": [ALLOW]},
            ['must be the string `"1"`, not `1` without quotes @ $.Version'],
        ),
        (
            {"Version": "2", "Statement": [ALLOW]},
            ['must be the string `"1"`, not `2` @ $.Version'],
        ),
        (
            {"Version": ["1"], "Statement": [ALLOW]},
            ['must be the string `"1"`, not a list @ $.Version'],
        ),
        (
            {"Version": "1", "Statement": ALLOW},
            ["must be a non-empty list of objects, not an object @ $.Statement"],
        ),
        (
            {"Version": "1", "Statement": []},
            ["must be a non-empty list of objects, not an empty list @ $.Statement"],
        ),
        (
            {"Version": "1", "Statement": None},
            ["must be a non-empty list of objects, not `null` without quotes @ $.Statement"],
        ),
        (
            {"Version": "1", "Statement": "Allow"},
            ["must be a non-empty list of objects, not `Allow` @ $.Statement"],
        ),
        (
            {"Version": "1", "Statement": [ALLOW], "Id": "x", "version": "1"},
            [
                "unknown element `Id`: known are `Version`, `Statement` @ $",
                "unknown element `version`: known are `Version`, `Statement` @ $",
            ],
        ),
        (
            {"Version": "1", "Statement": [ALLOW], (1, 2): 3},
            ["unknown element a list: known are `Version`, `Statement` @ $"],
        ),
        (
            {"Version": "1", "Statement": [ALLOW, "x", None, [ALLOW]]},
            [
                "a statement must be an object, not `x` @ $.Statement[1]",
                "a statement must be an object, not `null` without quotes @ $.Statement[2]",
                "a statement must be an object, not a list @ $.Statement[3]",
            ],
        ),
    ],
)
def test_a_document_has_exactly_version_and_statement(document: object, found: list[str]) -> None:
    assert faults(document) == found


# 1.2, 1.6


IDENTITY = "`Sid`, `Effect`, `Action`, `NotAction`, `Resource`, `Condition`"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"Effect": None}, ["`Effect` is missing @ $.Statement[0]"]),
        ({"Effect": "allow"}, ["must be `Allow` or `Deny`, not `allow` @ $.Statement[0].Effect"]),
        (
            {"Effect": ""},
            ["must be `Allow` or `Deny`, not an empty string @ $.Statement[0].Effect"],
        ),
        ({"Effect": ["Allow"]}, ["must be `Allow` or `Deny`, not a list @ $.Statement[0].Effect"]),
        (
            {"Action": None},
            ["a statement has exactly one of `Action` and `NotAction` @ $.Statement[0]"],
        ),
        (
            {"NotAction": "oss:*"},
            ["a statement has exactly one of `Action` and `NotAction` @ $.Statement[0]"],
        ),
        ({"Resource": None}, ["`Resource` is missing @ $.Statement[0]"]),
        (
            {"NotResource": "*"},
            [f"unknown element `NotResource`: known are {IDENTITY} @ $.Statement[0]"],
        ),
        (
            {"effect": "Deny"},
            [f"unknown element `effect`: known are {IDENTITY} @ $.Statement[0]"],
        ),
        (
            {"NotPrincipal": {"RAM": []}},
            [f"unknown element `NotPrincipal`: known are {IDENTITY} @ $.Statement[0]"],
        ),
        ({"Sid": 5}, ["must be a string, not `5` without quotes @ $.Statement[0].Sid"]),
        ({"Sid": ["a"]}, ["must be a string, not a list @ $.Statement[0].Sid"]),
    ],
)
def test_a_statement_has_its_elements_and_no_others(
    changes: dict[str, object], found: list[str]
) -> None:
    assert statement_faults(**changes) == found


def test_a_sid_is_any_string_and_ignored() -> None:
    assert only(Sid="Ünïque\n") == only()


# 1.3


TRUST_KNOWN = "`Sid`, `Effect`, `Action`, `Principal`, `Condition`"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"Effect": "Permit"}, ["must be `Allow` or `Deny`, not `Permit` @ $.Statement[0].Effect"]),
        ({"Action": None}, ["`Action` is missing @ $.Statement[0]"]),
        (
            {"Action": None, "NotAction": "ecs:*"},
            [
                f"unknown element `NotAction`: known are {TRUST_KNOWN} @ $.Statement[0]",
                "`Action` is missing @ $.Statement[0]",
            ],
        ),
        (
            {"Resource": "*"},
            [f"unknown element `Resource`: known are {TRUST_KNOWN} @ $.Statement[0]"],
        ),
        (
            {"Principal": {}},
            [
                (
                    "must be an object with `RAM`, `Service`, `Federated`, not an empty one"
                    " @ $.Statement[0].Principal"
                )
            ],
        ),
        (
            {"Principal": "*"},
            [
                (
                    "must be an object with `RAM`, `Service`, `Federated`, not `*`"
                    " @ $.Statement[0].Principal"
                )
            ],
        ),
        (
            {"Principal": {"AWS": "x", "Service": []}},
            [
                (
                    "unknown element `AWS`: known are `RAM`, `Service`, `Federated`"
                    " @ $.Statement[0].Principal"
                ),
                "must not be an empty list @ $.Statement[0].Principal.Service",
            ],
        ),
        (
            {"Principal": {"Service": ["", 5]}},
            [
                "must not be an empty string @ $.Statement[0].Principal.Service[0]",
                (
                    'must be a string, not `5` without quotes: write `"5"`'
                    " @ $.Statement[0].Principal.Service[1]"
                ),
            ],
        ),
    ],
)
def test_a_trust_policy_has_its_elements_and_no_others(
    changes: dict[str, object], found: list[str]
) -> None:
    assert trust_faults(**changes) == found


def test_one_principal_makes_every_statement_one_of_a_trust_policy() -> None:
    missing = "`Principal` is missing: another statement has one, so this is a trust policy"
    assert faults(policy(ALLOW, TRUST)) == [
        f"unknown element `Resource`: known are {TRUST_KNOWN} @ $.Statement[0]",
        (
            "`ecs:StartInstance` is not an action of a trust policy: write `sts:AssumeRole`, "
            "`sts:SetSourceIdentity` or `sts:TagSession` @ $.Statement[0].Action"
        ),
        f"{missing} @ $.Statement[0]",
    ]


@pytest.mark.parametrize(
    "action",
    [
        "sts:AssumeRole",
        "STS:tagsession",
        "sts:SetSourceIdentity",
        "*",
        "sts:*",
        "s?s:Assume*e",
        "*:TagSession",
        "*:?????????e",
        "sts:*A*e*",
    ],
)
def test_an_action_of_a_trust_policy_is_or_matches_one_of_three(action: str) -> None:
    translate(policy({**TRUST, "Action": action}))


@pytest.mark.parametrize(
    "action",
    [
        "sts:GetCallerIdentity",
        "sts:AssumeRoleWithSAML",
        "sts:Assume",
        "sts:Assume?",
        "ecs:*",
        "st:*",
        "*:AssumeRole?",
        "sts:AssumeRol",
        "sts:" + "*" * 300 + "b",
        "sts:" + "*e" * 300,
    ],
)
def test_another_action_of_a_trust_policy_is_refused_at_once(action: str) -> None:
    start = time.monotonic()
    assert trust_faults(Action=[action]) == [
        (
            f"`{action[:80]}` is not an action of a trust policy: write `sts:AssumeRole`, "
            "`sts:SetSourceIdentity` or `sts:TagSession` @ $.Statement[0].Action[0]"
        )
    ]
    # a pattern of many wildcards costs no more than another
    assert time.monotonic() - start < 5


RAM = "write `acs:ram::<account>:root`, `…:user/<name>` or `…:role/<name>`"


SERVICE = "write a service name such as `ecs.aliyuncs.com` or `<account>@log.aliyuncs.com`"


FEDERATED = "write `acs:ram::<account>:saml-provider/<name>` or `…:oidc-provider/<name>`"


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        *(
            ("RAM", text, RAM)
            for text in (
                "*",
                "1234567890123456",
                "acs:ram::1234567890123456:*",
                "acs:ram::1234567890123456:user/*",
                "acs:ram::*:root",
                "acs:ram::123456789012345:root",
                "acs:ram::12345678901234567:root",
                "acs:ram::１234567890123456:root",
                "acs:ram::1234567890123456:root\n",
                "acs:ram::1234567890123456:role/a/b",
                "acs:ram::1234567890123456:assumed-role/a/b",
                "acs:ram::1234567890123456:user/",
                "acs:ram::1234567890123456:user/" + "a" * 65,
                "acs:ram::1234567890123456:saml-provider/x",
                "acs:ram:*:1234567890123456:root",
                "ecs.aliyuncs.com",
            )
        ),
        *(
            ("Service", text, SERVICE)
            for text in (
                "*",
                "*.aliyuncs.com",
                "aliyuncs.com",
                "ecs.aliyuncs.com.evil.org",
                "ECS.aliyuncs.com",
                "ecs.aliyuncs.com\n",
                "ecs_a.aliyuncs.com",
                "acs:ram::1234567890123456:root",
            )
        ),
        *(
            ("Federated", text, FEDERATED)
            for text in (
                "*",
                "acs:ram::1234567890123456:saml-provider/*",
                "acs:ram::1234567890123456:saml-provider/",
                "acs:ram::1234567890123456:saml-provider/a/b",
                "acs:ram::1234567890123456:user/alice",
                "acs:ram::1234567890123456:root",
                "okta",
            )
        ),
    ],
)
def test_a_principal_of_another_form_is_refused(kind: str, text: str, form: str) -> None:
    shown = repr(text[:80])[1:-1]
    assert trust_faults(Principal={kind: ["ecs.aliyuncs.com"] * (kind == "Service") + [text]}) == [
        (
            f"`{shown}` is not a valid `{kind}` principal: {form}"
            f" @ $.Statement[0].Principal.{kind}[{int(kind == 'Service')}]"
        )
    ]


@pytest.mark.parametrize(
    "action",
    [
        "ecs",
        "**",
        "?",
        "ecs:",
        ":Start",
        ":",
        "ecs:a:b",
        "ecs:a b",
        "ecs:Stärt",
        "ecs:a/b",
        " ecs:a",
        "ecs:a\n",
        "ıcs:a",
        "ecs:[a]",
        "*:",
        "ecs:a,b",
        "${acs:Service}:a",
    ],
)
@pytest.mark.parametrize("name", ["Action", "NotAction"])
def test_an_invalid_action_is_refused(name: str, action: str) -> None:
    assert statement_faults(**{"Action": None, name: ["a:b", action]}) == [
        (
            f"`{repr(action)[1:-1]}` is not a valid action: write `*` or `<service>:<operation>`"
            f" @ $.Statement[0].{name}[1]"
        )
    ]


# 1.9


def test_keys_given_twice_are_refused_in_a_text() -> None:
    text = (
        '{"Version": "1",\n"Statement": [{"Effect": "Deny", "Effect": "Allow", '
        '"Action": "*", "Resource": "*"}],\n"Version": "1"}'
    )
    assert faults(text) == [
        "key `Effect` is given twice, first in line 2 @ $.Statement[0].Effect",
        "key `Version` is given twice, first in line 1 @ $.Version",
    ]
    with pytest.raises(InvalidPolicy) as refused:
        translate(text)
    assert [fault.line for fault in refused.value.faults] == [2, 3]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "is empty"),
        ("{", "is not strict JSON: expecting property name enclosed in double quotes"),
        ("[" * 100_000, "is nested deeper than 64 levels"),
        ("{} {}", "is not strict JSON: extra data"),
    ],
)
def test_text_that_is_not_json_is_refused(text: str, found: str) -> None:
    assert faults(text) == [found]


# 1.10


def test_all_faults_come_at_once_each_with_its_place() -> None:
    document = {
        "Statement": [
            {"Effect": "allow", "Action": "ecs", "Resource": "bucket"},
            statement(Condition={"StringEqualz": {"a": "b"}, "Bool": {"k": ["yes", "true", "no"]}}),
            {},
        ],
        "Extra": 1,
    }
    assert faults(document) == [
        "unknown element `Extra`: known are `Version`, `Statement` @ $",
        '`Version` is missing: write `"Version": "1"` @ $',
        "must be `Allow` or `Deny`, not `allow` @ $.Statement[0].Effect",
        "`ecs` is not a valid action: write `*` or `<service>:<operation>` @ $.Statement[0].Action",
        (
            "`bucket` is not a valid resource: write `*` or "
            "`acs:<ram-code>:<region>:<account>:<relative-id>` @ $.Statement[0].Resource"
        ),
        "unknown operator `StringEqualz` @ $.Statement[1].Condition",
        (
            "`yes` is not a valid value of `Bool`: write `true` or `false`"
            " @ $.Statement[1].Condition.Bool.k[0]"
        ),
        (
            "`no` is not a valid value of `Bool`: write `true` or `false`"
            " @ $.Statement[1].Condition.Bool.k[2]"
        ),
        "`Effect` is missing @ $.Statement[2]",
        "a statement has exactly one of `Action` and `NotAction` @ $.Statement[2]",
        "`Resource` is missing @ $.Statement[2]",
    ]


def test_a_message_is_one_line() -> None:
    assert statement_faults(Effect="Allow\nroot: it is fine\x1b[2K\u202e") == [
        (
            "must be `Allow` or `Deny`, not `Allow\\nroot: it is fine\\x1b[2K\\u202e`"
            " @ $.Statement[0].Effect"
        )
    ]


def test_a_deeply_nested_value_is_refused_without_a_crash() -> None:
    deep: object = "x"
    for _ in range(100_000):
        deep = [deep]
    assert statement_faults(Action=deep) == [
        "must be a string, not a list @ $.Statement[0].Action[0]"
    ]


# 1.12


def test_a_document_that_ram_finds_too_long_is_advised_against() -> None:
    bare = policy(statement(Sid=""))
    room = 6144 - len(json.dumps(bare, separators=(",", ":")))
    fitting = policy(statement(Sid="é" * room))
    assert advice(fitting) == []
    assert advice(policy(statement(Sid="é" * (room + 1)))) == [
        "RAM accepts 6,144 characters in a custom policy; this has more @ $"
    ]
    translate(policy(statement(Sid="é" * (room + 1))))
