"""Real servers on loopback: nginx and a registry of Debian, an S3 server from PyPI."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["free_port", "is_listening", "nginx", "registry", "s3", "serving"]

S3_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "user",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""The credentials that the S3 server takes, for boto3 and for OPA."""

NGINX = """\
{user}daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {root};
  }}
}}
"""
REGISTRY_USERS = "user:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n"

REGISTRY = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: 127.0.0.1:{port}}}
{auth}"""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def is_listening(path: Path) -> bool:
    """Return whether a program accepts connections at a unix socket: its file comes earlier."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def serving(
    command: Sequence[str], port: int, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the end of the block; it listens on the port when the block begins."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: is_open(port) or process.poll() is not None, 60.0)
        assert process.poll() is None, f"{command} has ended"
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def program(name: str, package: str) -> str:
    """Return the path of a program of Debian, or skip the test."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip(f"`{name}` is missing: apt install {package}")
    return found


@contextlib.contextmanager
def nginx(folder: Path, root: Path) -> Iterator[str]:
    """Serve the files below `root` by a real nginx; yield its URL."""
    port = free_port()
    path = folder / "nginx.conf"
    # Its workers would be another user, which cannot open the folders of tests.
    user = "user root;\n" if os.getuid() == 0 else ""
    path.write_text(NGINX.format(folder=folder, root=root, port=port, user=user))
    with serving([program("nginx", "nginx-light"), "-c", str(path), "-p", str(folder)], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def registry(folder: Path, *, has_password: bool = False) -> Iterator[str]:
    """Run a real OCI registry; yield its `host:port`. The password of `user` is `s3cret`."""
    port = free_port()
    auth = ""
    if has_password:
        (folder / "users").write_text(REGISTRY_USERS)
        auth = f"auth: {{htpasswd: {{realm: bundles, path: {folder}/users}}}}\n"
    path = folder / "registry.yml"
    path.write_text(REGISTRY.format(folder=folder, port=port, auth=auth))
    command = [program("docker-registry", "docker-registry"), "serve", str(path)]
    with serving(command, port):
        yield f"127.0.0.1:{port}"


@contextlib.contextmanager
def s3() -> Iterator[str]:
    """Run an S3 server; yield its URL."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with serving(command, port):
        yield f"http://127.0.0.1:{port}"
