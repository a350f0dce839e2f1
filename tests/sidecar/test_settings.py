from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from ramgate.sidecar.address import Address
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.sidecar import Sidecar
from tiny_bundle import tiny_bundle

DATA = Path(__file__).parents[1] / "data"
TLS = (DATA / "tls.crt", DATA / "tls.key")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accounts": "x", "bundle": tiny_bundle()}, "exclude each other"),
        ({"addresses": []}, "at least one address"),
        ({"max_body": 0}, "must be at least 1 byte"),
        ({"addresses": "127.0.0.1:0"}, "must be a list"),
        ({"addresses": ["nonsense"]}, "is not an address: write `host:port`"),
        ({"addresses": ["127.0.0.1:0", ":0"]}, "^`:0` needs a token: other machines can reach it"),
        ({"addresses": ["10.0.0.1:0"]}, "`--token-file FILE` to the command, or `token` in Python"),
        ({"addresses": ["10.0.0.1:0"], "tls": TLS}, "`10.0.0.1:0` needs a token"),
        ({"addresses": ["10.0.0.1:0"], "plain_http": True}, "`10.0.0.1:0` needs a token"),
        ({"addresses": ["10.0.0.1:0"], "token": "x"}, "^`10.0.0.1:0` needs TLS"),
        ({"tls": TLS, "plain_http": True}, "`tls` and `plain_http` exclude each other"),
        ({"open": True, "token": "x"}, "requires no token and has no TLS"),
        ({"open": True, "tls": TLS}, "requires no token and has no TLS"),
        ({"open": True, "addresses": [":1"]}, "^`:1` cannot be open: other machines can reach it"),
        ({"open": True, "runtime": "container"}, "a container cannot be open"),
        ({"socket_mode": 0o660}, "need an address `unix://PATH`"),
        ({"socket_group": 0, "addresses": ["127.0.0.1:0"]}, "need an address `unix://PATH`"),
        ({"runtime": "container", "tls": TLS}, "one loopback address"),
        ({"runtime": "container", "addresses": ["[::1]:0"], "tls": TLS}, "without TLS$"),
        ({"token": ""}, "visible ASCII"),
        ({"token": "two words"}, "visible ASCII"),
        ({"token": "x" * 4097}, "1 to 4096"),
        ({"runtime": "container", "addresses": ["unix:///x"]}, "one loopback address"),
        (
            {"runtime": "container", "addresses": [":1"], "token": "x", "plain_http": True},
            "one loopback address",
        ),
        ({"runtime": "container", "addresses": ["127.0.0.1:0"] * 2}, "one loopback address"),
        ({"status_address": "0.0.0.0:0"}, "must be a unix socket or a loopback address"),
        ({"diagnostic_address": "0.0.0.0:8282"}, "must be a unix socket or a loopback address"),
        ({"diagnostic_address": "127.0.0.1:0"}, "loopback address with a port"),
        ({"diagnostic_address": "nonsense"}, "is not an address: write `host:port`"),
        (
            {"runtime": "container", "diagnostic_address": "127.0.0.1:8282"},
            "it has no diagnostic address",
        ),
        ({"status_address": "nonsense"}, "is not an address: write `host:port`"),
        ({"runtime": "container", "status_address": "auto"}, "has no folder of its own"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Sidecar(**arguments)  # type: ignore[arg-type]


def test_the_error_for_an_exposed_address_has_the_reason_and_both_remedies() -> None:
    with pytest.raises(ValueError, match="needs a token") as caught:
        Sidecar(addresses=["0.0.0.0:8181"])
    assert str(caught.value) == (
        "`0.0.0.0:8181` needs a token: other machines can reach it; "
        "add `--token-file FILE` to the command, or `token` in Python"
    )


def test_an_exposed_address_needs_tls_beside_the_token_unless_a_proxy_has_it() -> None:
    """The token travelled in clear text before, without a word about it."""
    with pytest.raises(ValueError, match="needs TLS") as caught:
        Sidecar(addresses=["0.0.0.0:8181"], token="s3cret")  # noqa: S106 - a test's own
    assert str(caught.value) == (
        "`0.0.0.0:8181` needs TLS: other machines can reach it, and the token would travel in "
        "clear text; add `--tls-cert FILE --tls-key FILE` to the command, or `tls` in Python; "
        "behind a proxy that speaks TLS, `--plain-http` or `plain_http`"
    )
    Sidecar(addresses=["0.0.0.0:8181"], token="s3cret", tls=TLS)  # noqa: S106
    Sidecar(addresses=["0.0.0.0:8181"], token="s3cret", plain_http=True)  # noqa: S106


@pytest.mark.parametrize(
    ("addresses", "token", "is_open", "runtime", "authorization"),
    [
        ([], None, False, "process", False),
        (["unix:///x"], None, False, "process", False),
        (["unix:///x", "unix:///y"], None, False, "process", False),
        (["unix:///x"], "t", False, "process", True),
        (["127.0.0.1:0"], None, False, "process", True),
        (["[::1]:0"], "t", False, "process", True),
        (["unix:///x", "127.0.0.1:0"], None, False, "process", True),
        (["127.0.0.1:0"], None, True, "process", False),
        (["unix:///x"], None, True, "process", False),
        ([], None, False, "container", True),
        (["127.0.0.1:0"], "t", False, "container", True),
    ],
)
def test_every_opa_on_tcp_authorizes_unless_it_is_open(
    addresses: list[str],
    token: str | None,
    is_open: bool,  # noqa: FBT001 - a parameter of the table
    runtime: Literal["process", "container"],
    authorization: bool,  # noqa: FBT001
) -> None:
    parsed = tuple(map(Address.parse, addresses))
    settings = Settings(parsed, token=token, open=is_open, runtime=runtime)
    assert settings.authorization is authorization
