"""Parsing of OPA's URL and of its HTTP responses."""

from __future__ import annotations

import socket

import httptools
import pytest

from hostile import response
from ramgate.client.http import Response, ResponseReader, Url, response_limit
from ramgate.errors import AnswerError


def parse(*pieces: bytes, limit: int = 10_000) -> Response | None:
    """Feed the pieces to a new reader; only the last one may complete a response."""
    reader = ResponseReader()
    reader.start(limit)
    last = None
    for piece in pieces:
        assert last is None
        last = reader.feed(piece)
    return last


@pytest.mark.parametrize(
    ("text", "authority", "addresses"),
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
def test_a_url_is_parsed(text: str, authority: str, addresses: object) -> None:
    url = Url.parse(text)
    assert url.text == text
    assert url.authority == authority
    assert url.addresses == addresses
    assert url.secure is text.startswith("https:")


@pytest.mark.parametrize(
    "text",
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
def test_any_other_url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Url.parse(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("localhost", "`localhost` is not a valid url: write `http://host:port`, "),
        ("http://127.0.0.1", "`http://127.0.0.1` has no port: OPA's default is 8181"),
        ("http://opa:0", "`http://opa:0` has the port 0: it must be from 1 to 65535"),
    ],
)
def test_a_refused_url_comes_with_the_rule(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Url.parse(text)
    assert str(caught.value).startswith(error)


@pytest.mark.parametrize(
    ("text", "exposed"),
    [
        ("unix:///s", False),
        ("https://opa.example", False),
        ("https://10.0.0.1:8181", False),
        ("http://127.0.0.1:8181", False),
        ("http://127.255.0.9:8181", False),
        ("http://[::1]:8181", False),
        ("http://localhost:8181", False),
        ("http://LOCALHOST:8181", False),
        ("http://10.0.0.1:8181", True),
        ("http://0.0.0.0:8181", True),
        ("http://[::]:8181", True),
        ("http://[fe80::1]:8181", True),
        ("http://127.1:8181", True),
        ("http://localhost.example:8181", True),
        ("http://opa:8181", True),
    ],
)
def test_plain_http_beyond_loopback_is_exposed(text: str, exposed: bool) -> None:  # noqa: FBT001
    assert Url.parse(text).exposed is exposed


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(ValueError, match=r"`127\.0\.0\.1:8181` is not a valid url") as caught:
        Url.parse("http://user:s3cret@127.0.0.1:8181")
    assert "s3cret" not in str(caught.value)


def test_a_response_is_parsed_in_any_pieces() -> None:
    whole = response(b"{}", "200 OK", "Content-Type: application/json")
    assert parse(whole) == Response(200, b"{}", final=False)
    assert parse(*(whole[i : i + 1] for i in range(len(whole)))) == parse(whole)
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n"
    )
    assert parse(chunked) == parse(whole)
    for size in range(len(whole)):
        assert parse(whole[:size]) is None


def test_one_reader_parses_one_response_after_the_other() -> None:
    reader = ResponseReader()
    for body in (b"{}", b"", b"[1]"):
        reader.start(1000)
        assert reader.feed(b"HTTP") is None
        assert reader.feed(response(body)[4:]) == Response(200, body, final=False)


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
def test_the_last_response_of_a_connection_and_any_but_200_are_final(last: bytes) -> None:
    parsed = parse(last)
    assert parsed is not None
    assert parsed.final


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
def test_bytes_other_than_one_response_are_refused(data: bytes, text: str) -> None:
    with pytest.raises(AnswerError, match=text):
        parse(data)


def test_the_reader_has_the_methods_that_the_parser_calls() -> None:
    # httptools looks them up by name and is silent when one is missing
    events = {name for name in dir(ResponseReader) if name.startswith("on_")}
    assert events == {"on_body", "on_message_begin", "on_message_complete"}
    assert all(hasattr(httptools.HTTPProtocol, name) for name in events)


def test_the_limit_of_a_response_grows_with_the_batch() -> None:
    assert response_limit(1) == 1024 * 1024 + 64 * 1024
    assert response_limit(1000) - response_limit(999) == 64 * 1024
