"""The image of deploy/docker/Dockerfile, built and run by a real engine where one answers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from docker.errors import DockerException

import servers
from command_line import ALLOWED
from processes import eventually
from ramgate import Client
from ramgate.bundle.builder import build
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

ROOT = Path(__file__).parents[2]
TAG = "ramgate-opa-test"
SECONDS = 120.0


@pytest.fixture
def engine() -> Iterator[DockerClient]:
    # The SDK leaves its socket open if nothing listens there.
    path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    if path.startswith("/") and not servers.is_listening(Path(path)):
        pytest.skip("no Docker engine answers")
    try:
        client = docker.from_env()
        client.ping()
    except DockerException:
        pytest.skip("no Docker engine answers")
    yield client
    client.close()


def test_the_image_decides_read_only_without_privileges_and_is_healthy(
    tmp_path: Path, engine: DockerClient
) -> None:
    context, run = tmp_path / "context", tmp_path / "run"
    shutil.copytree(ROOT / "deploy/docker", context)
    shutil.copy(find_opa(), context / "opa")
    shutil.copy(ROOT / "deploy/opa/file.yaml", context / "opa.yaml")
    run.mkdir()
    run.chmod(0o777)
    bundle = build()
    (tmp_path / "bundle.tar.gz").write_bytes(bundle.content)
    (tmp_path / "bundle.tar.gz").chmod(0o644)
    engine.images.build(path=str(context), tag=TAG, rm=True)
    container = engine.containers.run(
        TAG,
        detach=True,
        read_only=True,
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        environment={"RAMGATE_BUNDLE_FILE": "/bundle.tar.gz"},
        volumes={
            str(run): {"bind": "/run/ramgate", "mode": "rw"},
            str(tmp_path / "bundle.tar.gz"): {"bind": "/bundle.tar.gz", "mode": "ro"},
        },
    )
    try:

        def healthy() -> bool:
            container.reload()
            state = container.attrs["State"]
            assert state["Running"], container.logs().decode()
            return bool(state["Health"]["Status"] == "healthy")

        eventually(healthy, SECONDS)
        with Client(f"unix://{run}/opa.sock") as client:
            assert client.revision() == bundle.revision
            assert client.decide(*ALLOWED)
        assert container.attrs["Config"]["User"] == "65532:65532"
    finally:
        container.remove(force=True)
        engine.images.remove(TAG, force=True)


def test_without_a_bundle_the_image_does_not_listen(tmp_path: Path, engine: DockerClient) -> None:
    context = tmp_path / "context"
    shutil.copytree(ROOT / "deploy/docker", context)
    shutil.copy(find_opa(), context / "opa")
    shutil.copy(ROOT / "deploy/opa/file.yaml", context / "opa.yaml")
    engine.images.build(path=str(context), tag=TAG, rm=True)
    container = engine.containers.run(
        TAG,
        ["run", "--server", "--config-file=/etc/ramgate/opa.yaml", "--ready-timeout=1"],
        detach=True,
        network_mode="none",
        environment={"RAMGATE_BUNDLE_FILE": "/none.tar.gz"},
    )
    try:
        assert container.wait(timeout=SECONDS)["StatusCode"] == 1
    finally:
        container.remove(force=True)
        engine.images.remove(TAG, force=True)
