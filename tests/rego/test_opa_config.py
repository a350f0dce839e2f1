from __future__ import annotations

import gzip
import io
import itertools
import re
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path

import pytest
import yaml

from hostile import ASKED
from ramgate import resources
from ramgate.bundle.signature import VerificationKey
from ramgate.client.encoding import MAX_BODY
from ramgate.errors import InvalidRequest
from ramgate.sidecar.address import Address
from ramgate.sidecar.certificate import Certificate
from ramgate.sidecar.decision_log import Upload
from ramgate.sidecar.invocation import flags
from ramgate.sidecar.long_poll import RESOURCE
from ramgate.sidecar.sidecar import Sidecar
from ramgate.sidecar.verification import Verification
from tiny_bundle import tiny_bundle

TEXT = resources.path("opa-config.yaml").read_text()
LINES = TEXT.splitlines()
CONFIG = yaml.safe_load(TEXT)

KEY = re.compile(r"( *)([a-z_]+):")
COMMENT = re.compile(r"( *)# \S")


def keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield key
            yield from keys(below)


def test_every_key_has_a_comment_above_it() -> None:
    commented = []
    for above, line in itertools.pairwise(LINES):
        if key := KEY.match(line):
            comment = COMMENT.match(above)
            assert comment, f"no comment above `{line}`"
            assert comment[1] == key[1], f"the comment above `{line}` stands elsewhere"
            commented.append(key[2])
    assert commented == list(keys(CONFIG))
    assert commented


def test_the_flags_in_the_comments_are_those_that_are_passed() -> None:
    passed = flags(
        "FILE",
        ["ADDR"],
        diagnostic=["ADDR"],
        authorization=True,
        decision_log=True,
        ready_timeout=30,
        certificate=Certificate(Path("FILE"), Path("FILE")),
        max_body=1,
    )
    uploading = Upload("https://logs.example.com/PATH", Path("/FILE")).flags
    passed += [flag.replace("https://logs.example.com", "URL") for flag in uploading]
    passed = [flag.replace("=/FILE", "=FILE") for flag in passed]
    passed += Verification((VerificationKey("ID", Path("FILE"), "ALGORITHM"),), "SCOPE").flags
    explained = re.findall(r"^#   (--\S+)(?: |$)", TEXT, re.MULTILINE)
    passed = [re.sub(r"(?<=length=)1$", "BYTES", flag) for flag in passed]
    passed.remove("--ready-timeout=30")
    assert sorted(explained) == sorted([*passed, "--ready-timeout=SECONDS"])
    passed += ["--ready-timeout", "--max-body", "--open", "--socket-mode"]
    passed += ["--decision-log", "--bundle", "--verification-key"]
    assert set(re.findall(r"--[a-z-]+", TEXT)) == {flag.partition("=")[0] for flag in passed}


def test_the_decision_is_what_is_asked_by_default() -> None:
    assert CONFIG["default_decision"] == "ram/authz/decision"
    assert CONFIG["default_authorization_decision"] == "system/authz/allow"


def test_the_bundle_is_where_the_bundle_server_has_it() -> None:
    (bundle,) = CONFIG["bundles"].values()
    assert f"/{bundle['resource']}" == RESOURCE
    assert list(CONFIG["services"]) == [bundle["service"]]


def test_nothing_is_uploaded_to_the_bundle_server() -> None:
    # With a service at hand OPA uploads both to it unless told something else.
    assert "decision_logs" not in CONFIG
    assert CONFIG["status"] == {"prometheus": True}


def test_opa_knows_every_key_and_answers_by_default() -> None:
    log = io.StringIO()
    with Sidecar(bundle=tiny_bundle(), log=log) as sidecar:
        connection = HTTPConnection("localhost", timeout=10)
        connection.sock = Address.parse(sidecar.url.removeprefix("http://")).connect(10)
        connection.request("POST", "/", "{}")
        assert connection.getresponse().read().strip() == b'"tiny"'
        connection.close()
    assert "unknown configuration" not in log.getvalue()


def test_the_limit_of_a_body_is_the_one_that_clients_know() -> None:
    decoding = CONFIG["server"]["decoding"]
    assert decoding["max_length"] == decoding["gzip"]["max_length"] == MAX_BODY


def ask(sidecar: Sidecar, body: bytes, **headers: str) -> int:
    connection = HTTPConnection(sidecar.url.removeprefix("http://"), timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", "/v1/data/ram/authz/decision", body, named)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_body_too_large_is_refused_before_it_is_read() -> None:
    """A stranger's body of 16 MiB took 15 s of CPU and 1 GB."""
    with Sidecar(bundle=tiny_bundle(), addresses=["127.0.0.1:0"]) as sidecar:
        connection = HTTPConnection(sidecar.url.removeprefix("http://"), timeout=10)
        connection.putrequest("POST", "/v1/data/ram/authz/decision")
        connection.putheader("Content-Length", str(MAX_BODY + 1))
        connection.endheaders()
        assert connection.getresponse().status == 400
        connection.close()


def test_max_body_limits_bodies_and_what_they_decompress_to() -> None:
    def zipped(size: int) -> bytes:
        return gzip.compress(b"{}".ljust(size))

    with Sidecar(bundle=tiny_bundle(), addresses=["127.0.0.1:0"], max_body=1000) as sidecar:
        assert ask(sidecar, b"{}".ljust(1000)) == 200
        assert ask(sidecar, b"{}".ljust(1001)) == 400
        assert ask(sidecar, zipped(1000), Content_Encoding="gzip") == 200
        assert ask(sidecar, zipped(1001), Content_Encoding="gzip") == 400
        with sidecar.client() as client, pytest.raises(InvalidRequest, match="at most 1,000"):
            client.decide(*ASKED, {"k": "x" * 1000})
