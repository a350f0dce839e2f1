from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import repositories
from ramgate.analysis.sides import git
from ramgate.errors import UnreadableFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository, the current folder, whose files have changed since their commit."""
    path = tmp_path / "repository"
    path.mkdir()
    monkeypatch.chdir(path)
    for variable in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(variable, raising=False)
    (path / "accounts" / "more").mkdir(parents=True)
    (path / "accounts" / "a.yaml").write_text("first: é\n")
    (path / "accounts" / "more" / "b b.json").write_text("{}")
    (path / "accounts" / "empty.txt").write_text("")
    (path / "accounts" / "link").symlink_to("../policy.json")
    (path / "policy.json").write_text('{"Version": "1"}')
    repositories.start(path)
    (path / "accounts" / "a.yaml").write_text("second\n")
    return path


def message(argument: str, folder: Path) -> str:
    with pytest.raises(UnreadableFiles) as refused:
        git.copy(argument, folder)
    return str(refused.value)


def test_a_file_of_a_commit_is_copied(repository: Path, tmp_path: Path) -> None:
    copied = git.copy("git:main:policy.json", tmp_path)
    assert copied == tmp_path / "policy.json"
    assert copied.read_bytes() == (repository / "policy.json").read_bytes()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("path", "name"), [("accounts/", "accounts"), ("./accounts", "accounts"), ("x/../accounts", "")]
)
def test_a_folder_is_copied_as_it_was(path: str, name: str, tmp_path: Path) -> None:
    copied = git.copy(f"git:HEAD:{path}", tmp_path)
    assert copied == tmp_path / (name or "accounts")
    files = {str(file.relative_to(copied)): file for file in copied.rglob("*") if file.is_file()}
    assert sorted(files) == ["a.yaml", "empty.txt", "more/b b.json"]
    assert files["a.yaml"].read_text() == "first: é\n"
    assert files["more/b b.json"].read_text() == "{}"
    assert files["empty.txt"].read_text() == ""


def test_a_path_is_relative_to_the_current_folder(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "accounts" / "more")
    assert git.copy("git:main:.", tmp_path).name == "more"
    assert (tmp_path / "more" / "b b.json").read_text() == "{}"
    assert git.copy("git:main:../a.yaml", tmp_path).read_text() == "first: é\n"
    other = tmp_path / "other"
    other.mkdir()
    assert (git.copy("git:main:..", other) / "a.yaml").read_text() == "first: é\n"
    root = git.copy("git:main:../..", other)
    assert (root.name, (root / "policy.json").exists()) == ("folder", True)
    assert "there is no `a.yaml` in `main`" in message("git:main:a.yaml", tmp_path)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("argument", ["git:", "git:main", "git:main:", "git::x", "git:--help:x"])
def test_an_argument_of_another_form_is_refused(argument: str, tmp_path: Path) -> None:
    assert message(argument, tmp_path) == (
        f"{argument}: is not a reference and a path: "
        "write `git:REF:PATH`, such as `git:origin/main:accounts/`"
    )


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("git:gone:accounts", "there is no commit `gone` in this repository: fetch it first"),
        ("git:main --all:x", "there is no commit `main --all`"),
        ("git:main:gone/", "there is no `gone/` in `main`: the path is relative to the current"),
        ("git:main:--output=x", "there is no `--output=x` in `main`"),
        ("git:main:../outside", "there is no `../outside` in `main`"),
        ("git:main:/etc/passwd", "has an absolute path: write it relative to the current folder"),
    ],
)
def test_a_missing_reference_or_path_is_named(argument: str, expected: str, tmp_path: Path) -> None:
    assert message(argument, tmp_path).startswith(f"{argument}: {expected}")


def test_a_link_in_place_of_an_accounts_file_is_refused(repository: Path, tmp_path: Path) -> None:
    (repository / "accounts" / "c.yaml").symlink_to("a.yaml")
    repositories.commit(repository)
    assert message("git:main:accounts/", tmp_path) == (
        "git:main:accounts/c.yaml: is not a file but a link: copy the file"
    )


def test_a_folder_without_a_repository_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert message("git:main:x", tmp_path) == (
        "git:main:x: the current folder is not in a git repository"
    )


def test_a_machine_without_git_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert message("git:main:x", tmp_path) == (
        "git:main:x: there is no `git` on PATH: install it, or name files"
    )


def test_a_git_that_fails_or_hangs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git"
    program.write_text('#!/bin/sh\ncase "$2" in rev-parse) echo name ;; *) exit 3 ;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert message("git:main:x", tmp_path) == "git:main:x: `git cat-file` failed: exit status 3"
    program.write_text("#!/bin/sh\nexec sleep 5\n")
    monkeypatch.setattr(git, "_SECONDS", 0.1)
    assert message("git:main:x", tmp_path) == "git:main:x: `git rev-parse` took longer than 0.1 s"
