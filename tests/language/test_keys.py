from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.errors import InvalidFiles
from ramgate.language import keys

if TYPE_CHECKING:
    from pathlib import Path

TYPES = "String, Numeric, Date, Bool, IpAddress"
ENTRY = "{key: %s, type: Date, meaning: when, source: {title: A page, date: '2026-03-11'}}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "condition-keys.yaml"


def faults(file: Path, text: str) -> list[str]:
    file.write_text(text)
    with pytest.raises(InvalidFiles) as refused:
        keys.load(file)
    return [str(fault).replace(str(file), "keys.yaml") for fault in refused.value.faults]


def test_a_key_is_read_with_its_type_meaning_and_source(file: Path) -> None:
    file.write_text(f"keys: [{ENTRY % 'a:Key'}, {{key: b, meaning: m, source: {{title: P}}}}]")
    assert keys.load(file) == [
        keys.ConditionKey("a:Key", "when", "A page, 2026-03-11", "Date"),
        keys.ConditionKey("b", "m", "P"),
    ]


def test_every_fault_of_the_list_is_reported(file: Path) -> None:
    twice = f"keys:\n- {ENTRY % 'a:Key'}\n- {ENTRY % 'A:kEY'}\n- 1\n- 2\n"
    assert faults(file, twice) == [
        "keys.yaml:3: keys[1].key: `a:Key` is in the list already",
        "keys.yaml:4: keys[2]: must be an object, not `1` without quotes",
        "keys.yaml:5: keys[3]: must be an object, not `2` without quotes",
    ]
    bare = "keys:\n- key: a\n  type: Binary\n  source: {page: 1}\n"
    assert faults(file, bare) == [
        "keys.yaml:2: keys[0]: `meaning` is missing",
        "keys.yaml:4: keys[0].source.page: unknown field: known are `title`, `date`",
        "keys.yaml:4: keys[0].source: `title` is missing",
        f"keys.yaml:3: keys[0].type: must be one of {TYPES}, or left out",
    ]


def test_a_list_without_a_key_is_a_fault(file: Path) -> None:
    assert faults(file, "keys: []") == ["keys.yaml:1: keys: must not be empty"]
    assert faults(file, "{}") == ["keys.yaml:1: `keys` is missing"]


def test_every_shipped_key_leads_to_its_spelling() -> None:
    shipped = [key.key for key in keys.load()]
    assert list(keys.spellings().values()) == shipped
    for key in shipped:
        assert keys.spellings()[keys.fold(key.upper())] == key


def test_a_key_is_folded_as_opa_does() -> None:
    assert keys.fold("acs:SourceİP") == "acs:sourceip"
