"""Threads that try to write to OPA, and to read it, without a pause."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from typing import TYPE_CHECKING, NamedTuple

from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Self

# 401 comes from system.authz; OPA answers some requests before it asks for an authorization.
NOT_AUTHORIZED = (301, 400, 401, 404, 405)
# 400 comes from the owner of the roots.
NOT_WRITTEN = (400, 404, 405)
_SECONDS = 10.0
_THREADS = 2
_ALLOW = '{"allow": true, "effect": "Allow"}'
_OPEN = "package system.authz\n\nallow := true\n"
_PATCH = [{"op": "add", "path": "/mine", "value": True}]


class Attack(NamedTuple):
    """One request, which OPA must refuse."""

    method: str
    target: str
    body: object = None

    def content(self) -> bytes | None:
        if self.body is None or isinstance(self.body, str):
            return None if self.body is None else str(self.body).encode()
        return json.dumps(self.body).encode()


WRITES = (
    Attack("PUT", "/v1/policies/mine", f"package ram.authz\n\ndecision := {_ALLOW}\n"),
    Attack("PUT", "/v1/policies/mine", f"package ram.authz\n\ndecision(_) := {_ALLOW}\n"),
    Attack("PUT", "/v1/policies/mine", _OPEN),
    Attack("PUT", "/v1/policies/ramgate/system/authz/authz.rego", _OPEN),
    Attack("PUT", "/v1/policies/mine", "package system.mine\n\nmine := true\n"),
    Attack("PUT", "/v1/policies/mine", "package store\n\nmine := true\n"),
    Attack("PUT", "/v1/policies/mine", "package slr.mine\n\nmine := true\n"),
    Attack("DELETE", "/v1/policies/ramgate/ram/authz/authz.rego"),
    Attack("PUT", "/v1/data/ram/mine", {"mine": True}),
    Attack("PUT", "/v1/data/store", {"secret": "mine"}),
    Attack("PUT", "/v1/data/system/mine", {"mine": True}),
    Attack("PUT", "/v1/data/system/bundles", {}),
    Attack("PUT", "/v1/data", {}),
    Attack("PATCH", "/v1/data/store", _PATCH),
    Attack("PATCH", "/v1/data/system", _PATCH),
    Attack("PATCH", "/v1/data", [{"op": "add", "path": "/store", "value": {}}]),
    Attack("DELETE", "/v1/data/store"),
    Attack("DELETE", "/v1/data/system/bundles"),
    Attack("POST", "/v1/policies/mine", _OPEN),
)
"""Writes inside the bundle's roots."""

EVERYTHING = (
    *WRITES,
    Attack("PUT", "/v1/policies/mine", "package mine\n\nmine := true\n"),
    Attack("PUT", "/v1/data/mine", {}),
    Attack("PATCH", "/v1/data/mine", _PATCH),
    Attack("DELETE", "/v1/data/mine"),
    Attack("POST", "/v1/query", {"query": "x := opa.runtime().env"}),
    Attack("POST", "/v1/compile", {"query": "data.ram.authz.decision.allow == true"}),
    Attack("POST", "/v1/data?explain=full", {"input": {}}),
    Attack("POST", "/v1/data", {"input": {}}),
    Attack("POST", "/v1/data/ram/authz/decision?explain=full", {"input": {}}),
    Attack("GET", "/v1/query?q=data"),
    Attack("GET", "/v1/data"),
    Attack("GET", "/v1/policies"),
    Attack("GET", "/v1/config"),
    Attack("GET", "/v1/status"),
    Attack("GET", "/metrics"),
)
"""Those, and all that only OPA's whole API has."""


class Hammer:
    """Sends the attacks to one address, over and over, until the `with` block ends.

    `refused` are the statuses of a refusal; every other answer is in `accepted`.
    """

    def __init__(
        self, address: str, attacks: Collection[Attack], refused: Collection[int], token: str = ""
    ) -> None:
        self._address = Address.parse(address)
        self._attacks = attacks
        self._refused = refused
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(_THREADS)]
        self.accepted: list[tuple[Attack, int, bytes]] = []
        self.unreachable = 0
        self.answers = 0

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        for attack in itertools.cycle(self._attacks):
            if self._over.is_set():
                return
            self._try(attack)

    def _try(self, attack: Attack) -> None:
        connection = http.client.HTTPConnection("localhost")
        try:
            connection.sock = self._address.connect(_SECONDS)
            connection.request(attack.method, attack.target, attack.content(), self._headers)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.unreachable += 1
            return
        finally:
            connection.close()
        self.answers += 1
        if response.status not in self._refused:
            self.accepted.append((attack, response.status, body[:200]))
