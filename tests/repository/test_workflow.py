"""The workflow on the page about comparisons works: its script compares a branch with its base."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

import repositories

PAGE = Path(__file__).parents[2] / "docs/compare.md"
SECONDS = 60
ACCOUNTS = """\
accounts:
  "1234567890123456":
    users:
      alice: {policies: [AliyunKafkaReadOnlyAccess]}
"""


def workflow() -> dict[str, Any]:
    """Return the workflow: the indented block that begins with its name."""
    _, _, rest = PAGE.read_text().partition("\n    name: ")
    lines = rest.partition("\n\n`fetch-depth")[0]
    found: dict[str, Any] = yaml.safe_load(textwrap.dedent(f"    name: {lines}"))
    return found


def steps() -> list[dict[str, Any]]:
    [job] = workflow()["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found


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
    [step] = [one for one in steps() if one.get("id") == "diff"]
    assert list(step["env"]) == ["BASE"]
    output = tmp_path / "output"
    environment = {
        **os.environ,
        "BASE": "main",
        "GITHUB_OUTPUT": str(output),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    bash = shutil.which("bash")
    assert bash
    command = [bash, "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment, timeout=SECONDS)
    assert output.read_text() == f"status={status}\n"
    comment = (tmp_path / "comment.md").read_text().splitlines()
    assert (comment[0], comment[-1]) == ("```diff", "```")
    assert comment[1].startswith(f"{result}: ")


def test_it_comments_and_then_fails_with_that_status() -> None:
    *_, comment, last = steps()
    assert comment["run"].startswith('gh pr comment "$NUMBER" ')
    assert "comment.md" in comment["run"]
    assert last == {"run": "exit ${{ steps.diff.outputs.status }}"}
    assert workflow()["permissions"]["pull-requests"] == "write"
    [checkout] = [one for one in steps() if one.get("uses", "").startswith("actions/checkout")]
    assert checkout["with"] == {"fetch-depth": 0}
