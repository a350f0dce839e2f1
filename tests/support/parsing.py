"""Parse texts as the file `f`, and collect the messages of their faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.documents.source import parse
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from ramgate.documents.source import Source

DEEP = 100_000


def yaml(text: str) -> Source:
    return parse(text, "f", is_json=False)


def json(text: str) -> Source:
    return parse(text, "f", is_json=True)


def faults(found: Source) -> list[str]:
    return [str(fault) for fault in found.place.findings.faults]


def refusal(text: str, *, is_json: bool) -> str:
    with pytest.raises(InvalidFiles) as refused:
        parse(text, "f", is_json=is_json)
    assert not isinstance(refused.value, UnreadableFiles)
    assert len(refused.value.faults) == 1
    return str(refused.value)
