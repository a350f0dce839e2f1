"""The answers about service-linked roles as values, and the methods that return them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest

from hostile import (
    ALLOW,
    DENY,
    Asker,
    Hostile,
    answering,
    response,
    result,
    saying,
)
from ramgate import Creation, Deletion, Feature, FeatureDenied, Loss, Remedy, Usage
from ramgate.errors import AnswerError, InvalidRequest, RamgateError
from ramgate.model.decision import Decision
from ramgate.model.service_linked_role import CreationQuestion, DeletionQuestion, FeatureQuestion

if TYPE_CHECKING:
    from collections.abc import Callable

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
NOTHING: dict[str, object] = {
    "account": None,
    "role": None,
    "service_name": None,
    "authorization": None,
    "remedy": None,
}
KNOWN = NOTHING | {
    "account": "1234567890123456",
    "role": "AliyunServiceRoleForAlikafkaETL",
    "service_name": "etl.alikafka.aliyuncs.com",
}
LOSS = {"features": ["alikafka.etl"], "created_when": "ETL is enabled"}
UNNAMED = NOTHING | {"account": "1234567890123456"}
MALFORMED = NOTHING | {"allow": False, "outcome": "malformed_request", "errors": ["x: is missing"]}

CREATE = KNOWN | {"allow": True, "outcome": "create", "authorization": ALLOW}
EXISTS = KNOWN | {"allow": True, "outcome": "exists"}
READY = KNOWN | {"allow": True, "outcome": "ready"}
DENIED = KNOWN | {
    "allow": False,
    "outcome": "denied",
    "authorization": DENY,
    "remedy": ATTACH | {"or_attach": "AliyunKafkaFullAccess"},
}
UNKNOWN_PRINCIPAL = NOTHING | {"allow": False, "outcome": "denied", "authorization": DENY}
DELETE = CREATE | {"outcome": "delete", "loss": LOSS}
IN_USE = DELETE | {"allow": False, "outcome": "in_use", "remedy": {"release": [USAGE]}}
NOT_SERVICE_LINKED = UNNAMED | {
    "allow": False,
    "outcome": "not_service_linked",
    "role": "AppRole",
}


def unknown(kind: str) -> dict[str, object]:
    return UNNAMED | {"allow": False, "outcome": f"unknown_{kind}"}


CREATIONS = [CREATE, EXISTS, DENIED, UNKNOWN_PRINCIPAL, unknown("service"), MALFORMED]
FEATURES = [CREATE, READY, DENIED, UNKNOWN_PRINCIPAL, unknown("feature"), MALFORMED]
DELETIONS = [
    DELETE,
    IN_USE,
    DENIED | {"remedy": None},
    UNKNOWN_PRINCIPAL,
    unknown("role"),
    NOT_SERVICE_LINKED,
    MALFORMED,
]
VALID: list[tuple[type[Creation | Feature | Deletion], dict[str, object]]] = [
    *((Creation, fields) for fields in CREATIONS),
    *((Feature, fields) for fields in FEATURES),
    *((Deletion, fields) for fields in DELETIONS),
]


@pytest.mark.parametrize(("kind", "fields"), VALID)
def test_an_answer_is_true_exactly_when_it_allows(
    kind: type[Creation | Feature | Deletion], fields: dict[str, object]
) -> None:
    found = msgspec.convert(fields, kind)
    assert bool(found) is found.allow is fields["allow"]
    assert found.outcome == fields["outcome"]


def contradictions(fields: dict[str, object]) -> list[dict[str, object]]:
    """Return copies in each of which one field contradicts the others."""
    swapped = {
        None: ALLOW if fields["outcome"] != "denied" else None,
        str(ALLOW): DENY,
        str(DENY): ALLOW,
    }
    authorization = fields["authorization"]
    return [
        fields | {"allow": not fields["allow"]},
        fields | {"errors": ["x"] if "errors" not in fields else []},
        fields | {"authorization": swapped[None if authorization is None else str(authorization)]},
        fields | {"authorization": None if authorization else DENY},
        fields | {"remedy": {"release": [USAGE]} if fields["outcome"] != "in_use" else None},
        fields | {"remedy": {"release": []}},
        fields | {"loss": None if fields.get("loss") else LOSS},
    ]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(kind, wrong) for kind, fields in VALID for wrong in contradictions(fields)],
)
def test_an_answer_that_contradicts_itself_is_refused(
    kind: type[Creation | Feature | Deletion], fields: dict[str, object]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, kind)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Creation, CREATE | {"account": None}),
        (Creation, EXISTS | {"role": None}),
        (Feature, READY | {"service_name": None}),
        (Creation, EXISTS | {"remedy": ATTACH}),
        (Creation, unknown("service") | {"role": "R"}),
        (Creation, unknown("service") | {"account": None}),
        (Deletion, NOT_SERVICE_LINKED | {"service_name": "x"}),
        (Creation, DELETE),
        (Creation, READY),
        (Feature, EXISTS),
        (Feature, unknown("service")),
        (Deletion, CREATE | {"loss": LOSS}),
        (Deletion, IN_USE | {"remedy": ATTACH}),
        (Creation, MALFORMED | {"account": "1234567890123456"}),
        (Creation, EXISTS | {"more": 1}),
        (Creation, EXISTS | {"allow": 1}),
        (Creation, EXISTS | {"outcome": "EXISTS"}),
        (Creation, {key: value for key, value in EXISTS.items() if key != "remedy"}),
        (
            Creation,
            UNKNOWN_PRINCIPAL
            | {"authorization": DENY | {"reason": "malformed_request", "errors": ["x"]}},
        ),
    ],
)
def test_an_answer_of_another_shape_is_refused(
    kind: type[Creation | Feature | Deletion], fields: dict[str, object]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, kind)


def test_a_contradiction_is_named() -> None:
    decision = msgspec.convert(DENY, Decision)
    with pytest.raises(ValueError, match=r"`allow` `True` and `outcome` `create` on `Implic"):
        Creation(
            allow=True,
            outcome="create",
            account="1",
            role="r",
            service_name="s",
            authorization=decision,
            remedy=None,
        )
    with pytest.raises(ValueError, match=r"`outcome` `exists` with no other field$"):
        Creation(
            allow=True,
            outcome="exists",
            account=None,
            role=None,
            service_name=None,
            authorization=None,
            remedy=None,
        )


def test_answers_cannot_be_changed() -> None:
    found = msgspec.convert(IN_USE, Deletion)
    for value, field in ((found, "allow"), (found.remedy, "ask"), (found.loss, "features")):
        with pytest.raises(AttributeError):
            setattr(value, field, None)


# The same types without their signatures, for calls that a type checker would refuse.
USAGE_OF: Callable[..., Usage] = Usage
ON_CREATION: Callable[..., CreationQuestion] = CreationQuestion
ON_FEATURE: Callable[..., FeatureQuestion] = FeatureQuestion
ON_DELETION: Callable[..., DeletionQuestion] = DeletionQuestion


def test_a_question_does_not_change_with_the_values_it_was_created_from() -> None:
    resources = ["a"]
    usages = [USAGE_OF("r", resources)]
    keys = ["k"]
    question = DeletionQuestion("p", "r", usages, {"x": keys})
    resources.append("b")
    keys.append("l")
    usages.clear()
    assert question == DeletionQuestion("p", "r", (Usage("r", ("a",)),), {"x": ("k",)})


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda: ON_CREATION(1, None), "`principal` is of type `int`.*; `service_name` is "),
        (lambda: ON_FEATURE("p", b"f"), "`feature` is of type `bytes`, not a string"),
        (lambda: ON_FEATURE("p", "f", None), "`context` is of type `NoneType`"),
        (lambda: ON_DELETION("p", "r", "u"), "`usages` is of type `str`, not a sequence"),
        (lambda: ON_DELETION("p", "r", [{}]), "`usages` has a `dict`, not a `Usage`"),
        (lambda: ON_DELETION("p", "r", context={"k": float("inf")}), "`context` at `k` is "),
        (lambda: USAGE_OF("r", "resource"), "`resources` is of type `str`, not a sequence"),
        (lambda: USAGE_OF(None, (1,)), "`region` is of .*; `resources` is of type `int`"),
    ],
)
def test_a_field_that_json_cannot_express_is_refused_by_name_too(
    ask: Callable[[], object], error: str
) -> None:
    with pytest.raises(InvalidRequest, match=error):
        ask()


def test_both_clients_send_the_three_questions(connect: Callable[..., Asker]) -> None:
    answers = [result(one) for one in (CREATE, EXISTS, READY, READY, IN_USE, DELETE)]
    with Hostile(answering(*answers)) as server:
        client = connect(server.url)
        created = client.creation(BOB, "etl.alikafka.aliyuncs.com", {"acs:SourceIp": "192.0.2.1"})
        assert client.creation(BOB, "etl.alikafka.aliyuncs.com").outcome == "exists"
        assert client.feature(BOB, "alikafka.etl").outcome == "ready"
        assert client.require_feature(BOB, "alikafka.etl", {"k": 1}).outcome == "ready"
        usage = Usage("cn-beijing", ("acs:alikafka:cn-beijing:1234567890123456:i-1",))
        used = client.deletion(BOB, "aliyunserviceroleforalikafkaetl", [usage], {"k": 1})
        assert client.deletion(BOB, "aliyunserviceroleforalikafkaetl")
    assert created
    assert created.authorization
    assert not used
    assert used.remedy == Remedy(release=(usage,))
    assert used.loss == Loss(("alikafka.etl",), "ETL is enabled")
    paths = [head.split()[1].decode() for head in server.heads]
    assert paths == [
        f"/v1/data/slr/{kind}/decision"
        for kind in ("creation", "creation", "feature", "feature", "deletion", "deletion")
    ]
    role = {"principal": BOB, "role": "aliyunserviceroleforalikafkaetl"}
    service = {"principal": BOB, "service_name": "etl.alikafka.aliyuncs.com"}
    assert [json.loads(question)["input"] for question in server.questions] == [
        service | {"context": {"acs:SourceIp": "192.0.2.1"}},
        service,
        {"principal": BOB, "feature": "alikafka.etl"},
        {"principal": BOB, "feature": "alikafka.etl", "context": {"k": 1}},
        role | {"usages": [USAGE], "context": {"k": 1}},
        role,
    ]


def test_a_required_feature_that_is_denied_raises_with_the_remedy(
    connect: Callable[..., Asker],
) -> None:
    stopped = {
        "allow": False,
        "effect": "ExplicitDeny",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "reason": "statement_denies",
        "statements": [{"policy": "stop", "index": 0}],
    }
    remedy = {"remove": [{"policy": "stop", "index": 0}]}
    barred = DENIED | {"authorization": stopped, "remedy": remedy}
    texts = {
        result(DENIED): (
            f"`{BOB}` cannot use `alikafka.etl`: its role `AliyunServiceRoleForAlikafkaETL` "
            "does not exist and may not be created: ImplicitDeny, no_statement_matches; "
            "remedy: attach to "
            f"`{BOB}` the system policy `AliyunKafkaFullAccess`, or this policy: "
            f"{json.dumps(POLICY, separators=(',', ':'))}"
        ),
        result(barred): (
            f"`{BOB}` cannot use `alikafka.etl`: its role `AliyunServiceRoleForAlikafkaETL` "
            "does not exist and may not be created: ExplicitDeny, statement_denies by stop[0]; "
            "remedy: remove `stop[0]`"
        ),
        result(UNKNOWN_PRINCIPAL): (
            f"`{BOB}` cannot use `alikafka.etl`: ImplicitDeny, no_statement_matches"
        ),
        result(unknown("feature")): f"`{BOB}` cannot use `alikafka.etl`: unknown_feature",
    }
    with Hostile(answering(*texts)) as server:
        client = connect(server.url)
        for text in texts.values():
            with pytest.raises(FeatureDenied) as caught:
                client.require_feature(BOB, "alikafka.etl")
            assert str(caught.value) == text
            assert not caught.value.answer
            assert isinstance(caught.value, PermissionError)
            assert isinstance(caught.value, RamgateError)


def all_questions(client: Asker) -> list[Callable[[], object]]:
    return [
        lambda: client.creation(BOB, "etl.alikafka.aliyuncs.com"),
        lambda: client.feature(BOB, "alikafka.etl"),
        lambda: client.require_feature(BOB, "alikafka.etl"),
        lambda: client.deletion(BOB, "AliyunServiceRoleForAlikafkaETL"),
    ]


def test_a_malformed_question_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(answering(result(MALFORMED))) as server:
        for question in all_questions(connect(server.url)):
            with pytest.raises(InvalidRequest, match=r"^x: is missing$"):
                question()


SIMULATED = ALLOW | {"simulated": True}


def twice(fields: dict[str, object], place: str, more: str) -> bytes:
    """Return the response with `more` inserted before `place`."""
    body = json.dumps({"result": fields})
    assert body.count(place) == 1
    return response(body.replace(place, more + place).encode())


# No question has one of these as its answer; some of them answer another question.
OTHER_BODIES = {
    "undefined": response(b"{}"),
    "true": result(value=True),
    "null": result(None),
    "a list": result([EXISTS]),
    "a decision": result(ALLOW),
    "an empty object": result({}),
    "an errors object": result({"errors": ["no"]}),
    "an unknown outcome": result(CREATE | {"outcome": "perhaps"}),
    "an allow for a deny's outcome": result(DENIED | {"allow": True}),
    "a deny for an allow's outcome": result(CREATE | {"allow": False}),
    "a deny for a role that is deleted": result(DELETE | {"allow": False}),
    "a denied creation": result(CREATE | {"authorization": DENY}),
    "a denied deletion": result(DELETE | {"authorization": DENY}),
    "a creation nobody allowed": result(CREATE | {"authorization": None}),
    "a simulation": result(CREATE | {"authorization": SIMULATED}),
    "a simulated deletion": result(DELETE | {"authorization": SIMULATED}),
    "an allow in a denial": result(DENIED | {"authorization": ALLOW}),
    "malformed without errors": result(MALFORMED | {"errors": []}),
    "two allows": twice(DENIED, '"allow": false, "outcome"', '"allow": true, '),
    "two escaped allows": twice(DENIED, '"outcome"', '"\\u0061llow": false, '),
    "two allows of an authorization": twice(DENIED, '"allow": false, "effect"', '"allow": true, '),
    "two authorizations": twice(
        CREATE, '"authorization": {', f'"authorization": {json.dumps(DENY)}, '
    ),
    "HTML": response(b"<html>It works!</html>"),
}


@pytest.mark.parametrize("data", OTHER_BODIES.values(), ids=OTHER_BODIES)
def test_a_body_other_than_an_answer_raises(connect: Callable[..., Asker], data: bytes) -> None:
    with Hostile(saying(data)) as server:
        for question in all_questions(connect(server.url)):
            with pytest.raises(AnswerError, match=r"^`slr/(creation|feature|deletion)/") as caught:
                question()
            assert str(caught.value).isprintable()
    assert len(server.questions) == 4


def test_an_answer_to_another_question_raises(connect: Callable[..., Asker]) -> None:
    with Hostile(*(saying(result(fields)) for fields in (READY, EXISTS, EXISTS, EXISTS))) as server:
        for question in all_questions(connect(server.url)):
            with pytest.raises(AnswerError, match="returned no valid answer: "):
                question()
    assert server.connections == 4
