"""OPA as a process of this machine, fed by a bundle server of its own."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from ramgate import resources
from ramgate.errors import SidecarError
from ramgate.sidecar.bundle_server import BundleServer
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.address import Address

__all__ = ["Process", "environment", "flags", "last_words", "reporter"]

# What tunes the Go runtime. Nothing else of the environment: `opa.runtime().env` shows all of it to
# whoever may ask an ad-hoc query.
_PASSED_ON = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "TZ")
_LONGEST_WORDS = 600
_STOPPED = "context canceled"  # what OPA says of its own requests when it stops


def flags(
    config: str, addresses: Iterable[str], *, authorization: bool, decision_log: bool
) -> list[str]:
    """What stands after `opa run`; `opa-config.yaml` says why."""
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
    """The environment of an OPA that takes this token, or none, and knows only its SHA-256."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if token is None:
        return passed_on
    return {**passed_on, "RAMGATE_TOKEN_SHA256": hashlib.sha256(token.encode()).hexdigest()}


def last_words(lines: Sequence[str]) -> str:
    """The last error among the lines that OPA printed, on one line."""
    for line in reversed(lines):
        try:
            entry = json.loads(line)
            if entry["level"] not in {"error", "fatal", "panic"}:
                continue
            text = ": ".join(
                str(entry[key]).rstrip(".") for key in ("msg", "err") if entry.get(key)
            )
        except (ValueError, TypeError, KeyError):
            text = line.removeprefix("error: ")
        words = " ".join(text.split())
        if words and _STOPPED not in words:
            return words[:_LONGEST_WORDS]
    return "it said nothing"


def reporter(log: TextIO | None) -> Callable[[str], None] | None:
    """What passes lines on to `log`, but for the one that OPA ends with each time."""
    if log is None:
        return None

    def report(line: str) -> None:
        if _STOPPED not in line:
            log.write(line)
            log.flush()

    return report


class Process:
    """An OPA on these addresses, started at once.

    Raises `SidecarError` where an address is taken or no process can be started.
    """

    def __init__(  # noqa: PLR0913 - all but the first two by name
        self,
        opa: Path,
        bundle: Bundle,
        *,
        addresses: Iterable[Address],
        token: str | None,
        decision_log: bool,
        log: TextIO | None,
    ) -> None:
        self.addresses = tuple(address.claimed() for address in addresses)
        self._server = BundleServer(bundle)
        try:
            self.supervised = Supervised(
                [
                    str(opa),
                    "run",
                    *flags(
                        str(resources.path("opa-config.yaml")),
                        (address.flag for address in self.addresses),
                        authorization=token is not None,
                        decision_log=decision_log,
                    ),
                ],
                {
                    **environment(token),
                    "RAMGATE_BUNDLE_URL": self._server.url,
                    "RAMGATE_BUNDLE_TOKEN": self._server.token,
                },
                reporter(log),
            )
        except OSError as error:
            self._server.close()
            raise SidecarError(f"cannot start a process: {error}") from error

    @property
    def bundle(self) -> Bundle:
        """The bundle that OPA decides by, or is about to."""
        return self._server.bundle

    @property
    def activated(self) -> bool:
        """Whether OPA has activated the bundle."""
        return self._server.activated

    @property
    def refused(self) -> bool:
        """Whether OPA has refused the bundle."""
        return self._server.refused

    def publish(self, bundle: Bundle, timeout: float) -> None:
        """Give OPA another bundle; return once it decides by it.

        Raises `SidecarError` where OPA refuses it, or has not activated it within `timeout`
        seconds. Then OPA keeps the one it had.
        """
        before = self._server.bundle
        self._server.publish(bundle)
        self._server.wait_until_settled(timeout)
        if self._server.activated:
            return
        refused = self._server.refused
        self._server.publish(before)
        if refused:
            raise SidecarError(f"OPA refused the bundle: {last_words(self.supervised.lines)}")
        raise SidecarError(f"OPA did not activate the bundle within {timeout:g} s")

    def stop(self) -> None:
        """Stop OPA, then the bundle server."""
        self.supervised.stop()
        self._server.close()
