"""The arguments and the environment of `opa run`, the same in a process and in a container."""

from __future__ import annotations

import hashlib
import math
import os
from typing import TYPE_CHECKING

from ramgate.sidecar.decision_log import Upload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.sidecar.certificate import Certificate
    from ramgate.sidecar.decision_log import DecisionLog
    from ramgate.sidecar.verification import Verification

__all__ = ["environment", "flags"]

# Variables that tune the Go runtime. OPA receives no others: `opa.runtime().env` shows all of them
# to a client that may send an ad-hoc query.
_PASSED_ON = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "TZ")
_CERTIFICATE_SECONDS = 10


def flags(  # noqa: PLR0913 - all but two by name
    config: str,
    addresses: Iterable[str],
    *,
    diagnostic: Iterable[str] = (),
    authorization: bool,
    decision_log: DecisionLog | Upload | bool,
    ready_timeout: float | None,
    certificate: Certificate | None = None,
    max_body: int | None = None,
    verification: Verification | None = None,
) -> list[str]:
    """Return the arguments after `opa run`; `opa-config.yaml` explains each.

    If `ready_timeout` is None, OPA listens at once, before it has a bundle.
    """
    return [
        "--server",
        f"--config-file={config}",
        *(f"--addr={address}" for address in addresses),
        *(f"--diagnostic-addr={address}" for address in diagnostic),
        "--unix-socket-perm=600",
        *([] if ready_timeout is None else _ready_timeout(ready_timeout)),
        "--skip-version-check",
        "--log-level=error",
        "--log-format=json",
        "--shutdown-grace-period=2",
        *(["--authentication=token", "--authorization=basic"] if authorization else []),
        *(_tls(certificate) if certificate else []),
        *_decision_log(decision_log),
        *(_limits(max_body) if max_body else []),
        *(verification.flags if verification else []),
    ]


def environment(
    token: str | None,
    *,
    authorization: bool,
    allow_explain: bool = False,
    allow_metrics: bool = False,
) -> dict[str, str]:
    """Return the environment of an OPA.

    With `authorization` it states who has access: who has the `token`, of which it contains the
    SHA-256 only, or without a token every program that can connect. `allow_explain` states that
    they may also ask for explanations, which show policies, and `allow_metrics` for OPA's metrics.
    """
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if not authorization:
        return passed_on
    stated = {
        **passed_on,
        **({"RAMGATE_EXPLAIN": "allow"} if allow_explain else {}),
        **({"RAMGATE_METRICS": "allow"} if allow_metrics else {}),
    }
    if token is None:
        return {**stated, "RAMGATE_ACCESS": "loopback"}
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    return {**stated, "RAMGATE_ACCESS": "token", "RAMGATE_TOKEN_SHA256": sha256}


def _ready_timeout(seconds: float) -> list[str]:
    return [f"--ready-timeout={max(1, math.ceil(seconds))}"]  # 0 would turn the check off


def _decision_log(log: DecisionLog | Upload | bool) -> list[str]:  # noqa: FBT001 - on or off
    if isinstance(log, Upload):
        return log.flags
    return ["--set=decision_logs.console=true"] if log else []


def _limits(max_body: int) -> list[str]:
    return [
        f"--set=server.decoding.max_length={max_body}",
        f"--set=server.decoding.gzip.max_length={max_body}",
    ]


def _tls(certificate: Certificate) -> list[str]:
    return [
        f"--tls-cert-file={certificate.cert}",
        f"--tls-private-key-file={certificate.key}",
        f"--tls-cert-refresh-period={_CERTIFICATE_SECONDS}s",
    ]
