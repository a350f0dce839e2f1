"""The part that both clients share: their parameters, and the heads of their requests."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from ramgate.client import encoding, queries
from ramgate.client.connections import Connections
from ramgate.client.http import Url
from ramgate.errors import TransportError

if TYPE_CHECKING:
    from ramgate.client.queries import Query
    from ramgate.client.tracing import Tracing
    from ramgate.model.decision import Request
    from ramgate.model.explanation import Explained, Explanation

__all__ = ["DEFAULT_MAX_BODY", "DEFAULT_TIMEOUT", "DEFAULT_URL", "BaseClient"]

DEFAULT_MAX_BODY: Final = encoding.MAX_BODY
DEFAULT_URL: Final = "http://127.0.0.1:8181"
DEFAULT_TIMEOUT: Final = 2.0
"""Seconds."""

_DAY: Final = 86400.0
_Observer: TypeAlias = Callable[[str, object, object], None]


class BaseClient:
    """The base of `Client` and `AsyncClient`; see there.

    >>> from ramgate import AsyncClient, Client
    >>> issubclass(Client, BaseClient), issubclass(AsyncClient, BaseClient)
    (True, True)
    """

    observer: ClassVar[_Observer | None] = None
    """Called with the URL, the question and the answer of each call; for the pytest plugin."""

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
        plain_http: bool = False,
        max_body: int = DEFAULT_MAX_BODY,
        tracing: bool = False,
    ) -> None:
        """Create a client of the OPA at `url`. It connects on the first call.

        * `url`: `http://host:port`, `https://host[:port]` or `unix:///path`.
        * `timeout`: the seconds, at most a day, that one call may take as a whole: to look the
          name up, connect, send, wait, and send once more if a kept connection had ended.
        * `token`: the bearer token that OPA expects. A `url` with `http://` then needs a loopback
          host, since everyone on the way can read the token; `plain_http` permits any host.
        * `max_body`: the bytes of a body that OPA takes. A larger request is not sent: it raises
          `InvalidRequest`, which says how many requests of a list fit.
        * `tls`: a context in place of the default, which trusts the system's certificates.
        * `tracing`: pass the current span of OpenTelemetry on, as `traceparent` and `tracestate`.

        Raises `ValueError` for a value that cannot be used, and `ImportError` for `tracing` without
        the extra `ramgate[otel]`.
        """
        parsed = Url.parse(url)
        if not 0 < timeout <= _DAY:
            raise ValueError(
                f"`timeout` is `{timeout}`: it must be more than 0 and at most {_DAY:.0f} seconds"
            )
        if max_body < 1:
            raise ValueError(f"`max_body` is `{max_body}`: it must be at least 1 byte")
        if tls is not None and not parsed.secure:
            raise ValueError(f"`tls` needs an `https` url, not `{url}`")
        if token is not None and parsed.exposed and not plain_http:
            raise ValueError(
                f"`{url}` would carry the token in clear text: use `https://`, or pass "
                "`plain_http=True` (`--plain-http`) where the network is trusted"
            )
        if parsed.secure and tls is None:
            tls = ssl.create_default_context()
        self._url = url
        self._timeout = timeout
        self._max_body = max_body
        self._heads = {
            query: encoding.request_head(query, parsed, token) for query in queries.QUERIES
        }
        self._health_request = encoding.health_request(parsed)
        self._connections = Connections(parsed, tls)
        self._tracing = _tracing() if tracing else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def _head(self, query: Query[object]) -> bytes:
        """Return the head of a request that is sent in the current span."""
        head = self._heads[query]
        return head if self._tracing is None else head + self._tracing.headers()

    def _observe(self, question: object, answer: object) -> None:
        """Show the observer, if there is one, an answer before the caller gets it."""
        __tracebackhide__ = True
        if BaseClient.observer is not None:
            BaseClient.observer(self._url, question, answer)

    def _observe_all(self, questions: Iterable[object], answers: Iterable[object]) -> None:
        """Show the observer, if there is one, the answers of a batch, beside their questions."""
        __tracebackhide__ = True
        if BaseClient.observer is not None:
            for question, answer in zip(questions, answers, strict=True):
                self._observe(question, answer)

    def _complete(self, request: Request, answer: Explained) -> Explanation:
        """Return OPA's answer with its request, and with the hints that need the catalog."""
        from ramgate.hints.hints import complete  # noqa: PLC0415 - it loads a YAML parser

        return complete(request, answer)

    def _late(self) -> TransportError:
        """Return the error for a call that reached its deadline."""
        return TransportError(f"`{self._url}` did not answer within {self._timeout:g} s")


def _tracing() -> Tracing:
    from ramgate.client.tracing import Tracing  # noqa: PLC0415 - needs an extra

    return Tracing()
