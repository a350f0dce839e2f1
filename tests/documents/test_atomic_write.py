from __future__ import annotations

from pathlib import Path

import pytest

from ramgate.documents.atomic_write import write


def test_a_file_is_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    write(path, b"new", 0o600)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_may_be_read_by_all(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", b"")
    assert (tmp_path / "a.yaml").stat().st_mode & 0o777 == 0o644


def test_a_reader_keeps_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    with path.open() as file:
        write(path, b"new")
        assert file.read() == "old"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.yaml"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        write(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "gone" / "a.yaml", b"new")
