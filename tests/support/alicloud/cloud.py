"""The fake cloud: its accounts and keys, its faults, the log of its calls."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING, Self

from alicloud import operations, system
from alicloud.call import Call
from alicloud.faults import WHOLE, Faults
from alicloud.gate import Gate, action_of, no_permission
from alicloud.keys import Key
from alicloud.parameters import Parameters
from alicloud.refused import Refused
from alicloud.server import serve
from alicloud.state import Policy, Version
from alicloud.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from alicloud.call import Answer
    from alicloud.faults import Break
    from alicloud.signatures import Request
    from alicloud.state import Account

__all__ = ["ACCOUNT", "FakeCloud", "Recorded"]

ACCOUNT = "1234567890123456"


@dataclasses.dataclass(frozen=True)
class Recorded:
    """A call that arrived, also one with a wrong key or signature.

    `key` is the id of the key that it names, `running` the number of calls that were being
    answered, this one included.
    """

    product: str
    operation: str
    parameters: Mapping[str, str]
    key: str
    time: float
    running: int


class FakeCloud:
    """The four products and Sts on one port of loopback; see the package for an example."""

    def __init__(self, account: str = ACCOUNT, alias: str = "") -> None:
        self.world = World(dict(system.policies()))
        self.world.add_account(account, alias)
        self.owner = self.key(account)
        """A key of the root identity of the first account."""
        self.faults = Faults()
        self.calls: list[Recorded] = []
        self._gate = Gate(self.world)
        self._lock = threading.RLock()
        self._running = 0
        self._stack = contextlib.ExitStack()
        self.port = 0

    def __enter__(self) -> Self:
        self.port = self._stack.enter_context(serve(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.faults.close()
        self._stack.close()

    @property
    def endpoint(self) -> str:
        """Return the host and the port, as the SDKs take them; the protocol is `http`."""
        return f"127.0.0.1:{self.port}"

    @property
    def most_at_once(self) -> int:
        """Return how many calls were answered at the same time, at most."""
        return max((call.running for call in self.calls), default=0)

    def account(self, number: str = ACCOUNT) -> Account:
        """Return the state of an account, for tests that the API does not let build."""
        return self.world.accounts[number]

    def add_account(self, number: str, alias: str = "") -> None:
        """Add an account that is in no directory."""
        self.world.add_account(number, alias)

    def key(
        self,
        account: str = ACCOUNT,
        *,
        user: str = "",
        role: str = "",
        allowed: Iterable[str] | None = None,
    ) -> Key:
        """Return a new key of an account: of its root identity, a user, or a session of a role.

        With `allowed` the key may do these RAM actions only, such as `ram:ListUsers`.
        """
        number = len(self.world.keys) + 1
        kind, token = ("STS.", f"token{number}") if role else ("LTAI", "")
        actions = None if allowed is None else frozenset(allowed)
        key = Key(f"{kind}fake{number}", f"secret{number}", account, user, role, token, actions)
        self.world.keys[key.id] = key
        return key

    def add_system_policy(self, name: str, *documents: str, default: int = 1) -> None:
        """Add a system policy, or replace one, with a document for each version."""
        date = "2026-03-11T08:00:00Z"
        versions = {
            f"v{number}": Version(f"v{number}", document, date)
            for number, document in enumerate(documents, 1)
        }
        policies = self.world.system_policies
        policies[name] = Policy(name, "System", date, "", versions, f"v{default}")

    def count(self, operation: str) -> int:
        """Return how many calls of an operation arrived, named alone or with its product."""
        return sum(
            operation in (call.operation, f"{call.product}:{call.operation}") for call in self.calls
        )

    def answer(self, request: Request) -> tuple[int, Answer, Break]:
        """Answer a request: the status, the body, and how it is broken."""
        body: Answer = {"RequestId": str(uuid.uuid4()).upper()}
        with self._lock:
            self._running += 1
        try:
            answer, breaks = self._answer(request)
        except Refused as refused:
            body |= {
                "Code": refused.code,
                "Message": refused.message,
                "HostId": self.endpoint,
                "Recommend": f"https://api.aliyun.com/troubleshoot?q={refused.code}",
                **refused.details,
            }
            return refused.status, body, WHOLE
        finally:
            with self._lock:
                self._running -= 1
        return 200, {**answer, **body}, breaks

    def _answer(self, request: Request) -> tuple[Answer, Break]:
        version, action = (
            request.headers.get(f"x-acs-{name}", "") for name in ("version", "action")
        )
        product, operation = operations.find(version, action)
        values = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        with self._lock:
            self.calls.append(
                Recorded(product, action, values, request.key, time.monotonic(), self._running)
            )
            key = self._gate.authenticate(request)
        try:
            breaks = self.faults.play(product, action, values)
        except Refused as refused:
            if refused.code == "NoPermission":
                raise no_permission(key, action_of(product, action)) from None
            raise
        with self._lock:
            self._gate.authorize(key, product, action)
            parameters = Parameters(values)
            account = self.world.accounts[key.account]
            answer = operation(Call(self.world, account, key, parameters))
            parameters.check_all_read()
        return answer, breaks
