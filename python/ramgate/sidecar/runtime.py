"""The interface between `Keeper` and an OPA, which `Process` and `Container` implement."""

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
    def status_address(self) -> Address | None:
        """The address where the state of the sidecar is to be told, None for nowhere."""

    @property
    def bundle(self) -> Bundle:
        """The wanted bundle: the one that OPA decides by, or is to decide by."""

    def ready(self) -> bool:
        """Return True if this OPA decides by the bundle and answers at each of its addresses."""

    def active(self) -> str | None:
        """Return the revision that OPA itself reports, or None if it does not answer."""

    @property
    def refused(self) -> bool:
        """True if OPA seems to have refused the bundle; it is offered again nevertheless."""

    def want(self, bundle: Bundle) -> None:
        """Make this the wanted bundle. Raises `SidecarError` if the bundle is fixed."""

    def await_news(self, timeout: float) -> None:
        """Wait until OPA may have activated or refused the bundle, at most `timeout` seconds."""

    def restart(self) -> None:
        """Start OPA, which has ended, again: the same addresses, the wanted bundle.

        Raises `SidecarError` if an address is taken or no process can be started.
        """

    def stop(self) -> None:
        """Stop OPA and wait until it has ended."""
