"""Repositories of `git` for tests."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_GIT: Final = shutil.which("git") or "git"
_SETTINGS: Final = ("user.name=a", "user.email=a@b.example", "commit.gpgsign=false")
_SECONDS: Final = 60


def start(folder: Path) -> None:
    """Make a repository of a folder, with the branch `main` and everything committed."""
    _run(folder, "init", "-q", "-b", "main")
    commit(folder)


def commit(folder: Path) -> None:
    """Commit everything in the folder of a repository."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    _run(folder, "add", "-A")
    _run(folder, *settings, "commit", "-q", "-m", "a change")


def name(folder: Path, reference: str) -> None:
    """Let a reference name the last commit."""
    _run(folder, "update-ref", reference, "HEAD")


def _run(folder: Path, *words: str) -> None:
    subprocess.run([_GIT, *words], check=True, capture_output=True, cwd=folder, timeout=_SECONDS)
