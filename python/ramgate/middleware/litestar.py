"""Protect the handlers of a Litestar application: a plugin, and guards."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeAlias

from litestar.middleware import DefineMiddleware
from litestar.plugins import InitPluginProtocol

from ramgate.middleware.asgi import RamgateMiddleware, guard, refuse
from ramgate.middleware.errors import InvalidTemplate
from ramgate.middleware.outcome import CHALLENGE
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from litestar.config.app import AppConfig
    from litestar.connection import ASGIConnection
    from litestar.handlers import BaseRouteHandler
    from litestar.types import Scope

    from ramgate.client.async_client import AsyncClient
    from ramgate.middleware.asgi import ContextOf, PrincipalOf

__all__ = ["Guard", "RamgatePlugin", "requires"]

Guard: TypeAlias = (
    "Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]"
)
"""A guard of Litestar."""


class _Middleware(RamgateMiddleware):
    """The middleware within Litestar, whose routing cuts the path of a mount off `path`.

    So no path is public without `raw_path`, which is the path as it stands in the request.
    """

    def _is_public(self, scope: MutableMapping[str, Any]) -> bool:
        return scope.get("raw_path") is not None and super()._is_public(scope)


class RamgatePlugin(InitPluginProtocol):
    """Adds `RamgateMiddleware` to a Litestar application; the arguments are the same.

    Litestar answers the errors of its handlers itself, inside of every middleware. The plugin takes
    the answer over for the errors of `ramgate.middleware.asgi.require`.

    Raises `TypeError` or `ValueError` for a value that cannot be used, when the application starts.

    >>> from litestar import Litestar, delete
    >>> from litestar.params import FromPath
    >>> from ramgate import AsyncClient
    >>> from ramgate.middleware.litestar import RamgatePlugin, requires
    >>> may_release = requires(
    ...     "alikafka:ReleaseInstance",
    ...     "acs:alikafka:cn-hangzhou:1234567890123456:{instance}",
    ... )
    >>> @delete("/instances/{instance:str}", guards=[may_release])
    ... async def release(instance: FromPath[str]) -> None:
    ...     pass
    >>> def arn_of(scope):
    ...     return None
    >>> plugin = RamgatePlugin(client=AsyncClient(sidecar.url), principal=arn_of)
    >>> app = Litestar([release], plugins=[plugin])
    """

    def __init__(
        self,
        *,
        client: AsyncClient,
        principal: PrincipalOf,
        verify: bool = True,
        public: Iterable[str] = (),
        challenge: str = CHALLENGE,
    ) -> None:
        self._middleware = DefineMiddleware(
            _Middleware,  # type: ignore[arg-type] # Litestar's scope is a union of TypedDicts
            client=client,
            principal=principal,
            verify=verify,
            public=public,
            challenge=challenge,
        )

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the middleware before all others, and the hook for the errors of handlers."""
        app_config.middleware.insert(0, self._middleware)
        app_config.after_exception.append(_take_over)
        return app_config


async def _take_over(error: Exception, scope: Scope) -> None:  # noqa: ARG001 - Litestar passes it
    refuse(error)


def requires(action: str, template: str, context: ContextOf | None = None) -> Guard:
    """Return a guard: the decision must allow before the handler runs.

    `template` is the ARN of the resource, with `{name}` for the values of the handler's path; see
    `ramgate.middleware.template.Template`. `context` returns the condition keys of a scope. If
    there is no decision that allows, `RamgateMiddleware` answers.

    The path must declare the types that the handler reads: `{instance:uuid}` for
    `instance: UUID`. Otherwise the handler might read another value than the policies did, and the
    answer is 500.

    Raises `InvalidTemplate` if the template is not the ARN of a resource.

    >>> from litestar import get
    >>> from ramgate.middleware.litestar import requires
    >>> @get("/topics", guards=[requires("alikafka:ListTopic", "*")])
    ... async def topics() -> list[str]:
    ...     return []
    """
    parsed = Template(template)

    async def required(
        connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        await guard(action, parsed, lambda: _values(connection, handler), context)

    return required


def _values(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> Mapping[str, object]:
    """Return the values of the path, of the types that the handler and its dependencies read."""
    values: dict[str, object] = dict(connection.path_params)
    provided = (one.parsed_fn_signature for one in handler.resolve_dependencies().values())
    for signature in (handler.parsed_fn_signature, *provided):
        for name in values.keys() & signature.parameters.keys():
            _check(name, values[name], signature.parameters[name].annotation)
    return {
        name: value.removeprefix("/") if isinstance(value, str) else value
        for name, value in values.items()
    }


def _check(name: str, value: object, read: object) -> None:
    """Raise `InvalidTemplate` unless a function reads the value as it is."""
    if read in {Path, PurePath}:  # Litestar passes a text, which begins with a slash
        read = str
    if read is not type(value):
        raise InvalidTemplate(
            f"the path value `{name}` is a `{type(value).__name__}`, and a function reads "
            f"`{read}`: declare the same type in the path"
        )
