"""Deliberate faults of the middleware, which `mutants` runs against the tests of its room."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_ROOM: Final = "python/ramgate/middleware"

_ASGI: Final = f"{_ROOM}/asgi.py"
_RESPONSE: Final = f"{_ROOM}/asgi_response.py"
_CURRENT: Final = f"{_ROOM}/current.py"
_VISIT: Final = f"{_ROOM}/visit.py"
_TEMPLATE: Final = f"{_ROOM}/template.py"
_PUBLIC: Final = f"{_ROOM}/public_paths.py"
_OUTCOME: Final = f"{_ROOM}/outcome.py"
_FASTAPI: Final = f"{_ROOM}/fastapi.py"
_LITESTAR: Final = f"{_ROOM}/litestar.py"

FAULTS: Final = (
    (
        "a refused WebSocket receives the next message",
        _ASGI,
        "        if is_websocket:\n            receive = _until_refused(receive, current)\n",
        "",
    ),
    (
        "a message for a WebSocket that was refused meanwhile is passed on",
        _ASGI,
        "            if current.refusal is None:\n                return message\n",
        "            return message\n",
    ),
    (
        "a redirection without a decision passes",
        _RESPONSE,
        "return status < HTTPStatus.BAD_REQUEST",
        "return status < HTTPStatus.MULTIPLE_CHOICES",
    ),
    (
        "a message before the response needs no decision",
        _RESPONSE,
        'message.get("status", HTTPStatus.OK)',
        'message.get("status", HTTPStatus.BAD_REQUEST)',
    ),
    (
        "an application answers in the place of a refusal",
        _RESPONSE,
        "if self._current.refusal is not None:",
        "if self._current.refusal is not None and self._stage is not _Stage.NOTHING_SENT:",
    ),
    (
        "an open WebSocket sends after a refusal",
        _RESPONSE,
        "if self._current.refusal is not None:",
        "if self._current.refusal is not None and not self._is_websocket:",
    ),
    (
        "a body goes on after a refusal",
        _RESPONSE,
        "if self._current.refusal is not None:",
        "if self._current.refusal is not None and self._stage is _Stage.NOTHING_SENT:",
    ),
    (
        "an application that is refused sends to nobody, and its caller gets no answer",
        _RESPONSE,
        "            if _goes_on(message):\n",
        "            if False:\n",
    ),
    (
        "decisions are remembered while a refusal is sent",
        _RESPONSE,
        "        self._current.forget()\n        if self._is_websocket:\n",
        "        if self._is_websocket:\n",
    ),
    (
        "decisions are remembered while a response is streamed",
        _RESPONSE,
        "            self._current.forget()\n        await",
        "        await",
    ),
    (
        "a WebSocket remembers its decisions",
        _ASGI,
        "Current(remembers=not is_websocket)",
        "Current()",
    ),
    (
        "a request without a principal reaches the application",
        _ASGI,
        "            if verify:\n                await asking.identify()\n",
        "",
    ),
    (
        "the error of the application hides a refusal",
        _ASGI,
        "error = current.refusal or raised",
        "error = raised",
    ),
    (
        "the principal of a request stays after it",
        _ASGI,
        "            _VISIT.reset(token)\n",
        "",
    ),
    (
        "a question that failed counts as a decision",
        _VISIT,
        "            current.failure = error\n",
        "            current.failure, current._is_decided = error, True\n",
    ),
    (
        "a denied decision is returned",
        _CURRENT,
        "            raise denial(request, decision)\n",
        "            denial(request, decision)\n",
    ),
    (
        "a requirement that failed without an answer of ramgate is forgotten",
        _CURRENT,
        "if self.refusal is not None and not isinstance(error, RamgateError):",
        "if not isinstance(error, RamgateError):",
    ),
    (
        "a cancelled requirement hides a denial",
        _CURRENT,
        "if self.refusal is not None and not isinstance(error, RamgateError):",
        "if False:",
    ),
    (
        "a failure to read the path may be handled by the application",
        _ASGI,
        "        asking.current.refuse(error)\n",
        "",
    ),
    (
        "a principal that is no text is asked about",
        _CURRENT,
        'raise PrincipalError(f"`principal` must return',
        'value = str(value) or str(f"`principal` must return',
    ),
    (
        "a principal with a new line is asked about",
        _CURRENT,
        "if not value.isprintable():",
        "if not value:",
    ),
    (
        "a decision is not remembered",
        _CURRENT,
        "            self._decisions[_encode(request)] = decision\n",
        '            self._decisions[b""] = decision\n',
    ),
    (
        "a `*` of a path comes into a resource",
        _TEMPLATE,
        r'r"[*?:;\\]|%[0-9A-Fa-f]{2}"',
        r'r"[?:;\\]|%[0-9A-Fa-f]{2}"',
    ),
    (
        "a `:` of a path comes into a resource",
        _TEMPLATE,
        r'r"[*?:;\\]|%[0-9A-Fa-f]{2}"',
        r'r"[*?;\\]|%[0-9A-Fa-f]{2}"',
    ),
    (
        "a percent-encoded character of a path comes into a resource",
        _TEMPLATE,
        r'r"[*?:;\\]|%[0-9A-Fa-f]{2}"',
        r'r"[*?:;\\]"',
    ),
    (
        "a new line of a path comes into a resource",
        _TEMPLATE,
        "    if not text.isprintable():\n        return",
        "    if not text:\n        return",
    ),
    (
        "dot segments of a path come into a resource",
        _TEMPLATE,
        '_DOTS: Final = frozenset({"", ".", ".."})',
        '_DOTS: Final = frozenset({""})',
    ),
    (
        "a slash comes into a resource without a path parameter",
        _TEMPLATE,
        'if not is_path and "/" in text:',
        'if is_path and "//" in text:',
    ),
    (
        "a public path is a prefix",
        _PUBLIC,
        "        if path not in self._paths:\n",
        "        if not any(path.startswith(one) for one in self._paths):\n",
    ),
    (
        "a public path may be spelled in another way",
        _PUBLIC,
        'return raw_path is None or raw_path.partition(b"?")[0] == path.encode()',
        "return raw_path is None or bool(path)",
    ),
    (
        "an OPA that is away is an error of the application",
        _OUTCOME,
        "    TransportError: _UNAVAILABLE,\n",
        "",
    ),
    (
        "the answer 503 does not tell when to try again",
        _OUTCOME,
        "if self.status is HTTPStatus.SERVICE_UNAVAILABLE:",
        "if self.status is HTTPStatus.GATEWAY_TIMEOUT:",
    ),
    (
        "a proxy may store an answer",
        _OUTCOME,
        '            ("Cache-Control", "no-store"),\n',
        "",
    ),
    (
        "FastAPI reads a value otherwise than the policies",
        _FASTAPI,
        "if errors or str(read) != str(values[name]):",
        "if errors:",
    ),
    (
        "FastAPI's values of dependencies are not compared",
        _FASTAPI,
        "    for one in dependant.dependencies:\n        yield from _fields(one)\n",
        "",
    ),
    (
        "FastAPI's values of a router's prefix are not compared",
        _FASTAPI,
        'route = place if is_place_of_route else scope["route"]',
        'route = scope["route"]',
    ),
    (
        "Litestar reads a value otherwise than the policies",
        _LITESTAR,
        "if read is not type(value):",
        "if read is None:",
    ),
    (
        "a path that Litestar rewrote is public",
        _LITESTAR,
        'scope.get("raw_path") is not None and super()',
        "super()",
    ),
    (
        "Litestar answers a denial of `require` itself",
        _LITESTAR,
        "        app_config.after_exception.append(_take_over)\n",
        "",
    ),
)
