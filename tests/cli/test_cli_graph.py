from __future__ import annotations

import os
from typing import TYPE_CHECKING

from command_line import EXAMPLE
from ramgate.accounts import reader
from ramgate.analysis import graph
from ramgate.catalog import catalog
from ramgate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def drawn(path: Path) -> str:
    known = catalog.load()
    return graph.dot(reader.load(path, known), known)


def test_graph_prints_svg_by_graphviz(
    tmp_path: Path,
    world: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$@"\ncat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert main(["graph", "--accounts", str(world)]) == 0
    assert capsys.readouterr() == (f"-Tsvg\n{drawn(world)}", "")


def test_graph_writes_dot_to_the_output_file(
    tmp_path: Path, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "accounts.dot"
    arguments = ["--accounts", str(world), "--format", "dot", "-o", str(target)]
    assert main(["graph", *arguments]) == 0
    assert target.read_text() == drawn(world)
    assert capsys.readouterr() == ("", "")


def test_graph_without_graphviz_draws_dot_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["graph"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{EXAMPLE}ramgate: SVG needs Graphviz")
    assert main(["graph", "--format", "dot"]) == 0
    assert capsys.readouterr().out.startswith("digraph ramgate {\n")
