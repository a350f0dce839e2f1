"""The middleware for Flask: that for WSGI, and an answer to each refusal within the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from ramgate.errors import RamgateError
from ramgate.middleware.outcome import CHALLENGE, outcome_of
from ramgate.middleware.wsgi import RamgateMiddleware, refuse_with, require, requires

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from ramgate.client.client import Client
    from ramgate.middleware.wsgi import PrincipalOf

__all__ = ["protect", "require", "requires"]


def protect(  # noqa: PLR0913 - all but the first by name
    app: Flask,
    *,
    client: Client,
    principal: PrincipalOf,
    verify: bool = True,
    public: Iterable[str] = (),
    challenge: str = CHALLENGE,
) -> None:
    """Put the middleware around a Flask application; the arguments are those of the middleware.

    Without this function, Flask would answer a denial as an error of a view, with 500.

    >>> from flask import Flask
    >>> from ramgate.middleware.flask import protect, requires
    >>> USERS = ("alice", "carol")
    >>> TOKENS = {f"Bearer {user}": f"acs:ram::1234567890123456:user/{user}" for user in USERS}
    >>> def arn_of(environ):
    ...     return TOKENS.get(environ.get("HTTP_AUTHORIZATION"))
    >>> app = Flask("example")
    >>> protect(app, client=client, principal=arn_of)
    >>> @app.get("/instances/<instance>/topics")
    ... @requires("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    ... def topics(instance):
    ...     return f"the topics of {instance}"
    >>> def status_for(user):
    ...     headers = {"Authorization": f"Bearer {user}"}
    ...     return app.test_client().get("/instances/a/topics", headers=headers).status
    >>> [status_for(user) for user in USERS]
    ['200 OK', '403 Forbidden']
    """
    protected = RamgateMiddleware(
        app.wsgi_app,
        client=client,
        principal=principal,
        verify=verify,
        public=public,
        challenge=challenge,
    )
    app.wsgi_app = protected  # type: ignore[method-assign]  # Flask's manual shows this
    app.register_error_handler(RamgateError, _answer)


def _answer(error: RamgateError) -> Response:
    """Let the middleware answer the error, and tell Flask the status."""
    outcome = outcome_of(error)
    if outcome is None:
        raise error
    refuse_with(error)
    return Response(outcome.body, outcome.status, outcome.headers())
