"""Compare two sides with the prover, and have OPA decide every request that it finds."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ramgate.accounts.near_names import near_name
from ramgate.analysis.asking import asked
from ramgate.analysis.diff.causes import Side, causes
from ramgate.analysis.diff.result import Change, Diff, Principals, Undecided
from ramgate.analysis.engine import NOT_CONFIRMED, decide_all
from ramgate.analysis.population import levels
from ramgate.analysis.population import principals as members_of
from ramgate.analysis.prover.budget import Budget
from ramgate.analysis.prover.changes import Open, changes
from ramgate.analysis.prover.changes import principals as askers_of
from ramgate.analysis.prover.world import World
from ramgate.analysis.sides.elsewhere import newly_elsewhere
from ramgate.analysis.sides.outsiders import with_outsiders
from ramgate.analysis.sides.side import load_pair
from ramgate.analysis.unread import UNREAD, as_if_read
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.analysis.diff.result import Cause, Result
    from ramgate.analysis.prover.access import Difference
    from ramgate.analysis.prover.space import Asker
    from ramgate.analysis.prover.statement import Statement
    from ramgate.analysis.sides.terraform import Unknown
    from ramgate.model.decision import Decision

__all__ = ["diff"]

_SECONDS: Final = 60.0
_Name: TypeAlias = Literal["old", "new"]
# an action and a resource that the owner of an account may use, and no other principal by itself
_OF_THE_OWNER: Final = ("ram:ListUsers", "acs:ram:*:{account}:user/*")


def diff(
    old: Path | str,
    new: Path | str | None = None,
    *,
    principals: Iterable[str] = (),
    timeout: float = _SECONDS,
    show: Callable[[str], None] = lambda _: None,
) -> Diff:
    """Return the requests that one side allows and the other denies, or that there are none.

    A side is an accounts file, a folder, a bundle, policy documents, `git:REF:PATH`, or
    `terraform:FILE`, a state or the accounts after a plan. A plan alone is compared with the
    accounts before it.
    `principals` limits the comparison to these ARNs and services; without them all are compared.
    After `timeout` seconds the rest is `not_decided`. `show` is called with the state of the work.
    Raises `InvalidFiles` for faulty sides, and `ValueError` for a principal that neither side has
    or a missing side.

    >>> from pathlib import Path
    >>> for name, users in (("old", "{}"), ("new", "{alice: {policies: [AliyunKafkaFullAccess]}}")):
    ...     text = f"accounts: {{'1234567890123456': {{users: {users}}}}}"
    ...     _ = Path(f"{name}.yaml").write_text(text)
    >>> found = diff("old.yaml", "new.yaml")
    >>> found.result, found.newly_allowed[0].principal, found.newly_allowed[0].before.reason
    ('wider', 'acs:ram::1234567890123456:user/alice', 'unknown_principal')
    """
    before, after = load_pair(str(old), None if new is None else str(new))
    comparisons, doubts = list[_Comparison](), [*before.doubts]
    for pair in zip(before.stores, after.stores, strict=True):
        (old_store, new_store), more = with_outsiders(*pair)
        comparisons.append(_Comparison(old_store, new_store, show, are_real=not after.holders))
        doubts += more
    first, *_ = comparisons
    wanted = list(principals)
    for name in wanted:
        if not any(one.has(name) for one in comparisons):
            raise first.missing(name)
    for one in comparisons if wanted else ():
        one.limit(wanted)
    first.doubt(doubts)
    first.leave_open(after.unknown)
    return _joined(comparisons, Budget(time.monotonic() + timeout))


def _joined(comparisons: Sequence[_Comparison], budget: Budget) -> Diff:
    """Return the result for all stores of the sides together."""
    by_side: dict[_Name, list[Change]] = {"old": [], "new": []}
    for one in comparisons:
        for name, changed in one.changes(budget).items():
            by_side[name] += changed
    left = tuple(itertools.chain.from_iterable(one.open for one in comparisons))
    is_wider, is_narrower = bool(by_side["new"]), bool(by_side["old"])
    result: Result
    if is_wider and is_narrower:
        result = "incomparable"
    elif left:
        result = "not_decided"
    else:
        result = "wider" if is_wider else "narrower" if is_narrower else "equivalent"
    names = {name for found in by_side.values() for change in found for name in change.principals}
    compared = set[str]().union(*(one.compared for one in comparisons))
    return Diff(
        result,
        Principals(len(names), len(compared)),
        tuple(by_side["new"]),
        tuple(by_side["old"]),
        left,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """A request that the prover found, not yet decided: `allowing` is the side that allows it."""

    allowing: _Name
    members: tuple[str, ...]
    request: Request
    difference: Difference | None


class _Comparison:
    """Compares two stores for the principals `compared`; `open` is what was not decided.

    With `are_real` the stores are accounts, not made for policy documents.
    """

    def __init__(
        self, old: Store, new: Store, show: Callable[[str], None], *, are_real: bool
    ) -> None:
        self._stores: dict[_Name, Store] = {"old": old, "new": new}
        self._worlds = {name: World(store) for name, store in self._stores.items()}
        self._show = show
        self._are_real = are_real
        self._is_cut_off = False
        self._members = {
            name: {one.compared: one for one in members_of(store)}
            for name, store in self._stores.items()
        }
        self._names = {arn: one.arn for side in self._members.values() for arn, one in side.items()}
        self._askers = {
            name: {asker.arn: asker for asker in askers_of(world)}
            for name, world in self._worlds.items()
        }
        self.compared = {*self._names, *self._askers["old"], *self._askers["new"]}
        self.open: list[Undecided] = []

    def doubt(self, reasons: Iterable[str]) -> None:
        """Note that a principal that tells the sides apart may be missing."""
        self.open += [Undecided((), reason) for reason in reasons]

    def leave_open(self, unknown: Iterable[Unknown]) -> None:
        """Note the principals whose policies are not known."""
        for one in unknown:
            members = tuple(arn for arn in one.principals if one.anyone or arn in self.compared)
            if members:
                names = tuple(self._names.get(arn, arn) for arn in members)
                self.open.append(Undecided(names, one.reason))

    def has(self, name: str) -> bool:
        """True if one of the sides has the principal."""
        return _as_compared(name) in self.compared

    def missing(self, name: str) -> ValueError:
        """Return the error about a principal that neither side has."""
        hint = near_name(name, self._stores["new"]) or "write an ARN or a service of a side"
        return ValueError(f"neither side has the principal `{name}`: {hint}")

    def limit(self, names: Iterable[str]) -> None:
        """Compare only these principals."""
        self.compared &= set(map(_as_compared, names))

    def changes(self, budget: Budget) -> dict[_Name, list[Change]]:
        """Return the requests that only one side allows, by that side."""
        found = [*self._newly_allowed("old", "new", budget)]
        found += self._newly_allowed("new", "old", budget)
        if not self._is_cut_off:
            self._doubt_unread(found, budget)
            if self._are_real:
                self._doubt_elsewhere(found, budget)
        return self._confirmed(found)

    def _newly_allowed(self, denying: _Name, allowing: _Name, budget: Budget) -> Iterator[_Found]:
        """Yield requests that one side allows and the other may deny."""
        yield from self._owners(denying, allowing)
        askers = [one for arn, one in self._askers[allowing].items() if arn in self.compared]
        compared = changes(self._worlds[denying], self._worlds[allowing], budget, askers)
        for number, one in enumerate(compared, 1):
            members = tuple(map(self._arn, one.askers))
            if isinstance(one, Open):
                rest = ": the rest was not compared" if one.is_final else ""
                self._is_cut_off |= one.is_final
                self.open.append(Undecided(members, f"{one.reason}{rest}"))
            else:
                request = asked(members[0], one.difference.point.request)
                self._show(f"requests found that only the {allowing} side allows: {number}")
                yield _Found(allowing, members, request, one.difference)

    def _doubt_unread(self, found: Iterable[_Found], budget: Budget) -> None:
        """Note the principals whom unreadable documents may allow further requests newly."""
        stores = [as_if_read(store) for store in self._stores.values()]
        if stores == [None, None]:
            return
        known = {(member, _cause(one.difference)) for one in found for member in one.members}
        left = {member for one in self.open for member in one.principals}
        names = zip(stores, self._worlds.values(), strict=True)
        old, new = (world if store is None else World(store) for store, world in names)
        askers = [one for arn, one in self._askers["new"].items() if arn in self.compared]
        open_members: dict[str, dict[str, None]] = {}
        for one in changes(old, new, budget, askers):
            cause = None if isinstance(one, Open) else _cause(one.difference)
            reason = one.reason if isinstance(one, Open) else UNREAD
            for arn in map(self._arn, one.askers):
                if arn not in left and (arn, cause) not in known:
                    open_members.setdefault(reason, {})[arn] = None
        self.open += [Undecided(tuple(arns), why) for why, arns in open_members.items()]

    def _doubt_elsewhere(self, found: Iterable[_Found], budget: Budget) -> None:
        """Note who may newly assume roles of other accounts, unless it is newly allowed more."""
        known = {arn for one in found if one.allowing == "new" for arn in one.members}
        for arn, reason in newly_elsewhere(self._stores["old"], self._stores["new"], budget):
            if arn in self.compared and self._names[arn] not in known:
                self.open.append(Undecided((self._names[arn],), reason))

    def _owners(self, denying: _Name, allowing: _Name) -> Iterator[_Found]:
        """Yield a request of the owner of each account that only one side has (5.3)."""
        action, resource = _OF_THE_OWNER
        accounts = self._stores[allowing]["accounts"].keys() - self._stores[denying]["accounts"]
        for account in sorted(accounts):
            owner = f"acs:ram::{account}:root"
            if owner in self.compared:
                request = Request(owner, action, resource.format(account=account))
                yield _Found(allowing, (owner,), request, None)

    def _arn(self, asker: Asker) -> str:
        return self._names.get(asker.arn, asker.arn)

    def _confirmed(self, found: Sequence[_Found]) -> dict[_Name, list[Change]]:
        """Have OPA decide the requests on both sides; keep those with the claimed decisions."""
        confirmed: dict[_Name, list[Change]] = {"old": [], "new": []}
        requests = [one.request for one in found]
        decided = {name: decide_all(store, requests) for name, store in self._stores.items()}
        for one, before, after in zip(found, decided["old"], decided["new"], strict=True):
            allows = (before.allow, after.allow)
            if allows != (one.allowing == "old", one.allowing == "new"):
                self.open.append(Undecided(one.members, NOT_CONFIRMED))
                continue
            because = self._causes(one, before, after)
            change = Change(one.members[0], one.request, before, after, because, one.members)
            confirmed[one.allowing].append(change)
        return confirmed

    def _causes(self, one: _Found, before: Decision, after: Decision) -> tuple[Cause, ...]:
        denying: _Name = "new" if one.allowing == "old" else "old"
        gained = one.difference.gained if one.difference else ()
        lost = one.difference.lost if one.difference else ()
        return causes(
            self._side(one.allowing, one.request, gained),
            self._side(denying, one.request, lost),
            before if denying == "old" else after,
        )

    def _side(self, name: _Name, request: Request, statements: Iterable[Statement]) -> Side:
        store = self._stores[name]
        role = ":role/" in request.principal
        member = self._members[name].get(request.principal.lower() if role else request.principal)
        held = {policy for policy in store["policies"] if "trust:" in policy}
        if member is not None:
            held.update(member.held)
        for above in levels(store).values():
            held.update(*above)
        return Side(name, store, held, statements)


def _cause(difference: Difference | None) -> object:
    """Return the meanings of the statements that make a difference."""
    statements = (difference.gained, difference.lost) if difference else ()
    return tuple(frozenset(one.meaning for one in part) for part in statements)


def _as_compared(name: str) -> str:
    return name.lower() if ":role/" in name else name
