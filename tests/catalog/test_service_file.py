from __future__ import annotations

from pathlib import Path

import pytest

from ramgate.catalog.service import ConditionKey, Entry, Origin, ResourceForm
from ramgate.catalog.service_file import read_product_codes, read_service
from ramgate.documents.source import Source, parse

SERVICE = """\
service: x
date: "2026-11-29"
names: [A product]
sources:
  K1: {title: A page, date: "2026-01-01"}
  K2: {title: A list}
condition_keys:
  "x:Tag": {type: String, note: any action}
  "x:Size": {actions: [Resize]}
actions:
  ListThings:
    - source: K1
      level: get
      required_resources: ["*"]
      resources: ["acs:x:*:*:thing/{id}"]
      condition_keys: ["x:Size"]
      operations: [DescribeThings (2020-01-01)]
  Resize:
    - source: K2
operation_sources: [K2]
operations: >-
  DescribeThings
  Resize
"""
ARN = "write `acs:<service>:<region>:<account>:<relative id>`, or `*`"
DATE = 'must be a date in quotes, such as `"2026-11-29"`'


def source(text: str, name: str = "x.yaml") -> Source:
    return parse(text, name, root="", is_json=False)


def faults(text: str, name: str = "x.yaml") -> list[str]:
    found = source(text, name)
    read_service(found)
    return [str(fault) for fault in found.place.findings.faults]


def test_a_service_is_read() -> None:
    found = source(SERVICE)
    service = read_service(found)
    assert found.place.findings.faults == []
    page, listed = Origin("K1", "A page", "2026-01-01"), Origin("K2", "A list")
    assert (service.code, service.date.isoformat(), service.names) == (
        "x",
        "2026-11-29",
        ("A product",),
    )
    assert service.actions["listthings"].entries == (
        Entry(
            page,
            level="get",
            resources=(
                ResourceForm("*", required=True),
                ResourceForm("acs:x:*:*:thing/{id}"),
            ),
            condition_keys=("x:Size",),
            operations=("DescribeThings (2020-01-01)",),
        ),
    )
    assert service.actions["resize"].entries == (Entry(listed),)
    assert service.operation_sources == (listed,)
    assert service.operations == {"DescribeThings", "Resize"}


def test_a_condition_key_has_the_actions_that_name_it_and_those_that_the_file_adds() -> None:
    assert read_service(source(SERVICE)).condition_keys == {
        "x:Size": ConditionKey("x:Size", actions=("ListThings", "Resize")),
        "x:Tag": ConditionKey("x:Tag", type="String", note="any action"),
    }


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("service: x\n", "", "x.yaml:1: `service` is missing"),
        ("service: x\n", "service: y\n", "1: service: must be `x`, like the name of the file"),
        ("service: x\n", "service: X\n", "service: `X` is not a valid service code: it must match"),
        ('date: "2026-11-29"', "date: 2026-11-29", f"2: date: {DATE}, not `2026-11-29` without"),
        ('date: "2026-11-29"', 'date: "2026-13-29"', f"2: date: {DATE}, not `2026-13-29`"),
        ('date: "2026-11-29"', 'date: "20261129"', f"2: date: {DATE}, not `20261129`"),
        ("[A product]", "A product", "3: names: must be a list, not `A product`"),
        ("[A product]", "[5]", "3: names[0]: must be a string, not `5` without quotes"),
        ("{title: A list}", "{date: a}", "6: sources.K2: `title` is missing"),
        ("type: String", "kind: String", "8: condition_keys.x:Tag.kind: unknown field: known are "),
        (
            "  Resize:\n",
            "  listThings:\n",
            (
                "18: actions.listThings: differs only in case from `ListThings`, and RAM compares "
                "actions without case: keep one, and write the other into its `other_spellings`"
            ),
        ),
        ("  Resize:\n", "  Re-size:\n", "actions.Re-size: `Re-size` is not a valid name of an"),
        (
            '"acs:x:*:*:thing/{id}"',
            '"acs:x:*:thing/{id}"',
            (
                "15: actions.ListThings[0].resources[0]: `acs:x:*:thing/{id}` is not the form of "
                f"an ARN: {ARN}"
            ),
        ),
        ('["*"]', '["**"]', f"`**` is not the form of an ARN: {ARN}"),
        ('["*"]', "[5]", f"`5` without quotes is not the form of an ARN: {ARN}"),
        (
            "    - source: K2\n",
            "    - level: get\n",
            "actions.Resize[0]: `source` is missing",
        ),
        (
            "    - source: K2\n",
            "    - source: K3\n",
            "actions.Resize[0].source: `K3` is not one of the file's `sources`: add its title",
        ),
        (
            "operation_sources: [K2]",
            "operation_sources: [K4]",
            "operation_sources[0]: `K4` is not one of the file's `sources`: add its title there",
        ),
        (
            "names: [A product]",
            "arn_forms: {Thing: x}",
            f"3: arn_forms.Thing: `x` is not the form of an ARN: {ARN}",
        ),
    ],
)
def test_a_file_at_fault_is_reported_with_the_place(old: str, new: str, fault: str) -> None:
    assert old in SERVICE
    found = faults(SERVICE.replace(old, new))
    assert any(fault in text for text in found), found


def test_the_name_of_a_stream_is_no_service_code() -> None:
    assert faults(SERVICE, "<stdin>") == []


def test_product_codes_are_read_and_their_faults_reported() -> None:
    found = source("sls: {code: log, how: documented}\n", "product-codes.yaml")
    assert read_product_codes(found) == {"sls": "log"}
    assert found.place.findings.faults == []
    found = source("sls: {code: LOG, note: x}\ncas: yundun\n", "product-codes.yaml")
    read_product_codes(found)
    texts = [str(fault) for fault in found.place.findings.faults]
    assert texts[0] == "product-codes.yaml:1: sls: `how` is missing"
    assert texts[1].startswith("product-codes.yaml:1: sls.code: `LOG` is not a valid service code")
    assert texts[2] == "product-codes.yaml:2: cas: must be an object, not `yundun`"


def test_the_shipped_files_are_named_like_their_services() -> None:
    folder = Path(__file__).parents[2] / "catalog" / "services"
    for path in folder.glob("*.yaml"):
        assert f"\nservice: {path.stem}\n" in path.read_text()
