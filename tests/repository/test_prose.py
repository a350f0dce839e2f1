"""Prose is plain: the counts of `tests/support/prose.py` hold for every file."""

from __future__ import annotations

from pathlib import Path

import pytest

from prose import Prose, files, findings, main, of

ROOT = Path(__file__).parents[2]
ROOMS = [
    ROOT / name
    for name in ("python", "rego", "docs", "tests", "bench", "examples", "catalog", "schemas")
]
FILES = [
    *(path for room in ROOMS for path in files(room)),
    *sorted(ROOT.glob("*.md")),
]


def test_there_is_prose_in_three_languages() -> None:
    assert {path.suffix for path in FILES} == {".py", ".rego", ".md"}
    words = sum(len(of(path).text.split()) for path in FILES)
    assert words > 20_000


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_prose_is_plain(path: Path) -> None:
    assert findings(of(path)) == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.py",
            '"""What it is."""\n\n\ndef f():\n    """Of two, what is less."""  # what\n',
            ['3 times "what" in 9 words', "line 1: a docstring", "line 5: a docstring"],
        ),
        ("a.py", 'N = 1\n"""Whatever comes."""\n', ["line 2: a docstring"]),
        ("a.py", '"""Return what it holds.\n\n>>> what(what)\n"""\n', []),
        (
            "a.rego",
            "# METADATA\n# title: Who asks\n# description: >-\n#   That one.\npackage a\n",
            ["line 2: a docstring", "line 3: a docstring"],
        ),
        ("a.md", "What is it? `what` and what?\n\n```sh\nwhat what\n```\n", ["2 times"]),
        ("a.md", "What is it?\n", []),
    ],
)
def test_marks_are_found(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    path = tmp_path / name
    path.write_text(text)
    found = findings(of(path))
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_three_in_a_thousand_words_are_fine() -> None:
    assert findings(Prose("what " * 3 + "word " * 997, ())) == []
    assert findings(Prose("what " * 4 + "word " * 996, ())) != []


def test_the_command_prints_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.md"
    path.write_text("What of what?\n")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == f'{path}: 2 times "what" in 3 words\n'
    path.write_text("Plain.\n")
    assert main([str(path)]) == 0
