"""Write an imported world into a folder, and report it: the result of each `ramgate import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ramgate.cli.output import FINE, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.imports.folder import Written
    from ramgate.imports.world import World

__all__ = ["write"]


def write(world: World, folder: str, command: str) -> int:
    """Write the files; print the notices and a summary to stderr; return the exit status."""
    from ramgate.imports import folder as files

    written = files.write(world, Path(folder), source=command)
    for notice in written.notices:
        say(f"notice: {notice}")
    say(_contents(world, written))
    say(_changes(folder, written))
    return FINE


def _contents(world: World, written: Written) -> str:
    counts = {
        "accounts": len(world.accounts),
        "users": written.users,
        "groups": written.groups,
        "roles": written.roles,
        "policies": written.policies,
        "unreadable": written.unreadable,
        "notices": len(written.notices),
    }
    return "read: " + ", ".join(f"{kind} {count}" for kind, count in counts.items())


def _changes(folder: str, written: Written) -> str:
    counts: dict[str, Sequence[str]] = {
        "written": written.written,
        "removed": written.removed,
        "unchanged": written.unchanged,
    }
    return f"{folder}: " + ", ".join(f"{kind} {len(files)}" for kind, files in counts.items())
