"""Signed bundles on the command line: `ramgate build`, `ramgate run`, `ramgate status`."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import ALLOWED, SECONDS
from keys import KeyPair, key_pair
from processes import eventually
from ramgate import Client
from ramgate.cli.main import main


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return key_pair(tmp_path_factory.mktemp("keys"))


def build(file: Path, *given: str) -> None:
    assert main(["build", "--example", "-o", str(file), *given]) == 0


class Running:
    """`ramgate run --bundle` as a process of its own."""

    def __init__(self, folder: Path, *given: str) -> None:
        self.url = f"unix://{folder}/s"
        ramgate = Path(sys.executable).with_name("ramgate")
        command = [str(ramgate), "run", "--bundle", str(folder / "b"), "--addr", self.url, *given]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.lines = [self.process.stdout.readline() for _ in range(6)]

    def next_error(self) -> str:
        assert self.process.stderr is not None
        line: str = self.process.stderr.readline()
        return line

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0


def test_a_signed_bundle_is_served_and_followed_and_an_older_or_unsigned_one_is_not(
    tmp_path: Path, pair: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b"
    sign = ["--signing-key", str(pair.private), "--key-id", "spring", "--scope", "production"]
    build(file, *sign, "--serial", "7")
    assert re.fullmatch(r"revision \w{16}, serial 7: accounts 1, .*\n", capsys.readouterr().out)
    keys = ["--verification-key", f"spring={pair.public}", "--scope", "production"]
    running = Running(tmp_path, *keys, "--at-least", "7")
    revision = running.lines[1].strip()
    assert re.fullmatch(r"revision \w{16}, serial 7", revision)
    curl = subprocess.check_output(["/bin/sh", "-c", running.lines[5]], timeout=SECONDS, text=True)
    assert json.loads(curl)["result"] == revision.split()[1].rstrip(",")
    url = ["status", "--url", running.url]
    assert main([*url, "--at-least", "7"]) == 0
    assert "\nserial    7\n" in capsys.readouterr().out
    assert main([*url, "--at-least", "8"]) == 1
    assert "\nserial    7, older than 8\n" in capsys.readouterr().out

    build(tmp_path / "new", *sign, "--serial", "8")
    (tmp_path / "new").replace(file)
    assert running.next_error().endswith(", serial 8\n")
    assert main([*url, "--at-least", "8"]) == 0

    build(tmp_path / "old", *sign, "--serial", "7")
    (tmp_path / "old").replace(file)
    assert running.next_error() == f"{file}: has the serial 7, which is older than 8\n"
    assert "stays in use" in running.next_error()
    assert main([*url, "--at-least", "8"]) == 1

    build(tmp_path / "unsigned", "--serial", "99")
    (tmp_path / "unsigned").replace(file)
    assert "bundle missing .signatures.json file" in running.next_error()
    eventually(lambda: main(url) == 1)
    with Client(running.url) as client:
        assert (client.serial(), bool(client.decide(*ALLOWED))) == (8, True)

    build(tmp_path / "next", *sign, "--serial", "9")
    (tmp_path / "next").replace(file)
    eventually(lambda: main([*url, "--at-least", "9"]) == 0)
    running.stop()


@pytest.mark.parametrize(
    ("build_with", "run_with", "cause"),
    [
        (["--serial", "7"], [], "bundle missing .signatures.json file"),
        (["--signing-key", "KEY", "--scope", "x"], [], "scope mismatch"),
        (["--signing-key", "KEY", "--key-id", "x"], [], "corresponding to ID x not found"),
        (["--signing-key", "KEY"], ["--at-least", "1"], "has no serial, which is older than 1"),
        (
            ["--signing-key", "KEY", "--serial", "1"],
            ["--at-least", "2"],
            "has the serial 1, which is older than 2",
        ),
    ],
)
def test_run_does_not_start_with_another_bundle(  # noqa: PLR0913, PLR0917 - three are fixtures
    tmp_path: Path,
    pair: KeyPair,
    capsys: pytest.CaptureFixture[str],
    build_with: list[str],
    run_with: list[str],
    cause: str,
) -> None:
    build(tmp_path / "b", *(str(pair.private) if one == "KEY" else one for one in build_with))
    given = ["--bundle", str(tmp_path / "b"), "--verification-key", str(pair.public)]
    assert main(["run", "--addr", f"unix://{tmp_path}/s", *given, *run_with]) == 2
    assert cause in capsys.readouterr().err


def test_a_bundle_without_a_serial_is_older_than_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path / "b")
    running = Running(tmp_path)
    assert main(["status", "--url", running.url, "--at-least", "0"]) == 1
    assert "\nserial    none, older than 0\n" in capsys.readouterr().out
    running.stop()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["run", "--verification-key", "k"], "--at-least belong to --bundle"),
        (["run", "--scope", "s"], "--at-least belong to --bundle"),
        (["run", "--at-least", "0"], "--at-least belong to --bundle"),
        (["run", "--bundle", "none", "--scope", "s"], "none: No such file or directory"),
        (["run", "--bundle", "BUNDLE", "--scope", "s"], "--scope belongs to --verification-key"),
        (["run", "--bundle", "BUNDLE", "--verification-key", "none"], "none: No such file"),
        (["build", "--example", "-o", "-", "--scope", "s"], "--scope belong to --signing-key"),
        (["build", "--example", "-o", "-", "--key-id", "s"], "--scope belong to --signing-key"),
        (["build", "--example", "-o", "-", "--signing-key", "none"], "none: No such file"),
        (
            ["build", "--example", "-o", "-", "--signing-key", "none", "--scope", "a b"],
            "the scope `a b` is not of",
        ),
    ],
)
def test_options_that_do_not_fit_end_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], expected: str
) -> None:
    build(tmp_path / "b")
    arguments = [str(tmp_path / "b") if one == "BUNDLE" else one for one in given]
    assert main(arguments) in {1, 2}
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "x", "1.0", "٣", str(2**53)])
def test_a_serial_is_a_number_that_json_keeps_exact(
    capsys: pytest.CaptureFixture[str], number: str
) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--example", "-o", "-", f"--serial={number}"])
    assert "is not a serial: a number from 0 to 2^53 - 1" in capsys.readouterr().err
