from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command_line import FROM_THE_OFFICE
from ramgate.cli.main import main

if TYPE_CHECKING:
    from ramgate import Sidecar


def test_a_context_key_given_twice_is_a_list(
    ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ["--context", "acs:SourceIp=10.1.2.3", "--context", "acs:SourceIp=203.0.113.9"]
    assert main(["check", *FROM_THE_OFFICE, *both, "--url", ramgate_sidecar.url]) == 0
    assert main(["check", *FROM_THE_OFFICE, *both[2:], "--url", ramgate_sidecar.url]) == 1
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("pair", ["k", "=v"])
def test_a_context_without_a_key_and_a_value_is_bad_usage(
    capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    assert main(["check", *FROM_THE_OFFICE, "--context", pair]) == 2
    assert capsys.readouterr() == ("", f"ramgate: `{pair}` is not of the form KEY=VALUE\n")
