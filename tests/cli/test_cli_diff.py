from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import repositories
from accounts_files import HERE
from command_line import ALICE, BOB
from policy_documents import policy, statement
from ramgate import resources
from ramgate.analysis.diff import Cause, Change, Diff, Principals, Undecided
from ramgate.cli.diff_text import lines
from ramgate.cli.main import main
from ramgate.model.decision import Decision, Request, Statement

NARROW, WIDE = statement(), statement(Action=["ecs:StartInstance", "ecs:StopInstance"])
NO = Decision(
    allow=False, effect="ImplicitDeny", reason="unknown_role", policy_type=None, statements=()
)
YES = Decision(
    allow=True,
    effect="Allow",
    reason="statement_allows",
    policy_type="AssumeRolePolicy",
    statements=(Statement("trust:App", 0),),
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    users = {name: {"policies": ["own"]} for name in ("alice", "bob")}
    for name, one in (("old", NARROW), ("new", WIDE), ("odd", {**NARROW, "Action": "oss:a"})):
        account = {"policies": {"own": policy(one)}, "users": users}
        Path(f"{name}.json").write_text(json.dumps({"accounts": {HERE: account}}))


def test_diff_prints_each_change_and_exits_with_1_if_it_allows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "old.json", "new.json"]) == 1
    printed = capsys.readouterr()
    resource = next(line for line in printed.out.splitlines() if "resource" in line)
    assert printed.out.splitlines() == [
        "wider: some requests are newly allowed, and none is newly denied (proved)",
        "principals with a change: 2 of 3 compared",
        "",
        f"+ newly allowed: {ALICE} and 1 more with the same policies",
        "    action    ecs:StopInstance",
        resource,
        "    before    ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)",
        "    after     Allow  statement_allows: own[0]  (AccountLevelIdentityBasedPolicy)",
        "    because   own[0] of the new side: Action: ecs:stopinstance",
    ]
    assert printed.err == ""


@pytest.mark.parametrize(
    ("sides", "kind", "status"),
    [
        (("old", "old"), "any", 0),
        (("old", "new"), "denied", 0),
        (("old", "new"), "any", 1),
        (("new", "old"), "allowed", 0),
        (("new", "old"), "denied", 1),
        (("new", "old"), "any", 1),
        (("old", "odd"), "allowed", 1),
        (("old", "odd"), "denied", 1),
    ],
)
def test_fail_on_names_the_changes_that_fail(
    sides: tuple[str, str], kind: str, status: int
) -> None:
    assert main(["diff", *(f"{name}.json" for name in sides), "--fail-on", kind]) == status


def test_diff_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.json", "new.json", "--json", "--principal", BOB]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["result"], found["principals"]) == ("wider", {"changed": 1, "of": 1})
    assert (found["newly_denied"], found["not_decided"]) == ([], [])
    [change] = found["newly_allowed"]
    assert change["request"]["principal"] == change["principal"] == BOB
    assert change["before"]["effect"] == "ImplicitDeny"
    assert change["after"]["statements"] == [{"policy": "own", "index": 0}]
    assert change["because"] == [
        {
            "side": "new",
            "policy": "own",
            "index": 0,
            "change": "Action",
            "value": "ecs:stopinstance",
        }
    ]


def test_diff_compares_a_commit_with_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("accounts")
    folder.mkdir()
    Path("old.json").rename(folder / "a.json")
    repositories.start(Path())
    assert main(["diff", "git:main:accounts/", "accounts/"]) == 0
    Path("new.json").rename(folder / "a.json")
    assert main(["diff", "git:main:accounts/", "accounts/"]) == 1
    assert capsys.readouterr().out.startswith("equivalent: no request has another answer (proved")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("old.json", "gone.json"), "gone.json: there is no such file"),
        (("git:gone:x", "old.json"), "git:gone:x: "),
        (("old.json", "new.json", "--principal", "x"), "ramgate: neither side has the principal"),
        (("old.json", "new.json", "--timeout", "0"), "ramgate: `--timeout 0` is not a number"),
        (("old.json", "new.json", "--timeout", "nan"), "ramgate: `--timeout nan` is not a number"),
    ],
)
def test_diff_refuses_bad_input(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(message)


def test_a_comparison_without_an_answer_is_told_and_exits_with_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["diff", "old.json", "new.json", "--timeout", "1e-9"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "not decided: there is no proof that these are all changes",
        "principals with a change: 0 of 3 compared",
        *[
            "",
            f"? not decided: {ALICE} and 1 more with the same policies",
            "    reason    the time is over: the rest was not compared",
        ]
        * 2,
    ]


def test_a_change_found_before_the_end_of_the_time_fails() -> None:
    example = str(resources.path("examples/accounts.yaml"))
    assert main(["diff", "old.json", example, "--fail-on", "denied"]) == 1


def test_lines_have_at_most_100_columns_and_keep_an_arn_whole() -> None:
    arn = f"acs:ram::{HERE}:role/{'r' * 64}"
    request = Request(
        arn, "sts:AssumeRole", arn, {"a:list": ["x", True], "b:number": 5, "c:text": "y z"}
    )
    cause = Cause("old", None, None, "unknown_role", "")
    change = Change(arn, request, YES, NO, (cause,), (arn,))
    found = Diff("narrower", Principals(1, 1), (), (change,), (Undecided((arn,), "x " * 90),))
    text = list(lines(found))
    assert text[3:10] == [
        f"- newly denied: {arn}",
        "    action    sts:AssumeRole",
        f"    resource  {arn}",
        "    context   a:list=x and true, b:number=5, c:text=y z",
        "    before    Allow  statement_allows: trust:App[0]  (AssumeRolePolicy)",
        "    after     ImplicitDeny  unknown_role",
        "    because   the old side denies: unknown_role",
    ]
    assert max(len(line) for line in text if arn not in line) <= 100


def test_signs_have_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    change = Change(BOB, Request(BOB, "a:b", "*"), NO, YES, (), (BOB,))
    doubts = (Undecided((BOB,), "x"), Undecided((), "y"))
    found = Diff("not_decided", Principals(1, 1), (change,), (), doubts)
    coloured = [line for line in lines(found) if line.startswith("\x1b")]
    assert coloured == [
        f"\x1b[32m+ newly allowed: {BOB}\x1b[0m",
        f"\x1b[33m? not decided: {BOB}\x1b[0m",
        "\x1b[33m? not decided: any principal\x1b[0m",
    ]
