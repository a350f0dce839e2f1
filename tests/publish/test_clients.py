"""The clients of the server: tokens, and the names in certificates."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from ramgate.publish.clients import Clients, names
from ramgate.sidecar.http_server import Request

if TYPE_CHECKING:
    from pathlib import Path

NEVER = "Jan  1 00:00:00 2222 GMT"


def shown(*alternatives: tuple[str, object], names: tuple[str, ...] = ("shop",)) -> object:
    """Return a certificate as `ssl` has it."""
    subject = ((("countryName", "CN"),), *((("commonName", name),) for name in names))
    return {"subject": subject, "subjectAltName": alternatives, "notAfter": NEVER}


def asked(certificate: object = None, token: str | None = None) -> Request:
    headers = {} if token is None else {"authorization": token}
    assert certificate is None or isinstance(certificate, dict)
    return Request("GET", "/bundle.tar.gz", headers, {}, certificate)


@pytest.fixture
def clients() -> Clients[str]:
    clients = Clients[str]()
    clients.admit_certificate("CN:shop", "the shop's")
    clients.admit_certificate("DNS:Bank.example.com", "the bank's")
    clients.admit_certificate("URI:spiffe://example.com/Mine", "the mine's")
    return clients


@pytest.mark.parametrize(
    ("certificate", "given"),
    [
        (shown(), "the shop's"),
        (shown(("DNS", "bank.EXAMPLE.com"), names=()), "the bank's"),
        (shown(("URI", "spiffe://example.com/Mine"), names=("x",)), "the mine's"),
        (shown(("DNS", "other.example.com"), ("IP Address", "127.0.0.1")), "the shop's"),
        (shown(names=("shop", "other")), "the shop's"),
        (shown(names=("Shop",)), None),
        (shown(names=("shop ",)), None),
        (shown(names=("bank.example.com",)), None),
        (shown(names=("DNS:bank.example.com",)), None),
        (shown(("DNS", "shop"), names=()), None),
        (shown(("DNS", "*.example.com"), names=()), None),
        (shown(("URI", "spiffe://example.com/mine"), names=()), None),
        (shown(("email", "bank.example.com"), names=()), None),
        (shown(("DirName", ((("commonName", "shop"),),)), names=()), None),
        (shown(names=()), None),
        ({}, None),
        ({"subject": "shop", "notAfter": NEVER}, None),
        (None, None),
    ],
)
def test_a_certificate_gets_the_bundle_of_its_names(
    clients: Clients[str], certificate: object, given: str | None
) -> None:
    assert clients.of(asked(certificate)) == given


def test_a_certificate_with_names_of_two_clients_gets_nothing(clients: Clients[str]) -> None:
    clients.admit_certificate("DNS:shop.example.com", "the shop's")
    assert clients.of(asked(shown(("DNS", "bank.example.com")))) is None
    clients.admit_every_certificate("everyone's")
    assert clients.of(asked(shown(("DNS", "bank.example.com")))) is None


def test_every_certificate_can_be_admitted() -> None:
    clients = Clients[str]()
    clients.admit_every_certificate("everyone's")
    assert clients.of(asked(shown())) == "everyone's"
    assert clients.of(asked()) is None
    assert clients.of(asked({"notAfter": "Jan  1 00:00:00 2022 GMT"})) is None


def test_a_certificate_gets_nothing_once_it_has_expired(
    clients: Clients[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = {"subject": ((("commonName", "shop"),),), "notAfter": "Jan  1 00:00:00 2022 GMT"}
    end = 1640995200.0
    monkeypatch.setattr("ramgate.publish.clients.time.time", lambda: end - 1)
    assert clients.of(asked(shop)) == "the shop's"
    monkeypatch.setattr("ramgate.publish.clients.time.time", lambda: end)
    assert clients.of(asked(shop)) is None
    clients.admit_token("s3cret", "the token's")
    assert clients.of(asked(shop, "Bearer s3cret")) is None
    assert clients.of(asked(None, "Bearer s3cret")) == "the token's"
    assert names({**shop, "notAfter": "soon"}) is None


def test_a_request_with_a_token_gets_the_bundle_of_the_token(clients: Clients[str]) -> None:
    clients.admit_token("s3cret", "the token's")
    assert clients.of(asked(shown(), "Bearer s3cret")) == "the token's"
    for wrong in ("Bearer other", "Basic s3cret", "", "bearer s3cret"):
        assert clients.of(asked(shown(), wrong)) is None


def token_file(path: Path, token: str) -> Path:
    """Write a token file as a new file, so that its version changes."""
    written = path.with_name("written")
    written.touch(mode=0o600)
    written.write_text(token)
    return written.rename(path)


def test_a_token_counts_while_its_file_has_it(tmp_path: Path) -> None:
    clients = Clients[str]()
    file = token_file(tmp_path / "token", "old")
    clients.admit_token_file(file, "the file's")
    clients.admit_token("fixed", "the other's")
    assert clients.of(asked(None, "Bearer old")) == "the file's"
    assert clients.refresh() == []
    token_file(file, "new")
    assert clients.refresh() == []
    assert clients.of(asked(None, "Bearer old")) is None
    assert clients.of(asked(None, "Bearer new")) == "the file's"
    assert clients.of(asked(None, "Bearer fixed")) == "the other's"


def test_a_token_of_a_file_that_is_gone_does_not_count(tmp_path: Path) -> None:
    clients = Clients[str]()
    file = token_file(tmp_path / "token", "s3cret")
    kept = token_file(tmp_path / "kept", "kept")
    clients.admit_token_file(file, "the file's")
    clients.admit_token_file(kept, "the other's")
    file.unlink()
    [error] = clients.refresh()
    assert error.endswith("No such file or directory; its token does not count")
    assert clients.refresh() == [error]
    assert clients.of(asked(None, "Bearer s3cret")) is None
    assert clients.of(asked(None, "Bearer kept")) == "the other's"
    token_file(file, "s3cret")
    assert clients.refresh() == []
    assert clients.of(asked(None, "Bearer s3cret")) == "the file's"


def test_a_token_file_that_cannot_be_read_in_passing_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    clients = Clients[str]()
    file = token_file(tmp_path / "token", "old")
    clients.admit_token_file(file, "the file's")
    token_file(file, "new")
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.open", no_descriptor)
        [error] = clients.refresh()
    assert error.endswith("Too many open files; its token does not count")
    assert clients.of(asked(None, "Bearer old")) is None
    assert clients.of(asked(None, "Bearer new")) is None
    assert clients.refresh() == []
    assert clients.of(asked(None, "Bearer new")) == "the file's"


def test_files_may_exchange_their_tokens_but_not_share_one(tmp_path: Path) -> None:
    clients = Clients[str]()
    one, two = (token_file(tmp_path / name, name) for name in ("one", "two"))
    clients.admit_token_file(one, "one's")
    clients.admit_token_file(two, "two's")
    token_file(one, "two")
    token_file(two, "one")
    assert clients.refresh() == []
    assert clients.of(asked(None, "Bearer one")) == "two's"
    assert clients.of(asked(None, "Bearer two")) == "one's"
    token_file(one, "one")
    [error] = clients.refresh()
    assert error == f"the token files `{one}`, `{two}` have one token, which does not count"
    assert clients.of(asked(None, "Bearer one")) is None


def test_two_clients_have_neither_a_token_nor_a_token_file_in_common(tmp_path: Path) -> None:
    clients = Clients[str]()
    one, two = (token_file(tmp_path / name, "s3cret") for name in ("one", "two"))
    clients.admit_token_file(one, "one's")
    with pytest.raises(ValueError, match="two clients have the token file"):
        clients.admit_token_file(one, "two's")
    with pytest.raises(ValueError, match="two clients have one token"):
        clients.admit_token_file(two, "two's")
    with pytest.raises(ValueError, match="two clients have one token"):
        clients.admit_token("s3cret", "two's")


@pytest.mark.parametrize("name", ["shop", "CN:", ":shop", "cn:shop", "IP:127.0.0.1", ""])
def test_the_name_of_a_certificate_has_its_kind(clients: Clients[str], name: str) -> None:
    with pytest.raises(ValueError, match=r"is not of the form CN:NAME, DNS:NAME or URI:NAME"):
        clients.admit_certificate(name, "x")


@pytest.mark.parametrize("name", ["CN:shop", "DNS:BANK.example.com"])
def test_a_name_is_that_of_one_client(clients: Clients[str], name: str) -> None:
    with pytest.raises(ValueError, match="two clients have the name"):
        clients.admit_certificate(name, "x")
