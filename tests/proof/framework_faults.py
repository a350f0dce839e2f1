"""Deliberate faults of the middleware for WSGI, Django and gRPC, run as those of the others."""

from __future__ import annotations

from typing import Final

__all__ = ["FAULTS"]

_ROOM: Final = "python/ramgate/middleware"

_RESPONSE: Final = f"{_ROOM}/wsgi_response.py"
_FLASK: Final = f"{_ROOM}/flask.py"
_DJANGO: Final = f"{_ROOM}/django.py"
_VISITS: Final = f"{_ROOM}/django_visits.py"
_SETTINGS: Final = f"{_ROOM}/django_settings.py"
_REST: Final = f"{_ROOM}/rest_framework.py"
_CALLS: Final = f"{_ROOM}/grpc_calls.py"
_GRPC: Final = f"{_ROOM}/grpc.py"
_AIO: Final = f"{_ROOM}/grpc_aio.py"
_DECORATOR: Final = f"{_ROOM}/decorator.py"

FAULTS: Final = (
    (
        "a WSGI application answers in the place of a refusal",
        _RESPONSE,
        "        self._current.end()\n        if self._verify",
        "        if self._verify",
    ),
    (
        "a status that replaces a sent one needs no decision",
        _RESPONSE,
        "and not self._is_answered:\n            self._check(status)\n",
        "and not self._is_answered:\n",
    ),
    (
        "decisions are remembered while a WSGI response is iterated",
        _RESPONSE,
        "        self._check(status)\n        self._current.forget()\n",
        "        self._check(status)\n",
    ),
    (
        "a thread keeps the request that it served",
        _RESPONSE,
        "            self._variable.reset(token)\n",
        "            pass\n",
    ),
    (
        "the error of a WSGI application hides a refusal",
        _RESPONSE,
        "error = self._current.refusal or raised",
        "error = raised",
    ),
    (
        "a piece of a WSGI response passes after a refusal",
        _RESPONSE,
        "            self._current.end()\n            return\n",
        "            return\n",
    ),
    (
        "a WSGI application writes past the middleware once it replaced its status",
        _RESPONSE,
        "            return self._send\n",
        "            return self._write\n",
    ),
    (
        "a WSGI application replaces the status of a refusal",
        _RESPONSE,
        "if self._has_begun and not self._is_answered:",
        "if self._has_begun:",
    ),
    (
        "a WSGI request whose application raises is never over",
        _RESPONSE,
        "        except BaseException:\n            self.close()\n",
        "        except BaseException:\n",
    ),
    (
        "decisions are remembered while the refusal of a WSGI request is sent",
        _RESPONSE,
        "        self._current.forget()\n        status = ",
        "        status = ",
    ),
    (
        "Flask answers a denial of `require` itself",
        _FLASK,
        "    refuse_with(error)\n",
        "",
    ),
    (
        "a Django view answers in the place of a refusal",
        _DJANGO,
        "            visits.current.end()\n",
        "",
    ),
    (
        "an async request to Django without a principal reaches a view",
        _DJANGO,
        "                if verify:\n                    await visits",
        "                if False:\n                    await visits",
    ),
    (
        "Django answers a denial of `require` itself",
        _DJANGO,
        "        plain_visit().current.refusal = raised\n",
        "",
    ),
    (
        "a plain question blocks the event loop",
        _VISITS,
        "        asyncio.get_running_loop()\n",
        "        raise RuntimeError\n",
    ),
    (
        "a task keeps the request that it served",
        _VISITS,
        "            _AWAITING.reset(awaiting)\n",
        "            pass\n",
    ),
    (
        "a task asks in the name of a request to Django that is over",
        _VISITS,
        "            else:\n                self.current.close()\n",
        "            else:\n                self.current.forget()\n",
    ),
    (
        "a piece of a Django stream passes after a refusal",
        _VISITS,
        "piece = next(iterator, None)\n                self.current.end()\n",
        "piece = next(iterator, None)\n",
    ),
    (
        "a piece of an async Django stream passes after a refusal",
        _VISITS,
        "piece = await anext(iterator, None)\n                self.current.end()\n",
        "piece = await anext(iterator, None)\n",
    ),
    (
        "a request to Django is not over once its stream is closed",
        _VISITS,
        '        vars(response)["_resource_closers"].append(self.current.close)\n',
        "",
    ),
    (
        "a request to Django is not over once its stream is dropped",
        _VISITS,
        "        weakref.finalize(stream, self.current.close)\n",
        "",
    ),
    (
        "async views ask with a client that blocks the event loop",
        _SETTINGS,
        "return await self.async_client.decide(",
        "return self.client.decide(",
    ),
    (
        "the opposite of a permission permits",
        _REST,
        "                raise refusal from error\n",
        "                return False\n",
    ),
    (
        "a permission that fails permits",
        _REST,
        "                if outcome is None:\n                    raise\n",
        "                if outcome is None:\n                    return True\n",
    ),
    (
        "a method of gRPC answers in the place of a refusal",
        _CALLS,
        "        self.current.end()\n",
        "",
    ),
    (
        "a success of gRPC needs no decision",
        _CALLS,
        "            self.current.verify()\n",
        "            pass\n",
    ),
    (
        "a call with a stream of requests remembers its decisions",
        _CALLS,
        "remembers=not handler.request_streaming",
        "remembers=True",
    ),
    (
        "the error of a method hides a refusal",
        _CALLS,
        "error = self.current.refusal or raised",
        "error = raised",
    ),
    (
        "an empty stream of gRPC needs no decision",
        _GRPC,
        "            yield response\n        call.settle()\n",
        "            yield response\n",
    ),
    (
        "a thread keeps the call that it served",
        _GRPC,
        "        _VISIT.reset(token)\n",
        "        pass\n",
    ),
    (
        "a message that a method writes needs no decision",
        _AIO,
        "        self._call.settle(is_message=True)\n",
        "",
    ),
    (
        "a message that an async method yields needs no decision",
        _AIO,
        "                call.settle(is_message=response is not _END)\n",
        "                call.settle()\n",
    ),
    (
        "an async generator is not checked",
        _DECORATOR,
        "            await check(*args, **kwargs)\n            async with",
        "            async with",
    ),
)
