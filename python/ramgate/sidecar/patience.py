"""The time that OPA has to activate a bundle, by the size of the bundle.

A limit that fits a small bundle would never let OPA start with a large one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle

__all__ = ["BUILD_SECONDS", "activation_seconds"]

BUILD_SECONDS: Final = 10.0
"""The seconds that an OPA waits longer if its bundle is built meanwhile."""

_SECONDS: Final = 30.0
# OPA 1.22 takes 0.4 s for each MiB of a bundle with 100,000 roles (28 MiB) on an idle machine.
_SECONDS_A_MIB: Final = 10.0
_MIB: Final = 2**20


def activation_seconds(bundle: Bundle, given: float | None = None) -> float:
    """Return the seconds that OPA has for this bundle: those that are given, or else by its size.

    >>> from types import SimpleNamespace
    >>> large = SimpleNamespace(content=bytes(28 * 2**20))
    >>> activation_seconds(large), activation_seconds(large, 5.0)
    (310.0, 5.0)
    """
    if given is not None:
        return given
    return _SECONDS + math.ceil(_SECONDS_A_MIB * len(bundle.content) / _MIB)
