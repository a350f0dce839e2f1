"""Where the shipped files are: inside the package in a wheel, at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["checkout", "path"]

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def checkout() -> Path | None:
    """The root of the checkout that ramgate runs from, or None where it is installed."""
    return None if (_PACKAGE / "rego").is_dir() else _CHECKOUT


def path(name: str) -> Path:
    """The shipped file or folder of that name (`rego`, `catalog`, `opa-config.yaml`, …)."""
    return (checkout() or _PACKAGE) / name
