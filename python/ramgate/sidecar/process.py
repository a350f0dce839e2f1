"""OPA as a process of this machine, fed by a bundle server of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate import resources
from ramgate.errors import SidecarError
from ramgate.opa.find import find_opa
from ramgate.sidecar.bundle_server import BundleServer
from ramgate.sidecar.health import is_healthy
from ramgate.sidecar.invocation import environment, flags
from ramgate.sidecar.output import last_error, writer_to
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.settings import Settings

__all__ = ["Process"]


class Process:
    """The `Runtime` of an OPA process, which the constructor starts.

    Raises `OpaUnavailable` if the settings name no OPA and `find_opa` finds none, and
    `SidecarError` if an address is taken or no process can be started.
    """

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        opa = settings.opa or find_opa()
        self.addresses = tuple(address.claim() for address in settings.addresses)
        self._server = BundleServer(bundle)
        try:
            self.supervised = Supervised(
                [
                    str(opa),
                    "run",
                    *flags(
                        str(resources.path("opa-config.yaml")),
                        (address.flag for address in self.addresses),
                        authorization=settings.token is not None,
                        decision_log=settings.decision_log,
                    ),
                ],
                {
                    **environment(settings.token),
                    "RAMGATE_BUNDLE_URL": self._server.url,
                    "RAMGATE_BUNDLE_TOKEN": self._server.token,
                },
                writer_to(settings.log),
            )
        except OSError as error:
            self._server.close()
            raise SidecarError(f"cannot start a process: {error}") from error

    @property
    def bundle(self) -> Bundle:
        """The bundle that OPA decides by, or is about to."""
        return self._server.bundle

    def ready(self) -> bool:
        """Return True if this OPA decides by the bundle and answers at each of its addresses."""
        # The bundle server first: its client is this OPA, while any server may answer at an
        # address.
        return self._server.activated and all(map(is_healthy, self.addresses))

    @property
    def refused(self) -> bool:
        """True if OPA has refused the bundle."""
        return self._server.refused

    def publish(self, bundle: Bundle, timeout: float) -> None:
        """Replace the bundle, and return once OPA decides by the new one.

        Raises `SidecarError` if OPA refuses it, or does not activate it within `timeout` seconds;
        OPA then keeps the bundle before.
        """
        before = self._server.bundle
        self._server.publish(bundle)
        self._server.wait_for_outcome(timeout)
        if self._server.activated:
            return
        refused = self._server.refused
        self._server.publish(before)
        if refused:
            raise SidecarError(f"OPA refused the bundle: {last_error(self.supervised.lines)}")
        raise SidecarError(f"OPA did not activate the bundle within {timeout:g} s")

    def stop(self) -> None:
        """Stop OPA, then the bundle server."""
        self.supervised.stop()
        self._server.close()
