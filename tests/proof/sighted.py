"""Find the tests that can see a fault in a file, by imports, for `mutants`.

A test in Python sees a module if it names it, or a module that imports it, and so on. A test in
Rego sees a package if it refers to it, or to a package that refers to it, and so on.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import Final

import grimp

__all__ = ["python_tests", "rego_tests"]

_ROOT: Final = Path(__file__).parents[2]
_TESTS: Final = _ROOT / "tests"
_PYTHON: Final = "python/ramgate"
_HELPERS: Final = (_TESTS / "support", _TESTS / "proof")
_MODULE: Final = re.compile(r"\bramgate(?:\.\w+)*")
_SUBCOMMAND: Final = "add_command("  # a module with it is a subcommand, of its own name
_COMMAND: Final = 'with_name("ramgate")'  # the tests run the command as a process of its own
_PACKAGE: Final = re.compile(r"^package ([\w.]+)$", re.MULTILINE)
_REFERENCE: Final = re.compile(r"\bdata((?:\.\w+)+)")

_PROPERTIES: Final = "rego/test_properties.py"
_EXPLANATIONS: Final = "rego/test_explanation.py"
_EXPLAINING: Final = frozenset(
    {"survey", "source", "nearness", "pattern", "shown", "spelling", "near_miss", "hint"}
)
_OF_REGO: Final = {
    "ram": (_PROPERTIES,),
    "authzen": ("web/test_authzen_cases.py", "web/test_envoy.py"),
    "slr": ("rego/test_service_linked_roles.py",),
    "system": ("sidecar/test_authorization.py",),
}
"""The tests in Python that ask a real OPA about the rules of a group."""

_DECIDING: Final = ("language", "accounts", "tables")
_PROVER: Final = "analysis/prover"
_PROVER_SHARES: Final = tuple(f"proof/test_{name}.py" for name in ("pairs", "edits", "widenings"))
_LONG: Final = frozenset(
    {_EXPLANATIONS, *_PROVER_SHARES, *(test for tests in _OF_REGO.values() for test in tests)}
)
_ELSEWHERE: Final = {
    "sidecar/verification.py": ("bundle/test_signature.py", "cli/test_cli_signing.py"),
}
"""Tests of a module that are not in the folder of its package."""


def python_tests(file: str, *, near: bool = False) -> list[str]:
    """Return the test files for a fault in a file, those first that are most likely to catch it.

    The paths are relative to `tests`. Tests of other packages are not asked: a package is to be
    held by its own. With `near`, those of other packages that language, accounts and tables share
    are left out too, and the long ones; for Rego all.
    """
    tests = _python_tests(file)
    if not near:
        return tests
    own = str(Path(file).parent.relative_to(_PYTHON)) if file.startswith(_PYTHON) else ""
    others = tuple(f"{one}/" for one in _DECIDING if own in _DECIDING and one != own)
    return [test for test in tests if test not in _LONG and not test.startswith(others)]


def _python_tests(file: str) -> list[str]:
    if file.startswith("rego/"):
        _, group, package = Path(file).parts[:3]
        if group == "ram" and package in _EXPLAINING:
            return [_EXPLANATIONS]
        return [*_OF_REGO[group]]
    path = Path(file).relative_to(_PYTHON)
    folders = _DECIDING if path.parts[0] in _DECIDING else (str(path.parent),)
    rooms = [test for room in folders for test in sorted((_TESTS / room).glob("test_*.py"))]
    seeing = _downstream(".".join(("ramgate", *path.with_suffix("").parts)))
    tests = [test for test in rooms if seeing & _modules(test)] or rooms
    if path.parts[0] == "cli" and _SUBCOMMAND in (_ROOT / file).read_text():
        tests = [test for test in rooms if f'"{path.stem}"' in test.read_text()] or tests
    own = str(path.parent)
    mirrors = {f"test_{path.stem}.py", f"test_{path.parent.name}_{path.stem}.py"}

    def distance(test: Path) -> tuple[bool, bool]:
        return test.name not in mirrors, str(test.parent.relative_to(_TESTS)) != own

    found = [str(test.relative_to(_TESTS)) for test in sorted(tests, key=distance)]
    found = [*_ELSEWHERE.get(str(path), ()), *found]
    if own == _PROVER:
        found += _PROVER_SHARES
    if path.parts[0] in _DECIDING:
        found.append(_PROPERTIES)
    return found


def rego_tests(file: str) -> list[str]:
    """Return patterns for `opa test --run`: the tests of a package, then those that see it."""
    references = _rego_references()
    package = next(iter(_PACKAGE.findall((_ROOT / file).read_text())))
    seeing, found = {package}, {package}
    while found:
        found = {one for one, to in references.items() if to & found} - seeing
        seeing |= found
    own = f"{package}_test"
    others = sorted(one for one in seeing - {own} if one.endswith("_test"))
    return [f"^data\\.({'|'.join(map(re.escape, names))})\\." for names in ([own], others) if names]


@functools.cache
def _rego_references() -> dict[str, set[str]]:
    texts = [path.read_text() for path in (*_ROOT.glob("rego/**/*.rego"), *_TESTS.rglob("*.rego"))]
    packages: dict[str, set[str]] = {}
    for text in texts:
        named = {name.removeprefix(".") for name in _REFERENCE.findall(text)}
        packages.setdefault(_PACKAGE.findall(text)[0], set()).update(named)
    return {
        package: {
            other
            for other in packages
            # a name of a rule in the package, or of a group of packages
            if any(f"{one}.".startswith(f"{other}.") or other.startswith(f"{one}.") for one in to)
        }
        for package, to in packages.items()
    }


@functools.cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("ramgate", cache_dir=None)


@functools.cache
def _downstream(module: str) -> frozenset[str]:
    return frozenset({module, *_graph().find_downstream_modules(module)})


@functools.cache
def _modules(test: Path) -> frozenset[str]:
    """Return the modules of ramgate that a test names, or a helper of the tests that it uses."""
    files, found, names = {test}, {test}, set[str]()
    while found:
        parts = [_names(file) for file in found]
        names |= {name for named, _ in parts for name in named}
        found = {helper for _, helpers in parts for helper in helpers} - files
        files |= found
    return frozenset(_known(name) for name in names)


@functools.cache
def _names(file: Path) -> tuple[frozenset[str], frozenset[Path]]:
    """Return the names in `ramgate` that a file has, and the helpers of the tests in it."""
    text = file.read_text()
    names = set(_MODULE.findall(text))
    if _COMMAND in text:
        names.add("ramgate.cli.main")
    helpers = {module for fixture, module in _fixtures().items() if fixture in text}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            helpers |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            helpers.add(node.module)
            names |= {f"{node.module}.{one.name}" for one in node.names}
    paths = [folder / f"{helper}.py" for helper in helpers for folder in (*_HELPERS, file.parent)]
    return frozenset(names), frozenset(filter(Path.exists, paths))


def _known(name: str) -> str:
    """Return the longest beginning of a name that is a module, an empty text if there is none."""
    while name and name not in _graph().modules:
        name = name.rpartition(".")[0]
    return name


@functools.cache
def _fixtures() -> dict[str, str]:
    tree = ast.parse((_TESTS / "conftest.py").read_text())
    return {
        one.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and "hypothesis" not in node.module
        for one in node.names
    }
