"""Why a feature does not work for somebody, and what makes it work: the FAQ as a walk.

The steps are those of "A service-linked role is not created for my RAM user" on the page
*Service-linked roles for ApsaraMQ for Kafka*. OPA decides each, the last one in a world in which
the way out has been taken.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

from ramgate.accounts import reader as accounts
from ramgate.analysis import roles
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.model.copies import NO_CONTEXT
from ramgate.sidecar.sidecar import Sidecar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Store
    from ramgate.model.copies import Context, Policy
    from ramgate.model.service_linked_role import Feature, Remedy

__all__ = ["Step", "Walk", "absence", "level", "walk"]

_Document: TypeAlias = dict[str, Any]
_Name: TypeAlias = Literal["principal", "role", "creation", "obstacle", "remedy", "proof"]

_QUESTIONS: Final[Mapping[_Name, str]] = {
    "principal": "is the principal known?",
    "role": "is the role there?",
    "creation": "may the principal have it created?",
    "obstacle": "what is in the way?",
    "remedy": "what helps?",
    "proof": "does it help?",
}
_SECONDS: Final = 10.0
_SHOWN: Final = 10
_ALLOWS_ALL: Final = "FullAliyunAccess"
_NOTHING: Final = {"Effect": "Deny", "Action": "ramgate:Removed", "Resource": "*"}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step: whether it was `passed`, the answer in words, and what the answer rests on."""

    step: _Name
    question: str
    passed: bool
    answer: str
    evidence: Mapping[str, object]


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """All steps, as far as they lead. `allow` and `outcome` are those of the `Feature`.

    `remedied` is whether the way out was taken and led to a yes; None where there was no need.
    """

    principal: str
    feature: str
    allow: bool
    outcome: str
    remedied: bool | None
    steps: tuple[Step, ...]


def walk(path: Path, principal: str, feature: str, context: Context = NO_CONTEXT) -> Walk:
    """Go through the steps with the accounts of a file, or a folder of them.

    Raises `ValueError` for an unknown feature, `InvalidFiles` for faulty accounts, and what
    `Sidecar` and `Client` raise.
    """
    known = catalog.load()
    if not any(role.feature == feature for role in known.roles.values()):
        raise ValueError(roles.unknown(feature, "feature", known))
    store = accounts.load(path, known)
    with (
        tempfile.TemporaryDirectory(prefix="ramgate-") as folder,
        Sidecar(path, addresses=[f"unix://{folder}/opa.sock"]) as sidecar,
        sidecar.client(timeout=_SECONDS) as client,
    ):
        found = client.feature(principal, feature, context)
        steps = list(_steps(found, principal, store))
        if found.remedy is not None:
            proofs: dict[str, Feature] = {}
            for name, attached in _alternatives(found.remedy):
                world = Path(folder, f"world-{len(proofs)}")
                documents = _remedied(path, principal, str(found.account), found.remedy, attached)
                _write(documents, world)
                sidecar.load(world)
                proofs[name] = client.feature(principal, feature, context)
            steps.append(_proof(proofs))
    return Walk(
        principal=principal,
        feature=feature,
        allow=found.allow,
        outcome=found.outcome,
        remedied=None if found.allow else steps[-1].step == "proof" and steps[-1].passed,
        steps=tuple(steps),
    )


def _step(name: _Name, answer: str, *, passed: bool, **evidence: object) -> Step:
    question = _QUESTIONS[name]
    return Step(step=name, question=question, passed=passed, answer=answer, evidence=evidence)


def _steps(found: Feature, principal: str, store: Store) -> Iterator[Step]:
    """The steps before the proof."""
    decision = found.authorization
    if decision is not None and (decision.reason == "unknown_principal" or found.account is None):
        answer = f"no: {absence(principal, store)}"
        yield _step("principal", answer, passed=False, decision=decision)
        return
    account = str(found.account)
    yield _known(principal, account, store)
    there = sorted(
        role["name"]
        for name, role in store["accounts"][account]["roles"].items()
        if name in store["service_linked_roles"]
    )
    if found.outcome == "ready":
        answer = f"yes: `{found.role}` is there, and everybody in the account works through it"
        yield _step("role", answer, passed=True, role=found.role, service_linked_roles=there)
        return
    answer = f"no: `{found.role}` is not in account `{account}`"
    yield _step("role", answer, passed=False, role=found.role, service_linked_roles=there)
    if decision is None or decision.allow:
        answer = "yes: the service creates it when the feature is first used"
        yield _step("creation", answer, passed=True, decision=decision)
        return
    answer = f"no: {decision.effect}, {decision.reason}"
    yield _step("creation", answer, passed=False, decision=decision)
    yield from _way_out(found)


def absence(principal: str, store: Store) -> str:
    """Why a principal is not known, and who is instead."""
    number = principal.removeprefix("acs:ram::").partition(":")[0]
    if number == principal:
        return "it is in no account, and a role is created for somebody in one"
    if number not in store["accounts"]:
        return f"there is no account `{number}`; there is {_some(store['accounts'])}"
    account = store["accounts"][number]
    names = [f"user/{name}" for name in account["users"]]
    names += [f"role/{role['name']}" for role in account["roles"].values()]
    return f"account `{number}` does not have it; it has {_some(names)}"


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    more = [f"{len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return ", ".join([*(f"`{name}`" for name in found[:_SHOWN]), *more]) or "nobody"


def _known(principal: str, account: str, store: Store) -> Step:
    kind, name = _named(principal)
    if kind == "root":
        answer = f"yes: the owner of account `{account}`, who needs no policy"
        return _step("principal", answer, passed=True, account=account, policies=[])
    members = store["accounts"][account]
    held = members["users"][name] if kind == "user" else members["roles"][name]
    attached = {*held["policies"], *itertools.chain(*held.get("resource_groups", {}).values())}
    policies = sorted(policy.rpartition("/")[2] for policy in attached)
    holds = ", ".join(f"`{policy}`" for policy in policies) or "no policy"
    answer = f"yes: {kind} `{name}` of account `{account}`, holding {holds}"
    return _step("principal", answer, passed=True, account=account, policies=policies)


def _named(principal: str) -> tuple[str, str]:
    """The kind of a principal in an account, and its name; a session is its role."""
    kind, _, rest = principal.rpartition(":")[2].partition("/")
    name = rest.partition("/")[0]
    return (kind, name) if kind in {"root", "user"} else ("role", name.lower())


def _way_out(found: Feature) -> Iterator[Step]:
    remedy = found.remedy
    if remedy is None:
        answer = "nothing that a policy of the principal's own could change"
        yield _step("obstacle", answer, passed=False)
        yield _step("remedy", "nothing: let somebody else have it created", passed=False)
        return
    obstacles = [f"the statement `{statement}` denies it" for statement in remedy.remove]
    obstacles += [f"the control policies {level(depth)} do not allow it" for depth in remedy.levels]
    if remedy.policy is not None:
        obstacles.append("nothing that the principal holds allows it")
    yield _step(
        "obstacle",
        "; ".join(obstacles),
        passed=True,
        statements=remedy.remove,
        levels=remedy.levels,
        needs_policy=remedy.policy is not None,
    )
    yield _step("remedy", str(remedy), passed=True, remedy=remedy)


def level(depth: int) -> str:
    """Which control policies those of a level are, 0 being the root folder's."""
    return f"of level {depth}" + ("" if depth else ", the root folder,")


def _proof(proofs: Mapping[str, Feature]) -> Step:
    passed = all(proof.allow for proof in proofs.values())
    said = [
        f"with {name}, it is `{proof.outcome}`"
        + (f" by {', '.join(f'`{one}`' for one in decided.statements)}" if decided else "")
        for name, proof in proofs.items()
        for decided in [proof.authorization]
    ]
    answer = f"{'yes' if passed else 'no'}: {'; '.join(said)}"
    answers = {
        name: {"outcome": proof.outcome, "authorization": proof.authorization}
        for name, proof in proofs.items()
    }
    return _step("proof", answer, passed=passed, answers=answers)


def _alternatives(remedy: Remedy) -> list[tuple[str, Policy | str | None]]:
    """Each way to take the way out: what to call it, and what is attached."""
    ways: list[tuple[str, Policy | str | None]] = [
        ("the policy attached", remedy.policy),
        (f"`{remedy.or_attach}` attached instead", remedy.or_attach),
    ]
    return [way for way in ways if way[1] is not None] or [("that done", None)]


def _remedied(
    path: Path, principal: str, account: str, remedy: Remedy, attached: Policy | str | None
) -> list[_Document]:
    """The accounts files as they are once the way out is taken."""
    documents: list[Any] = [source.read(file, root="").value for file in accounts.files(path)]
    for document in documents:
        if account in document.get("accounts", {}):
            _change(document["accounts"][account], principal, remedy, attached)
        above = _above(document.get("directory", {}).get("root", {}), account)
        for level in remedy.levels if above else ():
            above[level]["control_policies"] = [_ALLOWS_ALL]
    return documents


def _change(
    members: _Document, principal: str, remedy: Remedy, attached: Policy | str | None
) -> None:
    policies = members.setdefault("policies", {})
    for statement in remedy.remove:
        # In its place, so that the others keep their indexes, stands one that matches nothing.
        policies[statement.policy]["Statement"][statement.index] = _NOTHING
    if attached is None:
        return
    if not isinstance(attached, str):
        numbered = (f"way-out-{number}" for number in itertools.count(1))
        name = next(name for name in numbered if name not in policies)
        policies[name], attached = attached, name
    kind, name = _named(principal)
    if kind == "user":
        holder = members["users"][name]
    else:
        holder = next(role for key, role in members["roles"].items() if key.lower() == name)
    holder["policies"] = [*holder.get("policies", []), attached]


def _above(folder: _Document, account: str) -> list[_Document]:
    """The levels above an account, the root folder first; none where it is not in there."""
    if account in folder.get("accounts", {}):
        return [folder, folder["accounts"][account]]
    for inner in folder.get("folders", {}).values():
        if found := _above(inner, account):
            return [folder, *found]
    return []


def _write(documents: list[_Document], folder: Path) -> None:
    folder.mkdir()
    for number, document in enumerate(documents):
        Path(folder, f"{number:06}.json").write_bytes(msgspec.json.encode(document))
