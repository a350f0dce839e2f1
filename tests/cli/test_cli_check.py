from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from command_line import (
    ACCOUNT,
    ALICE,
    ALLOWED,
    CAROL,
    DENIES,
    EXAMPLE,
    FROM_THE_OFFICE,
    INSTANCE,
    NUMBER,
    written,
)
from hostile import ALLOWED as ALLOWED_ANSWER
from hostile import DENIED, Hostile, answering, response
from ramgate import Sidecar, resources
from ramgate.cli.main import main
from ramgate.cli.options import QUOTE_IT

if TYPE_CHECKING:
    from pathlib import Path

CONNECTOR = "did you mean `role/ConnectorApp`?\n"
MEMBER = f"account `{NUMBER}` has no"


def test_check_prints_an_allow_as_a_line_and_exits_with_0(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *ALLOWED, "--url", ramgate_sidecar.url]) == 0
    assert capsys.readouterr() == (
        "Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)\n",
        "",
    )


def test_check_prints_a_deny_and_exits_with_1(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--context", "acs:SourceIp=203.0.113.9", "--url", ramgate_sidecar.url]
    assert main(["check", *FROM_THE_OFFICE, *asked]) == 1
    assert capsys.readouterr().out.startswith("ExplicitDeny  statement_denies: office-network[0]  ")
    asked = ["--context", "acs:SourceIp=10.1.2.3", "--url", ramgate_sidecar.url]
    assert main(["check", *FROM_THE_OFFICE, *asked]) == 0


def test_check_prints_a_decision_without_statements(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = [f"{ACCOUNT}:root", "ram:ListRoles", "*", "--url", ramgate_sidecar.url]
    assert main(["check", *owner]) == 0
    assert capsys.readouterr().out == "Allow  account_owner\n"


def test_check_prints_the_whole_decision_as_json(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *ALLOWED, "--json", "--url", ramgate_sidecar.url]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "allow": True,
        "effect": "Allow",
        "reason": "statement_allows",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "statements": [{"policy": "AliyunKafkaFullAccess", "index": 0}],
    }


def test_check_without_a_server_starts_one_and_says_what_it_answers_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", *ALLOWED]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Allow  ")
    assert captured.err == EXAMPLE


@pytest.mark.ramgate_unknown
def test_check_answers_from_the_accounts_named(
    accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *ALLOWED, "--accounts", accounts]) == 1
    assert capsys.readouterr() == (
        "ImplicitDeny  unknown_principal\n",
        f"{MEMBER} user `alice`\n",
    )


def test_check_with_policies_simulates(
    ramgate_sidecar: Sidecar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "mine.json", json.dumps(DENIES))
    policies = [
        "--policy",
        path,
        "--policy",
        str(resources.path("catalog/policies/FullAliyunAccess.json")),
    ]
    assert main(["check", *ALLOWED, *policies, "--json", "--url", ramgate_sidecar.url]) == 1
    decision = json.loads(capsys.readouterr().out)
    assert (decision["effect"], decision["simulated"]) == ("ExplicitDeny", True)
    assert decision["statements"] == [{"policy": "mine", "index": 0}]


def test_check_refuses_two_policies_of_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    first = written(tmp_path / "mine.json", json.dumps(DENIES))
    second = written(tmp_path / "other" / "mine.yaml", json.dumps(DENIES))
    assert main(["check", *ALLOWED, "--policy", first, "--policy", second]) == 2
    assert (
        capsys.readouterr().err
        == f"ramgate: `{first}` and `{second}` would both be called `mine`\n"
    )


def test_check_recognizes_a_file_name_in_place_of_the_resource(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "notes.txt", "")
    assert main(["check", ALICE, "alikafka:ListTopic", "notes.txt"]) == 2
    assert capsys.readouterr() == (
        "",
        f"ramgate: `notes.txt` is a file, not a resource: {QUOTE_IT}\n",
    )


@pytest.mark.ramgate_unknown
@pytest.mark.parametrize(
    ("principal", "action", "resource", "hint"),
    [
        (
            f"{ACCOUNT}:user/alcie",
            "alikafka:ListTopic",
            INSTANCE,
            f"{MEMBER} user `alcie`: did you mean `user/alice`?\n",
        ),
        (
            "acs:ram::1234567890123465:root",
            "a:b",
            "*",
            f"account `1234567890123465` does not exist: did you mean `{NUMBER}`?\n",
        ),
        (
            f"{ACCOUNT}:user/connectorap",
            "a:b",
            "*",
            f"{MEMBER} user `connectorap`: {CONNECTOR}",
        ),
        (
            f"{ACCOUNT}:user/zoltan",
            "alikafka:ListTopic",
            INSTANCE,
            f"{MEMBER} user `zoltan`\n",
        ),
        (
            ALICE,
            "sts:AssumeRole",
            "*",
            "the resource is not the ARN of a role: write `acs:ram::<account>:role/<name>`\n",
        ),
        (
            "ecs.aliyuncs.com",
            "sts:AssumeRole",
            f"{ACCOUNT}:role/conectorapp",
            f"{MEMBER} role `conectorapp`: {CONNECTOR}",
        ),
        (
            f"{ACCOUNT}:assumed-role/conectorapp/s",
            "ecs:RunInstances",
            "*",
            f"{MEMBER} role `conectorapp`: {CONNECTOR}",
        ),
    ],
)
def test_check_suggests_the_nearest_name_to_an_unknown_one(
    principal: str, action: str, resource: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", principal, action, resource]) == 1
    captured = capsys.readouterr()
    assert captured.err == EXAMPLE + hint
    assert re.fullmatch(r"ImplicitDeny  unknown_(principal|role)\n", captured.out)


def test_check_names_the_level_of_a_control_policy(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [ALICE, "ecs:RunInstances", "*", "--accounts", str(directory)]
    assert main(["check", *asked]) == 1
    assert capsys.readouterr() == (
        "ImplicitDeny  no_statement_matches  (ControlPolicy at level 0, the root folder)\n",
        "the control policies of level `root` have no statement about `ecs`, only about alikafka\n",
    )
    assert main(["check", *asked, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["policy_type"] == "ControlPolicy"


def test_check_reads_a_policy_from_standard_input(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DENIES).encode())))
    assert main(["check", *ALLOWED, "--policy", "-", "--url", ramgate_sidecar.url]) == 1
    assert capsys.readouterr().out.startswith("ExplicitDeny  statement_denies: stdin[0]  ")


def test_check_prints_the_cause_of_a_denial_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", CAROL, "alikafka:ListTopic", INSTANCE]) == 1
    assert capsys.readouterr() == (
        "ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)\n",
        f"{EXAMPLE}user/carol holds no policy at all\n",
    )


def test_check_simulates_and_explains_with_the_same_policies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]}
    path = written(tmp_path / "mine.json", json.dumps(other))
    assert main(["check", *ALLOWED, "--policy", path]) == 1
    assert capsys.readouterr().err == (
        f"{EXAMPLE}the policies of user/alice have no statement about `alikafka`, only about ecs\n"
    )


def test_check_asks_for_an_explanation_only_after_a_denial(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Hostile(answering(ALLOWED_ANSWER)) as server:
        assert main(["check", *ALLOWED, "--url", server.url]) == 0
    assert len(server.questions) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "refusal",
    [
        response(b'{"code": "unauthorized"}', "401 Unauthorized"),
        response(b"{}"),
        response(b'{"result": {}}'),
    ],
    ids=["over TCP", "an old server", "another answer"],
)
def test_check_does_without_an_explanation_where_there_is_none(
    refusal: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with Hostile(answering(DENIED, refusal)) as server:
        assert main(["check", *ALLOWED, "--url", server.url]) == 1
    assert len(server.questions) == 2
    assert capsys.readouterr() == (
        "ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)\n",
        "",
    )


def test_check_prints_no_cause_if_the_explanation_has_no_hint(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--context", "acs:SourceIp=203.0.113.9", "--url", ramgate_sidecar.url]
    assert main(["check", *FROM_THE_OFFICE, *asked]) == 1
    assert capsys.readouterr().err == ""
