from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from accounts_files import HERE
from command_line import ALICE, BOB, EXAMPLE, INSTANCE, OWNER
from ramgate.analysis.who_can import Holding, Permission, WhoCan
from ramgate.analysis.who_can.result import Asked
from ramgate.cli.main import main
from ramgate.cli.who_can_text import lines
from ramgate.model.decision import Request, Statement

if TYPE_CHECKING:
    from pathlib import Path

ASKED = ("alikafka:DeleteTopic", INSTANCE)


def test_who_can_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who-can", *ASKED]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "MAY    PRINCIPAL                             ALLOWED BY",
        f"every  {ALICE}  AliyunKafkaFullAccess[0]",
        f"every  {OWNER}        being the owner of the account",
    ]
    assert printed.err == f"{EXAMPLE}2 of 9 principals may (requests decided: 9)\n"


def test_who_can_takes_a_context_and_prints_json(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("alikafka:ListTopic", INSTANCE, "--context", "acs:ResourceGroupId=rg-1")
    assert main(["who-can", *asked, "--accounts", str(world), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    request = {"principal": ALICE, "action": asked[0], "resource": INSTANCE}
    context = {"acs:ResourceGroupId": "rg-1"}
    assert found["asked"] == {
        "action": asked[0],
        "resource": INSTANCE,
        "context": context,
        "unknown": [],
        "any_context": False,
    }
    assert found["principals"][0] == {
        "principal": ALICE,
        "answer": "every",
        "always": True,
        "when": None,
        "witness": {**request, "context": context},
        "gap": None,
        "statements": [{"policy": "AliyunKafkaFullAccess", "index": 0}],
        "through": [
            {
                "policy": "AliyunKafkaFullAccess",
                "to": "user",
                "name": "alice",
                "resource_group": None,
            }
        ],
    }
    assert {one["answer"] for one in found["principals"][1:-1]} == {"none"}


def test_who_can_prints_examples_of_some_requests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who-can", "alikafka:ListTopic", INSTANCE, "--any-context"]) == 0
    assert capsys.readouterr().out.splitlines()[3:7] == [
        f"some   {BOB}           AliyunKafkaReadOnlyAccess[0]",
        f"         allowed  alikafka:ListTopic {INSTANCE}",
        "                  acs:SourceIp=10.0.0.0",
        f"         denied   alikafka:ListTopic {INSTANCE}",
    ]
    assert main(["who-can", "alikafka:*", "*"]) == 0
    printed = capsys.readouterr().out
    assert ("  allowed  " in printed, "  when  " in printed) == (True, False)
    assert main(["who-can", "alikafka:List*", "*", "--unknown", "acs:SourceIp", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["asked"]["unknown"], found["asked"]["any_context"]) == (["acs:SourceIp"], False)
    answers = {one["principal"]: (one["answer"], one["always"]) for one in found["principals"]}
    assert answers[BOB] == ("some", False)
    assert answers[ALICE] == ("every", True)


def test_who_can_tells_that_none_may(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["who-can", "sts:AssumeRole", f"acs:ram::{HERE}:role/gone"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.splitlines()[1:]) == (
        "",
        ["0 of 9 principals may (requests decided: 9)"],
    )


def test_who_can_names_principals_that_it_cannot_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = "acs:ram::6543210987654321:root"
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": other}}
    role = {"trust": {"Version": "1", "Statement": [statement]}}
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({"accounts": {HERE: {"roles": {"App": role}}}}))
    asked = ("sts:AssumeRole", f"acs:ram::{HERE}:role/App", "--accounts", str(path))
    assert main(["who-can", *asked]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "0 of 3 principals may, 1 not decided (requests decided: 2)",
        f"not decided: {other}: a role trusts it, and the accounts do not contain it",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("DeleteTopic", "*"), "ramgate: malformed request: action: "),
        (("ecs:Start", "a-file"), "ramgate: `a-file` is a file, not a resource: "),
        (("ecs:Start", "*", "--context", "x"), "ramgate: `x` is not of the form KEY=VALUE"),
        (("ecs:Start", "*", "--accounts", "gone"), "gone: there is no such file"),
        (("ecs:*", "*", "--timeout", "-1"), "ramgate: `--timeout -1` is not a number above 0"),
    ],
)
def test_who_can_refuses_bad_input(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    assert main(["who-can", *arguments]) == 2
    assert message in capsys.readouterr().err


def permission(name: str, *policies: str, group: str | None = None) -> Permission:
    request = Request(f"acs:ram::{HERE}:user/{name}", "ecs:Start", "*")
    statements = tuple(Statement(policy, index) for policy in policies for index in (0, 2))
    through = (Holding(policies[0], "user", name, group),)
    return Permission(
        request.principal, "every", witness=request, statements=statements, through=through
    )


def test_a_table_has_at_most_100_columns() -> None:
    asked = Asked("ecs:Start", "*")
    short = permission("a", "p", "q", group="rg")
    table = list(lines(WhoCan(asked, (short, permission("b", "p" * 128)))))
    assert table == [
        "MAY    PRINCIPAL                         ALLOWED BY",
        f"every  acs:ram::{HERE}:user/a  p[0, 2] in rg",
        f"{' ' * 41}q[0, 2]",
        f"every  acs:ram::{HERE}:user/b",
        f"         {'p' * 90}…",
    ]
    assert list(lines(WhoCan(asked, (permission("n" * 60, "p", "q"),)))) == [
        "MAY    PRINCIPAL  ALLOWED BY",
        f"every  acs:ram::{HERE}:user/{'n' * 60}",
        "         p[0, 2]",
        "         q[0, 2]",
    ]
    assert max(map(len, table)) == 100
    assert list(lines(WhoCan(asked))) == []
    assert BOB not in "".join(table)
