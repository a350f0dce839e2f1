"""Fixtures of more than one file of tests."""

from __future__ import annotations

from hostile import connect

__all__ = ["connect"]

pytest_plugins = ["pytester"]
