"""Find changes that may allow more to principals, or beside policies, that no side contains.

Terraform manages a part of an account: the members of a group and the other policies of a user may
be elsewhere. A Resource Directory lists accounts whose users and roles are in other files.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from ramgate.analysis.population import principals
from ramgate.analysis.prover.statement import statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal

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
    before, after = _levels(old), _levels(new)
    for number in sorted(before.keys() - old["accounts"].keys() - new["accounts"].keys()):
        levels = itertools.zip_longest(before[number], after.get(number, ()), fillvalue=())
        if number not in after or any(_allows_more(old, new, *level) for level in levels):
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
        before, after = _groups(old, number), _groups(new, number)
        known = {group for user in _users(new, number) for group in user.get("groups", ())}
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
    after = {one.compared: _held(one) for one in principals(new)}
    for one in principals(old):
        if _gone("Deny", old, new, _held(one), after.get(one.compared, ())):
            yield one.compared


def _users(store: Store, account: str) -> Iterable[Mapping[str, Any]]:
    accounts: Mapping[str, Mapping[str, Any]] = store["accounts"]
    users: Mapping[str, Mapping[str, Any]] = accounts.get(account, {}).get("users", {})
    return users.values()


def _groups(store: Store, account: str) -> Mapping[str, Mapping[str, Any]]:
    accounts: Mapping[str, Mapping[str, Any]] = store["accounts"]
    groups: Mapping[str, Mapping[str, Any]] = accounts.get(account, {}).get("groups", {})
    return groups


def _levels(store: Store) -> Mapping[str, Sequence[Sequence[str]]]:
    return store["directory"]["levels"] if "directory" in store else {}


def _held(principal: Principal) -> Iterable[str]:
    return itertools.chain(principal.policies, *principal.groups.values())


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
