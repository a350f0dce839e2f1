from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policy_documents import ALLOW, policy
from ramgate.imports.folder import write
from ramgate.imports.world import Account, Attachment, Directory, Document, Folder, User, World

SCRIPT = Path(__file__).parents[1] / "support/killed_imports.py"
HERE, BOSS = "1234567890123456", "1000000000000001"


def document(effect: str, action: str) -> Document:
    return Document(json.dumps(policy({**ALLOW, "Effect": effect, "Action": action})))


def world(*policies: str, deny_in: str, control: str) -> World:
    """Return a world in which one of alice's policies denies, and a control policy limits her."""
    account = Account(
        policies={
            name: document("Deny" if name == deny_in else "Allow", "ecs:*") for name in policies
        },
        system_policies={"AliyunNewAccess": document("Allow", f"{deny_in}:*")},
        users={
            "alice": User(
                [],
                [*map(Attachment, policies), Attachment("AliyunNewAccess", "System")],
            )
        },
    )
    root = Folder([Attachment("limits")], {HERE: [Attachment("limits")]})
    return World({HERE: account}, Directory(BOSS, {"limits": document("Allow", control)}, root))


BEFORE = world("a", "b", "old", deny_in="a", control="ecs:*")
AFTER = world("a", "b", "new", deny_in="b", control="oss:*")


@pytest.mark.parametrize("is_new", [True, False])
def test_an_import_that_is_killed_leaves_no_mixture(*, is_new: bool, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    if not is_new:
        write(BEFORE, before, source="x")
    write(AFTER, after, source="x")
    done = subprocess.run(
        [sys.executable, SCRIPT, before, after],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    counts = json.loads(done.stdout)
    assert counts["refused"] > 20
    assert counts["after"] > 5
    assert ("before" in counts) != is_new
