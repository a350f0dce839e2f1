"""Worlds and requests that are aimed at the decision tables: each of their forms, at its edges.

The worlds of `generator.py` are broad; these are narrow, so that many requests meet a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

__all__ = ["ACCOUNT", "questions", "world"]

ACCOUNT: Final = "1234567890123456"
_OTHER: Final = "6543210987654321"
_ARN: Final = f"acs:ram::{ACCOUNT}"
_ACTIONS: Final = (
    *("oss:GetObject", "oss:PutObject", "oss:ListObjects", "ram:GetRole", "sts:AssumeRole"),
    *("oss:*", "oss:Get*", "*:List*", "sts:*", "*", "oss:?etObject"),
)
_RESOURCES: Final = (
    *("*", "acs:oss:*:*:b", "acs:oss:*:*:b/*", f"acs:oss:*:{ACCOUNT}:b", "acs:oss:*:*:bb/*"),
    *(f"acs:oss::{ACCOUNT}:b", "acs:oss:*::b", "acs:oss:::b/*", "acs:oss:cn-*:*:a?c", "acs:oss:*"),
    *("acs:oss*", "*b*", "acs:oss:*:*:b:c*", "acs:oss:*:*:b/*x", "acs:oss:*:*:[a]*"),
    "acs:oss:*:*:",
    *("acs:ram:*:*:role/App*", f"acs:ram::{ACCOUNT}:role/AppRole", "acs:ram:*", "acs:oss:*:*:*/x"),
    *("acs:oss:*:system:b", "acs:oss:?:*:b", "acs:oss:*:*:b?", "acs:oss:cn-a:*:b/c"),
    *(f"acs:oss:*:{_OTHER}:b", f"acs:oss:cn-a:{ACCOUNT}:b"),
)
_PAST, _FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00+08:00"
_CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    *({"StringEquals": {"app:Key": value}} for value in ("x", ["x", "y*"], "")),
    *({"StringLike": {"oss:Prefix": value}} for value in ("a*", ["a/*", "b?"], "*")),
    *({"StringNotEquals": {"acs:SourceVpc": value}} for value in ("vpc-1", ["vpc-1", "x"])),
    {"StringNotLike": {"oss:Prefix": "a*"}},
    {"StringEqualsIgnoreCase": {"app:Key": ["KI", "x"]}},
    {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    {"IpAddress": {"acs:SourceIp": ["2001:db8::/32", "1.2.3.4"]}},
    {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    *({"Bool": {"acs:MFAPresent": value}} for value in ("true", "false")),
    *({name: {"acs:CurrentTime": _FUTURE}} for name in ("DateLessThan", "DateGreaterThanEquals")),
    *({name: {"acs:CurrentTime": _PAST}} for name in ("DateGreaterThan", "DateEquals")),
    {"DateLessThanEquals": {"app:Until": _FUTURE}},
    {"NumericLessThan": {"app:Size": "10"}},
    {"ForAllValues:StringLike": {"oss:Prefix": ["a*", "b"]}},
    {"ForAnyValue:StringNotEquals": {"oss:Prefix": ["a"]}},
    {"ForAllValues:IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"acs:ResourceGroupId": "rg-1"}},
    {"StringLike": {"acs:PrincipalARN": "*role/app*"}},
    {"Bool": {"acs:MFAPresent": "true"}, "DateLessThan": {"acs:CurrentTime": _FUTURE}},
    {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}, "DateLessThan": {"acs:CurrentTime": _PAST}},
    {"Bool": {"acs:MFAPresent": "true"}, "IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
)
_VALUES: Final = {
    "app:Key": ("x", "y", "y*", "KI", "ki", "\u212ai", "", ["x"], ["z", "x"], True, 1),
    "oss:Prefix": ("a", "a/b", "b:", "bx", "", [], ["a", "b"], ["q"], ["a", 1], "a\nb"),
    "acs:SourceVpc": ("vpc-1", "x", "other", ["x", "y"], []),
    "acs:SourceIp": ("10.1.2.3", "::ffff:10.0.0.1", "2001:db8::1", "1.2.3.4", "no", ["10.0.0.1"]),
    "acs:MFAPresent": ("true", "TRUE", "false", "maybe", True, ["true"]),
    "acs:CurrentTime": (_PAST, _FUTURE, "2026-01-01T00:00:00Z", "soon", [], "1600-01-01T00:00:00Z"),
    "app:Until": (_PAST, "2150-01-01T00:00:00Z", "never"),
    "app:Size": ("5", "20", 7),
    "acs:ResourceGroupId": ("rg-1", "rg-2", "rg-9", ["rg-1"], True),
    "acs:PrincipalARN": (f"{_ARN}:role/approle", f"{_ARN}:user/alice"),
    "acs:ResourceTag/team": ("a", ["a", "b"]),
    "acs:sourceip": ("10.0.0.1",),
    "acs:Other": ("x",),
    "acs:resourcetag/team": ("x",),
}
_PRINCIPALS: Final = (
    *(f"{_ARN}:user/{name}" for name in ("alice", "bob", "Alice", "nobody")),
    *(f"{_ARN}:role/{name}" for name in ("AppRole", "approle", "APPROLE", "Other", "other")),
    *(f"{_ARN}:assumed-role/{name}/s" for name in ("AppRole", "approle", "other", "none")),
    *(f"{_ARN}:role/{name}/s" for name in ("AppRole", "approle")),
    *("ecs.aliyuncs.com", "oss.aliyuncs.com", f"{_ARN}:root", f"acs:ram::{_OTHER}:user/alice"),
)
_ACCOUNTS: Final = ("", "*", "system", _OTHER)
_IDS: Final = ("b", "b/", "b/c", "b/cx", "bb/1", "bc", "b:c", "b:cd", "a1c", "[a]z", "", "x/x", "z")
_TRUSTED: Final = (
    *({"Service": ["ecs.aliyuncs.com"]}, {"RAM": [f"{_ARN}:root"]}),
    {"RAM": [f"{_ARN}:user/alice"]},
    *({"RAM": [f"{_ARN}:role/Other"]}, {"RAM": [f"{_ARN}:root", f"{_ARN}:user/bob"]}),
)


def world(chance: random.Random) -> dict[str, Any]:
    """Return an accounts file of one account, whose principals hold random policies."""
    names = [f"p{number}" for number in range(4)]
    policies = {name: _document(chance, chance.choice((1, 1, 2, 3, 7))) for name in names}

    def held() -> list[Any]:
        found: list[Any] = chance.sample(names, chance.randint(0, 3))
        if chance.random() < 0.4:
            found.append({"policy": chance.choice(names), "resource_group": "rg-1"})
        return found

    account = {
        "policies": policies,
        "users": {name: {"policies": held()} for name in ("alice", "bob")},
        "roles": {
            name: {"policies": held(), "trust": _trust(chance)} for name in ("AppRole", "Other")
        },
    }
    found: dict[str, Any] = {"accounts": {ACCOUNT: account}}
    if chance.random() < 0.2:
        found["directory"] = {
            "management": "9" * 16,
            "policies": {"limit": _document(chance, 2)},
            "root": {
                "control_policies": ["FullAliyunAccess"],
                "accounts": {ACCOUNT: {"control_policies": ["FullAliyunAccess", "limit"]}},
            },
        }
    return found


def questions(chance: random.Random, world: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Return requests, most of which a table of the world can decide."""
    policies = world["accounts"][ACCOUNT]["policies"].values()
    patterns = [
        pattern
        for document in policies
        for statement in document["Statement"]
        for pattern in statement["Resource"]
    ]
    return [_question(chance, patterns) for _ in range(count)]


def _question(chance: random.Random, patterns: Sequence[str]) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "principal": chance.choice((*_PRINCIPALS, *_PRINCIPALS[:2])),
        "action": chance.choice(("oss:GetObject", *_ACTIONS[:5], "OSS:listobjects")),
        "resource": _resource(chance),
    }
    if chance.random() < 0.5:
        asked["resource"] = _near(chance, chance.choice(patterns))
    elif asked["action"] in {"sts:AssumeRole", "ram:GetRole"} and chance.random() < 0.8:
        region = chance.choice(("", "*", "cn-a") if asked["action"] == "ram:GetRole" else ("", "*"))
        name = chance.choice(("AppRole", "approle", "other", "APPROLE2"))
        asked["resource"] = f"acs:ram:{region}:{ACCOUNT}:role/{name}"
    if chance.random() < 0.6:
        size = chance.choice((0, 1, 1, 1, 1, 2, 2, 3, 6))
        usual = list(_VALUES)[:8]
        keys = chance.sample(usual if chance.random() < 0.8 else list(_VALUES), size)
        asked["context"] = {key: chance.choice(_VALUES[key]) for key in keys}
    return asked


def _resource(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice(("*", f"acs:ram::{ACCOUNT}:role/approle", "acs:ram:*:*:role/AppRole"))
    region = chance.choice(("cn-a", "cn-a", "", "*", "us"))
    account = chance.choice((*[ACCOUNT] * 4, *_ACCOUNTS))
    service = chance.choice(("oss", "oss", "oss", "ram"))
    return f"acs:{service}:{region}:{account}:{chance.choice(_IDS)}"


def _near(chance: random.Random, pattern: str) -> str:
    """Return a resource that the pattern matches, or one of another region or account."""
    fields = pattern.replace("*", chance.choice(("", "b", "x/x"))).replace("?", "a").split(":", 4)
    if len(fields) < 5:
        return _resource(chance)
    if pattern.split(":")[3] == "*":
        fields[3] = ACCOUNT
    if chance.random() < 0.5:
        fields[3] = chance.choice((ACCOUNT, *_ACCOUNTS, "0-x"))
    if chance.random() < 0.3:
        fields[2] = chance.choice(("", "*", "cn-a"))
    return ":".join(fields)


def _document(chance: random.Random, statements: int) -> dict[str, Any]:
    return {"Version": "1", "Statement": [_statement(chance) for _ in range(statements)]}


def _statement(chance: random.Random) -> dict[str, Any]:
    resources = chance.randint(4, 9) if chance.random() < 0.2 else chance.choice((1, 1, 2))
    found: dict[str, Any] = {
        "Effect": "Deny" if chance.random() < 0.25 else "Allow",
        "Resource": chance.sample(_RESOURCES, resources),
    }
    element = "NotAction" if chance.random() < 0.08 else "Action"
    found[element] = chance.sample(_ACTIONS, chance.choice((1, 1, 2, 3)))
    if chance.random() < 0.45:
        found["Condition"] = chance.choice(_CONDITIONS)
        if chance.random() < 0.3:
            found["Condition"] = {**found["Condition"], **chance.choice(_CONDITIONS)}
    return found


def _trust(chance: random.Random) -> dict[str, Any]:
    statements = [
        {
            "Effect": "Deny" if chance.random() < 0.15 else "Allow",
            "Action": chance.choice(("sts:AssumeRole", "sts:*", "sts:TagSession")),
            "Principal": chance.choice(_TRUSTED),
            **({"Condition": chance.choice(_CONDITIONS[:6])} if chance.random() < 0.15 else {}),
        }
        for _ in range(chance.choice((1, 1, 2, 3)))
    ]
    return {"Version": "1", "Statement": statements}
