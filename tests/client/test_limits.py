"""The limits of a request, through a client and a real OPA: one at the limit, and one above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ramgate import InvalidRequest, Request, Simulation, translate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate import Client

ALICE = "acs:ram::1234567890123456:user/alice"
SESSION = "acs:ram::1234567890123456:assumed-role/app/s"
KEYS, ELEMENTS, VALUE, NAME = 200, 100, 2048, 2048
ANY = translate(
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)

CONTEXTS: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "at most 200 keys": (
        {f"k:{number}": "" for number in range(KEYS)},
        {f"k:{number}": "" for number in range(KEYS + 1)},
    ),
    "a key of at most 256 characters": ({"k" * 256: "x"}, {"k" * 257: "x"}),
    "at most 2048 characters": ({"k:a": "é" * VALUE}, {"k:a": "é" * (VALUE + 1)}),
    "a list of at most 100 elements": ({"k:a": ["x"] * ELEMENTS}, {"k:a": ["x"] * (ELEMENTS + 1)}),
    "at most 1000 elements in all": (
        {f"k:{number}": ["x"] * ELEMENTS for number in range(10)},
        {f"k:{number}": ["x"] * ELEMENTS for number in range(11)},
    ),
    "at most 8192 characters in all values": (
        {f"k:{number}": "x" * VALUE for number in range(4)},
        {f"k:{number}": "x" * VALUE for number in range(5)},
    ),
}
NAMES: dict[str, tuple[str, str]] = {
    "principal": ("a." * ((NAME - 12) // 2) + "aliyuncs.com", "a." * (NAME // 2) + "aliyuncs.com"),
    "action": ("ecs:".ljust(NAME, "a"), "ecs:".ljust(NAME + 1, "a")),
    "resource": ("acs:oss:::".ljust(NAME, "a"), "acs:oss:::".ljust(NAME + 1, "a")),
}


def asked(**changes: object) -> dict[str, Any]:
    return {"principal": ALICE, "action": "ecs:StartInstance", "resource": "*", **changes}


def refused(client: Client, request: dict[str, Any], text: str) -> None:
    """Check that a single request, a batch and a simulation are refused with this text."""
    with pytest.raises(InvalidRequest, match=text):
        client.decide(**request)
    [good, bad] = client.decide_all([Request(**asked()), Request(**request)])
    assert good.reason != "malformed_request"
    assert not bad.allow
    assert any(text in error for error in bad.errors)
    policies = {"p": ANY}
    if request["principal"] == ALICE:
        with pytest.raises(InvalidRequest, match=text):
            client.simulate(**request, policies=policies)
        [simulated] = client.simulate_all([Simulation(**request, policies=policies)])
        assert any(text in error for error in simulated.errors)


@pytest.mark.parametrize("text", CONTEXTS)
def test_a_context_has_limits(ramgate_client: Client, text: str) -> None:
    at_most, more = CONTEXTS[text]
    assert not ramgate_client.decide(**asked(context=at_most)).allow
    refused(ramgate_client, asked(context=more), text)
    with pytest.raises(InvalidRequest, match=text):
        ramgate_client.feature(ALICE, "alikafka.connector", more)


@pytest.mark.parametrize("field", NAMES)
@pytest.mark.ramgate_unknown
def test_a_name_has_a_limit(ramgate_client: Client, field: str) -> None:
    at_most, more = NAMES[field]
    ramgate_client.decide(**asked(**{field: at_most}))
    refused(ramgate_client, asked(**{field: more}), f"{field}: must have at most 2048 characters")


@pytest.mark.ramgate_unknown
def test_session_policies_have_a_limit(ramgate_client: Client) -> None:
    session = asked(principal=SESSION, session_policies=[ANY] * 10)
    assert ramgate_client.decide(**session).reason != "malformed_request"
    more = asked(principal=SESSION, session_policies=[ANY] * 11)
    with pytest.raises(InvalidRequest, match="session_policies: must be at most 10"):
        ramgate_client.decide(**more)


def test_a_simulation_has_a_limit(ramgate_client: Client) -> None:
    documents = {f"p{number}": ANY for number in range(101)}
    with pytest.raises(InvalidRequest, match="policies: must be at most 100 documents"):
        ramgate_client.simulate(**asked(), policies=documents)
    documents.popitem()
    assert ramgate_client.simulate(**asked(), policies=documents).allow


def test_a_batch_has_a_limit(ramgate_client: Client) -> None:
    one = Request(ALICE, "a:b", "*")
    assert len(ramgate_client.decide_all([one] * 10_000)) == 10_000
    with pytest.raises(InvalidRequest, match="requests: must be at most 10000"):
        ramgate_client.decide_all([one] * 10_001)
