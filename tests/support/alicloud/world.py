"""The accounts of the fake, its clock, and the ids that it gives."""

from __future__ import annotations

import datetime
import itertools
from typing import TYPE_CHECKING

from alicloud import system
from alicloud.state import Account, ResourceGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from alicloud.directory import Directory
    from alicloud.keys import Key
    from alicloud.state import Policy

__all__ = ["World"]


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class World:
    """All accounts by their numbers, and all directories by those of their management accounts."""

    def __init__(self, system_policies: dict[str, Policy]) -> None:
        self.accounts: dict[str, Account] = {}
        self.directories: dict[str, Directory] = {}
        self.keys: dict[str, Key] = {}
        self.services = system.services()
        self.system_policies = system_policies
        self.clock: Callable[[], datetime.datetime] = _now
        self._serial = itertools.count(1)

    def now(self) -> str:
        return f"{self.clock():%Y-%m-%dT%H:%M:%SZ}"

    def number(self) -> str:
        """Return a new number, as those of users and roles."""
        return str(300_000_000_000_000_000 + next(self._serial))

    def id(self, prefix: str) -> str:
        """Return a new id, such as `rg-00000000000000f`."""
        return f"{prefix}-{next(self._serial):015x}"

    def add_account(self, number: str, alias: str = "") -> Account:
        """Add an account with the resource group that every account has."""
        account = Account(number, alias or number, self.system_policies)
        default = ResourceGroup(self.id("rg"), "default", "default resource group", self.now())
        account.resource_groups[default.id] = default
        self.accounts[number] = account
        return account

    def new_account(self) -> Account:
        """Add an account with a number that is free."""
        return self.add_account(str(2_000_000_000_000_000 + next(self._serial)))
