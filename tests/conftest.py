"""Fixtures that more than one test file uses."""

from __future__ import annotations

import signal

import pytest
from hypothesis import Phase, settings

from command_line import accounts, directory, faulty_accounts, sigterm_as_it_was, world
from hostile import connect
from images import engine
from opa_machine import commands, go, pins, site, tools, wheel
from referees import referees
from shared_catalog import shared_catalog
from sidecars import guarded, unguarded

__all__ = [
    "accounts",
    "commands",
    "connect",
    "directory",
    "engine",
    "faulty_accounts",
    "go",
    "guarded",
    "pins",
    "referees",
    "shared_catalog",
    "sigterm_as_it_was",
    "site",
    "tools",
    "unguarded",
    "wheel",
    "world",
]

pytest_plugins = ["pytester"]

# `make mutants` needs to know that a test fails, not the smallest example.
settings.register_profile("first-failure", phases=(Phase.explicit, Phase.generate))

# After `pytest &` in a script, the programs that tests interrupt would ignore SIGINT, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _names_are_watched(_ramgate_names: object) -> None:
    """Watch for unknown names from the first test on, in whichever order the tests run."""
