"""Protect the endpoints of a Starlette application."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ramgate.middleware.asgi import guard
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import HTTPConnection

    from ramgate.middleware.asgi import ContextOf
    from ramgate.model.decision import Decision

__all__ = ["Requirement", "requires"]

Requirement: TypeAlias = "Callable[[HTTPConnection], Awaitable[Decision]]"
"""A function that requires a decision about a request or a WebSocket."""


def requires(action: str, template: str, context: ContextOf | None = None) -> Requirement:
    """Return a function that an endpoint awaits with its request, or its WebSocket, first.

    `template` is the ARN of the resource, with `{name}` for the values of the route's path; see
    `ramgate.middleware.template.Template`. `context` returns the condition keys of a scope. The
    function returns the `Decision` if it allows; otherwise `RamgateMiddleware` answers.

    Raises `InvalidTemplate` if the template is not the ARN of a resource.

    >>> from ramgate.middleware.starlette import requires
    >>> from starlette.responses import Response
    >>> from starlette.routing import Route
    >>> may_release = requires(
    ...     "alikafka:ReleaseInstance",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:{instance}",
    ... )
    >>> async def release(request):
    ...     await may_release(request)
    ...     return Response(status_code=204)
    >>> route = Route("/instances/{instance}", release, methods=["DELETE"])
    """
    parsed = Template(template)

    async def required(connection: HTTPConnection) -> Decision:
        return await guard(action, parsed, lambda: connection.path_params, context)

    return required
