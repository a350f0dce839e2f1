"""Policy documents with one change, their translation, and their faults and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from ramgate import InvalidPolicy, translate
from ramgate.faults import Findings, Place
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW: Mapping[str, object] = {"Effect": "Allow", "Action": "ecs:StartInstance", "Resource": "*"}


TRUST: Mapping[str, object] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "ecs.aliyuncs.com"},
}


def policy(*statements: object) -> dict[str, object]:
    return {"Version": "1", "Statement": list(statements)}


def statement(**changes: object) -> dict[str, object]:
    """Return an Allow statement with changes; a value of None removes the key."""
    return {key: value for key, value in ({**ALLOW, **changes}).items() if value is not None}


def only(**changes: object) -> dict[str, Any]:
    """Return the translation of the statement with these changes."""
    found: Any = translate(policy(statement(**changes)))["statements"]
    assert len(found) == 1
    return dict(found[0])


def conditions(condition: object) -> list[dict[str, Any]]:
    return list(only(Condition=condition)["conditions"])


def faults(document: object) -> list[str]:
    """Return all faults of a document, which may be parsed or a text."""
    with pytest.raises(InvalidPolicy) as refused:
        translate(cast("str", document))
    return [str(fault) for fault in refused.value.faults]


def statement_faults(**changes: object) -> list[str]:
    return faults(policy(statement(**changes)))


def trust_faults(**changes: object) -> list[str]:
    changed = {**TRUST, **changes}
    return faults(policy({key: value for key, value in changed.items() if value is not None}))


def advice(document: object) -> list[str]:
    return [str(fault) for fault in _accepted(document).advice]


def errors(**changes: object) -> list[tuple[str, str]]:
    """Return the code and the message of each error of the statement with these changes."""
    found = _accepted(policy(statement(**changes))).errors
    return [(error.code, error.message) for error in found]


def _accepted(document: object) -> Findings:
    place = Place(Findings(), "$")
    translate_at(document, place)
    assert place.findings.faults == []
    return place.findings
