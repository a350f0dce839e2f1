from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate import Client, Sidecar, resources
from ramgate.bundle import builder as bundle
from ramgate.bundle.watch import Watch
from ramgate.cli import main as cli
from ramgate.cli import serving
from ramgate.errors import SidecarError
from ramgate.language.translation import translate
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_A_SERVICE_NAME = r"is not a valid service name: it must match `(?:[a-z0-9-]+\.)+aliyuncs\.com`"

ACCOUNT = "acs:ram::1234567890123456"
ALICE = (f"{ACCOUNT}:user/alice", "alikafka:ListTopic", "*")
BOB = (f"{ACCOUNT}:user/bob", "alikafka:GetTopicList", "acs:alikafka:*:1234567890123456:orders")
EXAMPLE = "no --accounts: answering from the shipped example\n"
DENIES = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
FAULTY = '{\n"Version": "1",\n"Statement": []\n}'
SECONDS = 60.0


@pytest.fixture(autouse=True)
def _sigterm_as_it_was() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    return written(
        tmp_path / "accounts.yaml", 'accounts:\n  "1234567890123456": {users: {u: {}}}\n'
    )


@pytest.fixture
def faulty_accounts(tmp_path: Path) -> str:
    return written(tmp_path / "faulty.yaml", "accounts:\n  12: {}\nextra: 1\n")


def test_check_prints_an_allow_as_a_line_and_exits_with_0(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *ALICE, "--url", ramgate_sidecar.url]) == 0
    assert capsys.readouterr() == (
        "Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)\n",
        "",
    )


def test_check_prints_a_deny_and_exits_with_1(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--context", "acs:SourceIp=203.0.113.9", "--url", ramgate_sidecar.url]
    assert cli.main(["check", *BOB, *asked]) == 1
    assert capsys.readouterr().out.startswith("ExplicitDeny  statement_denies: office-network[0]  ")
    asked = ["--context", "acs:SourceIp=10.1.2.3", "--url", ramgate_sidecar.url]
    assert cli.main(["check", *BOB, *asked]) == 0


def test_check_prints_a_decision_without_statements(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = [f"{ACCOUNT}:root", "ram:ListRoles", "*", "--url", ramgate_sidecar.url]
    assert cli.main(["check", *owner]) == 0
    assert capsys.readouterr().out == "Allow  account_owner\n"


def test_check_prints_the_whole_decision_as_json(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *ALICE, "--json", "--url", ramgate_sidecar.url]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "allow": True,
        "effect": "Allow",
        "reason": "statement_allows",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "statements": [{"policy": "AliyunKafkaFullAccess", "index": 0}],
    }


def test_a_context_key_given_twice_is_a_list(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--context", "acs:SourceIp=10.1.2.3", "--context", "acs:SourceIp=203.0.113.9"]
    assert cli.main(["check", *BOB, *both, "--url", ramgate_sidecar.url]) == 0
    assert cli.main(["check", *BOB, *both[2:], "--url", ramgate_sidecar.url]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("pair", ["k", "=v"])
def test_a_context_without_a_key_and_a_value_is_bad_usage(
    capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    assert cli.main(["check", *BOB, "--context", pair]) == 2
    assert capsys.readouterr() == ("", f"ramgate: `{pair}` is no KEY=VALUE\n")


def test_check_without_a_server_starts_one_and_says_what_it_answers_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["check", *ALICE]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Allow  ")
    assert captured.err == EXAMPLE


def test_check_answers_from_the_accounts_named(
    accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *ALICE, "--accounts", accounts]) == 1
    assert capsys.readouterr() == ("ImplicitDeny  unknown_principal\n", "")


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
    assert cli.main(["check", *ALICE, *policies, "--json", "--url", ramgate_sidecar.url]) == 1
    decision = json.loads(capsys.readouterr().out)
    assert (decision["effect"], decision["simulated"]) == ("ExplicitDeny", True)
    assert decision["statements"] == [{"policy": "mine", "index": 0}]


def test_check_refuses_two_policies_of_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    first = written(tmp_path / "mine.json", json.dumps(DENIES))
    second = written(tmp_path / "other" / "mine.yaml", json.dumps(DENIES))
    assert cli.main(["check", *ALICE, "--policy", first, "--policy", second]) == 2
    assert (
        capsys.readouterr().err
        == f"ramgate: `{first}` and `{second}` would both be called `mine`\n"
    )


def test_a_malformed_request_names_each_field_and_exits_with_2(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", "bob", "x", "y", "--url", ramgate_sidecar.url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.findall(r"^ramgate: malformed request: (\w+):", captured.err, re.MULTILINE) == [
        "action",
        "principal",
        "resource",
    ]


def test_faulty_accounts_under_check_exit_with_2_and_under_build_with_1(
    faulty_accounts: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["check", *ALICE, "--accounts", faulty_accounts]) == 2
    faults = capsys.readouterr().err
    assert f"{faulty_accounts}:2: accounts.12: " in faults
    assert f"{faulty_accounts}:3: extra: " in faults
    assert cli.main(["run", "--accounts", faulty_accounts]) == 2
    assert capsys.readouterr() == ("", faults)
    target = tmp_path / "bundle.tar.gz"
    assert cli.main(["build", "--accounts", faulty_accounts, "-o", str(target)]) == 1
    assert capsys.readouterr() == ("", faults)
    assert not target.exists()


def test_a_server_that_is_not_there_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert cli.main(["check", *ALICE, "--url", url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(rf"ramgate: .*`{url}`.*\n", captured.err)


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["nonsense"], ["run", "--acc", "x"], ["build"]]
)
def test_bad_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ramgate")


@pytest.mark.parametrize(
    "command", [[], ["run"], ["build"], ["check"], ["translate"], ["validate"], ["install-opa"]]
)
def test_help_is_there_for_every_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([*command, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: ramgate", *command]))


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr() == (f"ramgate {version('ramgate')}\n", "")


def test_build_writes_a_bundle_that_any_opa_loads_and_answers_the_same(
    tmp_path: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bundle.tar.gz"
    assert cli.main(["build", "--example", "-o", str(target)]) == 0
    made = bundle.build()
    assert target.read_bytes() == made.content
    assert capsys.readouterr().out == (
        f"revision {made.revision}: accounts 1, policies 11, roles 5, users 3\n"
    )
    question = tmp_path / "input.json"
    question.write_text(
        json.dumps(dict(zip(("principal", "action", "resource"), ALICE, strict=True)))
    )
    asked = ["-b", str(target), "-i", str(question), "-f", "raw", "data.ram.authz.decision"]
    answer = json.loads(subprocess.check_output([str(find_opa()), "eval", *asked], timeout=SECONDS))
    with ramgate_sidecar.client() as client:
        decision = client.decide(*ALICE)
    assert answer["allow"] is decision.allow is True
    assert answer["statements"] == [{"policy": "AliyunKafkaFullAccess", "index": 0}]


def test_build_replaces_nothing_where_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", tmp_path / "missing" / "bundle.tar.gz"):
        assert cli.main(["build", "--example", "-o", str(target)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert str(target.parent) in captured.err
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_translate_prints_one_document_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "a.json", json.dumps(DENIES))
    second = written(tmp_path / "b.yaml", json.dumps(DENIES))
    assert cli.main(["translate", first, second]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [translate(DENIES)] * 2


def test_translate_prints_the_faults_of_all_files_and_no_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path / "a.json", json.dumps(DENIES))
    first, second = (written(tmp_path / name, FAULTY) for name in ("b.json", "c.json"))
    assert cli.main(["translate", good, first, second]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    message = "$.Statement: must be a non-empty list of objects, not an empty list"
    assert captured.err == f"{first}:3: {message}\n{second}:3: {message}\n"


def test_translate_of_a_file_that_cannot_be_read_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["translate", str(tmp_path), str(tmp_path / "none")]) == 2
    assert capsys.readouterr() == ("", f"{tmp_path}: is a directory, not a file\n")


def test_validate_sets_advice_apart_from_faults(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    doubtful = {"Effect": "Allow", "Action": "a:b", "Resource": "x*"}
    policy = written(tmp_path / "p.json", json.dumps({"Version": "1", "Statement": [doubtful]}))
    assert cli.main(["validate", policy, accounts]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert re.fullmatch(rf"advice: {policy}:1: \$\.Statement\[0\]\.Resource: .*\n", captured.out)


def test_validate_takes_the_catalog_its_files_and_folders_of_accounts(
    accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = resources.path("catalog")
    paths = [catalog, *catalog.glob("*/*"), resources.path("examples"), Path(accounts).parent]
    assert len(paths) > 10
    assert cli.main(["validate", *map(str, paths)]) == 0
    assert capsys.readouterr() == ("", "")


def test_validate_goes_on_after_a_fault_and_after_what_it_cannot_read(
    tmp_path: Path, faulty_accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = written(tmp_path / "p.json", FAULTY)
    broken = written(tmp_path / "b.json", "{")
    assert cli.main(["validate", faulty, broken, faulty_accounts]) == 1
    captured = capsys.readouterr()
    assert [line.partition(":")[0] for line in captured.out.splitlines()] == [
        faulty,
        broken,
        *[faulty_accounts] * 3,
    ]
    missing = str(tmp_path / "none")
    assert cli.main(["validate", missing, faulty]) == 2
    captured = capsys.readouterr()
    assert captured.err == f"{missing}: there is no such file\n"
    assert captured.out.startswith(faulty)


def test_validate_of_a_catalog_file_finds_its_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    role = written(tmp_path / "role.yaml", "role: R\nservice_name: x\npolicy: P\n")
    policy = written(tmp_path / "policy.yaml", "policy: P\n")
    assert cli.main(["validate", role, policy]) == 1
    found = capsys.readouterr().out
    assert f"{role}:2: service_name: `x` {NOT_A_SERVICE_NAME}\n" in found
    assert f"{role}:3: policy: there is no `policies/P.json`\n" in found
    assert (
        f"{policy}: `purpose` is missing" in found or f"{policy}:1: `purpose` is missing" in found
    )


def test_install_opa_prints_where_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(find_opa()))
    assert cli.main(["install-opa", "--directory", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'opa'}\n"
    assert (tmp_path / "opa").resolve() == find_opa().resolve()


def test_an_opa_that_does_not_fit_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(tmp_path / "none"))
    assert cli.main(["check", *ALICE]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(tmp_path / "none") in captured.err


class Running:
    """`ramgate run` as a process of its own, and the lines that it has printed."""

    def __init__(self, *arguments: str) -> None:
        ramgate = Path(sys.executable).with_name("ramgate")
        self.process = subprocess.Popen(
            [ramgate, "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline() for _ in range(4)]

    def says(self) -> str:
        """The next line on stderr, but for what OPA says to root."""
        assert self.process.stderr is not None
        while "uid or gid 0" in (line := self.process.stderr.readline()):
            pass
        return line

    def stop(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_says_where_it_listens_what_it_knows_and_what_to_try(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "opa.sock"
    running = Running("--addr", "127.0.0.1:0", "--addr", f"unix://{path}")
    where, knows, tries, curl = running.lines
    assert re.fullmatch(rf"answering on http://127\.0\.0\.1:\d+ and unix://{path} \(.*\)\n", where)
    assert re.fullmatch(r"revision \w{16}: accounts 1, policies 11, roles 5, users 3\n", knows)
    assert tries == "in another terminal, try:\n"
    answer = subprocess.check_output(["/bin/sh", "-c", curl], timeout=SECONDS)
    assert json.loads(answer)["result"]["allow"] is True
    status, errors = running.stop(number)
    assert status == 0
    assert EXAMPLE in errors
    assert "Traceback" not in errors
    assert not path.exists()


def test_run_over_a_unix_socket_with_a_token_prints_a_curl_that_works(
    tmp_path: Path, accounts: str
) -> None:
    token = tmp_path / "my token"
    token.write_text("s3cret\n")
    token.chmod(0o600)
    arguments = ["--addr", f"unix://{tmp_path}/s", "--token-file", str(token)]
    running = Running(*arguments, "--accounts", accounts)
    answer = subprocess.check_output(["/bin/sh", "-c", running.lines[3]], timeout=SECONDS)
    assert json.loads(answer)["result"]["reason"] == "account_owner"
    asked = ["check", f"{ACCOUNT}:root", "a:b", "*", "--url", f"unix://{tmp_path}/s"]
    assert cli.main(asked) == 2
    assert cli.main([*asked, "--token-file", str(token)]) == 0
    assert running.stop(signal.SIGINT)[0] == 0


def test_run_on_a_port_in_use_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert cli.main(["run", "--addr", address]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert address in captured.err


def test_run_on_an_open_address_needs_a_token(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--addr", "0.0.0.0:8181"]) == 2
    assert "token" in capsys.readouterr().err


def test_an_interrupted_command_exits_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(serving, "policy", interrupted)
    assert cli.main(["translate", "x"]) == 130


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    ramgate = str(Path(sys.executable).with_name("ramgate"))
    policy = resources.path("catalog/policies/AliyunKafkaFullAccess.json")
    command = [ramgate, "translate", *[str(policy)] * 500]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(SECONDS) == 2


def test_run_follows_its_accounts_and_keeps_what_it_has_while_they_are_faulty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def revision() -> str:
        assert cli.main(["status", "--url", url]) == 0
        printed = re.fullmatch(
            rf"url       {url}\nrevision  (\w{{16}})\nhealth    ready\n", capsys.readouterr().out
        )
        assert printed
        return printed[1]

    def account(*users: str) -> str:
        return f'accounts:\n  "1234567890123456": {{users: {{{", ".join(users)}}}}}\n'

    path = tmp_path / "accounts"
    path.mkdir()
    file = written(path / "accounts.yaml", account("u: {}"))
    url = f"unix://{tmp_path}/s"
    running = Running("--addr", url, "--accounts", str(path))
    first = revision()
    assert running.lines[1].startswith(f"revision {first}: ")
    written(Path(file), account("u: {}", "v: {groups: [gone]}", "w: {groups: [lost]}"))
    faults = [
        f"{file}:2: accounts.1234567890123456.users.{user}.groups[0]: there is no group `{group}`\n"
        for user, group in (("v", "gone"), ("w", "lost"))
    ]
    assert [running.says() for _ in range(3)] == [*faults, f"revision {first} goes on answering\n"]
    assert revision() == first
    other = written(tmp_path / "other", account("u: {}", "v: {}"))
    Path(other).replace(file)
    said = running.says()
    second = revision()
    assert said == running.lines[1].replace(first, second).replace("users 1", "users 2")
    assert second == bundle.build(path).revision != first
    assert running.stop(signal.SIGTERM) == (0, "")


def test_run_ends_when_opa_does(
    accounts: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def ended(self: Sidecar, timeout: float) -> None:
        nonlocal looks
        assert timeout < 1
        assert self.url
        looks += 1
        if looks > 2:
            raise SidecarError("OPA stopped: it said nothing")

    def refused(*_: object) -> None:
        raise SidecarError("OPA did not activate the bundle within 30 s")

    monkeypatch.setattr(Sidecar, "wait", ended)
    monkeypatch.setattr(Sidecar, "publish", refused)
    monkeypatch.setattr(Watch, "look", lambda *_: bundle.build())
    assert cli.main(["run", "--addr", "127.0.0.1:0", "--accounts", accounts]) == 2
    captured = capsys.readouterr()
    revision = bundle.build(Path(accounts)).revision
    assert captured.err.endswith(
        "OPA did not activate the bundle within 30 s\n"
        f"revision {revision} goes on answering\n" * 2 + "ramgate: OPA stopped: it said nothing\n"
    )


def test_status_needs_the_token_that_opa_demands(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    with Sidecar(Path(accounts), token="s3cret") as sidecar:  # noqa: S106 - a test's own
        assert cli.main(["status", "--url", sidecar.url]) == 2
        assert "check the `token`" in capsys.readouterr().err
        assert cli.main(["status", "--url", sidecar.url, "--token-file", str(token)]) == 0
        assert f"revision  {sidecar.revision}\n" in capsys.readouterr().out


def test_status_of_what_does_not_answer_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status", "--url", f"unix://{tmp_path}/none"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"ramgate: cannot reach `unix://{tmp_path}/none`: No such file or directory\n"
    )


def test_status_of_an_opa_that_is_not_ready_exits_with_1(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "healthy", lambda _: False)
    assert cli.main(["status", "--url", ramgate_sidecar.url]) == 1
    assert capsys.readouterr().out.endswith("health    not ready\n")
