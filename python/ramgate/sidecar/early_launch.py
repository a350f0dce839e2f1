"""Start OPA while its bundle is built."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ramgate.sidecar.bundle_server import UNBUILT
from ramgate.sidecar.launch import launch
from ramgate.sidecar.patience import BUILD_SECONDS, activation_seconds
from ramgate.sidecar.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.runtime import Runtime
    from ramgate.sidecar.settings import Settings

__all__ = ["EarlyLaunch"]


class EarlyLaunch:
    """Finds, checks and starts an OPA in a thread, until it has its bundle from `build`.

    At an address that a client knows, OPA listens only after it has activated its bundle (`Process`
    has the exception), so an early start opens nothing earlier. A container has its bundle in its
    image, and is started afterwards.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._began = time.monotonic()
        self._process: Process | None = None
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._start, name="ramgate-start", daemon=True)
        if settings.runtime == "process":
            self._thread.start()

    def build(self, build: Callable[[], Bundle]) -> Bundle:
        """Return the bundle that `build` returns; if it raises, stop OPA first."""
        try:
            return build()
        except BaseException:
            process = self._take()
            if process is not None:
                process.stop()
            raise

    def launch(self, bundle: Bundle) -> Runtime:
        """Return the OPA with this bundle, and another OPA if it is called again.

        Raises as `launch.launch` does.
        """
        process = self._take()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        if process is None:
            return launch(self._settings, bundle)
        given = self._settings.startup_timeout
        more = activation_seconds(bundle, given) - activation_seconds(UNBUILT, given)
        if time.monotonic() - self._began + more > BUILD_SECONDS:  # OPA may give up too early
            process.stop()
            return launch(self._settings, bundle)
        process.want(bundle)
        return process

    def _take(self) -> Process | None:
        if self._thread.ident is not None:
            self._thread.join()
        process, self._process = self._process, None
        return process

    def _start(self) -> None:
        try:
            self._process = Process(self._settings, UNBUILT)
        except BaseException as error:  # noqa: BLE001 - `launch` raises it
            self._failure = error
