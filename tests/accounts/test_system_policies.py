"""The documents under `system_policies` of a file, and the catalog's behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, EVERYTHING, HERE, THERE, TRUST, faults, write
from ramgate.accounts import reader
from ramgate.language.translation import translate

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.accounts.store import Store

NAME = "AliyunKafkaReadOnlyAccess"
NOTHING = EVERYTHING.replace("Allow", "Deny")
UNPUBLISHED = next(role for role in CATALOG.roles.values() if not role.is_published)
PUBLISHED = CATALOG.roles["aliyunserviceroleforalikafka"]


def account(number: str, documents: dict[str, str], *attached: str) -> str:
    """Return an accounts file with these system policies, attached to alice."""
    entries = ", ".join(f"{name}: {{document: {text}}}" for name, text in documents.items())
    return f"""\
accounts:
  "{number}": {{users: {{alice: {{policies: [{", ".join(attached)}]}}}}}}
system_policies: {{{entries}}}
"""


def held(store: Store, number: str = HERE) -> dict[str, dict[str, object]]:
    """Return alice's policies by their ids."""
    ids = store["accounts"][number]["users"]["alice"]["policies"]
    return {id_: store["policies"][id_] for id_ in ids}


def test_a_document_of_the_file_stands_before_the_catalog_s(tmp_path: Path) -> None:
    path = write(tmp_path, account(HERE, {NAME: NOTHING}, NAME, "AliyunKafkaFullAccess"))
    store = reader.load(path, CATALOG)
    catalog_s, file_s = sorted(held(store), key=lambda id_: "/" in id_)
    assert catalog_s == "AliyunKafkaFullAccess"
    assert file_s.rpartition("/")[2] == NAME
    assert store["policies"][file_s] == translate(NOTHING)
    assert store["policies"][NAME] == CATALOG.policies[NAME]


def test_a_document_may_have_a_name_that_the_catalog_lacks(tmp_path: Path) -> None:
    path = write(tmp_path, account(HERE, {"AliyunFooAccess": EVERYTHING}, "AliyunFooAccess"))
    assert list(held(reader.load(path, CATALOG)).values()) == [translate(EVERYTHING)]


def test_the_files_of_a_folder_do_not_mix_their_documents(tmp_path: Path) -> None:
    third = "1111111111111111"
    write(tmp_path, account(HERE, {NAME: NOTHING}, NAME), "a.yaml")
    write(tmp_path, account(THERE, {NAME: EVERYTHING}, NAME), "b.yaml")
    write(tmp_path, account(third, {}, NAME), "c.yaml")
    store = reader.load(tmp_path, CATALOG)
    assert list(held(store, HERE).values()) == [translate(NOTHING)]
    assert list(held(store, THERE).values()) == [translate(EVERYTHING)]
    assert held(store, third) == {NAME: CATALOG.policies[NAME]}


def test_equal_documents_of_two_files_are_stored_once(tmp_path: Path) -> None:
    write(tmp_path, account(HERE, {NAME: NOTHING}, NAME), "a.yaml")
    write(tmp_path, account(THERE, {NAME: NOTHING}, NAME), "b.yaml")
    store = reader.load(tmp_path, CATALOG)
    assert held(store, HERE) == held(store, THERE)


def test_two_names_of_one_document_are_two_policies(tmp_path: Path) -> None:
    path = write(tmp_path, account(HERE, {NAME: NOTHING, "Other": NOTHING}, NAME, "Other"))
    assert len(held(reader.load(path, CATALOG))) == 2


def test_the_directory_of_the_file_has_them_too(tmp_path: Path) -> None:
    text = f"""\
system_policies: {{FullAliyunAccess: {{document: {NOTHING}}}}}
directory: {{management: "1000000000000001", root: {{control_policies: [FullAliyunAccess],
  accounts: {{"{HERE}": {{control_policies: []}}}}}}}}
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    [[policy], []] = store["directory"]["levels"][HERE]
    assert store["policies"][policy] == translate(NOTHING)


def test_a_service_linked_role_has_the_document_of_the_file(tmp_path: Path) -> None:
    text = f"""\
accounts:
  "{HERE}": {{service_linked_roles: [{UNPUBLISHED.role}, {PUBLISHED.role}]}}
  "{THERE}": {{service_linked_roles: [{UNPUBLISHED.role}]}}
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    for number in (HERE, THERE):
        assert store["accounts"][number]["roles"][UNPUBLISHED.role.lower()]["policies"] == []
    documents = "".join(
        f"  {role.policy}: {{document: {NOTHING}}}\n" for role in (UNPUBLISHED, PUBLISHED)
    )
    store = reader.load(write(tmp_path, f"{text}system_policies:\n{documents}"), CATALOG)
    for role in store["accounts"][HERE]["roles"].values():
        [policy] = role["policies"]
        assert store["policies"][policy] == translate(NOTHING)


def test_the_policy_of_a_service_linked_role_is_not_attached(tmp_path: Path) -> None:
    for name in (UNPUBLISHED.policy, PUBLISHED.policy):
        path = write(tmp_path, account(HERE, {name: EVERYTHING}, name))
        assert faults(path) == [
            (
                f"accounts.yaml:2: accounts.{HERE}.users.alice.policies[0]: "
                f"`{name}` is a service-linked role's policy: it cannot be attached"
            )
        ]


def test_an_unreadable_document_keeps_its_version(tmp_path: Path) -> None:
    text = f"""\
accounts:
  "{HERE}": {{users: {{alice: {{policies: [{NAME}]}}}}}}
system_policies:
  {NAME}:
    version: v3
    date: "2026-03-11"
    unreadable: unknown operator `Null`
    document: "{{"
"""
    store = reader.load(write(tmp_path, text), CATALOG)
    assert list(held(store).values()) == [{"unreadable": "unknown operator `Null`"}]


def test_no_advice_is_given_on_documents_that_alibaba_cloud_wrote(tmp_path: Path) -> None:
    advised = EVERYTHING.replace('"Resource": "*"', '"Resource": "nothing*", "Condition": {ANY}')
    any_of = '{"ForAnyValue:StringEquals": {"k:k": "v"}}'
    advised = advised.replace("{ANY}", any_of)
    text = account(HERE, {"AliyunFooAccess": advised}, "AliyunFooAccess")
    _, findings = reader.examine(write(tmp_path, text), CATALOG)
    assert (findings.faults, findings.errors, findings.advice) == ([], [], [])
    text = f'accounts: {{"{HERE}": {{policies: {{p: {advised}}}}}}}'
    found = reader.examine(write(tmp_path, text), CATALOG)[1]
    assert (len(found.errors), len(found.advice)) == (1, 1)


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ("[]", [": must be an object, not a list"]),
        ("{P: []}", [".P: must be an object, not a list"]),
        ("{P: {}}", [".P: `document` is missing"]),
        (f"{{P: {{unreadable: why, documents: {EVERYTHING}}}}}", None),
        (
            f"{{a_b: {{document: {EVERYTHING}}}}}",
            [".a_b: `a_b` is not a valid policy name: it must match `[A-Za-z0-9-]{1,128}`"],
        ),
        (
            f"{{P: {{document: {EVERYTHING}, version: 3, date: 2026-03-11}}}}",
            [
                ".P.date: must be a string, not `2026-03-11` without quotes",
                ".P.version: must be a string, not `3` without quotes",
            ],
        ),
        (
            f"{{P: {{document: {TRUST}}}}}",
            [".P.document: is a trust policy: a role has one under `trust`"],
        ),
        ("{P: {document: {Version: '1'}}}", [".P.document: `Statement` is missing"]),
        (
            "{P: {document: '{', unreadable: 5}}",
            [".P.unreadable: must be a string, not `5` without quotes"],
        ),
    ],
)
def test_a_fault_in_a_system_policy_has_its_path(
    tmp_path: Path, entries: str, found: list[str] | None
) -> None:
    expected = found or [
        ".P: `document` is missing",
        (".P.documents: unknown field: known are `document`, `unreadable`, `version`, `date`"),
    ]
    path = write(tmp_path, f"accounts: {{}}\nsystem_policies: {entries}\n")
    assert faults(path) == [f"accounts.yaml:2: system_policies{one}" for one in expected]


def test_a_file_with_system_policies_alone_is_not_enough(tmp_path: Path) -> None:
    path = write(tmp_path, f"system_policies: {{P: {{document: {EVERYTHING}}}}}")
    assert faults(path) == [
        "accounts.yaml:1: no `accounts` or `directory` at the top level: is this an accounts file?"
    ]
