from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import process_table
from chaos import Chaos
from chaos_faults import FAULTS
from chaos_service import BOUND, Response, Service
from chaos_world import USERS, Judge, World
from processes import eventually
from ramgate import Decision, Statement

CHAOS = Path(__file__).with_name("chaos.py")
needs_linux = pytest.mark.skipif(not process_table.AVAILABLE, reason="this system has no /proc")
SECONDS = 6.0


def allow(number: int) -> Decision:
    return Decision(
        allow=True,
        effect="Allow",
        reason="statement_allows",
        policy_type="AccountLevelIdentityBasedPolicy",
        statements=(Statement(f"r-{number}", 0),),
    )


def deny(number: int) -> Decision:
    return Decision(
        allow=False,
        effect="ExplicitDeny",
        reason="statement_denies",
        policy_type="AccountLevelIdentityBasedPolicy",
        statements=(Statement(f"d-{number}", 0),),
    )


def unknown() -> Decision:
    return Decision(
        allow=False,
        effect="ImplicitDeny",
        reason="unknown_principal",
        policy_type=None,
        statements=(),
    )


def owner() -> Decision:
    return Decision(
        allow=True, effect="Allow", reason="account_owner", policy_type=None, statements=()
    )


def answers(number: int) -> list[Decision]:
    """Return the answers that revision `number` gives about the users."""
    return [allow(number) if number % USERS == index else deny(number) for index in range(USERS)]


def judge(tmp_path: Path, revisions: int = 5) -> Judge:
    world = World(tmp_path)
    while world.number < revisions:
        world.change()
    return Judge(world)


@needs_linux
def test_faults_open_nothing_lose_no_change_and_leave_nothing() -> None:
    chaos = Chaos(SECONDS, seed=1, lanes=2, least=2)
    chaos.run()
    assert chaos.findings == []
    assert sum(chaos.met[name] for name in FAULTS) >= 3
    assert chaos.counts["Allow"] > 10
    assert str(chaos).endswith("seed 1: 0 opens, 0 lost changes, 0 orphans")
    assert set(FAULTS) <= {line[2:46].strip() for line in chaos.report().splitlines()}


def test_right_answers_are_no_finding(tmp_path: Path) -> None:
    right = judge(tmp_path)
    assert [right.judge(answers(number), right.newest) for number in (1, 2, 2, 5)] == [1, 2, 2, 5]
    assert right.newest == 5
    assert right.findings == []


@pytest.mark.parametrize(
    ("kind", "decisions"),
    [
        ("open", [allow(5), *answers(5)[1:]]),  # revision 5 grants u1
        ("open", [owner(), *answers(5)[1:]]),
        ("open", answers(6)),  # not written yet
        ("open", [*answers(4)[:2], *answers(5)[2:]]),
        ("lost", [deny(5) for _ in range(USERS)]),
        ("lost", answers(3)),  # taken back
        ("lost", [unknown() for _ in range(USERS)]),
    ],
)
def test_wrong_answers_are_findings(tmp_path: Path, kind: str, decisions: list[Decision]) -> None:
    wrong = judge(tmp_path)
    wrong.judge(answers(4), wrong.newest)
    wrong.judge(decisions, wrong.newest)
    assert [finding.kind for finding in wrong.findings][:1] == [kind]


def test_users_may_be_unknown_while_their_file_is_away(tmp_path: Path) -> None:
    away = World(tmp_path)
    away.may_be_absent = True
    calm = Judge(away)
    assert calm.judge([unknown() for _ in range(USERS)], calm.newest) == 0
    assert calm.findings == []


@needs_linux
def test_a_write_that_is_accepted_is_a_finding_and_ends_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "writes to OPA"
    monkeypatch.setattr("chaos_faults.FAULTS", {name: FAULTS[name]})
    monkeypatch.setattr("chaos.FAULTS", {name: FAULTS[name]})
    monkeypatch.setattr(Service, "request", lambda *_, **__: Response(200, b"{}"))
    chaos = Chaos(60.0, seed=1, lanes=1)
    chaos.run()
    assert {finding.kind for finding in chaos.findings} == {"open"}
    assert "was accepted" in chaos.findings[0].text
    assert name in chaos.findings[0].text


@needs_linux
def test_what_a_service_leaves_is_found(tmp_path: Path) -> None:
    service = Service(World(tmp_path / "accounts"), tmp_path / "service", "unix")
    try:
        assert service._left(graceful=True) != []  # noqa: SLF001 - without the wait
    finally:
        assert service.end(15) == 0
        assert service.leftovers(graceful=True) == []
        service.clear()


@needs_linux
def test_nothing_is_left_after_ctrl_c(tmp_path: Path) -> None:
    support = CHAOS.parents[1] / "support"
    process = subprocess.Popen(
        [sys.executable, CHAOS, "--minutes", "5"],
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(support)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    def services() -> list[process_table.Entry]:
        found = process_table.mentioning(str(tmp_path))
        return [one for one in found if one.pid != process.pid]

    eventually(lambda: len(services()) >= 3, BOUND)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=BOUND)
    assert (process.returncode, output, errors) == (130, b"", b"")
    assert services() == []
    assert list(tmp_path.iterdir()) == []
