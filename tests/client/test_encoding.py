"""Encoding of queries as HTTP requests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hostile import ASKED
from ramgate.client import encoding
from ramgate.client.http import Url
from ramgate.client.queries import DECISION, QUERIES, REVISION, SIMULATED_DECISIONS, Query
from ramgate.errors import InvalidRequest
from ramgate.model.decision import Request, Simulation

LOCAL = Url.parse("http://127.0.0.1:8181")


@pytest.mark.parametrize(
    "token", ["", " ", "s3cr et", "s3cret\r\nX: y", "s3cret\n", "s3crét", "s3cret\x7f"]
)
def test_a_token_that_cannot_stand_in_a_header_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="`token` must be") as caught:
        encoding.request_head(DECISION, LOCAL, token)
    assert "s3cr" not in str(caught.value)


def test_a_question_is_one_http_request() -> None:
    head = encoding.request_head(DECISION, LOCAL, "t0ken")
    assert encoding.encode(head, Request("p", "a", "*", {"k": "ü"})) == (
        b"POST /v1/data/ram/authz/decision HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8181\r\n"
        b"Authorization: Bearer t0ken\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 76\r\n"
        b"\r\n"
        b'{"input":{"principal":"p","action":"a","resource":"*","context":{"k":"\xc3\xbc"}}}'
    )


def test_a_batch_is_one_http_request() -> None:
    head = encoding.request_head(SIMULATED_DECISIONS, LOCAL, None)
    simulation = Simulation("p", "a", "*", policies={})
    whole = encoding.encode_all(head, [simulation])
    assert whole == (
        b"POST /v1/data/ram/simulate/decisions HTTP/1.1\r\n"
        b"Host: 127.0.0.1:8181\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 84\r\n"
        b"\r\n"
        b'{"input":{"requests":[{"principal":"p","action":"a","resource":"*","policies":{}}]}}'
    )
    assert encoding.encode_all_json(head, [encoding.to_json(simulation)]) == whole


def test_a_rule_without_input_and_the_health_have_requests_of_their_own() -> None:
    head = encoding.request_head(REVISION, LOCAL, None)
    assert encoding.request_without_input(head).endswith(b"\r\nContent-Length: 2\r\n\r\n{}")
    assert encoding.health_request(LOCAL) == (
        b"GET /health?bundles HTTP/1.1\r\nHost: 127.0.0.1:8181\r\n\r\n"
    )


@pytest.mark.parametrize("query", QUERIES)
def test_the_content_length_of_a_request_is_that_of_its_body(query: Query[object]) -> None:
    head = encoding.request_head(query, LOCAL, None)
    for request in (
        encoding.encode(head, Request(*ASKED, {"k": "ü" * 999})),
        encoding.encode_all(head, [Request(*ASKED)] * 100),
    ):
        before, _, body = request.partition(b"\r\n\r\n")
        assert before.endswith(b"\r\nContent-Length: %d" % len(body))
        assert json.loads(body)["input"]


def test_a_field_that_json_cannot_express_is_named() -> None:
    head = encoding.request_head(DECISION, LOCAL, None)
    endless: dict[str, object] = {}
    endless["self"] = endless
    with pytest.raises(InvalidRequest) as caught:
        encoding.encode(
            head, Request("\ud800", "a", "*", {"k": 10**5000}, [{"d": object()}, endless])
        )
    assert [error.split("`")[1] for error in caught.value.errors] == [
        "principal",
        "context",
        "session_policies",
    ]
    assert all("` cannot be written as JSON: " in error for error in caught.value.errors)
    with pytest.raises(InvalidRequest) as caught:
        encoding.encode_all(head, [Request(*ASKED), Request("p", "a", "*", {}, [endless])])
    assert [error.split("`")[1] for error in caught.value.errors] == [
        "requests[1].session_policies"
    ]


HEAD = b"POST /\r\n"


def test_json_names_each_field_that_cannot_be_expressed() -> None:
    request = Request("a\ud800", "a:B", "c\ud800")
    for encode in (encoding.to_json, lambda one: encoding.encode(HEAD, one)):
        with pytest.raises(InvalidRequest) as caught:
            encode(request)
        assert [error.partition(" ")[0] for error in caught.value.errors] == [
            "`principal`",
            "`resource`",
        ]


def test_a_body_at_the_limit_is_sent_and_one_above_it_is_not() -> None:
    body = encoding.encode(HEAD, Request(*ASKED)).partition(b"\r\n\r\n")[2]
    assert encoding.encode(HEAD, Request(*ASKED), len(body))
    with pytest.raises(InvalidRequest, match=rf"the body has {len(body)} bytes, OPA takes at most"):
        encoding.encode(HEAD, Request(*ASKED), len(body) - 1)


@pytest.mark.parametrize("encode", ["encode_all", "encode_all_json"])
def test_an_overlong_batch_says_how_many_requests_fit(encode: str) -> None:
    requests: list[Any] = [Request(*ASKED, {"k": "x" * 30_000})] * 100
    if encode == "encode_all_json":
        requests = [encoding.to_json(request) for request in requests]
    with pytest.raises(InvalidRequest) as caught:
        getattr(encoding, encode)(HEAD, requests)
    [error] = caught.value.errors
    assert error.endswith(
        "OPA takes at most 2,097,152 (`max_body`): about 69 of these 100 requests fit into one call"
    )
    assert getattr(encoding, encode)(HEAD, requests[:69])


def test_ten_thousand_ordinary_requests_fit_into_one_body() -> None:
    request = Request(
        "acs:ram::1234567890123456:user/alice",
        "alikafka:ListTopic",
        "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
        {"acs:SourceIp": "203.0.113.9"},
    )
    assert encoding.encode_all(HEAD, [request] * 10_000)
