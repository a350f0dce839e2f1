"""The changes that a remedy consists of, and their text."""

from __future__ import annotations

import json

import msgspec
import pytest

from ramgate import Remedy, Statement

BOB = "acs:ram::1234567890123456:user/bob"
POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Action": ["ram:CreateServiceLinkedRole"],
            "Resource": "*",
            "Effect": "Allow",
            "Condition": {"StringEquals": {"ram:ServiceName": "etl.alikafka.aliyuncs.com"}},
        }
    ],
}
ATTACH: dict[str, object] = {"policy": POLICY, "attach_to": BOB}
USAGE = {"region": "cn-beijing", "resources": ["acs:alikafka:cn-beijing:1234567890123456:i-1"]}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"policy": POLICY},
        {"attach_to": BOB},
        {"or_attach": "AliyunKafkaFullAccess"},
        {"ask": "ControlPolicy"},
        {"levels": [0]},
        {"release": []},
        ATTACH | {"release": [USAGE]},
        {"remove": []},
        {"ask": "Nicely", "levels": [0]},
        {"pay": 1},
    ],
)
def test_a_remedy_whose_parts_do_not_fit_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(parts, Remedy)


def test_the_text_of_a_remedy_is_one_line() -> None:
    remove = [{"policy": "office", "index": 1}, {"policy": "stop", "index": 0}]
    whole = ATTACH | {
        "or_attach": "AliyunKafkaFullAccess",
        "remove": remove,
        "ask": "ControlPolicy",
        "levels": [0, 2],
    }
    remedy = msgspec.convert(whole, Remedy)
    assert remedy.remove == (Statement("office", 1), Statement("stop", 0))
    document = json.dumps(POLICY, separators=(",", ":"))
    assert str(remedy) == (
        "remove `office[1]`, `stop[0]`; have the control policies of "
        "level 0 (the root folder) and level 2 allow it; "
        f"attach to `{BOB}` the system policy `AliyunKafkaFullAccess`, or this policy: {document}"
    )
    assert str(msgspec.convert(ATTACH, Remedy)) == f"attach to `{BOB}` this policy: {document}"
    assert str(msgspec.convert({"release": [USAGE]}, Remedy)) == (
        "release acs:alikafka:cn-beijing:1234567890123456:i-1 in cn-beijing"
    )


def test_parts_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"^a remedy cannot consist of `attach_to`, `levels`$"):
        Remedy(attach_to=BOB, levels=(0,))
    with pytest.raises(ValueError, match=r"^a remedy cannot consist of no parts$"):
        Remedy()
