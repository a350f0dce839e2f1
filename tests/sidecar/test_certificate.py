from __future__ import annotations

import shutil
import ssl
from pathlib import Path

import pytest

from ramgate.errors import SidecarError
from ramgate.sidecar.certificate import Certificate

DATA = Path(__file__).parents[1] / "data"
NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME
CERT, KEY = DATA / "tls.crt", DATA / "tls.key"


def test_a_certificate_with_its_key_can_be_used() -> None:
    Certificate(CERT, KEY).check()


@pytest.mark.parametrize(
    ("cert", "key"),
    [(CERT, CERT), (KEY, KEY), (CERT, DATA / "missing"), (DATA / "missing", KEY), (DATA, KEY)],
)
def test_files_that_do_not_fit_are_refused(cert: Path, key: Path) -> None:
    with pytest.raises(SidecarError) as caught:
        Certificate(cert, key).check()
    assert str(caught.value).startswith(f"cannot use the certificate `{cert}` with the key `{key}`")


def test_a_client_trusts_the_first_certificate_of_the_file_alone(tmp_path: Path) -> None:
    chain = tmp_path / "chain.crt"
    shutil.copy(CERT, chain)
    with chain.open("a") as file:
        file.write("-----BEGIN CERTIFICATE-----\nnot read\n-----END CERTIFICATE-----\n")
    context = Certificate(chain, KEY).trust()
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert not context.verify_flags & NO_CHECK_TIME
    assert Certificate(chain, KEY).trust(also_expired=True).verify_flags & NO_CHECK_TIME
    assert context.cert_store_stats()["x509"] == 1
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert not context.check_hostname


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
def test_a_file_without_a_certificate_is_trusted_by_nobody(tmp_path: Path, content: bytes) -> None:
    """With an empty file Python would trust every authority of the system."""
    file = tmp_path / "empty.crt"
    file.write_bytes(content)
    with pytest.raises(OSError):  # noqa: PT011 - OpenSSL's words
        Certificate(file, KEY).trust()
