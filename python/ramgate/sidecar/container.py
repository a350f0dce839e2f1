"""OPA as a container of the local Docker engine: OPA's binary, a bundle, and nothing else.

`ramgate.sidecar.supervisor` supervises a process that runs this module with `-m`. That process
creates the container, prints its output, and removes it. Each container has its own network, so
other containers cannot reach it; the only way in is a loopback address of the engine's machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import signal
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import docker
from docker.errors import DockerException, ImageNotFound, NotFound

from ramgate import resources
from ramgate.errors import SidecarError
from ramgate.opa.install import install_opa_for
from ramgate.sidecar import collector
from ramgate.sidecar.address import Address
from ramgate.sidecar.health import active_revision, is_healthy
from ramgate.sidecar.invocation import flags
from ramgate.sidecar.output import writer_to
from ramgate.sidecar.patience import activation_seconds
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Never

    from docker import DockerClient

    from ramgate.bundle.builder import Bundle
    from ramgate.sidecar.settings import Settings

__all__ = ["LABEL", "Container"]

LABEL = "io.github.ramgate"
"""The label of every image, container and network that ramgate creates."""

_DOCKERFILE = f"""\
FROM scratch
LABEL {LABEL}=""
COPY opa /opa
COPY opa-config.yaml bundle.tar.gz /
USER 65532:65532
ENTRYPOINT ["/opa", "run"]
"""
_PORT = "8181/tcp"
_JOB = "RAMGATE_CONTAINER"
_STOP_SECONDS = 2
_FAILURES = (DockerException, OSError)


class Container:
    """The `Runtime` of an OPA container on one loopback address, which the constructor starts.

    Raises `SidecarError` if no engine answers or the image cannot be built, and `OpaUnavailable`
    if the settings name no OPA and none for the engine's architecture can be installed.
    """

    def __init__(self, settings: Settings, bundle: Bundle) -> None:
        self.bundle = bundle
        self._token = settings.token
        self.status_address = settings.status_address
        self._name = f"ramgate-{secrets.token_hex(8)}"
        self._address: Address | None = None
        [address] = settings.addresses or (Address("127.0.0.1"),)
        if address.port:
            address.claim()
        self._engine = _connect()
        try:
            self._job = {
                "image": _image(self._engine, settings.opa, bundle),
                "name": self._name,
                "command": [
                    *flags(
                        "/opa-config.yaml",
                        ["0.0.0.0:8181"],  # of the container's own network
                        authorization=settings.authorization,
                        decision_log=settings.decision_log,
                        ready_timeout=activation_seconds(bundle, settings.startup_timeout),
                        max_body=settings.max_body,
                    ),
                    "--set=bundles.ramgate.resource=file:///bundle.tar.gz",
                ],
                "environment": {
                    **settings.environment,
                    **collector.variables(len(bundle.content)),
                },
                "host": "127.0.0.1" if address.host == "localhost" else address.host,
                "port": address.port or None,
            }
            self._report = writer_to(settings.log, settings.decision_log)
            self._start()
        except _FAILURES as error:
            self._engine.close()
            raise SidecarError(f"cannot create the container: {error}") from error
        except BaseException:
            self._engine.close()
            raise

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The address, or none until the container runs."""
        if self._address is None:
            with contextlib.suppress(*_FAILURES):
                settings = self._engine.containers.get(self._name).attrs["NetworkSettings"]
                for binding in settings["Ports"].get(_PORT) or ():
                    self._address = Address(binding["HostIp"], int(binding["HostPort"]))
        return () if self._address is None else (self._address,)

    def ready(self) -> bool:
        """Return True if the container runs, and its OPA decides by the bundle."""
        return self.active() == self.bundle.revision and all(map(is_healthy, self.addresses))

    def active(self) -> str | None:
        """Return the revision that OPA itself reports, or None if it does not answer."""
        addresses = self.addresses
        return active_revision(addresses[0], self._token) if addresses else None

    @property
    def refused(self) -> bool:
        """Always False: nothing distinguishes a refused bundle from one not yet loaded."""
        return False

    def want(self, bundle: Bundle) -> Never:
        """Raise `SidecarError`: the bundle is part of the image."""
        del bundle
        raise SidecarError("a container's bundle is part of its image: start another sidecar")

    def await_news(self, timeout: float) -> None:
        """Wait `timeout` seconds: nothing comes from a container."""
        self.supervised.wait(timeout)

    def restart(self) -> None:
        """Run the container, which has ended, again on the same port of this machine.

        Raises `SidecarError` if the port is taken or no process can be started.
        """
        if self._address is not None:
            self._address.claim()
            self._job["port"] = self._address.port
        try:
            _remove(self._engine, self._name)
            self._start()
        except _FAILURES as error:
            raise SidecarError(f"cannot create the container: {error}") from error

    def stop(self) -> None:
        """Stop OPA and remove the container and its network; the image is kept."""
        self.supervised.stop()
        with contextlib.suppress(*_FAILURES):
            _remove(self._engine, self._name)
        self._engine.close()

    def _start(self) -> None:
        self.supervised = Supervised(
            [sys.executable, "-m", "ramgate.sidecar.container"],
            {**os.environ, _JOB: json.dumps(self._job)},
            self._report,
        )


def _connect() -> DockerClient:
    try:
        return docker.from_env()
    except _FAILURES as error:
        raise SidecarError(f"no Docker engine answers: {error}") from error


def _image(engine: DockerClient, opa: Path | None, bundle: Bundle) -> str:
    """Return the tag of the image of this OPA and bundle; build it if the engine lacks it."""
    binary = opa or install_opa_for("linux", engine.version()["Arch"])
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content, mode in (
            ("Dockerfile", _DOCKERFILE.encode(), 0o444),
            ("opa", binary.read_bytes(), 0o555),
            ("opa-config.yaml", resources.path("opa-config.yaml").read_bytes(), 0o444),
            ("bundle.tar.gz", bundle.content, 0o444),
        ):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            tar.addfile(member, io.BytesIO(content))
    tag = f"ramgate:{hashlib.sha256(context.getbuffer()).hexdigest()[:32]}"
    try:
        engine.images.get(tag)
    except ImageNotFound:
        context.seek(0)
        engine.images.build(fileobj=context, custom_context=True, tag=tag, rm=True)
    return tag


def _remove(engine: DockerClient, name: str) -> None:
    with contextlib.suppress(NotFound):
        container = engine.containers.get(name)
        container.stop(timeout=_STOP_SECONDS)
        container.remove(force=True)
    with contextlib.suppress(NotFound):
        engine.networks.get(name).remove()


def _attend(job: dict[str, Any]) -> None:
    """Run the container until it ends or SIGTERM arrives, print its output, and remove it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        with contextlib.closing(docker.from_env()) as engine:
            try:
                _run(engine, job)
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                _remove(engine, job["name"])
    except _FAILURES as error:
        sys.stdout.write(f"error: {error}\n")


def _run(engine: DockerClient, job: dict[str, Any]) -> None:
    engine.networks.create(job["name"], labels={LABEL: ""})
    container = engine.containers.run(
        job["image"],
        job["command"],
        name=job["name"],
        detach=True,
        network=job["name"],
        ports={_PORT: (job["host"], job["port"])},
        environment=job["environment"],
        labels={LABEL: ""},
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
    )
    for chunk in container.logs(stream=True, follow=True):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _attend(json.loads(os.environ[_JOB]))
