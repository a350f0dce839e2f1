"""Copy a file or a folder of a commit into a folder, with `git` and without a checkout.

Only the names of objects are passed to `git`, after `git rev-parse` has resolved them, so an
argument of the command line never becomes an option of `git`.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.accounts import named_files, reader
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Fault

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PREFIX", "beside", "copy"]

PREFIX: Final = "git:"
"""The start of an argument that names a file or a folder of a commit, `git:REF:PATH`."""

_FORM: Final = "write `git:REF:PATH`, such as `git:origin/main:accounts/`"
_FOLDER: Final = "folder"
_SECONDS: Final = 60
_FILE_MODES: Final = (b"100644", b"100755")


class _Entry(NamedTuple):
    """An entry of a tree: its mode, the name of its object, and its path."""

    mode: bytes
    object_name: bytes
    path: PurePosixPath


def copy(argument: str, folder: Path) -> Path:
    """Write the file or the folder that `git:REF:PATH` names into `folder`; return its path there.

    The files that an accounts file names are written beside it. PATH is relative to the current
    folder, as it is in an argument without `git:`. Raises `UnreadableFiles` if the reference or the
    path is missing, or if there is no `git`.
    """
    reference, colon, path = argument.removeprefix(PREFIX).partition(":")
    if not (reference and colon and path) or reference.startswith("-"):
        raise _failed(argument, f"is not a reference and a path: {_FORM}")
    if path.startswith("/"):
        raise _failed(argument, "has an absolute path: write it relative to the current folder")
    commit = _resolve(argument, f"{reference}^{{commit}}") or _no_reference(argument, reference)
    here = os.fsdecode(_git(argument, "rev-parse", "--show-prefix")).rstrip("\n")
    normal = posixpath.normpath(posixpath.join(here, path))
    wanted = _resolve(argument, f"{commit}:{'' if normal == '.' else normal}")
    if not wanted:
        hint = "the path is relative to the current folder"
        raise _failed(argument, f"there is no `{path}` in `{reference}`: {hint}")
    target = folder / (PurePosixPath(normal).name or _FOLDER)
    if _git(argument, "cat-file", "-t", wanted).strip() == b"blob":
        target.write_bytes(_git(argument, "cat-file", "blob", wanted))
        tree = _resolve(argument, f"{commit}:{posixpath.dirname(normal)}")
        _write(argument, _named(argument, tree, target), folder)
        return target
    _write(argument, _entries(argument, wanted), target)
    return target


def beside(argument: str) -> str:
    """Return the start of the arguments that name the files in the folder of a file.

    >>> beside("git:origin/main:accounts/a.yaml"), beside("git:main:a.yaml")
    ('git:origin/main:accounts/', 'git:main:')
    """
    reference, _, path = argument.removeprefix(PREFIX).partition(":")
    return f"{PREFIX}{reference}:{posixpath.join(posixpath.dirname(path.rstrip('/')), '')}"


def _write(argument: str, entries: list[_Entry], target: Path) -> None:
    target.mkdir(exist_ok=True)
    for entry, content in zip(entries, _contents(argument, entries), strict=True):
        file = target / entry.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _named(argument: str, tree: str, target: Path) -> list[_Entry]:
    """Return the entries of the tree that the accounts file `target`, beside them, names."""
    try:
        value = source.read(target).value
    except InvalidFiles:  # its fault is reported when the file is read
        return []
    named = {
        PurePosixPath(path.relative_to(target.parent).as_posix())
        for path in named_files.names(target, target, value)
    }
    return _entries(argument, tree, named) if named else []


def _no_reference(argument: str, reference: str) -> str:
    hint = "fetch it first (a workflow of GitHub needs `fetch-depth: 0`), or correct its name"
    raise _failed(argument, f"there is no commit `{reference}` in this repository: {hint}")


def _entries(argument: str, tree: str, named: set[PurePosixPath] | None = None) -> list[_Entry]:
    """Return the files of a tree and of its subfolders, or only those that are `named`.

    Links and submodules are left out.
    """
    found = []
    for line in _git(argument, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, _, object_name = facts.split(b" ")
        path = PurePosixPath(os.fsdecode(name))
        if named is not None and path not in named:
            continue
        if mode in _FILE_MODES and ".." not in path.parts:
            found.append(_Entry(mode, object_name, path))
        elif named is not None or reader.is_accounts_file(path.name):
            outer = f"{argument.rstrip('/')}/" if named is None else beside(argument)
            raise _failed(f"{outer}{path}", "is not a file but a link: copy the file")
    return found


def _contents(argument: str, entries: list[_Entry]) -> list[bytes]:
    names = b"".join(entry.object_name + b"\n" for entry in entries)
    output, contents = _git(argument, "cat-file", "--batch", standard_input=names), []
    for _ in entries:
        # `<object> SP <type> SP <size> LF <content> LF`
        head, _, output = output.partition(b"\n")
        size = int(head.rsplit(b" ", 1)[1])
        contents.append(output[:size])
        output = output[size + 1 :]
    return contents


def _resolve(argument: str, expression: str) -> str:
    """Return the name of the object that an expression of `git` names, empty if there is none."""
    done = _run(argument, "rev-parse", "--verify", "--quiet", expression)
    if done.returncode and b"not a git repository" in done.stderr:
        raise _failed(argument, "the current folder is not in a git repository")
    return "" if done.returncode else done.stdout.decode().strip()


def _git(argument: str, *words: str, standard_input: bytes = b"") -> bytes:
    done = _run(argument, *words, standard_input=standard_input)
    if done.returncode:
        cause = os.fsdecode(done.stderr).strip() or f"exit status {done.returncode}"
        raise _failed(argument, f"`git {words[0]}` failed: {cause}")
    return done.stdout


def _run(
    argument: str, *words: str, standard_input: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise _failed(argument, "there is no `git` on PATH: install it, or name files")
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(
            [program, "--no-replace-objects", *words],
            input=standard_input,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(argument, f"`git {words[0]}` took longer than {_SECONDS} s") from error


def _failed(argument: str, message: str) -> UnreadableFiles:
    return UnreadableFiles([Fault(argument, message=message)])
