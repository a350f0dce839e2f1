"""docs/lint.md lists every code, and docs/lint has documents that fail and pass for each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from ramgate.analysis.lint import Finding, Level, lint
from ramgate.analysis.lint.checks import RULES

DOCS = Path(__file__).parents[3] / "docs"
SECTION = re.compile(r"^## `([A-Z_]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(json|yaml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| \[`([A-Z_]+)`\]\(lint/([a-z]+\.md)#([a-z_]+)\) \| (.+) \|$", re.MULTILINE)
WITHOUT_DOCUMENTS = {"TOO_LONG"}


class Section(NamedTuple):
    """The section of a code: the class, the message, a document that fails and one that passes."""

    code: str
    level: str
    message: str
    documents: list[tuple[str, str]]


def sections() -> dict[str, tuple[str, Section]]:
    found = {}
    for page in sorted(DOCS.glob("lint/*.md")):
        for code, text in SECTION.findall(page.read_text()):
            level = re.search(r"^\*(.+?)\.\*", text, re.MULTILINE)
            assert level, code
            message = " ".join(re.findall(r"^> (.*)$", text, re.MULTILINE))
            found[code] = (page.name, Section(code, level[1], message, BLOCK.findall(text)))
    return found


SECTIONS = sections()
WITH_DOCUMENTS = [section for _, section in SECTIONS.values() if section.documents]


def findings(kind: str, text: str, folder: Path) -> list[Finding]:
    if text.startswith("ignore:"):
        policy, config = folder / "policy.json", folder / ".ramgate-lint.yaml"
        policy.write_text(
            '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ecs:*",'
            ' "Resource": "*"}]}'
        )
        config.write_text(text)
        return list(lint(policy, config=config).findings)
    path = folder / f"document.{kind}"
    path.write_text(text)
    return list(lint(path).findings)


def test_every_code_has_a_section_and_every_section_is_of_a_code() -> None:
    assert set(SECTIONS) == set(RULES)
    assert {section.code for section in WITH_DOCUMENTS} == set(RULES) - WITHOUT_DOCUMENTS
    for _, section in SECTIONS.values():
        assert section.level == RULES[section.code][0]


@pytest.mark.parametrize("section", WITH_DOCUMENTS, ids=lambda section: section.code)
def test_the_first_document_fails_as_the_page_says_and_the_second_passes(
    section: Section, tmp_path: Path
) -> None:
    fails, passes = section.documents
    first = next(one for one in findings(*fails, tmp_path) if one.code == section.code)
    assert first.text == section.message
    assert first.level == section.level
    found = findings(*passes, tmp_path)
    assert section.code not in {one.code for one in found}
    assert Level.ERROR not in {one.level for one in found}


def test_the_overview_lists_each_code_under_its_class() -> None:
    page = (DOCS / "lint.md").read_text()
    for level in Level:
        part = page.partition(f"\n## {level}s\n")[2].partition("\n## ")[0]
        rows = ROW.findall(part)
        expected = sorted(code for code, (own, _) in RULES.items() if own is level)
        assert [row[0] for row in rows] == expected
        for code, name, anchor, title in rows:
            assert (name, anchor) == (SECTIONS[code][0], code.lower())
            assert title.lower() == RULES[code][1].lower()


def test_the_hooks_of_pre_commit_run_lint_and_validate() -> None:
    hooks = yaml.safe_load((DOCS.parent / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "ramgate-lint": "ramgate lint",
        "ramgate-validate": "ramgate validate",
    }
    for hook in hooks:
        taken = ["policies/a.json", "deploy/ram/a.yaml"]
        assert [
            name
            for name in [*taken, "package.json", "policies/README.md"]
            if re.search(hook["files"], name)
        ] == taken
