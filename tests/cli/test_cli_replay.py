from __future__ import annotations

import gzip
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command_line import ALICE, ALLOWED, BOB, CAROL, INSTANCE, SECONDS, WORLD, written
from processes import eventually
from ramgate import Client, Request
from ramgate.cli.main import main

pytestmark = pytest.mark.ramgate_unknown

READ_ONLY = "AliyunKafkaReadOnlyAccess"
LIST = "alikafka:ListTopic"


class Running:
    """`ramgate run` with a decision log, and its two streams."""

    def __init__(self, folder: Path, accounts: Path, *arguments: str) -> None:
        self.url = f"unix://{folder}/s"
        ramgate = Path(sys.executable).with_name("ramgate")
        given = ["run", "--accounts", str(accounts), "--addr", self.url, *arguments]
        self.process = subprocess.Popen(
            [ramgate, *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        greeted = self.process.stderr if "-" in arguments else self.process.stdout
        assert greeted is not None
        self.greeting = greeted.readline()

    def ask(self) -> None:
        """Ask for five decisions."""
        with Client(self.url) as client:
            client.decide(*ALLOWED)
            client.decide_all([Request(who, LIST, INSTANCE) for who in (ALICE, BOB, CAROL, CAROL)])

    def stop(self) -> tuple[str, str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0
        return out, err


@pytest.fixture
def tomorrow(tmp_path: Path) -> str:
    """Return accounts in which carol has gained, and alice has lost, reading."""
    text = WORLD.replace("carol: {}", "carol: {policies: [AliyunKafkaReadOnlyAccess]}")
    text = text.replace("- AliyunKafkaFullAccess\n", "- AliyunKafkaReadOnlyAccess\n")
    folder = tmp_path / "tomorrow"
    folder.mkdir()
    return written(folder / "accounts.yaml", text)


def test_a_log_of_a_real_run_is_replayed(
    tmp_path: Path, world: Path, tomorrow: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "decisions.log"
    running = Running(tmp_path, world, "--decision-log", str(log), "--decision-log-keep", "1")
    running.ask()
    eventually(lambda: log.read_bytes().count(b"\n") == 2)
    assert running.greeting.startswith("answering on ")
    assert running.stop()[1] == ""
    log.with_suffix(".gz").write_bytes(gzip.compress(log.read_bytes()))
    for name in (log, log.with_suffix(".gz")):
        assert main(["replay", str(name), "--accounts", str(world)]) == 0
        assert capsys.readouterr().out == (
            "2 entries: 5 decisions replayed, 4 distinct requests\nno decision differs\n"
        )
    assert main(["replay", str(log), "--accounts", tomorrow, "--baseline", str(world)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 entries: 5 decisions replayed, 4 distinct requests"
    assert lines[2].startswith("+ newly allowed: 2 times, 20")
    assert lines[3:9] == [
        f"    principal {CAROL}",
        f"    action    {LIST}",
        f"    resource  {INSTANCE}",
        "    before    ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)",
        f"    after     Allow  statement_allows: {READ_ONLY}[0]",
        "              (AccountLevelIdentityBasedPolicy)",
    ]
    assert lines[10].startswith("- newly denied: once, 20")
    assert lines[11:13] == [f"    principal {ALICE}", "    action    alikafka:DeleteTopic"]
    assert len(lines) == 16
    assert main(["replay", str(log), "--accounts", tomorrow, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["entries"], found["decisions"], found["questions"]) == (2, 5, 4)
    [allowed] = found["newly_allowed"]
    request = {"principal": CAROL, "action": LIST, "resource": INSTANCE}
    assert (allowed["request"], allowed["count"]) == (request, 2)
    assert allowed["after"]["allow"] is True
    assert len(found["newly_denied"]) == 1
    assert found["other_reason"] == found["not_replayable"] == []


def test_stdout_has_the_entries_alone(tmp_path: Path, world: Path) -> None:
    running = Running(tmp_path, world, "--decision-log", "-")
    running.ask()
    out, _ = running.stop()
    entries: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert [one["path"] for one in entries] == ["ram/authz/decision", "ram/authz/decisions"]
    assert running.greeting.startswith("answering on ")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--decision-log-keep", "1"], "--decision-log-keep is a number from 0, beside the file"),
        (["--decision-log", "-", "--decision-log-keep", "1"], "--decision-log-keep is a number"),
        (
            ["--decision-log", "no/l", "--decision-log-keep", "-1"],
            "--decision-log-keep is a number",
        ),
        (["--decision-log", "no/l", "--decision-log-token-file", "t"], "belongs to the URL"),
        (["--decision-log", "no/l"], "cannot write the decision log `no/l`: No such file"),
        (["--decision-log", "http://a.example"], "would travel in clear text"),
        (
            ["--decision-log", "https://a.example", "--decision-log-token-file", "none"],
            "cannot read the token file `none`",
        ),
    ],
)
def test_options_that_do_not_fit_end_the_command(
    capsys: pytest.CaptureFixture[str], accounts: str, given: list[str], expected: str
) -> None:
    assert main(["run", "--accounts", accounts, *given]) == 2
    assert expected in capsys.readouterr().err


def test_a_run_uploads_to_a_server(tmp_path: Path, world: Path) -> None:
    token = written(tmp_path / "token", "s3cret")
    Path(token).chmod(0o600)
    given = ["--decision-log", "http://127.0.0.1:9/x", "--decision-log-token-file", token]
    running = Running(tmp_path, world, *given)
    running.ask()
    ramgate = running.process.pid
    [pid] = Path(f"/proc/{ramgate}/task/{ramgate}/children").read_text().split()
    [opa] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    command = Path(f"/proc/{opa}/cmdline").read_text().split("\0")
    assert "--set=services.ramgate_decisions.url=http://127.0.0.1:9" in command
    assert f"--set=services.ramgate_decisions.credentials.bearer.token_path={token}" in command
    running.stop()


def test_a_request_of_any_form_is_shown(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log holds all that was asked, also a request that is no object, or has a context."""
    known: dict[str, object] = {
        "effect": "ImplicitDeny",
        "policy_type": None,
        "allow": False,
        "statements": [],
    }
    malformed = {**known, "reason": "malformed_request", "errors": ["x"]}
    unknown = {**known, "reason": "unknown_principal"}
    principal = "acs:ram::1234567890123456:user/u"
    asked = {"principal": principal, "action": "a:b", "resource": "*"}
    entries = [
        ("text", unknown),
        ({**asked, "principal": 1}, unknown),
        ({**asked, "context": {"x:k": ["a", "b"]}}, unknown),
        ({**asked, "context": {}}, malformed),
    ]
    lines = [
        {"decision_id": "1", "path": "ram/authz/decision", "timestamp": "2026-01-31T12:00:00Z"}
        | {"input": asked, "result": result}
        for asked, result in entries
    ]
    log = written(tmp_path / "log", "".join(json.dumps(line) + "\n" for line in lines))
    assert main(["replay", log, "--accounts", accounts]) == 1
    out = capsys.readouterr().out
    assert out.count("~ other reason: once, 2026-01-31T12:00:00Z\n") == 4
    assert out.count(f"    principal {principal}\n") == 2
    assert out.count("    context ") == 1
    assert "    context   x:k=a and b\n" in out


def test_a_request_cannot_steer_the_terminal(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    steering = "\x1b[2J\x1b]0;title\x07\x9b1m\u202e"
    asked = {
        "principal": f"p{steering}",
        "action": "a:b",
        "resource": "*",
        "context": {steering: "x"},
    }
    statement = {"policy": f"s{steering}", "index": 0}
    allowed = {
        "allow": True,
        "effect": "Allow",
        "reason": "statement_allows",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "statements": [statement],
    }
    entry = {"decision_id": "1", "path": "ram/authz/decision", "timestamp": "2026-01-31T12:00:00Z"}
    log = written(tmp_path / "log", json.dumps(entry | {"input": asked, "result": allowed}))
    assert main(["replay", log, "--accounts", accounts]) == 1
    out = capsys.readouterr().out
    assert out.startswith("1 entry: 1 decision replayed, 1 distinct request\n")
    assert r"    principal p\x1b[2J\x1b]0;title\x07\x9b1m\u202e" in out
    assert all(character.isprintable() or character == "\n" for character in out)


def test_a_missing_log_is_named_once(accounts: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "none.log", "--accounts", accounts]) == 2
    assert capsys.readouterr().err == "none.log: cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["0 entries: 0 decisions replayed, 0 distinct requests"]),
        (
            "cut\n",
            [
                "1 entry: 0 decisions replayed, 0 distinct requests",
                "",
                "? not replayable: once",
                "    reason    it is not an entry of a decision log",
            ],
        ),
    ],
)
def test_a_log_without_decisions_is_no_result(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    accounts: str,
    text: str,
    expected: list[str],
) -> None:
    content = io.BufferedReader(io.BytesIO(text.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content))
    assert main(["replay", "-", "--accounts", accounts]) == 2
    assert capsys.readouterr().out.splitlines() == expected
