from __future__ import annotations

import datetime

import yaml

from ramgate import resources
from ramgate.catalog import actions
from ramgate.catalog.service import Action, ConditionKey, Entry, Origin, ResourceForm, Service
from ramgate.catalog.service_file import read_service
from ramgate.catalog.service_text import fields_text, service_text
from ramgate.documents.source import parse

PAGE = Origin("K1", 'A "page": 权限', "2026-01-01")
LIST = Origin("yes", "A list")
FULL = Service(
    "x",
    datetime.date(2026, 11, 29),
    names=("A product: the best", "no", "  spaces "),
    products=("x 2020-01-01", "2020-01-01"),
    granularity=("resource",),
    notes=("word " * 40 + "end", "# no comment"),
    contradictions=("a / b",),
    arn_forms={"Thing": "acs:x:*:*:thing/{#id}"},
    condition_keys={
        "x:Size": ConditionKey("x:Size", type="Numeric", actions=("List", "Resize"), note="…"),
        "x:tag/<key>": ConditionKey("x:tag/<key>", actions=("List",)),
    },
    actions={
        "list": Action(
            "x",
            "List",
            (
                Entry(
                    PAGE,
                    page="a.b/c",
                    level="get",
                    resources=(
                        ResourceForm("*", required=True),
                        *(ResourceForm(f"acs:x:*:*:thing{number}/*") for number in range(9)),
                    ),
                    condition_keys=("x:Size", "x:tag/<key>"),
                    operations=("Describe (2020-01-01)",),
                    dependent_actions=("y:Get",),
                    other_spellings=("list",),
                    seen_in=("A", "B v1 (cut)"),
                    needs_no_allow="says the page",
                    note='prints "none"',
                    contradiction="another page: *",
                ),
                Entry(LIST),
            ),
        ),
    },
    operation_sources=(LIST,),
    operations=frozenset(f"Operation{number}" for number in range(50)),
    operations_without_action=("Operation1",),
    hints=("Hint",),
)


def test_a_service_is_written_and_read_back() -> None:
    source = parse(service_text(FULL), "x.yaml", root="", is_json=False)
    assert read_service(source) == FULL
    assert source.place.findings.faults == []


def test_the_text_is_yaml_for_other_readers_too() -> None:
    found = yaml.safe_load(service_text(FULL))
    assert found["names"] == list(FULL.names)
    assert found["operations"].split() == sorted(FULL.operations)
    assert found["condition_keys"] == {
        "x:Size": {"type": "Numeric", "actions": ["Resize"], "note": "…"}
    }


def test_lines_of_lists_and_of_operations_are_at_most_100_characters_long() -> None:
    text = service_text(FULL)
    assert max(len(line) for line in text.splitlines() if "word word" not in line) <= 100
    assert '      resources:\n        - "acs:x:*:*:thing0/*"\n' in text


def test_the_shipped_files_are_as_the_writer_writes_them() -> None:
    for code in actions.codes():
        service = actions.service(code)
        assert service is not None
        path = resources.path(f"catalog/services/{code}.yaml")
        assert service_text(service) == path.read_text(encoding="utf-8")


def test_fields_that_are_empty_are_left_out() -> None:
    entry = {"policy": "P", "note": None, "source": {"title": "", "date": None}, "kind": "a: b"}
    assert fields_text(entry) == 'policy: P\nkind: "a: b"\n'
