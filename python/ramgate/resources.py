"""Locate shipped files: under `ramgate/shipped/` in a wheel, at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["checkout", "path"]

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = _PACKAGE / "shipped"
_CHECKOUT = _PACKAGE.parents[1]


def checkout() -> Path | None:
    """Return the root of the checkout that ramgate runs from, or None if it is installed.

    >>> root = checkout()
    >>> root is None or (root / "rego").is_dir()
    True
    """
    return None if _SHIPPED.is_dir() else _CHECKOUT


def path(name: str) -> Path:
    """Return the path of a shipped file or folder.

    >>> path("opa-config.yaml").name
    'opa-config.yaml'
    """
    return (_SHIPPED if _SHIPPED.is_dir() else _CHECKOUT) / name
