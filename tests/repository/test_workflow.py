"""The workflows on the pages work: their scripts compare a branch with its base, and a plan."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

import repositories

DOCS = Path(__file__).parents[2] / "docs"
COMPARE, IMPORT = DOCS / "compare.md", DOCS / "import.md"
BLOCK = re.compile(r"^    name: .*\n(?:    .*\n)+", re.MULTILINE)
SECONDS = 60
ACCOUNTS = """\
accounts:
  "1234567890123456":
    users:
      alice: {policies: [AliyunKafkaReadOnlyAccess]}
"""


def workflow(page: Path) -> dict[str, Any]:
    """Return the workflow: the indented block that begins with its name."""
    [block] = BLOCK.findall(page.read_text())
    found: dict[str, Any] = yaml.safe_load(textwrap.dedent(block))
    return found


def steps(page: Path) -> list[dict[str, Any]]:
    [job] = workflow(page)["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


def check_script(page: Path, folder: Path, status: str, result: str, **variables: str) -> None:
    """Run the script of a page in a folder, and check its comment and its status."""
    [step] = [one for one in steps(page) if one.get("id") == "diff"]
    assert list(step.get("env", {})) == list(variables)
    output = folder / "output"
    environment = {
        **os.environ,
        **variables,
        "GITHUB_OUTPUT": str(output),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    bash = shutil.which("bash")
    assert bash
    command = [bash, "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, check=True, cwd=folder, env=environment, timeout=SECONDS)
    assert output.read_text() == f"status={status}\n"
    comment = (folder / "comment.md").read_text().splitlines()
    assert (comment[0], comment[-1]) == ("```diff", "```")
    assert comment[1].startswith(f"{result}: ")


@pytest.mark.parametrize(
    ("policy", "status", "result"),
    [
        ("AliyunKafkaReadOnlyAccess", "0", "equivalent"),
        ("AliyunKafkaReadOnlyAccess, AliyunKafkaFullAccess", "1", "wider"),
    ],
)
def test_its_script_writes_a_comment_and_the_status(
    tmp_path: Path, policy: str, status: str, result: str
) -> None:
    file = tmp_path / "accounts" / "a.yaml"
    file.parent.mkdir()
    file.write_text(ACCOUNTS)
    repositories.start(tmp_path)
    repositories.name(tmp_path, "refs/remotes/origin/main")
    file.write_text(ACCOUNTS.replace("AliyunKafkaReadOnlyAccess", policy))
    check_script(COMPARE, tmp_path, status, result, BASE="main")


@pytest.mark.parametrize(
    ("is_applied", "status", "result"), [(False, "1", "wider"), (True, "0", "equivalent")]
)
def test_the_script_about_a_plan_writes_a_comment_and_the_status(
    tmp_path: Path, status: str, result: str, *, is_applied: bool
) -> None:
    _, _, *rest = IMPORT.read_text().split("```json\n")
    plan = json.loads(rest[0].partition("```")[0])
    if is_applied:
        plan["prior_state"]["values"] = plan["planned_values"]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    check_script(IMPORT, tmp_path, status, result)


@pytest.mark.parametrize("page", [COMPARE, IMPORT], ids=["compare", "import"])
def test_a_workflow_comments_and_then_fails_with_that_status(page: Path) -> None:
    *_, comment, last = steps(page)
    assert comment["run"].startswith('gh pr comment "$NUMBER" ')
    assert "comment.md" in comment["run"]
    assert last == {"run": "exit ${{ steps.diff.outputs.status }}"}
    assert workflow(page)["permissions"]["pull-requests"] == "write"


def test_the_workflow_about_a_branch_fetches_its_base() -> None:
    uses = [one for one in steps(COMPARE) if one.get("uses", "").startswith("actions/checkout")]
    assert [one["with"] for one in uses] == [{"fetch-depth": 0}]
