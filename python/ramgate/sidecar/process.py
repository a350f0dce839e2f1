"""OPA as a process of this machine, fed by a bundle server of its own."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from ramgate import resources
from ramgate.errors import SidecarError
from ramgate.opa.find import find_opa
from ramgate.sidecar import collector
from ramgate.sidecar.address import Address
from ramgate.sidecar.bundle_server import UNBUILT, BundleServer
from ramgate.sidecar.health import active_revision, is_healthy
from ramgate.sidecar.invocation import flags
from ramgate.sidecar.output import writer_to
from ramgate.sidecar.patcher import Patcher, writing
from ramgate.sidecar.patience import BUILD_SECONDS, activation_seconds
from ramgate.sidecar.private_folder import PrivateFolder
from ramgate.sidecar.status import STATUS_SUFFIX
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.settings import Settings

__all__ = ["Process"]


class Process:
    """The `Runtime` of an OPA process, which the constructor starts.

    With the bundle `UNBUILT`, OPA waits for the one that `want` brings.

    OPA does not listen before it has activated its bundle, except once: at the first start on the
    socket of its private folder, whose path nobody else knows before `ready`. With
    `--ready-timeout` OPA would look only every 100 ms whether it may listen.

    Raises `OpaUnavailable` if the settings name no OPA and `find_opa` finds none, and
    `SidecarError` if an address is taken, the certificate cannot be used or no process can be
    started.
    """

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        opa = settings.opa or find_opa()
        self._settings = settings
        given = settings.diagnostic_address
        self._diagnostic = () if given is None else (given,)
        self._report = writer_to(settings.log, settings.decision_log)
        if settings.certificate is not None:
            settings.certificate.check()
        self._folder = PrivateFolder()
        try:
            addresses = settings.addresses or (self._folder.socket,)
            self.addresses = tuple(address.claim() for address in addresses)
            for address in self._diagnostic:
                address.claim()
            self.status_address = _status_address(settings, self._folder)
            self._server = BundleServer(bundle, is_patchable=settings.authorization)
        except OSError as error:
            self._folder.remove()
            raise SidecarError(f"cannot serve the bundle: {error}") from error
        except BaseException:
            self._folder.remove()
            raise
        try:
            self._prepare(opa)
            is_known = settings.addresses or self._diagnostic or settings.decision_log
            self._start(self._ready_timeout if is_known else None)
        except OSError as error:
            self._end()
            raise SidecarError(f"cannot write the bundle's token: {error}") from error
        except BaseException:
            self._end()
            raise

    def _prepare(self, opa: Path) -> None:
        """Write the token of the bundle server, and the environment of OPA."""
        settings = self._settings
        self._opa = opa
        # The token itself would stand in /proc/PID/environ and in `opa.runtime().env`.
        token_file = self._folder.write("bundle-token", self._server.token)
        write_token = secrets.token_urlsafe(32)
        self._patcher = Patcher(self.addresses[0], settings, write_token)
        self._environment = {
            **settings.environment,
            **(writing(write_token) if settings.authorization else {}),
            "RAMGATE_BUNDLE_URL": self._server.url,
            "RAMGATE_BUNDLE_TOKEN_FILE": str(token_file),
        }

    @property
    def _ready_timeout(self) -> float:
        """The seconds within which a new OPA must activate the wanted bundle."""
        seconds = activation_seconds(self.bundle, self._settings.startup_timeout)
        return seconds + (BUILD_SECONDS if self.bundle is UNBUILT else 0)

    def _command(self, ready_timeout: float | None) -> list[str]:
        settings = self._settings
        arguments = flags(
            str(resources.path("opa-config.yaml")),
            (address.flag for address in self.addresses),
            diagnostic=[address.plain_flag for address in self._diagnostic],
            authorization=settings.authorization,
            decision_log=settings.decision_log,
            ready_timeout=ready_timeout,
            certificate=settings.certificate,
            max_body=settings.max_body,
            verification=settings.verification,
        )
        return [str(self._opa), "run", *arguments]

    @property
    def bundle(self) -> Bundle:
        """The wanted bundle: the one that OPA decides by, or is to decide by."""
        return self._server.bundle

    def ready(self) -> bool:
        """Return True if this OPA decides by the bundle and answers at each of its addresses.

        Opens its sockets to the group and the mode of the settings before that. Raises
        `SidecarError` if the system refuses to.
        """
        # An OPA that has not fetched the bundle cannot have activated it: another program answers.
        if not (
            self._server.delivered
            and self.active() == self._server.bundle.revision
            and all(is_healthy(address, self._settings.certificate) for address in self.addresses)
            and all(is_healthy(address, None) for address in self._diagnostic)
        ):
            return False
        for address in self.addresses:
            self._settings.socket_access.apply(address)
        return True

    def active(self) -> str | None:
        """Return the revision that OPA itself reports, or None if it does not answer."""
        return active_revision(self.addresses[0], self._settings.token, self._settings.certificate)

    @property
    def refused(self) -> bool:
        """True if OPA seems to have refused the bundle; the server offers it again."""
        return self._server.refused

    def want(self, bundle: Bundle) -> None:
        """Patch OPA, if that is possible at this moment, and serve the bundle from now on."""
        patch = self._server.patch(bundle)
        if patch is None or len(patch.body) > self._patcher.most_bytes:
            self._server.publish(bundle)
        else:
            self._server.patched(patch, is_applied=self._patcher.send(patch.body))

    def await_news(self, timeout: float) -> None:
        """Wait until OPA asks for a bundle, at most `timeout` seconds."""
        self._server.heard.wait(timeout)
        self._server.heard.clear()

    def restart(self) -> None:
        """Start OPA, which has ended, again: the same addresses, the wanted bundle.

        Raises `SidecarError` if an address is taken or no process can be started.
        """
        for address in (*self.addresses, *self._diagnostic):
            address.claim()
        self._server.forget()
        self._start(self._ready_timeout)

    def stop(self) -> None:
        """Stop OPA, then the bundle server, and remove their private folder."""
        self.supervised.stop()
        for address in (*self.addresses, *self._diagnostic):
            address.remove_leftover()
        self._end()

    def _end(self) -> None:
        self._server.close()
        self._folder.remove()

    def _start(self, ready_timeout: float | None) -> None:
        try:
            self.supervised = Supervised(
                self._command(ready_timeout),
                {**self._environment, **collector.variables(len(self.bundle.content))},
                self._report,
                folder=self._folder.path,
                files=[Path(self.status_address.path)]
                if self.status_address and self.status_address.path
                else (),
            )
        except OSError as error:
            raise SidecarError(f"cannot start a process: {error}") from error


def _status_address(settings: Settings, folder: PrivateFolder) -> Address | None:
    if not settings.has_status_beside:
        return settings.status_address
    for address in settings.addresses:
        if address.path:
            with contextlib.suppress(ValueError):  # too long for a socket
                return Address.parse(f"{address}{STATUS_SUFFIX}")
    return folder.status_socket
