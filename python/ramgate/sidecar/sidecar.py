"""An OPA beside the application: configured, fed, started, watched and stopped."""

from __future__ import annotations

import http.client
import logging
import os
import re
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ramgate.bundle import builder as bundles
from ramgate.client.client import DEFAULT_TIMEOUT, Client
from ramgate.errors import SidecarError
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address
from ramgate.sidecar.process import Process, last_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self, TextIO

    from opa_client.opa import OpaClient

    from ramgate.bundle.builder import Builder, Bundle
    from ramgate.sidecar.supervisor import Supervised

__all__ = ["Sidecar", "read_token"]

_TOKEN = re.compile(r"[!-~]{1,4096}")
_MOST_TOKEN_BYTES = 8192
_ATTEMPTS = 3
_POLL_SECONDS = 0.01
_PROBE_SECONDS = 1.0
_PUBLISH_SECONDS = 30.0

_logger = logging.getLogger(__name__)


class _Runtime(Protocol):
    @property
    def supervised(self) -> Supervised: ...
    @property
    def addresses(self) -> Sequence[Address]: ...
    @property
    def bundle(self) -> Bundle: ...
    @property
    def activated(self) -> bool: ...
    @property
    def refused(self) -> bool: ...
    def publish(self, bundle: Bundle, timeout: float) -> None: ...
    def stop(self) -> None: ...


class Sidecar:
    """An OPA that decides by a bundle, running while the `with` block does.

    `accounts` is an accounts file or a folder of them, None the shipped example; or `bundle` is one
    that was built already. `addresses` are where OPA listens, all at once: `host:port` (port 0 is
    any free one) and `unix://PATH`. With a `token`, OPA answers only to whoever sends it; an
    address that other machines can reach needs one. `opa` is the OPA to run, else what
    `ramgate.opa.find.find_opa` finds. `runtime` is `"process"`, or `"container"` for one in
    Docker, which listens on one loopback address (port 0: any) and takes an `opa` for Linux.
    `decision_log` turns OPA's decision log on. Lines that OPA prints go to `log`, if there is one.

    OPA is gone when this process is, however that ends; where it has forked, when the last of its
    children is gone too. In a forked child stopping does nothing.

    Raises `ValueError` for arguments that do not fit together. Starting raises `InvalidFiles` for
    faulty accounts, `OpaUnavailable` where no OPA fits, and `SidecarError`, which ends with what
    OPA said, where it did not become ready within `startup_timeout` seconds. Nothing runs then.
    """

    def __init__(  # noqa: PLR0913 - all but the first by name
        self,
        accounts: Path | str | None = None,
        *,
        bundle: Bundle | None = None,
        addresses: Sequence[str] = ("127.0.0.1:0",),
        token: str | None = None,
        opa: Path | str | None = None,
        runtime: Literal["process", "container"] = "process",
        decision_log: bool = False,
        startup_timeout: float = 30.0,
        log: TextIO | None = None,
    ) -> None:
        if accounts is not None and bundle is not None:
            raise ValueError("`accounts` and `bundle` exclude each other")
        if token is not None and not _TOKEN.fullmatch(token):
            raise ValueError("`token` must be 1 to 4096 visible ASCII characters without spaces")
        if not addresses or isinstance(addresses, str):
            raise ValueError("`addresses` must be a list of at least one address")
        self._addresses = tuple(map(Address.parse, addresses))
        for address in self._addresses:
            if token is None and not address.private:
                raise ValueError(f"`{address}` can be reached from other machines: give a `token`")
        if runtime == "container" and (
            len(self._addresses) > 1 or self._addresses[0].path or not self._addresses[0].private
        ):
            raise ValueError("a container listens on one loopback address, `127.0.0.1:PORT`")
        self._accounts = None if accounts is None else Path(accounts)
        self._bundle = bundle
        self._token = token
        self._opa = None if opa is None else Path(opa)
        self._kind = runtime
        self._decision_log = decision_log
        self._startup_timeout = startup_timeout
        self._log = log
        self._builder: Builder | None = None
        self._publishing = threading.RLock()
        self._runtime: _Runtime | None = None
        self._owner = 0

    def start(self) -> Self:
        """Start OPA and wait until it is ready; the same as entering the `with` block."""
        if self._runtime is not None:
            raise SidecarError("the sidecar is started already")
        bundle = self._bundle or self._build(self._accounts)
        self._owner = os.getpid()
        attempts = _ATTEMPTS
        while True:
            self._runtime = self._launch(bundle)
            try:
                self._await_ready(self._runtime)
            except SidecarError as error:
                self.stop()
                attempts -= 1
                # The port was free a moment ago; where any port will do, there is another one.
                if not attempts or "bind: address already in use" not in str(error):
                    raise
            except BaseException:
                self.stop()
                raise
            else:
                return self

    def stop(self) -> None:
        """Stop OPA and wait until it is gone; nothing where it does not run."""
        runtime, self._runtime = self._runtime, None
        if runtime is not None and self._owner == os.getpid():
            runtime.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until OPA ends, at most `timeout` seconds.

        Raises `SidecarError` where OPA ended by its own doing.
        """
        runtime = self._running()
        if runtime.supervised.wait(timeout) and runtime is self._runtime:
            raise SidecarError(f"OPA stopped: {last_words(runtime.supervised.lines)}")

    @property
    def urls(self) -> tuple[str, ...]:
        """Where OPA listens, in the order asked for: `http://host:port`, `unix:///path`."""
        return tuple(address.url for address in self._running().addresses)

    @property
    def url(self) -> str:
        """The first of `urls`."""
        return self.urls[0]

    @property
    def bundle(self) -> Bundle:
        """The bundle that OPA decides by."""
        return self._running().bundle

    @property
    def revision(self) -> str:
        """The revision of that bundle."""
        return self.bundle.revision

    def publish(self, bundle: Bundle, *, timeout: float = _PUBLISH_SECONDS) -> None:
        """Give OPA another bundle; return once it decides by it, within `timeout` seconds.

        Raises `SidecarError` where it does not, and OPA keeps the one it had. A container's bundle
        is part of its image: there it always raises.
        """
        with self._publishing:
            self._running().publish(bundle, timeout)

    def load(self, accounts: Path | str, *, timeout: float = _PUBLISH_SECONDS) -> None:
        """Give OPA these accounts, a file or a folder; return once it decides by them.

        Of files that it was given before, only those are translated that have changed. Raises
        `InvalidFiles`, with every fault, and `SidecarError` as `publish` does; OPA keeps what it
        had then.
        """
        with self._publishing:
            self.publish(self._build(Path(accounts)), timeout=timeout)

    def client(self, *, timeout: float = DEFAULT_TIMEOUT) -> Client:
        """A client of this OPA, with its token; whoever asks for it closes it."""
        return Client(self.url, timeout=timeout, token=self._token)

    def opa_client(self) -> OpaClient:
        """opa-python-client's client on the first TCP address: policies, data, health.

        For decisions take `client`, which is many times faster. Raises `SidecarError` where no
        address is TCP, and where that package is missing.
        """
        try:
            from opa_client.opa import OpaClient  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise SidecarError(
                f"opa-python-client is missing: {error}; run `pip install 'ramgate[opa]'`"
            ) from error
        for address in self._running().addresses:
            if not address.path:
                host = address.url.removeprefix("http://").rpartition(":")[0]
                return OpaClient(host=host, port=address.port, token=self._token)
        raise SidecarError("opa-python-client speaks TCP only, and no address is")

    def _build(self, accounts: Path | None) -> Bundle:
        self._builder = self._builder or bundles.Builder()
        return self._builder.build(accounts)

    def _running(self) -> _Runtime:
        if self._runtime is None:
            raise SidecarError("the sidecar is not started")
        return self._runtime

    def _launch(self, bundle: Bundle) -> _Runtime:
        if self._kind == "process":
            return Process(
                self._opa or find_opa(),
                bundle,
                addresses=self._addresses,
                token=self._token,
                decision_log=self._decision_log,
                log=self._log,
            )
        try:
            from ramgate.sidecar.container import Container  # noqa: PLC0415 - needs an extra
        except ImportError as error:
            raise SidecarError(
                f"the docker SDK is missing: {error}; run `pip install 'ramgate[docker]'`"
            ) from error
        return Container(
            self._opa,
            bundle,
            address=self._addresses[0],
            token=self._token,
            decision_log=self._decision_log,
            log=self._log,
        )

    def _await_ready(self, runtime: _Runtime) -> None:
        deadline = time.monotonic() + self._startup_timeout
        while True:
            # `activated` first: it is this OPA that did, while any other may answer at an address.
            ready = runtime.activated and all(map(_healthy, runtime.addresses))
            if not runtime.supervised.running():
                raise SidecarError(f"OPA did not start: {last_words(runtime.supervised.lines)}")
            if ready:
                return
            if runtime.refused:
                raise SidecarError(f"OPA refused the bundle: {_words_at_the_end(runtime)}")
            if time.monotonic() > deadline:
                raise SidecarError(
                    f"OPA was not ready within {self._startup_timeout:g} s: "
                    f"{_words_at_the_end(runtime)}"
                )
            time.sleep(_POLL_SECONDS)


def read_token(path: Path | str) -> str:
    """The token that a file holds, without the white space around it.

    A file that others than its owner can read is used, and a warning logged. Raises `SidecarError`
    where there is no token in it: unreadable, a directory, empty, too long, not visible ASCII.
    """
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_TOKEN_BYTES + 1)
    except OSError as error:
        raise SidecarError(f"cannot read the token file `{path}`: {error.strerror}") from error
    token = content.strip().decode("ascii", "replace")
    if not token:
        raise SidecarError(f"the token file `{path}` is empty")
    if not _TOKEN.fullmatch(token):
        raise SidecarError(
            f"the token file `{path}` does not hold a token: "
            "1 to 4096 visible ASCII characters without spaces"
        )
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _logger.warning("not only its owner can use the token file `%s`: run `chmod 600`", path)
    return token


def _healthy(address: Address) -> bool:
    connection = http.client.HTTPConnection("localhost")
    try:
        connection.sock = address.connect(_PROBE_SECONDS)
        connection.request("GET", "/health?bundles")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _words_at_the_end(runtime: _Runtime) -> str:
    runtime.stop()
    return last_words(runtime.supervised.lines)
