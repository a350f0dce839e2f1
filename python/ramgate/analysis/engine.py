"""Decide many requests at once by a store, or explain one, with one `opa eval`.

`opa eval` takes 60 ms for the example and ends by itself; a `Sidecar` takes three times as long to
start and stop. The decision tables are left out: they are a cache, and compiling them takes longer
than a few hundred decisions by the general rule.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from ramgate import resources
from ramgate.errors import AnswerError, TransportError
from ramgate.faults import printable
from ramgate.model.decision import Decision, Request
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.accounts.store import Store

__all__ = ["NOT_CONFIRMED", "decide_all", "decide_at", "explain"]

NOT_CONFIRMED: Final = (
    "OPA does not confirm a request that was found, which is a fault of ramgate: please report it"
)
"""The reason why an answer is not decided, if OPA decides a request otherwise than claimed."""

_SECONDS: Final = 300.0
_T = TypeVar("_T")
_EXPLAIN: Final = "data.ram.explain.decision"
_DECIDE: Final = "[decision | some request in input; decision := data.ram.authz.decide(request)]"
# `with` takes a variable: with `item.time` OPA 1.22.2 leaves the result undefined
_DECIDE_AT: Final = (
    "[decision | some item in input; now := item.time;"
    " decision := data.ram.authz.decide(item.request) with time.now_ns as now]"
)


def decide_all(
    store: Store, requests: Sequence[Request], *, seconds: float = _SECONDS
) -> list[Decision]:
    """Return the decision on each request, in their order; no decision is an error.

    A malformed request has a decision too, with `errors`. Raises `TransportError` if OPA does not
    end within `seconds`, `AnswerError` if it does not answer with decisions, and `OpaUnavailable`.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> [one.allow for one in decide_all(store, [Request(alice, "alikafka:DeleteTopic", topic)])]
    [True]
    """
    return _decide(store, _DECIDE, requests, seconds)


def decide_at(
    store: Store, requests: Sequence[tuple[bytes, int]], *, seconds: float = _SECONDS
) -> list[Decision]:
    """Return the decision on each request at its time, in their order.

    A request is any JSON, a time the nanoseconds since 1970. Raises the same as `decide_all`.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> [one.reason for one in decide_at(store, [(b'{"principal": "eve"}', 0)])]
    ['malformed_request']
    """
    items = [{"request": msgspec.Raw(request), "time": time} for request, time in requests]
    return _decide(store, _DECIDE_AT, items, seconds)


def explain(store: Store, request: Request, *, seconds: float = _SECONDS) -> dict[str, Any]:
    """Return the explanation of a request, as `docs/reference/http.md` describes it.

    Raises the same as `decide_all`.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> carol = Request("acs:ram::1234567890123456:user/carol", "alikafka:ListTopic", "*")
    >>> explain(store, carol)["hints"][0]["code"]
    'nothing_attached'
    """
    return _evaluate(store, _EXPLAIN, request, dict[str, Any], seconds)


def _decide(
    store: Store, query: str, questions: Sequence[object], seconds: float
) -> list[Decision]:
    if not questions:
        return []
    decisions = _evaluate(store, query, questions, list[Decision], seconds)
    if len(decisions) != len(questions):
        raise AnswerError(
            f"`opa eval` gave {len(decisions)} decisions on {len(questions)} requests"
        )
    return decisions


def _evaluate(store: Store, query: str, question: object, kind: type[_T], seconds: float) -> _T:
    with tempfile.TemporaryDirectory(prefix="ramgate-") as folder:
        data = Path(folder, "data.json")
        data.write_bytes(msgspec.json.encode({"store": store}))
        command = [
            *(str(find_opa()), "eval", "--format=raw", "--fail", "--stdin-input"),
            *("--data", str(resources.path("rego")), "--ignore=*_test.rego"),
            *("--data", str(data), query),
        ]
        try:
            done = subprocess.run(
                command,
                input=msgspec.json.encode(question),
                capture_output=True,
                check=False,
                timeout=seconds,
                env={},
            )
        except subprocess.TimeoutExpired as error:
            raise TransportError(f"`opa eval` took longer than {seconds:g} s") from error
    try:
        return msgspec.json.decode(done.stdout, type=kind)
    except ValueError as error:
        [cause] = done.stderr.decode(errors="replace").splitlines()[-1:] or [str(error)]
        raise AnswerError(f"`opa eval` gave no decisions: {printable(cause)}") from error
