from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from command_line import ACCOUNT, ALICE, ALLOWED, DENIES, EXAMPLE, INSTANCE, written
from hostile import Hostile, answering, response, result
from ramgate.cli.main import main
from ramgate.cli.options import QUOTE_IT
from sample_explanations import REQUEST, answer, decision

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate import Sidecar

ASKED = (REQUEST.principal, REQUEST.action, REQUEST.resource)
MISSPELT = (f"{ACCOUNT}:user/alcie", "alikafka:ListTopic", INSTANCE)


def test_explain_prints_the_cause_first_and_exits_with_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Hostile(answering(result(answer()))) as server:
        assert main(["explain", *ASKED, "--url", server.url]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == [
        "Denied: `backup-objects[0]` allows it on objects `backups/*`, not on bucket `backups`",
        "ImplicitDeny  no_statement_matches  (AccountLevelIdentityBasedPolicy)",
    ]
    assert err == ""


def test_explain_prints_the_answer_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with Hostile(answering(result(answer()))) as server:
        assert main(["explain", *ASKED, "--json", "--url", server.url]) == 1
    assert json.loads(capsys.readouterr().out) == answer()


def test_explain_passes_the_context_on(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ["--context", "a:b=1", "--context", "a:b=2"]
    with Hostile(answering(result(answer()))) as server:
        assert main(["explain", *ASKED, *pairs, "--url", server.url]) == 1
    assert json.loads(server.questions[0])["input"]["context"] == {"a:b": ["1", "2"]}
    capsys.readouterr()


def test_explain_exits_with_0_if_the_request_is_allowed(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *ALLOWED, "--url", ramgate_sidecar.url]) == 0
    assert capsys.readouterr().out.startswith(
        "Allowed: `AliyunKafkaFullAccess[0]` allows it\n"
        "Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)\n"
    )


def test_explain_simulates_with_policies(
    ramgate_sidecar: Sidecar, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "mine.json", json.dumps(DENIES))
    asked = ["explain", *ALLOWED, "--policy", path, "--url", ramgate_sidecar.url]
    assert main(asked) == 1
    assert capsys.readouterr().out.startswith("Denied: `mine[0]` denies it\n")


def test_explain_names_the_nearest_name_of_the_accounts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *MISSPELT]) == 1
    out, err = capsys.readouterr()
    assert err == EXAMPLE
    first, second = out.splitlines()
    assert first == (
        "Denied: account `1234567890123456` has no user `alcie`: did you mean `user/alice`?"
    )
    assert second == "ImplicitDeny  unknown_principal"


def test_with_a_url_the_names_of_the_accounts_are_not_known(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *MISSPELT, "--url", ramgate_sidecar.url]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "Denied: account `1234567890123456` has no user `alcie`"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([ALICE, "ListTopic", "*"], "ramgate: malformed request: action: "),
        ([ALICE, "alikafka:ListTopic", "instance"], "ramgate: malformed request: resource: "),
        ([*ALLOWED, "--context", "x"], "ramgate: `x` is not of the form KEY=VALUE"),
        ([*ALLOWED, "--accounts", "no-such.yaml"], "no-such.yaml: there is no such file"),
        ([*ALLOWED, "--policy", "no-such.json"], "no-such.json: there is no such file"),
        ([*ALLOWED, "--url", "http://127.0.0.1:1"], "ramgate: cannot reach `http://127.0.0.1:1`"),
    ],
)
def test_bad_input_exits_with_2_and_says_why(
    ramgate_sidecar: Sidecar,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = {"--accounts", "--url"} & set(arguments)
    where = [] if source else ["--url", ramgate_sidecar.url]
    assert main(["explain", *arguments, *where]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(message)


def test_explain_recognizes_a_file_name_in_place_of_the_resource(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "notes.txt", "")
    assert main(["explain", ALICE, "alikafka:ListTopic", "notes.txt"]) == 2
    assert QUOTE_IT in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--json", "--format", "ram"], ["--format", "aws"]])
def test_wrong_usage_exits_with_2(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["explain", *ALLOWED, *more])
    assert caught.value.code == 2
    assert "usage: ramgate explain" in capsys.readouterr().err


def test_a_server_that_does_not_explain_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    refused = response(b'{"code": "unauthorized", "message": "no"}', "401 Unauthorized")
    with Hostile(answering(refused)) as server:
        assert main(["explain", *ASKED, "--url", server.url]) == 2
    assert "start OPA with `--allow-explain`" in capsys.readouterr().err


def test_explain_prints_the_form_of_ram(capsys: pytest.CaptureFixture[str]) -> None:
    denied: dict[str, Any] = decision()
    with Hostile(answering(result(answer(decision=denied)))) as server:
        assert main(["explain", *ASKED, "--format", "ram", "--url", server.url]) == 1
    message = json.loads(capsys.readouterr().out)["DecodedDiagnosticMessage"]
    assert message["AuthAction"] == REQUEST.action
    assert message["ExplicitDeny"] is False


def test_fixes_follow_the_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    carol = (f"{ACCOUNT}:user/carol", "alikafka:ListTopic", INSTANCE)
    assert main(["explain", *carol, "--fix"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("fixes, those first that allow least")
    assert lines[at + 1 : at + 4] == [
        (
            "  1. add_statement: attach a new policy with one statement; "
            "allows only `alikafka:ListTopic` on"
        ),
        f"     `{INSTANCE}` to",
        f"     `{ACCOUNT}:user/carol`: proved",
    ]
    assert lines[at + 4].startswith("      ")
    assert " add /accounts/1234567890123456/policies/ramgate-fix " in lines[at + 4]


def test_fixes_are_part_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    carol = (f"{ACCOUNT}:user/carol", "alikafka:ListTopic", INSTANCE)
    assert main(["explain", *carol, "--fix", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["decision"]["allow"] is False
    first = found["fixes"][0]
    assert first["kind"] == "add_statement"
    assert first["decision"]["allow"] is True
    assert first["also_allows"]["proved"] is True
    assert first["attach_to"] == f"{ACCOUNT}:user/carol"


def test_without_a_fix_stderr_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *MISSPELT, "--fix"]) == 1
    out, err = capsys.readouterr()
    assert "fixes" not in out
    assert err == EXAMPLE + (
        "no change of the accounts or of the context was found that allows the request\n"
    )
    assert main(["explain", *ALLOWED, "--fix"]) == 0
    out, err = capsys.readouterr()
    assert "fixes" not in out
    assert err == EXAMPLE


@pytest.mark.parametrize(
    "more", [["--url", "http://127.0.0.1:1"], ["--policy", "POLICY"], ["--format", "ram"]]
)
def test_a_fix_needs_the_accounts(
    tmp_path: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "mine.json", json.dumps(DENIES))
    given = [path if one == "POLICY" else one for one in more]
    assert main(["explain", *ALLOWED, "--fix", *given]) == 2
    assert capsys.readouterr().err == (
        "ramgate: --fix changes accounts in files: leave out --url, --policy and --format\n"
    )
