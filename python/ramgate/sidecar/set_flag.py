"""The flags of `opa run` that set one key of its configuration."""

from __future__ import annotations

from typing import Final

__all__ = ["set_flag"]

_SPECIAL: Final = "\\,{}[]"


def set_flag(key: str, value: str, *, file: bool = False) -> str:
    """Return the flag that sets a key to a value, or to the content of the file with that name."""
    escaped = "".join(f"\\{one}" if one in _SPECIAL else one for one in value)
    return f"--set{'-file' if file else ''}={key}={escaped}"
