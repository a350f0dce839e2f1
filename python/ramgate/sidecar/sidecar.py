"""An OPA beside the application: configured, started, fed with accounts, and stopped."""

from __future__ import annotations

import dataclasses
import functools
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ramgate.bundle import builder as bundles
from ramgate.client.client import DEFAULT_MAX_BODY, DEFAULT_TIMEOUT, Client
from ramgate.errors import InvalidFiles, SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from ramgate.sidecar.early_launch import EarlyLaunch
from ramgate.sidecar.keeper import Keeper
from ramgate.sidecar.launch import launch
from ramgate.sidecar.opa_python_client import connect
from ramgate.sidecar.patience import activation_seconds
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.socket_access import SOCKET_MODE, SocketAccess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self, TextIO

    from opa_client.opa import OpaClient

    from ramgate.bundle.builder import Builder, Bundle
    from ramgate.sidecar.decision_log import DecisionLog, Upload
    from ramgate.sidecar.runtime import Runtime
    from ramgate.sidecar.state import State
    from ramgate.sidecar.verification import Verification

__all__ = ["Sidecar"]

_AUTO = "auto"


class Sidecar:
    """An OPA that decides by a bundle and runs as long as the `with` block.

    * `accounts` is an accounts file or a folder of accounts files, None for the shipped example;
      `bundle` is a bundle to use instead.
    * OPA listens on all `addresses`: each is `host:port` (port 0 is any free port) or
      `unix://PATH`. Without them it listens on a unix socket in a folder that only this user can
      open, and that is removed at the end.
    * On unix sockets alone, `socket_mode` and `socket_group` decide who can connect, and whoever
      can has OPA's whole API. If an address is TCP, all of them take a POST to a public path and
      GET /health, nothing else; `open` turns that off, on addresses of this machine. Over TCP
      OPA explains decisions only with `allow_explain`, because explanations show policies.
    * With a `token`, OPA answers only requests that carry it. An address that other machines can
      reach needs one, and `tls`: the files of a certificate and of its key, which OPA reads again
      when they change. `plain_http` does without TLS, behind a proxy that speaks it.
    * `opa` is the OPA to run, by default the one that `ramgate.opa.find.find_opa` finds. `runtime`
      is `"process"`, or `"container"` for an OPA in Docker, which listens on one loopback address,
      by default on a free port, and takes an `opa` for Linux.
    * `status_address`, a loopback address or a unix socket, tells `state` over HTTP: `GET /status`
      and, for Prometheus, `GET /metrics`. "auto" is a socket beside OPA's first one, its name with
      `.status` added, or one in the private folder.
    * `diagnostic_address`, a loopback address or a unix socket, has OPA's own `GET /metrics`, which
      `system.authz` then allows to every program with access, and `GET /health`.
    * `max_body` is the largest body in bytes that OPA takes, by default the 2 MiB of
      `opa-config.yaml`, about 10,000 ordinary requests.
    * With a `verification`, OPA takes only bundles that one of its keys has signed.
    * `decision_log` turns OPA's decision log on: a `ramgate.sidecar.decision_log.FileLog` or any
      other receiver, an `Upload`, or True for `log`. OPA's output is written to `log`, line by
      line, except its warning about running as root.

        >>> root = "acs:ram::1234567890123456:root"
        >>> topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
        >>> with Sidecar(token="s3cret") as started, started.client() as its_client:
        ...     its_client.decide(root, "alikafka:DeleteTopic", topic).reason
        'account_owner'

    If OPA ends before `stop`, killed or out of memory, it is started again on the same addresses
    with the bundle that was published last, after a pause that grows up to 30 seconds. Each time is
    written to `log`, or else logged as a warning of `ramgate.sidecar.keeper`, and `state` counts
    them. With `restart=False`, or if another process has taken an address meanwhile, OPA has ended
    for good: `wait` and every other method but `stop` raise `SidecarError`.

    OPA ends with this process, even after SIGKILL. After a fork it ends with the last of the parent
    and its children; `stop` does nothing in a child.

    Raises `ValueError` for arguments that do not fit together. Starting raises `InvalidFiles` for
    faulty accounts, `OpaUnavailable` if no OPA fits, and `SidecarError`, which ends with OPA's last
    error, if OPA is not ready within `startup_timeout` seconds, by default 30 and 10 for each MiB
    of the bundle. Nothing is left running then.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        accounts: Path | str | None = None,
        *,
        bundle: Bundle | None = None,
        addresses: Sequence[str] | None = None,
        socket_mode: int = SOCKET_MODE,
        socket_group: str | int | None = None,
        token: str | None = None,
        tls: tuple[Path | str, Path | str] | None = None,
        plain_http: bool = False,
        open: bool = False,  # noqa: A002 - the word of the command's option
        allow_explain: bool = False,
        opa: Path | str | None = None,
        runtime: Literal["process", "container"] = "process",
        decision_log: DecisionLog | Upload | bool = False,
        max_body: int | None = None,
        verification: Verification | None = None,
        restart: bool = True,
        status_address: str | None = None,
        diagnostic_address: str | None = None,
        startup_timeout: float | None = None,
        log: TextIO | None = None,
    ) -> None:
        if accounts is not None and bundle is not None:
            raise ValueError("`accounts` and `bundle` exclude each other")
        if addresses is not None and (not addresses or isinstance(addresses, str)):
            raise ValueError("`addresses` must be a list of at least one address")
        self._settings = Settings(
            addresses=tuple(
                dataclasses.replace(address, secure=tls is not None and not address.path)
                for address in map(Address.parse, addresses or ())
            ),
            token=token,
            certificate=None if tls is None else Certificate(*map(Path, tls)),
            plain_http=plain_http,
            open=open,
            allow_explain=allow_explain,
            socket_access=SocketAccess(socket_mode, socket_group),
            opa=None if opa is None else Path(opa),
            runtime=runtime,
            startup_timeout=startup_timeout,
            max_body=max_body,
            verification=verification,
            decision_log=decision_log,
            has_status_beside=status_address == _AUTO,
            status_address=Address.parse_given(None if status_address == _AUTO else status_address),
            diagnostic_address=Address.parse_given(diagnostic_address),
            log=log,
        )
        self._accounts = None if accounts is None else Path(accounts)
        self._bundle = bundle
        self._builder: Builder | None = None
        self._publishing = threading.RLock()
        self._restart = restart
        self._keeper: Keeper | None = None
        self._owner = 0

    def start(self) -> Self:
        """Start OPA and wait until it is ready, as entering the `with` block does."""
        if self._keeper is not None:
            raise SidecarError("the sidecar is already running")
        self._owner = os.getpid()
        start: Callable[[Bundle], Runtime] = functools.partial(launch, self._settings)
        bundle = self._bundle
        if bundle is None:
            early = EarlyLaunch(self._settings)
            bundle, start = early.build(lambda: self._build(self._accounts)), early.launch
        self._keeper = Keeper(
            start,
            bundle,
            timeout=self._settings.startup_timeout,
            restart=self._restart,
            log=self._settings.log,
        )
        return self

    def stop(self) -> None:
        """Stop OPA and wait until it has ended; do nothing if it does not run."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None and self._owner == os.getpid():
            keeper.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until OPA has ended for good, at most `timeout` seconds.

        Returns when the time is over, or after `stop`; a restart does not end it. Raises
        `SidecarError` with OPA's last error if OPA ended and is not started again.
        """
        self._running().wait(timeout)

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs of the addresses, in their order: `http[s]://host:port`, `unix:///path`."""
        return tuple(address.url for address in self._running().runtime.addresses)

    @property
    def url(self) -> str:
        """The first of `urls`, which `client` connects to: without `addresses` `unix:///…`."""
        return self.urls[0]

    @property
    def status_address(self) -> str | None:
        """The address where `state` is told, as `host:port` or `unix://PATH`, None if nowhere."""
        address = self._running().status_address
        return None if address is None else str(address)

    @property
    def bundle(self) -> Bundle:
        """The wanted bundle, the one published last: OPA decides by it, or is to."""
        return self._running().runtime.bundle

    @property
    def revision(self) -> str:
        """The revision of the wanted bundle; `state` tells whether OPA decides by it."""
        return self.bundle.revision

    def state(self) -> State:
        """Ask OPA for its revision, and return it beside the wanted one.

        >>> sidecar.state().wanted == sidecar.state().active == sidecar.revision
        True
        """
        return self._running().state()

    def count_faults(self, count: int) -> None:
        """Count the faults of newer accounts for `state`, as `load` does; 0 once they are valid.

        >>> sidecar.count_faults(0)
        """
        self._running().faults = count

    def want(self, bundle: Bundle) -> None:
        """Replace OPA's bundle, and return at once; `state` tells when OPA decides by it.

        OPA is offered the bundle until it decides by it, or another one is published. Always raises
        `SidecarError` for a container: its bundle is part of its image.

        >>> sidecar.want(sidecar.bundle)
        """
        with self._publishing:
            self._running().want(bundle)

    def publish(self, bundle: Bundle, *, timeout: float | None = None) -> None:
        """Replace OPA's bundle, and return once OPA itself reports the revision of the new one.

        Raises `SidecarError` if OPA refuses it or does not activate it within `timeout` seconds, by
        default as at the start. The new bundle stays wanted then: OPA decides by its bundle before,
        is offered the new one again and again, and comes back with it after a restart. Nothing
        takes it back but another `publish`, since the bundle before may allow what the new one has
        revoked. Always raises for a container: its bundle is part of its image.
        """
        with self._publishing:
            self._running().publish(bundle, activation_seconds(bundle, timeout))

    def load(self, accounts: Path | str, *, timeout: float | None = None) -> None:
        """Replace OPA's accounts by a file or a folder, and return once OPA decides by them.

        Only the files that changed since an earlier `load` are translated. Raises `InvalidFiles`
        with every fault: OPA and `bundle` keep the accounts before. Raises `SidecarError` as
        `publish` does: the new accounts stay wanted.
        """
        with self._publishing:
            try:
                bundle = self._build(Path(accounts))
            except InvalidFiles as error:
                self.count_faults(len(error.faults))
                raise
            self.count_faults(0)
            self.publish(bundle, timeout=timeout)

    def client(self, *, timeout: float = DEFAULT_TIMEOUT) -> Client:
        """Return a client of this OPA, with its token; the caller closes it.

        Of all certificates it trusts the one that `tls` names as it is now, and no other.
        """
        url, certificate = self.url, self._settings.certificate
        return Client(
            url,
            timeout=timeout,
            token=self._settings.token,
            tls=certificate.trust() if certificate and url.startswith("https://") else None,
            plain_http=self._settings.plain_http,
            max_body=self._settings.max_body or DEFAULT_MAX_BODY,
        )

    def opa_client(self) -> OpaClient:
        """Return opa-python-client's client on the first TCP address: policies, data, health.

        For decisions use `client`, which is many times faster. Raises `SidecarError` if the sidecar
        is not `open` or has no TCP address, or if that package is missing.
        """
        return connect(self._running().runtime.addresses, is_open=self._settings.open)

    def _build(self, accounts: Path | None) -> Bundle:
        self._builder = self._builder or bundles.Builder()
        return self._builder.build(accounts)

    def _running(self) -> Keeper:
        if self._keeper is None:
            raise SidecarError("the sidecar is not running: call `start`, or use a `with` block")
        return self._keeper
