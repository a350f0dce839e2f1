"""Keep one OPA running: start it, start it again when it has ended, and know its wanted bundle."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from ramgate.errors import SidecarError
from ramgate.sidecar.address import AddressTakenError
from ramgate.sidecar.output import await_error, last_error
from ramgate.sidecar.patience import activation_seconds
from ramgate.sidecar.state import State
from ramgate.sidecar.status_server import StatusServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.runtime import Runtime

__all__ = ["Keeper"]

_ATTEMPTS: Final = 3
_POLL_SECONDS: Final = 0.01
_ASK_SECONDS: Final = 0.25
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_STABLE_SECONDS: Final = 60.0
_TAKEN_SECONDS: Final = 5.0

_logger = logging.getLogger(__name__)


class Keeper:
    """An OPA that `launch` starts, and that is started again whenever it ends before `stop`.

    After an end it is started again at once; if it ends again within a minute, after 0.5, 1, 2, …
    seconds, at most 30. Each end is written to `log`, or logged if that is None. It is given up if
    another process has taken one of its addresses, or without `restart`.

    `faults` counts the faults of newer accounts files, for `state`. The constructor returns once
    OPA is ready. It raises `SidecarError` if that is not so within `timeout` seconds, by default
    the `activation_seconds` of the bundle; nothing is left running then.
    """

    def __init__(
        self,
        launch: Callable[[Bundle], Runtime],
        bundle: Bundle,
        *,
        timeout: float | None,
        restart: bool,
        log: TextIO | None,
    ) -> None:
        self._timeout = timeout
        self._restart = restart
        self._log = log
        self._restarts = 0
        self.faults = 0
        self._unsettled_since: float | None = None
        self._failure: SidecarError | None = None
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._runtime = self._start(launch, bundle)
        self._status = self._serve_status()
        self._thread = threading.Thread(target=self._keep, name="ramgate-keeper", daemon=True)
        self._thread.start()

    @property
    def runtime(self) -> Runtime:
        """The OPA; raises `SidecarError` if it has ended for good."""
        if self._failure is not None:
            raise SidecarError(str(self._failure)) from self._failure
        return self._runtime

    def want(self, bundle: Bundle) -> None:
        """Make this the wanted bundle, and return at once; raises as `runtime` does."""
        runtime = self.runtime
        if bundle.revision != runtime.bundle.revision and self._unsettled_since is None:
            self._unsettled_since = time.monotonic()
        runtime.want(bundle)

    def publish(self, bundle: Bundle, timeout: float) -> None:
        """Make this the wanted bundle, and return once OPA itself reports its revision.

        Raises `SidecarError` if OPA refuses it, is late or has ended; it stays wanted.
        """
        self.want(bundle)
        deadline = time.monotonic() + timeout
        while (runtime := self.runtime).active() != bundle.revision:
            if runtime.refused:
                error = await_error(runtime.supervised)
                raise SidecarError(f"OPA refused the bundle: {error}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise SidecarError(f"OPA did not activate the bundle within {timeout:g} s")
            runtime.await_news(min(left, _ASK_SECONDS))
        self.state()

    def state(self) -> State:
        """Ask OPA for its revision, and return the state; raises as `runtime` does."""
        runtime = self.runtime
        active, now = runtime.active(), time.monotonic()
        state = State(runtime.bundle.revision, active, 0.0, self._restarts, self.faults)
        if state.settled:
            self._unsettled_since = None
            return state
        since = self._unsettled_since = self._unsettled_since or now
        return dataclasses.replace(state, seconds=now - since)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until OPA has ended for good, at most `timeout` seconds; raise `SidecarError` then.

        Returns when the time is over, or after `stop`.
        """
        self._ended.wait(timeout)
        _ = self.runtime

    @property
    def status_address(self) -> Address | None:
        """The address where the state is told, None if nowhere."""
        return None if self._status is None else self._status.address

    def stop(self) -> None:
        """Stop OPA and wait until it has ended."""
        self._stopping.set()
        if self._status is not None:
            self._status.close()
        with self._starting:
            self._runtime.stop()
        self._thread.join()

    def _start(self, launch: Callable[[Bundle], Runtime], bundle: Bundle) -> Runtime:
        attempts = _ATTEMPTS
        while True:
            runtime = launch(bundle)
            try:
                self._await_ready(runtime)
            except SidecarError as error:
                runtime.stop()
                attempts -= 1
                # Another process has taken the free port since `claim`: try another free port.
                if not attempts or "bind: address already in use" not in str(error):
                    raise
            except BaseException:
                runtime.stop()
                raise
            else:
                return runtime

    def _serve_status(self) -> StatusServer | None:
        address = self._runtime.status_address
        try:
            return None if address is None else StatusServer(address, self.state)
        except BaseException:
            self._runtime.stop()
            raise

    def _await_ready(self, runtime: Runtime) -> None:
        seconds = activation_seconds(runtime.bundle, self._timeout)
        deadline = time.monotonic() + seconds
        while True:
            ready = runtime.ready()
            # After `ready`: an OPA that has ended cannot be the one that answered.
            if not runtime.supervised.running():
                raise SidecarError(f"OPA did not start: {last_error(runtime.supervised.lines)}")
            if ready:
                return
            if runtime.refused:
                raise SidecarError(f"OPA refused the bundle: {_stop_and_quote(runtime)}")
            if time.monotonic() > deadline:
                raise SidecarError(
                    f"OPA was not ready within {seconds:g} s: {_stop_and_quote(runtime)}"
                )
            runtime.await_news(_POLL_SECONDS)

    def _keep(self) -> None:
        try:
            self._keep_running()
        except Exception as error:  # noqa: BLE001 - the edge of the thread
            if not self._stopping.is_set():
                self._failure = (
                    error if isinstance(error, SidecarError) else SidecarError(repr(error))
                )
                self._tell(f"{self._failure}; it is not started again")
        finally:
            self._ended.set()

    def _keep_running(self) -> None:
        """Start OPA again each time it ends; return after `stop`, raise `SidecarError` for good."""
        pause = 0.0
        while True:
            started = time.monotonic()
            self._runtime.supervised.wait()
            if self._stopping.is_set():
                return
            self._unsettled_since = self._unsettled_since or time.monotonic()
            error = f"OPA ended unexpectedly: {last_error(self._runtime.supervised.lines)}"
            if not self._restart:
                raise SidecarError(error)
            if time.monotonic() - started > _STABLE_SECONDS:
                pause = 0.0
            self._restarts += 1
            self._tell(f"{error}; starting it again in {pause:g} s (restart {self._restarts})")
            self._restart_after(pause)
            self._await_answer()
            pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE)

    def _restart_after(self, pause: float) -> None:
        taken_since: float | None = None
        while not self._stopping.wait(pause):
            try:
                with self._starting:
                    if not self._stopping.is_set():
                        self._runtime.restart()
            except AddressTakenError as error:
                # The last of an OPA that was killed may still have it for a moment.
                taken_since = taken_since or time.monotonic()
                if time.monotonic() - taken_since > _TAKEN_SECONDS:
                    raise SidecarError(
                        f"OPA ended and another process has taken its address: {error}"
                    ) from error
                pause = _ASK_SECONDS
            except (SidecarError, OSError, RuntimeError, MemoryError) as error:
                pause = min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE)
                self._tell(f"cannot start OPA again: {error}; trying once more in {pause:g} s")
            else:
                return

    def _await_answer(self) -> None:
        """Tell when OPA answers again; return if it ends before, or not in time."""
        runtime = self._runtime
        deadline = time.monotonic() + activation_seconds(runtime.bundle, self._timeout)
        while not self._stopping.wait(_POLL_SECONDS) and time.monotonic() < deadline:
            if runtime.ready():
                self._tell(f"OPA answers again, by revision {runtime.bundle.revision}")
                return
            if not runtime.supervised.running():
                return

    def _tell(self, text: str) -> None:
        if self._log is None:
            _logger.warning(text)
            return
        try:
            self._log.write(f"ramgate: {text}\n")
            self._log.flush()
        except (OSError, ValueError):  # a broken log must not keep OPA from coming back
            _logger.warning(text)


def _stop_and_quote(runtime: Runtime) -> str:
    runtime.stop()
    return last_error(runtime.supervised.lines)
