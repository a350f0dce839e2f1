"""Attempts to get around the middleware, sent byte by byte to a FastAPI application under uvicorn.

Each attempt stands under its source: a public report about another integration (fastapi-opa, the
web adapters of casbin, gateways and proxies), or `invented`. A report names the idea; the paths are
those of this application. `eve` may do everything with the instances but with
`alikafka_post-cn-y`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import pytest

from ramgate import Sidecar
from raw_requests import ACCOUNTS, ALICE, CAROL, EVE, Y, ask, send
from web_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_T = TypeVar("_T")


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


def each(attempts: Mapping[str, Sequence[_T]]) -> list[_T]:
    """Return the attempts of all sources."""
    return [attempt for of_source in attempts.values() for attempt in of_source]


# A public path that is longer or spelled in another way, or stands in another place.
PUBLIC_PATHS = {
    "busykoala/fastapi-opa#38": ["/docs2", "/docs/instances"],
    "busykoala/fastapi-opa#40": ["/docs-admin", "/openapi.json/"],
    "apache/casbin-pycasbin#84": ["/"],
    "gofr-dev/gofr#3978": ["/healthprivate", "/health/admin"],
    "PrefectHQ/prefect#21063": ["/x/health", f"{Y}/docs"],
    "sparckles/Robyn#1245": ["/docs/"],
    "envoyproxy/envoy#6435": [
        f"/docs/..{Y}/topics",
        "/./docs",
        "/health/../openapi.json",
        f"{Y}/topics/../../../docs",
    ],
    "chimurai/http-proxy-middleware#1168": [f"/docs/%2e%2e{Y}/topics"],
    "caddyserver/caddy#7941": [f"/docs/..%2f{Y}/topics", f"/docs%2f..{Y}/topics"],
    "istio/istio#27409": [f"/docs/..;{Y}/topics"],
    "dotCMS/core#22390": [f"/docs;{Y}/topics"],
    "envoyproxy/envoy#7611": [f"//docs{Y}/topics", "//docs"],
    "microsoft/kiota#7912": [f"/docs%00{Y}/topics"],
    "jfromaniello/express-unless#16": ["/DOCS"],
    "nolabs-ai/nono#528": ["/%64ocs"],
    "mitre/HTTP-Proxy-Servlet#191": ["/docs%3f"],
    "nginx/nginx#590": ["/docs%0a"],
    "GoAdminGroup/go-admin#690": [f"{Y}/topics?/docs", f"{Y}/topics?path=/health"],
    "istio/istio.io#10254": [f"{Y}/topics#/docs"],
    "invented": ["/docs%20", "*"],
}
HEADERS = {
    "mautic/mautic#6431": ["X-Original-URL: /docs"],
    "yiisoft/yii2#18738": ["X-Rewrite-URL: /docs"],
    "golang/vulndb#1690": ["X-Envoy-Original-Path: /docs"],
    "coreruleset/coreruleset#4416": ["X-HTTP-Method-Override: GET"],
    "benoitc/gunicorn#2799": ["X_Forwarded_User: alice"],
    "miniflux/v2#3953": ["X-User: alice", "X-Forwarded-User: alice"],
    "httpwg/http-core#180": [
        "Authorization: Bearer alice-token, Bearer alice-token",
        f"{CAROL}\r\n{ALICE}",
        f"{ALICE}\r\n{CAROL}",
        f"{ALICE}\r\n{ALICE}",
    ],
    "envoyproxy/envoy#6434": ["Authorization: Bearer alice-token\0"],
    "invented": [
        "X-Forwarded-Path: /docs",
        "X-Forwarded-Prefix: /docs",
        "X-Principal: acs:ram::1234567890123456:user/alice",
        "Authorization: acs:ram::1234567890123456:user/alice",
        "Authorization: Bearer",
        "Authorization: Basic YWxpY2U6",
        f"Authorization: Bearer {'a' * 65_536}",
        f"X-Long: {'a' * 65_536}\r\n{CAROL}",
        f"Authorization: Bearer {'acs:ram::1234567890123456:root' * 2_200}",
        "authorization : Bearer alice-token",
        "Authorization:\r\n Bearer alice-token\r\n, x",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
}
# Other spellings of the denied instance, and values that reach beyond their segment.
RESOURCES: dict[str, list[tuple[str, int]]] = {
    "nolabs-ai/nono#528": [
        ("/instances/alikafka_post-cn-%79", 403),
        ("/instances/%61likafka_post-cn-y", 403),
    ],
    "sparckles/Robyn#1245": [(f"{Y}/", 404)],
    "microsoft/kiota#7912": [
        (f"{Y}%00", 400),
        ("/instances/alikafka_post-cn-%ef%bd%99", 404),  # a full-width y is another instance
    ],
    "nginx/nginx#590": [(f"{Y}%0a", 400), (f"{Y}%0d%0aX:%20x", 400)],
    "quarkusio/quarkus#53930": [(f"{Y};x", 400)],
    "keycloak/keycloak#52836": [(f"{Y}%3bx", 400), ("/instances/..%3b", 400)],
    "istio/istio#27409": [("/instances/..;/alikafka_post-cn-y", 404)],
    "mitre/HTTP-Proxy-Servlet#191": [(f"{Y}%3fx", 400), ("/instances/alikafka_post-cn-%3f", 400)],
    "envoyproxy/envoy#20260": [
        (f"{Y}%2f", 404),
        (f"{Y}%2f.", 404),
        ("/instances/x%2f..%2falikafka_post-cn-y", 404),
        ("/instances/..%2finstances%2falikafka_post-cn-y", 404),
        ("/instances/x%5c..%5calikafka_post-cn-y", 400),
    ],
    "chimurai/http-proxy-middleware#1168": [("/instances/%2e", 400), ("/instances/%2e%2e", 400)],
    "open-webui/open-webui#25157": [
        ("/instances/%252e%252e", 400),
        ("/instances/alikafka_post-cn-%2579", 400),
    ],
    "apache/casbin-node-casbin#66": [
        ("/instances/*", 400),
        ("/instances/%2a", 400),
        ("/instances/alikafka_post-cn-*", 400),
    ],
    "pycasbin/flask-authz#11": [("/instances/%7Binstance%7D", 404), ("/instances/<instance>", 404)],
    "klren0312/egg-zrole#19": [(f"{Y}?instance=z", 403)],
    "php-casbin/laravel-authz#47": [("/instances/:instance", 400)],
    "coreruleset/coreruleset#4189": [
        ("/instances/%c0%ae%c0%ae", 404),  # no UTF-8: uvicorn reads replacement characters
    ],
    "GoogleCloudPlatform/nodejs-docs-samples#333": [
        ("/instances/ALIKAFKA_POST-CN-Y", 404),
        ("/Instances/alikafka_post-cn-y", 404),
    ],
    "envoyproxy/envoy#7611": [("//instances/alikafka_post-cn-y", 404)],
    "envoyproxy/envoy#6435": [(f"/x/..{Y}", 404), (f"/health/..{Y}", 404), (f"/./{Y}", 404)],
    "diennea/carapaceproxy#614": [(f"http://x{Y}", 403)],
    "invented": [
        (f"{Y}%20", 400),
        (f"{Y}%09", 400),
        ("/instances/acs:alikafka:cn-hangzhou:1234567890123456:x", 400),
        ("/instances/x:alikafka_post-cn-y", 400),
        ("/instances/" + "a" * 4_096, 400),
    ],
}
METHODS = {
    "apache/trafficserver#7886": ["delete", "Delete"],
    "bytedance/vArmor#401": ["FOO"],
    "busykoala/fastapi-opa#73": ["OPTIONS"],
    "invented": ["POST", "PUT", "HEAD"],
}


def test_each_attempt_has_its_source() -> None:
    tables: list[Mapping[str, Sequence[object]]] = [PUBLIC_PATHS, HEADERS, RESOURCES, METHODS]
    for table in tables:
        assert all(re.fullmatch(r"[\w.-]+/[\w.-]+#\d+|invented", source) for source in table)
        assert all(table.values())
    reported = [
        attempt
        for table in tables
        for source, of_source in table.items()
        for attempt in of_source
        if source != "invented"
    ]
    assert len(reported) >= 30


def test_the_ways_in_that_are_meant_are_open(address: tuple[str, int]) -> None:
    assert ask(address, "/health", method="GET")[0] == 200
    assert ask(address, f"{Y}/topics", ALICE, method="GET") == (200, "[]")
    assert ask(address, Y, EVE)[0] == ask(address, Y, CAROL)[0] == 403
    assert ask(address, Y)[0] == 401
    assert ask(address, "/instances/z", EVE)[0] == 404  # allowed, and not there


@pytest.mark.parametrize("target", each(PUBLIC_PATHS))
def test_a_stranger_does_not_get_past_the_list_of_public_paths(
    address: tuple[str, int], target: str
) -> None:
    status, body = ask(address, target, method="GET")
    assert status in {400, 401}
    assert "[]" not in body


@pytest.mark.parametrize("header", each(HEADERS))
def test_a_header_makes_nobody_somebody_else(address: tuple[str, int], header: str) -> None:
    status, body = ask(address, Y, header)
    assert status in {400, 401, 403, 431}
    assert "released" not in body


@pytest.mark.parametrize(("target", "status"), each(RESOURCES))
def test_a_path_names_one_resource_to_policies_and_application(
    address: tuple[str, int], target: str, status: int
) -> None:
    found, body = ask(address, target, EVE)
    assert found == status
    assert "released" not in body


@pytest.mark.parametrize("method", each(METHODS))
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
