"""The interface between `Sidecar` and a running OPA, which `Process` and `Container` implement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.supervisor import Supervised

__all__ = ["Runtime"]


class Runtime(Protocol):
    """An OPA that was started, from its constructor's return until `stop`."""

    @property
    def supervised(self) -> Supervised:
        """The command whose end is OPA's end, and the lines that OPA printed."""

    @property
    def addresses(self) -> Sequence[Address]:
        """The addresses that OPA listens on, with their ports; none while they are unknown."""

    @property
    def bundle(self) -> Bundle:
        """The bundle that OPA decides by, or is about to."""

    def ready(self) -> bool:
        """Return True if this OPA decides by the bundle and answers at each of its addresses."""

    @property
    def refused(self) -> bool:
        """True if OPA is known to have refused the bundle."""

    def publish(self, bundle: Bundle, timeout: float) -> None:
        """Replace the bundle, and return once OPA decides by the new one.

        Raises `SidecarError` if it does not within `timeout` seconds; OPA then keeps its bundle.
        """

    def stop(self) -> None:
        """Stop OPA and wait until it has ended."""
