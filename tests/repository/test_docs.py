"""The pages are true: links, the examples of the operators, and the help texts of the commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate import Simulation, translate
from ramgate.cli import main as cli
from ramgate.language import keys
from ramgate.language.condition import OPERATORS

if TYPE_CHECKING:
    from ramgate import Client

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")])
OPERATOR_ROWS = re.findall(
    r"^\| `([A-Za-z:]+)` \| `(.+?)` \| `(.+?)` \| `(.+?)` \|$",
    (ROOT / "docs/reference/operators.md").read_text(),
    re.MULTILINE,
)


def test_the_docs_have_a_row_for_each_operator_and_no_other_row() -> None:
    rows = {row[0] for row in OPERATOR_ROWS if ":" not in row[0]}
    assert rows == set(OPERATORS)
    assert {row[0].partition(":")[0] for row in OPERATOR_ROWS if ":" in row[0]} == {
        "ForAllValues",
        "ForAnyValue",
    }


def test_the_docs_list_the_condition_keys_of_the_catalog() -> None:
    page = (ROOT / "docs/reference/policy-language.md").read_text()
    rows = re.findall(
        r"^\| `([a-z]+:\w+/?)` \| (?:`(\w+)` )?\| (.+) \| (.+) \|$", page, re.MULTILINE
    )
    assert rows == [(key.key, key.type, key.meaning, key.source) for key in keys.load()]


def test_the_docs_list_the_rooms() -> None:
    page = (ROOT / "docs/inside.md").read_text()
    rooms = {path.stem for path in (ROOT / "python/ramgate").iterdir() if path.suffix != ".typed"}
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", page, re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"\w+", row)}
    assert listed == rooms - {"__init__", "__pycache__"}


@pytest.mark.parametrize("row", OPERATOR_ROWS, ids=[row[0] for row in OPERATOR_ROWS])
def test_an_operators_example_holds(ramgate_client: Client, row: tuple[str, ...]) -> None:
    operator, listed, satisfying, other = row
    condition = {operator: {"k": json.loads(listed)}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    policies = {"p": translate({"Version": "1", "Statement": [statement]})}
    decisions = ramgate_client.simulate_all(
        [
            Simulation(
                "acs:ram::1234567890123456:user/u",
                "a:b",
                "*",
                {"k": json.loads(value)},
                policies=policies,
            )
            for value in (satisfying, other)
        ]
    )
    assert [bool(decision) for decision in decisions] == [True, False]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
            assert anchor in slugs, link


def help_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *command: str
) -> str:
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit):
        cli.main([*command, "--help"])
    return capsys.readouterr().out


def commands_in(text: str) -> list[str]:
    """Return the commands that a help text lists."""
    part = text.partition("\ncommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^    ([a-z][a-z-]+)(?:  |$)", part, re.MULTILINE)


def words(text: str) -> list[str]:
    """Return the words of a help text, in the form of Python 3.13.

    Older versions print `-o FILE, --output FILE` for `-o, --output FILE`, and wrap other lines.
    """
    return re.sub(r"(-\w) [A-Z]+, (?=--)", r"\1, ", text).split()


def test_the_page_of_commands_has_the_help_text_of_each_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/reference/commands.md").read_text()
    form = re.compile(r"^## `ramgate ?(.*?)`\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    blocks = form.findall(page)
    for name, text in blocks:
        assert words(text) == words(help_text(monkeypatch, capsys, *name.split())), name
    commands = commands_in(help_text(monkeypatch, capsys))
    for group, size in (("import", 2), ("slr", 3), ("catalog", 1)):
        within = [f"{group} {one}" for one in commands_in(help_text(monkeypatch, capsys, group))]
        assert len(within) == size
        at = commands.index(group) + 1
        commands[at:at] = within
    assert [name for name, _ in blocks] == ["", *commands]
