"""The AccessKeys that the fake knows, and the permissions of each."""

from __future__ import annotations

import dataclasses

__all__ = ["Key"]


@dataclasses.dataclass(frozen=True)
class Key:
    """An AccessKey of an account's root identity, of a user, or of a role's session.

    `allowed` has the only RAM actions that the key may do, such as `ram:ListUsers`; without it the
    key may do everything.
    """

    id: str
    secret: str
    account: str
    user: str = ""
    role: str = ""
    token: str = ""
    allowed: frozenset[str] | None = None
