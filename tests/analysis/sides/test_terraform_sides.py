from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ramgate.accounts import reader
from ramgate.analysis.diff import diff
from ramgate.analysis.sides.side import load, load_pair
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles
from ramgate.imports import folder
from ramgate.imports.terraform import read, read_side
from ramgate.imports.terraform.attributes import placeholder
from terraform_files import DATA, NUMBER, attachment, me, plan, policy, resource, state, written

ANNA, BOB = (f"acs:ram::{NUMBER}:user/{name}" for name in ("anna", "bob"))
APP = f"acs:ram::{NUMBER}:role/App"
LATER = "is not known until the plan is applied"
PASSES = {"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}
READS = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:b/*"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})


def user(name: str) -> dict[str, Any]:
    return resource(f"ram_user.{name}", name=name)


def attached(
    user_name: str | None, policy_name: str | None, type_: str = "Custom"
) -> dict[str, Any]:
    return attachment("user", user_name, policy_name, type_)


def planned(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    configuration: dict[str, Any] | None = None,
) -> str:
    value = plan(me(), *after, before=tuple(before), configuration=configuration)
    written(Path("plan.json"), value)
    return "terraform:plan.json"


BEFORE = [
    user("anna"),
    user("bob"),
    policy("own", READS),
    policy("other", READS),
    attached("anna", "own"),
    attached("bob", "other"),
]


def changed(**values: object) -> list[dict[str, Any]]:
    """Return the resources with other values of the policy `own`."""
    own = resource("ram_policy.own", policy_name="own", **values)
    return [own if one["address"] == own["address"] else one for one in BEFORE]


def test_a_state_is_loaded_as_its_import_is(tmp_path: Path) -> None:
    path = DATA / "state.json"
    world = read_side(path)
    folder.write(world, tmp_path / "accounts", source="ramgate import terraform")
    expected = reader.load(tmp_path / "accounts", catalog.load())
    assert load(f"terraform:{path}").store == expected


def test_a_plan_that_changes_nothing_is_equivalent() -> None:
    before, after = load_pair(f"terraform:{DATA / 'plan-nochange.json'}")
    assert before.store == after.store
    assert (before.name, after.name, after.unknown) == (after.name, before.name, ())
    assert diff(f"terraform:{DATA / 'plan-nochange.json'}").result == "equivalent"


def test_a_recorded_plan_that_adds_pass_role_is_found_with_a_witness() -> None:
    value = json.loads((DATA / "plan-nochange.json").read_text())
    address = "alicloud_ram_policy.p"
    [shown] = [
        one
        for one in value["planned_values"]["root_module"]["resources"]
        if one["address"] == address
    ]
    [change] = [one for one in value["resource_changes"] if one["address"] == address]
    text = document(READS, PASSES)
    for values in (shown["values"], change["change"]["after"]):
        values["policy_document"] = text  # `document` keeps the old text in a plan
    change["change"]["actions"] = ["update"]
    written(Path("plan.json"), value)
    found = diff("terraform:plan.json")
    assert (found.result, found.newly_denied, found.not_decided) == ("wider", (), ())
    gained = {name for one in found.newly_allowed for name in one.principals}
    assert gained == {ANNA, f"acs:ram::{NUMBER}:role/AppRole0"}
    for one in found.newly_allowed:
        assert one.request.action == "ram:PassRole"
        assert (one.before.allow, one.after.allow) == (False, True)
        assert [cause.policy for cause in one.because] == ["team-policy"]


def test_a_change_of_the_older_attribute_is_found() -> None:
    after = changed(policy_document=document(READS), document=document(READS, PASSES))
    argument = planned(BEFORE, after, {"ram_policy.own": {"document": ["local.d"]}})
    [one] = diff(argument).newly_allowed
    assert (one.principal, one.request.action) == (ANNA, "ram:PassRole")


def test_a_plan_is_one_side_beside_accounts(tmp_path: Path) -> None:
    argument = planned(BEFORE, changed(policy_document=document(READS, PASSES)))
    folder.write(read(Path("plan.json"), before=True), tmp_path / "accounts", source="a test")
    [one] = diff("accounts", argument).newly_allowed
    assert (one.principal, one.request.action) == (ANNA, "ram:PassRole")
    [one] = diff(argument, "accounts").newly_denied
    assert (one.principal, one.request.action) == (ANNA, "ram:PassRole")


def test_a_document_that_is_not_known_is_not_decided() -> None:
    stated = {"ram_policy.own": {"policy_document": ["random_pet.p.id"]}}
    found = diff(planned(BEFORE, changed(), stated))
    assert found.result == "not_decided"
    [one] = found.not_decided
    assert one.principals == (ANNA,)
    assert one.reason == f"the document {LATER}: alicloud_ram_policy.own"
    limited = diff(planned(BEFORE, changed(), stated), principals=[BOB])
    assert limited.result == "equivalent"


def test_an_unknown_policy_that_stays_the_same_hides_nothing_of_others() -> None:
    elsewhere = attached("bob", "elsewhere")
    before = [*BEFORE, elsewhere]
    assert diff(planned(before, before)).result == "equivalent"
    after = [*changed(policy_document=document(READS, PASSES)), elsewhere]
    found = diff(planned(before, after))
    assert (found.result, found.newly_allowed[0].principal) == ("wider", ANNA)
    more = [*before, attached("bob", "AdministratorAccess", "System")]
    [one] = diff(planned(before, more)).not_decided
    assert one.principals == (BOB,)
    assert "the custom policy `elsewhere` is not in the Terraform file" in one.reason


def test_a_policy_of_an_unknown_principal_is_newly_allowed() -> None:
    one = attached(None, "AdministratorAccess", "System")
    found = diff(planned(BEFORE, [*BEFORE, one]))
    names = {name for change in found.newly_allowed for name in change.principals}
    assert names == {f"acs:ram::{NUMBER}:user/{placeholder(one['address'])}"}


def test_a_policy_of_a_user_that_is_not_in_the_file_is_newly_allowed() -> None:
    carol = attached("carol", "AdministratorAccess", "System")
    member = resource("ram_user_group_attachment.m", user_name="anna", group_name="ops")
    after = changed(policy_document=document(READS, PASSES))
    found = diff(planned([*BEFORE, member], [*after, member, carol]))
    names = {name for change in found.newly_allowed for name in change.principals}
    assert names == {ANNA, f"acs:ram::{NUMBER}:user/carol"}


def test_an_unknown_trust_policy_is_not_decided() -> None:
    trust = document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": ["ecs.aliyuncs.com"]},
        }
    )
    role = resource("ram_role.r", role_name="App", assume_role_policy_document=trust)
    later = resource("ram_role.r", role_name="App")
    stated = {"ram_role.r": {"assume_role_policy_document": ["random_pet.p.id"]}}
    found = diff(planned([*BEFORE, role], [*BEFORE, later], stated))
    assert [one.principals for one in found.not_decided] == [(APP,)]


def test_an_unknown_control_policy_is_not_decided_for_its_members() -> None:
    members = [
        resource("resource_manager_account.a", id=NUMBER),
        resource("resource_manager_resource_directory.d", master_account_id="9" * 16),
    ]
    control = resource("resource_manager_control_policy_attachment.c", target_id=NUMBER)
    [one] = diff(planned([*BEFORE, *members], [*BEFORE, *members, control])).not_decided
    assert one.principals == (f"acs:ram::{NUMBER}:root", ANNA, BOB)


def test_the_number_of_the_account_can_stand_before_the_file() -> None:
    value = state(user("anna"))
    value["values"]["root_module"]["resources"].pop(0)
    written(Path("state.json"), value)
    assert list(load("terraform:1111111111111111:state.json").store["accounts"]) == ["1" * 16]
    with pytest.raises(InvalidFiles, match="does not have the number of its account"):
        load("terraform:state.json")


def test_one_side_alone_has_to_be_a_plan() -> None:
    with pytest.raises(ValueError, match="`accounts/` is one side: name the other one, or a plan"):
        load_pair("accounts/")
    with pytest.raises(InvalidFiles, match="is a state, not a plan"):
        load_pair(f"terraform:{DATA / 'state.json'}")
    with pytest.raises(InvalidFiles, match="there is no such file"):
        load_pair("terraform:missing.json", f"terraform:{DATA / 'state.json'}")


def test_an_unknown_trust_policy_concerns_all_who_may_be_let_in() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ANNA}}
    role = resource("ram_role.r", role_name="App", assume_role_policy_document=document(trust))
    later = resource("ram_role.r", role_name="App")
    stated = {"ram_role.r": {"assume_role_policy_document": ["random_pet.p.id"]}}
    assume = policy("assume", {**PASSES, "Action": "sts:AssumeRole"})
    others = [*BEFORE, assume, attached("bob", "assume"), attached("anna", "assume")]
    for name in (ANNA, BOB):
        found = diff(planned([*others, role], [*others, later], stated), principals=[name])
        assert found.result == "not_decided"
        # any trust policy might let bob in
        more = [(BOB,)] if name == BOB else []
        assert [one.principals for one in found.not_decided] == [(APP,), *more]
    found = diff(planned([*others, role], [*others, role]), principals=[ANNA])
    assert found.result == "equivalent"


def test_an_unknown_control_policy_concerns_who_may_assume_roles_of_its_members() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": ANNA}}
    members = [
        resource("ram_role.r", role_name="App", assume_role_policy_document=document(trust)),
        resource("resource_manager_account.a", id=NUMBER),
        resource("resource_manager_resource_directory.d", master_account_id="9" * 16),
    ]
    control = resource("resource_manager_control_policy_attachment.c", target_id=NUMBER)
    found = diff(planned([*BEFORE, *members], [*BEFORE, *members, control]))
    assert [one.principals for one in found.not_decided] == [
        *((f"acs:ram::{NUMBER}:root", ANNA, BOB), (APP,))
    ]
