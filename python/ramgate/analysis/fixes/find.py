"""Find the changes that allow a denied request: propose, try, and compare with the accounts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.accounts import reader
from ramgate.accounts.inlined import inline
from ramgate.analysis import engine
from ramgate.analysis.fixes.case import Case
from ramgate.analysis.fixes.draft import Draft
from ramgate.analysis.fixes.fix import KINDS, Fix
from ramgate.analysis.fixes.policies import allowing
from ramgate.analysis.fixes.proposal import Proposal, proposals
from ramgate.analysis.fixes.rest import also_allows
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Decision, Request

__all__ = ["fixes"]

_SECONDS: Final = 20.0
_UNKNOWN: Final = ("unknown_principal", "unknown_role")


def fixes(path: Path, request: Request, *, seconds: float = _SECONDS) -> list[Fix]:
    """Return the changes after which a denied request is allowed, those first that allow least.

    `path` is an accounts file or a folder of them; no file is changed. Each change was applied to a
    copy of the accounts, OPA decided the request again, and the prover compared both. An allowed
    request has no fixes. Comparisons stop after `seconds`: then `also_allows` says so.

    Raises `InvalidFiles` for faulty accounts, and the errors of `ramgate.analysis.engine`.

    >>> from ramgate import Request, resources
    >>> path = resources.path("examples/accounts.yaml")
    >>> topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> carol = Request("acs:ram::1234567890123456:user/carol", "alikafka:ListTopic", topic)
    >>> found = fixes(path, carol)
    >>> found[0].kind, found[0].decision.allow, found[0].also_allows.proved
    ('add_statement', True, True)
    """
    deadline = time.monotonic() + seconds
    loader = reader.Reader(catalog.load())
    store = loader.load(path)
    accounts = inline(path)
    explained = engine.explain(store, request)
    if explained["decision"]["allow"]:
        return []
    case = Case(accounts, request, explained)
    names = allowing(store, case.account, request.action)
    found = []
    for proposal in (*_linked_role(case), *proposals(case, names)):
        asked = _asked(request, proposal)
        contents = proposal.draft.contents()
        changed = loader.load(path, contents) if proposal.draft.patch else store
        [decision] = engine.decide_all(changed, [asked])
        if decision.allow:
            found.append((proposal, changed, decision))
    made = [
        Fix(
            kind=proposal.kind,
            patch=proposal.patch,
            document=proposal.document,
            attach_to=proposal.attach_to,
            decision=decision,
            also_allows=also_allows(store, changed, request, deadline),
        )
        for proposal, changed, decision in _distinct(found)
    ]
    order = list(KINDS)
    return sorted(made, key=lambda one: (not one.also_allows.proved, order.index(one.kind)))


def _linked_role(case: Case) -> Iterator[Proposal]:
    """Propose to create a service-linked role that does not exist."""
    if case.explained["decision"]["reason"] not in _UNKNOWN:
        return
    known = catalog.load().roles
    for number, name in ((case.account, case.name), (case.owner, case.role)):
        role = known.get(name.lower())
        draft = Draft(*case.accounts)
        if role is not None and draft.account(number) is not None:
            draft.add(("accounts", number, "service_linked_roles", "-"), role.role)
            yield Proposal("create_service_linked_role", draft)
            return


def _asked(request: Request, proposal: Proposal) -> Request:
    if not proposal.context:
        return request
    return msgspec.structs.replace(request, context={**request.context, **proposal.context})


def _distinct(
    found: Iterable[tuple[Proposal, Store, Decision]],
) -> Iterator[tuple[Proposal, Store, Decision]]:
    seen = set()
    for proposal, changed, decision in found:
        patch = msgspec.json.encode(proposal.patch)
        if patch not in seen:
            seen.add(patch)
            yield proposal, changed, decision
