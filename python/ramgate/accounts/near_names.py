"""Find the principal that a misspelt ARN was meant to name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import near_names

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

__all__ = ["near_name", "nearest_member"]

_MEMBER: Final = re.compile(r"acs:ram:[^:]*:([0-9]{16}):([a-z-]+)(?:/([^/]*))?.*")


def near_name(arn: str, store: Store) -> str | None:
    """Return a question that suggests the nearest name; None if no name is near.

    `arn` names a principal or a role that does not exist in `store`.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> near_name("acs:ram::1234567890123456:user/alcie", store)
    'did you mean `user/alice`?'
    """
    near = nearest_member(arn, store)
    return near and f"did you mean `{near}`?"


def nearest_member(arn: str, store: Store) -> str | None:
    """Return the nearest account, or `user/<name>` or `role/<name>` of the ARN's account.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> nearest_member("acs:ram::1234567890123456:role/conectorapp", store)
    'role/ConnectorApp'
    """
    member = _MEMBER.fullmatch(arn)
    if member is None:
        return None
    number, kind, name = member.groups()
    account = store["accounts"].get(number)
    if account is None:
        return next(iter(near_names(number, store["accounts"], 1)), None)
    known = {
        "user": list(account["users"]),
        "role": [role["name"] for role in account["roles"].values()],
    }
    # a name of the same kind first: `user/x` may be meant for `user/y` before `role/x`
    for near in sorted(known, key=lambda other: other not in kind):
        if found := near_names(name or "", known[near], 1):
            return f"{near}/{found[0]}"
    return None
