"""Fixtures of more than one file of tests."""

from __future__ import annotations

from hostile import connect
from opa_machine import commands, go, site, tools, wheel

__all__ = ["commands", "connect", "go", "site", "tools", "wheel"]

pytest_plugins = ["pytester"]
