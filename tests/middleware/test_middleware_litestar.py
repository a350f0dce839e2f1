from __future__ import annotations

import asyncio
from pathlib import Path, PurePath  # noqa: TC003 - Litestar reads the annotations
from typing import TYPE_CHECKING, Any
from uuid import UUID  # noqa: TC003 - see above

import pytest
from litestar import Litestar, Request, Response, WebSocket, asgi, get, websocket
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath  # noqa: TC002 - see above
from litestar.types import Receive, Scope, Send  # noqa: TC002 - see above

from asgi_calls import ACCOUNT, CountingClient, arn_of, call, converse
from ramgate.middleware.asgi import require
from ramgate.middleware.errors import InvalidTemplate
from ramgate.middleware.litestar import RamgatePlugin, requires

if TYPE_CHECKING:
    from asgi_calls import Answer
    from ramgate import Sidecar
    from ramgate.middleware.asgi import App

ARN = f"acs:alikafka:cn-hangzhou:{ACCOUNT}:"
LIST = "alikafka:ListTopic"
may_list = requires(LIST, f"{ARN}{{instance}}")
may_list_path = requires(LIST, f"{ARN}{{instance:path}}")


@get("/text/{instance:str}", guards=[may_list])
async def text(instance: FromPath[str]) -> str:
    return instance


@get("/undeclared/{instance:str}", guards=[may_list])
async def undeclared() -> str:
    return "x"


@get("/integer/{instance:int}", guards=[may_list])
async def integer(instance: FromPath[int]) -> str:
    return str(instance)


@get("/uuid/{instance:uuid}", guards=[may_list])
async def uuid(instance: FromPath[UUID]) -> str:
    return str(instance)


@get("/path/{instance:path}", guards=[may_list_path])
async def path(instance: FromPath[Path]) -> str:
    return str(instance)


@get("/pure/{instance:path}", guards=[may_list_path])
async def pure(instance: FromPath[PurePath]) -> str:
    return str(instance)


@get("/other/{instance:str}", guards=[may_list])
async def other(instance: FromPath[UUID]) -> str:
    return str(instance)


async def read(instance: FromPath[UUID]) -> str:
    return str(instance)


@get("/provided/{instance:str}", guards=[may_list], dependencies={"found": Provide(read)})
async def provided(found: NamedDependency[str]) -> str:
    return found


@get("/inside")
async def inside() -> str:
    decision = await require(LIST, f"{ARN}x")
    return decision.effect


@get("/undecided")
async def undecided() -> str:
    return "secret"


@get("/missing")
async def missing() -> str:
    raise NotFoundException


@websocket("/socket/{instance:str}", guards=[may_list])
async def socket(socket: WebSocket[Any, Any, Any], instance: FromPath[str]) -> None:
    await socket.accept()
    await socket.send_text(instance)
    await require("ecs:StopInstance", "*")


def fine(_: Request[Any, Any, Any], __: Exception) -> Response[str]:
    return Response("secret")


def application(client: CountingClient, **more: Any) -> App:  # noqa: ANN401 - Litestar's arguments
    handlers = [text, undeclared, integer, uuid, path, pure, other, provided]
    handlers += [inside, undecided, missing]
    app: Any = Litestar(
        [*handlers, socket],
        plugins=[RamgatePlugin(client=client, principal=arn_of, public={"/schema"})],
        **more,
    )
    found: App = app
    return found


def run(
    url: str,
    *targets: str,
    user: str | None = "alice",
    **more: Any,  # noqa: ANN401 - Litestar's arguments
) -> tuple[list[Answer], list[str]]:
    """Send the requests; return the answers, and the resources that OPA was asked about."""

    async def main() -> tuple[list[Answer], list[str]]:
        async with CountingClient(url) as client:
            app = application(client, **more)
            found = [await call(app, target, user) for target in targets]
            return found, [resource for _, _, resource in client.asked]

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("target", "resource", "body"),
    [
        ("/text/007", "007", b"007"),
        ("/undeclared/007", "007", b"x"),
        ("/integer/007", "7", b"7"),
        ("/path/a/b", "a/b", b"/a/b"),
        ("/path/a//b", "a/b", b"/a/b"),
        ("/pure/a/b", "a/b", b"/a/b"),
        (
            "/uuid/00000000-0000-0000-0000-00000000000A",
            "00000000-0000-0000-0000-00000000000a",
            b"00000000-0000-0000-0000-00000000000a",
        ),
    ],
)
def test_the_policies_read_the_value_that_the_handler_reads(
    ramgate_sidecar: Sidecar, target: str, resource: str, body: bytes
) -> None:
    [found], asked = run(ramgate_sidecar.url, target)
    assert (found.status, found.body) == (200, body)
    assert asked == [ARN + resource]


@pytest.mark.parametrize(
    "target", ["/text/*", "/text/a:b", "/text/a%3Fb", "/text/a%0Ab", "/path/a/%2e%2e/b"]
)
def test_a_value_that_cannot_stand_in_a_resource_is_refused(
    ramgate_sidecar: Sidecar, target: str
) -> None:
    [found], asked = run(ramgate_sidecar.url, target)
    assert found.problem["status"] == found.status == 400
    assert asked == []


def test_a_handler_that_reads_another_type_is_the_applications_fault(
    ramgate_sidecar: Sidecar,
) -> None:
    uuid = "00000000-0000-0000-0000-00000000000A"
    found, asked = run(ramgate_sidecar.url, f"/other/{uuid}", f"/provided/{uuid}")
    assert [one.problem["status"] for one in found] == [500, 500]
    assert asked == []


@pytest.mark.parametrize(("user", "status"), [("carol", 403), (None, 401)])
@pytest.mark.parametrize("target", ["/text/x", "/inside"])
def test_a_denial_is_answered_as_everywhere(
    ramgate_sidecar: Sidecar, target: str, user: str | None, status: int
) -> None:
    [found], _ = run(ramgate_sidecar.url, target, user=user)
    assert found.problem["status"] == found.status == status


def test_without_opa_the_service_is_unavailable() -> None:
    found, _ = run("unix:///nowhere/opa.sock", "/text/x", "/inside")
    assert [(one.status, one.headers["retry-after"]) for one in found] == [(503, "1")] * 2


@pytest.mark.parametrize("target", ["/text/x", "/inside"])
def test_a_handler_of_all_errors_cannot_turn_a_denial_into_a_success(
    ramgate_sidecar: Sidecar, target: str
) -> None:
    [found], _ = run(
        ramgate_sidecar.url, target, user="carol", exception_handlers={Exception: fine}
    )
    assert found.problem["status"] == 403


def test_a_success_without_a_decision_is_held_back(ramgate_sidecar: Sidecar) -> None:
    found, schema, missing = run(ramgate_sidecar.url, "/undecided", "/schema", "/missing")[0]
    assert found.problem["status"] == 500
    assert (schema.status, missing.status) == (200, 404)


@pytest.mark.parametrize("has_raw_path", [True, False])
def test_a_path_that_the_routing_rewrote_is_not_public(
    ramgate_sidecar: Sidecar, *, has_raw_path: bool
) -> None:
    seen = []

    @asgi("/files", is_mount=True, copy_scope=True)
    async def files(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        seen.append(scope["path"])
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def main() -> list[int]:
        async with CountingClient(ramgate_sidecar.url) as client:
            plugin = RamgatePlugin(client=client, principal=arn_of, public={"/docs/"})
            mounting: Any = Litestar([files], plugins=[plugin], openapi_config=None)

            async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
                if not has_raw_path:
                    del scope["raw_path"]
                await mounting(scope, receive, send)

            return [(await call(app, "/files/docs", user)).status for user in (None, "alice")]

    assert asyncio.run(main()) == [401, 404]
    assert seen == ["/docs/"]  # the routing does rewrite it


def test_without_the_path_of_the_request_nothing_is_public(ramgate_sidecar: Sidecar) -> None:
    async def main() -> list[int]:
        async with CountingClient(ramgate_sidecar.url) as client:

            async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
                scope["raw_path"] = None
                await application(client)(scope, receive, send)

            return [(await call(app, "/schema", user)).status for user in (None, "alice")]

    assert asyncio.run(main()) == [401, 500]


def test_an_allowed_handler_answers(ramgate_sidecar: Sidecar) -> None:
    assert run(ramgate_sidecar.url, "/inside")[0][0].body == b"Allow"


def test_a_websocket_is_closed_by_a_denial(ramgate_sidecar: Sidecar) -> None:
    async def main(user: str) -> list[Any]:
        async with CountingClient(ramgate_sidecar.url) as client:
            return await converse(application(client), "/socket/x", user)

    opened, text, closed = asyncio.run(main("alice"))
    assert (opened["type"], text["text"]) == ("websocket.accept", "x")
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)
    [closed] = asyncio.run(main("carol"))
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


def test_a_faulty_template_is_refused_when_the_application_starts() -> None:
    with pytest.raises(InvalidTemplate):
        requires(LIST, "{instance}")
