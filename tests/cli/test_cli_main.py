from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import ALLOWED, SECONDS
from ramgate import Sidecar, resources
from ramgate.cli.main import main

RAMGATE = str(Path(sys.executable).with_name("ramgate"))


def test_a_malformed_request_names_each_field_and_exits_with_2(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "bob", "x", "y", "--url", ramgate_sidecar.url]) == 2
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
    assert main(["check", *ALLOWED, "--accounts", faulty_accounts]) == 2
    faults = capsys.readouterr().err
    assert f"{faulty_accounts}:2: accounts.12: " in faults
    assert f"{faulty_accounts}:3: extra: " in faults
    assert main(["run", "--accounts", faulty_accounts]) == 2
    assert capsys.readouterr() == ("", faults)
    target = tmp_path / "bundle.tar.gz"
    assert main(["build", "--accounts", faulty_accounts, "-o", str(target)]) == 1
    assert capsys.readouterr() == ("", faults)
    assert not target.exists()


def test_a_server_that_is_not_there_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert main(["check", *ALLOWED, "--url", url]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(rf"ramgate: .*`{url}`.*\n", captured.err)


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["nonsense"], ["run", "--acc", "x"], ["build"]]
)
def test_bad_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: ramgate")


def test_an_opa_that_does_not_fit_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(tmp_path / "none"))
    assert main(["check", *ALLOWED]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(tmp_path / "none") in captured.err


def test_an_interrupted_command_exits_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ramgate.analysis.validate.translations", interrupted)
    assert main(["translate", "x"]) == 130


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    policy = resources.path("catalog/policies/AliyunKafkaFullAccess.json")
    command = [RAMGATE, "translate", *[str(policy)] * 500]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(SECONDS) == 2


def test_a_full_disk_behind_stdout_is_one_line() -> None:
    policy = resources.path("catalog/policies/AliyunKafkaFullAccess.json")
    command = [RAMGATE, "translate", str(policy)]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=SECONDS
        )
    assert (done.returncode, done.stderr) == (
        2,
        "ramgate: cannot print the result: no space left on device\n",
    )


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["check", "--no-such-flag"], 2),
        (["translate", "no-such-file.json"], 2),
        (["lint", "empty.json"], 1),
        (["lint", str(resources.path("catalog/policies/AliyunKafkaFullAccess.json"))], 0),
    ],
)
def test_a_full_disk_behind_stderr_does_not_change_the_status(
    arguments: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # Python would keep nothing to print
    (tmp_path / "empty.json").touch()
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [RAMGATE, *arguments],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=full,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == status


def test_a_closed_stdout_takes_no_result() -> None:
    policy = resources.path("catalog/policies/AliyunKafkaFullAccess.json")
    command = f"'{RAMGATE}' lint '{policy}' >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0
    assert done.stderr.startswith("checked 1 document: ")
    assert done.stderr.count("\n") == 1


def test_a_closed_stderr_takes_no_diagnostics() -> None:
    policy = resources.path("catalog/policies/AliyunKafkaFullAccess.json")
    command = f"'{RAMGATE}' lint '{policy}' 2>&-"
    done = subprocess.run(
        ["/bin/sh", "-c", command], stdout=subprocess.PIPE, check=False, timeout=SECONDS
    )
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 1  # the remark, without the count of all


def test_main_takes_a_stderr_that_its_caller_has_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    assert main(["translate", str(tmp_path / "none.json")]) == 2


def test_results_come_before_the_diagnostics_about_them(tmp_path: Path) -> None:
    policy = tmp_path / "empty.json"
    policy.touch()
    command = [RAMGATE, "lint", str(policy)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    first, second = done.stdout.splitlines()
    assert first == f"{policy}: Error INVALID_FILE: is empty"
    assert second.startswith("checked 1 document: 1 Error")
