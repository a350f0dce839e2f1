from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from command_line import ALLOWED, SECONDS
from ramgate.bundle import builder as bundle
from ramgate.cli.main import main
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from ramgate import Sidecar


def test_build_writes_a_bundle_that_any_opa_loads_and_answers_the_same(
    tmp_path: Path, ramgate_sidecar: Sidecar, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "bundle.tar.gz"
    assert main(["build", "--example", "-o", str(target)]) == 0
    made = bundle.build()
    assert target.read_bytes() == made.content
    assert capsys.readouterr().out == (
        f"revision {made.revision}: accounts 1, policies 11, roles 5, users 3\n"
    )
    question = tmp_path / "input.json"
    question.write_text(
        json.dumps(dict(zip(("principal", "action", "resource"), ALLOWED, strict=True)))
    )
    asked = ["-b", str(target), "-i", str(question), "-f", "raw", "data.ram.authz.decision"]
    answer = json.loads(subprocess.check_output([str(find_opa()), "eval", *asked], timeout=SECONDS))
    with ramgate_sidecar.client() as client:
        decision = client.decide(*ALLOWED)
    assert answer["allow"] is decision.allow is True
    assert answer["statements"] == [{"policy": "AliyunKafkaFullAccess", "index": 0}]


def test_build_replaces_nothing_where_it_cannot_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", tmp_path / "missing" / "bundle.tar.gz"):
        assert main(["build", "--example", "-o", str(target)]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert str(target.parent) in captured.err
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]
