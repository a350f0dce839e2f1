"""Requests as real documents lead to them, with their accounts: conditions, long lists, spellings.

Each goal of the report has the questions of one `Case`, and the slowest of them counts.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Final

from bench import questions
from bench.questions import Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "ACCOUNT",
    "PATTERNS",
    "Case",
    "asked",
    "cases",
    "many_statements",
    "statements",
    "write",
]

ACCOUNT: Final = "4000000000000001"
"""The account of these requests."""

PATTERNS: Final = 60
"""The number of resource patterns in the longest list."""

_STATEMENTS: Final = 5_000
_BUCKETS: Final = (20, 40)
_ALLOW: Final = ("Allow", "statement_allows")
_NONE: Final = ("ImplicitDeny", "no_statement_matches")
_ARN: Final = f"acs:ram::{ACCOUNT}"
_PREFIXES: Final = ("home/alice/*", "shared/*", "public*")
_OBJECT_ACTIONS: Final = ("oss:GetObject", "oss:PutObject", "oss:DeleteObject")
_BUCKET_ACTIONS: Final = ("oss:ListObjects", "oss:GetBucketInfo")

Context = dict[str, str | bool | list[str]]

_TEN_KEYS: Final[Context] = {
    "acs:SourceIp": "10.1.2.3",
    "acs:SecureTransport": "true",
    "acs:MFAPresent": "false",
    "acs:SourceVpc": "vpc-bp1",
    "acs:ResourceTag/team": "web",
    "acs:ResourceTag/stage": "test",
    "acs:RequestTag/owner": "alice",
    "ecs:InstanceType": "ecs.g7.large",
    "ecs:IsDiskEncrypted": "true",
    "ecs:ImageSource": "system",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """The questions of a goal, by the goal's key; without a goal, the key names the kind."""

    key: str
    questions: Sequence[Question]


def cases() -> list[Case]:
    """Return the cases that are measured in addition to the mix, each with its questions."""
    [session, wildcard, member, group, *assume] = questions.special_cases()
    return [
        Case("session", [session, *_sessions(session)]),
        Case("wildcard", [wildcard]),
        Case("member", [member]),
        Case("group", [group]),
        Case("assume", assume),
        Case("address", _addresses()),
        Case("multi_factor", _multi_factor()),
        Case("boolean", _booleans()),
        Case("like", _prefixes()),
        Case("patterns", _patterns()),
        Case("buckets", [one for count in _BUCKETS for one in _buckets(count)]),
        Case("keys", _ten_keys()),
        Case("unstated", _unstated()),
    ]


def asked() -> list[Question]:
    """Return the questions of all cases, those about 5,000 statements among them."""
    return [*(one for case in cases() for one in case.questions), *many_statements()]


def write(folder: Path) -> None:
    """Write the accounts file for these questions; those of the mix have a file of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    names = _policies()
    account = {
        "policies": names,
        "users": {name: {"policies": [name]} for name in names},
    }
    (folder / "cases.json").write_text(json.dumps({"accounts": {ACCOUNT: account}}, indent=1))


def many_statements() -> list[Question]:
    """Return the questions about 5,000 statements that share an action; half have patterns."""
    middle = _STATEMENTS // 2
    return [
        _ask("many", f"5,000 statements: {name}", "oss:GetObject", f"acs:oss:*:{ACCOUNT}:{at}", is_)
        for name, at, is_ in (
            ("a literal resource matches", f"bucket/{middle}", _ALLOW),
            ("a pattern matches", f"bucket/{middle + 1}/any", _ALLOW),
            ("none matches", "elsewhere", _NONE),
        )
    ]


def statements() -> list[dict[str, object]]:
    """Return 5,000 statements that share one action, half of them on a pattern."""
    return [
        _allow("oss:GetObject", f"acs:oss:*:{ACCOUNT}:bucket/{number}{'/*' if number % 2 else ''}")
        for number in range(_STATEMENTS)
    ]


def _sessions(session: Question) -> list[Question]:
    stored, lower = "assumed-role/App/", "assumed-role/app/"
    return [
        dataclasses.replace(
            session, name=name, principal=session.principal.replace(stored, spelled)
        )
        for name, spelled in (
            ("role session, `role/…/…`", "role/App/"),
            ("role session, in lower case", lower),
            ("role session, `role/…/…`, in lower case", "role/app/"),
        )
    ]


def _addresses() -> list[Question]:
    instance = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/i-1"
    return [
        _ask("address", f"`IpAddress`: {name}", action, instance, is_, {"acs:SourceIp": address})
        for name, action, address, is_ in (
            ("IPv4, in the first block", "ecs:StopInstance", "10.20.30.40", _ALLOW),
            ("IPv4, in the second block", "ecs:StopInstance", "192.168.3.4", _ALLOW),
            ("IPv4, in no block", "ecs:StopInstance", "172.16.0.1", _NONE),
            ("IPv6, in the second block", "ecs:StartInstance", "2001:db8:0:1::7", _ALLOW),
        )
    ]


def _multi_factor() -> list[Question]:
    instance = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/i-1"
    present: Context = {"acs:MFAPresent": "true"}
    return [
        _ask(
            "mfa", f"`Bool` and `DateLessThan`: {name}", "ecs:DeleteInstance", instance, is_, given
        )
        for name, given, is_ in (
            ("time filled in", present, _ALLOW),
            ("time given", {**present, "acs:CurrentTime": "2026-05-01T08:00:00+08:00"}, _ALLOW),
        )
    ]


def _booleans() -> list[Question]:
    instance = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/i-1"
    given: Context = {"acs:MFAPresent": True}
    name = "`Bool` and `DateLessThan`: `true` of JSON"
    return [_ask("mfa", name, "ecs:DeleteInstance", instance, _ALLOW, given)]


def _prefixes() -> list[Question]:
    bucket = f"acs:oss:*:{ACCOUNT}:company"
    return [
        _ask("prefix", f"`StringLike`: {name}", "oss:ListObjects", bucket, is_, {"oss:Prefix": at})
        for name, at, is_ in (
            ("the third of three values", "public/2026/", _ALLOW),
            ("none of three values", "private/", _NONE),
            ("a list as the request's value", ["private/", "home/alice/photos/"], _ALLOW),
        )
    ]


def _patterns() -> list[Question]:
    return [
        _ask("patterns", f"{PATTERNS} resource patterns: {name}", "oss:GetObject", at, is_)
        for name, at, is_ in (
            ("the first matches", f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:bucket-0/a/b.jpg", _ALLOW),
            ("the last matches", f"acs:oss:*:{ACCOUNT}:bucket-{PATTERNS - 1}/a/b.jpg", _ALLOW),
            ("none matches", f"acs:oss:*:{ACCOUNT}:bucket-{PATTERNS}/a/b.jpg", _NONE),
        )
    ]


def _buckets(count: int) -> list[Question]:
    user = f"buckets-{count}"
    return [
        _ask(user, f"{count} statements with a bucket each: {name}", action, at, is_)
        for name, action, at, is_ in (
            ("the bucket", "oss:ListObjects", f"acs:oss:*:{ACCOUNT}:data-0", _ALLOW),
            ("an object", "oss:GetObject", f"acs:oss:*:{ACCOUNT}:data-{count - 1}/a/b", _ALLOW),
            ("none matches", "oss:GetObject", f"acs:oss:*:{ACCOUNT}:data-{count}/a/b", _NONE),
        )
    ]


def _ten_keys() -> list[Question]:
    instance = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance/i-1"
    other = {**_TEN_KEYS, "acs:ResourceTag/team": "data"}
    return [
        _ask("keys", f"a context of ten keys: {name}", "ecs:RebootInstance", instance, is_, given)
        for name, given, is_ in (
            ("the condition is satisfied", _TEN_KEYS, _ALLOW),
            ("it is not", other, _NONE),
        )
    ]


def _unstated() -> list[Question]:
    return [
        _ask("unstated", f"not stated: {name}", "oss:GetObject", f"acs:oss:{at}:photos/a.jpg", is_)
        for name, at, is_ in (
            ("region, empty", f":{ACCOUNT}", _ALLOW),
            ("region, `*`", f"*:{ACCOUNT}", _ALLOW),
            ("account, empty", "oss-cn-hangzhou:", _ALLOW),
            ("account, `*`", "oss-cn-hangzhou:*", _ALLOW),
            ("region and account, empty", ":", _ALLOW),
            ("region and account, `*`", "*:*", _ALLOW),
        )
    ]


def _ask(  # noqa: PLR0913, PLR0917 - the fields of a question
    user: str,
    name: str,
    action: str,
    resource: str,
    expected: tuple[str, str],
    context: Context | None = None,
) -> Question:
    return Question(name, f"{_ARN}:user/{user}", action, resource, context or {}, *expected)


def _policies() -> dict[str, dict[str, object]]:
    """Return the policies by name; each is attached to the user of that name."""
    written = {
        "address": [
            _allow("ecs:StopInstance", "*", _networks("10.0.0.0/8", "192.168.0.0/16")),
            _allow("ecs:StartInstance", "*", _networks("fd00::/8", "2001:db8::/32")),
        ],
        "mfa": [
            _allow(
                "ecs:DeleteInstance",
                "*",
                {
                    "Bool": {"acs:MFAPresent": "true"},
                    "DateLessThan": {"acs:CurrentTime": "2099-12-31T23:59:59+08:00"},
                },
            )
        ],
        "prefix": [
            _allow(
                "oss:ListObjects",
                "acs:oss:*:*:company",
                {"StringLike": {"oss:Prefix": list(_PREFIXES)}},
            )
        ],
        "patterns": [_allow(list(_OBJECT_ACTIONS), [_pattern(one) for one in range(PATTERNS)])],
        "keys": [
            _allow(
                "ecs:RebootInstance",
                f"acs:ecs:*:{ACCOUNT}:instance/*",
                {"StringEquals": {"acs:ResourceTag/team": "web"}},
            )
        ],
        "unstated": [_allow(["oss:GetObject", "oss:PutObject"], "acs:oss:*:*:photos/*")],
        "many": statements(),
    }
    for count in _BUCKETS:
        written[f"buckets-{count}"] = [_bucket(one) for one in range(count)]
    return {name: {"Version": "1", "Statement": found} for name, found in written.items()}


def _allow(
    action: str | Sequence[str],
    resource: str | Sequence[str],
    condition: Mapping[str, Mapping[str, object]] | None = None,
) -> dict[str, object]:
    allowed: dict[str, object] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return allowed | ({"Condition": condition} if condition else {})


def _networks(*blocks: str) -> dict[str, dict[str, object]]:
    return {"IpAddress": {"acs:SourceIp": list(blocks)}}


def _pattern(number: int) -> str:
    """Return a resource of one of the shapes that are frequent in real documents."""
    name = f"bucket-{number}"
    return (
        f"acs:oss:oss-cn-hangzhou:{ACCOUNT}:{name}/*",
        f"acs:oss:*:*:{name}",
        f"acs:oss:*:{ACCOUNT}:{name}/logs/*",
        f"acs:oss:*:*:{name}/*",
    )[number % 4]


def _bucket(number: int) -> dict[str, object]:
    """Return a statement about one bucket and its objects; the actions differ from the next's."""
    own = [f"oss:PutBucket{name}" for name in ("Acl", "Cors", "Logging")][number % 3]
    return _allow(
        [*_OBJECT_ACTIONS, *_BUCKET_ACTIONS, own],
        [f"acs:oss:*:*:data-{number}", f"acs:oss:*:*:data-{number}/*"],
    )
