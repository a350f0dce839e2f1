"""The remarks that one check of `ramgate lint` makes about a document or about accounts."""

from __future__ import annotations

import datetime
import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from policy_documents import policy, statement
from ramgate.accounts.reader import Reader
from ramgate.analysis.lint.account import read_accounts
from ramgate.analysis.lint.checks import ACCOUNT_CHECKS, DOCUMENT_CHECKS
from ramgate.analysis.lint.document import read_document
from ramgate.analysis.lint.held import Holdings
from ramgate.catalog import catalog
from ramgate.faults import Findings, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.model.decision import Request

NOW = datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)


class Said(NamedTuple):
    """A remark as text: its place below the statement, the message, the suggestion."""

    path: str
    message: str
    suggestion: str
    request: Request | None = None


def remarks(code: str, *statements: Mapping[str, object], account: str = "") -> list[Said]:
    """Return the remarks of the check about a document of these statements."""
    [check] = [check for check in DOCUMENT_CHECKS if check.code == code]
    place = Place(Findings(), "$")
    document = read_document(policy(*statements), place, account=account, now=NOW)
    return [
        Said(str(remark.place), remark.message, remark.suggestion, remark.request)
        for remark in check.find(document)
    ]


def paths(code: str, *statements: Mapping[str, object], account: str = "") -> list[str]:
    """Return the places of the remarks, without the leading `$.Statement`."""
    return [
        said.path.removeprefix("$.Statement")
        for said in remarks(code, *statements, account=account)
    ]


def allow(actions: object, resources: object = "*", **changes: object) -> dict[str, object]:
    """Return an Allow statement."""
    return statement(Action=actions, Resource=resources, **changes)


def deny(actions: object, resources: object = "*", **changes: object) -> dict[str, object]:
    """Return a Deny statement."""
    return statement(Effect="Deny", Action=actions, Resource=resources, **changes)


def account_remarks(code: str, value: object) -> list[Said]:
    """Return the remarks of the check about the value of an accounts file."""
    [check] = [check for check in ACCOUNT_CHECKS if check.code == code]
    return [
        Said(str(remark.place), remark.message, remark.suggestion, remark.request)
        for remark in check.find(read_accounts(value, Place(Findings()), NOW, _holdings(value)))
    ]


@functools.cache
def _reader() -> Reader:
    return Reader(catalog.load())


def _holdings(value: object) -> Holdings | None:
    file = Path("accounts.json")
    store, findings = _reader().examine(file, {file: json.dumps(value).encode()})
    return None if findings.faults else Holdings(store)
