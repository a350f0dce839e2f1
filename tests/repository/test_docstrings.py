"""Docstrings' examples run, and every public name has one."""

from __future__ import annotations

import ast
import doctest
import functools
import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ramgate
from ramgate import AsyncClient

if TYPE_CHECKING:
    from ramgate import Client, Sidecar

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(ramgate.__path__, "ramgate.")
    if not module.ispkg
)
FINDER = doctest.DocTestFinder(exclude_empty=True)
# the blocks on these pages run in `test_pages.py`
CODE = "\n".join(
    block
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
    for block in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
)


def doors() -> list[str]:
    """Return the modules that other rooms import, as the import contract names them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    allowed = {
        line.partition(" -> ")[2]
        for contract in contracts["contracts"]
        for line in contract.get("ignore_imports", ())
    }
    single = {name for name in MODULES if name.count(".") == 1}
    return sorted(allowed | single)


def public() -> list[tuple[str, Any]]:
    """Return every public class and function: the package's, and those of its doors."""
    found = {f"ramgate.{name}": getattr(ramgate, name) for name in ramgate.__all__}
    for door in doors():
        module = importlib.import_module(door)
        for name in module.__all__:
            value = getattr(module, name)
            is_hook = name.startswith("pytest_")  # pytest calls it
            if (inspect.isclass(value) or inspect.isroutine(value)) and not is_hook:
                found[f"{door}.{name}"] = value
    return sorted(found.items())


@functools.cache
def used_on_pages() -> set[str]:
    """Return the names that the code on the pages uses or imports."""
    nodes = list(ast.walk(ast.parse(CODE)))
    return {
        *(node.id for node in nodes if isinstance(node, ast.Name)),
        *(node.attr for node in nodes if isinstance(node, ast.Attribute)),
        *(one.name for node in nodes if isinstance(node, ast.ImportFrom) for one in node.names),
    }


def has_example(name: str, value: object) -> bool:
    """Return whether a docstring of the value, or a page, uses its name in code that runs."""
    examples = [example.source for test in FINDER.find(value, name) for example in test.examples]
    return bool(examples) or name.rpartition(".")[2] in used_on_pages()


PUBLIC = public()


@pytest.mark.parametrize(("name", "value"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_a_public_name_has_an_example(name: str, value: object) -> None:
    assert has_example(name, value)


def test_a_name_without_an_example_is_found() -> None:
    def unseen() -> None:
        """Do nothing."""

    assert not has_example("unseen", unseen)


def test_there_are_public_names_in_every_room() -> None:
    rooms = {name.split(".")[1] for name in doors()}
    assert {"cli", "client", "model", "sidecar", "errors"} <= rooms
    assert len(PUBLIC) > 60


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(
    name: str,
    ramgate_sidecar: Sidecar,
    ramgate_client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "client": ramgate_client,
        "sidecar": ramgate_sidecar,
        "async_client": AsyncClient(ramgate_sidecar.url),
    }
    for test in FINDER.find(importlib.import_module(name), name):
        test.globs.update(given)
        lines: list[str] = []
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=lines.append)
        assert result.failed == 0, "".join(lines)
