from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from ramgate.errors import EditError
from ramgate.imports import manifest
from ramgate.imports.commit import UNFINISHED, bring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE, THERE = "1234567890123456", "6543210987654321"
FILES = {
    HERE: {
        f"{HERE}.yaml": b"accounts: {}",
        f"policies/{HERE}/a.json": b"{}",
        f"policies/{HERE}/system/b.json": b"{}",
    },
    "directory": {"directory.yaml": b"directory: {}"},
}
PATHS = sorted(path for own in FILES.values() for path in own)


def changed(owner: str, changes: Mapping[str, bytes | None]) -> dict[str, dict[str, bytes]]:
    """Return the files with changes to those of one owner; None removes a file."""
    own = {**FILES[owner], **changes}
    return {**FILES, owner: {path: new for path, new in own.items() if new is not None}}


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return the content of each file in the folder, and None for each folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def times(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path: path.lstat() for path in sorted(folder.rglob("*"))}
    return {str(path): (status.st_mtime_ns, status.st_ino) for path, status in found.items()}


def test_a_new_folder_gets_all_files_and_a_manifest(tmp_path: Path) -> None:
    changes = bring(tmp_path / "new", FILES)
    assert changes.written == PATHS
    assert (changes.removed, changes.unchanged) == ([], [])
    found = tree(tmp_path / "new")
    assert manifest.parse(found.pop(manifest.NAME) or b"", "") == {
        owner: sorted(own) for owner, own in FILES.items()
    }
    assert {path: content for path, content in found.items() if content is not None} == {
        path: content for own in FILES.values() for path, content in own.items()
    }
    assert (tmp_path / "new/directory.yaml").stat().st_mode & 0o777 == 0o600


def test_a_second_import_touches_nothing(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    before = times(tmp_path)
    changes = bring(tmp_path, FILES)
    assert changes.unchanged == PATHS
    assert times(tmp_path) == before


@pytest.mark.parametrize("path", PATHS)
def test_one_changed_file_is_replaced_in_one_step(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_path, FILES)
    before = times(tmp_path)
    moved = []
    replace = Path.replace

    def note(old: Path, new: Path) -> Path:
        moved.append(str(new))
        return replace(old, new)

    monkeypatch.setattr(Path, "replace", note)
    owner = "directory" if path == "directory.yaml" else HERE
    changes = bring(tmp_path, changed(owner, {path: b"new"}))
    assert (changes.written, changes.removed) == ([path], [])
    assert (tmp_path / path).read_bytes() == b"new"
    assert moved == [str(tmp_path / path)]
    after = times(tmp_path)
    assert {name for name in after if after[name] != before[name]} <= {
        str(tmp_path / path),
        str((tmp_path / path).parent),
    }


def test_the_accounts_file_is_refused_while_its_documents_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_path, FILES)
    before = times(tmp_path)
    seen = []
    replace = Path.replace

    def look(old: Path, new: Path) -> Path:
        moved = replace(old, new)
        accounts = [(tmp_path / name).read_bytes() for name in (f"{HERE}.yaml", "directory.yaml")]
        seen.append((str(new.relative_to(tmp_path)), *accounts))
        return moved

    monkeypatch.setattr(Path, "replace", look)
    new = {f"policies/{HERE}/a.json": b"1", f"policies/{HERE}/system/b.json": b"2"}
    changes = bring(tmp_path, changed(HERE, new))
    account, directory = FILES[HERE][f"{HERE}.yaml"], FILES["directory"]["directory.yaml"]
    assert seen == [
        (f"{HERE}.yaml", UNFINISHED, directory),
        (f"policies/{HERE}/a.json", UNFINISHED, directory),
        (f"policies/{HERE}/system/b.json", UNFINISHED, directory),
        (f"{HERE}.yaml", account, directory),
    ]
    assert changes.written == sorted(new)
    after = times(tmp_path)
    for name in (f"{HERE}.yaml", "directory.yaml", manifest.NAME):
        assert after[str(tmp_path / name)][0] == before[str(tmp_path / name)][0]


def test_files_that_are_no_longer_needed_vanish_with_their_folders(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    gone = [f"policies/{HERE}/a.json", f"policies/{HERE}/system/b.json"]
    changes = bring(tmp_path, changed(HERE, dict.fromkeys(gone)))
    assert (changes.written, changes.removed) == ([], gone)
    assert list(tree(tmp_path)) == [manifest.NAME, f"{HERE}.yaml", "directory.yaml"]


def test_a_folder_with_another_file_stays(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    (tmp_path / f"policies/{HERE}/NOTES").touch()
    gone = [f"policies/{HERE}/a.json", f"policies/{HERE}/system/b.json"]
    bring(tmp_path, changed(HERE, dict.fromkeys(gone)))
    assert tree(tmp_path / "policies") == {HERE: None, f"{HERE}/NOTES": b""}


def test_an_import_of_another_account_removes_nothing(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    before = tree(tmp_path)
    bring(tmp_path, {THERE: {f"{THERE}.yaml": b"accounts: {}"}})
    after = tree(tmp_path)
    assert after.pop(f"{THERE}.yaml") == b"accounts: {}"
    listed = manifest.parse(after.pop(manifest.NAME) or b"", "")
    assert sorted(listed) == [HERE, THERE, "directory"]
    del before[manifest.NAME]
    assert after == before


def test_a_manifest_that_lists_too_much_is_corrected(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    before = tree(tmp_path)
    listed = {owner: list(own) for owner, own in FILES.items()}
    listed[HERE].append(f"policies/{HERE}/x.json")
    (tmp_path / manifest.NAME).write_bytes(manifest.to_json(listed))
    changes = bring(tmp_path, FILES)
    assert (changes.written, changes.removed) == ([], [])
    assert tree(tmp_path) == before


def test_a_lost_file_is_written_again(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    (tmp_path / f"policies/{HERE}/a.json").unlink()
    assert bring(tmp_path, FILES).written == [f"policies/{HERE}/a.json"]


def test_a_replaced_file_keeps_its_mode_and_a_hard_link_its_content(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    (tmp_path / "directory.yaml").chmod(0o640)
    (tmp_path / "copy").hardlink_to(tmp_path / "directory.yaml")
    bring(tmp_path, changed("directory", {"directory.yaml": b"new"}))
    assert (tmp_path / "directory.yaml").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "copy").read_bytes() == b"directory: {}"


def refused(folder: Path, message: str, files: Mapping[str, Mapping[str, bytes]] = FILES) -> None:
    """Check that an import is refused with this message, and that it changes nothing."""
    before, at = tree(folder), times(folder)
    with pytest.raises(EditError) as error:
        bring(folder, files)
    assert str(error.value) == message.replace("DIR", str(folder))
    assert (tree(folder), times(folder)) == (before, at)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_no_import_made_is_not_overwritten(path: str, tmp_path: Path) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"mine")
    refused(tmp_path, f"`DIR/{path}` was not made by an import: move it away first")


@pytest.mark.parametrize("path", PATHS)
def test_a_link_or_a_folder_in_the_place_of_a_file_is_refused(path: str, tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    (tmp_path / path).unlink()
    (tmp_path / path).symlink_to("elsewhere")
    refused(tmp_path, f"`DIR/{path}` is not a regular file: move it away first")
    (tmp_path / path).unlink()
    (tmp_path / path).mkdir()
    refused(tmp_path, f"`DIR/{path}` is not a regular file: move it away first")


@pytest.mark.parametrize("path", ["policies", f"policies/{HERE}", f"policies/{HERE}/system"])
def test_a_link_in_the_place_of_a_folder_is_refused(path: str, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / path).parent.mkdir(parents=True)
    (folder / path).symlink_to(elsewhere)
    refused(folder, f"`DIR/{path}` is not a folder: move it away first")
    assert tree(elsewhere) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"accounts: {{'{HERE}': {{}}}}", f"defines the account `{HERE}`"),
        ("directory: {}", "defines the directory"),
    ],
)
def test_another_file_that_defines_the_same_is_refused(
    text: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "own.yaml").write_text(text)
    refused(tmp_path, f"`DIR/own.yaml` {message}, too: move it away first")


@pytest.mark.parametrize(
    "text",
    [
        f"accounts: {{'{THERE}': {{}}}} # mine\n",
        "accounts: []",
        "accounts",
        "{",
        "system_policies: {}",
    ],
)
def test_other_files_are_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(text)
    (tmp_path / "README.md").write_text(f"accounts: {{'{HERE}': {{}}}}")
    before = times(tmp_path)
    bring(tmp_path, FILES)
    assert before.items() <= times(tmp_path).items()
    assert (tmp_path / "own.yaml").read_text() == text


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    (tmp_path / manifest.NAME).write_text("{")
    with pytest.raises(EditError, match=f"^`{tmp_path / manifest.NAME}` is damaged: "):
        bring(tmp_path, FILES)


def test_two_imports_at_once_do_not_mix(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    refused(tmp_path, "another import writes into `DIR`: try again")
    os.close(descriptor)
    bring(tmp_path, FILES)


def test_a_change_by_another_program_is_noticed_before_the_first_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_path, FILES)
    fsync = os.fsync

    def meanwhile(descriptor: int) -> None:
        fsync(descriptor)
        (tmp_path / "directory.yaml").write_bytes(b"edited")

    monkeypatch.setattr(os, "fsync", meanwhile)
    message = f"^another program writes into `{tmp_path}`: try again$"
    with pytest.raises(EditError, match=message):
        bring(tmp_path, changed("directory", {"directory.yaml": b"new"}))
    assert (tmp_path / "directory.yaml").read_bytes() == b"edited"
    assert not (tmp_path / ".ramgate-import").exists()


def test_the_folder_above_must_exist(tmp_path: Path) -> None:
    message = f"there is no folder `{tmp_path / 'no'}`"
    with pytest.raises(EditError, match=f"^{message}$"):
        bring(tmp_path / "no/new", FILES)
    (tmp_path / "no").touch()
    with pytest.raises(EditError, match=f"^{message}$"):
        bring(tmp_path / "no/new", FILES)
    with pytest.raises(EditError, match=f"^`{tmp_path / 'no'}` is not a folder$"):
        bring(tmp_path / "no", FILES)
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(EditError, match=f"^`{tmp_path / 'link'}` is not a folder$"):
        bring(tmp_path / "link", FILES)


def test_a_link_to_a_folder_is_that_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    bring(tmp_path / "link", FILES)
    assert (tmp_path / "folder/directory.yaml").exists()


def fail(number: int) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number), "its own name")

    return refuse


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left on device") as error:
        bring(tmp_path / "new", FILES)
    assert error.value.filename == str(tmp_path / "new" / manifest.NAME)
    assert tree(tmp_path) == {}
    monkeypatch.undo()
    bring(tmp_path, FILES)
    before = tree(tmp_path)
    monkeypatch.setattr(os, "fsync", fail(errno.ENOSPC))
    with pytest.raises(OSError, match="No space left on device"):
        bring(tmp_path, changed(HERE, {f"policies/{HERE}/a.json": b"new"}))
    assert tree(tmp_path) == before


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_path, FILES)
    inner = tmp_path / f"policies/{HERE}/system"
    # root may write everywhere, so the system's answer is replaced
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != inner and access(path, mode))
    refused(tmp_path, f"`DIR/policies/{HERE}/system` cannot be written: permission denied", FILES)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_and_synchronization_will_do(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync
    monkeypatch.setattr(fcntl, "flock", fail(number))
    monkeypatch.setattr(
        os,
        "fsync",
        lambda file: (
            fail(errno.EINVAL)() if Path(f"/proc/self/fd/{file}").is_dir() else fsync(file)
        ),
    )
    assert bring(tmp_path, FILES).written == PATHS


def test_an_error_of_a_lock_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", fail(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        bring(tmp_path, FILES)
    assert tree(tmp_path) == {}


def test_the_remains_of_an_interrupted_import_are_removed(tmp_path: Path) -> None:
    bring(tmp_path, FILES)
    before = tree(tmp_path)
    (tmp_path / ".ramgate-import").mkdir()
    (tmp_path / ".ramgate-import/0").touch()
    assert bring(tmp_path, FILES).written == []
    assert tree(tmp_path) == before
