"""`settings.RAMGATE`, the arguments of the middleware for Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django import conf
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from ramgate.client.async_client import AsyncClient
from ramgate.client.client import Client
from ramgate.middleware.arguments import check_challenge, check_client, check_principal
from ramgate.middleware.outcome import CHALLENGE
from ramgate.middleware.public_paths import PublicPaths

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from django.http import HttpRequest

    from ramgate.middleware import visit
    from ramgate.model.decision import Context, Decision

__all__ = ["Settings", "later", "now"]

_T = TypeVar("_T")
_KEYS: Final = ("CLIENT", "ASYNC_CLIENT", "PRINCIPAL", "VERIFY", "PUBLIC", "CHALLENGE")


def now(function: Callable[[HttpRequest], _T | Awaitable[_T]]) -> Callable[[HttpRequest], _T]:
    """Return a plain function; the given one may be async."""
    if iscoroutinefunction(function):
        return cast("Callable[[HttpRequest], _T]", async_to_sync(function))
    return cast("Callable[[HttpRequest], _T]", function)


def later(
    function: Callable[[HttpRequest], _T | Awaitable[_T]],
) -> Callable[[HttpRequest], Awaitable[_T]]:
    """Return an async function; a plain one, which may ask the database, runs in a thread."""
    if iscoroutinefunction(function):
        return cast("Callable[[HttpRequest], Awaitable[_T]]", function)
    plain = cast("Callable[[HttpRequest], _T]", function)
    return sync_to_async(plain, thread_sensitive=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """The checked settings."""

    client: Client
    async_client: AsyncClient | None
    principal: visit.PrincipalOf[HttpRequest]
    verify: bool
    public: PublicPaths
    challenge: str

    @classmethod
    def read(cls) -> Settings:
        """Read `settings.RAMGATE`. Raises `ImproperlyConfigured` if it cannot be used."""
        given: Mapping[str, object] = getattr(conf.settings, "RAMGATE", {})
        try:
            return cls._checked(given)
        except (TypeError, ValueError) as error:
            raise ImproperlyConfigured(f"`settings.RAMGATE`: {error}") from error

    @classmethod
    def _checked(cls, given: Mapping[str, object]) -> Settings:
        for key in given:
            if key not in _KEYS:
                raise ValueError(f"`{key}` is not one of {', '.join(_KEYS)}")
        client = given.get("CLIENT")
        async_client = given.get("ASYNC_CLIENT")
        principal = given.get("PRINCIPAL")
        verify = given.get("VERIFY", True)
        challenge = given.get("CHALLENGE", CHALLENGE)
        check_client(client, Client)
        if async_client is not None:
            check_client(async_client, AsyncClient)
        if isinstance(principal, str):
            principal = import_string(principal)
        check_principal(principal)
        if not isinstance(verify, bool):
            raise TypeError("`VERIFY` must be `True` or `False`")
        check_challenge(cast("str", challenge))
        return cls(
            cast("Client", client),
            cast("AsyncClient | None", async_client),
            cast("visit.PrincipalOf[HttpRequest]", principal),
            verify,
            PublicPaths(cast("Iterable[str]", given.get("PUBLIC", ()))),
            cast("str", challenge),
        )

    async def decide_later(
        self, principal: str, action: str, resource: str, context: Context
    ) -> Decision:
        """Ask OPA without blocking the event loop."""
        if self.async_client is None:
            raise ImproperlyConfigured(
                "`settings.RAMGATE` has no `ASYNC_CLIENT`, which async views need"
            )
        return await self.async_client.decide(principal, action, resource, context)
