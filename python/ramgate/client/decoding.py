"""Decode OPA's responses. A response that is not a clean answer raises; it never allows."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from ramgate.client.queries import REVISION, SERIAL, Answer, Refusal
from ramgate.errors import AnswerError, InvalidRequest
from ramgate.faults import printable
from ramgate.model.decision import Decisions

if TYPE_CHECKING:
    from ramgate.client.http import Response
    from ramgate.client.queries import BatchAnswer, Query

__all__ = ["raise_if_malformed", "read", "read_all", "read_reply", "read_revision", "read_serial"]

_T = TypeVar("_T")
_A = TypeVar("_A", bound=Answer)

_OK: Final = int(HTTPStatus.OK)
_BACKSLASH: Final = ord("\\")
_ALLOW: Final = b'"allow"'
_MAX_EXCERPT: Final = 300
_EXPLAIN: Final = "ram/explain/"
_NOT_LOADED: Final = (
    "OPA is not ready yet, or runs without ramgate's bundle (`GET /health?bundles` tells which)"
)
# OPA answers 500 with this message while no bundle has brought the rules of `system.authz`
# (MsgUnauthorizedUndefinedError in OPA's v1/server/types/types.go).
_NO_AUTHORIZATION_POLICY: Final = "authorization policy missing or undefined"

# `msgspec` and `json` raise these for bytes that are not JSON of the expected shape, that are not
# UTF-8, and that nest too deeply.
_DECODING_ERRORS = (msgspec.DecodeError, ValueError, RecursionError)


class _OpaError(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


_decode_error = msgspec.json.Decoder(_OpaError).decode


def read(query: Query[_A], response: Response) -> _A:
    """Return the answer in `response`.

    Raises `InvalidRequest` for the reason or outcome `malformed_request`, `AnswerError` for a
    response that is not an answer to `query`.
    """
    body = response.body
    result = _result(query, response)
    if body.count(_ALLOW) != 1 or _BACKSLASH in body:
        _raise_if_key_repeats(query, body)
    if result.simulated is not query.simulated:
        raise _simulation_error(query)
    return raise_if_malformed(result) if result.errors else result


def raise_if_malformed(answer: _A) -> _A:
    """Return the answer. Raises `InvalidRequest` if OPA reports the request as malformed."""
    if answer.errors:
        raise InvalidRequest([_excerpt(text) for text in answer.errors])
    return answer


def read_all(query: Query[BatchAnswer], count: int, response: Response) -> Decisions:
    """Return the `count` decisions in `response`; a malformed request has one too.

    Raises `InvalidRequest` when OPA refused the list as a whole, `AnswerError` for a response that
    is not a list of `count` decisions.
    """
    result = _result(query, response)
    if isinstance(result, Refusal):
        raise InvalidRequest([_excerpt(text) for text in result.errors])
    if response.body.count(_ALLOW) != count or _BACKSLASH in response.body:
        _raise_if_key_repeats(query, response.body)
    if len(result) != count:
        raise AnswerError(f"`{query.path}` returned {len(result)} decisions for {count} requests")
    if any(decision.simulated is not query.simulated for decision in result):
        raise _simulation_error(query)
    return Decisions(result)


def read_revision(response: Response) -> str:
    """Return the revision in `response`. Raises `AnswerError` if there is none."""
    return _result(REVISION, response)


def read_reply(query: Query[_T], response: Response) -> _T:
    """Return the result in `response`. Raises `AnswerError` if there is none, or a key repeats."""
    result = _result(query, response)
    _raise_if_key_repeats(query, response.body)
    return result


def read_serial(response: Response) -> int | None:
    """Return the serial in `response`. Raises `AnswerError` if OPA does not tell."""
    return _result(SERIAL, response)


def _result(query: Query[_T], response: Response) -> _T:
    if response.status != _OK:
        raise _http_error(query, response)
    try:
        result = query.decode(response.body).result
    except _DECODING_ERRORS as error:
        raise _invalid_answer(query, error) from error
    if isinstance(result, msgspec.UnsetType):
        older = ", or with that of an older ramgate" if query.path.startswith(_EXPLAIN) else ""
        raise AnswerError(f"`{query.path}` is undefined: {_NOT_LOADED}{older}")
    return result


def _http_error(query: Query[object], response: Response) -> AnswerError:
    try:
        error = _decode_error(response.body)
    except _DECODING_ERRORS:
        error = _OpaError()
    detail = f", `{_excerpt(error.code)}`: {_excerpt(error.message)}" if error.code else ""
    hint = ""
    if response.status == HTTPStatus.UNAUTHORIZED:
        hint = ": check the `token`"
        if query.path.startswith(_EXPLAIN):
            hint += ", and start OPA with `--allow-explain`: explanations show policies"
    elif error.message == _NO_AUTHORIZATION_POLICY:
        hint = f": {_NOT_LOADED}"
    return AnswerError(f"`{query.path}` was answered with HTTP {response.status}{detail}{hint}")


def _invalid_answer(query: Query[object], error: Exception) -> AnswerError:
    return AnswerError(f"`{query.path}` returned no valid answer: {_excerpt(str(error))}")


def _simulation_error(query: Query[object]) -> AnswerError:
    kinds = "a decision, not a simulation" if query.simulated else "a simulation, not a decision"
    return AnswerError(f"`{query.path}` returned {kinds}")


def _raise_if_key_repeats(query: Query[object], body: bytes) -> None:
    """Refuse a body that repeats a key: `msgspec` takes the last value, other readers the first.

    A repeated key could only change the decision if "allow" appears twice, literally or escaped.
    This 0.1 µs check covers the usual case. Any other body is parsed again with a check of every
    key; that includes each answer which rests on a decision, because it has its own `allow`.
    """
    try:
        json.loads(body, object_pairs_hook=_check_keys)
    except _DECODING_ERRORS as error:
        raise _invalid_answer(query, error) from error


def _check_keys(pairs: list[tuple[str, object]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("an object repeats a key")


def _excerpt(text: str) -> str:
    """Return the start of a text from OPA, printable and in one line."""
    return printable(text[:_MAX_EXCERPT])[:_MAX_EXCERPT]
