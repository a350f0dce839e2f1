"""Hold the comparison of two stores against the reference evaluator and OPA, on random edits.

An edit is some worlds of accounts, before and after a few changes, from one seed. Both directions
are compared. Each request that is found is judged by the reference evaluator and by OPA, on both
sides. The questions of the worlds must show no request that was not found. `allowed` and `denied`
are held against the same questions.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import alphabets
from generator import Question, batch, seed_pick
from pairs import input_of
from ramgate import InvalidFiles
from ramgate.accounts.reader import load
from ramgate.analysis.prover.access import allowed, denied
from ramgate.analysis.prover.budget import Budget, Undecided
from ramgate.analysis.prover.changes import Open, changes, principals
from ramgate.analysis.prover.space import Space
from ramgate.analysis.prover.world import World
from reference_evaluator import Evaluator, Malformed, Request, request_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

    from agreement import Opa
    from generator import Object, Pick
    from ramgate.accounts.store import Store
    from ramgate.analysis.prover import access
    from ramgate.analysis.prover.space import Asker
    from ramgate.catalog.catalog import Catalog as Shipped
    from referees import Referees

NOW: Final = datetime.datetime(2026, 3, 11, tzinfo=datetime.UTC)
_WORLDS: Final = 4
_QUESTIONS: Final = 40
_MOST_CHANGES: Final = 8
_STEPS: Final = 20_000
_TWIN: Final = "u6"
"""A user with the policies of `u2`, so that only conditions tell them apart."""
_TRIED: Final = 6
"""The principals of an edit for which `allowed` and `denied` are asked."""


class Editor:
    """Makes small changes in an accounts document, with statements from another one."""

    def __init__(self, pick: Pick, document: Object, other: Object) -> None:
        self._pick = pick
        self._document = document
        self._sources = [one[key] for one, key in _places(other)]

    def change(self) -> None:
        """Change one part; the change may fit nothing, and then leaves the document as it is."""
        ways = (
            self._insert_statement,
            self._replace_statement,
            self._remove_statement,
            self._change_condition,
            self._name_in_trust,
            self._exchange_document,
            self._detach,
            self._attach,
            self._attach_in_group,
            self._change_membership,
            self._change_level,
        )
        self._pick.of(ways)()

    def _readable(self) -> Object:
        return self._pick.of(
            [one[key] for one, key in _places(self._document) if "Statement" in one[key]]
        )

    def _statement_like(self, document: Object) -> Object:
        kind = "Principal" in document["Statement"][0]
        found: Object = self._pick.of(
            [
                statement
                for one in self._sources
                for statement in one.get("Statement", ())
                if ("Principal" in statement) == kind
            ]
        )
        return found

    def _insert_statement(self) -> None:
        target = self._readable()
        target["Statement"].insert(0, self._statement_like(target))

    def _replace_statement(self) -> None:
        target = self._readable()
        place = self._pick.below(len(target["Statement"]))
        target["Statement"][place] = self._statement_like(target)

    def _remove_statement(self) -> None:
        target = self._readable()
        if len(target["Statement"]) > 1:
            target["Statement"].pop()

    def _change_condition(self) -> None:
        target = self._readable()
        statement = self._pick.of(target["Statement"])
        if not statement.pop("Condition", None):
            statement["Condition"] = self._naming()

    def _name_in_trust(self) -> None:
        """Let a role trust those users and roles of an account that a condition names."""
        account = self._pick.of(list(self._document["accounts"].values()))
        number = self._pick.of(list(self._document["accounts"]))
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"RAM": f"acs:ram::{number}:root"},
            "Condition": self._naming(),
        }
        role = self._pick.of(list(account["roles"].values()))
        role["trust"] = {"Version": "1", "Statement": [statement]}

    def _naming(self) -> Object:
        named = self._pick.of(("*:user/u?", "*/app*", "*/u2", f"*/{_TWIN}", "*1"))
        return {"StringLike": {"acs:PrincipalARN": named}}

    def _exchange_document(self) -> None:
        """Make a document unreadable, or an unreadable one readable (5.9)."""
        holder, key = self._pick.of(_places(self._document))
        if "Statement" in holder[key]:
            holder[key] = alphabets.UNREADABLE
        elif key != "trust":
            holder[key] = alphabets.EVERYTHING

    def _holders(self) -> tuple[Object, list[Object]]:
        account = self._pick.of(list(self._document["accounts"].values()))
        kinds = ("users", "roles", "groups")
        return account, [holder for kind in kinds for holder in account.get(kind, {}).values()]

    def _detach(self) -> None:
        _, holders = self._holders()
        found = self._pick.of(holders).get("policies")
        if found:
            found.pop(self._pick.below(len(found)))

    def _attach(self) -> None:
        account, holders = self._holders()
        names = [*account["policies"], "AdministratorAccess", "AliyunOSSReadOnlyAccess"]
        self._pick.of(holders).setdefault("policies", []).append(self._pick.of(names))

    def _attach_in_group(self) -> None:
        account, holders = self._holders()
        attached = {
            "policy": self._pick.of(sorted(account["policies"])),
            "resource_group": self._pick.of(("rg-a", "rg-b")),
        }
        self._pick.of(holders).setdefault("policies", []).append(attached)

    def _change_membership(self) -> None:
        account, _ = self._holders()
        user = self._pick.of(list(account["users"].values()))
        user["groups"] = self._pick.of(([], ["g1"], ["g2"], ["g1", "g2"]))

    def _change_level(self) -> None:
        directory = self._document["directory"]
        level = self._pick.of(list(_levels(directory["root"])))
        names = ["FullAliyunAccess", *sorted(directory["policies"])]
        level["control_policies"] = self._pick.some(names, 2)


def _places(document: Object) -> list[tuple[Object, str]]:
    """Return the place of each document: what holds it, and the key."""
    found: list[tuple[Object, str]] = []
    for account in document["accounts"].values():
        found += [(account["policies"], name) for name in account.get("policies", {})]
        found += [(role, "trust") for role in account.get("roles", {}).values()]
    policies = document["directory"]["policies"]
    found += [(policies, name) for name in policies]
    found += [
        (entry, "document")
        for entry in document["system_policies"].values()
        if "unreadable" not in entry
    ]
    return found


def _levels(folder: Object) -> Iterator[Object]:
    yield folder
    yield from folder.get("accounts", {}).values()
    for inner in folder.get("folders", {}).values():
        yield from _levels(inner)


@dataclasses.dataclass(frozen=True, slots=True)
class Side:
    """Accounts, as the prover, the reference evaluator and OPA read them."""

    document: Object
    world: World
    evaluator: Evaluator

    def allows(self, value: Object) -> bool:
        return bool(self.evaluator.decide(value, NOW)["allow"])


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """A request, and for each side the answer that the prover claims; None if it claims none."""

    value: Object
    allows: tuple[bool | None, bool | None]


class Edit:
    """Accounts before and after some changes, from one seed."""

    def __init__(self, seed: int, referees: Referees, folder: Path) -> None:
        catalog = referees.catalog
        self.pick = seed_pick(seed)
        first = batch(self.pick, catalog, _WORLDS, _QUESTIONS)
        before = first.document()
        for account in before["accounts"].values():
            account["users"][_TWIN] = copy.deepcopy(account["users"]["u2"])
        after = copy.deepcopy(before)
        editor = Editor(self.pick, after, batch(self.pick, catalog, 2, 1).document())
        for _ in range(1 + self.pick.below(_MOST_CHANGES)):
            editor.change()
        self.sides = [
            Side(one, World(store_of(one, folder, referees.shipped)), Evaluator(one, catalog))
            for one in (before, after)
        ]
        self._requests = list(_well_formed(first.worlds))

    def claims(self, counts: Counter[str]) -> Iterator[Claim | str]:
        """Yield the requests that the prover found, and its wrong proofs as texts."""
        for old, new in ((0, 1), (1, 0)):
            yield from self._compare(old, new, counts)
        world = self.sides[1].world
        askers = list(principals(world))
        for _ in range(_TRIED):
            asker = self.pick.of(askers)
            if asker.has_identity:
                yield from self._ask(asker, Space(asker), world.access(asker), counts)
            if roles := world.admitting(asker):
                account, name = self.pick.of(roles)
                space = Space(asker, role=f"acs:ram::{account}:role/{name}")
                access = world.assuming(asker, account, name)
                yield from self._ask(asker, space, access, counts)

    def _compare(self, old: int, new: int, counts: Counter[str]) -> Iterator[Claim | str]:
        gained: set[str] = set()
        sides = self.sides[old], self.sides[new]
        for found in changes(sides[0].world, sides[1].world, Budget(steps=_STEPS)):
            gained |= {asker.arn for asker in found.askers}
            if isinstance(found, Open):
                counts["open"] += 1
                continue
            counts["newly allowed"] += 1
            value = input_of(found.difference.point.request)
            for asker in found.askers:
                yield Claim(value | {"principal": asker.arn}, (new == 0, new == 1))
        askers = list(principals(sides[1].world))
        twins = [asker for asker in askers if asker.name in {"u2", _TWIN}]
        for asker in (*twins, *(self.pick.of(askers) for _ in range(_TRIED))):
            alone = changes(sides[0].world, sides[1].world, Budget(steps=_STEPS), [asker])
            if any(alone) != (asker.arn in gained):
                yield f"not found with others, or not alone: {asker.arn}"
        for value, request in self._requests:
            if request.principal.kind == "owner" or _name(request) in gained:
                continue
            if sides[1].allows(value) and not sides[0].allows(value):
                yield f"newly allowed and not found: {value}"

    def _ask(
        self, asker: Asker, space: Space, access: access.Access, counts: Counter[str]
    ) -> Iterator[Claim | str]:
        """Yield the claims of `allowed` and `denied`."""
        for ask, allows in ((allowed, True), (denied, False)):
            try:
                point = ask(access, space, Budget(steps=_STEPS))
            except Undecided:
                counts["open"] += 1
                continue
            name = ask.__name__
            if point is not None:
                counts[name] += 1
                yield Claim(input_of(point.request), (None, allows))
                continue
            counts[f"none {name}"] += 1
            for value, request in self._requests:
                if _is_asked(request, asker, space) and self.sides[1].allows(value) == allows:
                    yield f"{name} and not found: {value}"


def store_of(document: Object, folder: Path, known: Shipped) -> Store:
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return load(path, known)


def _well_formed(worlds: Sequence[Any]) -> Iterator[tuple[Object, Request]]:
    """Yield the requests of the worlds, without simulations and malformed requests."""
    for world in worlds:
        for question in world.questions:
            try:
                request = request_of(question.request, NOW)
            except Malformed:
                continue
            if not question.simulated and not request.session_policies:
                yield question.request, request
                if request.principal.arn.endswith("/u2"):
                    twin = request.principal.arn.removesuffix("u2") + _TWIN
                    asked = question.request | {"principal": twin}
                    asked["context"] = {
                        key: value
                        for key, value in asked.get("context", {}).items()
                        if key != "acs:PrincipalARN"
                    }
                    yield asked, request_of(asked, NOW)


def _name(request: Request) -> str:
    principal = request.principal
    return principal.name if principal.kind == "service" else principal.arn


def _is_asked(request: Request, asker: Asker, space: Space) -> bool:
    if _name(request) != asker.arn or request.assumes != (space.role is not None):
        return False
    if space.role is not None:
        account, name = request.role or ("", "")
        return space.role == f"acs:ram::{account}:role/{name}"
    return request.account == asker.account


def failures(seeds: Iterable[int], referees: Referees, counts: Counter[str]) -> Iterator[str]:
    """Yield each failure of the prover as a text; `counts` counts the outcomes."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            try:
                edit = Edit(seed, referees, Path(folder))
            except InvalidFiles:
                counts["invalid"] += 1
                continue
            counts["edits"] += 1
            claims: list[Claim] = []
            for found in edit.claims(counts):
                if isinstance(found, Claim):
                    claims.append(found)
                else:
                    yield f"edit {seed}: {found}"
            for text in _wrong(edit.sides, claims, referees.opa):
                yield f"edit {seed}: {text}"


def _wrong(sides: Sequence[Side], claims: Sequence[Claim], opa: Opa) -> Iterator[str]:
    """Yield the claims that the reference evaluator or OPA contradict."""
    for place, side in enumerate(sides):
        claimed = [one for one in claims if one.allows[place] is not None]
        opa.publish(opa.build(side.document))
        answers = opa.ask([Question(one.value) for one in claimed])()
        for claim, answer in zip(claimed, answers, strict=True):
            decided = {"OPA": answer["allow"], "the reference": side.allows(claim.value)}
            for judge, allow in decided.items():
                if allow != claim.allows[place]:
                    when = ("before", "after")[place]
                    yield f"{judge} says {allow} {when}, not {claim.allows[place]}: {claim.value}"
