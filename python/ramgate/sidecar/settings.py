"""The settings of one OPA, checked before anything is started."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from ramgate.sidecar.decision_log import Upload
from ramgate.sidecar.invocation import environment
from ramgate.sidecar.socket_access import OWNER_ONLY, SocketAccess
from ramgate.sidecar.token import FORM, is_token

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from ramgate.sidecar.address import Address
    from ramgate.sidecar.certificate import Certificate
    from ramgate.sidecar.decision_log import DecisionLog
    from ramgate.sidecar.verification import Verification

__all__ = ["Settings"]


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of a `Sidecar` from which a `Process` or a `Container` starts OPA.

    The state is told at `status_address`, or at a socket beside OPA's if `has_status_beside`. OPA
    tells its health and its metrics at `diagnostic_address`.
    Without `addresses`, a process listens on a unix socket in a private folder, and a container on
    a free loopback port. Without a `startup_timeout`, OPA has the `activation_seconds` of its
    bundle. Raises `ValueError` for values that do not fit together.
    """

    addresses: tuple[Address, ...] = ()
    token: str | None = None
    certificate: Certificate | None = None
    plain_http: bool = False
    open: bool = False
    allow_explain: bool = False
    socket_access: SocketAccess = OWNER_ONLY
    opa: Path | None = None
    runtime: Literal["process", "container"] = "process"
    startup_timeout: float | None = None
    max_body: int | None = None
    decision_log: DecisionLog | Upload | bool = False
    verification: Verification | None = None
    status_address: Address | None = None
    has_status_beside: bool = False
    diagnostic_address: Address | None = None
    log: TextIO | None = None

    def __post_init__(self) -> None:
        self._check_values()
        if self.certificate is not None and self.plain_http:
            raise ValueError("`tls` and `plain_http` exclude each other")
        if self.open:
            self._check_open()
        for address in self.addresses:
            if not address.private:
                self._check_exposed(address)
        if self.socket_access != OWNER_ONLY and not any(a.path for a in self.addresses):
            raise ValueError("a socket's mode and group need an address `unix://PATH`")
        if self.status_address is not None and not self.status_address.private:
            raise ValueError(
                f"the status address `{self.status_address}` must be a unix socket or a loopback "
                "address: whoever can connect reads the state"
            )
        if self.diagnostic_address is not None:
            _check_diagnostic(self.diagnostic_address)
        if self.runtime == "container":
            self._check_container()

    @property
    def authorization(self) -> bool:
        """True if OPA evaluates `system.authz` before each request.

        False on unix sockets alone, which their mode guards, unless a token is required as well.
        """
        tcp = self.runtime == "container" or not all(address.path for address in self.addresses)
        return not self.open and (tcp or self.token is not None)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of OPA."""
        return environment(
            self.token,
            authorization=self.authorization,
            allow_explain=self.allow_explain,
            allow_metrics=self.diagnostic_address is not None,
        )

    def _check_values(self) -> None:
        if self.token is not None and not is_token(self.token):
            raise ValueError(f"`token` must be {FORM}")
        if self.max_body is not None and self.max_body < 1:
            raise ValueError(f"`max_body` is `{self.max_body}`: it must be at least 1 byte")

    def _check_container(self) -> None:
        if self.has_status_beside:
            raise ValueError(
                'a container has no folder of its own: give `status_address`, not "auto"'
            )
        if self.diagnostic_address is not None:
            raise ValueError("a container has one address: it has no diagnostic address")
        uploads = isinstance(self.decision_log, Upload)
        if uploads:
            raise ValueError("a container reaches no other program: its log cannot be uploaded")
        if self.verification is not None:
            raise ValueError("the bundle of a container is part of its image: it is not verified")
        if not self._fits_a_container():
            raise ValueError(
                "a container listens on one loopback address, `127.0.0.1:PORT`, without TLS"
            )

    def _check_open(self) -> None:
        if self.runtime == "container":
            raise ValueError("a container cannot be open")
        if self.token is not None or self.certificate is not None:
            raise ValueError(
                "an open OPA requires no token and has no TLS: they exclude each other"
            )
        for address in self.addresses:
            if not address.private:
                raise ValueError(f"`{address}` cannot be open: other machines can reach it")

    def _check_exposed(self, address: Address) -> None:
        if self.token is None:
            raise ValueError(
                f"`{address}` needs a token: other machines can reach it; "
                "add `--token-file FILE` to the command, or `token` in Python"
            )
        if self.certificate is None and not self.plain_http:
            raise ValueError(
                f"`{address}` needs TLS: other machines can reach it, and the token would travel "
                "in clear text; add `--tls-cert FILE --tls-key FILE` to the command, or `tls` in "
                "Python; behind a proxy that speaks TLS, `--plain-http` or `plain_http`"
            )

    def _fits_a_container(self) -> bool:
        if not self.addresses:
            return self.certificate is None
        [first, *others] = self.addresses
        return not others and not first.path and first.private and self.certificate is None


def _check_diagnostic(address: Address) -> None:
    if not address.private or not (address.path or address.port):
        raise ValueError(
            f"the diagnostic address `{address}` must be a unix socket or a loopback address with "
            "a port: OPA speaks no TLS there"
        )
