"""OPA as a container of the Docker engine that answers here: the binary, a bundle, nothing else.

The container lives under a process that `ramgate.sidecar.supervisor` watches over (this module,
run with `-m`): it makes the container, passes on what it prints, and removes it. A network of
its own keeps other containers away from it; only the loopback address of the engine's machine leads
there.
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
from ramgate.sidecar.address import Address
from ramgate.sidecar.process import environment, flags, reporter
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Never, TextIO

    from docker import DockerClient

    from ramgate.bundle.builder import Bundle

__all__ = ["LABEL", "Container"]

LABEL = "io.github.ramgate"
"""The label of every image, container and network that ramgate makes."""

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
    """An OPA that listens on one loopback address, started at once.

    Raises `SidecarError` where no engine answers or the image cannot be built, `OpaUnavailable`
    where `opa` is None and no OPA for the engine's architecture can be had.
    """

    def __init__(  # noqa: PLR0913 - all but the first two by name
        self,
        opa: Path | None,
        bundle: Bundle,
        *,
        address: Address,
        token: str | None,
        decision_log: bool,
        log: TextIO | None,
    ) -> None:
        self.bundle = bundle
        self._name = f"ramgate-{secrets.token_hex(8)}"
        self._address: Address | None = None
        if address.port:
            address.claimed()
        self._engine = _connect()
        try:
            job = {
                "image": _image(self._engine, opa, bundle),
                "name": self._name,
                "command": [
                    *flags(
                        "/opa-config.yaml",
                        ["0.0.0.0:8181"],  # of the container's own network
                        authorization=token is not None,
                        decision_log=decision_log,
                    ),
                    "--set=bundles.ramgate.resource=file:///bundle.tar.gz",
                ],
                "environment": environment(token),
                "host": "127.0.0.1" if address.host == "localhost" else address.host,
                "port": address.port or None,
            }
            self.supervised = Supervised(
                [sys.executable, "-m", "ramgate.sidecar.container"],
                {**os.environ, _JOB: json.dumps(job)},
                reporter(log),
            )
        except _FAILURES as error:
            self._engine.close()
            raise SidecarError(f"cannot make the container: {error}") from error
        except BaseException:
            self._engine.close()
            raise

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The address, none as long as the container does not run."""
        if self._address is None:
            with contextlib.suppress(*_FAILURES):
                settings = self._engine.containers.get(self._name).attrs["NetworkSettings"]
                for binding in settings["Ports"].get(_PORT) or ():
                    self._address = Address(binding["HostIp"], int(binding["HostPort"]))
        return () if self._address is None else (self._address,)

    @property
    def activated(self) -> bool:
        """Whether there is an address to ask at; whether OPA has its bundle is asked there."""
        return bool(self.addresses)

    @property
    def refused(self) -> bool:
        """Never: that is not told apart from a bundle that is not there yet."""
        return False

    def publish(self, bundle: Bundle, timeout: float) -> Never:
        """Raise `SidecarError`: the bundle is part of the image."""
        del bundle, timeout
        raise SidecarError("a container's bundle is part of its image: start another sidecar")

    def stop(self) -> None:
        """Stop OPA and remove the container and its network; the image stays for the next time."""
        self.supervised.stop()
        with contextlib.suppress(*_FAILURES):
            _remove(self._engine, self._name)
        self._engine.close()


def _connect() -> DockerClient:
    try:
        return docker.from_env()
    except _FAILURES as error:
        raise SidecarError(f"no Docker engine answers: {error}") from error


def _image(engine: DockerClient, opa: Path | None, bundle: Bundle) -> str:
    """Build the image that holds exactly these, unless the engine has it; give its tag."""
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
    """Run the container until it ends or SIGTERM comes, print what it prints, and remove it."""
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
