"""The values that small worlds are made of: few of each kind, each of them a possible edge case."""

from __future__ import annotations

import dataclasses
import decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS: Final = (
    "oss:Get",
    "oss:GetObject",
    "OSS:get",
    "ecs:Start",
    "ecs:Stop.Now_1-x",
    "ossutil:Get",
    "ram:GetRole",
    "alikafka:GetTopicList",
    "bss:Get",
)

ASSUMING: Final = (
    "sts:AssumeRole",
    "sts:AssumeRole",
    "STS:assumerole",
    "sts:TagSession",
    "sts:SetSourceIdentity",
)

ACTION_PATTERNS: Final = (
    "*",
    "oss:*",
    "oss:Get",
    "oss:Get*",
    "ecs:*",
    "*:Get*",
    "*:*",
    "o?s:?et",
    "oss*:Get*",
    "ECS:START",
    "ecs:Stop.Now_1-x",
    "ecs:St*",
    "ram:GetRole",
    "alikafka:*",
    "*ss:Get",
    "sts:*",
    "bss:Get",
    "*s:*?*",
    "ecs:Stop?Now*x",
    "oss:GetObjec",
)

ASSUMING_PATTERNS: Final = ("sts:*", "sts:Assume*", "s*:AssumeRole", "*:*", "sts:AssumeRole")

TRUST_PATTERNS: Final = (
    "sts:AssumeRole",
    "*",
    "sts:*",
    "STS:assumerole",
    "s?s:Assume*",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "*:*",
)

SERVICES: Final = ("ecs.aliyuncs.com", "alikafka.aliyuncs.com", "-.a-1.aliyuncs.com")

STRINGS: Final = (
    *"aAbk\u212ai\u0130s\u017fßüÜσςΣ",
    "ab",
    "aab",
    "",
    "*",
    "?",
    "a*",
    "a/b:c",
    "[ab]",
    "{a,b}",
    "a\\b",
    "!a",
    "a.b",
    "${acs:PrincipalARN}",
    "a\n",
    "\U0001f600",
    "true",
    "10",
)

PATTERNS: Final = (
    "*",
    "a*",
    "?",
    "*b",
    "a",
    "a?",
    "**b*",
    "?*",
    "*a*b*",
    "[ab]",
    "[a-b]*",
    "{a,b}",
    "a\\*",
    "\\*",
    "[!a]",
    "!*",
    "a.b",
    "a[*",
    "ü",
    "?\u0130",
    "\u212a",
    "a/*",
    "a\n*",
    "tru?",
    "",
    "??",
    "*\U0001f600",
)

TEXT: Final = "abAü[]{}\\,!-^\U0001f600"

PATTERN: Final = "**??ab" + TEXT

ACTION_TEXT: Final = "abA._-"

ACTION_PATTERN: Final = "**??abA._-"

NUMBERS: Final = (
    "1",
    "0",
    "-1",
    "1.0",
    "1.5",
    "-0",
    "0.10",
    "10",
    "-1.5",
    "100000000000000000001",
    "100000000000000000000.0000000001",
    "9007199254740993",
)

DECIMAL: Final = decimal.Decimal

GIVEN_NUMBERS: Final = (
    *NUMBERS,
    1,
    0,
    -1,
    10,
    1.5,
    0.1,
    9007199254740993,
    9007199254740992,
    100000000000000000001,
    DECIMAL("1.0"),
    DECIMAL("1E+1"),
    DECIMAL("1E-1"),
    DECIMAL("100000000000000000000.0000000001"),
    DECIMAL("-0"),
    DECIMAL("1E+400"),
    DECIMAL("-1E-400"),
    DECIMAL("1E+30000"),
    DECIMAL("15E-1"),
    DECIMAL("0E+7"),
)

NO_NUMBERS: Final = (
    "01",
    "+1",
    "1.",
    ".5",
    " 1",
    "1 ",
    "1\n",
    "1e1",
    "0x1",
    "٣",
    "",
    "-",
    True,
    "1,0",
    "NaN",
)

DATES: Final = (
    "2020-01-01T00:00:00Z",
    "2020-01-01T08:00:00+08:00",
    "2020-01-01T00:00:00.000000001Z",
    "2019-12-31T23:59:59.999999999Z",
    "2020-01-01T00:00:00.0-00:00",
    "2020-02-29T23:59:59.5+23:59",
    "2020-01-01T00:00:00.10Z",
    "2020-01-01T00:00:00.1Z",
    "1678-01-01T00:00:00Z",
    "1678-01-01T00:00:00+00:01",
    "2261-12-31T23:59:59.999999999Z",
    "2261-12-31T23:59:59-23:59",
)

POLICY_DATES: Final = (
    *DATES,
    "1677-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2262-01-01T00:00:00+10:00",
)

NO_DATES: Final = (
    "2020-01-01",
    "2020-01-01T00:00:00",
    "2020-01-01 00:00:00Z",
    "2020-01-01t00:00:00z",
    "2020-01-01T24:00:00Z",
    "2020-01-01T00:60:00Z",
    "2016-12-31T23:59:60Z",
    "2019-02-29T00:00:00Z",
    "2020-00-01T00:00:00Z",
    "2020-13-01T00:00:00Z",
    "2020-01-32T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2020-01-01T00:00:00.Z",
    "2020-01-01T00:00:00.0000000001Z",
    "2020-01-01T00:00:00+24:00",
    "2020-01-01T00:00:00+00:60",
    "2020-01-01T00:00:00+0800",
    "2020-01-01T00:00:00,5Z",
    "2020-01-01T00:00:00Z\n",
    "1677-12-31T23:59:59Z",
    "2262-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "20200-01-01T00:00:00Z",
    "٢٠٢٠-01-01T00:00:00Z",
    1577836800,
    True,
    "",
)

BOOLEANS: Final = ("true", "false", "TRUE", "fAlSe", "True")

GIVEN_BOOLEANS: Final = (*BOOLEANS, True, False)

NO_BOOLEANS: Final = ("fal\u017fe", "1", 1, 0, "", "yes", " true", "true\n")

BLOCKS: Final = (
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.1/24",
    "10.0.0.1/31",
    "0.0.0.0/0",
    "::/0",
    "2001:db8::/32",
    "2001:DB8:0::1",
    "2001:db8::ffff/127",
    "::ffff:10.0.0.1",
    "0:0:0:0:0:FFFF:a00:1",
    "::ffff:ffff:10.0.0.1",
    "255.255.255.255/32",
    "::1",
    "128.0.0.0/1",
)

ADDRESSES: Final = (
    "10.0.0.1",
    "10.0.0.0",
    "10.0.0.255",
    "10.0.1.0",
    "10.255.255.255",
    "11.0.0.0",
    "9.255.255.255",
    "255.255.255.255",
    "0.0.0.0",  # noqa: S104 - a value, nothing listens there
    "127.255.255.255",
    "2001:db8::1",
    "2001:db8::",
    "2001:db8::fffe",
    "2001:db8::ffff",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:0DB8:0:0:0:0:0:1",
    "2001:db8::10.0.0.1",
    "0:0:0:0:0:ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "::ffff:0:10.0.0.1",
    "::ffff:ffff:a00:1",
    "::ffff:10.0.0.1",
    "::FFFF:a00:1",
    "::10.0.0.1",
    "::1",
    "::",
    "1:2:3:4:5:6:7::",
)

NO_ADDRESSES: Final = (
    "010.0.0.1",
    "10.0.0.1/32",
    "10.0.0.0/8",
    "10.0.0",
    "10.0.0.1.1",
    "256.0.0.1",
    "0x0a.0.0.1",
    " 10.0.0.1",
    "10.0.0.1\n",
    "fe80::1%eth0",
    "::1/128",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7:8:9",
    "::ffff:10.0.0.01",
    "[::1]",
    "٣.0.0.1",
    "167772161",
    167772161,
    True,
    "",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    operators: Sequence[str]
    keys: Sequence[str]
    listed: Sequence[str]
    given: Sequence[object]
    unreadable: Sequence[object]


COMPARED: Final = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)

FAMILIES: Final = (
    Family(
        ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        ("acs:ResourceTag/team", "ram:ServiceName", "opc:x:y", "kms:tag/acs:a/b"),
        STRINGS,
        (*STRINGS, True, False),
        (1, DECIMAL("1.5")),
    ),
    Family(
        ("StringLike", "StringNotLike"),
        ("acs:ResourceTag/team", "oss:Prefix"),
        PATTERNS,
        (*STRINGS, True, False),
        (0,),
    ),
    Family(
        [f"Numeric{name}" for name in COMPARED],
        ("n:1", "n:2"),
        NUMBERS,
        GIVEN_NUMBERS,
        NO_NUMBERS,
    ),
    Family(
        [f"Date{name}" for name in COMPARED],
        ("acs:CurrentTime", "d:1"),
        POLICY_DATES,
        DATES,
        NO_DATES,
    ),
    Family(
        ("Bool",),
        ("acs:MFAPresent", "acs:SecureTransport"),
        BOOLEANS,
        GIVEN_BOOLEANS,
        NO_BOOLEANS,
    ),
    Family(
        ("IpAddress", "NotIpAddress", "IpAddressIncludeBorder", "NotIpAddressIncludeBorder"),
        ("acs:SourceIp", "acs:VpcSourceIp"),
        BLOCKS,
        ADDRESSES,
        NO_ADDRESSES,
    ),
)

COMPARING_STRINGS: Final = (FAMILIES[0], FAMILIES[1], FAMILIES[4])

FAMILY_OF: Final = {key: family for family in reversed(FAMILIES) for key in family.keys}

MISSPELT: Final = (
    "acs:currenttime",
    "ACS:SourceIp",
    "acs:PrincipalArn",
    "acs:sourceIp",
    "alikafka:acl",
    "ali\u212aafka:Acl",
    "oidc:Aud",
    "sts:externalId",
    "acs:resourceTag/team",
    "ACS:RequestTag/a/b",
    "KMS:tag/x",
)

EVERYTHING: Final[dict[str, Any]] = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

BROAD_POLICIES: Final = (
    "AdministratorAccess",
    "AliyunKafkaFullAccess",
    "AliyunSTSAssumeRoleAccess",
    "FullAliyunAccess",
)

ALLOWING: Final = ("AdministratorAccess", "FullAliyunAccess")
"""The system policies by which most worlds and most questions are allowed."""

UNREADABLE: Final = {"unreadable": "unknown operator `Null`", "document": "{odd"}

USERS: Final = ("u1", "u2", "u1", "u3", "u4", "u5", "u5")

INSIDERS: Final = ("user", "role", "session", "owner")

KINDS: Final = (
    *("user",) * 12,
    *("role",) * 7,
    *("session",) * 7,
    "owner",
    "service",
    "service",
    "federated",
    "management",
    "unknown",
)

RESOURCE_PATTERNS: Final = (
    "*",
    "acs:*",
    "**",
    "?",
    "acs:oss:*:*:b/*",
    "acs:ram:*:*:role/*",
    "acs:ram:*:OWN:role/a*",
    "acs:ram::*:ROLE/APP*",
    "*b/x",
    "acs:*:?/?",
    "acs:oss:*:*:b/[x]*",
    "acs:oss:*:*:{b,c}/*",
    "acs:oss:*:*:b/[a-z]",
    "acs:oss:*:OWN:b/\\*",
    "acs:oss:*:*:b/?\u0130*",
    "oss:*",
    "?cs:?*",
    "acs:ram:*:*:role/\u212a*",
    "acs:oss:cn-*",
    "acs:oss:cn-*:OWN:b/x",
    "acs:oss:*:b/*",
    "acs:oss:*:b/x",
    "acs:oss::*:b/*",
    "acs:oss::OWN:b/x",
    "acs:oss:*::b*",
    "acs:oss:::b/*",
    "acs:oss:::b/x",
    "acs:*:cn-a:*",
    "acs:*:c?-*:OWN:b*x",
    "acs:oss:?*:*:b/x",
    "acs:oss:?:OWN:b/x",
    "acs:oss:cn-b:OWN:b/*",
    "acs:oss:cn,a:*:b/x",
    "acs:oss:*:*:b?b/x",
    "acs:oss:cn-a:*:b*",
    "acs*",
    "a*",
    "?*",
    "*?",
    "??",
    "acs:o*:x",
    "*:b/x",
    "*::*",
    "acs:oss?cn-a?*?b/x",
    "acs:ram::OWN:role/*",
    "acs:ram:*::role/App",
    "acs:ram:::role/*",
    "acs:ram:cn-a:OWN:role/app",
)

NO_TEXTS: Final[Sequence[object]] = (None, 5, True, [], {}, ["oss:Get"])

NO_PRINCIPALS: Final = (
    "",
    "*",
    "root",
    "acs:ram::1000000000000000:user/",
    "acs:ram::1000000000000000:user/a b",
    "acs:ram::1000000000000000:user/ü",
    "acs:ram::1000000000000000:user/u1\n",
    "acs:ram::1000000000000000:user/a/b",
    "acs:ram::1000000000000000:user/*",
    "acs:ram::100000000000000:user/u1",
    "acs:ram::10000000000000000:user/u1",
    "acs:ram::100000000000000٣:user/u1",
    "ACS:ram::1000000000000000:user/u1",
    "acs:ram:*:1000000000000000:user/u1",
    "acs:ram::1000000000000000:User/u1",
    "acs:ram::1000000000000000:group/g1",
    "acs:ram::1000000000000000:root/x",
    "acs:ram::1000000000000000:Root",
    "acs:ram::1000000000000000:role/a/b/c",
    "acs:ram::1000000000000000:role/a/",
    "acs:ram::1000000000000000:assumed-role/a",
    "acs:ram::1000000000000000:assumed-role//s",
    "acs:ram::1000000000000000:user/" + "x" * 65,
    "acs:ram::1000000000000000:role/a/" + "x" * 65,
    "acs:ram::1000000000000000:saml-provider/",
    "acs:ram::1000000000000000:ldap-provider/x",
    "aliyuncs.com",
    ".aliyuncs.com",
    "Ecs.aliyuncs.com",
    "e_s.aliyuncs.com",
    "ecs.aliyuncs.com.",
    "ecs..aliyuncs.com",
    "ecs.aliyuncs_com",
    "ecs-aliyuncs.com",
    "ecs.aliyuncs.com\n",
    "@ecs.aliyuncs.com",
    "100000000000000@ecs.aliyuncs.com",
    "1000000000000000@aliyuncs.com",
    "1000000000000000@1000000000000000@ecs.aliyuncs.com",
)

NO_ACTIONS: Final = (
    "",
    "*",
    "oss:*",
    "oss:Get?",
    "oss",
    "oss:",
    ":Get",
    "oss:Get:Object",
    "oss :Get",
    "oss:Gét",
    "o\u017fs:Get",
    "oss:Get\n",
    "oss:Get/x",
)

NO_RESOURCES: Final = (
    "",
    "**",
    "?",
    "acs",
    "acs:oss:a:b",
    "ACS:oss:a:b:c",
    "Acs:oss:a:b:c",
    " acs:oss:a:b:c",
    "oss:a:b:c:d",
    "xacs:oss:a:b:c",
    "acs*:oss:a:b:c",
    "b/x",
)

NO_CONTEXTS: Final[Sequence[object]] = (
    None,
    [],
    "x",
    5,
    {"k": None},
    {"k": {}},
    {"k": {"a": "b"}},
    {"k": [[]]},
    {"k": ["a", None]},
    {"k": [{}]},
    {"k": [["a"]]},
    {"acs:PrincipalARN": []},
    {"acs:PrincipalARN": 5},
    {"acs:PrincipalARN": "x"},
)

ODD_NAMES: Final = (
    "NotResource",
    "NotPrincipal",
    "Principal",
    "NotAction",
    "Action",
    "Resource",
    "effect",
    "Sid",
    "Condition",
    "version",
    "StringEqualz",
    "stringEquals",
    "Null",
    "StringEqualsIfExists",
    "ForAllValues:",
    ":StringEquals",
    "ForAllValue:StringEquals",
    "ForAnyValue:ForAllValues:StringEquals",
    "ArnLike",
    "ForAnyValue:Bool",
    "NotIpAddress",
    "DateEquals",
    "NumericEquals",
    *MISSPELT,
    "RAM",
    "Service",
    "Federated",
    "ram",
    "Statement",
)

ODD_VALUES: Final[Sequence[object]] = (
    None,
    True,
    5,
    "",
    "x",
    [],
    {},
    [[]],
    ["", "*"],
    [None],
    "1",
    "2012-10-17",
    "*",
    "**",
    "*:",
    "oss:Get Object",
    "sts:AssumeRole",
    "ecs:*",
    "acs:oss:a:b",
    "acs:oss:a:b:c",
    "ACS:oss:a:b:c",
    "allow",
    "Deny",
    "root",
    {"k": "v"},
    {"RAM": "*"},
    {"Service": ["ecs.aliyuncs.com"]},
    {"StringEquals": {"acs:SourceVpc": ["a"]}},
    *(value for family in FAMILIES for value in family.unreadable),
    *(value for family in FAMILIES for value in family.listed[:4]),
    "::ffff:10.0.0.0/104",
    "10.0.0.0/33",
    "10.0.0.0/08",
    "10.0.0.0/",
    "::/129",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "acs:ram::1000000000000000:role/a/b",
    "acs:ram::1000000000000000:assumed-role/a/b",
    "acs:ram::*:root",
    "acs:ram::1000000000000000:saml-provider/a",
    "1000000000000000@log.aliyuncs.com",
    "acs:oss:*:b",
    {"StringEquals": {"acs:resourceTag/a": "b"}},
    {"StringEquals": {"a b": "b"}},
)
