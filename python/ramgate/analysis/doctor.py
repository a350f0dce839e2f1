"""Diagnose why a feature does not work for a principal, and try the remedy.

The steps are those of "A service-linked role is not created for my RAM user" on the page
*Service-linked roles for ApsaraMQ for Kafka*. OPA decides each of them. It decides the last one by
a copy of the accounts in which the remedy is applied; the prover compares that copy with the
accounts, as it does for the fixes of `ramgate explain`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.accounts import reader
from ramgate.accounts.inlined import inline
from ramgate.analysis import remedies, roles, steps
from ramgate.analysis.fixes import also_allows
from ramgate.analysis.steps import Step, absence
from ramgate.catalog import catalog
from ramgate.model.decision import NO_CONTEXT, Request
from ramgate.sidecar.sidecar import Sidecar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.analysis.fixes import AlsoAllows
    from ramgate.analysis.remedies import Document
    from ramgate.model.decision import Context
    from ramgate.model.service_linked_role import Feature, Remedy

__all__ = ["Diagnosis", "Step", "absence", "diagnose"]

_SECONDS: Final = 10.0
_CREATION: Final = "ram:CreateServiceLinkedRole"


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a diagnosis, up to the one that ends it.

    `allow` and `outcome` are those of the `Feature`. `remedied` is True if the feature works once
    the remedy is applied, False if it does not or there is no remedy, None if none is needed.

    >>> diagnosis = Diagnosis(
    ...     principal="acs:ram::1234567890123456:user/carol",
    ...     feature="alikafka.etl",
    ...     allow=True,
    ...     outcome="ready",
    ...     remedied=None,
    ...     steps=(),
    ... )
    >>> diagnosis.allow or diagnosis.remedied
    True
    """

    principal: str
    feature: str
    allow: bool
    outcome: str
    remedied: bool | None
    steps: tuple[Step, ...]


def diagnose(path: Path, principal: str, feature: str, context: Context = NO_CONTEXT) -> Diagnosis:
    """Diagnose a feature for a principal of an accounts file, or of a folder of them.

    Starts an OPA for the time of the call. Raises `ValueError` for an unknown feature,
    `InvalidFiles` for faulty accounts, and the errors of `Sidecar` and `Client`.

    >>> from ramgate import resources
    >>> path = resources.path("examples/accounts.yaml")
    >>> carol = "acs:ram::1234567890123456:user/carol"
    >>> diagnosis = diagnose(path, carol, "alikafka.connector")
    >>> diagnosis.allow, diagnosis.outcome, diagnosis.remedied
    (True, 'ready', None)
    >>> for step in diagnosis.steps:
    ...     print(step.question, step.answer)
    is the principal known? yes: user `carol` of account `1234567890123456`, with no policy attached
    does the role exist? yes: ...
    """
    known = catalog.load()
    if not any(role.feature == feature for role in known.roles.values()):
        raise ValueError(roles.unknown_name(feature, "feature", known))
    store = reader.load(path, known)
    with (
        tempfile.TemporaryDirectory(prefix="ramgate-") as folder,
        Sidecar(path, addresses=[f"unix://{folder}/opa.sock"]) as sidecar,
        sidecar.client(timeout=_SECONDS) as client,
    ):
        answer = client.feature(principal, feature, context)
        done = list(steps.before_proof(answer, principal, store))
        if answer.remedy is not None:
            asked = Request(principal, _CREATION, f"acs:ram::{answer.account}:role/{answer.role}")
            answers: dict[str, tuple[Feature, AlsoAllows]] = {}
            for name, changed in _remedied(path, str(answer.account), answer.remedy):
                remedied = _write(changed, Path(folder, f"remedied-{len(answers)}"))
                sidecar.load(remedied)
                deadline = time.monotonic() + _SECONDS
                rest = also_allows(store, reader.load(remedied, known), asked, deadline)
                answers[name] = (client.feature(principal, feature, context), rest)
            done.append(steps.proof(answers))
    return Diagnosis(
        principal=principal,
        feature=feature,
        allow=answer.allow,
        outcome=answer.outcome,
        remedied=None if answer.allow else done[-1].step == "proof" and done[-1].passed,
        steps=tuple(done),
    )


def _remedied(path: Path, account: str, remedy: Remedy) -> Iterator[tuple[str, list[Document]]]:
    """Yield each alternative of a remedy, by its name, with the accounts it is applied to."""
    documents = list(inline(path).documents.values())
    for name, attached in remedies.alternatives(remedy):
        yield name, remedies.apply(documents, account, remedy, attached)


def _write(documents: Iterable[Document], folder: Path) -> Path:
    folder.mkdir()
    for number, document in enumerate(documents):
        Path(folder, f"{number:06}.json").write_bytes(msgspec.json.encode(document))
    return folder
