"""The corpus mix of the benchmarks: its documents, its requests, and how they were drawn."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

from bench import cases, corpus_draw, corpus_mix
from bench.corpus_draw import Rewriting
from bench.corpus_mix import Mix
from bench.server import Opa
from ramgate import translate
from ramgate.bundle import builder as bundle
from reference_evaluator import Catalog, Evaluator

if TYPE_CHECKING:
    from pathlib import Path

    from bench.questions import Question

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def reference(file: Path) -> Evaluator:
    return Evaluator(json.loads(file.read_text()), Catalog({}, {}))


def agrees(evaluator: Evaluator, question: Question) -> bool:
    found = evaluator.decide(question.request, NOW)
    return (found["effect"], found["reason"]) == (question.effect, question.reason)


# The mix


def test_every_request_of_the_mix_has_its_expected_decision(tmp_path: Path) -> None:
    corpus_mix.write(tmp_path / "accounts")
    with Opa(bundle.build(tmp_path / "accounts").content, tmp_path, has_floor=False) as opa:
        opa.check(corpus_mix.questions())


def test_the_reference_evaluator_expects_the_same_decisions(tmp_path: Path) -> None:
    corpus_mix.write(tmp_path)
    evaluator = reference(tmp_path / "corpus.json")
    asked = corpus_mix.questions()
    assert [one for one in asked if not agrees(evaluator, one)] == []
    cases.write(tmp_path)
    evaluator = reference(tmp_path / "cases.json")
    asked = [one for one in cases.asked() if cases.ACCOUNT in one.principal]
    assert len(asked) > 25
    assert [one for one in asked if not agrees(evaluator, one)] == []


def test_a_statement_matches_half_of_the_requests() -> None:
    mix = corpus_mix.read()
    assert len(mix.requests) == 300
    assert sum(drawn.matches for drawn in mix.requests) == 150
    assert {drawn.effect for drawn in mix.requests} == {"Allow", "ExplicitDeny", "ImplicitDeny"}


def test_every_document_has_a_request_a_source_and_an_account_of_its_own() -> None:
    mix = corpus_mix.read()
    assert {drawn.document for drawn in mix.requests} == set(range(len(mix.documents)))
    assert all("@" in source for source in mix.sources)
    assert {translate(document)["kind"] for document in mix.documents} == {"identity"}
    accounts = {question.principal[9:25] for question in corpus_mix.questions()}
    assert len(accounts) == len(mix.documents)


def test_users_and_roles_in_lower_case_take_turns() -> None:
    assert corpus_mix.principal_of(0, "1") == "acs:ram::1:user/alice"
    assert corpus_mix.principal_of(1, "1") == "acs:ram::1:role/app"


def test_the_file_is_read_as_it_is_written() -> None:
    assert corpus_mix.encode(corpus_mix.read()) == corpus_mix.FILE.read_text()


# The drawing


def test_a_rewritten_statement_keeps_its_shape_and_no_name() -> None:
    statement = {
        "Sid": "Secret",
        "Effect": "Allow",
        "Action": ["log:Get*"],
        "Resource": [
            "*",
            "acs:log",
            "acs:log:*:my account:project/acme/logstore/acme-*",
            "acs:oss:us-east-1:*:acme/photos/?.jpg",
            "acs:ram:*:system:policy/acme",
            "acs:ots:My Region:123:instance/one:two",
        ],
        "Condition": {
            "StringLike": {"oss:Prefix": ["acme/*", "", "true"]},
            "StringEquals": {"ram:ServiceName": "log.aliyuncs.com", "ecs:tag/owner": "bob"},
            "Bool": {"acs:MFAPresent": ["true"]},
            "IpAddress": {"acs:SourceIp": ["203.0.113.77/24", "203.0.113.9", "2001:db8::/32"]},
        },
    }
    assert Rewriting().statement(statement) == {
        "Effect": "Allow",
        "Action": ["log:Get*"],
        "Resource": [
            "*",
            "acs:log",
            "acs:log:*:5000000000000001:project/name-1/logstore/name-2*",
            "acs:oss:us-east-1:*:name-1/name-3/?name-4",
            "acs:ram:*:system:policy/name-1",
            "acs:ots:cn-hangzhou:5000000000000001:instance/name-5:name-6",
        ],
        "Condition": {
            "StringLike": {"oss:Prefix": ["name-1/*", "", "true"]},
            "StringEquals": {"ram:ServiceName": "log.aliyuncs.com", "ecs:tag/name-7": "name-8"},
            "Bool": {"acs:MFAPresent": ["true"]},
            "IpAddress": {"acs:SourceIp": ["10.9.0.0/24", "10.10.0.1", "fd00:11::/32"]},
        },
    }


def test_a_rewritten_statement_keeps_single_texts_single() -> None:
    statement = {"Effect": "Deny", "NotAction": "oss:*", "Resource": "acs:oss:*:*:acme"}
    condition = {"StringEquals": {"oss:Prefix": "acme"}}
    assert Rewriting().statement(statement | {"Condition": condition}) == {
        "Effect": "Deny",
        "NotAction": "oss:*",
        "Resource": "acs:oss:*:*:name-1",
        "Condition": {"StringEquals": {"oss:Prefix": "name-1"}},
    }


def folder_of(folder: Path, *documents: Any) -> Path:  # noqa: ANN401 - any JSON value
    entries = []
    for number, document in enumerate(documents):
        (folder / f"{number}.json").write_text(json.dumps(document))
        entries.append({"file": f"{number}.json", "source": f"owner/repo@{number}:a.md#L{number}"})
    (folder / "index.json").write_text(json.dumps(entries))
    return folder


def document_of(action: str, resource: str, **others: object) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **others}
    return {"Version": "1", "Statement": [statement]}


LATER = "2099-01-01T00:00:00Z"
DOCUMENTS: tuple[Any, ...] = (
    document_of("oss:Get*", "acs:oss:*:*:photos/*"),
    document_of("oss:Get*", "acs:oss:*:*:pictures/*"),  # the same, once its names are replaced
    document_of("ecs:Stop?", "*", Condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),
    document_of("ram:PassRole", "acs:ram:*:*:role/*"),
    document_of("log:GetIndex", "*", Condition={"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),
    document_of("log:GetIndex", "*", Condition={"DateLessThan": {"acs:CurrentTime": LATER}}),
    document_of("log:GetIndex", "*", Condition={"NumericLessThan": {"acs:TLSVersion": "9"}}),
    document_of("log:GetIndex", "acs:log:*", Condition={"StringLike": {"log:a": "b*"}}),
    {"Version": "1", "Statement": [{"Effect": "Deny", "NotAction": "oss:Get", "Resource": "*"}]},
    {"Version": "1", "Statement": [{"Effect": "Sometimes"}]},
    document_of("sts:AssumeRole", "*") | {"Version": "2"},
    [],
)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(corpus_draw, "FILE", tmp_path / "mix.json")
    monkeypatch.setattr(corpus_mix, "FILE", tmp_path / "mix.json")
    monkeypatch.setattr(corpus_draw, "_EACH", 1)
    return folder_of(tmp_path, *DOCUMENTS)


def test_a_drawn_mix_is_the_same_each_time_and_right(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert corpus_draw.main([str(small)]) == 0
    text = corpus_mix.FILE.read_text()
    assert corpus_draw.main([str(small)]) == 0
    assert corpus_mix.FILE.read_text() == text
    mix = corpus_mix.read()
    assert isinstance(mix, Mix)
    assert sum(drawn.matches for drawn in mix.requests) == 1
    assert f"2 requests about {len(mix.documents)} of 8 documents\n" in capsys.readouterr().out
    corpus_mix.write(small)
    evaluator = reference(small / "corpus.json")
    assert all(agrees(evaluator, question) for question in corpus_mix.questions())


def test_too_few_documents_end_the_drawing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_draw, "_EACH", 9)
    with pytest.raises(SystemExit, match="too few documents"):
        corpus_draw.main([str(small)])
    assert not corpus_mix.FILE.exists()


def test_the_drawing_needs_one_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert corpus_draw.main([]) == 2
    assert capsys.readouterr().err == "usage: python -m bench.corpus_draw DIR\n"
