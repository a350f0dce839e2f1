from __future__ import annotations

import pytest

import soak
from ramgate import Decision, Sidecar, SidecarError, Statement

REVISIONS = 25
SECONDS = 60.0


def settled(number: int, *, allow: bool) -> Decision:
    return Decision(
        allow=allow,
        effect="Allow" if allow else "ExplicitDeny",
        reason="statement_allows" if allow else "statement_denies",
        policy_type="AccountLevelIdentityBasedPolicy",
        statements=(Statement(f"r-{number}", 0),),
    )


def test_no_change_of_the_accounts_loses_a_question_or_mixes_two_revisions() -> None:
    done = soak.soak(REVISIONS, SECONDS)
    assert done.faults == []
    assert len(done.seen) == REVISIONS, str(done)
    assert done.answered == done.asked > REVISIONS
    # the clients were asking all the while
    assert len(done.met) > REVISIONS // 2


@pytest.mark.parametrize(
    "decisions",
    [
        [settled(1, allow=True), settled(2, allow=False)],
        [settled(2, allow=False), settled(1, allow=True)],
        [settled(1, allow=False)],
        [settled(2, allow=True)],
    ],
)
def test_answers_that_fit_no_one_revision_are_found(decisions: list[Decision]) -> None:
    assert soak.revision_of([settled(2, allow=False)] * 2) == 2
    with pytest.raises(ValueError, match="a mixture"):
        soak.revision_of(decisions)


def test_a_fault_ends_the_soak(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SidecarError("refused")

    monkeypatch.setattr(Sidecar, "load", refuse)
    done = soak.soak(REVISIONS, SECONDS)
    assert done.faults == ["SidecarError('refused')"]
    assert done.seen == set()


def test_an_old_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "revision_of", lambda _: 0)
    done = soak.soak(REVISIONS, SECONDS)
    assert done.faults[0].startswith("r-0, not one of r-1 to ")
