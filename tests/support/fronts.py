"""The fronts of AuthZEN as processes of their own: nginx, `ramgate authzen`, and Envoy."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from processes import eventually
from ramgate import Sidecar
from ramgate.bundle import builder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.bundle.builder import Bundle

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/cases/authzen"
CERT, KEY = ROOT / "tests/data/tls.crt", ROOT / "tests/data/tls.key"
TOKEN = "s3cret"  # noqa: S105 - a test's own
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
ENVOY = Path(sys.executable).with_name("envoy")
SECONDS = 20.0


class Answer(NamedTuple):
    """A response: its status, its headers in lower case, its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:  # noqa: ANN401 - any JSON
        """The JSON value of the body."""
        return json.loads(self.body)


class Front(NamedTuple):
    """An address that answers AuthZEN, on this machine."""

    port: int
    secure: bool = False

    def send(
        self,
        path: str,
        body: bytes | None = None,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request, and return the response."""
        context = None
        if self.secure:
            context = ssl.create_default_context(cafile=CERT)
            context.check_hostname = False
        connection = (
            http.client.HTTPSConnection("127.0.0.1", self.port, timeout=SECONDS, context=context)
            if self.secure
            else http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        )
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())

    def send_raw(self, sent: bytes) -> Answer:
        """Send bytes that no library would write, and return the response."""
        with contextlib.closing(self._connected()) as connection:
            connection.sendall(sent)
            response = http.client.HTTPResponse(connection)
            response.begin()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())

    def _connected(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), SECONDS)
        if not self.secure:
            return plain
        context = ssl.create_default_context(cafile=CERT)
        context.check_hostname = False
        return context.wrap_socket(plain)

    def listens(self) -> bool:
        """Tell whether something listens at the address."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


def scenario() -> Bundle:
    """Return the bundle of the certification scenario."""
    return builder.build(CASES / "accounts.yaml", CASES / "authzen.yaml")


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(command: list[str], front: Front, output: Path) -> Iterator[Front]:
    with output.open("wb") as file, subprocess.Popen(command, stdout=file, stderr=file) as process:
        try:
            eventually(lambda: front.listens() or process.poll() is not None)
            assert process.poll() is None, output.read_text()
            yield front
        finally:
            process.terminate()
            process.wait(SECONDS)


@contextlib.contextmanager
def nginx(folder: Path, opa: str) -> Iterator[Front]:
    """Run nginx with `deploy/nginx/authzen.conf` before the OPA at the socket or address `opa`."""
    assert NGINX is not None
    front = Front(free_port(), secure=True)
    text = (ROOT / "deploy/nginx/authzen.conf").read_text()
    for old, new in {
        "unix:/run/ramgate/opa.sock": opa,
        "listen 443 ssl": f"listen 127.0.0.1:{front.port} ssl",
        "/etc/ramgate/tls.crt": str(CERT),
        "/etc/ramgate/tls.key": str(KEY),
    }.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / "authzen.conf").write_text(text)
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{name}_temp_path {folder}/{name};" for name in temporary)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{ access_log off;\n{paths}\ninclude {folder}/authzen.conf; }}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running(command, front, folder / "nginx.out"):
        yield front


@contextlib.contextmanager
def ramgate_authzen(folder: Path, opa: str, *, secure: bool = True) -> Iterator[Front]:
    """Run `ramgate authzen` with a token before the OPA at the URL `opa`."""
    front = Front(free_port(), secure)
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    command = [str(Path(sys.executable).with_name("ramgate")), "authzen", "--url", opa]
    command += ["--listen", f"127.0.0.1:{front.port}", "--token-file", str(token)]
    if secure:
        command += ["--tls-cert", str(CERT), "--tls-key", str(KEY)]
    with _running(command, front, folder / "authzen.out"):
        yield front


@contextlib.contextmanager
def before_opa(name: str, folder: Path, bundle: Bundle) -> Iterator[Front]:
    """Run one of the two fronts, `nginx` or `ramgate`, before an OPA with a bundle."""
    address = f"{folder}/s"
    token = TOKEN if name == "nginx" else None
    with Sidecar(bundle=bundle, addresses=[f"unix://{address}"], token=token) as sidecar:
        runs = (
            nginx(folder, f"unix:{address}")
            if name == "nginx"
            else ramgate_authzen(folder, sidecar.url)
        )
        with runs as running:
            yield running


@contextlib.contextmanager
def envoy(folder: Path, authzen: Front, application: int) -> Iterator[Front]:
    """Run Envoy with `deploy/envoy/envoy.yaml` before an application's port."""
    front = Front(free_port())
    text = (ROOT / "deploy/envoy/envoy.yaml").read_text()
    for old, new, count in (
        ("port_value: 8080", f"port_value: {front.port}", 1),
        ("port_value: 8000", f"port_value: {application}", 1),
        ("port_value: 8182", f"port_value: {authzen.port}", 1),
        ("127.0.0.1:8182", f"127.0.0.1:{authzen.port}", 1),
    ):
        assert text.count(old) == count
        text = text.replace(old, new)
    (folder / "envoy.yaml").write_text(text)
    command = [str(ENVOY), "-c", str(folder / "envoy.yaml"), "--disable-hot-restart"]
    command += ["--concurrency", "1", "--log-level", "error", "--log-path", str(folder / "log")]
    with _running(command, front, folder / "envoy.out"):
        yield front
