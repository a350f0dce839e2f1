"""deploy/docker/compose.yaml, run by a real Compose and a real engine where they answer."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from docker.errors import ImageNotFound

import servers
from authority import Authority
from command_line import ALICE, INSTANCE, ONE_USER
from images import copy_deploy, nginx_image, python_image, run_top, shell
from moved_python import build_wheel
from processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

ROOT = Path(__file__).parents[2]
PROJECT = "ramgate-compose-test"
PYTHON, NGINX, PUBLISHER, OPA = (
    f"{PROJECT}/{name}" for name in ("python", "nginx", "publisher", "opa")
)
SECONDS = 120.0
REASONS = "statement_allows|no_statement_matches"

# The application: it asks the same question again and again, and prints each new answer.
APP = f"""
import os
import time
from ramgate import Client
last = None
with Client(os.environ["RAMGATE_URL"]) as client:
    for _ in range(3000):
        decision = client.decide({ALICE!r}, "alikafka:DeleteTopic", {INSTANCE!r})
        if decision.reason != last:
            last = decision.reason
            print(last, flush=True)
        time.sleep(0.2)
"""


def build_images(engine: DockerClient, folder: Path) -> None:
    """Build the two images with the commands at the top of their files."""
    python_image(engine, PYTHON, folder / "python")
    nginx_image(engine, NGINX, folder / "nginx")
    here = copy_deploy(folder)
    build_wheel(folder / "dist")
    for file, tag in (("publisher.Dockerfile", PUBLISHER), ("Dockerfile", OPA)):
        build = run_top(folder, file)
        text = (here / file).read_text()
        (here / file).write_text(text.replace("python:3.13-slim", PYTHON))
        shell(folder, re.sub(r"--tag \S+", f"--tag {tag}", build))


def fill_in(folder: Path) -> None:
    """Make the folders that the top of compose.yaml asks for."""
    here = folder / "deploy/docker"
    for name in ("accounts", "nginx", "sidecar"):
        (here / name).mkdir()
    (here / "accounts/accounts.yaml").write_text(ONE_USER)
    authority = Authority.at(folder / "authority")
    certificate = authority.sign("bundles", "serverAuth", "DNS:bundles")
    shutil.copy(ROOT / "deploy/nginx.conf", here / "nginx")
    shutil.copy(certificate.cert, here / "nginx/tls.crt")
    shutil.copy(certificate.key, here / "nginx/tls.key")
    (here / "nginx/tokens.conf").write_text('"Bearer abc123" 1;\n')
    (here / "sidecar/token").write_text("abc123")
    shutil.copy(authority.cert, here / "sidecar/authority")
    for path in here.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    services = {
        "publisher": {"image": PUBLISHER},
        "bundles": {"image": NGINX},
        "opa": {"image": OPA},
        "app": {"image": PUBLISHER, "user": "1000:1000", "entrypoint": ["python3", "-c", APP]},
    }
    (here / "test.yaml").write_text(yaml.safe_dump({"services": services}))
    # Compose 1 does not know the key `name`.
    text = (here / "compose.yaml").read_text()
    (here / "one.yaml").write_text(text.replace("\nname: ramgate\n", "\n"))


def compose() -> str:
    """Return the command of Compose, or skip the test."""
    docker = servers.program("docker", "docker.io")
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        command, file = "docker compose", "compose.yaml"
    else:
        command, file = servers.program("docker-compose", "docker-compose"), "one.yaml"
    return f"{command} --project-name {PROJECT} --file {file} --file test.yaml"


@pytest.fixture
def project(tmp_path: Path, engine: DockerClient) -> Iterator[tuple[Path, str]]:
    """Start all services; yield the folder and the command of Compose."""
    command = compose()
    servers.program("nginx", "nginx-light")
    try:
        build_images(engine, tmp_path)
        fill_in(tmp_path)
        try:
            shell(tmp_path, f"{command} up --detach --no-build")
            yield tmp_path, command
        finally:
            shell(tmp_path, f"{command} down --volumes --timeout 1")
    finally:
        for tag in (PUBLISHER, OPA, NGINX, PYTHON):
            with contextlib.suppress(ImageNotFound):
                engine.images.remove(tag, force=True)


def test_compose_starts_the_fleet_and_a_change_reaches_the_application(
    project: tuple[Path, str],
) -> None:
    folder, command = project

    def has_printed(*reasons: str) -> bool:
        printed = shell(folder, f"{command} logs --no-color")
        assert "Traceback" not in printed, printed
        asked = re.findall(rf"^app.*\b({REASONS})$", printed, re.MULTILINE)
        assert asked == list(reasons)[: len(asked)], printed
        return len(asked) == len(reasons)

    eventually(lambda: has_printed("statement_allows"), SECONDS)
    accounts = folder / "deploy/docker/accounts/accounts.yaml"
    accounts.write_text(ONE_USER.replace("FullAccess", "ReadOnlyAccess"))
    eventually(lambda: has_printed("statement_allows", "no_statement_matches"), SECONDS)

    # nginx reads its folder again by the command at the top of the file
    (folder / "deploy/docker/nginx/tokens.conf").write_text('"Bearer other" 1;\n')
    top = (ROOT / "deploy/docker/compose.yaml").read_text()
    [reload] = re.findall(r"^# `docker compose (exec bundles .+)`\.$", top, re.MULTILINE)
    shell(folder, f"{command} {reload.replace('exec', 'exec -T', 1)}")
    accounts.write_text(ONE_USER)
    refused = re.compile(r"^opa.*Bundle load failed.*Unauthorized", re.MULTILINE)
    eventually(lambda: bool(refused.search(shell(folder, f"{command} logs --no-color"))), SECONDS)
    assert has_printed("statement_allows", "no_statement_matches")
