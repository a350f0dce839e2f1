"""Call a WSGI application as a server does, and hold it to WSGI's rules."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo

    from ramgate.middleware.wsgi import App, Environ, PrincipalOf

ACCOUNT = "acs:ram::1234567890123456:user/"
INSTANCE = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
LIST, DELETE = "alikafka:ListTopic", "alikafka:DeleteTopic"


class Options(TypedDict, total=False):
    """The arguments of a middleware that have defaults, and its principal."""

    principal: PrincipalOf
    verify: bool
    public: Iterable[str]
    challenge: str


class Answer(NamedTuple):
    """A response as the server got it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem; fails if the body is none, or if a cache may store it."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.headers["Cache-Control"] == "no-store"
        assert int(self.headers["Content-Length"]) == len(self.body)
        found: dict[str, Any] = json.loads(self.body)
        assert found["status"] == self.status
        return found


def environ_of(path: str = "/", user: str | None = None, **more: object) -> Environ:
    """Return the environ of a request; its user is what `named` returns the principal of."""
    environ: Environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": ""}
    setup_testing_defaults(environ)
    environ["wsgi.input"] = io.BytesIO()
    if user is not None:
        environ["test.user"] = user
    return environ | more


def named(environ: Environ) -> str | None:
    """Return the principal of a request."""
    user = environ.get("test.user")
    return user and ACCOUNT + user


def call(app: App, environ: Environ) -> Answer:
    """Call the application once, read the whole response, and close it."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str,
        headers: list[tuple[str, str]],
        exc_info: OptExcInfo | None = None,
        /,
    ) -> Callable[[bytes], object]:
        assert not (exc_info and body)
        started.append((status, headers))
        return body.append

    body: list[bytes] = []
    pieces: Iterable[bytes] = validator(app)(environ, start_response)
    try:
        body.extend(pieces)
    finally:
        pieces.close()  # type: ignore[attr-defined]
    status, headers = started[-1]
    return Answer(int(status[:3]), dict(headers), b"".join(body))
