"""The names of the accounts that are nearest to an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.accounts.near_names import nearest_member

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.model.hint import UnknownName

__all__ = ["near"]


def near(unknown: UnknownName, store: Store) -> tuple[str, ...]:
    """Return `user/<name>`, `role/<name>` or an account, the nearest one; none if none is near."""
    if unknown.account is None:
        return ()
    member = "root" if unknown.kind == "account" else f"{unknown.kind}/{unknown.name}"
    found = nearest_member(f"acs:ram::{unknown.account}:{member}", store)
    return (found,) if found else ()
