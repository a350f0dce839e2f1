"""Attempts to get around the middleware, sent byte by byte to Flask and Django with their servers.

They are those of `tests/middleware/test_bypasses.py`, which names their sources, and those that
only WSGI has: the server decodes the path into `PATH_INFO`. `eve` may do everything with the
instances but with `alikafka_post-cn-y`.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from ramgate import Sidecar
from raw_requests import ACCOUNTS, ALICE, CAROL, EVE, Y, ask, send
from web_server import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    Address = tuple[str, int]

FLASK = "flask --app examples/flask_instances/instances_flask.py:create run --port 0"
DJANGO = "examples/django_instances/manage.py runserver --noreload 127.0.0.1:PORT"
LISTENS = re.compile(r"(?:Running on|server at) http://(127\.0\.0\.1):(\d+)")


@pytest.fixture(scope="module", params=[FLASK, DJANGO], ids=["flask", "django"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    folder = tmp_path_factory.mktemp("bypasses")
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = request.param.replace("PORT", str(port)).split()
    with (
        Sidecar(folder / "accounts.yaml") as sidecar,
        running(command, LISTENS, sidecar.url, folder / "log") as address,
    ):
        yield address


def test_the_ways_in_that_are_meant_are_open(address: Address) -> None:
    assert ask(address, "/health", method="GET") == (200, "ok")
    status, body = ask(address, f"{Y}/topics", ALICE, method="GET")
    assert (status, body.strip()) == (200, "[]")
    assert ask(address, Y, EVE)[0] == ask(address, Y, CAROL)[0] == 403
    assert ask(address, Y)[0] == 401
    assert ask(address, "/instances/z", EVE)[0] == 404  # allowed, and not there


@pytest.mark.parametrize(
    "target",
    [
        "/health/",
        "/healthy",
        "/health-admin",
        f"/health/..{Y}/topics",
        f"/health/..;{Y}/topics",
        f"/health/..%2f{Y}/topics",
        f"/health%2f..{Y}/topics",
        f"/health/%2e%2e{Y}/topics",
        f"/health%00{Y}/topics",
        "/health%00",
        f"/health;{Y}/topics",
        f"//health{Y}/topics",
        "/HEALTH",
        "/health%20",
        "/health%0a",
        "/health%3f",
        "/./health",
        "/%ff/health",
        "/health%ff",
        f"{Y}/topics?/health",
        f"{Y}/topics;/health",
        f"{Y}/topics/../../../health",
        "/",
    ],
)
def test_a_stranger_does_not_get_past_the_public_path(address: Address, target: str) -> None:
    status, body = ask(address, target, method="GET")
    assert status in {400, 401}
    assert "[]" not in body
    assert "ok" not in body


def test_a_path_that_the_server_makes_public_is_that_path(address: Address) -> None:
    # Both servers read `//` at the beginning as `/`, so the application gets the public path.
    assert ask(address, "//health", method="GET") == (200, "ok")


@pytest.mark.parametrize(
    ("target", "statuses"),
    [
        ("/instances/alikafka_post-cn-%79", {403}),
        ("/instances/%61likafka_post-cn-y", {403}),
        (f"{Y}/", {404}),
        (f"{Y}%00", {400}),
        (f"{Y}%0a", {400}),
        (f"{Y}%0d%0aX:%20x", {400}),
        (f"{Y}%20", {400}),
        (f"{Y}%09", {400}),
        (f"{Y};x", {400}),
        (f"{Y}%3bx", {400}),
        (f"{Y}%3fx", {400}),
        (f"{Y}%2f", {404}),
        (f"{Y}%2f.", {404}),
        ("/instances/x%2f..%2falikafka_post-cn-y", {404}),
        ("/instances/..%2finstances%2falikafka_post-cn-y", {404}),
        ("/instances/%2e", {400}),
        ("/instances/%2e%2e", {400}),
        ("/instances/..%3b", {400}),
        ("/instances/..;/alikafka_post-cn-y", {404}),
        ("/instances/x%5c..%5calikafka_post-cn-y", {400}),
        ("/instances/%252e%252e", {400}),
        ("/instances/alikafka_post-cn-%2579", {400}),
        ("/instances/*", {400}),
        ("/instances/%2a", {400}),
        ("/instances/alikafka_post-cn-%3f", {400}),
        ("/instances/alikafka_post-cn-*", {400}),
        ("/instances/acs:alikafka:cn-hangzhou:1234567890123456:x", {400}),
        ("/instances/x:alikafka_post-cn-y", {400}),
        # no UTF-8: Flask reads replacement characters, Django leaves the bytes percent-encoded
        ("/instances/%c0%ae%c0%ae", {404, 400}),
        ("/instances/%ff", {404, 400}),
        ("/instances/alikafka_post-cn-%ef%bd%99", {404}),  # a full-width y is another instance
        ("/instances/ALIKAFKA_POST-CN-Y", {404}),
        ("//instances/alikafka_post-cn-y", {403}),  # see the public path above
        ("/Instances/alikafka_post-cn-y", {404}),
        (f"/x/..{Y}", {404}),
        (f"/health/..{Y}", {404}),
        (f"/./{Y}", {404}),
        (f"http://x{Y}", {403, 404}),  # Django's server does not read the host away
        (f"{Y}?instance=z", {403}),
        ("/instances/" + "a" * 4_096, {400}),
    ],
)
def test_a_path_names_one_resource_to_policies_and_application(
    address: Address, target: str, statuses: set[int]
) -> None:
    status, body = ask(address, target, EVE)
    assert status in statuses
    assert "released" not in body


@pytest.mark.parametrize(
    "header",
    [
        "X-Original-URL: /health",
        "X-Rewrite-URL: /health",
        "X-Forwarded-Path: /health",
        "X-Forwarded-Prefix: /health",
        "X-HTTP-Method-Override: GET",
        "Script-Name: /instances",
        "SCRIPT_NAME: /instances",
        "PATH_INFO: /health",
        "Path-Info: /health",
        "REMOTE_USER: alice",
        "Remote-User: alice",
        "HTTP_AUTHORIZATION: Bearer alice-token",
        f"{CAROL}\r\nAuthorization_: Bearer alice-token",
        f"{CAROL}\r\nHTTP-Authorization: Bearer alice-token",
        "X-User: alice",
        "Authorization: acs:ram::1234567890123456:user/alice",
        "Authorization: Bearer",
        "Authorization: Bearer alice-token, Bearer alice-token",
        "Authorization: Bearer alice-token\0",
        "Authorization: Basic YWxpY2U6",
        f"{CAROL}\r\n{ALICE}",
        f"{ALICE}\r\n{CAROL}",
        f"{ALICE}\r\n{ALICE}",
        f"Authorization: Bearer {'a' * 65_000}",
        f"X-Long: {'a' * 65_000}\r\n{CAROL}",
        f"X-Long: {'a' * 66_000}\r\n{CAROL}",
        "authorization : Bearer alice-token",
    ],
)
def test_a_header_makes_nobody_somebody_else(address: Address, header: str) -> None:
    status, body = ask(address, Y, header)
    assert status in {400, 401, 403, 431}
    assert "released" not in body


@pytest.mark.parametrize("method", ["delete", "Delete", "POST", "PUT", "HEAD", "FOO"])
def test_another_method_does_not_reach_the_route(address: Address, method: str) -> None:
    status, body = ask(address, Y, EVE, method=method)
    assert status in {400, 403, 404, 405, 501}
    assert "released" not in body


def test_requests_on_one_connection_share_no_principal(address: Address) -> None:
    first = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\n{ALICE}\r\n\r\n"
    second = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\n{CAROL}\r\n\r\n"
    third = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found = send(address, f"{first}{second}{third}".encode())
    statuses = [int(part.split()[1]) for part in re.findall(rb"HTTP/1\.\d \d+", found)]
    # Flask's server closes the connection after its first request.
    assert statuses in ([200, 403, 401], [200])


def test_after_all_of_it_the_instance_is_still_there(address: Address) -> None:
    status, body = ask(address, f"{Y}/topics", ALICE, method="GET")
    assert (status, body.strip()) == (200, "[]")
