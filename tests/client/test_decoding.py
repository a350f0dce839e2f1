"""Decoding of OPA's responses: a clean answer, or an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hostile import ALLOW, DENY, MALFORMED
from ramgate.client import decoding
from ramgate.client.http import Response
from ramgate.client.queries import DECISION, DECISIONS, SIMULATED_DECISION, SIMULATED_DECISIONS
from ramgate.errors import AnswerError, InvalidRequest
from ramgate.model.decision import Decision, Decisions, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

SIMULATED = ALLOW | {"simulated": True}
DEEP = b"[" * 100_000 + b"]" * 100_000
INVALID = "returned no valid answer"


def respond(body: object, status: int = 200) -> Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, raw, final=False)


def read_all(*decisions: object, count: int | None = None) -> Decisions:
    count = len(decisions) if count is None else count
    return decoding.read_all(DECISIONS, count, respond({"result": decisions}))


def test_a_decision_is_read() -> None:
    assert decoding.read(DECISION, respond({"result": ALLOW})) == Decision(
        allow=True,
        effect="Allow",
        reason="statement_allows",
        policy_type="AccountLevelIdentityBasedPolicy",
        statements=(Statement("AliyunServiceRolePolicyForAlikafka", 2),),
    )
    assert not decoding.read(DECISION, respond({"result": DENY}))
    assert not decoding.read(DECISION, respond({"result": DENY | {"simulated": False}}))
    assert decoding.read(SIMULATED_DECISION, respond({"result": SIMULATED})).simulated


def test_an_envelope_may_have_more_keys() -> None:
    more = {
        "decision_id": "a-b",
        "metrics": {"timer_rego_query_eval_ns": 1},
        "provenance": {"version": "1.22.2", "bundles": {}},
        "explanation": ["\\"],
        "warning": {"code": "api_usage_warning", "message": 'say "allow": true'},
        "com.example/more": None,
    }
    assert decoding.read(DECISION, respond(more | {"result": ALLOW}))
    pretty = json.dumps({"result": ALLOW}, indent=2).replace('":', '" :').encode()
    assert decoding.read(DECISION, respond(pretty))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", INVALID),
        (b"<html></html>", INVALID),
        (b"null", INVALID),
        (b"true", INVALID),
        (b"[]", INVALID),
        (b"{}", "is undefined"),
        (b'{"decision_id": "a"}', "is undefined"),
        (b'{"result": null}', INVALID),
        (b'{"result": true}', INVALID),
        (b'{"result": {}}', INVALID),
        (b'{"result": [true]}', INVALID),
        ({"result": [ALLOW]}, INVALID),
        ({"result": ALLOW | {"simulated": True}}, "returned a simulation"),
        ({"result": ALLOW | {"effect": "ExplicitDeny"}}, INVALID),
        ({"result": DENY | {"allow": True}}, INVALID),
        ({"result": ALLOW | {"more": 1}}, INVALID),
        (json.dumps({"result": ALLOW}).encode() + b"}", INVALID),
        (json.dumps({"result": ALLOW}).encode()[:-1], INVALID),
        (json.dumps({"result": ALLOW}).encode().replace(b"Aliyun", b"\xff"), INVALID),
        (json.dumps({"result": {"allow": "\n\U000e0001" * 1000}}).encode(), INVALID),
        (DEEP, INVALID),
        (b'{"x":' + DEEP + b',"result":' + json.dumps(ALLOW).encode() + b"}", INVALID),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_body_other_than_a_decision_is_refused(body: object, text: str) -> None:
    with pytest.raises(AnswerError, match=text) as caught:
        decoding.read(DECISION, respond(body))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("key", ['"allow":', '"allow" :', r'"\u0061llow":'])
def test_a_decision_with_two_values_for_allow_is_refused(key: str) -> None:
    deny, allow = json.dumps(DENY)[1:-1], json.dumps(ALLOW)[1:-1]
    twice = f'{{"result": {{{deny}, {allow}}}}}'.replace('"allow":', key).encode()
    with pytest.raises(AnswerError, match="an object repeats a key"):
        decoding.read(DECISION, respond(twice))
    mixed = f'{{"result": {{{deny}, {allow.replace(chr(34) + "allow" + chr(34) + ":", key)}}}}}'
    with pytest.raises(AnswerError, match="an object repeats a key"):
        decoding.read(DECISION, respond(mixed.encode()))
    envelope = f'{{"result": {{{deny}}}, "result": {{{allow}}}}}'.encode()
    with pytest.raises(AnswerError, match="an object repeats a key"):
        decoding.read(DECISION, respond(envelope))
    with pytest.raises(AnswerError, match="an object repeats a key"):
        decoding.read_all(DECISIONS, 1, respond(f'{{"result": [{{{deny}, {allow}}}]}}'.encode()))


@pytest.mark.parametrize("status", [100, 204, 302, 400, 404, 500, 503])
def test_any_status_but_200_is_refused(status: int) -> None:
    with pytest.raises(
        AnswerError, match=rf"`ram/authz/decision` was answered with HTTP {status}$"
    ):
        decoding.read(DECISION, respond({"result": ALLOW}, status))


def test_an_http_error_shows_the_code_and_the_message_of_opa() -> None:
    error = {"code": "internal_error", "message": "eval:\n\x1b[31mconflict" + "x" * 1000}
    with pytest.raises(AnswerError, match=r"HTTP 500, `internal_error`: eval:\\n\\x1b\[31mc") as e:
        decoding.read(DECISION, respond(error, 500))
    assert len(str(e.value)) < 500
    unauthorized = {"code": "unauthorized", "message": "request rejected"}
    with pytest.raises(AnswerError, match=r"HTTP 401, `unauthorized`: .*: check the `token`$"):
        decoding.read(DECISION, respond(unauthorized, 401))
    for body in (b"<html>", b'{"code": 5}', DEEP):
        with pytest.raises(AnswerError, match=r"HTTP 500$"):
            decoding.read(DECISION, respond(body, 500))


def test_an_opa_without_active_bundle_may_not_be_ready_yet() -> None:
    text = r"OPA is not ready yet, or runs without ramgate's bundle \(`GET /health\?bundles` tells"
    with pytest.raises(AnswerError, match=rf"^`ram/authz/decision` is undefined: {text}"):
        decoding.read(DECISION, respond({}))
    error = {"code": "internal_error", "message": "authorization policy missing or undefined"}
    with pytest.raises(AnswerError, match=rf"HTTP 500, `internal_error`: .* undefined: {text}"):
        decoding.read(DECISION, respond(error, 500))


def test_a_malformed_request_is_an_error_of_the_caller() -> None:
    with pytest.raises(InvalidRequest, match=r"^action: is missing$") as caught:
        decoding.read(DECISION, respond({"result": MALFORMED}))
    assert caught.value.errors == ("action: is missing",)
    two_lines = MALFORMED | {"errors": ["a\nb"]}
    with pytest.raises(InvalidRequest, match=r"^a\\nb$"):
        decoding.read(DECISION, respond({"result": two_lines}))


def test_a_batch_is_read_in_its_order() -> None:
    decisions = read_all(ALLOW, DENY, MALFORMED, ALLOW)
    assert [bool(decision) for decision in decisions] == [True, False, False, True]
    assert decisions[2].errors == ("action: is missing",)
    assert len(read_all()) == 0
    body = respond({"result": [SIMULATED]})
    assert decoding.read_all(SIMULATED_DECISIONS, 1, body)[0].simulated


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_all(ALLOW, count=2),
        lambda: read_all(ALLOW, ALLOW, count=1),
        lambda: read_all(ALLOW, count=0),
        lambda: read_all(count=1),
        lambda: read_all(ALLOW, None),
        lambda: read_all(ALLOW, ALLOW | {"simulated": True}),
        lambda: decoding.read_all(SIMULATED_DECISIONS, 2, respond({"result": [SIMULATED, ALLOW]})),
        lambda: decoding.read(SIMULATED_DECISION, respond({"result": ALLOW})),
        lambda: decoding.read_all(DECISIONS, 1, respond({"result": ALLOW})),
        lambda: decoding.read_all(DECISIONS, 0, respond({"result": {}})),
        lambda: decoding.read_all(DECISIONS, 0, respond({"result": {"errors": []}})),
        lambda: decoding.read_all(DECISIONS, 0, respond({"result": {"errors": ["a"], "b": 1}})),
        lambda: decoding.read_all(DECISIONS, 0, respond({})),
    ],
)
def test_a_batch_of_another_length_or_shape_is_refused(read: Callable[[], object]) -> None:
    with pytest.raises(AnswerError):
        read()


def test_a_refused_batch_is_an_error_of_the_caller() -> None:
    body = respond({"result": {"errors": ["`requests` is no list", "more"]}})
    with pytest.raises(InvalidRequest, match=r"^`requests` is no list; more$"):
        decoding.read_all(DECISIONS, 0, body)


def test_a_serial_is_read() -> None:
    assert decoding.read_serial(respond({"result": 7})) == 7
    assert decoding.read_serial(respond({"result": None})) is None
    for body in ({"result": "7"}, {}):
        with pytest.raises(AnswerError, match="`system/status/serial`"):
            decoding.read_serial(respond(body))


def test_a_revision_is_read() -> None:
    assert decoding.read_revision(respond({"result": "r-1"})) == "r-1"
    with pytest.raises(AnswerError, match="`system/status/revision` returned no valid answer"):
        decoding.read_revision(respond({"result": 1}))
