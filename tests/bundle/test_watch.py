from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ramgate.accounts import reader
from ramgate.bundle import builder
from ramgate.bundle.watch import Watch
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

HERE = "1234567890123456"
THERE = "6543210987654321"


def written(path: Path, *users: str, number: str = HERE) -> Path:
    held = ", ".join(f"{user}: {{policies: [AdministratorAccess]}}" for user in users)
    path.write_text(f'accounts: {{"{number}": {{users: {{{held}}}}}}}\n')
    return path


def looked(watched: Watch, active: str = "") -> Bundle | None:
    """What is found once the files have stayed as they are from one look to the next."""
    assert watched.look(active) is None
    return watched.look(active)


def replaced(path: Path) -> None:
    other = written(path.with_name("other"), "v")
    # the same size and the same times
    found = path.stat()
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written in place": lambda folder: written(folder / "a.yaml", "v"),
    "replaced": lambda folder: replaced(folder / "a.yaml"),
    "renamed": lambda folder: (folder / "b.yaml").rename(folder / "c.yaml.off"),
    "added": lambda folder: written(folder / "c.yaml", number="1" * 16),
    "removed": lambda folder: (folder / "b.yaml").unlink(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "accounts"
    folder.mkdir()
    written(folder / "a.yaml", "u")
    written(folder / "b.yaml", number=THERE)
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_folder_is_seen_once(folder: Path, change: str) -> None:
    watched = Watch(folder)
    first = watched.build()
    assert looked(watched, first.revision) is None
    CHANGES[change](folder)
    assert looked(watched, first.revision) == builder.build(folder) != first
    assert looked(watched, first.revision) is None


def test_a_file_alone_and_a_link_that_is_turned_are_seen(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "accounts.yaml"
    link.symlink_to(folder / "a.yaml")
    watched = Watch(link)
    first = watched.build()
    written(folder / "a.yaml", "v")
    second = looked(watched, first.revision)
    assert second == builder.build(link) != first
    link.unlink()
    link.symlink_to(folder / "b.yaml")
    assert looked(watched, first.revision) == builder.build(link) not in (first, second)


def test_what_changes_from_look_to_look_is_not_read_yet(folder: Path) -> None:
    watched = Watch(folder)
    for users in (["v"], ["v", "w"], ["v", "w", "x"]):
        written(folder / "a.yaml", *users)
        assert watched.look("") is None
    assert watched.look("") == builder.build(folder)


def test_what_changes_while_it_is_read_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watch(folder)
    written(folder / "a.yaml", "v")
    build = builder.Builder.build

    def meanwhile(self: builder.Builder, path: Path) -> Bundle:
        built = build(self, path)
        written(folder / "a.yaml", "v", "w")
        return built

    monkeypatch.setattr(builder.Builder, "build", meanwhile)
    assert looked(watched) is None
    monkeypatch.undo()
    assert looked(watched) == builder.build(folder)


def test_what_says_the_same_as_before_is_no_news(folder: Path) -> None:
    watched = Watch(folder)
    first = watched.build()
    with (folder / "a.yaml").open("a") as file:
        file.write("# a comment\n")
    assert looked(watched, first.revision) is None
    # whoever has another one is told
    os.utime(folder / "a.yaml")
    assert looked(watched, "another") == first


def test_faults_are_raised_once_for_the_same_contents(folder: Path) -> None:
    watched = Watch(folder)
    first = watched.build()
    faulty = (folder / "a.yaml").read_text().replace("users", "usrs")
    for text in (faulty, f"{faulty}# still\n"):
        (folder / "a.yaml").write_text(text)
        with pytest.raises(InvalidFiles, match="unknown field"):
            looked(watched, first.revision)
        assert looked(watched, first.revision) is None
        os.utime(folder / "a.yaml")
        assert looked(watched, first.revision) is None
    # all is well again, and what it was before
    written(folder / "a.yaml", "u")
    assert looked(watched, first.revision) == first
    assert looked(watched, first.revision) is None
    (folder / "a.yaml").write_text(text)
    with pytest.raises(InvalidFiles, match="unknown field"):
        looked(watched, first.revision)


def test_accounts_that_are_gone_are_a_fault(folder: Path) -> None:
    watched = Watch(folder)
    alone = Watch(folder / "a.yaml")
    shutil.rmtree(folder)
    for gone in (watched, alone):
        with pytest.raises(UnreadableFiles, match="there is no such file"):
            looked(gone)
        assert looked(gone) is None
    folder.mkdir()
    with pytest.raises(InvalidFiles, match="contains no accounts file"):
        looked(watched)
    written(folder / "a.yaml", "u")
    assert looked(watched) == looked(alone) == builder.build(folder)


def test_a_file_that_goes_while_it_is_looked_at_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watch(folder)
    gone = folder / "gone.yaml"
    monkeypatch.setattr(reader, "files", lambda _: [folder / "a.yaml", gone])
    assert watched.look("") is None
    monkeypatch.undo()
    assert watched.look("") is None
