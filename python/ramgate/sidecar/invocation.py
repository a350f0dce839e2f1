"""The arguments and the environment of `opa run`, the same in a process and in a container."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["environment", "flags"]

# Variables that tune the Go runtime. OPA receives no others: `opa.runtime().env` shows all of them
# to every client that may send an ad-hoc query.
_PASSED_ON = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "TZ")


def flags(
    config: str, addresses: Iterable[str], *, authorization: bool, decision_log: bool
) -> list[str]:
    """Return the arguments after `opa run`; `opa-config.yaml` explains each."""
    return [
        "--server",
        f"--config-file={config}",
        *(f"--addr={address}" for address in addresses),
        "--unix-socket-perm=600",
        "--skip-version-check",
        "--log-level=error",
        "--log-format=json",
        "--shutdown-grace-period=2",
        *(["--authentication=token", "--authorization=basic"] if authorization else []),
        *(["--set=decision_logs.console=true"] if decision_log else []),
    ]


def environment(token: str | None) -> dict[str, str]:
    """Return the environment of an OPA that requires this token, or no token if None.

    It contains the token's SHA-256 and never the token.
    """
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if token is None:
        return passed_on
    return {**passed_on, "RAMGATE_TOKEN_SHA256": hashlib.sha256(token.encode()).hexdigest()}
