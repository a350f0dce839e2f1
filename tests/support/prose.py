"""Count the marks of hard English in docstrings, comments, METADATA and pages.

`python tests/support/prose.py PATH…` prints each finding.
"""

from __future__ import annotations

import ast
import functools
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

__all__ = ["Prose", "files", "findings", "main", "of"]

MOST_WHATS = 3  # in 1,000 words; one is always allowed
OPENINGS = re.compile(r"(What|Whatever|Who|Whoever|Of|That|The same)\b")
CODE = re.compile(r"``.+?``|`[^`\n]+`|https?://\S+")
EXAMPLE = re.compile(r"^ *(>>>|\.\.\.).*$", re.MULTILINE)
FENCE = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2 *$", re.MULTILINE | re.DOTALL)


class Prose(NamedTuple):
    """The sentences of one file: all of its text, and each docstring or description by its line."""

    text: str
    docstrings: tuple[tuple[int, str], ...]


def of(path: Path) -> Prose:
    """Return the prose of a Python, Rego or Markdown file."""
    text = path.read_text(encoding="utf-8")
    match path.suffix:
        case ".py":
            return _of_python(text)
        case ".rego":
            return _of_rego(text)
        case _:
            return Prose(FENCE.sub("", text), ())


def findings(prose: Prose) -> list[str]:
    """Return one line for each rule that the prose breaks.

    >>> findings(Prose("What it is, and what not.", ((3, "What it is."),)))
    ['2 times "what" in 6 words', 'line 3: a docstring begins with `What it is.`']
    """
    words = re.findall(r"[A-Za-z][A-Za-z'’-]*", CODE.sub("", prose.text))
    whats = sum(word.lower() == "what" for word in words)
    found = []
    if whats > max(1, MOST_WHATS * len(words) / 1000):
        found.append(f'{whats} times "what" in {len(words)} words')
    for line, docstring in prose.docstrings:
        if OPENINGS.match(docstring.lstrip()):
            found.append(f"line {line}: a docstring begins with `{docstring.strip()[:40]}`")
    return found


@functools.cache
def _of_python(text: str) -> Prose:
    # a string on its own documents the module, class or function, or the name before it
    docstrings = [
        (node.lineno, node.value.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    comments = [
        token.string.lstrip("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    without_examples = [
        re.sub(r"^ *(>>>|\.\.\.).*$", "", doc, flags=re.MULTILINE) for _, doc in docstrings
    ]
    return Prose("\n".join([*without_examples, *comments]), tuple(docstrings))


def _of_rego(text: str) -> Prose:
    lines = [
        (at, found[1])
        for at, line in enumerate(text.splitlines(), 1)
        if (found := re.match(r"\s*#\s?(.*)", line))
    ]
    described = []
    for index, (at, line) in enumerate(lines):
        if found := re.match(r"(?:title|description):\s*(.*)", line):
            opening = found[1]
            if opening in {">-", "|", ">", "|-"} and index + 1 < len(lines):
                opening = lines[index + 1][1]
            described.append((at, opening))
    return Prose("\n".join(line for _, line in lines), tuple(described))


def files(given: Path) -> list[Path]:
    """Return the file, or the folder's files that have prose."""
    if given.is_file():
        return [given]
    return sorted(path for path in given.rglob("*") if path.suffix in {".py", ".rego", ".md"})


def main(arguments: list[str]) -> int:
    """Print each finding in the given files and folders; return 1 if there is one."""
    found = [
        f"{path}: {line}"
        for argument in arguments
        for path in files(Path(argument))
        for line in findings(of(path))
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
