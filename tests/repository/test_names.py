"""Names of files, modules, rules and functions in prose exist."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import re
from pathlib import Path

import pytest

from prose import files, of

ROOT = Path(__file__).parents[2]
FILES = [
    *(
        path
        for room in ("python", "rego", "docs", "tests", "bench", "examples", "catalog")
        for path in files(ROOT / room)
    ),
    *sorted(ROOT.glob("*.md")),
]
FOLDERS = r"(?:python|rego|docs|tests|catalog|schemas|bench|examples|tools)"
PATH = re.compile(rf"(?<![\w./-]){FOLDERS}/[\w./*-]*[\w*]")
MODULE = re.compile(r"(?<![\w./@-])ramgate(?:\.[a-z_A-Z]\w*)+(?![\w-])")
RULE = re.compile(r"(?<![\w.])data\.((?:ram|slr|system)(?:\.\w+)+)")
CALL = re.compile(r"`(?:[\w.]+\.)?(\w+)\([^`]*\)`")
TEST = re.compile(r"`(test_\w+)`")
# functions of other programs, and of the languages themselves
FOREIGN = {
    "Depends": "FastAPI",
    "Litestar": "Litestar",
    "Middleware": "Starlette",
    "delay": "wrk",
    "poll": "select.poll",
    "require": "the examples",
}
OPAS_OWN = {"system.bundles", "system.authz.allow", "system.log.mask"}
LEFT_BY_TOOLS = ("build", "dist")


@functools.cache
def names() -> set[str]:
    """Return the names of all functions, classes and rules of the repository."""
    folders = [one for one in ROOT.iterdir() if one.is_dir() and not one.name.startswith(".")]
    return {
        node.name
        for folder in folders
        for path in folder.rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    } | {
        name
        for path in ROOT.glob("rego/**/*.rego")
        for name in re.findall(r"^(\w+)(?:\(| := | if | contains )", path.read_text(), re.MULTILINE)
    }


def is_module(name: str) -> bool:
    """Return whether a dotted name leads to a module or to something in one."""
    head, _, tail = name.rpartition(".")
    try:
        importlib.import_module(name)
    except ImportError:
        return bool(head) and head != name and _has(head, tail)
    return True


def _has(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        head, _, tail = module.rpartition(".")
        return bool(head) and hasattr(importlib.import_module(head), tail)


def is_rule(name: str) -> bool:
    """Return whether a dotted name is a package of the Rego, or a rule in one."""
    if any(name == own or name.startswith(f"{own}.") for own in OPAS_OWN):
        return True
    *package, rule = name.split(".")
    if (ROOT / "rego" / "/".join([*package, rule])).is_dir():
        return True
    file = ROOT / "rego" / "/".join(package) / f"{package[-1]}.rego"
    return file.exists() and bool(re.search(rf"^{rule}\b", file.read_text(), re.MULTILINE))


def unknown(text: str) -> set[str]:
    """Return the names in a text that lead nowhere."""
    found = {
        path
        for path in PATH.findall(text)
        if not any(ROOT.glob(path)) and not path.endswith(".FILE")
    }
    found |= {name for name in MODULE.findall(text) if not is_module(name)}
    found |= {name for name in RULE.findall(text) if not is_rule(name)}
    found |= {
        name
        for name in CALL.findall(text)
        if name not in names() and name not in FOREIGN and not hasattr(builtins, name)
    }
    found |= {name for name in TEST.findall(text) if name not in names()}
    return found


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_names_in_prose_exist(path: Path) -> None:
    text = path.read_text() if path.suffix == ".md" else of(path).text
    assert unknown(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see docs/reference/nowhere.md", {"docs/reference/nowhere.md"}),
        ("see `docs/reference/http.md` and rego/ram", set()),
        ("all of tests/cases/*.json", set()),
        ("`ramgate.client.client.Client` and `ramgate.translate`", set()),
        ("`ramgate.edit.add`", {"ramgate.edit.add"}),
        ("data.ram.authz.decision, data.ram.request", set()),
        ("data.ram.authz.nothing", {"ram.authz.nothing"}),
        ("`test_nothing_of_the_kind`", {"test_nothing_of_the_kind"}),
        ("`test_names_in_prose_exist` and the file `test_names.py`", set()),
        ("`nothing_of_the_kind(x)` and `len(x)`", {"nothing_of_the_kind"}),
    ],
)
def test_names_that_do_not_exist_are_reported(text: str, expected: set[str]) -> None:
    assert unknown(text) == expected
