from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.imports.terraform import read, read_both
from terraform_files import NUMBER, me, plan, resource, state, written

if TYPE_CHECKING:
    from pathlib import Path

SHOW = "give the output of `terraform show -json`"
USER = resource("ram_user.u", name="u")


def fault(path: Path, content: bytes | str, *, before: bool = False) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidFiles) as refused:
        read(path, before=before)
    [one] = refused.value.faults
    assert "\n" not in str(one)
    return str(one).removeprefix(f"{path}: ").removeprefix(f"{path}:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04\x14\x00", f"is a binary plan file of Terraform: {SHOW} for it"),
        ("", f"is empty: {SHOW}"),
        ('{"format_version": "1.0", "val', "1: is not strict JSON: unterminated string starting"),
        ("resource {}", f"1: is not strict JSON: expecting value: {SHOW}"),
        (b"\xff\xfe{\x00", "is not UTF-8 text but UTF-16"),
        ("[" * 500 + "]" * 500, "is nested deeper than 256 levels"),
        ("[" * 200_000 + "]" * 200_000, "is nested deeper than"),
        ("[]", f"is not a state or a plan of Terraform: {SHOW}"),
        ('{"Version": "1"}', f"is not a state or a plan of Terraform: {SHOW}"),
        (
            '{"format_version": "1.0", "provider_schemas": {}}',
            f"is not a state or a plan of Terraform: {SHOW}",
        ),
        (
            '{"format_version": "0.2", "planned_values": {}}',
            "is a plan in the format 0.2 of an older Terraform: ramgate reads the format 1",
        ),
        ('{"format_version": "2.0", "values": {}}', "is a state in the format 2.0 of another"),
        ('{"lineage": "d3ce", "version": 3}', f"is a state file of version 3, not 4: {SHOW}"),
        (
            json.dumps({**plan(USER), "errored": True}),
            "is a plan that failed: correct its errors, and run `terraform plan`",
        ),
        ('{"format_version": "1.0"}', "has no resource of the provider `alicloud` or of any other"),
    ],
)
def test_bad_input_is_one_clear_line(tmp_path: Path, content: bytes | str, message: str) -> None:
    assert fault(tmp_path / "plan.json", content).startswith(message)


def test_a_file_in_terraforms_language_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    message = f"is in Terraform's own language: {SHOW} instead"
    assert fault(tmp_path / "main.tf", 'resource "a" "b" {}') == message
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        read(tmp_path / "missing.json")


def test_resources_of_other_providers_alone_are_refused(tmp_path: Path) -> None:
    others = (resource("random_pet.p"), resource("aws_iam_user.u"))
    shown = state(*others)
    shown["values"]["root_module"]["resources"].pop(0)
    assert fault(tmp_path / "state.json", json.dumps(shown)) == (
        "has no resource of the provider `alicloud`: its resources are of aws, random"
    )


def test_a_plan_without_resources_is_an_empty_account(tmp_path: Path) -> None:
    empty = written(tmp_path / "plan.json", {"format_version": "1.2", "planned_values": {}})
    world = read(empty, account=NUMBER)
    assert list(world.accounts[NUMBER].users) == []
    assert world.directory is None


def test_a_state_has_one_side_only(tmp_path: Path) -> None:
    message = "is a state, not a plan: it has nothing before and after a change"
    path = tmp_path / "state.json"
    assert fault(path, json.dumps(state(USER)), before=True) == message
    with pytest.raises(InvalidFiles, match=message):
        read_both(path)
    assert list(read(path).accounts[NUMBER].users) == ["u"]


def test_a_resource_that_only_leaves_the_state_is_there_after_the_plan(tmp_path: Path) -> None:
    forgotten = {"address": USER["address"], "change": {"actions": ["forget"]}}
    deleted = {"address": "alicloud_ram_user.gone", "change": {"actions": ["delete"]}}
    unknown = {"address": "alicloud_ram_user.other", "change": {"actions": ["forget"]}}
    value = plan(
        me(),
        before=(USER, resource("ram_user.gone", name="gone")),
        changes=(forgotten, deleted, unknown),
    )
    assert list(read(written(tmp_path / "plan.json", value)).accounts[NUMBER].users) == ["u"]
