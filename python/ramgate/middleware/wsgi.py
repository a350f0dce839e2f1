"""The middleware for WSGI applications: Flask, Pyramid, Bottle, and any other.

This module imports no framework. Flask answers an error of a view itself, before it reaches a
middleware: use `ramgate.middleware.flask`, which rests on this module.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from ramgate.client.client import Client
from ramgate.middleware.arguments import check_challenge, check_client, check_principal
from ramgate.middleware.current import Current
from ramgate.middleware.decorator import checked_first
from ramgate.middleware.outcome import CHALLENGE
from ramgate.middleware.public_paths import PublicPaths
from ramgate.middleware.template import Template
from ramgate.middleware.visit import Visit, run, visit_in
from ramgate.middleware.wsgi_response import App, Environ, Response, StartResponse
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from ramgate.errors import RamgateError
    from ramgate.middleware import visit
    from ramgate.model.decision import Context, Decision

__all__ = [
    "App",
    "ContextOf",
    "Environ",
    "PrincipalOf",
    "RamgateMiddleware",
    "StartResponse",
    "refuse_with",
    "require",
    "requires",
]

_F = TypeVar("_F", bound="Callable[..., object]")

PrincipalOf: TypeAlias = "visit.PrincipalOf[Environ]"
"""A plain function that returns the principal of a request, `None` if it has none."""

ContextOf: TypeAlias = "visit.ContextOf[Environ]"
"""A plain function that returns the condition keys of a request."""

_VISIT: Final[ContextVar[Visit[Environ]]] = ContextVar("ramgate.wsgi")


class RamgateMiddleware:
    """Decides about the requests to a WSGI application, and answers those that are not allowed.

    * `client`: a `Client`. The application closes it when it ends.
    * `principal`: a plain function from the environ to the ARN of the caller, `None` if there is
      none.
    * `verify`: hold a successful response back, a status below 400, unless a decision was made
      for its request. Then a request without a principal does not reach the application at all.
    * `public`: paths that need neither principal nor decision. `PATH_INFO`, by which applications
      route, is compared whole.
    * `challenge`: the value of `WWW-Authenticate` in the answer 401.

    Raises `TypeError` or `ValueError` for a value that cannot be used.

    >>> from ramgate.middleware.wsgi import RamgateMiddleware, require
    >>> def application(environ, start_response):
    ...     require("alikafka:ListTopic", "*")
    ...     start_response("200 OK", [])
    ...     return [b"topics"]
    >>> def status_for(user):
    ...     def start_response(status, headers):
    ...         started.append(status)
    ...     started = []
    ...     protected = RamgateMiddleware(
    ...         application,
    ...         client=client,
    ...         principal=lambda environ: user and f"acs:ram::1234567890123456:user/{user}",
    ...     )
    ...     body = list(protected({"PATH_INFO": "/", "REQUEST_METHOD": "GET"}, start_response))
    ...     return started[0]
    >>> [status_for(user) for user in ("alice", "carol", None)]
    ['200 OK', '403 Forbidden', '401 Unauthorized']
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        app: App,
        *,
        client: Client,
        principal: PrincipalOf,
        verify: bool = True,
        public: Iterable[str] = (),
        challenge: str = CHALLENGE,
    ) -> None:
        check_client(client, Client)
        check_principal(principal)
        check_challenge(challenge)
        self.app = app
        self._client = client
        self._principal = principal
        self._verify = verify
        self._public = PublicPaths(public)
        self._challenge = challenge

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        verify = self._verify and not self._public.contains(environ.get("PATH_INFO", ""))
        response = Response(
            Visit(self._client.decide, self._principal, environ, Current()),
            start_response,
            variable=_VISIT,
            verify=verify,
            challenge=self._challenge,
        )
        response.run(self.app)
        return response


def require(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current request, if it allows.

    `action`, `resource` and `context` are those of `ramgate.Request`. Raises `AccessDenied` if the
    decision denies, `Unauthenticated` if the request has no principal, `PrincipalError` if the
    function `principal` failed, and the errors of `Client`. The middleware answers each of them if
    the application does not. Raises `RuntimeError` outside of a request, also in another thread.

    Until the response begins, an equal question is sent to OPA once.

    >>> from ramgate.middleware.wsgi import require
    >>> require("alikafka:ListTopic", "*")
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return run(visit_in(_VISIT).require(action, resource, context))


def requires(action: str, resource: str, context: ContextOf | None = None) -> Callable[[_F], _F]:
    """Require a decision before each call of the decorated function.

    `resource` is a template: `{name}` is replaced by the keyword argument `name` of the call, by
    which frameworks pass the values of a path. `context` is a function from the environ to the
    condition keys. Unlike with `require`, the answer to a failure is fixed: the application cannot
    handle the error and succeed. Raises `InvalidTemplate` if `resource` is not a template.

    >>> from ramgate.middleware.wsgi import requires
    >>> @requires("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    ... def topics(instance):
    ...     return f"the topics of {instance}"
    >>> topics(instance="alikafka_post-cn-x")
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    template = Template(resource)

    def check(*_: object, **values: object) -> Coroutine[Any, Any, Decision]:
        return visit_in(_VISIT).guard(action, template, values, context)

    def decorate(function: _F) -> _F:
        return checked_first(function, check)

    return decorate


def refuse_with(error: RamgateError) -> None:
    """Let the current request end with the answer to an error, for the modules of the frameworks.

    >>> from ramgate.middleware.errors import Unauthenticated
    >>> from ramgate.middleware.wsgi import refuse_with
    >>> refuse_with(Unauthenticated("the request has no principal"))
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    visit_in(_VISIT).current.refusal = error
