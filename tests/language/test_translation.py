from __future__ import annotations

import ipaddress
import json
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import pytest

from ramgate import InvalidPolicy, translate
from ramgate.documents.source import parse
from ramgate.faults import Findings, Place
from ramgate.language.condition import OPERATORS, glob
from ramgate.language.translation import FORMAT, translate_at

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW: Mapping[str, object] = {"Effect": "Allow", "Action": "ecs:StartInstance", "Resource": "*"}
TRUST: Mapping[str, object] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ecs.aliyuncs.com"},
}
QUANTIFIERS = {"": None, "ForAllValues:": "every", "ForAnyValue:": "some"}


def policy(*statements: object) -> dict[str, object]:
    return {"Version": "1", "Statement": list(statements)}


def statement(**changes: object) -> dict[str, object]:
    """An Allow with changes; a None takes the key away."""
    return {key: value for key, value in ({**ALLOW, **changes}).items() if value is not None}


def only(**changes: object) -> dict[str, Any]:
    """The one translated statement."""
    found: Any = translate(policy(statement(**changes)))["statements"]
    assert len(found) == 1
    return dict(found[0])


def conditions(condition: object) -> list[dict[str, Any]]:
    return list(only(Condition=condition)["conditions"])


def faults(document: object) -> list[str]:
    """Every fault, of the document as parsed and as text alike."""
    with pytest.raises(InvalidPolicy) as refused:
        translate(cast("str", document))
    return [str(fault) for fault in refused.value.faults]


def statement_faults(**changes: object) -> list[str]:
    return faults(policy(statement(**changes)))


def trust_faults(**changes: object) -> list[str]:
    changed = {**TRUST, **changes}
    return faults(policy({key: value for key, value in changed.items() if value is not None}))


def advice(document: object) -> list[str]:
    place = Place(Findings(), "$")
    translate_at(document, place)
    assert place.findings.faults == []
    return [str(fault) for fault in place.findings.advice]


def test_a_whole_document_is_compiled_to_what_is_looked_up() -> None:
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
        "format": 1,
        "kind": "identity",
        "statements": [
            {
                "effect": "Allow",
                "resources": ["acs:oss:::Bucket"],
                "resource_patterns": [r"acs:ecs:*:*:instance/*", r"acs:oss:::a\[b\]?"],
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


def test_a_trust_policy_is_compiled() -> None:
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
SERVICE = "write a service name such as `ecs.aliyuncs.com`"
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


# 1.4, 1.5


@pytest.mark.parametrize("name", ["Action", "NotAction", "Resource"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], ["must not be an empty list @ $.Statement[0].{}"]),
        ((), ["must not be an empty list @ $.Statement[0].{}"]),
        ("", ["must not be an empty string @ $.Statement[0].{}"]),
        ({}, ["must be a string, not an object @ $.Statement[0].{}"]),
        (True, ['must be a string, not `true` without quotes: write `"true"` @ $.Statement[0].{}']),
        (0.5, ['must be a string, not `0.5` without quotes: write `"0.5"` @ $.Statement[0].{}']),
        (
            ["*", "", 5, None, ["*"]],
            [
                "must not be an empty string @ $.Statement[0].{}[1]",
                'must be a string, not `5` without quotes: write `"5"` @ $.Statement[0].{}[2]',
                "must be a string, not `null` without quotes @ $.Statement[0].{}[3]",
                "must be a string, not a list @ $.Statement[0].{}[4]",
            ],
        ),
    ],
)
def test_where_a_list_may_stand_there_are_strings(
    name: str, value: object, found: list[str]
) -> None:
    changes = {"Action": None, name: value} if name == "NotAction" else {name: value}
    assert statement_faults(**changes) == [text.format(name) for text in found]


def test_one_string_is_a_list_of_one() -> None:
    assert only(Action=["ecs:StartInstance"], Resource=["*"]) == only()
    assert only(Condition={"Bool": {"k": "true"}}) == only(Condition={"Bool": {"k": ["true"]}})
    assert only(Resource=("acs:oss:::b",)) == only(Resource="acs:oss:::b")


@pytest.mark.parametrize(
    ("text", "advice_given"),
    [
        ("10", ': write `"10"`'),
        ("1e3", ': write `"1e3"`'),
        ("true", ': write `"true"`'),
        ("null", ""),
    ],
)
def test_a_bare_scalar_in_a_text_is_refused_with_its_quoted_form(
    text: str, advice_given: str
) -> None:
    document = json.dumps(policy(statement(Condition={"NumericEquals": {"k": "?"}})))
    assert faults(document.replace('"?"', text)) == [
        (
            f"must be a string, not `{text}` without quotes{advice_given}"
            " @ $.Statement[0].Condition.NumericEquals.k"
        )
    ]


def test_a_very_long_number_is_not_repeated() -> None:
    document = json.dumps(policy(statement(Sid="?", Action="?"))).replace('"?"', "1" * 5000)
    assert faults(document) == [
        f"must be a string, not `{'1' * 80}` without quotes @ $.Statement[0].Sid",
        f"must be a string, not `{'1' * 80}` without quotes @ $.Statement[0].Action",
    ]


@pytest.mark.parametrize("name", ["Action", "Resource"])
def test_a_lone_surrogate_is_refused(name: str) -> None:
    assert statement_faults(**{name: "acs:\ud800"}) == [
        f"`acs:\\ud800` contains a lone surrogate: UTF-8 cannot encode it @ $.Statement[0].{name}"
    ]
    document = json.dumps(policy(statement(Condition={"StringEquals": {"k\udfff": "a"}})))
    assert faults(document) == [
        (
            "a condition key must be a non-empty string, not `k\\udfff`"
            " @ $.Statement[0].Condition.StringEquals.k\\udfff"
        )
    ]


# 1.7, 2.1


@pytest.mark.parametrize(
    ("action", "parts"),
    [
        ("ECS:StartInstance", {"actions": {"ecs:startinstance": [0]}}),
        ("a-b_c.d:E-f_G.1", {"actions": {"a-b_c.d:e-f_g.1": [0]}}),
        ("ecs:*", {"wildcards": {"ecs": {"ecs:*": [0]}}}),
        ("ecs:Start?nstance", {"wildcards": {"ecs": {"ecs:start?nstance": [0]}}}),
        ("*", {"service_wildcards": {"*": [0]}}),
        ("*:Describe*", {"service_wildcards": {"*:describe*": [0]}}),
        ("e?s:Start", {"service_wildcards": {"e?s:start": [0]}}),
    ],
)
def test_actions_lead_to_statements(action: str, parts: dict[str, object]) -> None:
    empty: dict[str, object] = {"actions": {}, "wildcards": {}, "service_wildcards": {}}
    found = translate(policy(statement(Action=action)))
    assert {name: found[name] for name in empty} == {**empty, **parts}
    assert found["not_actions"] == []


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
def test_what_is_no_action_is_refused(name: str, action: str) -> None:
    assert statement_faults(**{"Action": None, name: ["a:b", action]}) == [
        (
            f"`{repr(action)[1:-1]}` is not a valid action: write `*` or `<service>:<operation>`"
            f" @ $.Statement[0].{name}[1]"
        )
    ]


def test_exceptions_are_looked_through_and_not_looked_up() -> None:
    found = translate(policy(statement(Action=None, NotAction=["B:c", "a:*", "b:C", "*:x"])))
    assert found["statements"] == [
        {"effect": "Allow", "any_resource": True, "except": ["*:x", "a:*", "b:c"]}
    ]
    assert (found["actions"], found["not_actions"]) == ({}, [0])


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


def test_only_stars_and_question_marks_are_live_in_a_glob() -> None:
    assert glob(r"a*?-!,.^b") == r"a*?-!,.^b"
    assert glob("[a]{b}\\") == r"\[a\]\{b\}" + "\\\\"


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
def test_text_that_is_no_json_is_refused(text: str, found: str) -> None:
    assert faults(text) == [found]


def test_no_condition_is_no_condition() -> None:
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
def test_a_condition_that_says_nothing_is_refused(condition: object, found: list[str]) -> None:
    assert statement_faults(Condition=condition) == found


def test_a_condition_that_is_null_is_refused() -> None:
    assert faults(policy({**ALLOW, "Condition": None})) == [
        "must be an object, not `null` without quotes @ $.Statement[0].Condition"
    ]


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


def test_nested_deeply_is_refused_and_no_crash() -> None:
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


def test_an_operator_that_is_no_string_is_refused() -> None:
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
    ],
)
def test_a_known_key_in_another_case_is_refused(key: str, spelled: str) -> None:
    assert statement_faults(Effect="Deny", Condition={"StringEquals": {key: "a"}}) == [
        f"the condition key is spelled `{spelled}` @ $.Statement[0].Condition.StringEquals.{key}"
    ]


@pytest.mark.parametrize(
    "key", ["acs:resourcetag/a", "acs:RequestTag/A", "anything", "acs:SourceIpp", "${acs:SourceIp}"]
)
def test_other_keys_are_free_text(key: str) -> None:
    assert conditions({"StringEquals": {key: "a"}})[0]["key"] == key


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
def test_what_is_no_number_is_refused(text: str) -> None:
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
def test_what_is_no_date_is_refused(text: str) -> None:
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
def test_what_is_no_boolean_is_refused(text: str) -> None:
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
def test_what_is_no_address_is_refused(text: str) -> None:
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
