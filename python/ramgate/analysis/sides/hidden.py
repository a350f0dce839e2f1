"""Find changes that may allow more to principals, or beside policies, that no side contains.

Terraform manages a part of an account: the members of a group and the other policies of a user may
be elsewhere. A Resource Directory lists accounts whose users and roles are in other files.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ramgate.analysis.population import levels, principals
from ramgate.analysis.prover.statement import statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Store

__all__ = ["groups", "losing_a_deny", "members"]


def members(old: Store, new: Store) -> Iterator[str]:
    """Yield the owners of member accounts that no side contains, and that may be allowed more.

    Their control policies gain an Allow or lose a Deny, or an account leaves a level.

    >>> from ramgate import resources
    >>> from ramgate.analysis.sides.side import load
    >>> store = load(str(resources.path("examples/accounts.yaml"))).store
    >>> list(members(store, store))
    []
    """
    before, after = levels(old), levels(new)
    for number in sorted(before.keys() - old["accounts"].keys() - new["accounts"].keys()):
        pairs = itertools.zip_longest(before[number], after.get(number, ()), fillvalue=())
        if number not in after or any(_allows_more(old, new, *pair) for pair in pairs):
            yield f"acs:ram::{number}:root"


def groups(old: Store, new: Store) -> Iterator[str]:
    """Yield the ARNs of groups without a member on the new side that may be allowed more.

    >>> from ramgate import resources
    >>> from ramgate.analysis.sides.side import load
    >>> store = load(str(resources.path("examples/accounts.yaml"))).store
    >>> list(groups(store, store))
    []
    """
    for number in sorted({*old["accounts"], *new["accounts"]}):
        before, after = (_part(store, number, "groups") for store in (old, new))
        users = _part(new, number, "users").values()
        known = {group for user in users for group in user.get("groups", ())}
        for name in sorted({*before, *after} - known):
            if _allows_more(old, new, *(_attached(one.get(name, {})) for one in (before, after))):
                yield f"acs:ram::{number}:group/{name}"


def losing_a_deny(old: Store, new: Store) -> Iterator[str]:
    """Yield the ARNs of principals, as they are compared, that lose a Deny.

    >>> from ramgate import resources
    >>> from ramgate.analysis.sides.side import load
    >>> store = load(str(resources.path("examples/accounts.yaml"))).store
    >>> list(losing_a_deny(store, store))
    []
    """
    after = {one.compared: one.held for one in principals(new)}
    for one in principals(old):
        if _gone("Deny", old, new, one.held, after.get(one.compared, ())):
            yield one.compared


def _part(store: Store, account: str, part: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the groups or the users of an account, none if the store does not have it."""
    accounts: Mapping[str, Mapping[str, Any]] = store["accounts"]
    found: Mapping[str, Mapping[str, Any]] = accounts.get(account, {}).get(part, {})
    return found


def _attached(group: Mapping[str, Any]) -> Iterable[str]:
    return itertools.chain(group.get("policies", ()), *group.get("resource_groups", {}).values())


def _allows_more(old: Store, new: Store, before: Iterable[str], after: Iterable[str]) -> bool:
    """Tell whether policies that take the place of others may allow more."""
    before, after = tuple(before), tuple(after)
    return _gone("Deny", old, new, before, after) or _gone("Allow", new, old, after, before)


def _gone(effect: str, old: Store, new: Store, before: Iterable[str], after: Iterable[str]) -> bool:
    """Tell whether a statement is in none of the policies that take the place of others."""
    return bool(_meanings(effect, old, before) - _meanings(effect, new, after))


def _meanings(effect: str, store: Store, policies: Iterable[str]) -> set[str]:
    documents = (store["policies"][one] for one in policies)
    return {
        one.meaning
        for document in documents
        if "statements" in document
        for one in statements_of("", document)
        if one.effect == effect
    }
