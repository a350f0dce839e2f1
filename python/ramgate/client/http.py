"""OPA's URL and its HTTP responses, without any I/O; `httptools` parses the responses."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from http import HTTPStatus
from typing import Final, TypeAlias

import httptools
import msgspec

from ramgate.errors import AnswerError

__all__ = ["Response", "ResponseReader", "SocketAddress", "Url", "response_limit"]

SocketAddress: TypeAlias = tuple[socket.AddressFamily, tuple[object, ...] | str]
"""An address family and a socket address of that family."""

_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*))"
    r"(:(?P<port>[0-9]{1,5}))?/?"
)
_URL_FORMS = (
    "`http://host:port`, `https://host[:port]` or `unix:///path`, without user, path or query"
)
_MAX_PORT: Final = 65535

_OK: Final = int(HTTPStatus.OK)
_LIMIT: Final = 1024 * 1024
_LIMIT_PER_REQUEST: Final = 64 * 1024


class Url(msgspec.Struct, frozen=True):
    """The parsed URL of an OPA.

    `authority` is the value of the `Host` header. `addresses` are the socket addresses to connect
    to; if empty, `host` is a name that must be looked up first.
    """

    text: str
    authority: str
    addresses: tuple[SocketAddress, ...]
    host: str = ""
    port: int = 0
    secure: bool = False

    @property
    def exposed(self) -> bool:
        """True if requests cross a network in clear text: HTTP, and not to this machine.

        >>> Url.parse("http://10.0.0.1:8181").exposed, Url.parse("http://127.0.0.1:8181").exposed
        (True, False)
        """
        if self.secure or not self.host or self.host.lower() == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True

    @classmethod
    def parse(cls, text: str) -> Url:
        """Parse `http://host:port`, `https://host[:port]` or `unix:///path`.

        Raises `ValueError` for any other text.

        >>> Url.parse("https://opa.example").port
        443
        """
        if re.fullmatch(r"unix:///[^\0]+", text):
            path = text.removeprefix("unix://")
            return cls(text, "localhost", ((socket.AF_UNIX, path),))
        match = _URL.fullmatch(text)
        if match is None:
            # the text before an @ may contain a password
            shown = text.rpartition("@")[2]
            raise ValueError(f"`{shown}` is not a valid url: write {_URL_FORMS}")
        secure = match["scheme"] == "https"
        if match["port"] is None and not secure:
            raise ValueError(f"`{text}` has no port: OPA's default is 8181")
        port = int(match["port"] or 443)
        if not 0 < port <= _MAX_PORT:
            raise ValueError(f"`{text}` has the port {port}: it must be from 1 to {_MAX_PORT}")
        authority = text.removeprefix(f"{match['scheme']}://").removesuffix("/")
        host = match["ipv6"] or match["name"]
        addresses: tuple[SocketAddress, ...] = ()
        if match["ipv6"]:
            addresses = ((socket.AF_INET6, (str(ipaddress.IPv6Address(host)), port)),)
        else:
            with contextlib.suppress(ValueError):
                addresses = ((socket.AF_INET, (str(ipaddress.IPv4Address(host)), port)),)
        return cls(text, authority, addresses, host, port, secure)


def response_limit(requests: int) -> int:
    """Return the maximum size of a response in bytes: 1 MiB, and 64 KiB for each request.

    >>> response_limit(1)
    1114112
    """
    return _LIMIT + requests * _LIMIT_PER_REQUEST


class Response(msgspec.Struct, frozen=True, gc=False):
    """One HTTP response. If it is `final`, its connection must not be used again."""

    status: int
    body: bytes
    final: bool


class ResponseReader:
    """Parses the responses that arrive on one connection, one after the other."""

    __slots__ = (
        "_arrived",
        "_expected",
        "_limit",
        "_parser",
        "_pieces",
        "_response",
        "on_body",
        "on_message_begin",
    )

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        # Counts responses: `on_message_begin` pops the one token that `start` added, so a second
        # response raises `IndexError`.
        self._expected: list[None] = []
        self.on_message_begin = self._expected.pop
        self._parser = httptools.HttpResponseParser(self)

    def start(self, limit: int) -> None:
        """Expect one response of at most `limit` bytes, its header included."""
        self._pieces.clear()
        self._expected[:] = (None,)
        self._response: Response | None = None
        self._arrived = 0
        self._limit = limit

    def feed(self, data: bytes) -> Response | None:
        """Parse the next bytes; return the response once it is complete.

        Raises `AnswerError` for bytes that are not a single HTTP response, and for a response
        above the limit.
        """
        self._arrived += len(data)
        if self._arrived > self._limit:
            raise AnswerError(f"OPA's answer has more than {self._limit} bytes")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            raise AnswerError("OPA answered one request more than once") from error
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise AnswerError(f"OPA's answer is not HTTP: {error}") from error
        return self._response

    def on_message_complete(self) -> None:
        """Build the response (the parser calls this)."""
        status = self._parser.get_status_code()
        # An interim response (1xx) is followed by another one, which must not be taken for the
        # answer to the next request.
        final = status != _OK or not self._parser.should_keep_alive()
        self._response = Response(status, b"".join(self._pieces), final)
