"""The image of deploy/docker/Dockerfile, built and run by a real engine where one answers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import servers
from authority import Authority
from command_line import ALLOWED
from images import copy_deploy, run_top
from processes import eventually
from ramgate import Client
from ramgate.bundle.builder import build
from ramgate.publish.server import PublishServer
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from docker import DockerClient

ROOT = Path(__file__).parents[2]
TAG = "ramgate-opa-test"
SECONDS = 120.0


def prepared(folder: Path, config: str) -> Path:
    """Run the commands at the top of the Dockerfile but the last; return the folder to build in."""
    context = copy_deploy(folder)
    run_top(folder, "Dockerfile")
    assert not (context / "opa").is_symlink()
    shutil.copy(ROOT / "deploy/opa" / config, context / "opa.yaml")
    return context


def socket_folder(folder: Path) -> Path:
    run = folder / "run"
    run.mkdir()
    run.chmod(0o777)
    return run


def test_the_image_decides_read_only_without_privileges_and_is_healthy(
    tmp_path: Path, engine: DockerClient
) -> None:
    context = prepared(tmp_path, "file.yaml")
    run = socket_folder(tmp_path)
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


def test_the_image_follows_a_server_with_tls(tmp_path: Path, engine: DockerClient) -> None:
    context = prepared(tmp_path, "https.yaml")
    run = socket_folder(tmp_path)
    authority, token = Authority(tmp_path), tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("s3cret")
    token.chmod(0o644)
    engine.images.build(path=str(context), tag=TAG, rm=True)
    bundle = build()
    with PublishServer(Address.parse("127.0.0.1:0"), authority.server) as server:
        served = server.serve("the accounts")
        served.admit("s3cret")
        served.put(bundle)
        container = engine.containers.run(
            TAG,
            detach=True,
            read_only=True,
            network_mode="host",
            environment={
                "RAMGATE_BUNDLE_URL": server.url,
                "RAMGATE_BUNDLE_TOKEN_FILE": "/token",
                "SSL_CERT_FILE": "/authority.crt",
            },
            volumes={
                str(run): {"bind": "/run/ramgate", "mode": "rw"},
                str(token): {"bind": "/token", "mode": "ro"},
                str(authority.cert): {"bind": "/authority.crt", "mode": "ro"},
            },
        )
        try:
            eventually(lambda: servers.is_listening(run / "opa.sock"), SECONDS)
            with Client(f"unix://{run}/opa.sock") as client:
                assert client.revision() == bundle.revision
            bits, _ = container.get_archive("/etc/ssl/certs/ca-certificates.crt")
            assert b"-----BEGIN CERTIFICATE-----" in b"".join(bits)
        finally:
            container.remove(force=True)
            engine.images.remove(TAG, force=True)


def test_without_a_bundle_the_image_does_not_listen(tmp_path: Path, engine: DockerClient) -> None:
    context = prepared(tmp_path, "file.yaml")
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
