"""Kill an import at each of its steps, and look at the folder that it leaves.

`python tests/support/killed_imports.py BEFORE AFTER` takes two folders of imports, the first of
which may be empty. A process changes a copy of the first to the second, and kills itself before one
call of the system; there is such a process for each call. The output counts the folders and files
that load as before or as after, and those that are refused. It fails if one loads as anything else,
and if the next import does not repair the folder.
"""

from __future__ import annotations

import collections
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.accounts.reader import Reader
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles
from ramgate.imports import manifest
from ramgate.imports.commit import bring

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

_CALLS: Final = frozenset(("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"))
_MOST: Final = 1000
_REFUSED: Final = "refused"


def main(before: Path, after: Path) -> None:
    """Print the counts of the states, as JSON."""
    reader = Reader(catalog.load())
    listed = manifest.parse((after / manifest.NAME).read_bytes(), "")
    files = {
        owner: {path: (after / path).read_bytes() for path in own} for owner, own in listed.items()
    }
    counts: collections.Counter[str] = collections.Counter()
    for call in range(_MOST):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "folder")
            shutil.copytree(before, folder)
            is_killed = _run(folder, files, call)
            for path in ("", *(f"{owner}.yaml" for owner in files)):
                state = _load(reader, folder / path)
                known = {
                    "after": _load(reader, after / path),
                    "before": _load(reader, before / path),
                }
                names = [title for title, store in known.items() if store == state]
                if state != _REFUSED and not names:
                    sys.exit(f"killed before call {call}, `{path}` loads as something else")
                counts[_REFUSED if state == _REFUSED else names[0]] += 1
            bring(folder, files)
            if _tree(folder) != _tree(after):
                sys.exit(f"killed before call {call}, the next import does not repair it")
        if not is_killed:
            sys.stdout.write(json.dumps(counts))
            return
    sys.exit("an import makes too many calls")


def _run(folder: Path, files: dict[str, dict[str, bytes]], call: int) -> bool:
    """Import the files in another process; return whether it was killed before that call."""
    child = os.fork()
    if not child:
        made = 0

        def count(event: str, _: object) -> None:
            nonlocal made
            if event in _CALLS:
                if made == call:
                    os.kill(os.getpid(), signal.SIGKILL)
                made += 1

        sys.addaudithook(count)
        bring(folder, files)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _load(reader: Reader, path: Path) -> Store | str:
    try:
        return reader.load(path)
    except InvalidFiles:
        return _REFUSED


def _tree(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
