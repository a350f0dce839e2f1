"""Serve bundles over HTTPS to many OPAs: each client gets the bundle of its accounts.

The protocol is that of OPA's bundle plugin, as `ramgate.sidecar.long_poll` describes it: an OPA
names the bundle that it has, and its request waits until there is another one.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.errors import SidecarError
from ramgate.publish.clients import Clients
from ramgate.publish.tls import ServerTls
from ramgate.sidecar.http_server import HttpServer, Reply
from ramgate.sidecar.long_poll import RESOURCE, Poll, Polls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.address import Address
    from ramgate.sidecar.certificate import Certificate
    from ramgate.sidecar.http_server import Request

__all__ = ["PublishServer", "Served", "most_connections"]

_HEALTH: Final = "/health"
_MOST_CONNECTIONS: Final = 4096
_OTHER_DESCRIPTORS: Final = 256
_BACKLOG: Final = 1024


class _Offer(NamedTuple):
    """A bundle and the number of its publication."""

    number: int
    bundle: Bundle

    @property
    def name(self) -> str:
        """The name under which a connection remembers the offer."""
        return str(self.number)

    @property
    def etag(self) -> str:
        """The name of the bundle for OPA."""
        return f'"{self.bundle.revision}"'


class Served:
    """The bundle that some clients get: a target of a publisher.

    >>> from ramgate.bundle.builder import build
    >>> from ramgate.sidecar.address import Address
    >>> with PublishServer(Address.parse("127.0.0.1:0")) as server:
    ...     served = server.serve("accounts.yaml")
    ...     served.admit("s3cret")
    ...     served.put(build())
    ...     served.name.rpartition(":")[0]
    'http://127.0.0.1'
    """

    def __init__(
        self,
        http: HttpServer,
        clients: Clients[Served],
        name: str,
        look: Callable[[], object],
    ) -> None:
        self._look = look
        self._http = http
        self._clients = clients
        self._offer: _Offer | None = None
        self._polls = Polls()
        self.name = name

    def admit(self, token: str) -> None:
        """Let those who have the token get this bundle, and no other. Raises `ValueError`."""
        self._clients.admit_token(token, self)

    def admit_token_file(self, file: Path) -> None:
        """Let those who have the token in the file get this bundle; the file is followed.

        Raises `ValueError` if the token or the file is taken, and `SidecarError` if the file cannot
        be read.
        """
        self._clients.admit_token_file(file, self)

    def admit_certificate(self, name: str) -> None:
        """Let those whose certificate has the name, such as `CN:shop`, get this bundle.

        Names are `CN:…`, the common name of the subject, and the alternative names `DNS:…` and
        `URI:…`. Raises `ValueError` if the name is taken or of another form.
        """
        self._clients.admit_certificate(name, self)

    def admit_every_certificate(self) -> None:
        """Let all who have a certificate get this bundle."""
        self._clients.admit_every_certificate(self)

    def put(self, bundle: Bundle) -> None:
        """Serve this bundle from now on: waiting requests are answered with it at once."""
        # While it was built, tokens and certificates may have been revoked.
        self._look()
        self._http.call(lambda: self._replace(bundle))

    def close(self) -> None:
        """Answer the waiting requests, now and from now on."""
        self._http.call(self._polls.close)

    @property
    def is_ready(self) -> bool:
        """True once there is a bundle to serve."""
        return self._offer is not None

    async def answer(self, poll: Poll) -> Reply:
        """Return the response to a request, once there is another bundle or its time is over."""
        offer = await self._polls.next(poll, lambda: self._wanted(poll.active))
        if offer is not None:
            return poll.answer(offer, offer.bundle.content)
        return Reply(HTTPStatus.SERVICE_UNAVAILABLE) if self._offer is None else poll.unchanged()

    def _replace(self, bundle: Bundle) -> None:
        self._offer = _Offer(0 if self._offer is None else self._offer.number + 1, bundle)
        self._polls.wake()

    def _wanted(self, active: str) -> _Offer | None:
        offer = self._offer
        return None if offer is None or offer.etag == active else offer


class PublishServer:
    """A server that gives to each client its bundle, until `close`.

    On an address that other machines reach it speaks TLS with the `certificate`, unless
    `plain_http`. With `client_ca`, only clients with a certificate of that authority get in.
    `GET /health` needs no token, and answers 200 once there is a bundle for everyone. Raises
    `ValueError` if `certificate` is missing but the address or `client_ca` needs it, and
    `SidecarError` if the address is taken or a file of certificates
    cannot be used.

    >>> from ramgate.sidecar.address import Address
    >>> PublishServer(Address.parse(":8443"))
    Traceback (most recent call last):
    ValueError: `:8443` needs TLS: other machines can reach it; add --tls-cert and --tls-key
    """

    def __init__(
        self,
        address: Address,
        certificate: Certificate | None = None,
        client_ca: Path | None = None,
        *,
        plain_http: bool = False,
    ) -> None:
        if certificate is None and not (address.private or plain_http):
            raise ValueError(
                f"`{address}` needs TLS: other machines can reach it; add --tls-cert and --tls-key"
            )
        if certificate is None and client_ca is not None:
            raise ValueError("--client-ca needs TLS: add --tls-cert and --tls-key")
        self._tls = None if certificate is None else ServerTls(certificate, client_ca)
        claimed = address.claim()
        try:
            family = socket.AF_INET6 if ":" in claimed.host else socket.AF_INET
            listener = socket.create_server(
                (claimed.host, claimed.port), family=family, backlog=_BACKLOG
            )
        except OSError as error:
            raise SidecarError(f"cannot listen on `{address}`: {error.strerror}") from error
        self.url = f"{'http' if self._tls is None else 'https'}://{claimed}"
        self._clients = Clients[Served]()
        self._served: list[Served] = []
        self._looking = threading.Lock()
        self._told: str | None = None
        self._http = HttpServer(
            listener,
            self._admit,
            self._answer,
            "ramgate-publish",
            tls=None if self._tls is None else self._tls.context,
            most=most_connections(),
            public={_HEALTH},
        )

    def serve(self, name: str) -> Served:
        """Return a target whose bundle is served; `name` says whose it is, for messages."""
        served = Served(self._http, self._clients, f"{self.url} ({name})", self._look)
        self._served.append(served)
        return served

    def refresh(self) -> str | None:
        """Use the files of tokens and certificates again if they changed; return what fails.

        An error is returned once, until it ends. With another client CA all connections are closed,
        so that each client is verified anew.
        """
        told, self._told = self._told, self._look()
        return None if self._told == told else self._told

    def _look(self) -> str | None:
        with self._looking:
            errors = self._clients.refresh()
            if self._tls is not None:
                before = self._tls.authority
                try:
                    self._tls.refresh()
                except SidecarError as error:
                    errors.append(str(error))
                if self._tls.authority != before:
                    self._http.drop_connections()
        return "; ".join(errors) or None

    def close(self) -> None:
        """Answer the waiting requests, and stop."""
        for served in self._served:
            served.close()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _admit(self, request: Request) -> bool:
        return request.target == _HEALTH or self._clients.of(request) is not None

    async def _answer(self, request: Request) -> Reply:
        if request.target == _HEALTH:
            ready = all(served.is_ready for served in self._served)
            status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
            return Reply(status, b"{}\n", "application/json")
        served = self._clients.of(request)
        if served is None or request.target != RESOURCE:
            return Reply(HTTPStatus.NOT_FOUND)
        reply = await served.answer(Poll.of(request))
        # the certificate may have expired while the request waited
        return reply if self._clients.of(request) is served else Reply(HTTPStatus.UNAUTHORIZED)


def most_connections() -> int:
    """Return how many connections this process can have, after raising its limit if need be.

    The rest of the descriptors is for the files of the accounts, which must always be readable.

    >>> 0 < most_connections() <= 4096
    True
    """
    wanted = _MOST_CONNECTIONS + _OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < most:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return max(1, min(soft, wanted) - _OTHER_DESCRIPTORS)
