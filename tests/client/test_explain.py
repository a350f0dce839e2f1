"""Explanations through both clients, with a scripted server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hostile import DENIED, Asker, Hostile, answering, response, result
from ramgate.errors import AnswerError, InvalidRequest
from ramgate.model.explanation import Explanation
from sample_explanations import REQUEST, answer, decision

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = (REQUEST.principal, REQUEST.action, REQUEST.resource)
SIMULATED = answer(decision=decision() | {"simulated": True})


def test_an_explanation_is_one_request(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result(answer()))) as server:
        found = connect(server.url).explain(*ASKED, {"acs:SourceIp": "192.0.2.1"})
    assert isinstance(found, Explanation)
    assert not found
    assert found.request.context == {"acs:SourceIp": "192.0.2.1"}
    assert found.cause.startswith("`backup-objects[0]` allows it on objects")
    assert server.heads[0].startswith(b"POST /v1/data/ram/explain/decision HTTP/1.1\r\n")
    assert json.loads(server.questions[0])["input"]["action"] == "oss:ListMultipartUploads"


def test_a_simulation_is_explained(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result(SIMULATED), result(answer()))) as server:
        client = connect(server.url)
        found = client.explain_simulation(*ASKED, policies={"mine": {"format": 2}})
        assert found.simulated
        with pytest.raises(AnswerError, match="returned a decision, not a simulation"):
            client.explain_simulation(*ASKED, policies={})
    assert server.heads[0].startswith(b"POST /v1/data/ram/explain/simulation HTTP/1.1\r\n")
    assert json.loads(server.questions[0])["input"]["policies"] == {"mine": {"format": 2}}


@pytest.mark.parametrize(
    "answered",
    [
        {"decision": decision()},
        answer() | {"extra": 1},
        answer(decision=decision() | {"allow": True}),
        answer(hints=[{"code": "unheard_of"}]),
        None,
        [],
    ],
    ids=str,
)
def test_an_answer_that_is_not_an_explanation_is_an_error(
    connect: Callable[..., Asker], answered: dict[str, Any]
) -> None:
    with (
        Hostile(answering(result(answered))) as server,
        pytest.raises(AnswerError, match="`ram/explain/decision` returned no valid answer"),
    ):
        connect(server.url).explain(*ASKED)


def test_two_values_for_allow_are_refused(connect: Callable[..., Asker]) -> None:
    body = json.dumps({"result": answer()}).replace(
        '"allow": false', '"allow": true, "allow": false'
    )
    with (
        Hostile(answering(response(body.encode()))) as server,
        pytest.raises(AnswerError, match="an object repeats a key"),
    ):
        connect(server.url).explain(*ASKED)


def test_a_malformed_request_raises(connect: Callable[..., Asker]) -> None:
    malformed = decision("malformed_request", None) | {"errors": ["action: is missing"]}
    nothing = answer(decision=malformed, layers=[], considered=[], hints=[])
    with (
        Hostile(answering(result(nothing))) as server,
        pytest.raises(InvalidRequest, match="action: is missing"),
    ):
        connect(server.url).explain(*ASKED)


def test_a_server_that_does_not_explain_is_an_error_that_names_the_option(
    connect: Callable[..., Asker],
) -> None:
    refused = response(b'{"code": "unauthorized", "message": "no"}', "401 Unauthorized")
    with Hostile(answering(refused), answering(response(b"{}"), DENIED)) as server:
        client = connect(server.url)
        with pytest.raises(AnswerError, match="start OPA with `--allow-explain`"):
            client.explain(*ASKED)
        with pytest.raises(AnswerError, match=r"is undefined: .* older ramgate"):
            client.explain(*ASKED)
        assert not client.decide(*ASKED)
