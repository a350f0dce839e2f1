from __future__ import annotations

import json
import logging

import pytest

from ramgate import (
    AnswerError,
    Feature,
    FeatureDenied,
    InvalidRequest,
    RamgateError,
    TransportError,
)
from ramgate.middleware.errors import (
    InvalidResource,
    InvalidTemplate,
    PrincipalError,
    Unauthenticated,
    Undecided,
)
from ramgate.middleware.outcome import outcome_of, report
from ramgate.model.decision import Decision, Request, Statement
from ramgate.model.denials import denial

DENY = Decision(
    allow=False,
    effect="ExplicitDeny",
    reason="statement_denies",
    policy_type="AccountLevelIdentityBasedPolicy",
    statements=(Statement("secret-policy", 0),),
)
DENIED = denial(Request("acs:ram::1234567890123456:user/alice", "a:b", "*"), DENY)
FEATURE = Feature(
    allow=False,
    outcome="denied",
    account="1234567890123456",
    role="AliyunServiceRoleForAlikafkaETL",
    service_name=None,
    authorization=DENY,
    remedy=None,
)
STATUSES = [
    (Unauthenticated("x"), 401),
    (DENIED, 403),
    (FeatureDenied("secret-policy", FEATURE), 403),
    (TransportError("/run/opa.sock"), 503),
    (AnswerError("x"), 503),
    (InvalidResource("`instance` cannot stand in a resource: it contains `*`"), 400),
    (InvalidRequest(["resource: must be …"]), 400),
    (InvalidRequest(["context: must be …", "resource: must be …"]), 400),
    (InvalidRequest(["context.acs:SourceIp: must be …"]), 400),
    (InvalidRequest(["`resource` cannot be written as JSON: …"]), 400),
    (InvalidRequest(["`context` must be …"]), 400),
    (InvalidRequest(["action: must be …"]), 500),
    (InvalidRequest(["principal: must be …", "resource: must be …"]), 500),
    (InvalidRequest(["the body has 3,000,000 bytes"]), 500),
    (InvalidRequest(["resources: x"]), 500),
    (InvalidRequest([]), 500),
    (InvalidTemplate("x"), 500),
    (PrincipalError("x"), 500),
    (Undecided("x"), 500),
    (ExceptionGroup("", [DENIED, ExceptionGroup("", [TransportError("x")])]), 403),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=[str(one) for one in STATUSES])
def test_an_error_has_its_status(error: Exception, status: int) -> None:
    outcome = outcome_of(error)
    assert outcome is not None
    assert outcome.status == status


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=[str(one) for one in STATUSES])
def test_an_answer_is_a_problem_without_names(error: Exception, status: int) -> None:
    outcome = outcome_of(error)
    assert outcome is not None
    headers = dict(outcome.headers())
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Length"] == str(len(outcome.body))
    problem = json.loads(outcome.body)
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    for secret in ("secret-policy", "alice", "opa.sock", "instance"):
        assert secret not in outcome.body.decode()
    assert ("WWW-Authenticate" in headers) == (status == 401)
    assert ("Retry-After" in headers) == (status == 503)


def test_the_application_names_the_challenge() -> None:
    outcome = outcome_of(Unauthenticated("x"))
    assert outcome is not None
    assert dict(outcome.headers())["WWW-Authenticate"] == "Bearer"
    assert dict(outcome.headers('Basic realm="x"'))["WWW-Authenticate"] == 'Basic realm="x"'


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        RuntimeError("this client is closed"),
        PermissionError("x"),
        RamgateError("x"),
        ExceptionGroup("", [DENIED, KeyError("x")]),
    ],
)
def test_another_error_has_no_answer(error: Exception) -> None:
    assert outcome_of(error) is None


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (Unauthenticated("a"), logging.INFO),
        (DENIED, logging.INFO),
        (TransportError("a"), logging.WARNING),
        (Undecided("a"), logging.ERROR),
    ],
)
def test_an_answer_is_logged_by_its_weight(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int
) -> None:
    outcome = outcome_of(error)
    assert outcome is not None
    with caplog.at_level(logging.INFO, "ramgate.middleware"):
        report(error, outcome)
    [record] = caplog.records
    assert record.levelno == level
    assert str(error) in record.message
    assert bool(record.exc_info) == (level == logging.ERROR)
