"""The cases of the certification scenario pass through both fronts."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any

import pytest

import fronts
from fronts import TOKEN, Front

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES: list[dict[str, Any]] = json.loads((fronts.CASES / "cases.json").read_text())["cases"]
NO_NGINX = pytest.mark.skipif(fronts.NGINX is None, reason="nginx is not installed")


@pytest.fixture(scope="module", params=[pytest.param("nginx", marks=NO_NGINX), "ramgate"])
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    with fronts.before_opa(request.param, folder, fronts.scenario()) as running:
        yield running


def is_nginx(request: pytest.FixtureRequest) -> bool:
    """Tell whether the front of this test is nginx."""
    return bool(request.node.callspec.params["front"] == "nginx")


def contains(found: Any, expected: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether an answer has all that a case expects: a search may find more."""
    if isinstance(expected, dict):
        return all(key in found and contains(found[key], expected[key]) for key in expected)
    if isinstance(expected, list) and expected and "decision" not in expected[0]:
        return all(item in found for item in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(contains, found, expected))
    return bool(found == expected)


def test_there_are_cases() -> None:
    assert len(CASES) == 96
    assert len({case["name"] for case in CASES}) == 96


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_of_the_certification_scenario(front: Front, case: dict[str, Any]) -> None:
    body = case["raw"].encode() if "raw" in case else json.dumps(case["body"]).encode()
    headers = {"Content-Type": case.get("content_type", "application/json")}
    if not case.get("without_credentials"):
        token = "another" if case.get("wrong_credentials") else TOKEN
        headers["Authorization"] = f"Bearer {token}"
    if case.get("x_request_id"):
        headers["X-Request-ID"] = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    for _ in range(case.get("times", 1)):
        answer = front.send(case["endpoint"], body, case.get("method", "POST"), headers)
        assert answer.status in case["status"], answer.body
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers.get("x-request-id") == headers.get("X-Request-ID")
        if answer.status == 200:
            assert contains(answer.value, case["expected"]), answer.body
        else:
            assert isinstance(answer.value, str)


KNOWN: dict[str, list[dict[str, str]]] = {
    "subject": [{"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}],
    "resource": [{"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}],
    "action": [{"name": "delete"}, {"name": "read"}, {"name": "write"}],
}
SEARCHES = [case for case in CASES if "/search/" in case["endpoint"] and case["status"] == [200]]


def test_there_are_searches() -> None:
    assert len(SEARCHES) > 20


@pytest.mark.parametrize("case", SEARCHES, ids=[case["name"] for case in SEARCHES])
def test_a_search_finds_those_that_an_evaluation_allows_and_no_others(
    front: Front, case: dict[str, Any]
) -> None:
    kind = case["endpoint"].rpartition("/")[2]
    body = case["body"]
    wanted = body.get(kind, {}).get("type")
    candidates = [one for one in KNOWN[kind] if one.get("type") == wanted]
    found = front.send(case["endpoint"], json.dumps(body).encode(), headers=BEARER).value["results"]
    allowed = []
    for one in candidates:
        asked = json.dumps({**body, kind: one}).encode()
        if front.send("/access/v1/evaluation", asked, headers=BEARER).value["decision"]:
            allowed.append(one)
    assert found == allowed


def test_the_expectations_of_a_search_are_exact_where_nothing_is_found() -> None:
    read, write = {"name": "read"}, {"name": "write"}
    assert contains({"results": [read, write]}, {"results": [read]})
    assert not contains({"results": [read]}, {"results": []})
    assert not contains({"results": [read]}, {"results": [read, write]})
    assert not contains({"evaluations": []}, {"evaluations": [{"decision": True}]})


GOOD = {
    "subject": {"type": "user", "id": "alice"},
    "action": {"name": "read"},
    "resource": {"type": "record", "id": "record-1"},
}
BEARER = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
GOOD_BODY = json.dumps(GOOD)


@pytest.mark.parametrize(
    "body",
    [
        f"{GOOD_BODY}]",
        f"{GOOD_BODY} {GOOD_BODY}",
        f'{GOOD_BODY}, "x"',
        f'{GOOD_BODY}, "x"] x',
        f"{GOOD_BODY}}}",
        f'", {GOOD_BODY}, "',
        f"[{GOOD_BODY}]",
        f"\ufeff{GOOD_BODY}",
        "subject: {type: user, id: alice}",
        "NaN",
        "",
        " ",
        "null",
        "5",
        "[" * 100_000,
    ],
)
def test_a_body_that_is_not_one_json_object_is_an_error(front: Front, body: str) -> None:
    answer = front.send("/access/v1/evaluation", body.encode(), headers=BEARER)
    assert answer.status == 400
    assert isinstance(answer.value, str)


@pytest.mark.parametrize("path", ["/access/v1/evaluation%0a", "/access/v1/search/action%0A"])
def test_a_path_with_a_line_feed_at_its_end_is_another_path(front: Front, path: str) -> None:
    answer = front.send(path, GOOD_BODY.encode(), headers=BEARER)
    assert answer.status == 404, answer.body
    assert isinstance(answer.value, str)


def with_text(text: bytes) -> bytes:
    """Return a whole request with one more text, which no rule reads."""
    return GOOD_BODY.encode()[:-1] + b', "x": "' + text + b'"}'


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\\ud800", b"\\udc00", b'", "\xff": "']
)
def test_a_whole_request_with_a_text_that_is_not_unicode_is_an_error(
    front: Front, text: bytes
) -> None:
    answer = front.send("/access/v1/evaluation", with_text(text), headers=BEARER)
    assert answer.status == 400, answer.body
    assert isinstance(answer.value, str)


@pytest.mark.parametrize("text", ["é", "\U0001f600", "\\ud83d\\ude00", "\\u0000", "\\\\ufffd"])
def test_a_text_of_unicode_is_no_error(front: Front, text: str) -> None:
    answer = front.send("/access/v1/evaluation", with_text(text.encode()), headers=BEARER)
    assert (answer.status, answer.value) == (200, {"decision": True})


@pytest.mark.parametrize("text", ["\ufffd", "\\ufffd", "\\uFFFD"])
def test_the_replacement_character_is_an_error_behind_nginx(
    request: pytest.FixtureRequest, front: Front, text: str
) -> None:
    answer = front.send("/access/v1/evaluation", with_text(text.encode()), headers=BEARER)
    assert answer.status == (400 if is_nginx(request) else 200)


@pytest.mark.parametrize("name", ["alice\n", "ali\x00ce", "../alice", "alice/../bob", "a:b", "*"])
def test_an_id_that_no_arn_can_have_is_false_with_a_reason(front: Front, name: str) -> None:
    body = json.dumps({**GOOD, "subject": {"type": "user", "id": name}}).encode()
    answer = front.send("/access/v1/evaluation", body, headers=BEARER)
    assert answer.status == 200
    assert answer.value["decision"] is False
    assert answer.value["context"]["errors"][0].startswith("subject.id: must be a text of letters")


# More than the 32 KiB that both fronts take.
LARGE = b"a" * 36_000
LINE = b"POST /access/v1/evaluation HTTP/1.1\r\n"
# The head, the status of each front, and true if nginx has read the identifier before the error.
UNREADABLE: dict[str, tuple[bytes, int, int, bool]] = {
    "an escape of nothing": (b"GET /% HTTP/1.1\r\nHost: a\r\n", 400, 401, False),
    # in one record of TLS: nginx does not wait for the rest of a URL that is longer than 8 KiB
    "a long URL": (b"GET /" + LARGE[:9_000] + b" HTTP/1.1\r\nHost: a\r\n", 414, 401, False),
    "a large header": (LINE + b"Host: a\r\nX-Request-ID: abc\r\nX: " + LARGE, 431, 431, True),
    "no host": (LINE + b"X-Request-ID: abc\r\n", 400, 400, True),
    "another coding": (
        LINE + b"Host: a\r\nX-Request-ID: abc\r\nTransfer-Encoding: gzip\r\n",
        501,
        501,
        True,
    ),
    "two lengths": (
        LINE
        + b"Host: a\r\nX-Request-ID: abc\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        400,
        400,
        True,
    ),
    "another version": (b"GET / HTTP/9.1\r\nHost: a\r\n", 505, 401, False),
    "another method": (b"TRACE / HTTP/1.1\r\nHost: a\r\nX-Request-ID: abc\r\n", 405, 401, True),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_early_error_is_a_json_string(
    request: pytest.FixtureRequest, front: Front, name: str
) -> None:
    head, *statuses, has_identifier = UNREADABLE[name]
    answer = front.send_raw(head + b"\r\n\r\n")
    assert answer.status == statuses[0 if is_nginx(request) else 1]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert isinstance(answer.value, str)
    if is_nginx(request):
        assert answer.headers.get("x-request-id") == ("abc" if has_identifier else None)


def test_http_without_tls_is_an_error(request: pytest.FixtureRequest, front: Front) -> None:
    plain = Front(front.port)
    if is_nginx(request):
        answer = plain.send("/access/v1/evaluation", GOOD_BODY.encode(), headers=BEARER)
        assert answer.status == 400
        assert isinstance(answer.value, str)
    else:  # a server of TLS closes such a connection
        with pytest.raises((OSError, http.client.HTTPException)):
            plain.send("/access/v1/evaluation", GOOD_BODY.encode(), headers=BEARER)


def test_a_header_of_64_kib_is_an_error(request: pytest.FixtureRequest, front: Front) -> None:
    headers = {**BEARER, "X-Request-ID": "abc", "X-Large": "a" * 64 * 1024}
    try:
        answer = front.send("/access/v1/evaluation", GOOD_BODY.encode(), headers=headers)
    except OSError:  # `ramgate authzen` closed the connection before it had the whole header
        assert not is_nginx(request)
        return
    assert answer.status == 431
    assert isinstance(answer.value, str)
    if is_nginx(request):
        assert answer.headers["x-request-id"] == "abc"


def test_a_body_above_the_limit_is_an_error(front: Front) -> None:
    body = GOOD_BODY.encode() + b" " * 1024 * 1024
    answer = front.send("/access/v1/evaluation", body, headers=BEARER)
    assert answer.status == 413
    assert isinstance(answer.value, str)


@pytest.mark.parametrize("media_type", ["application/jsonp", "text/json", "application/yaml", ""])
def test_another_content_type_is_an_error(front: Front, media_type: str) -> None:
    headers = {**BEARER, "Content-Type": media_type}
    answer = front.send("/access/v1/evaluation", GOOD_BODY.encode(), headers=headers)
    assert answer.status == 400


@pytest.mark.parametrize(
    "path", ["/access/v1/evaluation/", "/access/v1/search", "/v1/data/ram/authz/decision", "/"]
)
def test_another_path_is_not_found(front: Front, path: str) -> None:
    answer = front.send(path, GOOD_BODY.encode(), headers=BEARER)
    assert answer.status == 404
    assert isinstance(answer.value, str)


def test_a_query_changes_nothing(front: Front) -> None:
    answer = front.send("/access/v1/evaluation?explain=full", GOOD_BODY.encode(), headers=BEARER)
    assert answer.value == {"decision": True}


def test_the_metadata_name_the_endpoints(front: Front) -> None:
    answer = front.send("/.well-known/authzen-configuration", None, "GET", BEARER)
    assert answer.status == 200
    start = answer.value["policy_decision_point"]
    assert start.startswith("https://")
    assert answer.value["access_evaluation_endpoint"] == f"{start}/access/v1/evaluation"
    assert answer.value["search_action_endpoint"] == f"{start}/access/v1/search/action"
    posted = front.send("/.well-known/authzen-configuration", b"{}", "POST", BEARER)
    assert posted.status == 405
