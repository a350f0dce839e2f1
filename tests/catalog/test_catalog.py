from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

NOT_A_ROLE_NAME = "is not a valid role name: it must match `[A-Za-z0-9._@-]{1,64}`"
NOT_A_SERVICE_NAME = r"is not a valid service name: it must match `(?:[a-z0-9-]+\.)+aliyuncs\.com`"

POLICY = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
ROLE = """\
role: AliyunServiceRoleForX
service_name: x.aliyuncs.com
policy: PolicyForX
feature: x.feature
created_when: it is used
purpose: >-
  What it is
  for.
source:
  title: A page
  date: "2026-03-11"
"""
SYSTEM = "policy: XFullAccess\npurpose: All of it.\nsource: {title: A page, version: '4'}\n"
ROLE_KNOWN = (
    "`role`, `service_name`, `policy`, `feature`, `created_when`, `purpose`, `note`, `source`"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog of one role and one system policy."""
    for name, text in (
        ("policies/PolicyForX.json", POLICY),
        ("policies/XFullAccess.json", POLICY),
        ("roles/X.yaml", ROLE),
        ("system-policies/X.yaml", SYSTEM),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def faults(folder: Path) -> list[str]:
    with pytest.raises(InvalidFiles) as refused:
        catalog.load(folder)
    return [str(fault).replace(f"{folder}/", "") for fault in refused.value.faults]


def test_a_catalog_is_read(folder: Path) -> None:
    role = catalog.ServiceLinkedRole(
        "AliyunServiceRoleForX",
        "x.aliyuncs.com",
        "PolicyForX",
        "x.feature",
        "it is used",
        "What it is for.",
        source="A page, 2026-03-11",
    )
    assert catalog.load(folder) == catalog.Catalog(
        {"aliyunserviceroleforx": role},
        {"PolicyForX": translate(POLICY), "XFullAccess": translate(POLICY)},
        frozenset({"XFullAccess"}),
    )


def test_a_role_is_trusted_to_its_service_alone(folder: Path) -> None:
    role = catalog.load(folder).roles["aliyunserviceroleforx"]
    assert role.trust_id == "trust:AliyunServiceRoleForX"
    assert translate(role.trust_policy) == {
        "format": 2,
        "kind": "trust",
        "statements": [{"effect": "Allow", "principals": ["x.aliyuncs.com"]}],
        "actions": {"sts:assumerole": [0]},
        "wildcards": {},
        "service_wildcards": {},
        "not_actions": [],
    }


def test_the_shipped_catalog_has_kafka_s_four_roles() -> None:
    found, findings = catalog.load(), catalog.examine(resources.path("catalog"))[1]
    assert findings.faults == []
    features = [role for role in found.roles.values() if role.feature]
    assert all(role.is_published for role in features)
    assert {role.role: (role.service_name, role.feature) for role in features} == {
        "AliyunServiceRoleForAlikafka": ("alikafka.aliyuncs.com", "alikafka.activation"),
        "AliyunServiceRoleForAlikafkaConnector": (
            "connector.alikafka.aliyuncs.com",
            "alikafka.connector",
        ),
        "AliyunServiceRoleForAlikafkaETL": ("etl.alikafka.aliyuncs.com", "alikafka.etl"),
        "AliyunServiceRoleForAlikafkaInstanceEncryption": (
            "instanceencryption.alikafka.aliyuncs.com",
            "alikafka.disk_encryption",
        ),
    }
    assert found.roles["aliyunserviceroleforalikafka"].newer_version == "v10, 2025-11-03"


def test_the_shipped_catalog_has_106_system_policies_and_75_roles_with_documents() -> None:
    found = catalog.load()
    published = {role.policy for role in found.roles.values() if role.is_published}
    assert (len(found.system_policies), len(published)) == (106, 75)
    assert set(found.policies) == published | found.system_policies
    assert found.date == "2026-11-29"
    role = found.roles["aliyunserviceroleforadbpg"]
    assert role.source.startswith("product page, 2020/21 snapshot: https://github.com/")
    assert (role.source[-12:], role.newer_version) == (", 2021-07-20", "v15, 2026-01-13")


def test_a_file_of_the_shipped_catalog_is_named_like_its_role_or_policy() -> None:
    for folder, key in (("roles", "role"), ("system-policies", "policy")):
        for path in resources.path(f"catalog/{folder}").iterdir():
            assert path.read_text().startswith(f"{key}: {path.stem}\n")


def test_a_service_is_added_by_files_alone(folder: Path) -> None:
    other = ROLE.replace("ForX", "ForY").replace("x.aliyuncs.com", "y.aliyuncs.com")
    (folder / "roles" / "Y.yaml").write_text(other)
    (folder / "policies" / "PolicyForY.json").write_text(POLICY)
    assert set(catalog.load(folder).roles) == {
        "aliyunserviceroleforx",
        "aliyunservicerolefory",
    }


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (ROLE, "[]", ["roles/X.yaml:1: must be an object, not a list"]),
        ("role: AliyunServiceRoleForX\n", "", ["roles/X.yaml:1: `role` is missing"]),
        ("service_name: x.aliyuncs.com\n", "", ["roles/X.yaml:1: `service_name` is missing"]),
        (
            "x.aliyuncs.com",
            "X.aliyuncs.com",
            [f"roles/X.yaml:2: service_name: `X.aliyuncs.com` {NOT_A_SERVICE_NAME}"],
        ),
        (
            "x.aliyuncs.com",
            "5",
            ["roles/X.yaml:2: service_name: must be a string, not `5` without quotes"],
        ),
        (
            "role: AliyunServiceRoleForX",
            "role: Role For X",
            [f"roles/X.yaml:1: role: `Role For X` {NOT_A_ROLE_NAME}"],
        ),
        (
            "policy: PolicyForX",
            "policy: PolicyForY",
            ["roles/X.yaml:3: policy: there is no `policies/PolicyForY.json`"],
        ),
        (
            "feature: x.feature",
            "feature: x.feature\nfeatures: []",
            [f"roles/X.yaml:5: features: unknown field: known are {ROLE_KNOWN}"],
        ),
        (
            '"2026-03-11"',
            "2026-03-11",
            ["roles/X.yaml:11: source.date: must be a string, not `2026-03-11` without quotes"],
        ),
        (
            "title: A page",
            "title: 5",
            [
                "roles/X.yaml:10: source.title: must be a string, not `5` without quotes",
            ],
        ),
        ("  title: A page\n", "", ["roles/X.yaml:9: source: `title` is missing"]),
        (
            "  title: A page\n",
            "  title: A page\n  url: x\n",
            [
                (
                    "roles/X.yaml:11: source.url: unknown field: known are `title`, `version`, "
                    "`created`, `date`"
                )
            ],
        ),
        (
            "feature: x.feature",
            "feature: x.feature\nfeature: y",
            ["roles/X.yaml:5: feature: key `feature` is given twice, first in line 4"],
        ),
        (
            'source:\n  title: A page\n  date: "2026-03-11"\n',
            "",
            ["roles/X.yaml:1: `source` is missing"],
        ),
    ],
)
def test_a_role_s_file_at_fault_is_refused(
    folder: Path, old: str, new: str, found: list[str]
) -> None:
    assert old in ROLE
    (folder / "roles" / "X.yaml").write_text(ROLE.replace(old, new))
    assert faults(folder) == found


def test_a_role_in_two_files_is_refused(folder: Path) -> None:
    (folder / "roles" / "Y.yaml").write_text(ROLE.replace("RoleForX", "RoleForx"))
    assert faults(folder) == [
        "roles/Y.yaml:1: role: `AliyunServiceRoleForx` is in the catalog already",
        "roles/Y.yaml:1: role: `x.aliyuncs.com` has another role already",
    ]


def test_the_158_roles_without_a_document_are_known_and_marked() -> None:
    roles = catalog.load().roles
    known = [role for role in roles.values() if not role.is_published]
    assert (len(roles), len(known)) == (233, 158)
    assert {role.role for role in known if role.note} == {
        "AliyunServiceRolePolicyForImp",
        "AliyunServiceRoleForContainerRegistryAccessCustomerPrivateZone",
    }
    assert roles["aliyunserviceroleforalb"].newer_version == "v20, 2025-09-17"
    assert not {role.feature for role in known} - {""}


def test_known_roles_at_fault_are_refused(folder: Path) -> None:
    (folder / "known-roles.yaml").write_text(
        "source: {title: A list}\n"
        "roles:\n"
        "  - {role: AliyunServiceRoleForX, service_name: z.aliyuncs.com, policy: P}\n"
        "  - {role: A, service_name: z, policy: P}\n"
        "  - {role: B, service_name: b.aliyuncs.com, colour: red}\n"
    )
    assert faults(folder) == [
        "known-roles.yaml:3: roles[0].role: `AliyunServiceRoleForX` is in the catalog already",
        f"known-roles.yaml:4: roles[1].service_name: `z` {NOT_A_SERVICE_NAME}",
        (
            "known-roles.yaml:5: roles[2].colour: unknown field: known are `role`, "
            "`service_name`, `policy`, `note`"
        ),
        "known-roles.yaml:5: roles[2]: `policy` is missing",
    ]


def test_a_system_policy_at_fault_is_refused(folder: Path) -> None:
    path = folder / "system-policies" / "X.yaml"
    path.write_text("policy: Gone\nsource: {title: A page}\nrole: x\n")
    assert faults(folder) == [
        (
            "system-policies/X.yaml:3: role: unknown field: known are `policy`, `kind`, `purpose`, "
            "`note`, `source`"
        ),
        "system-policies/X.yaml:1: policy: there is no `policies/Gone.json`",
    ]


def test_newer_versions_are_told_of_roles_with_and_without_a_document(folder: Path) -> None:
    (folder / "newer-versions.yaml").write_text(
        "- {role: AliyunServiceRoleForX, version: v2, date: '2026-01-01', visible: a beginning}\n"
        "- {role: Y, version: v3}\n"
        "- {role: Z}\n"
        "- {role: NotInTheCatalog}\n"
    )
    (folder / "known-roles.yaml").write_text(
        "source: {title: A list}\n"
        "roles:\n"
        "  - {role: Y, service_name: y.aliyuncs.com, policy: P}\n"
        "  - {role: Z, service_name: z.aliyuncs.com, policy: P}\n"
    )
    roles = catalog.load(folder).roles
    assert {name: role.newer_version for name, role in roles.items()} == {
        "aliyunserviceroleforx": "v2, 2026-01-01",
        "y": "v3",
        "z": "of an unknown date",
    }


def test_newer_versions_and_a_date_at_fault_are_refused(folder: Path) -> None:
    (folder / "newer-versions.yaml").write_text("- {version: v2, seen: never}\n")
    (folder / "catalog.yaml").write_text("date: 2026-11-29\n")
    assert faults(folder) == [
        (
            "newer-versions.yaml:1: [0].seen: unknown field: known are `role`, `version`, `date`, "
            "`visible`"
        ),
        "newer-versions.yaml:1: [0]: `role` is missing",
        "catalog.yaml:1: date: must be a string, not `2026-11-29` without quotes",
    ]


def test_the_date_of_a_catalog_is_in_the_message_about_a_policy_that_it_does_not_have(
    folder: Path,
) -> None:
    name = "AliyunFooAccess"
    assert catalog.load(folder).describe_unknown_policy(name, []) == (
        "`AliyunFooAccess` looks like a system policy that the catalog does not have: put its "
        "document under `policies` or `system_policies`"
    )
    (folder / "catalog.yaml").write_text("date: '2026-11-29'\n")
    assert catalog.load(folder).describe_unknown_policy(name, []) == (
        "`AliyunFooAccess` looks like a system policy that the catalog of 2026-11-29 does not "
        "have: put its document under `policies` or `system_policies`"
    )


def test_a_policy_at_fault_is_refused(folder: Path) -> None:
    (folder / "policies" / "PolicyForX.json").write_text(POLICY.replace("Allow", "allow"))
    assert faults(folder) == [
        "policies/PolicyForX.json:1: $.Statement[0].Effect: must be `Allow` or `Deny`, not `allow`"
    ]


def test_a_trust_policy_among_the_policies_is_refused(folder: Path) -> None:
    principal = {"Service": "x.aliyuncs.com"}
    statement = {"Effect": "Allow", "Action": "*", "Principal": principal}
    document = {"Version": "1", "Statement": [statement]}
    (folder / "policies" / "PolicyForX.json").write_text(json.dumps(document))
    assert faults(folder) == [
        (
            "policies/PolicyForX.json:1: $: is a trust policy: "
            "ramgate adds the trust policy of a role itself"
        )
    ]


def test_faults_of_all_files_come_at_once(folder: Path) -> None:
    (folder / "policies" / "XFullAccess.json").write_text("{}")
    (folder / "roles" / "X.yaml").write_text("role: 5")
    (folder / "system-policies" / "X.yaml").write_text("{}")
    assert {fault.split(":")[0] for fault in faults(folder)} == {
        "policies/XFullAccess.json",
        "roles/X.yaml",
        "system-policies/X.yaml",
    }


def test_a_file_that_is_no_document_is_refused(folder: Path) -> None:
    (folder / "policies" / "Y.json").write_text("{")
    assert faults(folder) == [
        ("policies/Y.json:1: is not strict JSON: expecting property name enclosed in double quotes")
    ]
    (folder / "policies" / "Y.json").unlink()
    (folder / "roles" / "Y.yaml").mkdir()
    with pytest.raises(UnreadableFiles, match=r"Y\.yaml: is a directory, not a file"):
        catalog.load(folder)


def test_an_unknown_role_gets_the_nearest_name() -> None:
    found = catalog.load()
    assert found.describe_unknown_role("AliyunServiceRoleForAlikafkaELT") == (
        "`AliyunServiceRoleForAlikafkaELT` is not a service-linked role of the catalog: did you "
        "mean `AliyunServiceRoleForAlikafkaETL`?"
    )
