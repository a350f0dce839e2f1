"""The middleware for Django, under WSGI and under ASGI, for plain and for async views.

`settings.RAMGATE` has the arguments, a dictionary with these keys:

- `CLIENT`: a `Client`, for plain views;
- `ASYNC_CLIENT`: an `AsyncClient`, for async views, if there are any;
- `PRINCIPAL`: a function, plain or async, from the `HttpRequest` to the ARN of the caller, `None`
  if there is none; or the dotted path of such a function;
- `VERIFY`: hold a successful response back, a status below 400, unless a decision was made for its
  request; by default `True`. Then a request without a principal does not reach a view at all;
- `PUBLIC`: paths that need neither principal nor decision. `path_info`, by which Django routes, is
  compared whole;
- `CHALLENGE`: the value of `WWW-Authenticate` in the answer 401, by default `Bearer`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from ramgate.client.pending_call import pending_call
from ramgate.errors import RamgateError
from ramgate.middleware.decorator import checked_first
from ramgate.middleware.django_settings import Settings, later, now
from ramgate.middleware.django_visits import Visits, awaiting_visit, plain_visit
from ramgate.middleware.outcome import outcome_of, report
from ramgate.middleware.template import Template
from ramgate.middleware.visit import run
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http.response import HttpResponseBase

    from ramgate.middleware import visit
    from ramgate.model.decision import Context, Decision

__all__ = ["ContextOf", "PrincipalOf", "RamgateMiddleware", "arequire", "require", "requires"]

_F = TypeVar("_F", bound="Callable[..., object]")

PrincipalOf: TypeAlias = "visit.PrincipalOf[HttpRequest]"
"""A function, plain or async, that returns the principal of a request, `None` if it has none."""

ContextOf: TypeAlias = "visit.ContextOf[HttpRequest]"
"""A function, plain or async, that returns the condition keys of a request."""

_GetResponse: TypeAlias = "Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]"


class RamgateMiddleware:
    """Decides about the requests to Django, and answers those that are not allowed.

    Add `"ramgate.middleware.django.RamgateMiddleware"` to `settings.MIDDLEWARE`, after the
    middleware that the function `PRINCIPAL` needs, such as `AuthenticationMiddleware`. Raises
    `ImproperlyConfigured` if `settings.RAMGATE` cannot be used.

    >>> from django.http import HttpResponse
    >>> from ramgate.middleware.django import RamgateMiddleware
    >>> RamgateMiddleware(lambda request: HttpResponse("without settings"))
    Traceback (most recent call last):
    django.core.exceptions.ImproperlyConfigured: ...
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: _GetResponse) -> None:
        self._get_response = get_response
        self._settings = Settings.read()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        if self._is_async:
            return self._serve_later(request)
        verify, visits = self._visit(request)
        with visits.within(), visits.ending():
            try:
                if verify:
                    run(visits.plain.identify())
            except RamgateError as error:
                return self._refused(error)
            response = cast("HttpResponseBase", self._get_response(request))
            return self._settled(response, visits, verify=verify)

    async def _serve_later(self, request: HttpRequest) -> HttpResponseBase:
        verify, visits = self._visit(request)
        with visits.within(), visits.ending():
            try:
                if verify:
                    await visits.awaiting.identify()
            except RamgateError as error:
                return self._refused(error)
            response = await cast("Awaitable[HttpResponseBase]", self._get_response(request))
            return self._settled(response, visits, verify=verify)

    def process_exception(self, _: HttpRequest, raised: Exception) -> HttpResponse | None:
        """Let the request end with the answer to an error of a view; Django calls this."""
        outcome = outcome_of(raised)
        if outcome is None:
            return None
        plain_visit().current.refusal = raised
        return HttpResponse(status=outcome.status)

    def _visit(self, request: HttpRequest) -> tuple[bool, Visits]:
        verify = self._settings.verify and not self._settings.public.contains(request.path_info)
        return verify, Visits(self._settings, request)

    def _settled(
        self, response: HttpResponseBase, visits: Visits, *, verify: bool
    ) -> HttpResponseBase:
        """Return the response if the request is not refused, else the answer in place of it."""
        try:
            visits.current.end()
            if verify and response.status_code < HTTPStatus.BAD_REQUEST:
                visits.current.verify()
        except Exception as error:  # noqa: BLE001 - raises an error that has no answer
            refused = self._refused(error)
            # To close the response itself would tell Django that the request has ended.
            vars(refused)["_resource_closers"] += vars(response)["_resource_closers"]
            return refused
        visits.keep(response)
        return response

    def _refused(self, error: Exception) -> HttpResponse:
        outcome = outcome_of(error)
        if outcome is None:
            raise error
        report(error, outcome)
        headers = dict(outcome.headers(self._settings.challenge))
        return HttpResponse(outcome.body, status=outcome.status, headers=headers)


def require(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current request, if it allows: in plain code.

    `action`, `resource` and `context` are those of `ramgate.Request`. Raises `AccessDenied` if the
    decision denies, `Unauthenticated` if the request has no principal, `PrincipalError` if the
    function `PRINCIPAL` failed, and the errors of `Client`. The middleware answers each of them if
    the view does not. Raises `SynchronousOnlyOperation` in an event loop, which it would block, and
    `RuntimeError` outside of a request.

    Until the response begins, an equal question is sent to OPA once.

    >>> from ramgate.middleware.django import require
    >>> require("alikafka:ListTopic", "*")
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return run(plain_visit().require(action, resource, context))


@pending_call
async def arequire(action: str, resource: str, context: Context = NO_CONTEXT) -> Decision:
    """Return the decision about the principal of the current request, if it allows: in async code.

    The arguments and errors are those of `require`.

    >>> import asyncio
    >>> from ramgate.middleware.django import arequire
    >>> async def outside():
    ...     return await arequire("alikafka:ListTopic", "*")
    >>> asyncio.run(outside())
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    return await awaiting_visit().require(action, resource, context)


def requires(action: str, resource: str, context: ContextOf | None = None) -> Callable[[_F], _F]:
    """Require a decision before each call of a view, plain or async, or of a method of one.

    `resource` is a template: `{name}` is replaced by the value of the path of that name. `context`
    is a function, plain or async, from the `HttpRequest` to the condition keys. Unlike with
    `require`, the answer to a failure is fixed: the view cannot handle the error and succeed.
    Raises `InvalidTemplate` if `resource` is not a template.

    >>> from ramgate.middleware.django import requires
    >>> @requires("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    ... def topics(request, instance):
    ...     return HttpResponse(f"the topics of {instance}")
    >>> topics(None, instance="alikafka_post-cn-x")
    Traceback (most recent call last):
    RuntimeError: there is no request: `RamgateMiddleware` is not around this code
    """
    template = Template(resource)

    def decorate(function: _F) -> _F:
        is_async = iscoroutinefunction(function)

        async def check(*_: object, **values: object) -> Decision:
            visit, adapt = (awaiting_visit(), later) if is_async else (plain_visit(), now)
            return await visit.guard(action, template, values, context and adapt(context))

        return checked_first(function, check, is_async=is_async)

    return decorate
