"""Load the accounts before and after a plan of Terraform, and find the principals left open.

A value that is not known until the plan is applied makes a policy unreadable, which allows nothing.
For a decision this is safe. A comparison asks which requests are newly allowed, and there it is
not: a policy that becomes unreadable would look narrower. So a principal with an unreadable policy
is not decided if anything about its policies changes.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.accounts import reader
from ramgate.analysis.population import levels, principals
from ramgate.catalog import catalog
from ramgate.documents.source import argument_path
from ramgate.imports import folder, terraform
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.accounts.store import Store
    from ramgate.analysis.population import Principal
    from ramgate.imports.world import World

__all__ = ["PREFIX", "Unknown", "both", "store", "unknown"]

PREFIX: Final = "terraform:"
"""The start of an argument that names a state or a plan, `terraform:[NUMBER:]FILE`."""

_LEVEL: Final = "a level"
_TRUST: Final = "the trust policy"
_Held: TypeAlias = "Mapping[tuple[str, str], dict[str, object]]"


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """Principals about which a comparison says nothing, and the reason.

    With `anyone` they are roles of which it is not known who may assume them: all principals
    are concerned.

    >>> Unknown(("acs:ram::1234567890123456:user/alice",), "the document is not known").reason
    'the document is not known'
    """

    principals: tuple[str, ...]
    reason: str
    anyone: bool = False


def store(argument: str) -> Store:
    """Return the accounts after a plan, or those of a state; raises as `ramgate.imports` does."""
    path, account = _parts(argument)
    return _store(terraform.read_side(path, account=account))


def both(argument: str) -> tuple[Store, Store]:
    """Return the accounts before and after a plan; raises as `ramgate.imports` does."""
    path, account = _parts(argument)
    before, after = terraform.read_both(path, account=account)
    return _store(before), _store(after)


def unknown(old: Store, new: Store, *, is_planned: bool = True) -> Iterator[Unknown]:
    """Yield the principals whose policies change while one of them is unreadable.

    Unless the change is planned, only documents that are unreadable in `new` count: those of `old`
    allow nothing, so that all that `new` allows counts as newly allowed.
    """
    sides = [{one.compared: _held(store, one) for one in principals(store)} for store in (old, new)]
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for arn in sorted({*sides[0], *sides[1]}):
        before, after = (side.get(arn, {}) for side in sides)
        callers: set[str] = set()
        if ":role/" in arn:
            callers = _open(_about_callers(before), _about_callers(after), is_planned)
        for reason in _open(before, after, is_planned):
            found[reason, reason in callers].append(arn)
    for (reason, anyone), arns in sorted(found.items()):
        yield Unknown(tuple(arns), reason, anyone)


def _parts(argument: str) -> tuple[Path, str | None]:
    """Return the file that an argument names, and the number of its account if that is given."""
    number, colon, path = argument.removeprefix(PREFIX).partition(":")
    if colon and grammar.ACCOUNT.fullmatch(number):
        return argument_path(path), number
    return argument_path(argument.removeprefix(PREFIX)), None


def _store(world: World) -> Store:
    """Return the store of a world, in the way that `ramgate import` and `--accounts` go."""
    with tempfile.TemporaryDirectory(prefix="ramgate-") as name:
        accounts = Path(name) / "accounts"
        folder.write(world, accounts, source="ramgate diff")
        return reader.load(accounts, catalog.load())


def _held(store: Store, principal: Principal) -> _Held:
    """Return the documents on which the decisions about a principal depend, by their places."""
    ids = {("", policy) for policy in principal.policies}
    for group, policies in principal.groups.items():
        ids.update((group, policy) for policy in policies)
    for number, level in enumerate(levels(store).get(principal.account, ())):
        ids.update((f"{_LEVEL} {number}", policy) for policy in level)
    if principal.kind == "role":
        ids.add((_TRUST, store["accounts"][principal.account]["roles"][principal.name]["trust"]))
    return {place: store["policies"][place[1]] for place in ids}


def _open(before: _Held, after: _Held, is_planned: bool) -> set[str]:  # noqa: FBT001 - private
    """Return the causes of unreadable documents, if the documents differ."""
    if before == after:
        return set()
    return {*_reasons(before if is_planned else {}), *_reasons(after)}


def _about_callers(held: _Held) -> _Held:
    """Return the documents of a role that decide who may assume it (5.8, 5.4)."""
    return {place: one for place, one in held.items() if place[0].startswith((_LEVEL, _TRUST))}


def _reasons(held: _Held) -> Iterator[str]:
    for document in held.values():
        if "unreadable" in document:
            yield str(document["unreadable"])
