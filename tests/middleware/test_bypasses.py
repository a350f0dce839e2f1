"""Attempts to get around the middleware, sent byte by byte to a FastAPI application under uvicorn.

They are written from public reports about other integrations:

- fastapi-opa, pull requests 38 and 40: a list of endpoints to skip, matched without an anchor;
- pycasbin, issues 60 and 84, and casbin, issue 909: a rule for `/` that matches every path, a rule
  for a path that matches its neighbour, and a query that is part of the path;
- Envoy, CVE-2019-9901 and CVE-2021-29492 (issues 6435 and 20260): dot segments and escaped slashes
  that the authorization reads as another path than the application;
- Caddy, pull request 7941, and go-authcrunch, pull request 110: `..%2f` behind a public prefix.

`eve` may do everything with the instances but with `alikafka_post-cn-y`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import Sidecar
from raw_requests import ACCOUNTS, ALICE, CAROL, EVE, Y, ask, send
from web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    folder: Path = tmp_path_factory.mktemp("bypasses")
    (folder / "accounts.yaml").write_text(ACCOUNTS)
    arguments = ["--app-dir", "examples/fastapi_instances", "--factory", "instances_fastapi:create"]
    with (
        Sidecar(folder / "accounts.yaml") as sidecar,
        serving(arguments, sidecar.url, folder / "log") as address,
    ):
        yield address


def test_the_ways_in_that_are_meant_are_open(address: tuple[str, int]) -> None:
    assert ask(address, "/health", method="GET")[0] == 200
    assert ask(address, f"{Y}/topics", ALICE, method="GET") == (200, "[]")
    assert ask(address, Y, EVE)[0] == ask(address, Y, CAROL)[0] == 403
    assert ask(address, Y)[0] == 401
    assert ask(address, "/instances/z", EVE)[0] == 404  # allowed, and not there


@pytest.mark.parametrize(
    "target",
    [
        # an extended or differently spelled public path
        "/docs/",
        "/docs2",
        "/docs/instances",
        "/docs-admin",
        f"/docs/..{Y}/topics",
        f"/docs/..;{Y}/topics",
        f"/docs/..%2f{Y}/topics",
        f"/docs%2f..{Y}/topics",
        f"/docs/%2e%2e{Y}/topics",
        f"/docs%00{Y}/topics",
        f"/docs;{Y}/topics",
        f"//docs{Y}/topics",
        "//docs",
        "/DOCS",
        "/%64ocs",
        "/docs%20",
        "/docs%0a",
        "/docs%3f",
        "/./docs",
        "/health/../openapi.json",
        # a public path in another place
        f"{Y}/topics?/docs",
        f"{Y}/topics?path=/health",
        f"{Y}/topics#/docs",
        f"{Y}/topics/../../../docs",
        "/openapi.json/",
        "/",
        "*",
    ],
)
def test_a_stranger_does_not_get_past_the_list_of_public_paths(
    address: tuple[str, int], target: str
) -> None:
    status, body = ask(address, target, method="GET")
    assert status in {400, 401}
    assert "[]" not in body


@pytest.mark.parametrize(
    "header",
    [
        "X-Original-URL: /docs",
        "X-Rewrite-URL: /docs",
        "X-Forwarded-Path: /docs",
        "X-Forwarded-Prefix: /docs",
        "X-HTTP-Method-Override: GET",
        "X-User: alice",
        "X-Forwarded-User: alice",
        "X-Principal: acs:ram::1234567890123456:user/alice",
        "Authorization: acs:ram::1234567890123456:user/alice",
        "Authorization: Bearer",
        "Authorization: Bearer alice-token, Bearer alice-token",
        "Authorization: Bearer alice-token\0",
        "Authorization: Basic YWxpY2U6",
        f"{CAROL}\r\n{ALICE}",
        f"{ALICE}\r\n{CAROL}",
        f"{ALICE}\r\n{ALICE}",
        f"Authorization: Bearer {'a' * 65_536}",
        f"X-Long: {'a' * 65_536}\r\n{CAROL}",
        f"Authorization: Bearer {'acs:ram::1234567890123456:root' * 2_200}",
        "authorization : Bearer alice-token",
        "Authorization:\r\n Bearer alice-token\r\n, x",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
def test_a_header_makes_nobody_somebody_else(address: tuple[str, int], header: str) -> None:
    status, body = ask(address, Y, header)
    assert status in {400, 401, 403, 431}
    assert "released" not in body


@pytest.mark.parametrize(
    ("target", "status"),
    [
        # other spellings of the denied instance, and values that reach beyond their segment
        ("/instances/alikafka_post-cn-%79", 403),
        ("/instances/%61likafka_post-cn-y", 403),
        (f"{Y}/", 404),
        (f"{Y}%00", 400),
        (f"{Y}%0a", 400),
        (f"{Y}%0d%0aX:%20x", 400),
        (f"{Y}%20", 400),
        (f"{Y}%09", 400),
        (f"{Y};x", 400),
        (f"{Y}%3bx", 400),
        (f"{Y}%3fx", 400),
        (f"{Y}%2f", 404),
        (f"{Y}%2f.", 404),
        ("/instances/x%2f..%2falikafka_post-cn-y", 404),
        ("/instances/..%2finstances%2falikafka_post-cn-y", 404),
        ("/instances/%2e", 400),
        ("/instances/%2e%2e", 400),
        ("/instances/..%3b", 400),
        ("/instances/..;/alikafka_post-cn-y", 404),
        ("/instances/x%5c..%5calikafka_post-cn-y", 400),
        ("/instances/%252e%252e", 400),
        ("/instances/alikafka_post-cn-%2579", 400),
        ("/instances/*", 400),
        ("/instances/%2a", 400),
        ("/instances/alikafka_post-cn-%3f", 400),
        ("/instances/alikafka_post-cn-*", 400),
        ("/instances/acs:alikafka:cn-hangzhou:1234567890123456:x", 400),
        ("/instances/x:alikafka_post-cn-y", 400),
        ("/instances/%c0%ae%c0%ae", 404),  # no UTF-8: uvicorn reads replacement characters
        ("/instances/alikafka_post-cn-%ef%bd%99", 404),  # a full-width y is another instance
        ("/instances/ALIKAFKA_POST-CN-Y", 404),
        ("//instances/alikafka_post-cn-y", 404),
        ("/Instances/alikafka_post-cn-y", 404),
        (f"/x/..{Y}", 404),
        (f"/health/..{Y}", 404),
        (f"/./{Y}", 404),
        (f"http://x{Y}", 403),
        (f"{Y}?instance=z", 403),
        ("/instances/" + "a" * 4_096, 400),
    ],
)
def test_a_path_names_one_resource_to_policies_and_application(
    address: tuple[str, int], target: str, status: int
) -> None:
    found, body = ask(address, target, EVE)
    assert found == status
    assert "released" not in body


@pytest.mark.parametrize("method", ["delete", "Delete", "POST", "PUT", "HEAD", "OPTIONS", "FOO"])
def test_another_method_does_not_reach_the_route(address: tuple[str, int], method: str) -> None:
    status, body = ask(address, Y, EVE, method=method)
    assert status in {400, 405}
    assert "released" not in body


def test_requests_on_one_connection_share_no_principal(address: tuple[str, int]) -> None:
    first = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\n{ALICE}\r\n\r\n"
    second = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\n{CAROL}\r\n\r\n"
    third = f"GET {Y}/topics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found = send(address, f"{first}{second}{third}".encode())
    statuses = [int(part.split()[0]) for part in found.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [200, 403, 401]


def test_after_all_of_it_the_instance_is_still_there(address: tuple[str, int]) -> None:
    assert ask(address, f"{Y}/topics", ALICE, method="GET") == (200, "[]")
