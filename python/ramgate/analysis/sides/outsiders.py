"""Add the principals of other accounts that roles trust, as if their accounts let them assume it.

The accounts of a store are not all accounts. If a role trusts an account that the store does not
contain, the decision depends on policies over there (5.8 in docs/reference/policy-language.md), and
the store has no such principal. A comparison that left it out would miss who may come in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ramgate.language import grammar
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.accounts.store import Store

__all__ = ["ANY", "with_outsiders"]

ANY: Final = "any"
"""The name of the user that stands for all users and roles of a trusted account."""

_MAY_ASSUME: Final = "may-assume"
_DOCUMENT: Final = {
    "Version": "1",
    "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
}
_CLOSED: Final = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"RAM": f"acs:ram::{'0' * 16}:root"},
        }
    ],
}


def with_outsiders(*stores: Store) -> list[Store]:
    """Return the stores, all with the trusted principals of accounts that none of them contains.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> with_outsiders(store) == [store]
    True
    """
    known = {number for store in stores for number in store["accounts"]}
    outsiders = sorted(
        {arn for store in stores for arn in _trusted(store) if arn.split(":")[3] not in known}
    )
    return [_extended(store, outsiders) if outsiders else store for store in stores]


def _trusted(store: Store) -> Iterator[str]:
    for account in store["accounts"].values():
        for role in account["roles"].values():
            document: Any = store["policies"][role["trust"]]
            for statement in document.get("statements", ()):
                yield from filter(grammar.RAM_PRINCIPAL.fullmatch, statement["principals"])


def _extended(store: Store, outsiders: list[str]) -> Store:
    found = store.copy()
    found["accounts"] = dict(store["accounts"])
    closed = f"{_MAY_ASSUME}/closed"
    found["policies"] = {
        **store["policies"],
        _MAY_ASSUME: translate(_DOCUMENT),
        closed: translate(_CLOSED),
    }
    for arn in outsiders:
        *_, number, member = arn.split(":")
        account = found["accounts"].setdefault(number, {"roles": {}, "users": {}})
        kind, _, name = (f"user/{ANY}" if member == "root" else member).partition("/")
        if kind == "user":
            account["users"][name] = {"policies": [_MAY_ASSUME]}
        else:
            account["roles"][name] = {"name": name, "trust": closed, "policies": [_MAY_ASSUME]}
    return found
