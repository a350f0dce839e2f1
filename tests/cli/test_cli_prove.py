from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from command_line import ALICE, EXAMPLE, written
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RULES = f"""\
rules:
  topics-stay:
    never: "alikafka:DeleteTopic"
    except: ["{ALICE}"]
  nothing-is-deleted:
    never: "alikafka:Delete*"
    because: the topics are shared
"""


def test_prove_prints_each_rule_and_the_requests_that_break_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = written(tmp_path / "rules.yaml", RULES)
    assert main(["prove", rules]) == 1
    printed = capsys.readouterr()
    text = printed.out.splitlines()
    assert text[:4] == [
        "proved       topics-stay",
        "broken       nothing-is-deleted",
        "    because   the topics are shared",
        f"    by        {ALICE}",
    ]
    assert text[4].startswith("    request   alikafka:Delete")
    assert text[5].startswith("    decision  Allow  statement_allows: AliyunKafkaFullAccess[0]  ")
    assert printed.err == f"{EXAMPLE}1 of 2 rules are proved\n"


def test_prove_exits_with_0_if_all_rules_are_proved(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = RULES.partition("  nothing")[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["prove", "-", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "rule": "topics-stay",
            "kind": "never",
            "result": "proved",
            "because": "",
            "violations": [],
            "reasons": [],
        }
    ]


def test_prove_exits_with_2_without_an_answer(
    tmp_path: Path, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = written(tmp_path / "rules.yaml", RULES)
    assert main(["prove", rules, "--accounts", str(world), "--timeout", "1e-9"]) == 2
    text = capsys.readouterr().out.splitlines()
    assert text[0] == "not_decided  topics-stay"
    assert text[1].startswith("    reason    acs:ram::")
    assert main(["prove", str(tmp_path / "gone.yaml")]) == 2
    assert capsys.readouterr().err.endswith("gone.yaml: there is no such file\n")


def test_principals_with_the_same_policies_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = {"policies": ["AliyunKafkaFullAccess"]}
    account = {"users": {"a": held, "b": held, "c": held}}
    accounts = written(tmp_path / "a.json", json.dumps({"accounts": {"1234567890123456": account}}))
    assert main(["prove", written(tmp_path / "r.yaml", RULES), "--accounts", accounts]) == 1
    assert (
        "    by        acs:ram::1234567890123456:user/a and 2 more with" in capsys.readouterr().out
    )
