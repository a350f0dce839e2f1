"""OPA on TLS, from the first byte to the decision."""

from __future__ import annotations

import shutil
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processes import eventually
from ramgate.client.client import Client
from ramgate.errors import AnswerError, SidecarError, TransportError
from ramgate.sidecar import invocation
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from ramgate.sidecar.sidecar import Sidecar
from sidecars import ALLOW, REQUEST, TOKEN, ask
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parents[1] / "data"
CERT, KEY = DATA / "tls.crt", DATA / "tls.key"
OTHER = DATA / "other.crt"
ANOTHER = Certificate(OTHER, KEY).trust(also_expired=True)


@pytest.fixture(scope="module")
def secure() -> Iterator[Sidecar]:
    with Sidecar(
        bundle=tiny_bundle(decision=ALLOW),
        addresses=["127.0.0.1:0"],
        token=TOKEN,
        tls=(CERT, str(KEY)),
    ) as sidecar:
        yield sidecar


def test_the_clients_of_a_secure_sidecar_speak_tls(secure: Sidecar) -> None:
    assert secure.url.startswith("https://127.0.0.1:")
    with secure.client() as client:
        assert client.decide(*REQUEST)
    assert secure.state().active == "tiny-1"
    trusting = ssl.create_default_context(cafile=str(CERT))
    with Client(secure.url, token=TOKEN, tls=trusting) as client:
        assert client.decide(*REQUEST)
    with Client(secure.url, tls=trusting) as client, pytest.raises(AnswerError, match="HTTP 401"):
        client.decide(*REQUEST)


def test_a_bundle_is_published_over_tls(secure: Sidecar) -> None:
    secure.publish(tiny_bundle("tiny-2", ALLOW))
    assert secure.state().active == "tiny-2"
    secure.publish(tiny_bundle(decision=ALLOW))


@pytest.mark.parametrize(
    "context",
    [ssl.create_default_context(), ANOTHER],
    ids=["the system's authorities", "another certificate"],
)
def test_a_certificate_that_is_not_trusted_gets_no_token(
    secure: Sidecar, context: ssl.SSLContext
) -> None:
    with (
        Client(secure.url, token=TOKEN, tls=context) as client,
        pytest.raises(TransportError, match="certificate verify failed"),
    ):
        client.decide(*REQUEST)


def test_the_probes_of_a_sidecar_reach_no_impostor(
    secure: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probes carry the token: a listener with another certificate must not see it."""
    monkeypatch.setattr(Certificate, "trust", lambda *_, **__: ANOTHER)
    assert secure.state().active is None


def test_a_secure_address_does_not_speak_plain_http(secure: Sidecar) -> None:
    """OPA needs these five bytes to refuse. More would be unread, and reset the connection."""
    with Address.parse(secure.url.removeprefix("https://")).connect(5) as plain:
        plain.sendall(b"POST ")
        reply = plain.makefile("rb").read()
    assert reply.startswith(b"HTTP/1.0 400 ")
    assert b"HTTPS server" in reply


def test_a_unix_socket_beside_a_secure_address_is_authorized_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Sidecar(
        bundle=tiny_bundle(decision=ALLOW),
        addresses=["unix://s.sock", "127.0.0.1:0"],
        token=TOKEN,
        tls=(CERT, KEY),
    ) as sidecar:
        unix, tcp = sidecar.urls
        assert unix.startswith("unix://")
        assert tcp.startswith("https://")
        with sidecar.client() as client:
            assert client.decide(*REQUEST)
        assert ask(unix).status == 401


def test_other_machines_need_tls_and_get_it() -> None:
    with (
        Sidecar(
            bundle=tiny_bundle(decision=ALLOW),
            addresses=["0.0.0.0:0"],
            token=TOKEN,
            tls=(CERT, KEY),
        ) as sidecar,
        sidecar.client() as client,
    ):
        assert client.decide(*REQUEST)


def test_behind_a_proxy_plain_http_is_possible() -> None:
    with (
        Sidecar(
            bundle=tiny_bundle(decision=ALLOW),
            addresses=["0.0.0.0:0"],
            token=TOKEN,
            plain_http=True,
        ) as sidecar,
        sidecar.client() as client,
    ):
        assert sidecar.url.startswith("http://127.0.0.1:")
        assert client.decide(*REQUEST)
        assert ask(sidecar.url).status == 401


def test_an_expired_certificate_starts_and_is_refused_by_clients() -> None:
    expired = (DATA / "expired.crt", DATA / "expired.key")
    with (
        Sidecar(bundle=tiny_bundle(), addresses=["127.0.0.1:0"], tls=expired) as sidecar,
        sidecar.client() as client,
        pytest.raises(TransportError, match="certificate has expired"),
    ):
        client.decide(*REQUEST)


def test_files_that_do_not_fit_start_nothing() -> None:
    sidecar = Sidecar(bundle=tiny_bundle(), addresses=["127.0.0.1:0"], tls=(OTHER, KEY))
    with pytest.raises(
        SidecarError, match=r"^cannot use the certificate .*other.crt` with the key"
    ):
        sidecar.start()


def test_a_new_certificate_is_read_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invocation, "_CERTIFICATE_SECONDS", 1)
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    shutil.copy(CERT, cert)
    shutil.copy(KEY, key)
    with Sidecar(bundle=tiny_bundle(), addresses=["127.0.0.1:0"], tls=(cert, key)) as sidecar:
        address = Address.parse(sidecar.url.removeprefix("https://"))
        before = shown(address)
        shutil.copy(DATA / "expired.key", key)
        shutil.copy(DATA / "expired.crt", cert)
        eventually(lambda: shown(address) != before)
        assert shown(address) == ssl.PEM_cert_to_DER_cert((DATA / "expired.crt").read_text())
        assert sidecar.state().active == "tiny-1"


def shown(address: Address) -> bytes | None:
    """Return the certificate that OPA shows, without a look at it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(address.connect(10)) as connection:
        return connection.getpeercert(binary_form=True)
