from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG
from command_line import ALLOWED, BOB, INSTANCE
from ramgate import AnswerError, Request, TransportError, resources
from ramgate.accounts import reader
from ramgate.analysis.engine import decide_all

if TYPE_CHECKING:
    from pathlib import Path

STORE = reader.load(resources.path("examples/accounts.yaml"), CATALOG)


def opa(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a program stand for OPA."""
    program = path / "opa"
    program.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo "Version: 1.22.2" && exit\n{script}')
    program.chmod(0o755)
    monkeypatch.setenv("OPA", str(program))


def test_each_request_has_its_decision() -> None:
    context = {"acs:SourceIp": "10.1.2.3"}
    asked = [
        Request(*ALLOWED),
        Request(BOB, "alikafka:ListTopic", INSTANCE, context),
        Request(BOB, "alikafka:ListTopic", INSTANCE),
        Request("nobody", "x", "y"),
    ]
    decisions = decide_all(STORE, asked)
    assert [one.effect for one in decisions] == ["Allow", "Allow", "ExplicitDeny", "ImplicitDeny"]
    assert decisions[3].reason == "malformed_request"
    assert decide_all(STORE, []) == []


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo first >&2; echo broken >&2; exit 2", "`opa eval` gave no decisions: broken"),
        ("echo null", "`opa eval` gave no decisions: Expected `array`, got `null`"),
        ('echo "[{}]"', "`opa eval` gave no decisions: Object missing required field `allow`"),
        ('echo "[]"', "`opa eval` gave 0 decisions on 1 requests"),
    ],
)
def test_an_answer_without_decisions_is_an_error(
    script: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa(tmp_path, script, monkeypatch)
    with pytest.raises(AnswerError) as refused:
        decide_all(STORE, [Request(*ALLOWED)])
    assert str(refused.value).startswith(expected)


def test_an_opa_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opa(tmp_path, "exec sleep 5", monkeypatch)
    with pytest.raises(TransportError, match=r"^`opa eval` took longer than 0\.1 s$"):
        decide_all(STORE, [Request(*ALLOWED)], seconds=0.1)
