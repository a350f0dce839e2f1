"""The state of a sidecar: the bundle that is wanted, the one that OPA decides by, the restarts."""

from __future__ import annotations

import dataclasses

__all__ = ["State"]


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """`wanted` and `active` are revisions; `active` is None if OPA does not answer.

    `seconds` tells for how long the two have differed, 0 if they are equal. `restarts` counts how
    often OPA was started again.

    >>> sidecar.state().settled, sidecar.state().restarts
    (True, 0)
    """

    wanted: str
    active: str | None
    seconds: float = 0.0
    restarts: int = 0

    @property
    def settled(self) -> bool:
        """True if OPA decides by the wanted bundle."""
        return self.wanted == self.active
