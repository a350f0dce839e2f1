"""The version of a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ramgate.documents.file_version import version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write(file: Path) -> None:
    file.write_text("longer than before")


def touch(file: Path) -> None:
    os.utime(file, ns=(0, 0))


def replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_text(file.read_text())
    found = file.stat()
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.rename(file)


@pytest.mark.parametrize("change", [write, touch, replace])
def test_a_changed_or_replaced_file_has_another_version(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    file = tmp_path / "a"
    file.write_text("before")
    before = version(file.stat())
    assert version(file.stat()) == before
    change(file)
    assert version(file.stat()) != before
