"""The signatures of real clients' requests, recomputed: known answers."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from alicloud import signatures
from alicloud.cloud import FakeCloud
from alicloud.keys import Key
from alicloud.signatures import Request

RECORDED = json.loads((Path(__file__).parents[2] / "data" / "acs3-requests.json").read_text())
KEY = Key("LTAItestowner", "ownersecret", "1234567890123456")


def request(recorded: dict[str, Any], **changes: Any) -> Request:  # noqa: ANN401 - its own fields
    headers = {name.lower(): value for name, value in recorded["headers"].items()}
    parts = {
        "method": recorded["method"],
        "path": recorded["path"],
        "query": recorded["query"],
        "headers": headers,
    }
    return Request(**{**parts, **changes})


@pytest.fixture
def cloud() -> FakeCloud:
    cloud = FakeCloud()
    cloud.world.keys[KEY.id] = KEY
    now = datetime.datetime(2026, 11, 29, 6, 0, tzinfo=datetime.UTC)
    cloud.world.clock = lambda: now
    return cloud


def test_the_recordings_are_of_two_clients() -> None:
    assert len({recorded["client"] for recorded in RECORDED}) == 2
    assert any("%22" in recorded["query"] for recorded in RECORDED)


@pytest.mark.parametrize("recorded", RECORDED)
def test_a_recorded_signature_is_the_known_answer(recorded: dict[str, Any]) -> None:
    sent = request(recorded)
    authorization = sent.authorization
    assert authorization is not None
    assert authorization.key == KEY.id
    signed = authorization.signed_headers
    assert signatures.signature(sent, signed, KEY.secret) == authorization.signature
    for other in (
        request(recorded, query=sent.query + "&a=b"),
        request(recorded, path="/x"),
        request(recorded, method="GET"),
        request(recorded, body=b"x"),
        request(recorded, headers={**sent.headers, "x-acs-action": "DeleteUser"}),
    ):
        assert signatures.signature(other, signed, KEY.secret) != authorization.signature
    assert signatures.signature(sent, signed, "other") != authorization.signature


def code(cloud: FakeCloud, sent: Request) -> tuple[int, object]:
    status, body, _ = cloud.answer(sent)
    return status, body.get("Code")


def test_a_recorded_request_is_answered_once(cloud: FakeCloud) -> None:
    sent = request(RECORDED[0])
    assert sent.headers["x-acs-action"] == "GetCallerIdentity"
    assert code(cloud, sent) == (200, None)
    assert code(cloud, sent) == (400, "SignatureNonceUsed")


def test_a_changed_request_is_refused(cloud: FakeCloud) -> None:
    sent = request(RECORDED[0])
    headers = sent.headers
    authorization = headers["authorization"]

    def changed(**more: str) -> tuple[int, object]:
        fields = {name.replace("_", "-"): value for name, value in more.items()}
        return code(cloud, request(RECORDED[0], headers={**headers, **fields}))

    assert changed(authorization="") == (400, "IncompleteSignature")
    assert changed(authorization=authorization.replace("ACS3", "ACS4")) == (
        400,
        "IncompleteSignature",
    )
    unsigned = authorization.replace("x-acs-date;", "")
    assert changed(authorization=unsigned) == (400, "IncompleteSignature")
    unsent = authorization.replace("accept;", "accept;cookie;")
    assert changed(authorization=unsent) == (400, "IncompleteSignature")
    assert changed(authorization=authorization.replace("owner", "nobody")) == (
        404,
        "InvalidAccessKeyId.NotFound",
    )
    assert changed(x_acs_signature_nonce="other") == (400, "SignatureDoesNotMatch")
    assert changed(x_acs_date="today") == (400, "InvalidTimeStamp.Format")
    assert changed(x_acs_date="2026-11-29T05:44:00Z") == (400, "InvalidTimeStamp.Expired")
    assert changed(x_acs_date="2026-11-29T05:46:00Z") == (400, "SignatureDoesNotMatch")
    assert changed(x_acs_version="2015-01-01") == (404, "InvalidVersion")
    assert changed(x_acs_action="Nope") == (404, "InvalidAction.NotFound")
    assert code(cloud, sent) == (200, None)
