"""Encode queries as HTTP requests, without any I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.errors import InvalidRequest
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from ramgate.client.http import Url
    from ramgate.client.queries import Query
    from ramgate.model.decision import Request

__all__ = [
    "MAX_BODY",
    "encode",
    "encode_all",
    "encode_all_json",
    "encode_json",
    "health_request",
    "request_head",
    "request_without_input",
    "to_json",
]

_TOKEN = re.compile(r"[!-~]+")

# msgspec raises these for a type that JSON does not have, for a lone surrogate or an integer of
# more than 4300 digits, and for a value that contains itself.
_ENCODING_ERRORS = (TypeError, ValueError, RecursionError)

_encode = msgspec.json.Encoder().encode
MAX_BODY: Final = 2 * 1024 * 1024
"""Bytes of a body that an OPA with ramgate's `opa-config.yaml` takes."""

_ENVELOPE: Final = len(b'{"input":}')


def request_head(query: Query[object], url: Url, token: str | None) -> bytes:
    """Return the first lines of a request: the request line, and headers.

    More header lines may be added to it. Raises `ValueError` if `token` cannot stand in a header;
    the message does not show the token.
    """
    authorization = ""
    if token is not None:
        if not _TOKEN.fullmatch(token):
            raise ValueError("`token` must be one or more visible ASCII characters, no spaces")
        authorization = f"Authorization: Bearer {token}\r\n"
    return (
        f"POST /v1/data/{query.path} HTTP/1.1\r\n"
        f"Host: {url.authority}\r\n"
        f"{authorization}"
        "Content-Type: application/json\r\n"
    ).encode()


def health_request(url: Url) -> bytes:
    """Return the request that asks whether OPA has activated its bundles; it needs no token."""
    return f"GET /health?bundles HTTP/1.1\r\nHost: {url.authority}\r\n\r\n".encode()


def request_without_input(head: bytes) -> bytes:
    """Return the request for a rule that needs no input."""
    return b"%bContent-Length: 2\r\n\r\n{}" % head


def to_json(question: msgspec.Struct) -> bytes:
    """Encode one question as JSON.

    Raises `InvalidRequest`, which names each field that JSON cannot express.
    """
    try:
        return _encode(question)
    except _ENCODING_ERRORS as error:
        raise InvalidRequest(_errors("", question)) from error


def encode(head: bytes, question: msgspec.Struct, max_body: int = MAX_BODY) -> bytes:
    """Return the request for one decision, or for one answer about a service-linked role.

    Raises `InvalidRequest`, which names each field that JSON cannot express, or says that the body
    would have more than `max_body` bytes.
    """
    try:
        body = _encode(question)
    except _ENCODING_ERRORS as error:
        raise InvalidRequest(_errors("", question)) from error
    length = len(body) + _ENVELOPE
    if length > max_body:
        raise InvalidRequest([_too_long(length, max_body, 1)])
    return b'%bContent-Length: %d\r\n\r\n{"input":%b}' % (head, length, body)


def encode_json(head: bytes, question: bytes, max_body: int = MAX_BODY, requests: int = 1) -> bytes:
    """Return the request for one answer; `question` is JSON, of that number of `requests`.

    Raises `InvalidRequest` if the body would have more than `max_body` bytes.
    """
    length = len(question) + _ENVELOPE
    if length > max_body:
        raise InvalidRequest([_too_long(length, max_body, requests)])
    return b'%bContent-Length: %d\r\n\r\n{"input":%b}' % (head, length, question)


def encode_all_json(head: bytes, questions: Sequence[bytes], max_body: int = MAX_BODY) -> bytes:
    """Return the request for a list of decisions; each of the `questions` is JSON.

    Raises `InvalidRequest` if the body would have more than `max_body` bytes.
    """
    together = b'{"requests":[%b]}' % b",".join(questions)
    return encode_json(head, together, max_body, len(questions))


def encode_all(head: bytes, questions: Sequence[Request], max_body: int = MAX_BODY) -> bytes:
    """Return the request for a list of decisions.

    Raises `InvalidRequest`, which names each field of each request that JSON cannot express, or
    says how many of the requests fit into `max_body` bytes,
    `TypeError` if `questions` is not a sequence, and `ValueError` if it is empty. (A generator that
    was used before is empty: `all` of its decisions would be true.)
    """
    kind = type(questions).__name__
    if not isinstance(questions, Sequence):
        raise TypeError(f"the requests must be a sequence, such as a list, not a `{kind}`")
    if not questions:
        raise ValueError("the requests must be at least one")
    try:
        together = b'{"requests":%b}' % _encode(tuple(questions))
    except _ENCODING_ERRORS as error:
        errors = [
            text
            for index, question in enumerate(questions)
            for text in _errors(f"requests[{index}].", question)
        ]
        raise InvalidRequest(errors) from error
    return encode_json(head, together, max_body, len(questions))


def _too_long(length: int, max_body: int, requests: int) -> str:
    text = f"the body has {length:,} bytes, OPA takes at most {max_body:,} (`max_body`)"
    if requests == 1:
        return text
    fitting = max(1, requests * max_body // length)
    return f"{text}: about {fitting:,} of these {requests:,} requests fit into one call"


def _errors(place: str, question: msgspec.Struct) -> list[str]:
    """Return a text for each field that JSON cannot express."""
    errors: list[str] = []
    for field in question.__struct_fields__:
        value = getattr(question, field)
        try:
            _encode(None if value is NO_CONTEXT else value)
        except _ENCODING_ERRORS as error:
            errors.append(f"`{place}{field}` cannot be written as JSON: {error}")
    return errors
