from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import httptools
import pytest

from hostile import ALLOW, ASKED, DENY, MALFORMED, response
from ramgate.client import wire
from ramgate.client.wire import DECISION, DECISIONS, SIMULATED_DECISION, SIMULATED_DECISIONS, Answer
from ramgate.errors import AnswerError, InvalidRequest, RamgateError
from ramgate.model.decision import Decision, Request, Simulation, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

LOCAL = wire.Endpoint.parse("http://127.0.0.1:8181")
SIMULATED = ALLOW | {"simulated": True}
DEEP = b"[" * 100_000 + b"]" * 100_000


def answer(body: object, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, raw, final=False)


def read_all(*decisions: object, count: int | None = None) -> list[Decision]:
    count = len(decisions) if count is None else count
    return wire.read_all(DECISIONS, count, answer({"result": decisions}))


def parsed(*pieces: bytes, room: int = 10_000) -> Answer | None:
    reader = wire.Reader()
    reader.start(room)
    last = None
    for piece in pieces:
        assert last is None
        last = reader.feed(piece)
    return last


@pytest.mark.parametrize(
    ("url", "authority", "addresses"),
    [
        (
            "http://127.0.0.1:8181",
            "127.0.0.1:8181",
            ((socket.AF_INET, ("127.0.0.1", 8181)),),
        ),
        ("http://[::1]:8181/", "[::1]:8181", ((socket.AF_INET6, ("::1", 8181)),)),
        ("http://opa-1.example:1", "opa-1.example:1", ()),
        ("https://opa", "opa", ()),
        ("https://127.0.0.1", "127.0.0.1", ((socket.AF_INET, ("127.0.0.1", 443)),)),
        (
            "https://[2001:db8::1]",
            "[2001:db8::1]",
            ((socket.AF_INET6, ("2001:db8::1", 443)),),
        ),
        (
            "unix:///run/a b/ö?.sock",
            "localhost",
            ((socket.AF_UNIX, "/run/a b/ö?.sock"),),
        ),
    ],
)
def test_an_endpoint_is_read_from_its_url(url: str, authority: str, addresses: object) -> None:
    endpoint = wire.Endpoint.parse(url)
    assert endpoint.authority == authority
    assert endpoint.addresses == addresses
    assert endpoint.secure is url.startswith("https:")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8181",
        "localhost",
        "ftp://127.0.0.1:8181",
        "HTTP://127.0.0.1:8181",
        "http://",
        "http://:8181",
        "http:///run/opa.sock",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:+80",
        "http://127.0.0.1:٣",
        "http://127.0.0.1:8181/v1",
        "http://127.0.0.1:8181//",
        "http://127.0.0.1:8181?a",
        "http://127.0.0.1:8181#a",
        "http://127.0.0.1:8181\r\nX: y",
        "http://127.0.0.1:8181\n",
        "http://a..b:80",
        "http://" + "a" * 64 + ":80",
        "http://ö:80",
        "http://[::1:80",
        "http://[:::]:80",
        "http://[127.0.0.1]:80",
        "unix://",
        "unix:///",
        "unix://run/opa.sock",
        "unix:/run/opa.sock",
        "unix:///run/\0",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.Endpoint.parse(url)


def test_a_refused_url_does_not_show_who_asks() -> None:
    with pytest.raises(ValueError, match=r"`127\.0\.0\.1:8181` is not one of") as caught:
        wire.Endpoint.parse("http://user:s3cret@127.0.0.1:8181")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "token", ["", " ", "s3cr et", "s3cret\r\nX: y", "s3cret\n", "s3crét", "s3cret\x7f"]
)
def test_a_token_that_cannot_stand_in_a_header_is_refused_unseen(token: str) -> None:
    with pytest.raises(ValueError, match="`token` must be") as caught:
        wire.head(DECISION, LOCAL, token)
    assert "s3cr" not in str(caught.value)


def test_a_question_is_one_http_request() -> None:
    head = wire.head(DECISION, LOCAL, "t0ken")
    assert wire.encode(head, Request("p", "a", "*", {"k": "ü"})) == (
        b"POST /v1/data/ram/authz/decision HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8181\r\n"
        b"Authorization: Bearer t0ken\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 76\r\n"
        b"\r\n"
        b'{"input":{"principal":"p","action":"a","resource":"*","context":{"k":"\xc3\xbc"}}}'
    )


def test_a_batch_is_one_http_request() -> None:
    head = wire.head(SIMULATED_DECISIONS, LOCAL, None)
    asked = wire.encode_all(head, [Simulation("p", "a", "*", policies={})])
    assert asked == (
        b"POST /v1/data/ram/simulate/decisions HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8181\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 84\r\n"
        b"\r\n"
        b'{"input":{"requests":[{"principal":"p","action":"a","resource":"*","policies":{}}]}}'
    )
    assert wire.encode_all(head, []).endswith(b'\r\n\r\n{"input":{"requests":[]}}')


@pytest.mark.parametrize("rule", wire.RULES)
def test_the_length_of_a_question_is_its_bodys(rule: wire.Rule[object]) -> None:
    head = wire.head(rule, LOCAL, None)
    for asked in (
        wire.encode(head, Request(*ASKED, {"k": "ü" * 999})),
        wire.encode_all(head, [Request(*ASKED)] * 100),
    ):
        before, _, body = asked.partition(b"\r\n\r\n")
        assert before.endswith(b"\r\nContent-Length: %d" % len(body))
        assert json.loads(body)["input"]


def test_what_cannot_be_said_is_named_before_anything_is_sent() -> None:
    head = wire.head(DECISION, LOCAL, None)
    endless: dict[str, object] = {}
    endless["self"] = endless
    with pytest.raises(InvalidRequest) as caught:
        wire.encode(head, Request("\ud800", "a", "*", {"k": 10**5000}, [{"d": object()}, endless]))
    assert [error.split("`")[1] for error in caught.value.errors] == [
        "principal",
        "context",
        "session_policies",
    ]
    with pytest.raises(InvalidRequest) as caught:
        wire.encode_all(head, [Request(*ASKED), Request("p", "a", "*", {}, [endless])])
    assert [error.split("`")[1] for error in caught.value.errors] == [
        "requests[1].session_policies"
    ]


def test_an_answer_is_read_in_any_pieces() -> None:
    whole = response(b"{}", "200 OK", "Content-Type: application/json")
    assert parsed(whole) == Answer(200, b"{}", final=False)
    assert parsed(*(whole[i : i + 1] for i in range(len(whole)))) == parsed(whole)
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n"
    )
    assert parsed(chunked) == parsed(whole)
    for size in range(len(whole)):
        assert parsed(whole[:size]) is None


def test_one_reader_reads_one_answer_after_the_other() -> None:
    reader = wire.Reader()
    for body in (b"{}", b"", b"[1]"):
        reader.start(1000)
        assert reader.feed(b"HTTP") is None
        assert reader.feed(response(body)[4:]) == Answer(200, body, final=False)


@pytest.mark.parametrize(
    "last",
    [
        response(b"{}", "200 OK", "Connection: close"),
        response(b"{}").replace(b"1.1", b"1.0"),
        response(b"{}", "500 Internal Server Error"),
        response(b"{}", "302 Found", "Location: http://127.0.0.1:1/"),
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_a_connection_ends_with_a_last_or_unclean_answer(last: bytes) -> None:
    read = parsed(last)
    assert read is not None
    assert read.final


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (response(b"{}") * 2, "more than once"),
        (response(b"{}") + b"HT", "more than once"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + response(b"{}"), "more than once"),
        (response(b"{}") + b"more", "more than once"),
        (response(b"{}", "200 OK", "Connection: close") + b"more", "not HTTP"),
        (response(b"{}", "200 OK", "Content-Length: 3"), "not HTTP"),
        (response(b"{}", "200 OK", "Transfer-Encoding: chunked"), "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not HTTP"),
        (b"<html>", "not HTTP"),
        (b"\x16\x03\x01", "not HTTP"),
        (response(b" " * 20_000), "more than 10000 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "more than 10000 bytes"),
    ],
)
def test_what_is_not_one_answer_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(AnswerError, match=text):
        parsed(data)


def test_the_parser_is_told_of_the_methods_it_calls() -> None:
    # httptools looks them up by name and says nothing when one is missing
    events = {name for name in dir(wire.Reader) if name.startswith("on_")}
    assert events == {"on_body", "on_message_begin", "on_message_complete"}
    assert all(hasattr(httptools.HTTPProtocol, name) for name in events)


def test_a_decision_is_read() -> None:
    assert wire.read(DECISION, answer({"result": ALLOW})) == Decision(
        allow=True,
        effect="Allow",
        reason="statement_allows",
        policy_type="AccountLevelIdentityBasedPolicy",
        statements=(Statement("AliyunServiceRolePolicyForAlikafka", 2),),
    )
    assert not wire.read(DECISION, answer({"result": DENY}))
    assert not wire.read(DECISION, answer({"result": DENY | {"simulated": False}}))
    assert wire.read(SIMULATED_DECISION, answer({"result": SIMULATED})).simulated


def test_an_envelope_may_say_more() -> None:
    more = {
        "decision_id": "a-b",
        "metrics": {"timer_rego_query_eval_ns": 1},
        "provenance": {"version": "1.22.2", "bundles": {}},
        "explanation": ["\\"],
        "warning": {"code": "api_usage_warning", "message": 'say "allow": true'},
        "com.example/more": None,
    }
    assert wire.read(DECISION, answer(more | {"result": ALLOW}))
    pretty = json.dumps({"result": ALLOW}, indent=2).replace('":', '" :').encode()
    assert wire.read(DECISION, answer(pretty))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "gave no decision"),
        (b"<html></html>", "gave no decision"),
        (b"null", "gave no decision"),
        (b"true", "gave no decision"),
        (b"[]", "gave no decision"),
        (b"{}", "is undefined"),
        (b'{"decision_id": "a"}', "is undefined"),
        (b'{"result": null}', "gave no decision"),
        (b'{"result": true}', "gave no decision"),
        (b'{"result": {}}', "gave no decision"),
        (b'{"result": [true]}', "gave no decision"),
        ({"result": [ALLOW]}, "gave no decision"),
        ({"result": ALLOW | {"simulated": True}}, "gave a simulation"),
        ({"result": ALLOW | {"effect": "ExplicitDeny"}}, "gave no decision"),
        ({"result": DENY | {"allow": True}}, "gave no decision"),
        ({"result": ALLOW | {"more": 1}}, "gave no decision"),
        (json.dumps({"result": ALLOW}).encode() + b"}", "gave no decision"),
        (json.dumps({"result": ALLOW}).encode()[:-1], "gave no decision"),
        (json.dumps({"result": ALLOW}).encode().replace(b"Aliyun", b"\xff"), "gave no decision"),
        (DEEP, "gave no decision"),
        (b'{"x":' + DEEP + b',"result":' + json.dumps(ALLOW).encode() + b"}", "gave no decision"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_no_decision_is_refused(body: object, text: str) -> None:
    with pytest.raises(AnswerError, match=text) as caught:
        wire.read(DECISION, answer(body))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("key", ['"allow":', '"allow" :', r'"\u0061llow":'])
def test_a_decision_that_says_both_is_refused(key: str) -> None:
    deny, allow = json.dumps(DENY)[1:-1], json.dumps(ALLOW)[1:-1]
    twice = f'{{"result": {{{deny}, {allow}}}}}'.replace('"allow":', key).encode()
    with pytest.raises(AnswerError, match="a key stands twice"):
        wire.read(DECISION, answer(twice))
    mixed = f'{{"result": {{{deny}, {allow.replace(chr(34) + "allow" + chr(34) + ":", key)}}}}}'
    with pytest.raises(AnswerError, match="a key stands twice"):
        wire.read(DECISION, answer(mixed.encode()))
    envelope = f'{{"result": {{{deny}}}, "result": {{{allow}}}}}'.encode()
    with pytest.raises(AnswerError, match="a key stands twice"):
        wire.read(DECISION, answer(envelope))
    with pytest.raises(AnswerError, match="a key stands twice"):
        wire.read_all(DECISIONS, 1, answer(f'{{"result": [{{{deny}, {allow}}}]}}'.encode()))


@pytest.mark.parametrize("status", [100, 204, 302, 400, 404, 500, 503])
def test_any_status_but_200_is_refused(status: int) -> None:
    with pytest.raises(
        AnswerError, match=rf"`ram/authz/decision` was answered with HTTP {status}$"
    ):
        wire.read(DECISION, answer({"result": ALLOW}, status))


def test_an_http_error_says_what_opa_said() -> None:
    said = {"code": "internal_error", "message": "eval:\n\x1b[31mconflict" + "x" * 1000}
    with pytest.raises(AnswerError, match=r"HTTP 500, `internal_error`: eval:  \[31mconflict") as e:
        wire.read(DECISION, answer(said, 500))
    assert len(str(e.value)) < 500
    unauthorized = {"code": "unauthorized", "message": "request rejected"}
    with pytest.raises(AnswerError, match=r"HTTP 401, `unauthorized`: .*: check the `token`$"):
        wire.read(DECISION, answer(unauthorized, 401))
    for body in (b"<html>", b'{"code": 5}', DEEP):
        with pytest.raises(AnswerError, match=r"HTTP 500$"):
            wire.read(DECISION, answer(body, 500))


def test_a_malformed_request_is_the_askers_fault() -> None:
    with pytest.raises(InvalidRequest, match=r"^`action` is no action$") as caught:
        wire.read(DECISION, answer({"result": MALFORMED}))
    assert caught.value.errors == ("`action` is no action",)
    spread = MALFORMED | {"errors": ["a\nb"]}
    with pytest.raises(InvalidRequest, match=r"^a b$"):
        wire.read(DECISION, answer({"result": spread}))


def test_a_batch_is_read_in_its_order() -> None:
    decisions = read_all(ALLOW, DENY, MALFORMED, ALLOW)
    assert [bool(decision) for decision in decisions] == [True, False, False, True]
    assert decisions[2].errors == ("`action` is no action",)
    assert read_all() == []
    body = answer({"result": [SIMULATED]})
    assert wire.read_all(SIMULATED_DECISIONS, 1, body)[0].simulated


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_all(ALLOW, count=2),
        lambda: read_all(ALLOW, ALLOW, count=1),
        lambda: read_all(ALLOW, count=0),
        lambda: read_all(count=1),
        lambda: read_all(ALLOW, None),
        lambda: read_all(ALLOW, ALLOW | {"simulated": True}),
        lambda: wire.read_all(SIMULATED_DECISIONS, 2, answer({"result": [SIMULATED, ALLOW]})),
        lambda: wire.read(SIMULATED_DECISION, answer({"result": ALLOW})),
        lambda: wire.read_all(DECISIONS, 1, answer({"result": ALLOW})),
        lambda: wire.read_all(DECISIONS, 0, answer({"result": {}})),
        lambda: wire.read_all(DECISIONS, 0, answer({"result": {"errors": []}})),
        lambda: wire.read_all(DECISIONS, 0, answer({"result": {"errors": ["a"], "b": 1}})),
        lambda: wire.read_all(DECISIONS, 0, answer({})),
    ],
)
def test_what_is_no_batch_of_that_length_is_refused(read: Callable[[], object]) -> None:
    with pytest.raises(AnswerError):
        read()


def test_a_batch_that_opa_cannot_read_is_the_askers_fault() -> None:
    body = answer({"result": {"errors": ["`requests` is no list", "more"]}})
    with pytest.raises(InvalidRequest, match=r"^`requests` is no list; more$"):
        wire.read_all(DECISIONS, 0, body)


def test_a_denial_says_who_what_and_why() -> None:
    denied = wire.read(
        DECISION,
        answer(
            {
                "result": {
                    "allow": False,
                    "effect": "ExplicitDeny",
                    "policy_type": "ControlPolicy",
                    "reason": "statement_denies",
                    "statements": [{"policy": "a", "index": 0}, {"policy": "b", "index": 3}],
                }
            }
        ),
    )
    error = wire.denial(Request("p", "a:B", "*"), denied)
    assert isinstance(error, PermissionError)
    assert isinstance(error, RamgateError)
    assert error.decision is denied
    assert str(error) == "`p` may not `a:B` on `*`: ExplicitDeny, statement_denies by a[0], b[3]"
    plain = wire.read(DECISION, answer({"result": DENY}))
    error = wire.denial(Request("p\n", "a:B", "*"), plain)
    assert str(error) == "`p ` may not `a:B` on `*`: ImplicitDeny, no_statement_matches"


def test_the_room_for_an_answer_grows_with_the_batch() -> None:
    assert wire.room(1) == 1024 * 1024 + 64 * 1024
    assert wire.room(1000) - wire.room(999) == 64 * 1024
