"""A registry gets the bundle and the credentials, and no other host does."""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest

import servers
from ramgate.errors import PublishError
from ramgate.publish.registry import RegistryTarget
from ramgate.publish.target import target
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUNDLE = tiny_bundle("1")
BASIC = f"Basic {base64.b64encode(b'user:s3cret').decode()}"
Answers = dict[str, tuple[int, dict[str, str], bytes]]


class Fake(http.server.BaseHTTPRequestHandler):
    """A registry whose answers the test states, by method, or by path."""

    answers: Answers
    seen: list[tuple[str, str, str | None]]

    def answer(self) -> None:
        length = int(self.headers["Content-Length"] or 0)
        self.rfile.read(length)
        authorization = self.headers["Authorization"]
        self.seen.append((self.command, self.path, authorization))
        path = self.path.partition("?")[0]
        key = f"{self.command} {authorization}"
        status, headers, body = self.answers.get(
            path, self.answers.get(key, self.answers.get(self.command, (404, {}, b"")))
        )
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the names of http.server

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def fake() -> Iterator[tuple[str, Answers, list[tuple[str, str, str | None]]]]:
    """Yield the `host:port` of a fake registry, its answers, and the requests that it got."""
    handler = type("Handler", (Fake,), {"answers": {}, "seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", handler.answers, handler.seen  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def test_a_real_registry_gets_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    password.chmod(0o600)
    with servers.registry(tmp_path, has_password=True) as host:
        with pytest.raises(PublishError, match="HEAD was answered with HTTP 401"):
            target(f"oci://{host}/ramgate:1").put(BUNDLE)
        monkeypatch.setenv("RAMGATE_REGISTRY_USER", "user")
        monkeypatch.setenv("RAMGATE_REGISTRY_PASSWORD_FILE", str(password))
        target(f"oci://{host}/ramgate:1").put(BUNDLE)


def test_a_token_is_fetched_where_the_registry_says(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
) -> None:
    host, answers, seen = fake
    challenge = f'Bearer realm="http://{host}/token",service="bundles"'
    answers["HEAD None"] = (401, {"WWW-Authenticate": challenge}, b"")
    answers["HEAD Bearer t"] = (200, {}, b"")
    answers["PUT Bearer t"] = (201, {}, b"")
    answers["/token"] = (200, {}, json.dumps({"access_token": "t"}).encode())
    place = RegistryTarget(f"oci://{host}/team/ramgate:1", lambda: ("user", "s3cret"))
    place.put(BUNDLE)
    asked = "/token?service=bundles&scope=repository%3Ateam%2Framgate%3Apull%2Cpush"
    assert seen[1] == ("GET", asked, BASIC)
    assert [(method, given) for method, _, given in seen] == [
        ("HEAD", None),
        ("GET", BASIC),
        *[("HEAD", "Bearer t")] * 2,
        ("PUT", "Bearer t"),
    ]
    anonymous = RegistryTarget(f"oci://{host}/team/ramgate:1")
    anonymous.put(BUNDLE)
    assert seen[6] == ("GET", asked, None)


def test_a_blob_that_the_registry_has_elsewhere_is_not_uploaded_again(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
) -> None:
    host, answers, seen = fake
    answers["HEAD"] = (307, {"Location": "https://store.example.com/blob"}, b"")
    answers["PUT"] = (201, {}, b"")
    RegistryTarget(f"oci://{host}/ramgate:1").put(BUNDLE)
    assert [method for method, _, _ in seen] == ["HEAD", "HEAD", "PUT"]


def test_a_registry_that_asks_for_the_password_gets_it(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, answers, seen = fake
    answers["HEAD None"] = (401, {"WWW-Authenticate": 'Basic realm="bundles"'}, b"")
    answers[f"HEAD {BASIC}"] = (200, {}, b"")
    answers[f"PUT {BASIC}"] = (201, {}, b"")
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    password.chmod(0o600)
    monkeypatch.setenv("RAMGATE_REGISTRY_USER", "user")
    monkeypatch.setenv("RAMGATE_REGISTRY_PASSWORD_FILE", str(password))
    target(f"oci://{host}/ramgate:1").put(BUNDLE)
    assert seen[0][2] is None
    assert {given for _, _, given in seen[1:]} == {BASIC}


def test_a_password_that_is_replaced_is_used(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host, answers, _ = fake
    answers["HEAD"] = answers["PUT"] = (401, {"WWW-Authenticate": "Basic"}, b"")
    answers[f"HEAD {BASIC}"] = (200, {}, b"")
    answers[f"PUT {BASIC}"] = (201, {}, b"")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("before")
    monkeypatch.setenv("RAMGATE_REGISTRY_USER", "user")
    monkeypatch.setenv("RAMGATE_REGISTRY_PASSWORD_FILE", str(password))
    place = target(f"oci://{host}/ramgate:1")
    with pytest.raises(PublishError, match="HTTP 401"):
        place.put(BUNDLE)
    password.write_text("")
    with pytest.raises(PublishError, match=r"the token file `.*` is empty"):
        place.put(BUNDLE)
    password.write_text("s3cret")
    place.put(BUNDLE)


@pytest.mark.parametrize(
    ("realm", "answer", "cause"),
    [
        ("http://HOST/token", (200, {}, b"no JSON"), "no token was given: HTTP 200"),
        ("http://HOST/token", (200, {}, b"{}"), "no token was given: HTTP 200"),
        ("http://HOST/token", (403, {}, b'{"token": "t"}'), "no token was given: HTTP 403"),
        ("ftp://HOST/token", (200, {}, b'{"token": "t"}'), "no https URL"),
        ("http://other.example.com/token", (200, {}, b'{"token": "t"}'), "no https URL"),
        ("https://HOST/token", (200, {}, b'{"token": "t"}'), "cannot reach"),
        ("", (200, {}, b'{"token": "t"}'), "no https URL"),
    ],
)
def test_without_a_token_nothing_is_sent(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
    realm: str,
    answer: tuple[int, dict[str, str], bytes],
    cause: str,
) -> None:
    host, answers, seen = fake
    challenge = f'Bearer realm="{realm.replace("HOST", host)}"'
    answers["HEAD"] = (401, {"WWW-Authenticate": challenge}, b"")
    answers["/token"] = answer
    with pytest.raises(PublishError, match=cause):
        RegistryTarget(f"oci://{host}/ramgate:1").put(BUNDLE)
    assert not any(method in {"POST", "PUT"} for method, _, _ in seen)


def test_a_registry_with_tls_cannot_have_the_password_sent_without(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    host, answers, seen = fake
    answers["HEAD"] = (401, {"WWW-Authenticate": f'Bearer realm="http://{host}/token"'}, b"")
    answers["/token"] = (200, {}, b'{"token": "t"}')

    def connected(*_: object, **__: object) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(host)

    monkeypatch.setattr(http.client, "HTTPSConnection", connected)
    with pytest.raises(PublishError, match="no https URL"):
        RegistryTarget("oci://registry.example.com/ramgate:1", lambda: ("user", "s3cret")).put(
            BUNDLE
        )
    assert [given for _, _, given in seen] == [None]


@pytest.mark.parametrize(
    ("method", "cause"),
    [("HEAD", "HEAD was"), ("POST", "POST was"), ("PUT", "PUT was answered with HTTP 500: broken")],
)
def test_an_answer_that_does_not_fit_is_an_error(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]], method: str, cause: str
) -> None:
    host, answers, _ = fake
    answers |= {"POST": (202, {"Location": "http://elsewhere.example/up?a=b"}, b"")}
    answers |= {"PUT": (201, {}, b""), method: (500, {}, b"" if method == "HEAD" else b"broken\n")}
    with pytest.raises(PublishError, match=cause):
        RegistryTarget(f"oci://{host}/ramgate:1").put(BUNDLE)


def test_no_other_host_gets_the_bundle(
    fake: tuple[str, Answers, list[tuple[str, str, str | None]]],
) -> None:
    host, answers, seen = fake
    answers |= {"POST": (202, {"Location": "http://elsewhere.example/up?a=b"}, b"")}
    answers |= {"PUT": (201, {}, b"")}
    RegistryTarget(f"oci://{host}/ramgate:1").put(BUNDLE)
    uploads = [path for method, path, _ in seen if method == "PUT" and path.startswith("/up")]
    assert len(uploads) == 2
    assert all(path.startswith("/up?a=b&digest=sha256%3A") for path in uploads)


def test_a_registry_that_does_not_answer_is_an_error() -> None:
    url = f"oci://127.0.0.1:{servers.free_port()}/ramgate:1"
    with pytest.raises(PublishError, match=r"cannot reach `oci://.*`: Connection refused"):
        RegistryTarget(url).put(BUNDLE)


@pytest.mark.parametrize("url", ["oci://x", "oci://x/y", "oci://x/Y:1", "oci://u@x/y:1"])
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not of the form oci://HOST\[:PORT\]/REPOSITORY:TAG"):
        RegistryTarget(url)


@pytest.mark.parametrize(
    ("url", "plain_http", "secure"),
    [
        ("oci://registry.example.com/x:1", False, True),
        ("oci://registry.example.com/x:1", True, False),
        ("oci://localhost:5000/x:1", False, False),
        ("oci://[::1]:5000/x:1", False, False),
    ],
)
def test_another_machine_is_spoken_to_with_tls(
    monkeypatch: pytest.MonkeyPatch, url: str, *, plain_http: bool, secure: bool
) -> None:
    used: list[bool] = []

    def connect(self: http.client.HTTPConnection) -> None:
        used.append(isinstance(self, http.client.HTTPSConnection))
        raise OSError("not now")

    for kind in (http.client.HTTPConnection, http.client.HTTPSConnection):
        monkeypatch.setattr(kind, "connect", connect)
    with pytest.raises(PublishError, match="not now"):
        RegistryTarget(url, plain_http=plain_http).put(BUNDLE)
    assert used == [secure]
