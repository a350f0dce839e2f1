"""The script that makes the catalog from facts, on small facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from make_catalog import make
from ramgate.catalog import actions, catalog
from ramgate.catalog.service import Entry, Origin, ResourceForm

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.catalog.service import Service

POLICY = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "x:*", "Resource": "*"}]}
ACTIONS = {
    "_about": {"collected": "2026-11-29"},
    "sources": {
        "K1": {"what": "pages (权限), read_file id 123", "date": "2026"},
        "K2": {"what": "a list", "date": "2021-01-01"},
    },
    "services": {
        "x": {
            "product": "Product X",
            "granularity": "RESOURCE",
            "complete_note": "CONTRADICTION: two pages",
            "arn_note": "only instances",
            "note": "a note",
            "ram_code_printed": "x,y",
            "rule": {"action": "x:{Operation}", "resource": "acs:x:*:*:*"},
            "arn": {"Project": "acs:x:*:*:project/{p}", "Store": "…/store/{s}"},
            "condition_keys": {"x:Acl": "Start, Stop", "x:Tag": "Start, and more", "x:Any": "any"},
            "condition_key_types": {"x:Acl": "Boolean"},
            "weak_names": ["GetThing"],
            "operations_without_a_known_action": ["Reopen"],
            "actions": {
                "Start": {
                    "source": "K1",
                    "level": "update",
                    "page": "read_file id 456",
                    "resources": [
                        {"arn": "acs:x:*:*:{id}", "required": True},
                        {"arn": "${Serial}"},
                    ],
                    "condition_keys": ["x:Size"],
                    "operations": ["StartThing (2026-01-01)"],
                    "dependent_actions": ["y:Get"],
                    "note": "table cut",
                },
                "Stop": {
                    "entries": [
                        {"source": "K1", "note": "CONTRADICTION: another page prints *"},
                        {"source": "K2", "page": "a page", "resources": [{"arn": "*"}]},
                    ],
                    "seen_in_policies": ["AliyunXFullAccess"],
                    "other_spellings": ["stop"],
                },
                "Seen": {"seen_in_policies": ["AliyunXFullAccess"]},
                "Told": {"source": "K2", "seen_in_policies": ["P"], "other_spellings": ["told"]},
            },
        },
        "sts": {"product": None, "actions": {"AssumeRole": {"source": "K1"}}},
    },
}
CODES = {
    "codes": {
        "x": {
            "product": ["Old X"],
            "name_on_page": "Product X",
            "granularity": {"value": "resource", "source": "a page", "date": "2025-12-05"},
            "granularity_2021": "service",
            "note": "granularity changed or contradicts: service (2021) / resource (2025-12-05)",
            "tag_keys_documented": "x:tag",
            "resource_group_authorization": {
                "source": "b, read_file id 7",
                "resource_type": "thing",
            },
        },
        "named": {"product": [], "resource_group_authorization": {"source": "a page"}},
    }
}
OPERATIONS = {
    "_about": {"sources": {"G": "a/sdk@1 (2026-08-22), names sent", "M": "a/meta@2"}},
    "product_to_code": {
        "x": {"code": "x", "how": "assumed: same name"},
        "ex": {"code": "x", "how": "documented", "note": 'both "x"'},
    },
    "services": {
        "x": {"products": ["x 2026-01-01 [MG]"], "operations": ["StopThing", "StartThing"]},
        "other_1.0": {"products": ["other 1 [M]"], "operations": ["Get"]},
    },
}
SYSTEM_POLICIES = {
    "policies": {
        "AliyunXFullAccess": {
            "kind": "system",
            "version": "v2",
            "created": "2020-01-01",
            "updated": "2021-01-01",
            "source": "a page",
            "note": "may be old",
            "document": POLICY,
        },
        "AliyunByHand": {"kind": "system", "source": "a page", "document": POLICY},
    }
}
ROLES = {
    "roles": {
        "AliyunServiceRoleForX": {
            "service_name": "x.aliyuncs.com",
            "policy": "AliyunServiceRolePolicyForX",
            "version": None,
            "date": "2021-07-20",
            "source": "read_file id 9 (a page as Markdown)",
            "kind": "RAM reference page",
            "document": POLICY,
            "superseded_by": {"version": "v15", "date": "2026-01-13", "visible": None},
        }
    },
    "newer_versions_seen_only_in_part": {
        "AliyunServiceRoleForY": {"version": None, "date": None, "visible": "one statement (cut)"}
    },
}
KNOWN = """\
# Roles.
source:
  title: A list
roles:
  - role: AliyunServiceRoleForX
    service_name: x.aliyuncs.com
    policy: AliyunServiceRolePolicyForX
    note: a note
  - role: AliyunServiceRoleForY
    service_name: y.aliyuncs.com
    policy: AliyunServiceRolePolicyForY
"""
HAND = "policy: AliyunByHand\npurpose: Written by hand.\nsource:\n  title: A page\n"


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()
    for name, value in (
        ("actions", ACTIONS),
        ("service-codes", CODES),
        ("operations-by-service", OPERATIONS),
        ("system-policies", SYSTEM_POLICIES),
        ("service-linked-role-policies", ROLES),
    ):
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


@pytest.fixture
def made(facts: Path, tmp_path: Path) -> Path:
    """A catalog that the script made, with an entry that was written by hand before."""
    folder = tmp_path / "catalog"
    for name in ("policies", "roles", "services", "system-policies"):
        (folder / name).mkdir(parents=True)
    (folder / "known-roles.yaml").write_text(KNOWN)
    (folder / "system-policies" / "AliyunByHand.yaml").write_text(HAND)
    (folder / "policies" / "AliyunByHand.json").write_text(json.dumps(POLICY))
    (folder / "services" / "gone.yaml").write_text('service: gone\ndate: "2020-01-01"\n')
    make(facts, folder)
    return folder


def service(made: Path, code: str) -> Service:
    return actions.load_service(made / "services" / f"{code}.yaml")


def test_every_service_of_the_facts_gets_a_file_and_no_other_stays(made: Path) -> None:
    names = {path.stem for path in (made / "services").iterdir()}
    assert names == {"x", "sts", "named", "other_1.0"}
    assert actions.examine(made).faults == []
    assert service(made, "other_1.0").operations == {"Get"}
    assert service(made, "named").notes == ("resource groups are supported (a page)",)


def test_the_facts_about_a_service_are_kept(made: Path) -> None:
    x = service(made, "x")
    assert x.names == ("Product X", "Old X")
    assert x.products == ("x 2026-01-01",)
    assert x.granularity == (
        "resource (a page, 2025-12-05)",
        "service (list of services that work with RAM, 2021-05-31)",
    )
    assert x.notes == (
        "only instances",
        "a note",
        "a page prints the codes `x,y`",
        "rule of 2021: x:{Operation} on acs:x:*:*:*",
        "documented condition keys of tags: x:tag",
        "resource groups are supported for thing (b)",
    )
    assert x.contradictions == (
        "two pages",
        "granularity: service (2021) / resource (2025-12-05)",
    )
    assert x.arn_forms["Store"] == "acs:x:*:*:project/{p}/store/{s}"
    assert (x.hints, x.operations_without_action) == (("GetThing",), ("Reopen",))
    assert x.operations == {"StartThing", "StopThing"}
    assert x.operation_sources == (
        Origin("G", "a/sdk@1, names sent", "2026-08-22"),
        Origin("M", "a/meta@2"),
    )


def test_condition_keys_have_their_types_and_the_actions_that_carry_them(made: Path) -> None:
    keys = service(made, "x").condition_keys
    facts = {name: (key.type, key.actions, key.note) for name, key in keys.items()}
    assert facts == {
        "x:Acl": ("Boolean", ("Start", "Stop"), ""),
        "x:Any": ("", (), "any"),
        "x:Size": ("", ("Start",), ""),
        "x:Tag": ("", (), "Start, and more"),
    }


def test_an_action_has_one_entry_for_each_source(made: Path) -> None:
    pages, listed = Origin("K1", "pages (权限)", "2026"), Origin("K2", "a list", "2021-01-01")
    policies = Origin(
        "policies",
        "Alibaba Cloud's policy documents, of which at most four are named",
        "2026-11-29",
    )
    found = {name: action.entries for name, action in service(made, "x").actions.items()}
    assert found == {
        "start": (
            Entry(
                pages,
                level="update",
                resources=(ResourceForm("acs:x:*:*:{id}", required=True),),
                condition_keys=("x:Size",),
                operations=("StartThing (2026-01-01)",),
                dependent_actions=("y:Get",),
                note="table cut; the resource is printed as ${Serial}",
            ),
        ),
        "stop": (
            Entry(pages, contradiction="another page prints *"),
            Entry(listed, page="a page", resources=(ResourceForm("*"),)),
            Entry(policies, other_spellings=("stop",), seen_in=("AliyunXFullAccess",)),
        ),
        "seen": (Entry(policies, seen_in=("AliyunXFullAccess",)),),
        "told": (Entry(listed, other_spellings=("told",), seen_in=("P",)),),
    }


def test_an_action_that_needs_no_allow_is_added(made: Path) -> None:
    sts = service(made, "sts")
    assert {name: action.needs_no_allow for name, action in sts.actions.items()} == {
        "assumerole": False,
        "getcalleridentity": True,
    }
    assert sts.granularity == ()


def test_product_codes_that_differ_from_their_products_are_kept(made: Path) -> None:
    assert (made / "product-codes.yaml").read_text().splitlines()[1:] == [
        'ex: {code: x, how: "documented", note: "both \\"x\\""}'
    ]


def test_policies_and_roles_get_entries_and_documents(made: Path) -> None:
    found = catalog.load(made)
    assert catalog.examine(made)[1].faults == []
    assert found.system_policies == {"AliyunXFullAccess", "AliyunByHand"}
    assert found.date == "2026-11-29"
    entry = (made / "system-policies" / "AliyunXFullAccess.yaml").read_text()
    assert entry == (
        "policy: AliyunXFullAccess\n"
        "kind: system\n"
        "source:\n"
        "  title: a page\n"
        "  version: v2\n"
        '  created: "2020-01-01"\n'
        '  date: "2021-01-01"\n'
        "note: may be old\n"
    )
    document: Any = json.loads((made / "policies" / "AliyunXFullAccess.json").read_text())
    assert document == POLICY
    role = found.roles["aliyunserviceroleforx"]
    assert (role.is_published, role.newer_version) == (True, "v15, 2026-01-13")
    assert role.source == "RAM reference page: a copy of it in a public repository, 2021-07-20"


def test_an_entry_with_a_purpose_stays_as_it_was(made: Path) -> None:
    assert (made / "system-policies" / "AliyunByHand.yaml").read_text() == HAND
    assert (made / "policies" / "AliyunByHand.json").read_text() == json.dumps(POLICY)


def test_a_role_with_a_document_leaves_the_list_of_known_roles(made: Path) -> None:
    text = (made / "known-roles.yaml").read_text()
    assert text.startswith("# Roles.\nsource:\n")
    assert [name for name in ("ForX", "ForY") if f"- role: AliyunServiceRole{name}" in text] == [
        "ForY"
    ]
    assert not catalog.load(made).roles["aliyunservicerolefory"].is_published


def test_newer_versions_are_listed_by_role(made: Path) -> None:
    lines = (made / "newer-versions.yaml").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "- role: AliyunServiceRoleForX",
        "  version: v15",
        '  date: "2026-01-13"',
        "- role: AliyunServiceRoleForY",
        "  visible: one statement (cut)",
    ]


def test_the_same_facts_make_the_same_files(made: Path, facts: Path) -> None:
    before = {path: path.read_bytes() for path in made.rglob("*") if path.is_file()}
    make(facts, made)
    assert {path: path.read_bytes() for path in made.rglob("*") if path.is_file()} == before
