"""Sidecars with a tiny bundle, requests to them, and programs that act as OPA."""

from __future__ import annotations

import http.client
import json
import sys
from typing import TYPE_CHECKING

import pytest

from processes import BOUND
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address
from ramgate.sidecar.sidecar import Sidecar
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ALLOW = json.dumps(
    {
        "allow": True,
        "effect": "Allow",
        "reason": "account_owner",
        "policy_type": None,
        "statements": [],
    }
)


REQUEST = ("acs:ram::1234567890123456:root", "alikafka:ListInstance", "*")


TOKEN = "a-token.of_visible~characters!"  # noqa: S105 - a test's own


DECISION_PATH = "/v1/data/ram/authz/decision"


class Reply:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.body = response.read()

    @property
    def result(self) -> object:
        return json.loads(self.body).get("result")


def ask(
    url: str,
    method: str = "POST",
    target: str = DECISION_PATH,
    body: object = None,
    token: str | None = None,
    **headers: str,
) -> Reply:
    """Send one request, without changing its target, and return the response."""
    connection = http.client.HTTPConnection("localhost", timeout=BOUND)
    address = Address.parse(url.removeprefix("http://"))
    connection.sock = address.connect(BOUND)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    content = None if method in {"GET", "HEAD"} else json.dumps(body)
    try:
        connection.request(method, target, content, headers)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def gone(url: str) -> bool:
    try:
        Address.parse(url.removeprefix("http://")).connect(1).close()
    except OSError:
        return True
    return False


def executable(path: Path, program: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{program}")
    path.chmod(0o755)
    return path


def recorded(tmp_path: Path) -> tuple[Path, Path]:
    """Return a program that runs the real OPA, and the file that it writes its process id to."""
    pid = tmp_path / "pid"
    program = (
        "import os, sys\n"
        f"open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        f"os.execv({str(find_opa())!r}, ['opa', *sys.argv[1:]])\n"
    )
    return executable(tmp_path / "opa", program), pid


@pytest.fixture(scope="module")
def unguarded() -> Iterator[Sidecar]:
    bundle = tiny_bundle(decision=ALLOW)
    with Sidecar(bundle=bundle, addresses=["127.0.0.1:0"], open=True) as sidecar:
        yield sidecar


@pytest.fixture(scope="module")
def guarded() -> Iterator[Sidecar]:
    bundle = tiny_bundle(decision=ALLOW)
    with Sidecar(bundle=bundle, addresses=["127.0.0.1:0"], token=TOKEN) as sidecar:
        yield sidecar
