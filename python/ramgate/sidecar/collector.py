"""The settings of Go's garbage collector in an OPA, chosen by the size of its bundle.

Go collects garbage each time the heap has grown by `GOGC` percent of the live data. A greater
`GOGC` means fewer collections, each of which delays the requests that arrive meanwhile, and more
memory. The choice adds about a fifth to the memory that OPA needs with Go's own 100.

`GOMEMLIMIT` is never chosen. An environment cannot be changed while OPA runs: a limit that fits one
store is too small once the store has grown, and the collector would then run all the time.
"""

from __future__ import annotations

import os
from typing import Final

__all__ = ["described", "variables"]

_EXPLICIT: Final = ("GOGC", "GOMEMLIMIT")
_MOST: Final = 200
# Measured with OPA 1.22 on bundles of 0.1 to 1.4 MiB: while it decides, the live data take 8 MiB
# and a hundred times the bundle, and OPA takes 44 MiB apart from its heap. With `GOGC` at
# 140 + 880/live the heap of (1 + GOGC/100) × live is larger by a fifth of 44 MiB + 2 × live.
_LEAST: Final = 140
_SHARE: Final = 880
_BASE_MIB: Final = 8
_TIMES: Final = 100
_MIB: Final = 2**20


def variables(bundle_size: int) -> dict[str, str]:
    """Return the variables for an OPA that starts with a bundle of so many bytes.

    Empty if this process's environment has `GOGC` or `GOMEMLIMIT`, which OPA then gets.

    >>> variables(100_000), variables(10_000_000)
    ({'GOGC': '190'}, {'GOGC': '140'})
    """
    if any(name in os.environ for name in _EXPLICIT):
        return {}
    live = _BASE_MIB + _TIMES * bundle_size / _MIB
    return {"GOGC": str(min(_MOST, int(_LEAST + _SHARE / live)))}


def described(bundle_size: int) -> str:
    """Return a line that tells the settings of the collector, and why they are these.

    >>> described(100_000)
    'garbage collector: GOGC=190, by the size of the bundle, 0.1 MiB (set GOGC to choose another)'
    """
    chosen = variables(bundle_size)
    if not chosen:
        given = " ".join(f"{name}={os.environ[name]}" for name in _EXPLICIT if name in os.environ)
        return f"garbage collector: {given}, from the environment"
    return (
        f"garbage collector: GOGC={chosen['GOGC']}, by the size of the bundle, "
        f"{bundle_size / _MIB:.1f} MiB (set GOGC to choose another)"
    )
