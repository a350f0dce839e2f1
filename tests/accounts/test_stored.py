from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import (
    CATALOG,
    EVERYTHING,
    HERE,
    TRUST,
    account_faults,
    faults,
    write,
)
from ramgate.accounts import reader
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

ODD = '{unreadable: "unknown operator `Null`", document: "{odd"}'
CAUSE = {"unreadable": "unknown operator `Null`"}


def test_one_unreadable_document_of_each_kind_does_not_stop_the_others(tmp_path: Path) -> None:
    text = f"""\
accounts:
  "{HERE}":
    policies: {{odd: {ODD}, plain: {EVERYTHING}}}
    roles: {{App: {{trust: {ODD}}}, Other: {{trust: {TRUST}}}}}
    users: {{alice: {{policies: [odd, plain]}}}}
directory:
  management: "1000000000000001"
  policies: {{odd: {ODD}}}
  root: {{control_policies: [odd]}}
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    assert store["accounts"][HERE]["users"]["alice"]["policies"] == [
        f"{HERE}/odd",
        f"{HERE}/plain",
    ]
    assert {id_: store["policies"][id_] for id_ in store["policies"] if "/" in id_} == {
        f"{HERE}/odd": CAUSE,
        f"{HERE}/plain": translate(EVERYTHING),
        f"{HERE}/trust:App": CAUSE,
        f"{HERE}/trust:Other": translate(TRUST),
        "directory/odd": CAUSE,
    }


def test_nothing_of_an_unreadable_document_is_stored_but_the_cause(tmp_path: Path) -> None:
    readable = EVERYTHING.replace('"', '\\"')
    text = f"""\
accounts:
  "{HERE}":
    policies:
      odd: {{unreadable: "not read", document: "{readable}"}}
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    assert store["policies"][f"{HERE}/odd"] == {"unreadable": "not read"}


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("{unreadable: why}", [": `document` is missing"]),
        (
            f"{{unreadable: why, document: {EVERYTHING}}}",
            [".document: must be a string, not an object"],
        ),
        (
            "{unreadable: true, document: '{'}",
            [".unreadable: must be a string, not `true` without quotes"],
        ),
        (
            "{unreadable: '', document: '{'}",
            [".unreadable: must not be empty: write why ramgate cannot read it"],
        ),
        (
            "{unreadable: why, document: '{', Version: '1'}",
            [".Version: unknown field: known are `unreadable`, `document`"],
        ),
    ],
)
def test_an_unreadable_document_has_its_cause_and_its_text(
    tmp_path: Path, document: str, found: list[str]
) -> None:
    in_policies = account_faults(tmp_path, f"policies:\n  odd: {document}")
    assert in_policies == [f"4: ….policies.odd{one}" for one in found]
    in_roles = account_faults(tmp_path, f"roles:\n  App:\n    trust: {document}")
    assert in_roles == [f"5: ….roles.App.trust{one}" for one in found]


def test_a_document_that_does_not_say_that_it_is_unreadable_must_be_readable(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, f'accounts: {{"{HERE}": {{policies: {{odd: {{document: "{{"}}}}}}}}')
    assert any(fault.endswith(".policies.odd: `Statement` is missing") for fault in faults(path))
