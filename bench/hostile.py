"""Measure the CPU time and record the answer for input meant to slow OPA down.

Each limit of a request (docs/reference/http.md, "Limits") has rows: the input at the limit that
costs most, and an input far above it. An attacker may also know OPA's hash function.
"""

from __future__ import annotations

import gzip
import http.client
import json
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench import questions
from bench.report import Figure, Section, Table
from bench.server import DECISION, DECISIONS, SHIPPED, Opa
from ramgate import Sidecar, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bench.run import Run

__all__ = ["measure"]

_SIMULATION: Final = "/v1/data/ram/simulate/decision"
_DELETION: Final = "/v1/data/slr/deletion/decision"
_ACCOUNT: Final = "4000000000000001"
_ARN: Final = f"acs:ram::{_ACCOUNT}:"
_OBJECT: Final = f"acs:oss:*:{_ACCOUNT}:"
_ACTION: Final = "oss:GetObject"
_KEY: Final = "acs:SourceVpc"
_STATEMENTS: Final = 10_000
_RAM_POLICY: Final = 6_144
"""The characters of the largest policy that RAM stores."""
_BODY: Final = 2 * 1024 * 1024
_SECONDS: Final = 120.0
_MEGABYTE: Final = 1024 * 1024


class _Input(NamedTuple):
    """A bad input. Its cost counts for the goal with the key `kind`."""

    name: str
    path: str
    body: bytes
    kind: str = "question"


def measure(run: Run) -> Section:
    """Send each bad input in turn, then check that the mix is still answered."""
    content = run.build("hostile", _write).content
    rows = []
    slowest = dict.fromkeys(("question", "body", "stored"), 0.0)
    with Opa(content, run.folder) as opa:
        for one in _bad_inputs():
            run.log(f"bad input: {one.name}")
            before = opa.cpu_seconds()
            answer = opa.ask(one.path, one.body)
            cpu = opa.cpu_seconds() - before
            slowest[one.kind] = max(slowest[one.kind], cpu)
            rows.append(
                (one.name, str(answer.status), f"{cpu:.2f}", f"{answer.seconds:.3f}", answer.words)
            )
        opa.check(questions.mix())
    single = Table(
        "Bad input",
        ("input", "HTTP status", "seconds of CPU", "seconds", "answer"),
        tuple((*row[:-1], f"`{row[-1]}`") for row in rows),
        f"The {SHIPPED} store, OPA on one core. After all of it, OPA still answered the mix "
        "correctly.",
    )
    by_strangers = list(_by_strangers(run))
    strangers = Table(
        "Bodies of a stranger, who has no token",
        ("body", "HTTP status", "seconds"),
        tuple((name, str(status), f"{seconds:.3f}") for name, status, seconds in by_strangers),
        "OPA reads and parses a body before it evaluates `system.authz`.",
    )
    slowest["stranger"] = max(seconds for _, _, seconds in by_strangers)
    figures = {key: Figure(seconds, SHIPPED) for key, seconds in slowest.items()}
    return Section("hostile", (single, strangers), figures)


def _bad_inputs() -> Iterator[_Input]:
    yield from _of_names()
    yield from _of_contexts()
    yield from _of_documents()
    yield from _of_bodies()


def _of_names() -> Iterator[_Input]:
    for length in (2_048, 1_000_000):
        resource = _OBJECT.ljust(length, "a")
        yield _question(f"`*a*a*a*a*b*`, a resource of {length:,}", "slow", resource=resource)
        yield _question(f"`*` and 1,000 `?`, a resource of {length:,}", "any", resource=resource)
        action = "oss:".ljust(length, "a")
        yield _question(f"an action of {length:,}", "slow", action=action)
        principal = "a." * (length // 2 - 6) + "aliyuncs.com"
        yield _Input(f"a service of {length:,}", DECISION, _body({"principal": principal}))
    region = f"acs:oss:{'a' * 2_000}:{_ACCOUNT}:b"
    yield _question("`*a*a*a*a*b*` in a region, a region of 2,000", "region", resource=region)
    unstated = "acs:oss:*::".ljust(2_048, "a")
    yield _question("`*` and 120 `?`, no account is stated", "runs", resource=unstated)
    stated = f"acs:oss:cn:{_ACCOUNT}:".ljust(2_048, "a")
    yield _question("`*` and 120 `?` in a Deny on regions", "denied", resource=stated)
    many = _question(
        f"{_STATEMENTS:,} statements in one policy", "many", resource=f"{_OBJECT}bucket/last"
    )
    yield many._replace(kind="stored")


def _of_contexts() -> Iterator[_Input]:
    for count in (200, 10_000):
        context = {f"acs:RequestTag/{number}": "x" for number in range(count)}
        yield _question(f"{count:,} context keys", "slow", context)
    for count in (100, 10_000):
        listed = ["10.0.0.1"] * count
        yield _question(f"{count:,} addresses, a policy full of blocks", "blocks", {_KEY: listed})
        listed = ["a" * 20] * count
        yield _question(f"{count:,} texts, a policy full of patterns", "stars", {_KEY: listed})
    for length in (2_048, 1_000_000):
        text = "a" * length
        yield _question(f"a value of {length:,}, a policy full of `*`", "stars", {_KEY: text})
        yield _question(f"a value of {length:,}, a policy full of `?`", "marks", {_KEY: text})
    full: dict[str, object] = {f"k{number}": ["x" * 6] * 100 for number in range(9)}
    yield _question("1,000 elements, 8,192 characters", "stars", full | {_KEY: ["a" * 20] * 100})
    yield _question("a number `1e999999999`", "slow", raw=(b'"RAW"', b"1e999999999"))
    yield _question("a number of 1,000,000 digits", "slow", raw=(b'"RAW"', b"1" * 1_000_000))


def _of_documents() -> Iterator[_Input]:
    session = f"{_ARN}assumed-role/app/s"
    request: dict[str, object]
    context: dict[str, object]
    for count in (20, 100):
        whole = _translated(_listed("IpAddress", ["10.0.0.0/8"] * 100))
        request = {"principal": session, "session_policies": [whole] * 10}
        context = {_KEY: ["10.0.0.1"] * count}
        name = f"10 session policies of 100 blocks, {count} addresses"
        yield _Input(name, DECISION, _body(request | {"context": context}))
    for wildcards in (100, 1_000):
        whole = _translated(_listed("StringLike", ["*" + "?" * wildcards + "b*"]))
        request = {"principal": session, "session_policies": [whole] * 10}
        context = {_KEY: "a" * 1_900}
        name = f"10 session policies of {wildcards:,} `?`, 1,900 characters"
        yield _Input(name, DECISION, _body(request | {"context": context}))
    for documents in (4, 30):
        listed = [f"v{number}" for number in range(5_500)]
        whole = _translated(_listed("StringEquals", listed))
        policies = {f"p{number}": whole for number in range(documents)}
        request = {"principal": f"{_ARN}user/slow", "policies": policies}
        yield _Input(f"a simulation of {documents} long documents", _SIMULATION, _body(request))
    patterns = [f"acs:oss:*:*:b{number}/?*" for number in range(900)]
    request = {
        "principal": f"{_ARN}user/slow",
        "policies": {"p": _translated({"Resource": patterns})},
        "resource": _OBJECT.ljust(1_100, "b"),
    }
    yield _Input("a simulation of 900 patterns", _SIMULATION, _body(request))
    usages = [{"region": "cn", "resources": [_OBJECT] * 100} for _ in range(100)]
    question = {"principal": f"{_ARN}root", "role": "AliyunServiceRoleForAlikafka"}
    body = json.dumps({"input": question | {"usages": usages}}).encode()
    yield _Input("a deletion with 10,000 resources", _DELETION, body)


def _of_bodies() -> Iterator[_Input]:
    [question, *_] = questions.mix()
    request = json.dumps(question.request).encode()
    # all different: OPA evaluates equal requests once
    different = [
        request.replace(b"}", b',"context":{"n":"%d"}}' % number) for number in range(10_000)
    ]
    yield _batch("a batch of 10,000", different)
    yield _batch("a batch of 100,000 empty requests", [b"{}"] * 100_000)
    yield _batch("a batch of 10,000 empty requests", [b"{}"] * 10_000)
    faulty = b'{"principal":"x","action":"x","resource":"x","context":{"a":null},"%d":1}'
    requests = [faulty % number for number in range(10_000)]
    yield _batch("a batch of 10,000 requests with five faults", requests)
    for count, length in ((6_000, 1), (1_000, 1_800)):
        requests = [
            json.dumps(
                _request("stars") | {"context": {_KEY: f"{number}".rjust(length, "a")}}
            ).encode()
            for number in range(count)
        ]
        slow = _batch(f"a batch of {count:,} with a policy full of patterns", requests)
        yield slow._replace(kind="stored")
    keys = b",".join(b'"%b":0' % key.encode() for key in colliding_keys(_BODY // 80))
    yield _Input("an object of keys with one hash", DECISION, b'{"input": {%b}}' % keys, "body")
    nested = b'{"input": {"principal": "x", "action": "x", "resource": "x", "context": {%b}}}'
    yield _Input("a context of keys with one hash", DECISION, nested % keys, "body")
    yield _batch("an item of keys with one hash", [b"{%b}" % keys])
    yield _Input("a body of empty arrays", DECISION, _of_arrays(), "body")
    yield _Input("a body of 3 MiB", DECISION, b'{"input": "%b"}' % (b"x" * (3 * _MEGABYTE)), "body")


def _by_strangers(run: Run) -> Iterator[tuple[str, int, float]]:
    arrays = _of_arrays()
    objects = arrays.replace(b"[]", b"{}")
    blocks = b"input:\n" + b"- - - - -\n" * ((_BODY - 10) // 10)
    bodies: dict[str, tuple[bytes, dict[str, str]]] = {
        "2 MiB of empty arrays": (arrays, {}),
        "2 MiB of empty objects": (objects, {}),
        "2 KB of gzip: 2 MiB of empty objects": (
            gzip.compress(objects),
            {"Content-Encoding": "gzip"},
        ),
        "300 KB of gzip: 300 MiB": (
            gzip.compress(b" " * (300 * _MEGABYTE)),
            {"Content-Encoding": "gzip"},
        ),
        "2 MiB of YAML": (blocks, {"Content-Type": "application/yaml"}),
        "3 MiB": (b" " * (3 * _MEGABYTE), {}),
    }
    with Sidecar(addresses=["127.0.0.1:0"], token="unknown") as sidecar:  # noqa: S106
        address = sidecar.url.removeprefix("http://")
        for name, (body, headers) in bodies.items():
            run.log(f"bad input of a stranger: {name}")
            began = time.monotonic()
            connection = http.client.HTTPConnection(address, timeout=_SECONDS)
            connection.request("POST", DECISION, body, headers)
            status = connection.getresponse().status
            connection.close()
            yield name, status, time.monotonic() - began


def _of_arrays() -> bytes:
    return b'{"input":[%b]}' % b",".join([b"[]"] * ((_BODY - 20) // 3))


def _request(user: str) -> dict[str, object]:
    return {"principal": f"{_ARN}user/{user}", "action": _ACTION, "resource": f"{_OBJECT}b"}


def _question(  # noqa: PLR0913 - all but three by name
    name: str,
    user: str,
    context: Mapping[str, object] | None = None,
    *,
    resource: str | None = None,
    action: str = _ACTION,
    raw: tuple[bytes, bytes] | None = None,
) -> _Input:
    request = _request(user) | {
        "action": action,
        "context": {_KEY: "RAW"} if raw else context or {},
    }
    body = _body(request | ({"resource": resource} if resource else {}))
    return _Input(name, DECISION, body.replace(*raw) if raw else body)


def _body(request: Mapping[str, object]) -> bytes:
    return json.dumps({"input": {**_request("slow"), **request}}).encode()


def _batch(name: str, requests: list[bytes]) -> _Input:
    body = b'{"input": {"requests": [%b]}}' % b", ".join(requests)
    return _Input(f"{name}, {len(body) / _MEGABYTE:.1f} MiB", DECISIONS, body, "body")


def _listed(operator: str, listed: list[str]) -> dict[str, object]:
    return {"Condition": {operator: {_KEY: listed}}}


def _translated(statement: Mapping[str, object]) -> dict[str, Any]:
    return translate(_policy(statement))


def _policy(statement: Mapping[str, object]) -> dict[str, object]:
    whole = {"Effect": "Allow", "Action": "oss:*", "Resource": "*", **statement}
    return {"Version": "1", "Statement": [whole]}


def _filled(operator: str, value: str) -> dict[str, object]:
    """Return a policy as long as RAM stores it, full of different values like this one."""
    count = (_RAM_POLICY - 200) // (len(value.format(0)) + 6)
    listed = [value.format(number) for number in range(count)]
    return _policy(_listed(operator, listed))


def _runs(start: str) -> list[str]:
    """Return as many resources with a long run of `?` as RAM stores in a policy."""
    return [f"{start}*{'?' * 120}b{number}*" for number in range((_RAM_POLICY - 200) // 150)]


def _write(folder: Path) -> None:
    questions.write(folder, accounts=1)
    many = [
        {"Effect": "Allow", "Action": _ACTION, "Resource": f"{_OBJECT}bucket/*-{number}-*/end"}
        for number in range(_STATEMENTS)
    ]
    policies = {
        "slow": _policy({"Resource": f"{_OBJECT}*a*a*a*a*b*"}),
        "region": _policy({"Resource": "acs:oss:*a*a*a*a*b*:*:b"}),
        "runs": _policy({"Resource": _runs("acs:oss:*:*:")}),
        "denied": _policy({"Effect": "Deny", "Resource": _runs("acs:oss:c*:*:")}),
        "any": _policy({"Resource": f"*{'?' * 1_000}b*"}),
        "many": {"Version": "1", "Statement": many},
        "blocks": _policy(
            _listed("IpAddress", [f"10.{one % 256}.{one // 256}.0/24" for one in range(400)])
        ),
        "stars": _filled("StringLike", "*a*{}b*"),
        "marks": _policy(_listed("StringLike", [f"*{'?' * 2_000}{number}b*" for number in (1, 2)])),
    }
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.aliyuncs.com"]},
    }
    account = {
        "policies": policies,
        "users": {name: {"policies": [name]} for name in policies},
        "roles": {"app": {"trust": {"Version": "1", "Statement": [trust]}, "policies": ["slow"]}},
    }
    (folder / "hostile.json").write_text(json.dumps({"accounts": {_ACCOUNT: account}}))


# Keys with one hash: OPA uses xxHash64 without a seed

_MASK: Final = (1 << 64) - 1
_PRIME_1: Final = 11400714785074694791
_PRIME_2: Final = 14029467366897019727
_PRINTABLE: Final = frozenset(range(0x20, 0x7F)) - {0x22, 0x5C}


def colliding_keys(count: int) -> list[str]:
    """Return keys of 64 characters that have the same xxHash64.

    A key is two stripes of four lanes. Any first half of a lane has a second half after which the
    lane is in a given state.
    """
    starts = (_PRIME_1 + _PRIME_2, _PRIME_2, 0, -_PRIME_1)
    lanes = [_lane(start & _MASK, int(count ** (1 / 4)) + 2) for start in starts]
    keys = [
        b"".join(half[place] for place in (0, 1) for half in (one, two, three, four)).decode()
        for one in lanes[0]
        for two in lanes[1]
        for three in lanes[2]
        for four in lanes[3]
    ]
    return keys[:count]


def _lane(start: int, count: int) -> list[tuple[bytes, bytes]]:
    state = _round(_round(start, 0x6161616161616161), 0x6161616161616161)
    found: list[tuple[bytes, bytes]] = []
    number = 0
    while len(found) < count:
        number += 1
        first = f"{number:08}".encode()
        after = _round(start, int.from_bytes(first, "little"))
        unmixed = _turn(state * pow(_PRIME_1, -1, 1 << 64) & _MASK, 64 - 31)
        second = ((unmixed - after) * pow(_PRIME_2, -1, 1 << 64) & _MASK).to_bytes(8, "little")
        if _PRINTABLE.issuperset(second):
            found.append((first, second))
    return found


def _round(state: int, lane: int) -> int:
    return _turn((state + lane * _PRIME_2) & _MASK, 31) * _PRIME_1 & _MASK


def _turn(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (64 - bits))) & _MASK
