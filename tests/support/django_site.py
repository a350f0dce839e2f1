"""A Django site for tests: its settings, its views, and calls of it under WSGI and ASGI."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import django
import httpx
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path, re_path
from django.utils.decorators import method_decorator
from django.views import View

from ramgate import AccessDenied, Client, RamgateError
from ramgate.middleware.django import arequire, require, requires
from wsgi_calls import ACCOUNT, DELETE, INSTANCE, LIST, Answer, call, environ_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.staticfiles", "rest_framework"],
        MIDDLEWARE=["ramgate.middleware.django.RamgateMiddleware"],
        REST_FRAMEWORK={
            "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"],
            "UNAUTHENTICATED_USER": None,
        },
        ROOT_URLCONF="django_site",
        SECRET_KEY=uuid4().hex,
        STATIC_URL="static/",
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        USE_TZ=True,
    )
    django.setup()

from django_rest_views import Chosen, HalfForgotten, Negated, Schema, Secret, Strict, Topics

KEY = "acs:oss:oss-cn-hangzhou:1234567890123456:orders/{key:path}"


def address(request: HttpRequest) -> dict[str, str]:
    return {"acs:SourceIp": request.headers.get("X-Address", "10.0.0.1")}


async def address_later(request: HttpRequest) -> dict[str, str]:
    await asyncio.sleep(0)
    return address(request)


@requires(LIST, INSTANCE, address)
def topics(_: HttpRequest, instance: object) -> HttpResponse:
    return HttpResponse(f"topics of {instance}")


@requires(LIST, INSTANCE, address)
async def topics_later(_: HttpRequest, instance: object) -> HttpResponse:
    return HttpResponse(f"topics of {instance}")


@requires(LIST, "*", address_later)
def asks_later(_: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


@requires(LIST, "*", address_later)
async def asks_later_later(_: HttpRequest) -> HttpResponse:
    return HttpResponse("fine")


@requires(LIST, KEY)
def file(_: HttpRequest, key: str) -> HttpResponse:
    return HttpResponse(f"file {key}")


def below(_: HttpRequest) -> HttpResponse:
    return HttpResponse(require(LIST, "*").effect)


async def below_later(_: HttpRequest) -> HttpResponse:
    return HttpResponse((await arequire(LIST, "*")).effect)


async def below_together(_: HttpRequest) -> HttpResponse:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(arequire(LIST, "*"))
    return HttpResponse("fine")


async def blocking(_: HttpRequest) -> HttpResponse:
    return HttpResponse(require(LIST, "*").effect)


def handled(_: HttpRequest) -> HttpResponse:
    try:
        return HttpResponse(require(LIST, "*").effect)
    except AccessDenied as denied:
        return HttpResponse(denied.decision.effect)


def swallowed(request: HttpRequest) -> HttpResponse:
    try:
        return topics(request, instance="a")
    except RamgateError:
        return StreamingHttpResponse(Pieces([b"secret"]))  # type: ignore[return-value]


class Pieces:
    """A stream that records whether it was closed."""

    closed = 0

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        Pieces.closed += 1


def forgotten(_: HttpRequest) -> HttpResponse:
    return HttpResponse("secret")


def broken(_: HttpRequest) -> HttpResponse:
    raise KeyError("secret")


def odd(_: HttpRequest) -> HttpResponse:
    raise RamgateError("not about a decision, with a secret")


@requires(LIST, INSTANCE, odd)  # type: ignore[arg-type]
def odd_context(_: HttpRequest, instance: str) -> HttpResponse:
    return HttpResponse(f"secret {instance}")


def stream(_: HttpRequest) -> StreamingHttpResponse:
    require(LIST, "*")

    def pieces() -> Iterator[str]:
        yield "one "
        yield require(LIST, "*").effect

    return StreamingHttpResponse(pieces())


async def stream_later(_: HttpRequest) -> StreamingHttpResponse:
    await arequire(LIST, "*")

    async def pieces() -> AsyncIterator[str]:
        yield "one "
        yield (await arequire(LIST, "*")).effect

    return StreamingHttpResponse(pieces())


def download(_: HttpRequest) -> FileResponse:
    require(LIST, "*")
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123 - the response closes it


class Release(View):
    """A view as a class, with a decorated method."""

    @requires(DELETE, INSTANCE)
    def delete(self, _: HttpRequest, instance: str) -> HttpResponse:
        return HttpResponse(f"released {instance}")


class ReleaseLater(View):
    """An async view as a class, with a decorated method."""

    @requires(DELETE, INSTANCE)
    async def delete(self, _: HttpRequest, instance: str) -> HttpResponse:
        return HttpResponse(f"released {instance}")


@method_decorator(requires(DELETE, INSTANCE), name="dispatch")
class ReleaseDispatched(View):
    """A view as a class, decorated as a whole."""

    def delete(self, _: HttpRequest, instance: str) -> HttpResponse:
        return HttpResponse(f"released {instance}")


class ReleaseWrapped(View):
    """An async view as a class, decorated in the table of paths."""

    async def delete(self, _: HttpRequest, instance: str) -> HttpResponse:
        return HttpResponse(f"released {instance}")


urlpatterns = [
    path("docs", forgotten),
    path("forgotten", forgotten),
    path("broken", broken),
    path("odd", odd),
    path("odd/<instance>", odd_context),
    path("topics/<instance>", topics),
    path("topics/number/<int:instance>", topics),
    path("topics/uuid/<uuid:instance>", topics),
    path("topics/path/<path:instance>", topics),
    re_path(r"^topics/any/(?P<instance>.*)$", topics),
    re_path(r"^topics/unnamed/(.*)$", topics),
    path("later/<instance>", topics_later),
    path("context", asks_later),
    path("context/later", asks_later_later),
    path("files/<path:key>", file),
    path("below", below),
    path("below/later", below_later),
    path("below/together", below_together),
    path("blocking", blocking),
    path("handled", handled),
    path("swallowed", swallowed),
    path("stream", stream),
    path("stream/later", stream_later),
    path("download", download),
    path("release/<instance>", Release.as_view()),
    path("release/later/<instance>", ReleaseLater.as_view()),
    path("release/dispatched/<instance>", ReleaseDispatched.as_view()),
    path("release/wrapped/<instance>", requires(DELETE, INSTANCE)(ReleaseWrapped.as_view())),
    path("rest/<instance>", Topics.as_view()),
    path("schema", Schema.as_view()),
    path("half", HalfForgotten.as_view()),
    path("negated", Negated.as_view()),
    path("chosen", Chosen.as_view()),
    path("strict", Strict.as_view()),
]


def named(request: HttpRequest) -> str | None:
    user = request.headers.get("X-Test-User")
    return user and ACCOUNT + user


async def named_later(request: HttpRequest) -> str | None:
    await asyncio.sleep(0)
    return named(request)


def secret_calls() -> int:
    """Return how often the secret views of REST framework were called."""
    return Secret.called


@contextlib.contextmanager
def configured(client: Client, **more: object) -> Iterator[None]:
    """Let the site ask this client."""
    given = {"CLIENT": client, "PRINCIPAL": named, "PUBLIC": {"/docs"}} | more
    with override_settings(RAMGATE=given):
        yield


def under_wsgi(path: str, user: str | None = "alice", **more: str) -> Answer:
    """Send a request as a server for WSGI does; `more` goes to the environ."""
    environ = environ_of(path, **more)
    if user is not None:
        environ["HTTP_X_TEST_USER"] = user
    return call(WSGIHandler(), environ)


async def under_asgi(
    path: str, user: str | None = "alice", method: str = "GET", **headers: str
) -> Answer:
    """Send a request as a server for ASGI does."""
    if user is not None:
        headers["X-Test-User"] = user
    handler: Any = ASGIHandler()
    transport = httpx.ASGITransport(handler)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.request(method, path, headers=headers)
    headers = {name.title(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, headers, answer.content)
