"""The recorded state and plans of one configuration, made by Terraform 1.11 and its provider."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from ramgate.imports.terraform import read, read_both
from ramgate.imports.world import (
    Account,
    Attachment,
    Directory,
    Document,
    Folder,
    Role,
    User,
    World,
)
from terraform_files import DATA, NUMBER

if TYPE_CHECKING:
    from pathlib import Path

POLICY = Document(
    '{"Statement":[{"Action":["oss:GetObject"],"Effect":"Allow",'
    '"Resource":["acs:oss:*:*:b/*"]}],"Version":"1"}'
)
TRUST = Document(
    '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
    '"Principal":{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}'
)
OWN_TRUST = Document(
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow",'
    f'"Principal":{{"RAM":["acs:ram::{NUMBER}:root"]}}}}],"Version":"1"}}'
)
DENY = Document(
    '{"Statement":[{"Action":["ram:DeleteRole"],"Effect":"Deny","Resource":["*"]}],"Version":"1"}'
)


def expected(group: str) -> World:
    """Return the world of the configuration; `group` is the id of its resource group."""
    team = Attachment("team-policy")
    account = Account(
        policies={"team-policy": POLICY},
        service_linked_roles=("AliyunServiceRoleForAlikafkaConnector",),
        roles={
            "AppRole0": Role(TRUST, (team,)),
            "AppRole1": Role(TRUST),
            "svc-role": Role(OWN_TRUST),
        },
        groups={"team": (Attachment("AliyunECSReadOnlyAccess", "System"),)},
        users={
            "anna": User(("team",), (team, dataclasses.replace(team, resource_group=group))),
            "bob": User(("team",)),
        },
        oidc_providers=("gha",),
        saml_providers=("idp",),
        resource_groups={group: "prod"},
    )
    root = Folder(folders={"prod": Folder((Attachment("deny-x"),))})
    return World({NUMBER: account}, Directory(NUMBER, {"deny-x": DENY}, root))


def test_the_state_is_the_world_of_its_configuration() -> None:
    assert read(DATA / "state.json") == expected("rg-ee2c878f4ef94c2")


def test_the_state_file_is_the_same_world(tmp_path: Path) -> None:
    shown = json.loads((DATA / "state.json").read_text())["values"]["root_module"]
    modules = [(shown, {}), *((one, {"module": one["address"]}) for one in shown["child_modules"])]
    resources = []
    for module, within in modules:
        for one in module["resources"]:
            instance = {"attributes": one["values"]}
            if "index" in one:
                instance["index_key"] = one["index"]
            parts = {key: one[key] for key in ("mode", "type", "name")}
            resources.append({**parts, **within, "instances": [instance]})
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps({"version": 4, "lineage": "d3ce", "resources": resources}))
    assert read(path) == expected("rg-ee2c878f4ef94c2")


def test_a_plan_that_creates_everything_is_the_same_world_but_for_ids() -> None:
    before, after = read_both(DATA / "plan-create.json")
    assert read(DATA / "plan-create.json") == expected("unknown-rg-b62f5c34")
    assert before == World({NUMBER: Account()})
    assert after.accounts == expected("unknown-rg-b62f5c34").accounts
    assert after.notices == ()


def test_a_plan_that_changes_nothing_has_two_equal_sides() -> None:
    before, after = read_both(DATA / "plan-nochange.json")
    assert before == after
    assert read(DATA / "plan-nochange.json", before=True) == read(DATA / "plan-nochange.json")


@pytest.mark.parametrize("name", ["state", "plan-create", "plan-nochange"])
def test_nothing_of_these_files_is_unknown(name: str) -> None:
    assert read(DATA / f"{name}.json").notices == ()
