"""Protect the routes of a FastAPI application."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

# FastAPI finds the class by the annotation, when the application starts
from starlette.requests import HTTPConnection  # noqa: TC002

from ramgate.middleware.asgi import guard
from ramgate.middleware.errors import InvalidResource, InvalidTemplate
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi._compat import ModelField
    from fastapi.dependencies.models import Dependant

    from ramgate.middleware.asgi import ContextOf, Scope
    from ramgate.middleware.starlette import Requirement
    from ramgate.model.decision import Decision

__all__ = ["requires"]


def requires(action: str, template: str, context: ContextOf | None = None) -> Requirement:
    """Return a dependency of a route: the decision must allow before the route's function runs.

    `template` is the ARN of the resource, with `{name}` for the values of the route's path; see
    `ramgate.middleware.template.Template`. `context` returns the condition keys of a scope. The
    dependency returns the `Decision` if it allows; otherwise `RamgateMiddleware` answers.

    A value must be spelled as the route's function reads it: with `instance: int`, the path value
    `007` is answered with 400, because the function would get 7, another resource.

    Raises `InvalidTemplate` if the template is not the ARN of a resource.

    >>> from fastapi import Depends, FastAPI
    >>> from ramgate.middleware.fastapi import requires
    >>> app = FastAPI()
    >>> may_release = requires(
    ...     "alikafka:ReleaseInstance",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:{instance}",
    ... )
    >>> @app.delete("/instances/{instance}", dependencies=[Depends(may_release)])
    ... async def release(instance: str):
    ...     return {"released": instance}
    """
    parsed = Template(template)

    async def required(connection: HTTPConnection) -> Decision:
        return await guard(action, parsed, lambda: _values(connection.scope), context)

    return required


def _values(scope: Scope) -> Mapping[str, object]:
    """Return the values of the path, all of them spelled as the functions of the route read them.

    Raises `InvalidResource` if one is not, and `InvalidTemplate` if FastAPI reads several at once
    into a model.
    """
    values: Mapping[str, object] = scope["path_params"]
    for field in _fields(_dependant(scope)):
        name = field.validation_alias or field.alias
        if name not in values:
            raise InvalidTemplate(f"the path value `{name}` is a model: declare each of its fields")
        read, errors = field.validate(values[name], loc=("path", name))
        read = read.value if isinstance(read, Enum) else read
        if errors or str(read) != str(values[name]):
            raise InvalidResource(
                f"`{name}` cannot stand in a resource: the application reads it as another text"
            )
    return values


def _dependant(scope: Scope) -> Dependant:
    """Return FastAPI's description of the route that matched, with its dependencies."""
    # A route of an included router has one for itself, and one for its place in the application. In
    # an application that is mounted in such a router, the place is that of the mount.
    place = scope.get("fastapi", {}).get("effective_route_context")
    is_place_of_route = getattr(place, "endpoint", None) is scope["endpoint"]
    route = place if is_place_of_route else scope["route"]
    dependant: Dependant = route.dependant
    return dependant


def _fields(dependant: Dependant) -> Iterator[ModelField]:
    yield from dependant.path_params
    for one in dependant.dependencies:
        yield from _fields(one)
