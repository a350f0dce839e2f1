from __future__ import annotations

import http.client
import socket
from typing import TYPE_CHECKING, NamedTuple

import pytest

from processes import BOUND
from ramgate.errors import AnswerError
from ramgate.sidecar import process, settings
from ramgate.sidecar.sidecar import Sidecar
from sidecars import ALLOW, DECISION_PATH, REQUEST, TOKEN, Reply, ask
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator


class Access(NamedTuple):
    """A URL of an OPA that authorizes its requests, and the token that it requires."""

    url: str
    token: str | None


@pytest.fixture(
    scope="module",
    params=["token", "loopback", "unix beside loopback", "unix with a token"],
)
def access(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Access]:
    """Return each kind of address on which OPA answers public paths and nothing else."""
    unix = f"unix://{tmp_path_factory.mktemp('socket')}/s"
    addresses = [] if request.param == "unix with a token" else ["127.0.0.1:0"]
    token = TOKEN if "token" in request.param else None
    if request.param.startswith("unix"):
        addresses.insert(0, unix)
    bundle = tiny_bundle(decision=ALLOW)
    with Sidecar(bundle=bundle, addresses=addresses, token=token) as sidecar:
        yield Access(sidecar.url, token)


@pytest.mark.parametrize(
    "path", [DECISION_PATH, f"{DECISION_PATH}s", "/v1/data/ram/authz/%64ecision"]
)
def test_access_opens_the_public_paths(access: Access, path: str) -> None:
    assert ask(access.url, target=path, token=access.token).status == 200


def test_the_client_has_the_token(guarded: Sidecar) -> None:
    with guarded.client() as client:
        assert client.decide(*REQUEST)


@pytest.mark.parametrize("path", ["/health", "/health?bundles", "/health?bundles=true&plugins"])
@pytest.mark.parametrize("token", [None, "wrong", TOKEN])
def test_health_needs_no_token(access: Access, path: str, token: str | None) -> None:
    assert ask(access.url, "GET", path, token=token).status == 200


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"bearer {TOKEN}"],
)
def test_nothing_is_answered_without_the_token(guarded: Sidecar, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    assert ask(guarded.url, **headers).status == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/"),
        ("POST", ""),
        ("POST", "/v1/data"),
        ("POST", "/v1/data/"),
        ("POST", "/v1/data/ram"),
        ("POST", "/v1/data/ram/authz"),
        ("POST", "/v1/data/store"),
        ("POST", "/v1/data/system"),
        ("POST", f"{DECISION_PATH}/"),
        ("POST", f"{DECISION_PATH}/allow"),
        ("POST", f"{DECISION_PATH}/."),
        ("POST", f"{DECISION_PATH}/%2e%2e/decision"),
        ("POST", f"{DECISION_PATH}/../../../store"),
        ("POST", f"/{DECISION_PATH}"),
        ("POST", "/v1//data/ram/authz/decision"),
        ("POST", "/v1/data/ram/authz//decision"),
        ("POST", "/v1/data/./ram/authz/decision"),
        ("POST", "/v1/data/store/%2e%2e/ram/authz/decision"),
        ("POST", "/v1/data/ram%2Fauthz/decision"),
        ("POST", "/v1/data/ram.authz.decision"),
        ("POST", "/V1/data/ram/authz/decision"),
        ("POST", "/v1/data/RAM/authz/decision"),
        ("POST", "/v1/data/ram/authz/Decision"),
        ("POST", f"{DECISION_PATH}%00"),
        ("POST", f"{DECISION_PATH};x=1"),
        ("POST", f"{DECISION_PATH}?explain=full"),
        ("POST", f"{DECISION_PATH}?instrument"),
        ("POST", f"{DECISION_PATH}?pretty=true"),
        ("POST", f"{DECISION_PATH}?metrics"),
        ("POST", f"{DECISION_PATH}?provenance"),
        ("POST", f"{DECISION_PATH}?x"),
        ("GET", DECISION_PATH),
        ("GET", f"{DECISION_PATH}?input=1"),
        ("HEAD", "/health"),
        ("POST", "/health"),
        ("GET", "/health/"),
        ("GET", "/health/live"),
        ("GET", "/"),
        ("GET", "/v1/data"),
        ("GET", "/v1/data/store"),
        ("GET", "/v1/data/system"),
        ("GET", "/v1/policies"),
        ("GET", "/v1/query?q=data"),
        ("GET", "/v1/config"),
        ("GET", "/v1/status"),
        ("GET", "/metrics"),
        ("GET", "/debug/pprof/"),
        ("POST", "/v0/data/ram/authz/decision"),
        ("POST", "/v1/query"),
        ("POST", "/v1/data?explain=full"),
        ("POST", "/v1/compile"),
        ("POST", "/v1/compile/ram/authz/decision"),
        ("PUT", DECISION_PATH),
        ("PUT", "/v1/data/other"),
        ("PUT", "/v1/policies/x"),
        ("PATCH", "/v1/data/other"),
        ("PATCH", DECISION_PATH),
        ("DELETE", DECISION_PATH),
        ("DELETE", "/v1/policies/x"),
    ],
)
def test_access_opens_nothing_else(access: Access, method: str, target: str) -> None:
    """Without a token, an OPA on loopback TCP had its whole API open to every local program."""
    # 401 comes from system.authz; OPA itself rejects some of these requests and redirects others
    reply = ask(access.url, method, target, {"query": "x := data", "input": {}}, token=access.token)
    assert reply.status in {301, 400, 401, 405}
    assert b"result" not in reply.body


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"oRIGIN": "http://127.0.0.1:8181"},
        {"Sec-Fetch-Site": "cross-site"},
        {"sec-fetch-site": "same-origin"},
        {"SEC-FETCH-SITE": "none"},
        {"Origin": "http://localhost", "Host": "localhost"},
    ],
)
def test_a_web_page_is_refused(access: Access, headers: dict[str, str]) -> None:
    """A page in a browser of this machine could ask OPA, and by DNS rebinding read the answers."""
    assert ask(access.url, token=access.token, **headers).status == 401


def test_a_program_with_its_own_headers_is_answered(access: Access) -> None:
    headers = {"User-Agent": "a program", "Accept": "*/*", "Sec-Fetch-Mode": "cors", "Host": "x"}
    assert ask(access.url, token=access.token, **headers).status == 200


def test_no_query_reads_the_environment_or_reaches_other_hosts(access: Access) -> None:
    """An ad-hoc query read OPA's environment, and carried data off by HTTP and by DNS."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        url = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
        for query in (
            "x := opa.runtime().env",
            f'http.send({{"method": "get", "url": "{url}"}}, x)',
            'x := net.lookup_ip_addr("localhost")',
        ):
            body = {"query": query}
            assert ask(access.url, target="/v1/query", body=body, token=access.token).status == 401
            policy = ask(access.url, "PUT", "/v1/policies/mine", f"package mine\n\n{query}\n")
            assert policy.status == 401
        with pytest.raises(TimeoutError):
            elsewhere.accept()


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ({}, 401),
        ({"RAMGATE_ACCESS": "token"}, 401),
        ({"RAMGATE_ACCESS": "token", "RAMGATE_TOKEN_SHA256": ""}, 401),
        ({"RAMGATE_ACCESS": "nobody"}, 401),
        ({"RAMGATE_ACCESS": "loopback", "RAMGATE_TOKEN_SHA256": ""}, 401),
        ({"RAMGATE_ACCESS": "loopback"}, 200),
    ],
)
def test_access_that_is_not_stated_is_nobodys(
    monkeypatch: pytest.MonkeyPatch, stated: dict[str, str], status: int
) -> None:
    """A lost variable must not open OPA."""
    monkeypatch.setattr(settings, "environment", lambda *_, **__: stated)
    # OPA does not tell the sidecar its revision either.
    monkeypatch.setattr(process, "active_revision", lambda *_: "tiny-1")
    bundle = tiny_bundle(decision=ALLOW)
    with Sidecar(bundle=bundle, addresses=["127.0.0.1:0"], token=TOKEN) as sidecar:
        assert ask(sidecar.url, token=TOKEN).status == status
        assert ask(sidecar.url, token=None).status == status
        assert ask(sidecar.url, "GET", "/health").status == 200


def test_without_the_rule_of_access_nothing_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without system.authz in the bundle its decision is undefined, which opens nothing."""

    class EnoughError(Exception):
        pass

    monkeypatch.setattr("tiny_bundle.SYSTEM", ())
    sidecar = Sidecar(bundle=tiny_bundle(), token=TOKEN)
    statuses: list[int] = []
    real = http.client.HTTPConnection.getresponse

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = real(self)
        statuses.append(response.status)
        if len(statuses) == 10:
            raise EnoughError
        return response

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", getresponse)
    with pytest.raises(EnoughError):
        sidecar.start()
    assert set(statuses) == {500}


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("PUT", "/v1/data/store", {"mine": True}),
        ("PUT", "/v1/data/store/policies/mine", {}),
        ("PUT", "/v1/data", {}),
        ("PATCH", "/v1/data/store", [{"op": "add", "path": "/mine", "value": 1}]),
        ("PATCH", "/v1/data", [{"op": "add", "path": "/store/mine", "value": 1}]),
        ("DELETE", "/v1/data/store", None),
        ("DELETE", "/v1/data/store/secret", None),
        ("PUT", "/v1/data/ram/authz/decision", True),
        ("PUT", "/v1/data/slr/mine", True),
        ("PUT", "/v1/data/system/authz", {"allow": True}),
        ("PUT", "/v1/data/system/bundles/ramgate/manifest/roots", []),
        ("PUT", "/v1/data/system/bundles", {}),
        ("PATCH", "/v1/data/system", [{"op": "remove", "path": "/bundles"}]),
        ("DELETE", "/v1/data/system/bundles", None),
    ],
)
def test_even_in_an_open_opa_grants_and_code_are_read_only(
    unguarded: Sidecar, method: str, target: str, body: object
) -> None:
    before = ask(unguarded.url, "GET", "/v1/data").result
    assert ask(unguarded.url, method, target, body).status in {400, 404, 405}
    assert ask(unguarded.url, "GET", "/v1/data").result == before


@pytest.mark.parametrize(
    "package", ["ram.authz", "ram.mine", "ram", "slr", "store", "system.authz", "system.log"]
)
def test_even_in_an_open_opa_the_bundles_packages_take_no_policies(
    unguarded: Sidecar, package: str
) -> None:
    connection = http.client.HTTPConnection(unguarded.url.removeprefix("http://"), timeout=BOUND)
    connection.request("PUT", "/v1/policies/mine", f"package {package}\n\nmine := true\n")
    reply = Reply(connection.getresponse())
    connection.close()
    assert reply.status == 400
    assert b"owned by bundle" in reply.body


def test_over_tcp_nothing_is_explained_unless_that_is_allowed() -> None:
    for allowed in (False, True):
        with (
            Sidecar(addresses=["127.0.0.1:0"], token=TOKEN, allow_explain=allowed) as sidecar,
            sidecar.client() as client,
        ):
            assert client.decide(*REQUEST)
            if allowed:
                assert client.explain(*REQUEST).decision == client.decide(*REQUEST)
            else:
                with pytest.raises(AnswerError, match="start OPA with `--allow-explain`"):
                    client.explain(*REQUEST)
