from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

from command_line import DENIES, FAULTY, written
from ramgate.cli.main import main
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_translate_prints_one_document_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = written(tmp_path / "a.json", json.dumps(DENIES))
    second = written(tmp_path / "b.yaml", json.dumps(DENIES))
    assert main(["translate", first, second]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [translate(DENIES)] * 2


def test_translate_prints_the_documents_of_a_file_in_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    allows = json.loads(json.dumps(DENIES).replace("Deny", "Allow"))
    versions = [{"PolicyDocument": json.dumps(document)} for document in (allows, DENIES)]
    output = {"PolicyVersions": {"PolicyVersion": versions}}
    first = written(tmp_path / "a.json", json.dumps(output))
    second = written(tmp_path / "b.json", json.dumps(allows))
    assert main(["translate", first, second]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == list(map(translate, (allows, DENIES, allows)))


def test_translate_prints_the_faults_of_all_files_and_no_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path / "a.json", json.dumps(DENIES))
    first, second = (written(tmp_path / name, FAULTY) for name in ("b.json", "c.json"))
    assert main(["translate", good, first, second]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    message = "$.Statement: must be a non-empty list of objects, not an empty list"
    assert captured.err == f"{first}:3: {message}\n{second}:3: {message}\n"


def test_translate_of_a_file_that_cannot_be_read_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["translate", str(tmp_path), str(tmp_path / "none")]) == 2
    assert capsys.readouterr() == ("", f"{tmp_path}: is a directory, not a file\n")


def test_translate_reads_standard_input_and_pipes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DENIES).encode())))
    reader, writer = os.pipe()
    os.write(writer, json.dumps(DENIES).encode())
    os.close(writer)
    assert main(["translate", "-", f"/dev/fd/{reader}"]) == 0
    os.close(reader)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [translate(DENIES)] * 2
