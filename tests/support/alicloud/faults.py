"""Faults that a test turns on: refusals, throttling, broken answers, changes between two calls."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, Final, Literal

from alicloud import operations
from alicloud.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["WHOLE", "Break", "Fault", "Faults"]

_ALWAYS: Final = 1_000_000


@dataclasses.dataclass(frozen=True)
class Break:
    """How an answer is broken: it ends early or before it begins, or is not JSON."""

    kind: Literal["", "cut", "drop", "garble"] = ""
    status: int = 200


WHOLE: Final = Break()


@dataclasses.dataclass
class Fault:
    """A fault of the next `times` calls of an operation after the `skipped` ones."""

    operation: str
    where: Mapping[str, str]
    times: int = _ALWAYS
    skipped: int = 0
    error: Refused | None = None
    breaks: Break | None = None
    callback: Callable[[], object] | None = None
    wait: Callable[[], object] | None = None

    def takes(self, product: str, operation: str, parameters: Mapping[str, str]) -> bool:
        """True if the fault is one of this call; it counts the calls."""
        if self.operation not in (operation, f"{product}:{operation}"):
            return False
        if any(parameters.get(name) != value for name, value in self.where.items()):
            return False
        if self.skipped:
            self.skipped -= 1
            return False
        self.times -= 1
        return self.times >= 0


class Faults:
    """The faults of a fake.

    An operation is named alone, for every product that has it, or with its product:
    `resourcemanager:ListRoles`. `where` has parameters that the call must have.
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def refuse(
        self, operation: str, code: str = "NoPermission", *, status: int = 403, **where: str
    ) -> None:
        """Answer with an error, until `heal`."""
        self._add(Fault(operation, where, error=Refused(status, code, "the fake refuses it")))

    def throttle(self, operation: str, times: int = 1, **where: str) -> None:
        """Answer the next calls with `Throttling.User`."""
        error = Refused(400, "Throttling.User", "Request was denied due to user flow control.")
        self._add(Fault(operation, where, times, error=error))

    def fail(self, operation: str, times: int = 1, *, status: int = 503, **where: str) -> None:
        """Answer the next calls with an error of the server."""
        code = "InternalError" if status == 500 else "ServiceUnavailable"
        error = Refused(status, code, "The request has failed due to a failure of the server.")
        self._add(Fault(operation, where, times, error=error))

    def cut(self, operation: str, times: int = 1, **where: str) -> None:
        """End the connection in the middle of the next answers."""
        self._add(Fault(operation, where, times, breaks=Break("cut")))

    def drop(self, operation: str, times: int = 1, **where: str) -> None:
        """End the connection without an answer to the next calls."""
        self._add(Fault(operation, where, times, breaks=Break("drop")))

    def garble(self, operation: str, times: int = 1, *, status: int = 200, **where: str) -> None:
        """Answer the next calls with a body that is not JSON."""
        self._add(Fault(operation, where, times, breaks=Break("garble", status)))

    def before(
        self, operation: str, callback: Callable[[], object], *, call: int = 1, **where: str
    ) -> None:
        """Run the callback once, before the answer to this call (the first is 1) is made."""
        self._add(Fault(operation, where, 1, call - 1, callback=callback))

    def slow(self, operation: str, seconds: float, times: int = _ALWAYS, **where: str) -> None:
        """Answer after some seconds, or at once when the fake is closed."""
        self._add(Fault(operation, where, times, wait=lambda: self._closing.wait(seconds)))

    def hold(self, operation: str, times: int = _ALWAYS, **where: str) -> threading.Event:
        """Answer only when the event is set, or after 30 seconds."""
        event = threading.Event()
        self._add(Fault(operation, where, times, wait=lambda: event.wait(30)))
        return event

    def heal(self) -> None:
        """End all faults."""
        with self._lock:
            self._faults.clear()

    def close(self) -> None:
        """End all faults, and the answers that are slow."""
        self.heal()
        self._closing.set()

    def play(self, product: str, operation: str, parameters: Mapping[str, str]) -> Break:
        """Play the faults of one call; raise its error, or return how its answer is broken."""
        with self._lock:
            found = [each for each in self._faults if each.takes(product, operation, parameters)]
        for fault in found:
            for work in (fault.wait, fault.callback):
                if work is not None:
                    work()
        for error in (fault.error for fault in found):
            if error is not None:
                raise error
        return next((fault.breaks for fault in found if fault.breaks), WHOLE)

    def _add(self, fault: Fault) -> None:
        if fault.operation not in operations.names():
            raise ValueError(f"the fake has no operation {fault.operation}")
        with self._lock:
            self._faults.append(fault)
