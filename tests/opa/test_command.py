from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

import pytest

from opa_machine import script
from ramgate.errors import OpaUnavailable
from ramgate.opa import command
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text",
    [
        "exec /bin/sleep 60",
        "exec >/dev/null 2>&1; exec /bin/sleep 60",
        "while :; do echo y; done",
    ],
)
def test_an_opa_that_does_not_end_is_an_error(
    text: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_VERSION_SECONDS", 0.5)
    mine = script(commands / "opa", text)
    with pytest.raises(OpaUnavailable) as caught:
        find_opa(tools)
    assert f"`{mine}` cannot be run: it did not end within 0.5 s" in str(caught.value)


def test_the_children_of_a_hanging_command_end_with_it(
    commands: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        monkeypatch.setattr(command, "_VERSION_SECONDS", 1.0)
        script(commands / "opa", f"exec 3>'{fifo}'; echo up >&3; /bin/sleep 60 & /bin/sleep 60")
        with pytest.raises(OpaUnavailable, match="it did not end within 1 s"):
            find_opa(tools)
        assert os.read(reader, 10) == b"up\n"
        assert select.select([reader], [], [], 30)[0]
        assert os.read(reader, 10) == b""
    finally:
        os.close(reader)
