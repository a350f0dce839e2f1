"""Logs of real OPAs are decided again: differences are found, and gaps are named."""

from __future__ import annotations

import gzip
import io
import json
import sys
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from command_line import ALICE, ALLOWED, BOB, CAROL, INSTANCE
from ramgate import (
    InvalidFiles,
    InvalidRequest,
    Request,
    Sidecar,
    Simulation,
    UnreadableFiles,
    translate,
)
from ramgate.analysis.engine import decide_at
from ramgate.analysis.replay import Change, Replay, compare, replay
from ramgate.analysis.replay import entries as logs
from ramgate.analysis.sides.side import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Decision

UNTIL_JUNE = {
    "Effect": "Allow",
    "Action": "alikafka:*",
    "Resource": "*",
    "Condition": {"DateLessThan": {"acs:CurrentTime": "2026-06-01T00:00:00Z"}},
}
ROLE = "acs:sts::1234567890123456:assumed-role/App/session"
MAY, JUNE = "2026-05-31T23:59:59.999999999Z", "2026-06-01T00:00:00Z"


def world(**users: list[str]) -> str:
    """Return accounts in which `timed` allows until June."""
    policies = {
        "timed": {"Version": "1", "Statement": [UNTIL_JUNE]},
        "no-kafka": {
            "Version": "1",
            "Statement": [{"Effect": "Deny", "Action": "alikafka:*", "Resource": "*"}],
        },
    }
    held = {name: {"policies": list(names)} for name, names in users.items()}
    return json.dumps({"accounts": {"1234567890123456": {"policies": policies, "users": held}}})


def accounts(path: Path, **users: list[str]) -> str:
    path.write_text(world(**users))
    return str(path)


def entry(**fields: object) -> dict[str, Any]:
    """Return an entry as OPA logs it, about a request that alice is allowed."""
    return {
        "decision_id": "1",
        "path": "ram/authz/decision",
        "timestamp": MAY,
        "input": request(),
        "result": {
            "allow": True,
            "effect": "Allow",
            "policy_type": "AccountLevelIdentityBasedPolicy",
            "reason": "statement_allows",
            "statements": [{"index": 0, "policy": "AliyunKafkaFullAccess"}],
        },
    } | fields


def request(principal: str = ALICE, **fields: object) -> dict[str, Any]:
    return {"action": ALLOWED[1], "principal": principal, "resource": INSTANCE} | fields


def log(path: Path, *entries: object) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in entries))
    return str(path)


def reasons(found: Replay) -> dict[str, int]:
    return {one.reason: one.count for one in found.not_replayable}


def asked(changes: tuple[Change, ...]) -> list[tuple[str, int]]:
    return [(json.loads(bytes(one.request))["principal"], one.count) for one in changes]


def test_a_log_of_a_real_opa_has_each_difference_with_its_count(tmp_path: Path) -> None:
    today = accounts(tmp_path / "today.yaml", alice=["AliyunKafkaFullAccess"], bob=[], carol=[])
    tomorrow = accounts(
        tmp_path / "tomorrow.yaml", alice=[], bob=["AliyunKafkaFullAccess"], carol=["no-kafka"]
    )
    printed = io.StringIO()
    operation = ALLOWED[1:]
    with Sidecar(today, decision_log=True, log=printed) as sidecar, sidecar.client() as client:
        client.decide(ALICE, *operation, {"n": 1})
        client.decide_all([Request(who, *operation) for who in (ALICE, BOB, BOB, CAROL)])
        client.decide(BOB, *operation)
        with pytest.raises(InvalidRequest):
            client.decide("nobody", *operation)
        client.simulate(ALICE, *operation, policies={})
        client.simulate_all(
            [
                Simulation(
                    ALICE,
                    *operation,
                    policies={"p": translate({"Version": "1", "Statement": [UNTIL_JUNE]})},
                )
            ]
        )
        client.explain(BOB, *operation)
        client.creation(ALICE, "connector.alikafka.aliyuncs.com")
        client.decide_all(
            [Request(ALICE, *operation), Request(ROLE, *operation, session_policies=[{}])]
        )
    name = tmp_path / "log.gz"
    name.write_bytes(gzip.compress(printed.getvalue().encode()))
    for baseline in (None, today):
        found = replay([str(name)], tomorrow, baseline=baseline)
        assert (found.entries, found.decisions, found.questions) == (9, 8, 5)
        assert asked(found.newly_allowed) == [(BOB, 3)]
        assert asked(found.newly_denied) == [(ALICE, 2), (ALICE, 1)]
        assert json.loads(bytes(found.newly_denied[1].request))["context"] == {"n": 1}
        assert asked(found.other_reason) == [(CAROL, 1)]
        [other] = found.other_reason
        assert (other.before.effect, other.after.effect) == ("ImplicitDeny", "ExplicitDeny")
        assert other.first == other.last
        assert found.newly_allowed[0].first < found.newly_allowed[0].last
        assert reasons(found) == {
            "it is a simulation, whose policies are not in the log; it gives no access": 2,
            "it is an explanation, which gives no access": 1,
            "`slr/creation/decision` cannot be replayed": 1,
            "its session_policies is not in the log": 1,
        }
        assert [one.access for one in found.not_replayable] == [False, False, True, True]
        assert found.differs
        assert not found.told


def test_nothing_differs_by_the_same_accounts(tmp_path: Path) -> None:
    today = accounts(tmp_path / "today.yaml", alice=["AliyunKafkaFullAccess"])
    found = replay([log(tmp_path / "log", entry())], today)
    assert (found.differs, found.told, found.decisions) == (False, True, 1)


@pytest.mark.parametrize(("time", "count"), [(MAY, 0), (JUNE, 1), ("2026-06-01T01:00:00+01:00", 1)])
def test_the_time_of_the_entry_is_the_current_time(tmp_path: Path, time: str, count: int) -> None:
    timed = accounts(tmp_path / "a.yaml", alice=["timed"])
    found = replay([log(tmp_path / "log", entry(timestamp=time))], timed)
    assert len(found.newly_denied) == count


def test_a_time_in_the_context_stands_before_that_of_the_entry(tmp_path: Path) -> None:
    timed = accounts(tmp_path / "a.yaml", alice=["timed"])
    given = request(context={"acs:CurrentTime": MAY})
    assert not replay([log(tmp_path / "log", entry(timestamp=JUNE, input=given))], timed).differs


def test_the_same_question_at_two_times_is_two_questions_if_a_policy_tests_the_time(
    tmp_path: Path,
) -> None:
    timed = accounts(tmp_path / "a.yaml", alice=["timed"])
    later = "2026-06-02T00:00:00Z"
    lines = [entry(timestamp=time) for time in (MAY, later, JUNE, MAY)]
    found = replay([log(tmp_path / "log", *lines)], timed)
    [change] = found.newly_denied
    assert (found.questions, change.count, change.first, change.last) == (1, 2, JUNE, later)


def test_the_same_question_is_decided_once_if_no_policy_tests_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided = []

    def count(store: Store, questions: Sequence[tuple[bytes, int]]) -> list[Decision]:
        decided.append(len(questions))
        return decide_at(store, questions)

    monkeypatch.setattr(compare, "decide_at", count)
    plain = tmp_path / "a.json"
    plain.write_text('{"accounts": {"1234567890123456": {"users": {"alice": {}}}}}')
    lines = [entry(timestamp=f"2026-05-31T00:00:0{second}Z") for second in range(5)]
    found = replay([log(tmp_path / "log", *lines)], str(plain))
    assert decided == [1]
    [change] = found.newly_denied
    assert (change.count, change.first[-3:], change.last[-3:]) == (5, "00Z", "04Z")


def test_many_questions_are_decided_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "_CHUNK", 2)
    monkeypatch.setattr(compare, "_SHOWN", 2)
    shown: list[str] = []
    lines = [entry(input=request(context={"n": number})) for number in range(5)]
    today = accounts(tmp_path / "a.yaml", alice=["AliyunKafkaFullAccess"])
    found = replay([log(tmp_path / "log", *lines)], today, show=shown.append)
    assert (found.questions, found.differs) == (5, False)
    assert shown == [
        *("2 entries read", "4 entries read"),
        *(f"{number} of 5 questions decided" for number in (0, 2, 4)),
    ]


def test_numbers_stay_exact(tmp_path: Path) -> None:
    exact = tmp_path / "a.yaml"
    condition = {"NumericEquals": {"x:n": "0.10000000000000000001"}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    account = {
        "policies": {"p": {"Version": "1", "Statement": [statement]}},
        "users": {"alice": {"policies": ["p"]}},
    }
    exact.write_text(json.dumps({"accounts": {"1234567890123456": account}}))
    line = json.dumps(entry(input=request(context={"x:n": "NUMBER"})))
    for number, count in (("0.10000000000000000001", 0), ("0.1", 1)):
        (tmp_path / "log").write_text(line.replace('"NUMBER"', number))
        assert len(replay([str(tmp_path / "log")], str(exact)).newly_denied) == count


MALFORMED = "it is a malformed batch, which gives no access"
TOO_DEEP = "it is nested too deeply to be read"
DEEP = f"{'[' * 3000}{']' * 3000}"
NO_ENTRY = "it is not an entry of a decision log"
QUERY = "it is a question to all rules or a query, whose answer may have a decision"
BATCH = {"path": "ram/authz/decisions"}


@pytest.mark.parametrize(
    ("line", "reason", "access"),
    [
        ("not JSON", NO_ENTRY, True),
        ('{"level": "error", "msg": "no entry"}', NO_ENTRY, True),
        ('["x"', NO_ENTRY, True),
        ('[{"decision_id": 1}]', NO_ENTRY, True),
        ('{"decision_id": "\udcff"}', NO_ENTRY, True),
        (json.dumps(entry(input="DEEP")).replace('"DEEP"', DEEP), TOO_DEEP, True),
        (f"[{json.dumps(entry(result='DEEP'))}]".replace('"DEEP"', DEEP), TOO_DEEP, True),
        (entry(timestamp="yesterday"), "it has no time", True),
        (entry(timestamp="2026-13-31T12:00:00Z"), "it has no time", True),
        (
            entry(erased=["/input/context", "/input/action"]),
            "its action, context is not in the log",
            True,
        ),
        (entry(masked=["/input/action"]), "its action is not in the log", True),
        *(
            (entry(path=path), f"`{path}` cannot be replayed", True)
            for path in (
                "authzen/evaluation/answer",
                "authzen/evaluations/answer",
                "authzen/route/answer",
                "authzen/framed/body/evaluation",
            )
        ),
        (entry(path="authzen/metadata/answer"), "it is not a question about access", False),
        (entry(path="authzen/framed/body/metadata"), "it is not a question about access", False),
        (entry(path="my/own/rule"), "it is not a question to ramgate's rules", False),
        (entry(path="system/status/revision"), "it is not a question about access", False),
        (entry(path="ram/unknown"), "`ram/unknown` cannot be replayed", True),
        *(
            (entry(path=path), f"`{path}` cannot be replayed", True)
            for path in ("ram", "ram/authz", "slr", "authzen", "authzen/metadata")
        ),
        (entry(path=""), QUERY, True),
        ({"decision_id": "1", "timestamp": MAY, "query": "data.ram.authz.decision"}, QUERY, True),
        (entry(path="ramble/rule"), "it is not a question to ramgate's rules", False),
        (entry(**BATCH), MALFORMED, False),
        (entry(**BATCH, input={"requests": [], "x": []}), MALFORMED, False),
        (
            entry(**BATCH, input={"requests": []}, erased=["/input/requests"]),
            "`/input/requests` of a batch is not in the log",
            True,
        ),
        (
            entry(**BATCH, input={"requests": [request()]}, result=[]),
            "it has no decision, and there is no baseline to decide it",
            True,
        ),
        (entry(result=None), "it has no decision, and there is no baseline to decide it", True),
        (
            entry(result={"allow": True}),
            "it has no decision, and there is no baseline to decide it",
            True,
        ),
    ],
)
def test_an_entry_that_cannot_be_replayed_is_counted_by_its_reason(
    tmp_path: Path, line: object, reason: str, *, access: bool
) -> None:
    text = line if isinstance(line, str) else json.dumps(line)
    (tmp_path / "log").write_bytes(text.encode(errors="surrogateescape") + b"\n \n")
    today = accounts(tmp_path / "a.yaml", alice=["AliyunKafkaFullAccess"])
    found = replay([str(tmp_path / "log"), log(tmp_path / "other", entry())], today)
    assert (found.decisions, found.differs, found.told) == (1, False, not access)
    assert [(one.reason, one.count, one.access) for one in found.not_replayable] == [
        (reason, 1, access)
    ]


def test_a_batch_that_is_nested_too_deeply_may_give_access() -> None:
    deep = msgspec.Raw(b'{"requests": [%s]}' % DEEP.encode())
    found = logs.asked(logs.Entry("1", MAY, "ram/authz/decisions", deep))
    assert list(found) == [logs.Unasked(TOO_DEEP)]


@pytest.mark.parametrize("hidden", [{"erased": ["/result"]}, {"result": None}])
def test_a_batch_whose_decisions_are_not_in_the_log_needs_a_baseline(
    tmp_path: Path, hidden: dict[str, object]
) -> None:
    line = entry(**BATCH, input={"requests": [request(), request(BOB)]}, **hidden)
    before = accounts(tmp_path / "a.yaml", alice=["timed"], bob=[])
    after = accounts(tmp_path / "b.yaml", alice=[], bob=["timed"])
    found = replay([log(tmp_path / "log", line)], after, baseline=before)
    assert asked(found.newly_denied) == [(ALICE, 1)]
    assert asked(found.newly_allowed) == [(BOB, 1)]
    found = replay([log(tmp_path / "log", line)], after)
    assert reasons(found) == {"it has no decision, and there is no baseline to decide it": 2}


def test_no_decision_of_a_batch_counts_unless_there_is_one_for_each_request(
    tmp_path: Path,
) -> None:
    requests = {"requests": [request(), request(BOB)]}
    for decisions in ([entry()["result"]], [entry()["result"]] * 3):
        line = entry(**BATCH, input=requests, result=decisions)
        found = replay([log(tmp_path / "log", line)], accounts(tmp_path / "a.yaml"))
        assert reasons(found) == {"it has no decision, and there is no baseline to decide it": 2}


@pytest.mark.parametrize(
    ("fraction", "nanoseconds"),
    [("", 0), (".5", 500_000_000), (".000000005", 5), (".123456789", 123_456_789)],
)
def test_the_time_of_an_entry_is_exact(fraction: str, nanoseconds: int) -> None:
    text = json.dumps(entry(timestamp=f"1970-01-01T00:00:07{fraction}Z"))
    [found] = logs.asked(msgspec.json.decode(text, type=logs.Entry))
    assert isinstance(found, logs.Asked)
    assert found.nanoseconds == 7_000_000_000 + nanoseconds


def test_a_log_without_entries_tells_nothing(tmp_path: Path) -> None:
    found = replay([log(tmp_path / "log")], accounts(tmp_path / "a.yaml"))
    assert (found.entries, found.decisions, found.differs, found.told) == (0, 0, False, False)


def test_the_same_decision_of_another_layer_is_a_difference(tmp_path: Path) -> None:
    result = entry()["result"]
    line = entry(result=result | {"policy_type": "ResourceGroupLevelIdentityBasedPolicy"})
    today = accounts(tmp_path / "a.yaml", alice=["AliyunKafkaFullAccess"])
    found = replay([log(tmp_path / "log", line)], today)
    assert asked(found.other_reason) == [(ALICE, 1)]
    assert found.differs


def test_an_entry_without_input_is_not_replayable(tmp_path: Path) -> None:
    line = entry()
    del line["input"]
    found = replay([log(tmp_path / "log", line)], accounts(tmp_path / "a.yaml"))
    assert reasons(found) == {"it has no input": 1}


def test_with_a_baseline_no_logged_decision_is_needed(tmp_path: Path) -> None:
    line = entry(result=None)
    before = accounts(tmp_path / "a.yaml", alice=["timed"])
    after = accounts(tmp_path / "b.yaml", alice=[])
    found = replay([log(tmp_path / "log", line)], after, baseline=before)
    assert asked(found.newly_denied) == [(ALICE, 1)]


def test_a_list_of_entries_as_opa_uploads_it_is_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(json.dumps([entry(), entry()]) + "\n")
    found = replay([str(tmp_path / "log")], accounts(tmp_path / "a.yaml", alice=[]))
    assert asked(found.newly_denied) == [(ALICE, 2)]


def test_a_log_may_come_from_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = cast("io.RawIOBase", io.BytesIO(json.dumps(entry()).encode()))
    content = io.TextIOWrapper(io.BufferedReader(raw))
    monkeypatch.setattr(sys, "stdin", content)
    assert replay(["-"], accounts(tmp_path / "a.yaml", alice=[])).differs


def test_a_log_that_cannot_be_read_to_its_end_is_no_result(tmp_path: Path) -> None:
    today = accounts(tmp_path / "a.yaml")
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(json.dumps(entry()).encode())[:-9])
    for name, cause in ((cut, "Compressed file ended"), (tmp_path / "none", "No such file")):
        with pytest.raises(UnreadableFiles, match=cause):
            replay([str(name)], today)


def test_faulty_accounts_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("accounts: {1: {}}")
    with pytest.raises(InvalidFiles):
        replay([log(tmp_path / "log", entry())], str(tmp_path / "a.yaml"))


def test_an_engine_decides_each_request_at_its_time(tmp_path: Path) -> None:
    store = load(accounts(tmp_path / "a.yaml", alice=["timed"])).store
    june = 1_780_272_000 * 10**9
    one = json.dumps(request()).encode()
    decisions = decide_at(store, [(one, june - 1), (one, june), (one, june - 1)])
    assert [bool(decision) for decision in decisions] == [True, False, True]
    assert decide_at(store, []) == []


def test_the_first_and_the_last_time_are_those_of_the_clock(tmp_path: Path) -> None:
    half, zone = "2026-05-31T12:00:00.5Z", "2026-05-31T21:00:00+10:00"
    noon = "2026-05-31T12:00:00Z"
    plain = tmp_path / "plain.json"
    plain.write_text('{"accounts": {"1234567890123456": {"users": {"alice": {}}}}}')
    for today in (accounts(tmp_path / "a.yaml", alice=[]), str(plain)):
        lines = [entry(timestamp=time) for time in (half, noon, zone)]
        [change] = replay([log(tmp_path / "log", *lines)], today).newly_denied
        assert (change.count, change.first, change.last) == (3, zone, half)
