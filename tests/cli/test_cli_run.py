from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from command_line import ACCOUNT, ERIN, EXAMPLE, SECONDS, written
from processes import eventually
from ramgate import Client
from ramgate.bundle import builder as bundle
from ramgate.cli.main import main
from ramgate.sidecar.address import Address
from sidecars import ask

DATA = Path(__file__).parents[1] / "data"
CERT, KEY = DATA / "tls.crt", DATA / "tls.key"


class Running:
    """`ramgate run` as a process of its own, and the lines that it has printed."""

    def __init__(self, *arguments: str, stderr: int | IO[str] = subprocess.PIPE) -> None:
        ramgate = Path(sys.executable).with_name("ramgate")
        self.process = subprocess.Popen(
            [ramgate, "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline() for _ in range(6)]

    def next_error(self) -> str:
        """The next line on stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

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
    where, knows, state, collector, tries, curl = running.lines
    assert re.fullmatch(rf"answering on http://127\.0\.0\.1:\d+ and unix://{path} \(.*\)\n", where)
    assert re.fullmatch(r"revision \w{16}: accounts 1, policies 183, roles 5, users 3\n", knows)
    assert state == f"state at unix://{path}.status\n"
    assert re.fullmatch(r"garbage collector: GOGC=\d+, by the size of the bundle, .*\n", collector)
    assert tries == "in another terminal, try:\n"
    answer = subprocess.check_output(["/bin/sh", "-c", curl], timeout=SECONDS)
    assert json.loads(answer)["result"]["allow"] is True
    status, errors = running.stop(number)
    assert status == 0
    assert errors == EXAMPLE
    assert list(tmp_path.iterdir()) == []


def test_run_over_a_unix_socket_with_a_token_prints_a_curl_that_works(
    tmp_path: Path, accounts: str
) -> None:
    token = tmp_path / "my token"
    token.write_text("s3cret\n")
    token.chmod(0o600)
    arguments = ["--addr", f"unix://{tmp_path}/s", "--token-file", str(token)]
    running = Running(*arguments, "--accounts", accounts)
    answer = subprocess.check_output(["/bin/sh", "-c", running.lines[5]], timeout=SECONDS)
    assert json.loads(answer)["result"]["reason"] == "account_owner"
    asked = ["check", f"{ACCOUNT}:root", "a:b", "*", "--url", f"unix://{tmp_path}/s"]
    assert main(asked) == 2
    assert main([*asked, "--token-file", str(token)]) == 0
    assert running.stop(signal.SIGINT)[0] == 0


def test_run_on_a_port_in_use_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["run", "--addr", address]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert address in captured.err


def test_run_speaks_tls_and_prints_a_curl_that_works(tmp_path: Path, accounts: str) -> None:
    token = written(tmp_path / "token", "s3cret")
    Path(token).chmod(0o600)
    arguments = ["--addr", "0.0.0.0:0", "--token-file", token, "--accounts", accounts]
    running = Running(*arguments, "--tls-cert", str(CERT), "--tls-key", str(KEY))
    assert re.match(r"answering on https://127\.0\.0\.1:\d+ ", running.lines[0])
    answer = subprocess.check_output(["/bin/sh", "-c", running.lines[5]], timeout=SECONDS)
    assert json.loads(answer)["result"]["allow"] is True
    assert running.stop(signal.SIGINT) == (0, "")


@pytest.mark.parametrize("file", ["--tls-cert", "--tls-key"])
def test_a_certificate_needs_its_key(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", file, str(CERT)]) == 2
    assert capsys.readouterr().err.endswith("--tls-cert and --tls-key belong together\n")


def test_run_behind_a_proxy_says_what_is_in_clear_text(tmp_path: Path, accounts: str) -> None:
    token = written(tmp_path / "token", "s3cret")
    Path(token).chmod(0o600)
    arguments = ["--addr", "0.0.0.0:0", "--token-file", token, "--accounts", accounts]
    running = Running(*arguments, "--plain-http")
    assert running.stop(signal.SIGINT) == (
        0,
        "warning: --plain-http: whoever is on the way can read tokens, requests and decisions\n",
    )


def test_an_open_opa_has_its_whole_api_and_run_says_so(tmp_path: Path, accounts: str) -> None:
    url = f"unix://{tmp_path}/s"
    running = Running("--addr", "127.0.0.1:0", "--addr", url, "--accounts", accounts, "--open")
    tcp = running.lines[0].split()[2]
    for address in (tcp, url):
        assert ask(address, "GET", "/v1/data/store").status == 200
    assert running.stop(signal.SIGINT) == (
        0,
        "warning: --open: every program on this machine can read and change everything in OPA\n",
    )


def test_run_on_tcp_takes_nothing_but_questions(accounts: str) -> None:
    """Every local program could read all accounts, change data, and use OPA to reach others."""
    running = Running("--addr", "127.0.0.1:0", "--accounts", accounts)
    tcp = running.lines[0].split()[2]
    assert ask(tcp, "GET", "/v1/data/store").status == 401
    assert ask(tcp, "PUT", "/v1/data/mine", {}).status == 401
    assert ask(tcp, Origin="https://evil.example").status == 401
    assert ask(tcp, body={"input": {}}).status == 200
    assert running.stop(signal.SIGINT) == (0, "")


def test_run_gives_its_socket_a_mode_and_a_group(tmp_path: Path, accounts: str) -> None:
    path = tmp_path / "s"
    given = ["--socket-mode", "660", "--socket-group", str(os.getgid())]
    running = Running("--addr", f"unix://{path}", "--accounts", accounts, *given)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert path.stat().st_gid == os.getgid()
    assert running.stop(signal.SIGINT) == (0, "")


def test_a_socket_mode_is_octal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["run", "--socket-mode", "rw"])
    assert exit_.value.code == 2
    assert "`rw` is not an octal number, such as 660" in capsys.readouterr().err
    assert main(["run", "--addr", "unix:///x", "--socket-mode", "755"]) == 2
    assert "the socket mode `755` is not one from 600 to 666" in capsys.readouterr().err


def test_an_address_for_other_machines_needs_a_token_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["run", "--addr", "0.0.0.0:0"]) == 2
    error = capsys.readouterr().err
    assert "ramgate: `0.0.0.0:0` needs a token: other machines can reach it" in error
    assert "add `--token-file FILE` to the command" in error


def test_run_follows_its_accounts_and_keeps_what_it_has_while_they_are_faulty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def revision() -> str:
        assert main(["status", "--url", url]) == is_faulty
        printed = re.fullmatch(
            rf"url       {url}\nrevision  (\w{{16}})\nhealth    ready\nwanted    (\w{{16}})\n"
            r"(?:faults    2 in the accounts files for \d+ s, since \S+Z\n)?restarts  0\n",
            capsys.readouterr().out,
        )
        assert printed
        assert printed[1] == printed[2]
        assert ("faults" in printed[0]) is is_faulty
        return printed[1]

    def account(*users: str) -> str:
        return f'accounts:\n  "1234567890123456": {{users: {{{", ".join(users)}}}}}\n'

    path, is_faulty = tmp_path / "accounts", False
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
    assert [running.next_error() for _ in range(3)] == [*faults, f"revision {first} stays in use\n"]
    is_faulty = True
    assert revision() == first
    other = written(tmp_path / "other", account("u: {}", "v: {}"))
    Path(other).replace(file)
    published = running.next_error()
    is_faulty = False
    second = revision()
    assert published == running.lines[1].replace(first, second).replace("users 1", "users 2")
    assert second == bundle.build(path).revision != first
    assert running.stop(signal.SIGTERM) == (0, "")


def test_run_goes_on_with_a_full_disk_behind_stderr(
    tmp_path: Path, accounts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # Python would keep nothing to print
    url = f"unix://{tmp_path}/s"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        running = Running("--addr", url, "--accounts", accounts, stderr=full)
    with Client(url) as client:
        for name in ("v", "w"):
            written(
                Path(accounts), f"accounts: {{'1234567890123456': {{users: {{{name}: {{}}}}}}}}"
            )
            wanted = bundle.build(Path(accounts)).revision
            eventually(lambda wanted=wanted: client.revision() == wanted)  # type: ignore[misc]
    assert running.stop(signal.SIGTERM)[0] == 0


def test_a_run_that_is_stopped_before_its_first_bundle_is_built_has_not_failed(
    accounts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ramgate.bundle.builder.Builder.build", stopped)
    assert main(["run", "--accounts", accounts]) == 0


def opa_of(running: Running) -> int:
    """Return the process id of the OPA: the command of the supervisor."""
    [supervisor] = children(running.process.pid)
    [opa] = children(supervisor)
    return opa


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def test_a_killed_opa_is_started_again_and_told(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ramgate run` ended with the OPA that it ran."""
    url = f"unix://{tmp_path}/s"
    running = Running("--addr", url, "--accounts", accounts)
    os.kill(opa_of(running), signal.SIGKILL)
    assert running.next_error() == (
        "ramgate: OPA ended unexpectedly: it printed no error; "
        "starting it again in 0 s (restart 1)\n"
    )
    assert running.next_error().startswith("ramgate: OPA answers again, by revision ")
    assert main(["status", "--url", url]) == 0
    assert capsys.readouterr().out.endswith("restarts  1\n")
    assert running.stop(signal.SIGINT) == (0, "")


def test_without_restart_run_ends_when_opa_does(tmp_path: Path, accounts: str) -> None:
    running = Running("--no-restart", "--addr", f"unix://{tmp_path}/s", "--accounts", accounts)
    os.kill(opa_of(running), signal.SIGKILL)
    _, errors = running.process.communicate(timeout=SECONDS)
    assert running.process.returncode == 2
    error = "ramgate: OPA ended unexpectedly: it printed no error"
    assert errors == f"{error}; it is not started again\n{error}\n"
    assert list(tmp_path.iterdir()) == [Path(accounts)]


def test_over_tcp_decisions_are_explained_if_that_is_allowed(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (ERIN, "ecs:RunInstances", "*")
    cause = "the policies of user/erin have no statement about `ecs`, only about ram\n"
    for option in ([], ["--allow-explain"]):
        running = Running("--addr", "127.0.0.1:0", "--accounts", str(world), *option)
        url = running.lines[0].split()[2]
        assert main(["explain", *asked, "--url", url]) == (1 if option else 2)
        out, err = capsys.readouterr()
        assert out.startswith(f"Denied: {cause}" if option else "")
        assert ("start OPA with `--allow-explain`" in err) != bool(option)
        assert main(["check", *asked, "--url", url]) == 1
        assert capsys.readouterr().err == (cause if option else "")
        status, errors = running.stop(signal.SIGINT)
        assert status == 0
        assert ("warning: --allow-explain" in errors) == bool(option)


def test_the_state_is_told_where_it_is_asked_for(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    running = Running("--addr", "127.0.0.1:0", "--accounts", accounts)
    private = running.lines[2].removeprefix("state at ").strip()
    assert private.startswith("unix:///")
    url = running.lines[0].split()[2]
    assert main(["status", "--url", url]) == 0
    assert "wanted" not in capsys.readouterr().out
    assert main(["status", "--url", url, "--status-addr", private]) == 0
    assert "wanted" in capsys.readouterr().out
    assert running.stop(signal.SIGTERM)[0] == 0
    assert not Path(private.removeprefix("unix://")).parent.exists()

    told = f"unix://{tmp_path}/state"
    running = Running("--addr", "127.0.0.1:0", "--accounts", accounts, "--status-addr", told)
    assert running.lines[2] == f"state at {told}\n"
    assert running.stop(signal.SIGTERM)[0] == 0


def test_opas_metrics_are_told_where_they_are_asked_for(tmp_path: Path, accounts: str) -> None:
    told = f"unix://{tmp_path}/metrics"
    running = Running("--addr", "127.0.0.1:0", "--accounts", accounts, "--diagnostic-addr", told)
    connection = http.client.HTTPConnection("localhost")
    connection.sock = Address.parse(told).connect(SECONDS)
    connection.request("GET", "/metrics")
    assert b"\nhttp_request_duration_seconds_count{" in connection.getresponse().read()
    connection.close()
    assert running.stop(signal.SIGTERM)[0] == 0


def test_a_fifo_in_the_folder_of_accounts_is_named_and_stops_nothing(tmp_path: Path) -> None:
    """The command hung for ever before it started, or at the first look."""
    path = tmp_path / "accounts"
    path.mkdir()
    written(path / "a.yaml", 'accounts: {"1234567890123456": {}}')
    os.mkfifo(path / "b.yaml")
    running = Running("--addr", f"unix://{tmp_path}/s", "--accounts", str(path))
    assert running.next_error() == f"{path}/b.yaml: is a FIFO, not a file: left out\n"
    written(path / "a.yaml", 'accounts: {"1234567890123456": {users: {u: {}}}}')
    assert running.next_error().endswith("users 1\n")
    assert running.stop(signal.SIGTERM) == (0, "")
