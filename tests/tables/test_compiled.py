"""Tables that are made from those of the store before are the tables of a fresh start."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from decision_tables import policy
from ramgate.accounts.reader import Reader
from ramgate.catalog import catalog
from ramgate.tables import compiled
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

SEEDS = range(8)
ACCOUNTS = [f"{number}" * 16 for number in (1, 2, 3)]
NAMES = ("a", "b", "c", "d")


class Edits:
    """Accounts that are edited at random, and the tables that follow them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._pick = random.Random(seed)  # noqa: S311 - drawn by a seed
        self._folder = folder
        self._reader = Reader(catalog.load())
        self._tables = Tables()
        self._accounts = {number: self._account() for number in ACCOUNTS}

    def _policy(self) -> dict[str, Any]:
        if self._pick.random() < 0.15:
            return {"unreadable": "odd", "document": "{}"}
        action = self._pick.choice(["ecs:Run", "ecs:Stop*", "oss:Get", "*"])
        return policy({"Action": action, "Effect": self._pick.choice(["Allow", "Deny"])})

    def _account(self) -> dict[str, Any]:
        users = {f"u{number}": {"policies": self._attached()} for number in range(3)}
        return {"policies": {name: self._policy() for name in NAMES}, "users": users}

    def _attached(self) -> list[Any]:
        found: list[Any] = self._pick.sample(NAMES, self._pick.randrange(3))
        if self._pick.random() < 0.3:
            found.append({"policy": "AliyunOSSReadOnlyAccess", "resource_group": "rg-a"})
        return found

    def edit(self) -> None:
        """Change a policy, an attachment, or a whole account."""
        number = self._pick.choice(ACCOUNTS)
        account = self._accounts.get(number)
        if account is None or self._pick.random() < 0.2:
            if account is None:
                self._accounts[number] = self._account()
            else:
                del self._accounts[number]
        elif self._pick.random() < 0.5:
            account["policies"][self._pick.choice(NAMES)] = self._policy()
        else:
            user = self._pick.choice(sorted(account["users"]))
            account["users"][user] = {"policies": self._attached()}

    def tables(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the store with the tables that followed all edits, and with fresh ones."""
        file = self._folder / "accounts.json"
        file.write_text(json.dumps({"accounts": self._accounts}))
        store = self._reader.load(file)
        return self._tables.add_to(store), Tables().add_to(store)


@pytest.mark.parametrize("spare", [100_000, -20_000, -20_500])
@pytest.mark.parametrize("seed", SEEDS)
def test_tables_that_follow_edits_are_those_of_a_fresh_start(
    seed: int, spare: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_SPARE_LINES", spare)
    edits = Edits(seed, tmp_path)
    for _ in range(15):
        followed, fresh = edits.tables()
        assert followed == fresh
        edits.edit()


def test_an_error_leaves_the_tables_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = Edits(0, tmp_path)
    edits.tables()
    edits.edit()

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(compiled.State, "take_sets", fail)
        with pytest.raises(MemoryError):
            edits.tables()
    for _ in range(5):
        followed, fresh = edits.tables()
        assert followed == fresh
        edits.edit()
