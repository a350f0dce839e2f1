from __future__ import annotations

from pathlib import Path

import pytest

from ramgate import Client, Sidecar
from ramgate.cli.main import main


def test_status_needs_the_token_that_opa_demands(
    tmp_path: Path, accounts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    with Sidecar(Path(accounts), token="s3cret") as sidecar:  # noqa: S106 - a test's own
        assert main(["status", "--url", sidecar.url]) == 2
        assert "check the `token`" in capsys.readouterr().err
        assert main(["status", "--url", sidecar.url, "--token-file", str(token)]) == 0
        assert f"revision  {sidecar.revision}\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["status"], ["check", "a", "b:c", "*"]])
def test_a_command_sends_no_token_to_another_machine_in_clear_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o600)
    given = [*command, "--url", "http://0.0.0.0:1", "--token-file", str(token)]
    assert main(given) == 2
    assert "would carry the token in clear text: use `https://`" in capsys.readouterr().err
    assert main([*given, "--plain-http"]) == 2
    assert "cannot reach `http://0.0.0.0:1`" in capsys.readouterr().err


def test_status_of_what_does_not_answer_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--url", f"unix://{tmp_path}/none"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"ramgate: cannot reach `unix://{tmp_path}/none`: No such file or directory\n"
    )


def test_status_of_an_opa_that_is_not_ready_exits_with_1(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "healthy", lambda _: False)
    assert main(["status", "--url", ramgate_sidecar.url]) == 1
    assert capsys.readouterr().out.endswith("health    not ready\n")
