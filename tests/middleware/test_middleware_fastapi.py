from __future__ import annotations

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID  # noqa: TC003 - FastAPI reads the annotations

import pytest
from fastapi import APIRouter, Depends, FastAPI, Path, WebSocket
from pydantic import BaseModel, BeforeValidator

from asgi_calls import ACCOUNT, CountingClient, arn_of, call, converse
from ramgate.middleware.asgi import RamgateMiddleware
from ramgate.middleware.errors import InvalidTemplate
from ramgate.middleware.fastapi import requires

# FastAPI reads the annotations of the functions below
from ramgate.model.decision import Decision  # noqa: TC001

if TYPE_CHECKING:
    from asgi_calls import Answer
    from ramgate import Sidecar

ARN = f"acs:alikafka:cn-hangzhou:{ACCOUNT}:"
RELEASE = "alikafka:ReleaseInstance"
may_release = Depends(requires(RELEASE, f"{ARN}{{instance}}"))


class Color(Enum):
    RED = "red"


class Place(BaseModel):
    instance: int


def lower(text: str) -> str:
    return text.lower()


def number(instance: int) -> int:
    return instance


def router() -> APIRouter:
    found = APIRouter(dependencies=[may_release])

    @found.get("/text/{instance}")
    async def text(instance: str) -> str:
        return instance

    @found.get("/undeclared/{instance}")  # noqa: FAST003 - on purpose
    async def undeclared() -> str:
        return "x"

    @found.get("/integer/{instance}")
    async def integer(instance: int) -> int:
        return instance

    @found.get("/uuid/{instance}")
    def uuid(instance: UUID) -> str:
        return str(instance)

    @found.get("/enum/{instance}")
    async def enum(instance: Color) -> str:
        return str(instance.value)

    @found.get("/converter/{instance:int}")
    async def converter(instance: int) -> int:
        return instance

    @found.get("/alias/{instance}")
    async def alias(other: Annotated[str, Path(alias="instance"), BeforeValidator(lower)]) -> str:
        return other

    @found.get("/dependency/{instance}")
    async def dependency(instance: str, read: Annotated[int, Depends(number)]) -> str:
        return f"{instance} {read}"

    @found.get("/model/{instance}")  # noqa: FAST003 - on purpose
    async def model(place: Annotated[Place, Path()]) -> int:
        return place.instance

    return found


def application() -> FastAPI:
    app = FastAPI()
    app.include_router(router())
    app.include_router(router(), prefix="/v1")

    @app.get("/decision/{instance}")  # noqa: FAST003 - on purpose
    async def decision(found: Annotated[Decision, may_release]) -> str:
        return found.effect

    @app.get("/{instance}/nested")  # noqa: FAST003 - on purpose
    async def nested() -> str:
        return "x"

    inner = APIRouter()

    @inner.get("/topics", dependencies=[may_release])
    async def topics(instance: int) -> int:
        return instance

    app.include_router(inner, prefix="/under/{instance}")
    between = APIRouter()
    between.include_router(inner, prefix="/between/{instance}")
    app.include_router(between, prefix="/around")

    mounted = FastAPI()
    mounted.include_router(router())
    mounted.include_router(between)
    app.mount("/mounted", mounted)
    mounting = APIRouter()
    mounting.mount("/inner", mounted)
    app.include_router(mounting, prefix="/outer")

    @app.websocket("/socket/{instance}", dependencies=[may_release])
    async def socket(websocket: WebSocket, instance: str) -> None:
        await websocket.accept()
        await websocket.send_text(instance)
        await websocket.close()

    return app


def run(
    url: str,
    *targets: str,
    user: str | None = "alice",
    principal: Any = arn_of,  # noqa: ANN401 - any
) -> tuple[list[Answer], list[tuple[str, str, str]]]:
    """Send the requests; return the answers, and the questions that were sent to OPA."""

    async def main() -> tuple[list[Answer], list[tuple[str, str, str]]]:
        async with CountingClient(url) as client:
            app = application()
            app.add_middleware(RamgateMiddleware, client=client, principal=principal)
            return [await call(app, target, user) for target in targets], client.asked

    return asyncio.run(main())


PREFIXES = ["", "/v1", "/mounted", "/outer/inner"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("target", "resource", "body"),
    [
        ("/text/007", "007", b'"007"'),
        ("/undeclared/007", "007", b'"x"'),
        ("/integer/7", "7", b"7"),
        ("/converter/007", "7", b"7"),
        ("/enum/red", "red", b'"red"'),
        ("/alias/abc", "abc", b'"abc"'),
        ("/dependency/7", "7", b'"7 7"'),
        (
            "/uuid/00000000-0000-0000-0000-00000000000a",
            "00000000-0000-0000-0000-00000000000a",
            b'"00000000-0000-0000-0000-00000000000a"',
        ),
    ],
)
def test_the_policies_read_the_value_that_the_function_reads(
    ramgate_sidecar: Sidecar, prefix: str, target: str, resource: str, body: bytes
) -> None:
    [found], asked = run(ramgate_sidecar.url, prefix + target)
    assert (found.status, found.body) == (200, body)
    assert [one[2] for one in asked] == [ARN + resource]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    "target",
    [
        "/integer/007",
        "/integer/+7",
        "/integer/%207",
        "/integer/7.0",
        "/integer/1_000",
        "/integer/x",
        "/uuid/00000000-0000-0000-0000-00000000000A",
        "/uuid/0000000000000000000000000000000a",
        "/uuid/{00000000-0000-0000-0000-00000000000a}",
        "/alias/ABC",
        "/dependency/007",
        "/text/*",
        "/text/%2A",
        "/text/a%3Fb",
        "/text/a:b",
        "/text/..%3B",
        "/text/%252e%252e",
    ],
)
def test_a_value_that_the_function_reads_otherwise_is_refused(
    ramgate_sidecar: Sidecar, prefix: str, target: str
) -> None:
    [found], asked = run(ramgate_sidecar.url, prefix + target)
    assert found.problem["status"] == found.status == 400
    assert asked == []


@pytest.mark.parametrize(
    ("prefix", "status"), [("", 400), ("/v1", 400), ("/mounted", 404), ("/outer/inner", 404)]
)
def test_a_new_line_is_refused_or_not_routed(
    ramgate_sidecar: Sidecar, prefix: str, status: int
) -> None:
    [found], asked = run(ramgate_sidecar.url, f"{prefix}/text/a%0Ab")
    assert (found.status, asked) == (status, [])


@pytest.mark.parametrize(
    "prefix", ["/under", "/around/between", "/mounted/between", "/outer/inner/between"]
)
def test_a_value_of_the_routers_prefix_is_read_too(ramgate_sidecar: Sidecar, prefix: str) -> None:
    [found, other], asked = run(ramgate_sidecar.url, f"{prefix}/7/topics", f"{prefix}/007/topics")
    assert (found.status, other.status) == (200, 400)
    assert [one[2] for one in asked] == [f"{ARN}7"]


def test_a_model_of_path_values_is_the_applications_fault(ramgate_sidecar: Sidecar) -> None:
    [found], asked = run(ramgate_sidecar.url, "/model/7")
    assert (found.status, asked) == (500, [])


def test_a_function_gets_the_decision(ramgate_sidecar: Sidecar) -> None:
    [found], _ = run(ramgate_sidecar.url, "/decision/x")
    assert (found.status, found.body) == (200, b'"Allow"')


@pytest.mark.parametrize(("user", "status"), [("carol", 403), (None, 401)])
def test_a_denied_route_does_not_run(
    ramgate_sidecar: Sidecar, user: str | None, status: int
) -> None:
    [found], _ = run(ramgate_sidecar.url, "/text/x", user=user)
    assert found.problem["status"] == found.status == status


def test_a_route_without_its_requirement_is_held_back(ramgate_sidecar: Sidecar) -> None:
    [found], asked = run(ramgate_sidecar.url, "/x/nested")
    assert (found.status, asked) == (500, [])


def test_a_handler_of_all_errors_cannot_turn_a_denial_into_a_success(
    ramgate_sidecar: Sidecar,
) -> None:
    async def main() -> Answer:
        async with CountingClient(ramgate_sidecar.url) as client:
            app = application()

            @app.exception_handler(PermissionError)
            async def everything_is_fine(*_: object) -> Any:  # noqa: ANN401 - a response
                from starlette.responses import PlainTextResponse  # noqa: PLC0415

                return PlainTextResponse("secret")

            app.add_middleware(RamgateMiddleware, client=client, principal=arn_of)
            return await call(app, "/text/x", "carol")

    assert asyncio.run(main()).problem["status"] == 403


def test_a_websocket_is_decided_before_it_is_accepted(ramgate_sidecar: Sidecar) -> None:
    async def main(user: str) -> list[Any]:
        async with CountingClient(ramgate_sidecar.url) as client:
            app = application()
            app.add_middleware(RamgateMiddleware, client=client, principal=arn_of)
            return await converse(app, "/socket/x", user)

    opened, text, _ = asyncio.run(main("alice"))
    assert (opened["type"], text["text"]) == ("websocket.accept", "x")
    [closed] = asyncio.run(main("carol"))
    assert (closed["type"], closed["code"]) == ("websocket.close", 1008)


def test_a_faulty_template_is_refused_when_the_application_starts() -> None:
    with pytest.raises(InvalidTemplate):
        requires(RELEASE, "{instance}")
