"""Small worlds of accounts and requests, aimed so that every rule is met and every effect common.

All choices come from one source of numbers: a seed for speed, or Hypothesis, which then shrinks
them. The first of any choice is its simplest.
"""

from __future__ import annotations

import copy
import dataclasses
import decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reference_evaluator import Catalog

Object: TypeAlias = dict[str, Any]
T = TypeVar("T")


class Pick:
    """Choices that rest on numbers below n."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self.below = below

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def chance(self, times: int, of: int) -> bool:
        """True in so many of so many cases; false is the simplest."""
        return self.below(of) >= of - times

    def some(self, choices: Sequence[T], most: int, least: int = 1) -> list[T]:
        return [self.of(choices) for _ in range(least + self.below(most - least + 1))]

    def one_or_list(self, choices: Sequence[T], most: int) -> T | list[T]:
        """1.4: one stands for a list of one."""
        found = self.some(choices, most)
        return found[0] if len(found) == 1 and self.chance(1, 2) else found


_WORD: Final = 1 << 64


def seeded(seed: int) -> Pick:
    """The same choices for the same seed, whatever the Python: a linear congruential generator."""
    state = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % _WORD

    def below(number: int) -> int:
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % _WORD
        return ((state >> 32) * number) >> 32

    for _ in range(4):
        below(2)
    return Pick(below)


# What a request carries in place of a translated document


@dataclasses.dataclass(frozen=True, slots=True)
class Verbatim:
    """This very value."""

    value: object


@dataclasses.dataclass(frozen=True, slots=True)
class Damaged:
    """A translated document that is not whole any more."""

    document: Object
    how: int


@dataclasses.dataclass(slots=True)
class Question:
    """A request as the reference evaluator reads it: its policies are RAM's own documents."""

    request: Any
    simulated: bool = False


@dataclasses.dataclass(slots=True)
class World:
    """Accounts, their place in the directory, and what is asked about them."""

    accounts: dict[str, Object]
    control: dict[str, Object]
    root_members: dict[str, Object]
    folders: dict[str, Object]
    questions: list[Question]


@dataclasses.dataclass(slots=True)
class Batch:
    """Worlds that share a directory and its root's policies."""

    management: str
    root_policies: dict[str, Object]
    root: list[str]
    worlds: list[World]

    def document(self) -> Object:
        """The accounts document."""
        accounts, policies, members, folders = {}, dict(self.root_policies), {}, {}
        for world in self.worlds:
            accounts |= world.accounts
            policies |= world.control
            members |= world.root_members
            folders |= world.folders
        root = {"control_policies": self.root, "accounts": members, "folders": folders}
        directory = {"management": self.management, "policies": policies, "root": root}
        return {"accounts": accounts, "directory": directory}


# Alphabets

_ACTIONS: Final = (
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
_ASSUMING: Final = (
    "sts:AssumeRole",
    "sts:AssumeRole",
    "STS:assumerole",
    "sts:TagSession",
    "sts:SetSourceIdentity",
)
_ACTION_PATTERNS: Final = (
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
_TRUST_PATTERNS: Final = (
    "sts:AssumeRole",
    "*",
    "sts:*",
    "STS:assumerole",
    "s?s:Assume*",
    "sts:TagSession",
    "sts:SetSourceIdentity",
    "*:*",
)
_SERVICES: Final = ("ecs.aliyuncs.com", "alikafka.aliyuncs.com", "-.a-1.aliyuncs.com")
_STRINGS: Final = tuple("a A b ab aab k \u212a i \u0130 s \u017f ß ü Ü σ ς Σ".split()) + (
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
_PATTERNS: Final = (
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
_NUMBERS: Final = (
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
_DECIMAL: Final = decimal.Decimal
_GIVEN_NUMBERS: Final = (
    *_NUMBERS,
    1,
    0,
    -1,
    10,
    1.5,
    0.1,
    9007199254740993,
    9007199254740992,
    100000000000000000001,
    _DECIMAL("1.0"),
    _DECIMAL("1E+1"),
    _DECIMAL("1E-1"),
    _DECIMAL("100000000000000000000.0000000001"),
    _DECIMAL("-0"),
    _DECIMAL("1E+400"),
    _DECIMAL("15E-1"),
    _DECIMAL("0E+7"),
)
_NO_NUMBERS: Final = (
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
_DATES: Final = (
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
_POLICY_DATES: Final = (
    *_DATES,
    "1677-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2262-01-01T00:00:00+10:00",
)
_NO_DATES: Final = (
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
_BOOLEANS: Final = ("true", "false", "TRUE", "fAlSe", "True")
_GIVEN_BOOLEANS: Final = (*_BOOLEANS, True, False)
_NO_BOOLEANS: Final = ("fal\u017fe", "1", 1, 0, "", "yes", " true", "true\n")
_BLOCKS: Final = (
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
    "255.255.255.255/32",
    "::1",
    "128.0.0.0/1",
)
_ADDRESSES: Final = (
    "10.0.0.1",
    "10.0.0.0",
    "10.0.0.255",
    "10.0.1.0",
    "10.255.255.255",
    "11.0.0.0",
    "9.255.255.255",
    "255.255.255.255",
    "0.0.0.0",
    "127.255.255.255",
    "2001:db8::1",
    "2001:db8::",
    "2001:db8::fffe",
    "2001:db8::ffff",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2001:0DB8:0:0:0:0:0:1",
    "::ffff:10.0.0.1",
    "::FFFF:a00:1",
    "::10.0.0.1",
    "::1",
    "::",
    "1:2:3:4:5:6:7::",
)
_NO_ADDRESSES: Final = (
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
class _Family:
    operators: Sequence[str]
    keys: Sequence[str]
    listed: Sequence[str]
    given: Sequence[object]
    unreadable: Sequence[object]


_COMPARED: Final = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)
_FAMILIES: Final = (
    _Family(
        ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        ("acs:ResourceTag/team", "ram:ServiceName", "opc:x:y"),
        _STRINGS,
        (*_STRINGS, True, False),
        (1, _DECIMAL("1.5")),
    ),
    _Family(
        ("StringLike", "StringNotLike"),
        ("acs:ResourceTag/team", "oss:Prefix"),
        _PATTERNS,
        (*_STRINGS, True, False),
        (0,),
    ),
    _Family(
        [f"Numeric{name}" for name in _COMPARED],
        ("n:1", "n:2"),
        _NUMBERS,
        _GIVEN_NUMBERS,
        _NO_NUMBERS,
    ),
    _Family(
        [f"Date{name}" for name in _COMPARED],
        ("acs:CurrentTime", "d:1"),
        _POLICY_DATES,
        _DATES,
        _NO_DATES,
    ),
    _Family(
        ("Bool",),
        ("acs:MFAPresent", "acs:SecureTransport"),
        _BOOLEANS,
        _GIVEN_BOOLEANS,
        _NO_BOOLEANS,
    ),
    _Family(
        ("IpAddress", "NotIpAddress", "IpAddressIncludeBorder", "NotIpAddressIncludeBorder"),
        ("acs:SourceIp", "acs:VpcSourceIp"),
        _BLOCKS,
        _ADDRESSES,
        _NO_ADDRESSES,
    ),
)
_FAMILY_OF: Final = {key: family for family in reversed(_FAMILIES) for key in family.keys}
_MISSPELT: Final = (
    "acs:currenttime",
    "ACS:SourceIp",
    "acs:PrincipalArn",
    "acs:sourceIp",
    "alikafka:acl",
    "ali\u212aafka:Acl",
    "oidc:Aud",
    "sts:externalId",
)


_EVERYTHING: Final[Object] = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


# One world


class _Scene:
    """A world while it is made: who and what there is in it."""

    def __init__(self, pick: Pick, catalog: Catalog, number: int, management: str) -> None:
        self.pick = pick
        self.linked = sorted(catalog.service_linked_roles)
        self.system = sorted(catalog.system_policies)
        self.own = str(10**15 + 4 * number)
        self.other = str(10**15 + 4 * number + 1)
        self.only_in_directory = str(10**15 + 4 * number + 2)
        self.nowhere = str(10**15 + 4 * number + 3)
        self.management = management
        self.two = pick.chance(1, 2)
        self.present = [self.linked[pick.below(len(self.linked))]]
        self.actions = [pick.of(_ACTIONS) for _ in range(3)]
        self.resources = self._resources()
        self.asked = [pick.of(self.resources) for _ in range(3)]
        self.role_names = ("AppRole", "ops.Role@1-x", "AppRole", "ops.Role@1-x", "app", *self.present)
        self.linked_actions = _actions_of(catalog.service_linked_roles[self.present[0]].document)
        self.role_arns = self._role_arns()
        self.keys: dict[str, list[str]] = {}
        self.shared: list[Object] = []
        self.members = [self._member(kind) for kind in _INSIDERS for _ in range(2)]

    def _resources(self) -> tuple[str, ...]:
        own = self.own
        return (
            f"acs:oss:cn-a:{own}:b/x",
            "*",
            f"acs:oss:cn-a:{own}:b",
            f"acs:oss::{own}:b/x/y",
            f"acs:ecs:cn-a:{own}:i/1",
            f"acs:ecs:*:{own}:i/1",
            "acs:oss:cn-a::b/x",
            "acs:oss:cn-a:*:b/x",
            "acs:ram:*:system:policy/P",
            f"acs:oss:cn-a:{own}:b/[x]{{y}}\\!.",
            f"acs:oss:cn-a:{own}:b/ü\u0130\u212a",
            f"acs:oss:cn-a:{own}:b/*",
            f"acs:oss:cn-a:{own}:b/?",
            f"acs:kms:cn-a:{own}:a:b:c/d",
            f"acs:::{own}:",
            f"acs:oss:cn-a:{own}:b/x\n",
            "acs::::",
        )

    def _role_arns(self) -> tuple[str, ...]:
        own, other = self.own, self.other
        names = (
            "app",
            "AppRole",
            "APPROLE",
            "ops.Role@1-x",
            self.present[0],
            self.present[0].lower(),
        )
        return (
            *(f"acs:ram::{own}:role/{name}" for name in names),
            f"acs:ram:*:{own}:role/appRole",
            f"acs:ram:*:{own}:role/App",
            f"acs:ram::{other}:role/App",
            f"acs:ram:*:{other}:role/app",
        )

    def account(self) -> str:
        """Mostly the world's own."""
        return self.other if self.two and self.pick.chance(1, 6) else self.own

    # Principals

    def name_of_role(self) -> str:
        name = self.pick.of(self.role_names)
        return self.pick.of((name, name, name.lower(), name.upper()))

    def _member(self, kind: str) -> str:
        account = self.account()
        if kind == "user":
            return f"acs:ram::{account}:user/{self.pick.of(_USERS)}"
        if kind == "owner":
            return f"acs:ram::{account}:root"
        role = self.name_of_role() if account == self.own else self.pick.of(("App", "app"))
        if kind == "role":
            return f"acs:ram::{account}:role/{role}"
        spelling = self.pick.of(("assumed-role", "role"))
        return f"acs:ram::{account}:{spelling}/{role}/s{self.pick.of(('1', '.@-_', 'X' * 63))}"

    def principal(self) -> str:
        kind = self.pick.of(_KINDS)
        if kind in _INSIDERS:
            return self._member(kind)
        if kind == "service":
            return self.pick.of((*_SERVICES, "ecs.aliyuncs.com"))
        if kind == "federated":
            provider = self.pick.of(("saml-provider/idp", "oidc-provider/idp", "saml-provider/Idp"))
            return f"acs:ram::{self.account()}:{provider}"
        if kind == "management":
            return f"acs:ram::{self.management}:{self.pick.of(('user/u1', 'role/app', 'user/u2'))}"
        return self.pick.of(
            (
                f"acs:ram::{self.own}:user/nobody",
                f"acs:ram::{self.own}:user/U1",
                f"acs:ram::{self.own}:role/nobody",
                f"acs:ram::{self.own}:assumed-role/nobody/s",
                f"acs:ram::{self.nowhere}:root",
                f"acs:ram::{self.nowhere}:user/u1",
                f"acs:ram::{self.only_in_directory}:user/u1",
                f"acs:ram::{self.only_in_directory}:root",
                f"acs:ram::{self.own}:role/{self.pick.of(self.linked)}",
            )
        )

    # Documents

    def document(self) -> Object:
        """An identity, session or control policy."""
        pick = self.pick
        return {
            "Version": "1",
            "Statement": [self._statement() for _ in range(1 + pick.of((0, 0, 0, 1, 1, 2)))],
        }

    def _statement(self) -> Object:
        pick = self.pick
        statement: Object = {"Effect": "Deny" if pick.chance(3, 10) else "Allow"}
        if pick.chance(1, 12):
            statement["NotAction"] = pick.one_or_list([self._action_pattern() for _ in range(2)], 2)
        else:
            broad = pick.chance(2, 3)
            patterns = ["*"] if broad else [self._action_pattern() for _ in range(3)]
            statement["Action"] = pick.one_or_list(patterns, 3)
        if pick.chance(3, 5):
            statement["Resource"] = "*"
        else:
            found = [self._resource_pattern() for _ in range(1 + pick.below(3))]
            statement["Resource"] = found[0] if len(found) == 1 and pick.chance(1, 2) else found
        self._add_condition(statement)
        if pick.chance(1, 20):
            statement["Sid"] = "a"
        return statement

    def _action_pattern(self) -> str:
        pick = self.pick
        if pick.chance(1, 4):
            return pick.of(_ACTION_PATTERNS)
        action = pick.of((*self.actions, "sts:AssumeRole"))
        at = action.index(":") + 1 + pick.below(3)
        return pick.of(
            (
                action,
                action.swapcase(),
                action[:at] + "*",
                action[:at] + "?" + action[at + 1 :],
                "*" + action[2:],
                action[:at] + "*" + action[at:],
            )
        )

    def _add_condition(self, statement: Object) -> None:
        condition: Object = {}
        if self.pick.chance(1, 2):
            for _ in range(1 + self.pick.of((0, 0, 0, 1))):
                self._add_operator(condition)
        if condition or self.pick.chance(1, 30):
            statement["Condition"] = condition

    def _add_operator(self, condition: Object) -> None:
        pick = self.pick
        family = pick.of(_FAMILIES)
        operator = pick.of(family.operators)
        keys, listed = family.keys, family.listed
        if operator.startswith("String") and pick.chance(1, 6):
            keys, listed = ("acs:PrincipalARN",), self._arn_patterns()
        elif pick.chance(1, 12):
            keys = pick.of(_FAMILIES).keys
        quantifier = pick.of(("", "", "ForAnyValue:", "ForAllValues:"))
        asked = condition.setdefault(quantifier + operator, {})
        for _ in range(1 + pick.of((0, 0, 0, 0, 1))):
            key = pick.of(keys)
            asked[key] = pick.one_or_list(listed, 3)
            found = asked[key] if isinstance(asked[key], list) else [asked[key]]
            self.keys.setdefault(key, []).extend(value.partition("/")[0] for value in found)

    def _arn_patterns(self) -> list[str]:
        pick = self.pick
        arn = pick.of(self.members)
        return [
            f"acs:ram::{self.own}:role/AppRole",
            f"acs:ram::{self.own}:user/u1",
            "acs:ram::*:role/A*",
            "acs:ram::*:ROLE/*",
            "acs:ram::*:user/?1",
            arn,
            arn.upper(),
            f"acs:ram::{self.own}:role/\u212a*",
        ]

    def _resource_pattern(self) -> str:
        pick = self.pick
        text = pick.of(self.role_arns if pick.chance(1, 3) else (*self.asked, *self.asked, *self.resources[:4]))
        way = pick.below(10)
        at = pick.below(len(text))
        if way <= 1:
            return text
        if way == 2:  # noqa: PLR2004 - the ways are a list
            return text[:at] + "*"
        if way == 3:  # noqa: PLR2004
            return text[:at] + "?" + text[at + 1 :]
        if way == 4:  # noqa: PLR2004
            parts = text.split(":")
            parts[pick.below(len(parts))] = "*"
            return ":".join(parts)
        if way == 5:  # noqa: PLR2004
            return "*" + text[at:]
        if way == 6:  # noqa: PLR2004
            head, colon, tail = text.rpartition(":")
            return head + colon + tail.swapcase()
        if way == 7:  # noqa: PLR2004
            return text.upper()[:at] + "*" + text[at:].swapcase()
        return pick.of(_RESOURCE_PATTERNS).replace("OWN", self.own)

    def trust(self) -> Object:
        return {
            "Version": "1",
            "Statement": [self._trust_statement() for _ in range(1 + self.pick.of((0, 0, 1, 2)))],
        }

    def _trust_statement(self) -> Object:
        pick = self.pick
        statement: Object = {
            "Effect": "Deny" if pick.chance(1, 5) else "Allow",
            "Action": pick.one_or_list(_TRUST_PATTERNS, 2),
            "Principal": {},
        }
        for kind in pick.some(("RAM", "RAM", "Service", "Federated"), 3):
            statement["Principal"][kind] = pick.one_or_list(self._trusted(kind), 3)
        self._add_condition(statement)
        return statement

    def _trusted(self, kind: str) -> list[str]:
        own, other = self.own, self.other
        if kind == "Service":
            return list(_SERVICES)
        if kind == "Federated":
            return [
                f"acs:ram::{own}:saml-provider/idp",
                f"acs:ram::{own}:oidc-provider/idp",
                f"acs:ram::{other}:saml-provider/idp",
            ]
        return [
            *[f"acs:ram::{own}:root"] * 6,
            f"acs:ram::{other}:root",
            f"acs:ram::{own}:user/u1",
            f"acs:ram::{own}:user/U1",
            f"acs:ram::{own}:role/{self.name_of_role()}",
            f"acs:ram::{other}:role/App",
            f"acs:ram::{other}:user/u2",
            f"acs:ram::{self.management}:root",
        ]

    # Accounts and directory

    def stored(self, *, own: bool) -> Object:
        pick = self.pick
        policies = {f"p{number}": self.document() for number in range(2 + pick.below(4))}
        self.shared += policies.values()
        names = [*policies, *policies, *policies, *policies, *policies, *policies, *self.system, *["AdministratorAccess"] * 6]

        def attached(most: int) -> list[Any]:
            return [
                {"policy": name, "resource_group": pick.of(("rg-a", "rg-a", "rg-b"))}
                if pick.chance(1, 4)
                else name
                for name in pick.some(names, most, 2)
            ]

        roles = ("app", "AppRole", "ops.Role@1-x") if own else ("App",)
        account: Object = {
            "policies": policies,
            "roles": {name: {"trust": self.trust(), "policies": attached(6)} for name in roles[1:]},
            "groups": {name: {"policies": attached(3)} for name in ("g1", "g2")},
            "users": {
                "u1": {"groups": pick.some(("g1", "g2"), 2), "policies": attached(4)},
                "u2": {"policies": attached(6)},
                "u3": {"groups": ["g2", "g1"]},
            },
        }
        account["roles"][roles[0]] = {"trust": self.trust()}
        if pick.chance(1, 2):
            in_group = {"policy": pick.of(("AdministratorAccess", "p0")), "resource_group": "rg-a"}
            account["users"]["u3"]["policies"] = [in_group]
            account["roles"][roles[0]]["policies"] = [in_group]
        if own:
            account["service_linked_roles"] = self.present
        return account

    def asks(self) -> Question:
        pick = self.pick
        request: Object = {"principal": self.principal()}
        assuming = pick.chance(1, 5) or (
            request["principal"].endswith(".aliyuncs.com") and pick.chance(2, 3)
        )
        known = self.actions if pick.chance(3, 4) else _ACTIONS
        request["action"] = pick.of(_ASSUMING if assuming else known)
        if self.present[0].lower() in request["principal"].lower() and pick.chance(1, 2):
            request["action"] = pick.of(self.linked_actions)
        request["resource"] = self._asked_resource(assuming=assuming)
        context = self._context(request["principal"])
        if context or pick.chance(1, 2):
            request["context"] = context
        simulated = pick.chance(1, 10)
        if "role/" in request["principal"] and request["principal"].count("/") > 1:
            if pick.chance(1, 3):
                request["session_policies"] = self._documents(2)
        elif pick.chance(1, 20):
            request["session_policies"] = []
        if simulated:
            found = self._documents(3)
            request["policies"] = {f"p{place}": found[place] for place in range(len(found))}
        question = Question(request, simulated)
        if pick.chance(1, 20):
            spoil(pick, question)
        return question

    def _documents(self, most: int) -> list[Any]:
        return self.pick.some((*self.shared, _EVERYTHING, _EVERYTHING), most)

    def _asked_resource(self, *, assuming: bool) -> str:
        pick = self.pick
        if pick.chance(9, 10) if assuming else pick.chance(1, 6):
            arn = pick.of(self.role_arns)
            return arn + "x" if pick.chance(1, 20) else arn
        if pick.chance(1, 8):
            account = pick.of((self.other, self.only_in_directory, self.nowhere, "nobody", "0"))
            return f"acs:oss:cn-a:{account}:b/x"
        return pick.of(self.asked if pick.chance(3, 4) else self.resources)

    def _context(self, principal: str) -> Object:
        pick = self.pick
        context: Object = {}
        if pick.chance(1, 15):
            context["acs:PrincipalARN"] = _arn_of(principal) if pick.chance(5, 6) else principal
        if "ram:ServiceName" not in self.keys and pick.chance(1, 20):
            context["ram:ServiceName"] = "alikafka.aliyuncs.com"
        for key, listed in self.keys.items():
            if key in _FAMILY_OF and pick.chance(3, 5):
                given = listed if pick.chance(1, 2) else _FAMILY_OF[key].given
                context[key] = _given(pick, given, _FAMILY_OF[key].unreadable)
        if pick.chance(1, 3):
            context["acs:ResourceGroupId"] = pick.of(
                ("rg-a", "rg-a", "rg-b", "rg-c", ["rg-a"], [], 5)
            )
        return context

    def world(self, questions: int) -> World:
        pick = self.pick
        accounts = {self.own: self.stored(own=True)}
        if self.two:
            accounts[self.other] = self.stored(own=False)
        control = {}
        names = ["FullAliyunAccess"] * 3
        for number in range(2):
            control[f"c{self.own}-{number}"] = self.document()
            names.append(f"c{self.own}-{number}")

        def level() -> Object:
            usual = [] if pick.chance(1, 30) else ["FullAliyunAccess"]
            return {"control_policies": pick.some(names, 2) if pick.chance(1, 4) else usual}

        root_members, folders = {}, {}
        where = pick.below(5)
        own = {self.own: level()}
        others = {self.only_in_directory: level()}
        if where == 1:
            root_members = own
        elif where >= 2:  # noqa: PLR2004
            name = f"f{self.own}"
            folders[name] = level()
            if where == 2:  # noqa: PLR2004
                folders[name]["accounts"] = own | others
            else:
                folders[name]["folders"] = {"f": level() | {"accounts": own}, "g": level()}
                folders[name]["accounts"] = others
        found = [self.asks() for _ in range(questions)]
        return World(accounts, control, root_members, folders, found)


_USERS: Final = ("u1", "u2", "u1", "u3")
_INSIDERS: Final = ("user", "role", "session", "owner")
_KINDS: Final = (
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
_RESOURCE_PATTERNS: Final = (
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
)


def _arn_of(principal: str) -> str:
    """What `acs:PrincipalARN` is filled in with, of what is an identity."""
    head, kind, name = principal.partition("role/")
    if not kind:
        return principal
    return f"{head.removesuffix('assumed-')}role/{name.partition('/')[0].lower()}"


def _actions_of(document: Object | None) -> list[str]:
    """The actions without wildcards that a policy names."""
    found = ["ram:DeleteServiceLinkedRole"]
    for statement in document["Statement"] if document else ():
        actions = statement["Action"]
        found += [actions] if isinstance(actions, str) else actions
    return [action for action in found if "*" not in action]


def _given(pick: Pick, given: Sequence[object], unreadable: Sequence[object]) -> object:
    """A value for a key: mostly of its type, sometimes a list, rarely neither."""

    def one() -> object:
        return pick.of(unreadable if pick.chance(1, 12) else given)

    if pick.chance(1, 4):
        return [one() for _ in range(pick.below(4))]
    return one()


# Malformed requests

_NO_TEXTS: Final = (None, 5, True, [], {}, ["oss:Get"])
_NO_PRINCIPALS: Final = (
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
)
_NO_ACTIONS: Final = (
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
_NO_RESOURCES: Final = (
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
_NO_CONTEXTS: Final = (
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


def spoil(pick: Pick, question: Question) -> None:
    """Make a request malformed, most often in one of its fields."""
    request = question.request
    way = pick.below(10)
    if way == 0:
        request["principal"] = pick.of(_NO_PRINCIPALS)
    elif way == 1:
        request["action"] = pick.of(_NO_ACTIONS)
    elif way == 2:  # noqa: PLR2004
        request["resource"] = pick.of(_NO_RESOURCES)
    elif way == 3:  # noqa: PLR2004
        request["context"] = pick.of(_NO_CONTEXTS)
    elif way == 4:  # noqa: PLR2004
        request["context"] = {pick.of(_MISSPELT): pick.of(("a", "10.0.0.1", []))}
    elif way == 5:  # noqa: PLR2004
        del request[
            pick.of(sorted({"principal", "action", "resource", "policies"} & request.keys()))
        ]
    elif way == 6:  # noqa: PLR2004
        request[pick.of(("principal", "action", "resource"))] = pick.of(_NO_TEXTS)
    elif way == 7:  # noqa: PLR2004
        request[pick.of(("Principal", "policies", "conditions", "", "now"))] = pick.of(
            ({}, None, "x")
        )
    elif way == 8:  # noqa: PLR2004
        _spoil_documents(pick, question)
    else:
        question.request = pick.of((None, 5, "x", [], True, [request], {}))


def _spoil_documents(pick: Pick, question: Question) -> None:
    request = question.request
    whole = _EVERYTHING
    trust = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:*", "Principal": {"Service": "ecs.aliyuncs.com"}}
        ],
    }
    found = [*request.get("session_policies", []), *request.get("policies", {}).values(), whole]
    bad = pick.of(
        (
            Verbatim(None),
            Verbatim(whole),
            Verbatim({}),
            Verbatim("x"),
            Verbatim([]),
            trust,
            Damaged(pick.of(found), pick.below(1 << 16)),
            Damaged(pick.of(found), pick.below(1 << 16)),
            Damaged(pick.of(found), pick.below(1 << 16)),
        )
    )
    if question.simulated and pick.chance(2, 3):
        request["policies"] = pick.of((None, [], "x", [whole], {"a": whole, "b": bad}, {"b": bad}))
    else:
        request["session_policies"] = pick.of((None, {}, "x", [bad], [whole, bad], {"0": whole}))


# Documents that may be refused

_ODD_NAMES: Final = (
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
    *_MISSPELT,
    "RAM",
    "Service",
    "Federated",
    "ram",
    "Statement",
)
_ODD_VALUES: Final = (
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
    *(value for family in _FAMILIES for value in family.unreadable),
    *(value for family in _FAMILIES for value in family.listed[:4]),
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
)


def misshapen(pick: Pick, document: Object) -> Object:
    """A copy of a policy document with something in it renamed, replaced, left out or added."""
    found = copy.deepcopy(document)
    for _ in range(1 + pick.below(2)):
        holders = list(_holders(found))
        holder = pick.of(holders)
        key = pick.of(list(holder) if isinstance(holder, dict) else range(len(holder)))
        way = pick.below(4)
        if way == 0:
            holder[key] = pick.of(_ODD_VALUES)
        elif way == 1:
            del holder[key]
        elif isinstance(holder, list):
            holder.append(pick.of(_ODD_VALUES))
        elif way == 2:
            holder[pick.of(_ODD_NAMES)] = holder.pop(key)
        else:
            holder[pick.of(_ODD_NAMES)] = pick.of(_ODD_VALUES)
    return found


def _holders(value: object) -> Iterator[Any]:
    """Every object and list in a value that holds something, the value first."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def policies(pick: Pick, catalog: Catalog) -> Sequence[Object]:
    """An identity policy and a trust policy."""
    scene = _Scene(pick, catalog, 0, str(10**15))
    return scene.document(), scene.trust()


# Batches


def batch(pick: Pick, catalog: Catalog, worlds: int, questions: int) -> Batch:
    """So many worlds, the first one's account the management account, with so many questions each."""
    management = str(10**15)
    scenes = [_Scene(pick, catalog, number, management) for number in range(worlds)]
    made = [scene.world(questions) for scene in scenes]
    root, policies = ["FullAliyunAccess"], {}
    if pick.chance(1, 6):
        policies["c-root"] = scenes[0].document()
        root.append("c-root")
    first = made[0]
    first.root_members, first.folders = {}, {}
    return Batch(management, policies, root, made)


@st.composite
def batches(draw: st.DrawFn, catalog: Catalog, worlds: int = 2, questions: int = 8) -> Batch:
    """The same, from Hypothesis."""
    pick = Pick(lambda number: draw(st.integers(0, number - 1)))
    return batch(pick, catalog, worlds, questions)
