from __future__ import annotations

from importlib.metadata import version

import pytest

from ramgate.cli.main import main


@pytest.mark.parametrize(
    "command", [[], ["run"], ["build"], ["check"], ["translate"], ["validate"], ["install-opa"]]
)
def test_help_is_there_for_every_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: ramgate", *command]))


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr() == (f"ramgate {version('ramgate')}\n", "")
