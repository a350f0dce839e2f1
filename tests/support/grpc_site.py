"""gRPC servers for tests, in threads and in an event loop, with methods of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import grpc
import grpc.aio
import msgspec

from ramgate import AccessDenied, AsyncClient, Client, RamgateError
from ramgate.middleware import grpc as plain
from ramgate.middleware import grpc_aio
from wsgi_calls import ACCOUNT, INSTANCE, LIST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

SERVICE: Final = "test.Instances"
BOUND: Final = 10
LOCAL: Final = (("grpc.enable_http_proxy", 0), ("grpc.max_metadata_size", 256 * 1024))


class Message(msgspec.Struct):
    """A request or a response."""

    instance: str = ""
    number: int = 0


class Answer(NamedTuple):
    """The status of a call, and the responses before it."""

    code: grpc.StatusCode
    details: str
    responses: list[str]


OK: Final = grpc.StatusCode.OK


def named(context: Any) -> str | None:  # noqa: ANN401 - the context of either server
    """Return the principal of a call."""
    user = dict(context.invocation_metadata()).get("user")
    return user and ACCOUNT + user


async def named_later(context: Any) -> str | None:  # noqa: ANN401
    await asyncio.sleep(0)
    return named(context)


def address(context: Any) -> dict[str, str]:  # noqa: ANN401
    return {"acs:SourceIp": dict(context.invocation_metadata()).get("address", "10.0.0.1")}


def answer(*texts: str) -> Message:
    return Message("".join(texts))


class Plain:
    """The methods of the server that runs them in threads."""

    @plain.requires(LIST, INSTANCE, address)
    def unary_unary(self, request: Message, _: grpc.ServicerContext) -> Message:
        return answer("topics of ", request.instance)

    @plain.requires(LIST, INSTANCE, address)
    def unary_stream(self, request: Message, _: grpc.ServicerContext) -> Iterator[Message]:
        yield answer("one")
        yield answer("two of ", request.instance)

    def stream_unary(self, requests: Iterable[Message], _: grpc.ServicerContext) -> Message:
        found = []
        for request in requests:
            plain.require(LIST, INSTANCE.format(instance=request.instance))
            found.append(request.instance)
        return answer(*found)

    def stream_stream(
        self, requests: Iterable[Message], _: grpc.ServicerContext
    ) -> Iterator[Message]:
        for request in requests:
            plain.require(LIST, INSTANCE.format(instance=request.instance))
            yield answer(request.instance)

    @plain.requires(LIST, INSTANCE.replace("instance", "number"))
    def numbered(self, request: Message, _: grpc.ServicerContext) -> Message:
        return answer(f"number {request.number}")

    @plain.requires(LIST, INSTANCE)
    def unnamed(self, _: Iterable[Message], __: grpc.ServicerContext) -> Message:
        return answer("secret")

    def forgotten(self, _: Message, __: grpc.ServicerContext) -> Message:
        return answer("secret")

    def forgotten_stream(self, _: Message, __: grpc.ServicerContext) -> Iterator[Message]:
        yield answer("secret")

    def uncertain_stream(self, _: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        context.set_code(grpc.StatusCode.UNKNOWN)
        yield answer("secret")
        context.set_code(grpc.StatusCode.OK)

    def failing_stream(self, _: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        yield answer("secret")

    def forgotten_list(self, _: Message, __: grpc.ServicerContext) -> list[Message]:
        return [answer("secret")]

    def empty(self, _: Message, __: grpc.ServicerContext) -> Iterator[Message]:
        yield from ()

    def handled(self, _: Message, __: grpc.ServicerContext) -> Message:
        try:
            return answer(plain.require(LIST, "*").effect)
        except AccessDenied as denied:
            return answer(denied.decision.effect)

    def swallowed(self, request: Message, context: grpc.ServicerContext) -> Message:
        try:
            return self.unary_unary(request, context)
        except RamgateError:
            return answer("secret")

    def swallowed_error(self, request: Message, context: grpc.ServicerContext) -> Message:
        with contextlib.suppress(RamgateError):
            self.unary_unary(request, context)
        raise KeyError("secret")

    def swallowed_abort(self, request: Message, context: grpc.ServicerContext) -> Message:
        with contextlib.suppress(RamgateError):
            self.unary_unary(request, context)
        context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")
        raise AssertionError

    def swallowed_stream(
        self, request: Message, context: grpc.ServicerContext
    ) -> Iterator[Message]:
        with contextlib.suppress(RamgateError):
            self.unary_unary(request, context)
        yield answer("secret")

    def twice(self, request: Message, _: grpc.ServicerContext) -> Message:
        plain.require(LIST, "*")
        return answer(plain.require(LIST, "*").effect, request.instance)

    def stream_twice(self, _: Message, __: grpc.ServicerContext) -> Iterator[Message]:
        yield answer(plain.require(LIST, "*").effect)
        yield answer(plain.require(LIST, "*").effect)

    def not_found(self, _: Message, context: grpc.ServicerContext) -> Message:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details("nothing here")
        return answer()

    def aborts(self, _: Message, context: grpc.ServicerContext) -> Message:
        context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")
        raise AssertionError

    def breaks(self, _: Message, __: grpc.ServicerContext) -> Message:
        raise KeyError("other")


class Later:
    """The methods of the server of asyncio."""

    @grpc_aio.requires(LIST, INSTANCE, address)
    async def unary_unary(self, request: Message, _: grpc_aio.ServicerContext) -> Message:
        return answer("topics of ", request.instance)

    @grpc_aio.requires(LIST, INSTANCE, address)
    async def unary_stream(
        self, request: Message, _: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        yield answer("one")
        yield answer("two of ", request.instance)

    async def stream_unary(
        self, requests: AsyncIterator[Message], _: grpc_aio.ServicerContext
    ) -> Message:
        found = []
        async for request in requests:
            await grpc_aio.require(LIST, INSTANCE.format(instance=request.instance))
            found.append(request.instance)
        return answer(*found)

    async def stream_stream(
        self, requests: AsyncIterator[Message], _: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        async for request in requests:
            await grpc_aio.require(LIST, INSTANCE.format(instance=request.instance))
            yield answer(request.instance)

    @grpc_aio.requires(LIST, INSTANCE.replace("instance", "number"))
    async def numbered(self, request: Message, _: grpc_aio.ServicerContext) -> Message:
        return answer(f"number {request.number}")

    @grpc_aio.requires(LIST, INSTANCE)
    async def unnamed(self, _: AsyncIterator[Message], __: grpc_aio.ServicerContext) -> Message:
        return answer("secret")

    async def forgotten(self, _: Message, __: grpc_aio.ServicerContext) -> Message:
        return answer("secret")

    async def forgotten_stream(
        self, _: Message, __: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        yield answer("secret")

    async def uncertain_stream(
        self, _: Message, context: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        context.set_code(grpc.StatusCode.UNKNOWN)
        yield answer("secret")
        context.set_code(grpc.StatusCode.OK)

    async def failing_stream(self, _: Message, context: grpc_aio.ServicerContext) -> None:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        await context.write(answer("secret"))

    async def forgotten_list(self, _: Message, context: grpc_aio.ServicerContext) -> None:
        with contextlib.suppress(RamgateError):
            await context.write(answer("secret"))
        with contextlib.suppress(RamgateError):
            await context.write(answer("secret"))

    async def empty(self, _: Message, __: grpc_aio.ServicerContext) -> AsyncIterator[Message]:
        for _nothing in range(0):
            yield answer()

    async def handled(self, _: Message, __: grpc_aio.ServicerContext) -> Message:
        try:
            return answer((await grpc_aio.require(LIST, "*")).effect)
        except AccessDenied as denied:
            return answer(denied.decision.effect)

    async def swallowed(self, request: Message, context: grpc_aio.ServicerContext) -> Message:
        try:
            return await self.unary_unary(request, context)
        except RamgateError:
            return answer("secret")

    async def swallowed_error(self, request: Message, context: grpc_aio.ServicerContext) -> Message:
        with contextlib.suppress(RamgateError):
            await self.unary_unary(request, context)
        raise KeyError("secret")

    async def swallowed_abort(self, request: Message, context: grpc_aio.ServicerContext) -> Message:
        with contextlib.suppress(RamgateError):
            await self.unary_unary(request, context)
        await context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")
        raise AssertionError

    async def swallowed_stream(
        self, request: Message, context: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        with contextlib.suppress(RamgateError):
            await self.unary_unary(request, context)
        yield answer("secret")

    async def twice(self, request: Message, _: grpc_aio.ServicerContext) -> Message:
        await grpc_aio.require(LIST, "*")
        return answer((await grpc_aio.require(LIST, "*")).effect, request.instance)

    async def stream_twice(
        self, _: Message, __: grpc_aio.ServicerContext
    ) -> AsyncIterator[Message]:
        yield answer((await grpc_aio.require(LIST, "*")).effect)
        yield answer((await grpc_aio.require(LIST, "*")).effect)

    async def not_found(self, _: Message, context: grpc_aio.ServicerContext) -> Message:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details("nothing here")
        return answer()

    async def aborts(self, _: Message, context: grpc_aio.ServicerContext) -> Message:
        await context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")
        raise AssertionError

    async def breaks(self, _: Message, __: grpc_aio.ServicerContext) -> Message:
        raise KeyError("other")

    async def writes(self, request: Message, context: grpc_aio.ServicerContext) -> None:
        await grpc_aio.require(LIST, "*")
        await context.write(answer("one"))
        await context.write(answer("two of ", request.instance))

    async def writes_twice(self, _: Message, context: grpc_aio.ServicerContext) -> None:
        await context.write(answer((await grpc_aio.require(LIST, "*")).effect))
        await context.write(answer((await grpc_aio.require(LIST, "*")).effect))

    def not_async(self, _: Message, __: object) -> Message:
        return answer("secret")

    def not_async_stream(self, _: Message, __: object) -> Iterator[Message]:
        yield answer("secret")


KINDS: Final = {
    "stream_unary": "stream_unary",
    "unnamed": "stream_unary",
    "stream_stream": "stream_stream",
} | dict.fromkeys(
    [
        "unary_stream",
        "forgotten_stream",
        "uncertain_stream",
        "failing_stream",
        "forgotten_list",
        "empty",
        "swallowed_stream",
        "stream_twice",
        "writes",
        "writes_twice",
        "not_async_stream",
    ],
    "unary_stream",
)


def handlers(servicer: object) -> grpc.GenericRpcHandler:
    """Return the handlers of a servicer, as generated code does."""
    found = {}
    for name in (name for name in vars(type(servicer)) if not name.startswith("_")):
        make = getattr(grpc, f"{KINDS.get(name, 'unary_unary')}_rpc_method_handler")
        found[name] = make(
            getattr(servicer, name),
            request_deserializer=msgspec.json.Decoder(Message).decode,
            response_serializer=msgspec.json.encode,
        )
    return grpc.method_handlers_generic_handler(SERVICE, found)


@contextlib.contextmanager
def serving(client: Client, **options: Any) -> Iterator[str]:  # noqa: ANN401 - the interceptor's
    """Serve the plain methods in threads; yield the address."""
    given: dict[str, Any] = {"client": client, "principal": named} | options
    interceptor = plain.RamgateInterceptor(**given)
    pool = ThreadPoolExecutor(4)
    server = grpc.server(pool, interceptors=[interceptor], options=LOCAL)
    server.add_generic_rpc_handlers((handlers(Plain()),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait(BOUND)
        pool.shutdown()


@contextlib.contextmanager
def serving_later(url: str, **options: Any) -> Iterator[str]:  # noqa: ANN401
    """Serve the async methods in the event loop of a thread; yield the address."""
    started: list[str] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ending = asyncio.Event()

    async def serve() -> None:
        async with AsyncClient(url, timeout=BOUND) as client:
            given: dict[str, Any] = {"client": client, "principal": named} | options
            interceptor = grpc_aio.RamgateInterceptor(**given)
            server = grpc.aio.server(interceptors=[interceptor], options=LOCAL)
            server.add_generic_rpc_handlers((handlers(Later()),))
            started.append(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
            await server.start()
            ready.set()
            await ending.wait()
            await server.stop(None)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(BOUND)
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(BOUND)
        loop.close()


def ask(
    target: str,
    method: str,
    *requests: str | int,
    user: str | None = "alice",
    path: str | None = None,
    **metadata: str,
) -> Answer:
    """Call a method with these instances or numbers; `path` is another name of the method."""
    kind = KINDS.get(method, "unary_unary")
    if user is not None:
        metadata["user"] = user
    messages = [
        Message(number=one) if isinstance(one, int) else Message(one) for one in requests or ["a"]
    ]
    responses: list[str] = []
    with grpc.insecure_channel(target, options=LOCAL) as channel:
        call: Callable[..., Any] = getattr(channel, kind)(
            path or f"/{SERVICE}/{method}",
            request_serializer=msgspec.json.encode,
            # With an error, servers of asyncio send an empty message.
            response_deserializer=lambda data: msgspec.json.decode(data or b"{}", type=Message),
        )
        given = iter(messages) if kind.startswith("stream") else messages[0]
        try:
            found = call(given, timeout=BOUND, metadata=tuple(metadata.items()))
            for one in found if kind.endswith("stream") else [found]:
                responses.append(one.instance)  # noqa: PERF401 - kept if a later one fails
        except grpc.RpcError as error:
            status: Any = error
            return Answer(status.code(), status.details(), responses)
    return Answer(OK, "", responses)
