"""Start OPA while its bundle is built."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Final

from ramgate.sidecar.bundle_server import UNBUILT
from ramgate.sidecar.launch import launch
from ramgate.sidecar.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.runtime import Runtime
    from ramgate.sidecar.settings import Settings

__all__ = ["EarlyLaunch"]

_LONGEST_BUILD: Final = 10.0


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
        if time.monotonic() - self._began > _LONGEST_BUILD:  # OPA may be about to give up
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
        patient = self._settings.startup_timeout + _LONGEST_BUILD
        settings = dataclasses.replace(self._settings, startup_timeout=patient)
        try:
            self._process = Process(settings, UNBUILT)
        except BaseException as error:  # noqa: BLE001 - `launch` raises it
            self._failure = error
