"""Run jobs in threads that do not keep the process alive: Ctrl-C ends a command at once."""

from __future__ import annotations

import contextlib
import queue
import threading
from concurrent.futures import Future, as_completed
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["THREAD", "Pool"]

_T = TypeVar("_T")

THREAD: Final = "ramgate-import"
"""The name of each thread."""


class Pool:
    """Runs jobs, at most `size` at once.

    >>> with Pool(2).open() as pool:
    ...     pool.run([lambda: 1, lambda: 2], lambda done: None)
    [1, 2]
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = (
            queue.SimpleQueue()
        )
        self._is_closed = False

    @contextlib.contextmanager
    def open(self) -> Iterator[Pool]:
        """Start the threads; afterwards, jobs that did not start never will."""
        for _ in range(self._size):
            threading.Thread(target=self._work, name=THREAD, daemon=True).start()
        try:
            yield self
        finally:
            self._is_closed = True
            for _ in range(self._size):
                self._jobs.put(None)

    def run(self, jobs: Sequence[Callable[[], _T]], done: Callable[[int], None]) -> list[_T]:
        """Return the results in the order of the jobs; raise the first exception at once.

        `done` is told the number of finished jobs, in the thread of the caller.
        """
        futures: list[Future[_T]] = []
        for job in jobs:
            futures.append(Future())
            self._jobs.put((futures[-1], job))
        for count, future in enumerate(as_completed(futures), start=1):
            future.result()
            done(count)
        return [future.result() for future in futures]

    def _work(self) -> None:
        while (item := self._jobs.get()) is not None:
            future, job = item
            if self._is_closed:
                continue
            try:
                future.set_result(job())
            except Exception as error:  # noqa: BLE001 - `run` raises it in the caller's thread
                future.set_exception(error)
