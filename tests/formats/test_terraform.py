from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from policy_files import NOT_AN_ACTION, POLICY, READS, TRUST, advice, faults, found_in, written
from ramgate.formats import terraform

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT, TRUST_DOCUMENT = json.dumps(POLICY), json.dumps(TRUST)
UNKNOWN = "is not known until the plan is applied: ramgate reads literal values only"
COMPUTES = "an expression of Terraform computes this value: ramgate reads literal values only"


def resource(type_: str, mode: str = "managed", **values: object) -> dict[str, object]:
    address = f"alicloud_{type_}.it"
    return {"address": address, "mode": mode, "type": f"alicloud_{type_}", "values": values}


def state(*resources: object, **more: object) -> dict[str, object]:
    root = {"resources": list(resources), **more}
    return {"format_version": "1.0", "terraform_version": "1.11.4", "values": {"root_module": root}}


def plan(*resources: object, unknown: dict[str, object]) -> dict[str, object]:
    shown = state(*resources)
    changes = [
        {"address": address, "change": {"actions": ["create"], "after_unknown": attributes}}
        for address, attributes in unknown.items()
    ]
    values = shown.pop("values")
    return {**shown, "planned_values": values, "resource_changes": changes}


ROOT = "$.values.root_module"


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (
            state(resource("ram_policy", policy_name="readers", policy_document=DOCUMENT)),
            [("identity", "readers", f"{ROOT}.resources[0].values.policy_document")],
        ),
        (
            state(resource("ram_policy", name="readers", document=DOCUMENT, policy_document=None)),
            [("identity", "readers", f"{ROOT}.resources[0].values.document")],
        ),
        (
            state(
                resource(
                    "ram_role",
                    role_name="app",
                    assume_role_policy_document=TRUST_DOCUMENT,
                    document=TRUST_DOCUMENT,
                )
            ),
            [("trust", "app", f"{ROOT}.resources[0].values.assume_role_policy_document")],
        ),
        (
            state(
                resource("oss_bucket", policy=DOCUMENT),
                resource("ram_policy_document", mode="data", document=DOCUMENT),
                resource("ram_policy", mode="data", policy_document=DOCUMENT),
                child_modules=[
                    {
                        "resources": [
                            resource("resource_manager_policy", policy_document=DOCUMENT),
                            resource(
                                "resource_manager_role", assume_role_policy_document=TRUST_DOCUMENT
                            ),
                            resource(
                                "resource_manager_control_policy",
                                control_policy_name="no-roles",
                                policy_document=DOCUMENT,
                            ),
                        ],
                        "child_modules": [{"resources": [resource("ram_role")]}],
                    }
                ],
            ),
            [
                (
                    "identity",
                    "alicloud_resource_manager_policy.it",
                    f"{ROOT}.child_modules[0].resources[0].values.policy_document",
                ),
                (
                    "trust",
                    "alicloud_resource_manager_role.it",
                    f"{ROOT}.child_modules[0].resources[1].values.assume_role_policy_document",
                ),
                (
                    "control",
                    "no-roles",
                    f"{ROOT}.child_modules[0].resources[2].values.policy_document",
                ),
            ],
        ),
        ({"format_version": "1.0"}, [("nothing", "", "$")]),
        (state(resource("oss_bucket", policy=DOCUMENT)), [("nothing", "", "$")]),
        ({"format_version": "1.0", "values": {"root_module": []}}, [("nothing", "", "$")]),
    ],
)
def test_the_documents_of_a_state_are_found(
    tmp_path: Path, shown: object, found: list[tuple[str, str, str]]
) -> None:
    path = written(tmp_path / "state.json", shown)
    assert (found_in(path), faults(path)) == (found, [])


def test_a_state_without_policies_is_advice(tmp_path: Path) -> None:
    assert advice(written(tmp_path / "state.json", state())) == [
        f"1: $: is {terraform.SHOWN} without a policy document: nothing was checked"
    ]


def test_a_plan_has_the_documents_after_it_and_names_those_that_are_not_known(
    tmp_path: Path,
) -> None:
    known = resource("ram_policy", policy_name="readers", policy_document=DOCUMENT)
    unknown = resource("ram_role", role_name="app", assume_role_policy_document=None)
    shown = plan(
        known,
        unknown,
        resource("ram_policy"),
        unknown={
            "alicloud_ram_policy.it": {"document": True, "id": True},
            "alicloud_ram_role.it": {"assume_role_policy_document": True, "document": True},
        },
    )
    shown["prior_state"] = state(resource("ram_policy", policy_document="{}"))
    path = written(tmp_path / "plan.json", shown)
    root = "$.planned_values.root_module.resources"
    assert found_in(path) == [
        ("identity", "readers", f"{root}[0].values.policy_document"),
        ("trust", "app", f"{root}[1].values.assume_role_policy_document"),
        ("identity", "alicloud_ram_policy.it", f"{root}[2].values.document"),
    ]
    assert faults(path) == []
    assert [hint.partition(": ")[2] for hint in advice(path)] == [
        f"{root}[1].values.assume_role_policy_document: {UNKNOWN}",
        f"{root}[2].values.document: {UNKNOWN}",
    ]


def test_a_faulty_document_of_a_plan_has_its_place(tmp_path: Path) -> None:
    document = json.dumps({"Version": "1", "Statement": [{**READS, "Effect": "Alow"}]})
    shown = state(resource("ram_policy", policy_document=document))
    place = f"{ROOT}.resources[0].values.policy_document"
    assert faults(written(tmp_path / "state.json", shown)) == [
        f"12: {place}.Statement[0].Effect: must be `Allow` or `Deny`, not `Alow`"
    ]


def test_the_documents_of_a_state_file_are_found(tmp_path: Path) -> None:
    instances = [{"attributes": {"name": "app", "document": TRUST_DOCUMENT}}, {"attributes": None}]
    resources = [
        {"mode": "managed", "type": "alicloud_ram_role", "name": "it", "instances": instances},
        {"mode": "data", "type": "alicloud_ram_role", "name": "it", "instances": instances},
    ]
    content = {"version": 4, "lineage": "d3ce", "serial": 1, "resources": resources}
    path = written(tmp_path / "terraform.tfstate", content)
    assert found_in(path) == [("trust", "app", "$.resources[0].instances[0].attributes.document")]
    assert faults(path) == []
    assert advice(written(path, {**content, "resources": []})) == [
        "1: $: is a state file of Terraform without a policy document: nothing was checked"
    ]


def configuration(document: object) -> dict[str, object]:
    policy = {"policy_name": "readers", "policy_document": document}
    return {"resource": {"alicloud_ram_policy": {"readers": policy}}}


PLACE = "$.resource.alicloud_ram_policy.readers.policy_document"


def test_the_documents_of_a_configuration_are_found(tmp_path: Path) -> None:
    blocks = {
        "alicloud_ram_policy": {
            "readers": [{"policy_name": "${var.name}", "policy_document": DOCUMENT}],
            "computed": {"document": "${data.alicloud_ram_policy_document.it.json}"},
            "none": {"policy_name": "none"},
        },
        "alicloud_ram_role": {"app": {"name": "app", "document": TRUST_DOCUMENT}},
        "alicloud_oss_bucket": {"photos": {"policy": DOCUMENT}},
    }
    path = written(tmp_path / "main.tf.json", {"//": "x", "terraform": {}, "resource": blocks})
    policies = "$.resource.alicloud_ram_policy"
    assert found_in(path) == [
        ("identity", "alicloud_ram_policy.readers", f"{policies}.readers[0].policy_document"),
        ("identity", "alicloud_ram_policy.computed", f"{policies}.computed.document"),
        ("trust", "app", "$.resource.alicloud_ram_role.app.document"),
    ]
    assert faults(path) == []
    assert advice(path) == [f"13: {policies}.computed.document: {COMPUTES}"]


@pytest.mark.parametrize(
    ("resource_", "hint"),
    [
        ("acs:oss:*:*:${var.bucket}/*", [f"6: {PLACE}.Statement[0].Resource: {COMPUTES}"]),
        (
            "%{ if var.all }*%{ else }no%{ endif }",
            [f"6: {PLACE}.Statement[0].Resource: {COMPUTES}"],
        ),
        ('acs:oss:*:*:${var.buckets["a"]}/*', [f"6: {PLACE}: {COMPUTES}"]),
        ("acs:oss:*:*:$${bucket}/*", []),
        ("acs:oss:*:*:%%{bucket}/*", []),
    ],
)
def test_an_expression_inside_a_document_is_not_checked(
    tmp_path: Path, resource_: str, hint: list[str]
) -> None:
    text = DOCUMENT.replace(READS["Resource"], resource_)
    path = written(tmp_path / "main.tf.json", configuration(text))
    assert (faults(path), advice(path)) == ([], hint)


def test_the_rest_of_a_document_with_an_expression_is_checked(tmp_path: Path) -> None:
    statements = [{**READS, "Action": ["${var.action}", "x"]}]
    text = json.dumps({"Version": "1", "Statement": statements})
    path = written(tmp_path / "main.tf.json", configuration(text))
    assert faults(path) == [f"6: {PLACE}.Statement[0].Action[1]: `x` {NOT_AN_ACTION}"]
    assert advice(path) == [f"6: {PLACE}.Statement[0].Action[0]: {COMPUTES}"]


def test_a_configuration_without_policies_is_advice(tmp_path: Path) -> None:
    for block, content in (
        ("provider", {"alicloud": {}}),
        ("resource", {"alicloud_ram_policy": []}),
    ):
        assert advice(written(tmp_path / "main.tf.json", {block: content})) == [
            "1: $: is a Terraform configuration without a policy document: nothing was checked"
        ]


def test_a_plan_that_changes_the_older_attribute_has_its_new_document(tmp_path: Path) -> None:
    changed = resource("ram_policy", name="p", policy_document=DOCUMENT, document="{}")
    shown = plan(changed, unknown={"alicloud_ram_policy.it": {}})
    before = {"policy_document": DOCUMENT, "document": DOCUMENT}
    change = {"address": changed["address"], "change": {"before": before, "after_unknown": {}}}
    path = written(tmp_path / "plan.json", {**shown, "resource_changes": [change]})
    place = "$.planned_values.root_module.resources[0].values.document"
    assert found_in(path) == [("identity", "p", place)]
