"""The client of the rules for AuthZEN takes whole answers of the right shape, and nothing else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

import fronts
from hostile import FOREVER, Hostile, Peer, response, result, saying
from ramgate import Sidecar
from ramgate.client.authzen_client import AuthzenClient, Endpoint, Reply
from ramgate.errors import AnswerError, InvalidRequest, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator

REGO = Path(__file__).parents[2] / "rego/authzen"
YES, NO = {"decision": True}, {"decision": False, "context": {"reason": "x"}}


def ask(url: str, endpoint: Endpoint, question: bytes = b"{}", max_body: int = 1000) -> Reply:
    async def run() -> Reply:
        async with AuthzenClient(url, timeout=FOREVER, max_body=max_body) as client:
            return await client.ask(endpoint, question)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def opa() -> Iterator[str]:
    with Sidecar(bundle=fronts.scenario()) as sidecar:
        yield sidecar.url


def test_every_endpoint_is_an_entry_point_of_the_rules() -> None:
    for name in get_args(Endpoint.__value__ if hasattr(Endpoint, "__value__") else Endpoint):
        assert "\nanswer := answer_to(input)" in (REGO / name / f"{name}.rego").read_text()


@pytest.mark.parametrize("endpoint", get_args(Endpoint))
def test_opa_answers_every_endpoint(opa: str, endpoint: Endpoint) -> None:
    assert ask(opa, endpoint).status == (403 if endpoint == "route" else 400)


VALID: list[tuple[Endpoint, int, object]] = [
    ("evaluation", 200, YES),
    ("evaluation", 200, NO),
    ("evaluation", 400, "why"),
    ("evaluations", 200, YES),
    ("subject_search", 200, {"results": []}),
    ("metadata", 200, {"access_evaluation_endpoint": "https://a"}),
    ("metadata", 400, "why"),
    ("route", 200, YES),
    ("route", 403, NO),
]
INVALID: list[tuple[Endpoint, int, object]] = [
    ("evaluation", 200, {}),
    ("evaluation", 200, "why"),
    ("evaluation", 200, {"decision": "true"}),
    ("evaluation", 200, {"decision": 1}),
    ("evaluation", 200, {"evaluations": [YES]}),
    ("evaluation", 200, None),
    ("evaluation", 200, [YES]),
    ("evaluation", 400, YES),
    ("evaluation", 403, NO),
    ("evaluation", 500, "why"),
    ("evaluations", 200, {"decision": None, "evaluations": [YES]}),
    ("evaluations", 200, {"evaluations": [YES]}),
    ("evaluations", 200, {"evaluations": []}),
    ("resource_search", 200, {"results": {}}),
    ("resource_search", 200, YES),
    ("metadata", 200, YES),
    ("route", 200, NO),
    ("route", 403, YES),
    ("route", 400, YES),
    ("route", 400, {}),
    ("route", 400, "why"),
    ("route", 403, {}),
    ("route", 200, "yes"),
    ("route", 403, "no"),
]


@pytest.mark.parametrize(("endpoint", "status", "body"), VALID)
def test_a_whole_answer_is_returned(endpoint: Endpoint, status: int, body: object) -> None:
    with Hostile(saying(result({"status": status, "body": body}))) as server:
        reply = ask(server.url, endpoint)
    assert (reply.status, reply.body) == (status, body)
    assert reply.allows == (status == 200 and body is YES)


@pytest.mark.parametrize(("endpoint", "status", "body"), INVALID)
def test_any_other_answer_is_an_error(endpoint: Endpoint, status: int, body: object) -> None:
    with (
        Hostile(saying(result({"status": status, "body": body}))) as server,
        pytest.raises(AnswerError),
    ):
        ask(server.url, endpoint)


def batch(count: int, semantic: object = "execute_all") -> dict[str, object]:
    return {"evaluations": [{}] * count, "options": {"evaluations_semantic": semantic}}


FIRST_DENY, FIRST_PERMIT = "deny_on_first_deny", "permit_on_first_permit"
# The question, the answer, and true if the answer fits.
BATCHES: list[tuple[object, object, bool]] = [
    (batch(2), [YES, NO], True),
    (batch(2), [YES], False),
    (batch(2), [YES, NO, YES], False),
    (batch(2), [], False),
    (batch(2), [YES, {}], False),
    (batch(1), [True], False),
    (batch(1), {"0": YES}, False),
    (batch(1), None, False),
    ({"evaluations": [{}, {}]}, [YES, YES], True),
    ({"evaluations": [{}, {}], "options": {"x": 1e300}}, [YES, YES], True),
    ({"evaluations": [{}, {}], "options": {}}, [YES], False),
    (batch(3, FIRST_DENY), [YES, NO], True),
    (batch(3, FIRST_DENY), [NO], True),
    (batch(3, FIRST_DENY), [YES, YES, YES], True),
    (batch(3, FIRST_DENY), [YES, YES, NO], True),
    (batch(3, FIRST_DENY), [YES, YES], False),
    (batch(3, FIRST_DENY), [NO, YES], False),
    (batch(3, FIRST_DENY), [NO, YES, YES], False),
    (batch(3, FIRST_DENY), [YES, YES, YES, NO], False),
    (batch(3, FIRST_PERMIT), [NO, YES], True),
    (batch(3, FIRST_PERMIT), [NO, NO, NO], True),
    (batch(3, FIRST_PERMIT), [NO, NO], False),
    (batch(3, FIRST_PERMIT), [NO, NO, NO, YES], False),
    (batch(3, FIRST_PERMIT), [YES, NO, NO], False),
    (batch(1, ["x"]), [YES], True),
    ({"evaluations": None}, [YES], False),
    ({"evaluations": {}}, [], False),
    ([], [YES], False),
]


@pytest.mark.parametrize(("question", "decisions", "fits"), BATCHES)
def test_a_batch_has_a_decision_for_each_item_up_to_the_one_that_ends_it(
    *, question: object, decisions: object, fits: bool
) -> None:
    answer = result({"status": 200, "body": {"evaluations": decisions}})
    with Hostile(saying(answer)) as server:
        if fits:
            reply = ask(server.url, "evaluations", json.dumps(question).encode())
            assert reply.body == {"evaluations": decisions}
        else:
            with pytest.raises(AnswerError):
                ask(server.url, "evaluations", json.dumps(question).encode())


@pytest.mark.parametrize(
    ("question", "fits"),
    [({"evaluations": []}, True), ({"options": None}, True), (batch(1), False)],
)
def test_a_batch_without_items_has_one_decision(*, question: object, fits: bool) -> None:
    with Hostile(saying(result({"status": 200, "body": YES}))) as server:
        if fits:
            assert ask(server.url, "evaluations", json.dumps(question).encode()).allows
        else:
            with pytest.raises(AnswerError):
                ask(server.url, "evaluations", json.dumps(question).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"result": null}',
        b'{"result": {"status": 200}}',
        b'{"result": {"status": 200, "body": {"decision": true}, "else": 1}}',
        b'{"result": {"status": 200, "body": {"decision": false, "decision": true}}}',
        b'{"result": {"status": 200, "body": {"decision": true}',
        b"true",
        b"",
    ],
)
def test_an_answer_that_is_undefined_or_unreadable_is_an_error(body: bytes) -> None:
    with Hostile(saying(response(body))) as server, pytest.raises(AnswerError):
        ask(server.url, "evaluation")


def test_an_error_of_opa_is_an_error() -> None:
    failed = response(b'{"code": "internal_error"}', "500 Internal Server Error")
    with Hostile(saying(failed)) as server, pytest.raises(AnswerError, match="HTTP 500"):
        ask(server.url, "route")


def test_an_opa_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TransportError):
        ask(f"unix://{tmp_path}/none", "evaluation")


def test_a_question_that_opa_would_not_take_is_not_sent(opa: str) -> None:
    with pytest.raises(InvalidRequest, match="the body has"):
        ask(opa, "evaluation", b'{"x": "%s"}' % (b"x" * 1000))


def test_readiness_is_that_of_opa(opa: str) -> None:
    async def ready(url: str) -> bool:
        async with AuthzenClient(url, timeout=FOREVER) as client:
            return await client.ready()

    def is_not(peer: Peer) -> None:
        peer.socket.recv(1000)
        peer.say(response(b"{}", "500 Internal Server Error"))

    assert asyncio.run(ready(opa))
    with Hostile(is_not) as server:
        assert not asyncio.run(ready(server.url))
