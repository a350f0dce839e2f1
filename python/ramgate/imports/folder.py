"""Write a world as accounts files into a folder; files that no import made are left alone."""

from __future__ import annotations

__all__: list[str] = []
