from __future__ import annotations

import http.client

import pytest

from processes import BOUND
from ramgate.errors import SidecarError
from ramgate.sidecar.sidecar import Sidecar
from sidecars import DECISION_PATH, REQUEST, TOKEN, Reply, ask
from tiny_bundle import tiny_bundle


@pytest.mark.parametrize(
    "path", [DECISION_PATH, f"{DECISION_PATH}s", "/v1/data/ram/authz/%64ecision"]
)
def test_the_token_opens_the_public_paths(guarded: Sidecar, path: str) -> None:
    assert ask(guarded.url, target=path, token=TOKEN).status == 200


def test_the_client_has_the_token(guarded: Sidecar) -> None:
    with guarded.client() as client:
        assert client.decide(*REQUEST)


@pytest.mark.parametrize("path", ["/health", "/health?bundles", "/health?bundles=true&plugins"])
@pytest.mark.parametrize("token", [None, "wrong", TOKEN])
def test_health_needs_no_token(guarded: Sidecar, path: str, token: str | None) -> None:
    assert ask(guarded.url, "GET", path, token=token).status == 200


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
def test_the_token_opens_nothing_else(guarded: Sidecar, method: str, target: str) -> None:
    # 401 comes from system.authz; OPA itself rejects some of these requests and redirects others
    reply = ask(guarded.url, method, target, {"query": "x := data", "input": {}}, token=TOKEN)
    assert reply.status in {301, 400, 401, 405}
    assert b"result" not in reply.body


def test_nothing_but_health_is_answered_before_the_bundle_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Without system.authz in the bundle its decision is undefined, as before the first bundle.
    monkeypatch.setattr("tiny_bundle.SYSTEM", ())
    sidecar = Sidecar(bundle=tiny_bundle(), token=TOKEN, startup_timeout=1)
    statuses: set[int] = set()
    real = http.client.HTTPConnection.getresponse

    def getresponse(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        response = real(self)
        statuses.add(response.status)
        return response

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", getresponse)
    with pytest.raises(SidecarError, match=r"^OPA was not ready within 1 s: "):
        sidecar.start()
    assert statuses == {500}


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
def test_even_without_a_token_grants_and_code_are_read_only(
    unguarded: Sidecar, method: str, target: str, body: object
) -> None:
    before = ask(unguarded.url, "GET", "/v1/data").result
    assert ask(unguarded.url, method, target, body).status in {400, 404, 405}
    assert ask(unguarded.url, "GET", "/v1/data").result == before


@pytest.mark.parametrize(
    "package", ["ram.authz", "ram.mine", "ram", "slr", "store", "system.authz", "system.log"]
)
def test_even_without_a_token_the_bundles_packages_take_no_policies(
    unguarded: Sidecar, package: str
) -> None:
    connection = http.client.HTTPConnection(unguarded.url.removeprefix("http://"), timeout=BOUND)
    connection.request("PUT", "/v1/policies/mine", f"package {package}\n\nmine := true\n")
    reply = Reply(connection.getresponse())
    connection.close()
    assert reply.status == 400
    assert b"owned by bundle" in reply.body
