from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING

import pytest

from ramgate.catalog import actions
from ramgate.catalog.metadata import read_metadata, update
from ramgate.catalog.service import Entry, Origin, ResourceForm, Service
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from pathlib import Path

DAY = datetime.date(2026, 12, 1)
INSTANCE = "acs:ecs:{#regionId}:{#accountId}:instance/{#instanceId}"
NESTED = {
    "operationType": "get",
    "ramAction": {
        "action": "ecs:DescribeInstances",
        "authLevel": "resource",
        "actionConditions": [{"conditionKey": "ecs:tag", "description": "the tag"}, "ecs:tag"],
        "resources": [
            {"product": "Ecs", "arn": INSTANCE, "validationType": "always"},
            {"product": "Ecs", "arn": "*"},
            {"product": "Ecs", "arn": "${SerialNumber}"},
            {"product": "Ecs"},
        ],
    },
}
FLAT = {"action": "ecs:DescribeInstances", "operationType": 5, "resources": []}


def docs(**operations: object) -> dict[str, object]:
    info = {"style": "RPC", "product": "Ecs", "version": "2014-05-26"}
    apis = {name: {"ramActions": value, "deprecated": False} for name, value in operations.items()}
    return {"version": "1.0", "info": info, "apis": apis}


def written(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
    return path


def read(path: Path, value: object) -> dict[str, Service]:
    return {one.code: one for one in read_metadata(written(path / "api-docs.json", value), DAY)}


def test_a_nested_action_is_read_with_its_facts(tmp_path: Path) -> None:
    ecs = read(tmp_path, docs(DescribeInstances=[NESTED], DescribeRegions=None))["ecs"]
    source = Origin("Ecs 2014-05-26", "API metadata Ecs 2014-05-26", "2026-12-01")
    assert ecs.actions["describeinstances"].entries == (
        Entry(
            source,
            level="get",
            resources=(ResourceForm(INSTANCE, required=True), ResourceForm("*")),
            condition_keys=("ecs:tag",),
            operations=("DescribeInstances",),
            note="the resource is printed as ${SerialNumber}",
        ),
    )
    assert ecs.operations == {"DescribeInstances", "DescribeRegions"}
    assert ecs.operation_sources == (source,)
    assert (ecs.date, ecs.products) == (DAY, ("Ecs 2014-05-26",))
    assert ecs.condition_keys["ecs:tag"].actions == ("DescribeInstances",)


def test_a_flat_action_is_read(tmp_path: Path) -> None:
    ecs = read(tmp_path, docs(DescribeInstances=[FLAT], ListInstances=[FLAT]))["ecs"]
    [first, second] = ecs.actions["describeinstances"].entries
    assert (first.level, first.resources) == ("", ())
    assert (first.operations, second.operations) == (("DescribeInstances",), ("ListInstances",))


def test_an_action_of_another_service_is_that_service_s(tmp_path: Path) -> None:
    items = [{"action": "ECS:RunInstances"}, {"ramAction": {"action": "ram:PassRole"}}]
    found = read(tmp_path, docs(RunInstances=items))
    assert sorted(found) == ["ecs", "ram"]
    assert [str(action) for action in found["ecs"].actions.values()] == ["ecs:RunInstances"]
    assert [str(action) for action in found["ram"].actions.values()] == ["ram:PassRole"]
    assert (found["ram"].operations, found["ram"].products) == (frozenset(), ())


def test_the_operations_of_a_product_belong_to_its_service_code(tmp_path: Path) -> None:
    value = docs(GetLogs=[{"action": "log:GetLogStoreLogs"}])
    value["info"] = {"product": "Sls", "version": "2020-12-30"}
    assert read(tmp_path, value)["log"].operations == {"GetLogs"}


@pytest.mark.parametrize(
    ("name", "operation", "product"),
    [
        ("DescribeRegions/api.json", "DescribeRegions", ""),
        ("DescribeRegions.json", "DescribeRegions", ""),
        (
            "meta/v1/products/Ecs/versions/2014-05-26/apis/DescribeRegions/api.json",
            "DescribeRegions",
            "Ecs 2014-05-26",
        ),
    ],
)
def test_the_metadata_of_one_operation_has_its_name_from_the_path(
    tmp_path: Path, name: str, operation: str, product: str
) -> None:
    value = {"methods": ["post"], "ramActions": [{"action": "ecs:DescribeRegions"}]}
    [ecs] = read_metadata(written(tmp_path / name, value), DAY)
    action = ecs.actions["describeregions"]
    assert action.operations == (operation,)
    assert action.sources[0].title == f"API metadata {product}".strip()
    assert ecs.operations == (frozenset({operation}) if product else frozenset())


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ([], ":1: must be an object, not a list"),
        ({"apis": []}, ":2: apis: must be an object, not a list"),
        ({"api": {}}, ":1: is not API metadata: it has neither `apis` nor `ramActions`"),
        ({"ramActions": {}}, ":2: ramActions: must be a list, not an object"),
        (docs(Run=["ecs:Run"]), "apis.Run.ramActions[0]: must be an object, not `ecs:Run`"),
        (
            docs(Run=[{"ramAction": "ecs:Run"}]),
            "apis.Run.ramActions[0].ramAction: must be an object, not `ecs:Run`",
        ),
        (
            docs(Run=[{"ramAction": {}}]),
            "apis.Run.ramActions[0].ramAction: `action` is missing: an item has it, or has it in",
        ),
        (docs(Run=[{}]), ":11: apis.Run.ramActions[0]: `action` is missing: an item has it, or"),
        (
            docs(Run=[{"action": "Run"}]),
            ":12: apis.Run.ramActions[0].action: `Run` is not an action such as `ecs:RunCommand`",
        ),
        (
            # its service would be the name of a file that no command can read
            docs(Run=[{"action": "..:Run"}]),
            ":12: apis.Run.ramActions[0].action: `..:Run` is not an action such as",
        ),
        (docs(Run=[{"action": 5}]), "`5` without quotes is not an action such as `ecs:RunCommand`"),
        (
            docs(Run=[{"action": "a:B", "resources": ["*"]}]),
            "apis.Run.ramActions[0].resources[0]: must be an object, not `*`",
        ),
    ],
)
def test_another_shape_is_a_fault_with_its_place(tmp_path: Path, value: object, fault: str) -> None:
    with pytest.raises(InvalidFiles) as refused:
        read(tmp_path, value)
    texts = [str(fault) for fault in refused.value.faults]
    assert any(fault in text for text in texts), texts


def test_a_file_that_is_not_json_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text("<html>")
    with pytest.raises(InvalidFiles, match=r"api.json:1: is not strict JSON: expecting value"):
        read_metadata(tmp_path / "api.json", DAY)
    (tmp_path / "api.txt").write_text("<html>")
    with pytest.raises(InvalidFiles, match=r"api.txt:1: must be an object, not `<html>`"):
        read_metadata(tmp_path / "api.txt", DAY)
    with pytest.raises(UnreadableFiles):
        read_metadata(tmp_path / "none.json", DAY)


def test_a_catalog_is_written_and_joined_with_the_shipped_one(tmp_path: Path) -> None:
    file = written(tmp_path / "api-docs.json", docs(DescribeInstances=[NESTED], NewOne=None))
    mine = tmp_path / "mine"
    [(path, _)] = update([file], mine, DAY)
    assert path == mine / "services" / "ecs.yaml"
    found, shipped = actions.service("ecs", mine), actions.service("ecs")
    assert found is not None
    assert shipped is not None
    assert found.operations == shipped.operations | {"NewOne"}
    assert found.actions["describeinstances"].entries[0].level == "get"
    assert len(found.actions) == len(shipped.actions)
    assert actions.examine(mine).faults == []


def test_what_the_same_source_said_before_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    def add(day: int, product: str, **operations: object) -> Service:
        value = docs(**operations)
        value["info"] = {"product": product, "version": "1"}
        file = written(tmp_path / "api-docs.json", value)
        [(_, service)] = update([file], tmp_path, datetime.date(2026, 12, day))
        return service

    add(1, "Ecs", A=[{"action": "ecs:A"}], B=[{"action": "ecs:B"}], C=[{"action": "ecs:C"}])
    add(2, "Ecs", D=[{"action": "ecs:B"}])
    found = add(3, "Ecs", A=[{"action": "ecs:NewA"}], B=[{"action": "ecs:B"}])
    assert {name: len(action.entries) for name, action in found.actions.items()} == {
        "b": 2,  # for B and for D
        "c": 1,
        "newa": 1,
    }
    assert found.actions["b"].entries[0].source.date == "2026-12-03"
    assert found.operations == {"A", "B", "C", "D"}
    assert [source.date for source in found.operation_sources] == ["2026-12-03"]


def test_one_file_at_fault_leaves_all_files_of_the_catalog_as_they_were(tmp_path: Path) -> None:
    good = written(tmp_path / "good.json", docs(A=[{"action": "ecs:A"}]))
    bad = written(tmp_path / "bad.json", docs(A=[{"action": "A"}]))
    worse = written(tmp_path / "worse.json", docs(A=[{}]))
    with pytest.raises(InvalidFiles) as refused:
        update([good, bad, worse], tmp_path / "mine", DAY)
    assert [fault.file for fault in refused.value.faults] == [str(bad), str(worse)]
    assert not (tmp_path / "mine").exists()
    with pytest.raises(UnreadableFiles):
        update([good, tmp_path / "none.json"], tmp_path / "mine", DAY)


def test_two_files_of_one_service_are_both_added(tmp_path: Path) -> None:
    files = []
    for name in ("A", "B"):
        value = {"ramActions": [{"action": f"ecs:{name}"}]}
        files.append(written(tmp_path / f"{name}.json", value))
    [(_, ecs)] = update(files, tmp_path / "mine", DAY)
    assert sorted(ecs.actions) == ["a", "b"]
