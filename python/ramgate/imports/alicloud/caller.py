"""Make calls, several at once, each again after a failure that may pass."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Final

from ramgate.errors import CloudError
from ramgate.imports.alicloud.outcomes import Temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ramgate.imports.alicloud.calls import Call
    from ramgate.imports.alicloud.settings import Pauses

__all__ = ["Caller"]

_RANDOM: Final = secrets.SystemRandom()


class Caller:
    """Makes calls with `send`, which is `Connection.send`; threads may share it.

    `made` counts the attempts, `read` the calls that read something. Setting `stop` ends the pauses
    between attempts, and the calls that wait in them.

    >>> from ramgate.imports.alicloud.calls import CALLS
    >>> from ramgate.imports.alicloud.settings import Pauses
    >>> caller = Caller(lambda call, parameters: {"Users": {}}, Pauses())
    >>> caller(CALLS["ListUsers"], MaxItems="1000"), caller.made
    ({'Users': {}}, 1)
    """

    def __init__(
        self, send: Callable[[Call, Mapping[str, str]], dict[str, object]], pauses: Pauses
    ) -> None:
        self.stop = threading.Event()
        self.made = 0
        self.read = 0
        self._send_once = send
        self._pauses = pauses
        self._lock = threading.Lock()
        self._answered: set[str] = set()

    def __call__(self, call: Call, **parameters: str) -> dict[str, object]:
        """Return the answer to a call; raises `Refused`, `Absent` or `CloudError`."""
        longest = self._pauses.first
        for _ in range(self._pauses.attempts - 1):
            try:
                return self._send(call, parameters)
            except Temporary as error:
                if error.is_unreachable and call.product not in self._answered:
                    raise CloudError(_UNREACHABLE.format(cause=error.code)) from error
                # Half of the pause is random, or the calls that were throttled together come back
                # together.
                pause = max(error.seconds, _RANDOM.uniform(longest / 2, longest))
            if self.stop.wait(min(pause, self._pauses.longest)):
                raise CancelledError
            longest *= 2
        try:
            return self._send(call, parameters)
        except Temporary as error:
            text = f"{error}: gave up after {self._pauses.attempts} attempts"
            raise CloudError(text) from error

    def _send(self, call: Call, parameters: dict[str, str]) -> dict[str, object]:
        with self._lock:
            self.made += 1
        answer = self._send_once(call, parameters)
        with self._lock:
            self._answered.add(call.product)
            self.read += bool(call.actions)
        return answer


_UNREACHABLE: Final = (
    "cannot reach {cause}: check the network and the proxy, and --region and --endpoint if given"
)
