"""Publish the bundles of accounts files: at the start, and again at each change."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Final

from ramgate.bundle.signature import CannotSign
from ramgate.errors import InvalidFiles, PublishError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ramgate.bundle.builder import Bundle
    from ramgate.bundle.watch import Watch
    from ramgate.publish.target import Target

__all__ = ["Publisher", "follow"]

_LOOK_SECONDS: Final = 0.25
_LONGEST_PAUSE: Final = 30.0
_PATIENCE: Final = 0.25
_END_SECONDS: Final = 1.0


@dataclasses.dataclass(slots=True)
class _Place:
    """A target, the bundle that it has, and after failures the time of the next attempt."""

    target: Target
    has: Bundle | None = None
    pause: float = 0.0
    due: float = 0.0
    thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """True while a bundle is put there."""
        return self.thread is not None and self.thread.is_alive()


class Publisher:
    """The loop of `ramgate publish`: puts the bundle of a watch to all targets.

    The newest bundle is wanted until a target has it: after a failure it is put again after 1, 2,
    4, … seconds, at most 30. A failure goes to `tell`, and a bundle that a target has taken to
    `announce`, with the name of the target. Each target has a thread, which calls both: one that
    does not answer delays no other.

    >>> from pathlib import Path
    >>> from ramgate.bundle.watch import Watch
    >>> from ramgate.publish.target import target
    >>> file = Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {'1234567890123456': {}}")
    >>> places = [target("bundle.tar.gz")]
    >>> publisher = Publisher(Watch(file), places, print, lambda bundle, name: print(name))
    >>> publisher.put()
    bundle.tar.gz
    True
    """

    def __init__(
        self,
        watch: Watch,
        targets: Sequence[Target],
        tell: Callable[[str], object],
        announce: Callable[[Bundle, str], object],
    ) -> None:
        self._watch = watch
        self._places = [_Place(target) for target in targets]
        self._tell = tell
        self._announce = announce
        self.bundle = watch.build()

    @property
    def pause(self) -> float:
        """Seconds until the next look: few after a file was replaced, so that it is soon read."""
        return self._watch.pause

    def put(self, patience: float | None = None) -> bool:
        """Put the newest bundle to each target that lacks it and is due; true if all have it.

        `patience` has the seconds for which a target is waited for; without it, until it is done.
        """
        started = [
            place
            for place in self._places
            if place.has is not self.bundle and time.monotonic() >= place.due and not place.is_busy
        ]
        for place in started:
            place.thread = threading.Thread(
                target=self._put, args=(place, self.bundle), name="ramgate-put", daemon=True
            )
            place.thread.start()
        for place in started:
            _join(place, patience)
        return all(place.has is self.bundle for place in self._places)

    def finish(self) -> None:
        """Give each target that is busy one more second."""
        for place in self._places:
            _join(place, _END_SECONDS)

    def look(self) -> None:
        """Look at the files once, and put what is to be put."""
        try:
            bundle = self._watch.look(self.bundle.revision)
        except (CannotSign, OSError, MemoryError, RuntimeError) as error:
            is_read = isinstance(error, CannotSign)
            cause = error if is_read else f"cannot read the accounts: {error!r}"
            self._tell(f"{cause}; trying again")
            time.sleep(1)
            return
        except InvalidFiles as error:
            self._tell(f"{error}\nrevision {self.bundle.revision} stays published")
            bundle = None
        if bundle is not None:
            self.bundle = bundle
            for place in self._places:
                place.pause = place.due = 0.0
        self.put(_PATIENCE)

    def _put(self, place: _Place, bundle: Bundle) -> None:
        try:
            place.target.put(bundle)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: it is tried again
            cause = error if isinstance(error, PublishError) else f"{place.target.name}: {error!r}"
            place.pause = min(2 * place.pause or 1.0, _LONGEST_PAUSE)
            place.due = time.monotonic() + place.pause
            self._tell(f"{cause}; trying again in {place.pause:g} s")
        else:
            place.has, place.pause = bundle, 0.0
            self._announce(bundle, place.target.name)


def follow(publishers: Sequence[Publisher], also: Callable[[], object] = lambda: None) -> None:
    """Put the bundles, then look four times a second or more, until an exception ends it.

    `also` is called at each look.

    >>> def stop():
    ...     raise SystemError("enough")
    >>> follow([], stop)
    Traceback (most recent call last):
    SystemError: enough
    """
    try:
        for publisher in publishers:
            publisher.put(_PATIENCE)
        while True:
            time.sleep(min((publisher.pause for publisher in publishers), default=_LOOK_SECONDS))
            also()
            for publisher in publishers:
                publisher.look()
    finally:
        for publisher in publishers:
            publisher.finish()


def _join(place: _Place, seconds: float | None) -> None:
    if place.thread is not None:
        place.thread.join(seconds)
