"""Every block of code on a page runs, and prints the text that the page shows below it."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ramgate import Sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# other tests run the commands of these pages
ELSEWHERE = {"commands.md", "fleet.md"}
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in ROOT.glob("docs/**/*.md") if path.name not in ELSEWHERE),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8181"
RAMGATE = shlex.quote(str(Path(sys.executable).with_name("ramgate")))
SECONDS = 60
# commands that fetch packages or stay in the foreground; other tests run each of them
NOT_RUN = re.compile(
    r"python3 -m venv \.venv|\.venv/bin/pip install \./ramgate-[0-9.]+-py3-none-any\.whl pytest"
    r"|\.venv/bin/ramgate install-opa|pytest test_access\.py"
    r"|ramgate run( --accounts accounts\.yaml)?( --decision-log decisions\.log)?"
    r"|ramgate (run --bundle|status --url unix:///run/).*"
)


class Block(NamedTuple):
    """A block of code, and the output that the page shows for it, if any."""

    page: Path
    number: int
    language: str
    text: str
    output: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.number}"


def blocks(page: Path) -> list[Block]:
    found = BLOCK.findall(page.read_text())
    found.append(("", ""))
    return [
        Block(page, number, language, text, output if kind in {"text", "json"} else None)
        for number, ((language, text), (kind, output)) in enumerate(itertools.pairwise(found), 1)
    ]


BLOCKS = [block for page in PAGES for block in blocks(page)]
PYTHON = [block for block in BLOCKS if block.language == "python"]
TESTS = [block for block in PYTHON if "def test_" in block.text]
PROGRAMS = [block for block in PYTHON if "def test_" not in block.text]
SHELL = [block for block in BLOCKS if block.language == "sh"]


def commands(text: str) -> list[str]:
    """Return the commands of a block: each line, and a `curl` with its body as one."""
    return [text] if text.startswith("curl") else text.splitlines()


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def test_the_pages_have_blocks_of_every_kind() -> None:
    assert {block.language for block in BLOCKS} == {"sh", "text", "json", "python", "yaml", "ini"}
    assert len(PROGRAMS) > 5
    assert len(TESTS) > 3
    assert len(SHELL) > 8


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The URL of an OPA that runs as `make run` starts it, on another port."""
    with Sidecar(addresses=["127.0.0.1:0"]) as sidecar:
        yield sidecar.url


@pytest.mark.parametrize("block", PROGRAMS, ids=str)
def test_a_program_prints_the_text_below_it(block: Block, url: str, tmp_path: Path) -> None:
    program = block.text.replace(ADDRESS, url)
    printed = run([sys.executable, "-c", program], tmp_path)
    assert block.output is not None
    assert printed == block.output


@pytest.mark.parametrize("block", TESTS, ids=str)
def test_a_test_passes(block: Block, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(block.text)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=block.text.count("def test_"))


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_the_commands_of_a_page_print_the_text_below_them(
    page: Path, url: str, tmp_path: Path
) -> None:
    """Run the page's commands in their order; YAML and a plan become files of their own names."""
    for block in blocks(page):
        if block.language == "yaml":
            name = "rules.yaml" if block.text.startswith("rules:") else "accounts.yaml"
            (tmp_path / name).write_text(block.text)
        elif block.language == "json" and '"planned_values"' in block.text:
            (tmp_path / "plan.json").write_text(block.text)
        if block.language != "sh":
            continue
        printed = ""
        for command in commands(block.text):
            if target := command.removeprefix("make ").strip() if "make " in command else "":
                assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
            elif not NOT_RUN.fullmatch(command):
                here = re.sub(r"^(\.venv/bin/)?ramgate\b", lambda _: RAMGATE, command)
                here = here.replace(ADDRESS, url)
                printed += run(["/bin/sh", "-euc", here], tmp_path)
        if block.output is not None:
            if "curl" in block.text:
                assert json.loads(printed) == json.loads(block.output), block
            else:
                assert printed == block.output, block


def test_the_readmes_two_commands_are_targets_of_the_makefile() -> None:
    assert {"make run\n", "make test\n"} <= {block.text for block in SHELL}
    listed = run(["make", "help"], ROOT)
    assert re.search(r"^make run\b.*127\.0\.0\.1:8181 until Ctrl-C", listed, re.MULTILINE)
    assert re.search(r"^make test\b", listed, re.MULTILINE)
