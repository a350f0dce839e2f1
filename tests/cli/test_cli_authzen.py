"""`ramgate authzen`: its arguments, and a run from start to end."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import fronts
from command_line import SECONDS, written
from ramgate import Sidecar
from ramgate.bundle import builder
from ramgate.cli.authzen import PUBLIC_URL
from ramgate.cli.main import main
from ramgate.errors import InvalidFiles

REGO = Path(__file__).parents[2] / "rego"
RAMGATE = Path(sys.executable).with_name("ramgate")
MAPPING = 'subjects: {user: "acs:ram::1234567890123456:user/{id}"}\n'


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.touch(0o600)
    return written(path, "s3cret")


def started(*arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
    process = subprocess.Popen(
        [RAMGATE, "authzen", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    return process, [process.stdout.readline() for _ in range(2)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_answers_and_ends_with_a_signal(tmp_path: Path, number: int) -> None:
    path = tmp_path / "s"
    with Sidecar(bundle=fronts.scenario()) as sidecar:
        process, [where, prefix] = started("--url", sidecar.url, "--listen", f"unix://{path}")
        assert (
            where == f"answering on unix://{path} for the OPA at {sidecar.url} (Ctrl-C stops it)\n"
        )
        assert prefix == "the `path_prefix` for Envoy is /check\n"
        connection = http.client.HTTPConnection("localhost", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        connection.request("GET", "/.well-known/authzen-configuration")
        assert connection.getresponse().status == 400  # a socket has no URL: give --public-url
        connection.close()
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
        assert not path.exists()


def test_it_uses_the_token_of_the_opa_and_any_free_port(token: str) -> None:
    with Sidecar(bundle=fronts.scenario(), token="s3cret", addresses=["127.0.0.1:0"]) as sidecar:  # noqa: S106
        arguments = ["--url", sidecar.url, "--opa-token-file", token]
        process, [where, _] = started(*arguments, "--listen", "127.0.0.1:0")
        try:
            match = re.match(r"answering on http://127\.0\.0\.1:(\d+) ", where)
            assert match is not None
            front = fronts.Front(int(match[1]))
            assert front.send("/health", None, "GET").value == {"ready": True}
            metadata = front.send("/.well-known/authzen-configuration", None, "GET").value
            assert metadata["policy_decision_point"] == f"http://127.0.0.1:{front.port}"
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--listen", "nowhere"], "`nowhere` is not an address"),
        (["--listen", ":0"], "`:0` needs --token-file, --tls-cert and --tls-key"),
        (["--tls-cert", "x"], "--tls-cert and --tls-key belong together"),
        (["--tls-cert", "x", "--tls-key", "y"], "cannot use the certificate `x`"),
        (["--token-file", "none"], "cannot read the token file `none`"),
        (["--opa-token-file", "none"], "cannot read the token file `none`"),
        (["--url", "http://127.0.0.1"], "has no port"),
        (["--timeout", "0"], "`timeout` is `0.0`"),
        (["--public-url", "https://x/"], "`--public-url https://x/` is not a URL without a path"),
        (["--public-url", "pdp.example.com"], "is not a URL without a path, such as https://pdp"),
        (["--public-url", "https://x\n"], "is not a URL without a path"),
        (["--max-body", "0"], "`--max-body 0` is not a number above 0"),
    ],
)
def test_arguments_that_do_not_fit_exit_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["authzen", "--listen", "127.0.0.1:0", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_rules_require_the_same_form_of_the_public_url() -> None:
    rules = (REGO / "authzen/metadata/metadata.rego").read_text()
    assert f"`^{PUBLIC_URL.pattern}$`" in rules


def test_a_larger_body_reaches_an_opa_that_takes_it() -> None:
    question = {
        "subject": {"type": "user", "id": "alice"},
        "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
        "context": {"else": "x" * 3_000_000},
    }
    with Sidecar(bundle=fronts.scenario(), max_body=4_000_000) as sidecar:
        arguments = ["--url", sidecar.url, "--listen", "127.0.0.1:0", "--timeout", str(SECONDS)]
        process, [where, _] = started(*arguments, "--max-body", "4000000")
        try:
            match = re.match(r"answering on http://127\.0\.0\.1:(\d+) ", where)
            assert match is not None
            headers = {"Content-Type": "application/json"}
            body = json.dumps(question).encode()
            front = fronts.Front(int(match[1]))
            answer = front.send("/access/v1/evaluation", body, headers=headers)
            assert (answer.status, answer.value) == (200, {"decision": True})
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def test_a_token_alone_does_not_guard_an_open_address(
    capsys: pytest.CaptureFixture[str], token: str
) -> None:
    assert main(["authzen", "--listen", "0.0.0.0:0", "--token-file", token]) == 2
    assert "other machines can reach it" in capsys.readouterr().err


def test_an_address_that_is_taken_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["authzen", "--listen", f"127.0.0.1:{taken.getsockname()[1]}"]) == 2
    assert "cannot listen on" in capsys.readouterr().err


def test_without_the_extra_it_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ramgate.web.server", None)
    assert main(["authzen"]) == 2
    assert "run `pip install 'ramgate[web]'`" in capsys.readouterr().err


def test_build_puts_the_mapping_into_the_bundle(tmp_path: Path, accounts: str) -> None:
    mapping = written(tmp_path / "authzen.yaml", MAPPING)
    bundle = str(tmp_path / "b.tar.gz")
    assert main(["build", "--accounts", accounts, "--authzen", mapping, "-o", bundle]) == 0
    with_mapping = builder.build(Path(accounts), Path(mapping))
    assert Path(bundle).read_bytes() == with_mapping.content
    assert with_mapping.revision != builder.build(Path(accounts)).revision


@pytest.mark.parametrize(("command", "status"), [("build", 1), ("run", 2)])
def test_a_faulty_mapping_builds_nothing(
    tmp_path: Path,
    accounts: str,
    capsys: pytest.CaptureFixture[str],
    command: str,
    status: int,
) -> None:
    mapping = written(tmp_path / "authzen.yaml", MAPPING.replace("{id}", "{name}"))
    more = ["-o", str(tmp_path / "b")] if command == "build" else ["--addr", f"unix://{tmp_path}/s"]
    assert main([command, "--accounts", accounts, "--authzen", mapping, *more]) == status
    assert f"{mapping}:1: subjects.user: `{{name}}` is not a placeholder" in capsys.readouterr().err
    assert not {"b", "s"} & {path.name for path in tmp_path.iterdir()}
    with pytest.raises(InvalidFiles):
        builder.build(Path(accounts), Path(mapping))


def test_a_bundle_has_its_own_mapping(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--bundle", "b.tar.gz", "--authzen", "authzen.yaml"]) == 2
    assert "the bundle has a mapping of its own" in capsys.readouterr().err


def test_run_decides_by_the_mapping(tmp_path: Path) -> None:
    folder = fronts.CASES
    path = tmp_path / "s"
    arguments = ["--accounts", str(folder / "accounts.yaml")]
    arguments += ["--authzen", str(folder / "authzen.yaml"), "--addr", f"unix://{path}"]
    process = subprocess.Popen(
        [RAMGATE, "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().startswith("answering on")
        question = {
            "subject": {"type": "user", "id": "alice"},
            "action": {"name": "read"},
            "resource": {"type": "record", "id": "record-1"},
        }
        connection = http.client.HTTPConnection("localhost", timeout=SECONDS)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(path))
        target = "/v1/data/authzen/evaluation/answer"
        connection.request("POST", target, json.dumps({"input": question}))
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer == {"result": {"status": 200, "body": {"decision": True}}}
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)
