"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["write"]

_MODE: Final = 0o644


def write(path: Path, content: bytes, mode: int = _MODE) -> None:
    """Put the content into the file in one step: it is written beside it, then renamed.

    Raises `OSError` where the system does not let it, and leaves what was there.
    """
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
