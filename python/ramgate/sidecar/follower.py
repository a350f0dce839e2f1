"""Follow accounts files: make each valid change the wanted bundle, and tell when OPA has it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.builder import Bundle
    from ramgate.bundle.bundle_file import BundleFile
    from ramgate.bundle.watch import Watch
    from ramgate.sidecar.sidecar import Sidecar
    from ramgate.sidecar.state import State

__all__ = ["Follower"]

_ASK_SECONDS: Final = 10.0
_FIRST_WARNING: Final = 10.0
_NEXT_WARNING: Final = 60.0
_LONGEST_PAUSE: Final = 30.0


class Follower:
    """The loop of `ramgate run`: follows the files of a watch, for a sidecar that runs.

    Texts about faults go to `tell`, bundles that OPA has come to decide by to `announce`. As
    long as OPA does not decide by the files as they are, that is told after ten seconds, and then
    each minute.

    >>> from pathlib import Path
    >>> from ramgate import Sidecar
    >>> from ramgate.bundle.watch import Watch
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {'1234567890123456': {}}")
    >>> watch = Watch(file)
    >>> with Sidecar(bundle=watch.build()) as started:
    ...     follower = Follower(started, watch, print, lambda new: print(new.counts["users"]))
    ...     _ = file.write_text("accounts: {'1234567890123456': {users: {alice: {}}}}")
    ...     while started.bundle.counts["users"] == 0 or not started.state().settled:
    ...         follower.look()
    ...     follower.look()
    1
    """

    def __init__(
        self,
        sidecar: Sidecar,
        watch: Watch | BundleFile,
        tell: Callable[[str], object],
        announce: Callable[[Bundle], object],
    ) -> None:
        self._sidecar = sidecar
        self._watch = watch
        self._tell = tell
        self._announce = announce
        self._faults = 0
        self._is_awaited = False
        self._ask_at = 0.0
        self._warn_after = _FIRST_WARNING
        self._look_at = 0.0
        self._pause = 0.0

    def run(self) -> None:
        """Look four times a second or more. Raises `SidecarError` once OPA has ended for good."""
        while True:
            self._sidecar.wait(self._watch.pause)
            self.look()

    def look(self) -> None:
        """Look at the files once, and at OPA if something is awaited, else every ten seconds."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at_files(now)
        if self._is_awaited or now >= self._ask_at:
            self._ask_at = now + _ASK_SECONDS
            self._look_at_opa(self._sidecar.state())

    def _look_at_files(self, now: float) -> None:
        sidecar = self._sidecar
        try:
            bundle = self._watch.look(sidecar.revision)
        except InvalidFiles as error:
            self._faults = len(error.faults)
            self._tell(f"{error}\nrevision {sidecar.revision} stays in use")
            bundle = None
        except (OSError, MemoryError, RuntimeError) as error:
            # Out of memory, descriptors or threads: the same files are looked at again.
            self._pause = min(2 * self._pause or 1.0, _LONGEST_PAUSE)
            self._look_at = now + self._pause
            self._tell(f"cannot read the accounts: {error!r}; trying again in {self._pause:g} s")
            return
        self._pause = 0.0
        if bundle is not None:
            self._faults = 0
            self._is_awaited = True
            sidecar.want(bundle)
        sidecar.count_faults(self._faults + len(self._watch.unread))

    def _look_at_opa(self, state: State) -> None:
        if self._is_awaited and state.wanted == state.active:
            self._is_awaited = False
            self._announce(self._sidecar.bundle)
        if state.settled:
            self._warn_after = _FIRST_WARNING
        elif state.seconds >= self._warn_after:
            self._warn_after = state.seconds + _NEXT_WARNING
            self._tell(_warning(state))


def _warning(state: State) -> str:
    lasting = f"for {state.seconds:.0f} s, since {state.since}"
    if state.wanted == state.active:
        return f"the accounts files have faults {lasting}: revision {state.active} stays in use"
    active = f"revision {state.active}" if state.active else "no answer"
    return f"revision {state.wanted} is not in use {lasting}: OPA has {active}"
