"""What goes over the wire and what comes back, without any I/O.

A question is the bytes of one HTTP request, an answer the status and body of one HTTP response;
`httptools` parses it, `msgspec` decodes it. Everything that is not a clean answer raises.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Generic, Protocol, TypeAlias, TypeVar

import httptools
import msgspec

from ramgate.errors import AccessDenied, AnswerError, FeatureDenied, InvalidRequest
from ramgate.model.decision import NO_CONTEXT, Decision
from ramgate.model.service_linked_role import Creation, Deletion, Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ramgate.model.decision import Request
    from ramgate.model.service_linked_role import FeatureQuestion

__all__ = [
    "CREATION",
    "DECISION",
    "DECISIONS",
    "DELETION",
    "FEATURE",
    "REVISION",
    "RULES",
    "SIMULATED_DECISION",
    "SIMULATED_DECISIONS",
    "Address",
    "Answer",
    "Endpoint",
    "Reader",
    "Rule",
    "Several",
    "Single",
    "accepted",
    "denial",
    "encode",
    "encode_all",
    "encode_all_written",
    "encode_written",
    "feature_denial",
    "head",
    "probe",
    "question",
    "read",
    "read_all",
    "read_revision",
    "room",
    "written",
]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

Address: TypeAlias = tuple[socket.AddressFamily, tuple[object, ...] | str]
"""An address family and a socket address of that family."""

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*))"
    r"(:(?P<port>[0-9]{1,5}))?/?"
)
_URL_FORMS = "`http://host:port`, `https://host[:port]` or `unix:///path`, no user, path or query"
_MOST_PORT = 65535
_TOKEN = re.compile(r"[!-~]+")

_OK = 200
_BACKSLASH = ord("\\")
_MOST_SAID = 300
_ROOM = 1024 * 1024
_ROOM_PER_REQUEST = 64 * 1024


class _Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    errors: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _Envelope(msgspec.Struct, Generic[_T_co], frozen=True):
    # OPA and its wrappers may add keys beside `result` (DataResponseV1 in OPA's
    # v1/server/types/types.go): unknown ones are no fault.
    result: _T_co | msgspec.UnsetType = msgspec.UNSET


class Single(Protocol):
    """What answers one request: a `Decision`, or an answer that may rest on one."""

    @property
    def errors(self) -> tuple[str, ...]:
        """A text for each field at fault in a malformed request."""

    @property
    def simulated(self) -> bool:
        """Whether it is, or rests on, a simulation."""


_S = TypeVar("_S", bound=Single)

Several: TypeAlias = list[Decision] | _Refusal
"""What answers a list of requests: a decision for each, or that it is no such list."""


class Rule(msgspec.Struct, Generic[_T_co], frozen=True, eq=False):
    """A rule that OPA is asked for, and how its answer is read.

    `simulated` is what its decisions say of themselves.
    """

    path: str
    decode: Callable[[bytes], _Envelope[_T_co]]
    simulated: bool = False


_decode_one = msgspec.json.Decoder(_Envelope[Decision]).decode
_decode_several = msgspec.json.Decoder(_Envelope[Several]).decode

DECISION = Rule("ram/authz/decision", _decode_one)
DECISIONS = Rule("ram/authz/decisions", _decode_several)
SIMULATED_DECISION = Rule("ram/simulate/decision", _decode_one, simulated=True)
SIMULATED_DECISIONS = Rule("ram/simulate/decisions", _decode_several, simulated=True)
CREATION = Rule("slr/creation/decision", msgspec.json.Decoder(_Envelope[Creation]).decode)
FEATURE = Rule("slr/feature/decision", msgspec.json.Decoder(_Envelope[Feature]).decode)
DELETION = Rule("slr/deletion/decision", msgspec.json.Decoder(_Envelope[Deletion]).decode)
REVISION = Rule("system/status/revision", msgspec.json.Decoder(_Envelope[str]).decode)

RULES: tuple[Rule[object], ...] = (
    DECISION,
    DECISIONS,
    SIMULATED_DECISION,
    SIMULATED_DECISIONS,
    CREATION,
    FEATURE,
    DELETION,
    REVISION,
)


class Endpoint(msgspec.Struct, frozen=True):
    """Where OPA listens.

    `authority` is what the `Host` header says. `addresses` are its socket addresses; where there is
    none, `host` must be looked up.
    """

    url: str
    authority: str
    addresses: tuple[Address, ...]
    host: str = ""
    port: int = 0
    secure: bool = False

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read `http://host:port`, `https://host[:port]` or `unix:///path`.

        Raises `ValueError` for anything else.
        """
        if re.fullmatch(r"unix:///[^\0]+", url):
            path = url.removeprefix("unix://")
            return cls(url, "localhost", ((socket.AF_UNIX, path),))
        match = _URL.fullmatch(url)
        if match is None:
            # what stands before an @ may be a password
            raise ValueError(f"`{url.rpartition('@')[2]}` is not one of {_URL_FORMS}")
        secure = match["scheme"] == "https"
        if match["port"] is None and not secure:
            raise ValueError(f"`{url}` has no port: OPA's own is 8181")
        port = int(match["port"] or 443)
        if not 0 < port <= _MOST_PORT:
            raise ValueError(f"`{url}` has the port {port}, which is not from 1 to {_MOST_PORT}")
        authority = url.removeprefix(f"{match['scheme']}://").removesuffix("/")
        host = match["ipv6"] or match["name"]
        addresses: tuple[Address, ...] = ()
        if match["ipv6"]:
            addresses = ((socket.AF_INET6, (str(ipaddress.IPv6Address(host)), port)),)
        else:
            with contextlib.suppress(ValueError):
                addresses = ((socket.AF_INET, (str(ipaddress.IPv4Address(host)), port)),)
        return cls(url, authority, addresses, host, port, secure)


def head(rule: Rule[object], endpoint: Endpoint, token: str | None) -> bytes:
    """Give a question's bytes up to the figure of its `Content-Length`.

    Raises `ValueError`, which does not show the token, when `token` cannot stand in a header.
    """
    authorization = ""
    if token is not None:
        if not _TOKEN.fullmatch(token):
            raise ValueError("`token` must be one or more visible ASCII characters, no spaces")
        authorization = f"Authorization: Bearer {token}\r\n"
    return (
        f"POST /v1/data/{rule.path} HTTP/1.1\r\n"
        f"Host: {endpoint.authority}\r\n"
        f"{authorization}"
        "Content-Type: application/json\r\n"
        "Content-Length: "
    ).encode()


def probe(endpoint: Endpoint) -> bytes:
    """Give the bytes that ask whether OPA has activated its bundles; no token is needed."""
    return f"GET /health?bundles HTTP/1.1\r\nHost: {endpoint.authority}\r\n\r\n".encode()


def question(head: bytes) -> bytes:
    """Give the bytes that ask for a rule that needs no input."""
    return b"%b2\r\n\r\n{}" % head


# What `msgspec` raises for a value that JSON does not have, a lone surrogate or an integer of more
# than 4300 digits, and a value that contains itself.
_UNSAYABLE = (TypeError, ValueError, RecursionError)
# What it raises for bytes that are no JSON of the shape, no UTF-8, or nested without end.
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)

_encode = msgspec.json.Encoder().encode
_ENVELOPE = len(b'{"input":}')


def written(request: msgspec.Struct) -> bytes:
    """Give a request in JSON. Raises `InvalidRequest` for what JSON cannot say."""
    try:
        return _encode(request)
    except _UNSAYABLE as error:
        raise InvalidRequest(_unsayable("", request)) from error


def encode(head: bytes, request: msgspec.Struct) -> bytes:
    """Give the bytes that ask for one decision, or one answer about a service-linked role.

    Raises `InvalidRequest` for what JSON cannot say.
    """
    return encode_written(head, written(request))


def encode_written(head: bytes, asked: bytes) -> bytes:
    """Give the bytes that ask for one decision, of a request in JSON."""
    return b'%b%d\r\n\r\n{"input":%b}' % (head, len(asked) + _ENVELOPE, asked)


def encode_all_written(head: bytes, requests: Iterable[bytes]) -> bytes:
    """Give the bytes that ask for a list of decisions, of requests in JSON."""
    return encode_written(head, b'{"requests":[%b]}' % b",".join(requests))


def encode_all(head: bytes, requests: Sequence[Request]) -> bytes:
    """Give the bytes that ask for a list of decisions.

    Raises `InvalidRequest` for what JSON cannot say, in any of the requests.
    """
    try:
        return encode_written(head, b'{"requests":%b}' % _encode(requests))
    except _UNSAYABLE as error:
        errors = [
            text
            for index, request in enumerate(requests)
            for text in _unsayable(f"requests[{index}].", request)
        ]
        raise InvalidRequest(errors) from error


def _unsayable(place: str, request: msgspec.Struct) -> list[str]:
    errors: list[str] = []
    for field in request.__struct_fields__:
        value = getattr(request, field)
        try:
            _encode(None if value is NO_CONTEXT else value)
        except _UNSAYABLE as error:
            errors.append(f"`{place}{field}` cannot be said in JSON: {error}")
    return errors


def room(requests: int) -> int:
    """Give the most bytes that an answer to so many requests may have: 1 MiB and 64 KiB each."""
    return _ROOM + requests * _ROOM_PER_REQUEST


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One HTTP response; `final` when its connection must not be used again."""

    status: int
    body: bytes
    final: bool


class Reader:
    """Reads the answers that arrive on one connection, one after the other."""

    __slots__ = (
        "_answer",
        "_arrived",
        "_awaited",
        "_most",
        "_parser",
        "_pieces",
        "on_body",
        "on_message_begin",
    )

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        # A message takes what `start` put there; a second one finds nothing to take, and fails.
        self._awaited: list[None] = []
        self.on_message_begin = self._awaited.pop
        self._parser = httptools.HttpResponseParser(self)

    def start(self, room: int) -> None:
        """Get ready for one answer of at most `room` bytes, its head included."""
        self._pieces.clear()
        self._awaited[:] = (None,)
        self._answer: Answer | None = None
        self._arrived = 0
        self._most = room

    def feed(self, data: bytes) -> Answer | None:
        """Take what arrived; give the answer once it is whole.

        Raises `AnswerError` for what is not one HTTP response that fits.
        """
        self._arrived += len(data)
        if self._arrived > self._most:
            raise AnswerError(f"OPA's answer has more than {self._most} bytes")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise AnswerError("OPA answered one question more than once") from error
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise AnswerError(f"OPA's answer is not HTTP: {error}") from error
        return self._answer

    def on_message_complete(self) -> None:
        """Close the message (called by the parser)."""
        status = self._parser.get_status_code()
        # After an interim response (1xx) another one follows, and must not meet the next question.
        final = status != _OK or not self._parser.should_keep_alive()
        self._answer = Answer(status, b"".join(self._pieces), final)


class _Trouble(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


_decode_trouble = msgspec.json.Decoder(_Trouble).decode


def read(rule: Rule[_S], answer: Answer) -> _S:
    """Give the decision that `answer` holds, or what the rule answers in its place.

    Raises `InvalidRequest` for `malformed_request`, `AnswerError` for anything that is no decision.
    """
    result = _result(rule, answer)
    _once(rule, answer.body, 1)
    if result.simulated is not rule.simulated:
        raise _mixed_up(rule)
    return accepted(result)


def accepted(answer: _S) -> _S:
    """Give an answer back. Raises `InvalidRequest` for `malformed_request`."""
    if answer.errors:
        raise InvalidRequest([_said(text) for text in answer.errors])
    return answer


def read_all(rule: Rule[Several], count: int, answer: Answer) -> list[Decision]:
    """Give the `count` decisions that `answer` holds; a malformed request's is one of them.

    Raises `InvalidRequest` when OPA could not read the list, `AnswerError` for anything else that
    is no list of so many decisions.
    """
    result = _result(rule, answer)
    if isinstance(result, _Refusal):
        raise InvalidRequest([_said(text) for text in result.errors])
    _once(rule, answer.body, count)
    if len(result) != count:
        raise AnswerError(f"`{rule.path}` gave {len(result)} decisions for {count} requests")
    if any(decision.simulated is not rule.simulated for decision in result):
        raise _mixed_up(rule)
    return result


def read_revision(answer: Answer) -> str:
    """Give the revision that `answer` holds; raises `AnswerError` where there is none."""
    return _result(REVISION, answer)


def denial(request: Request, decision: Decision) -> AccessDenied:
    """Give the error that says what `decision` denied, and why, in one line."""
    by = f" by {', '.join(map(str, decision.statements))}" if decision.statements else ""
    return AccessDenied(
        _line(
            f"`{request.principal}` may not `{request.action}` on `{request.resource}`: "
            f"{decision.effect}, {decision.reason}{by}"
        ),
        decision,
    )


def feature_denial(asked: FeatureQuestion, answer: Feature) -> FeatureDenied:
    """Give the error that says why a feature cannot be used, and what helps, in one line."""
    why: str = answer.outcome
    if answer.authorization is not None:
        decided = answer.authorization
        by = f" by {', '.join(map(str, decided.statements))}" if decided.statements else ""
        role = f"`{answer.role}` may not be created for them: " if answer.role else ""
        why = f"{role}{decided.effect}, {decided.reason}{by}"
    helps = f"; what helps: {answer.remedy}" if answer.remedy else ""
    return FeatureDenied(
        _line(f"`{asked.principal}` cannot use `{asked.feature}`: {why}{helps}"), answer
    )


def _result(rule: Rule[_T], answer: Answer) -> _T:
    if answer.status != _OK:
        raise _trouble(rule, answer)
    try:
        result = rule.decode(answer.body).result
    except _UNREADABLE as error:
        raise AnswerError(f"`{rule.path}` gave no decision: {_said(str(error))}") from error
    if isinstance(result, msgspec.UnsetType):
        raise AnswerError(f"`{rule.path}` is undefined: this OPA has not loaded ramgate's bundle")
    return result


def _trouble(rule: Rule[object], answer: Answer) -> AnswerError:
    try:
        trouble = _decode_trouble(answer.body)
    except _UNREADABLE:
        trouble = _Trouble()
    said = f", `{_said(trouble.code)}`: {_said(trouble.message)}" if trouble.code else ""
    hint = ": check the `token`" if answer.status == HTTPStatus.UNAUTHORIZED else ""
    return AnswerError(f"`{rule.path}` was answered with HTTP {answer.status}{said}{hint}")


def _mixed_up(rule: Rule[object]) -> AnswerError:
    got = "a decision, not a simulation" if rule.simulated else "a simulation, not a decision"
    return AnswerError(f"`{rule.path}` gave {got}")


def _once(rule: Rule[object], body: bytes, decisions: int) -> None:
    """Refuse an answer that says a key twice: `msgspec` takes the last, other readers the first.

    To turn a deny into an allow, `allow` itself must be there twice: as it is, or escaped. Looking
    for that costs a tenth of a microsecond; only what it does not settle is read again, such as an
    answer that rests on a decision, which has an `allow` of its own.
    """
    if body.count(b'"allow"') == decisions and _BACKSLASH not in body:
        return
    try:
        json.loads(body, object_pairs_hook=_distinct)
    except _UNREADABLE as error:
        raise AnswerError(f"`{rule.path}` gave no decision: {_said(str(error))}") from error


def _distinct(pairs: list[tuple[str, object]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice in one object")


def _said(text: str) -> str:
    """Give what OPA said in one line of a bearable length."""
    return _line(text[:_MOST_SAID])


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
