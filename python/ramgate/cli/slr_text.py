"""The answers about service-linked roles as lines for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ramgate.analysis import doctor, roles
from ramgate.catalog import catalog
from ramgate.cli.options import load_accounts
from ramgate.model.service_linked_role import Deletion
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ramgate.model.decision import Policy
    from ramgate.model.service_linked_role import Creation, Feature, Remedy

__all__ = ["document", "lines", "remedy_lines"]


def lines(
    answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace
) -> Iterator[str]:
    """Yield the outcome, the decision that it rests on, the loss and the remedy."""
    yield f"{answer.outcome}: {_outcome(answer, kind, options)}"
    if answer.authorization is not None:
        yield f"because: {summary(answer.authorization)}"
    if isinstance(answer, Deletion) and answer.loss is not None:
        stops = ", ".join(answer.loss.features) or "every feature that needs the role"
        yield f"stops working: {stops}, until the role is created again"
        if answer.loss.created_when is not None:
            yield f"that happens when: {answer.loss.created_when}"
    if answer.remedy is not None:
        yield "remedy:"
        yield from (f"  {line}" for line in remedy_lines(answer.remedy))


def _outcome(answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace) -> str:
    role = f"`{answer.role or options.name}` of account `{answer.account}`"
    exists = f"{role} exists, and everybody in the account works through it"
    texts = {
        "create": f"{role} may be created; its service is `{answer.service_name}`",
        "delete": f"{role} may be deleted",
        "exists": exists,
        "in_use": f"{role} may be deleted once nothing uses it",
        "not_service_linked": f"{role} is an ordinary role",
        "ready": exists,
    }
    if answer.outcome in texts:
        return texts[answer.outcome]
    return (
        _denied(answer, options) if answer.outcome == "denied" else _unknown(answer, kind, options)
    )


def _denied(answer: Creation | Feature | Deletion, options: Namespace) -> str:
    decision = answer.authorization
    if decision is not None and decision.reason == "unknown_principal":
        return _unknown_principal(options)
    if answer.account is None:
        return f"`{options.principal}` belongs to no account"
    verb = "deleted by" if isinstance(answer, Deletion) else "created for"
    role = f"`{answer.role}` of account `{answer.account}`"
    return f"{role} may not be {verb} `{options.principal}`"


def _unknown(answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace) -> str:
    known = catalog.load()
    if kind == "role" and options.name.lower() in known.roles:
        return f"account `{answer.account}` does not have `{options.name}`"
    return roles.unknown_name(options.name, kind, known)


def _unknown_principal(options: Namespace) -> str:
    if options.url:
        return f"`{options.principal}` is not known"
    absence = doctor.absence(options.principal, load_accounts(options))
    return f"`{options.principal}` is not known: {absence}"


def remedy_lines(remedy: Remedy) -> list[str]:
    """Return a remedy as lines: each change, and its policy document indented."""
    return "\n".join(remedy.steps(indent=2)).splitlines()


def document(policy: Policy) -> str:
    """Return a policy document as indented JSON."""
    return json.dumps(policy, indent=2)
