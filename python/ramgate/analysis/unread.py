"""Accounts as they may be if ramgate could read each document.

A document that ramgate cannot read allows nothing (5.9 in docs/reference/policy-language.md). For a
decision this is safe. For a proof that something is not allowed it is not: in the account itself
the document may allow it. A document that allows everything stands for all that it may say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.language.translation import translate

if TYPE_CHECKING:
    from ramgate.accounts.store import Store

__all__ = ["SERVICE", "UNREAD", "as_if_read"]

SERVICE: Final = "any.aliyuncs.com"
"""The service that an unreadable trust policy may admit, as an example of all."""

UNREAD: Final = (
    "a document that ramgate cannot read may allow it: replace the `unreadable` one in the accounts"
)
"""The reason for which it is not proved that a principal is not allowed a request."""


def as_if_read(store: Store) -> Store | None:
    """Return the store with each unreadable document allowing all; None if all can be read.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> as_if_read(load(resources.path("examples/accounts.yaml"), catalog.load())) is None
    True
    """
    unread = [name for name, one in store["policies"].items() if "unreadable" in one]
    if not unread:
        return None
    accounts = store["accounts"]
    trusts = {role["trust"] for one in accounts.values() for role in one["roles"].values()}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    callers = {"RAM": [f"acs:ram::{one}:root" for one in accounts], "Service": SERVICE}
    admitting = {"Effect": "Allow", "Action": "sts:*", "Principal": callers}
    found = store.copy()
    found["policies"] = dict(store["policies"])
    for name in unread:
        statement = admitting if name in trusts else everything
        found["policies"][name] = translate({"Version": "1", "Statement": [statement]})
    return found
