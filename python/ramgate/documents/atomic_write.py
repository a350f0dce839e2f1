"""Write a file completely or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["write"]

_MODE: Final = 0o644


def write(path: Path, content: bytes, mode: int = _MODE) -> None:
    """Write the content to a temporary file in the same folder, then rename it to `path`.

    A reader sees either the old content or the new, never a part. Raises `OSError` if the system
    refuses; the old file is unchanged then.

    >>> write(Path("accounts.yaml"), b"accounts: {}")
    >>> Path("accounts.yaml").read_text()
    'accounts: {}'
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
