from __future__ import annotations

import fcntl
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.accounts import reader
from ramgate.accounts.edit import add_service_linked_role, remove_service_linked_role
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import EditError, InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import yaml

CATALOG = catalog.load()
HERE = "1234567890123456"
THERE = "6543210987654321"
NOWHERE = "0" * 16
KAFKA = "AliyunServiceRoleForAlikafka"
ETL = "AliyunServiceRoleForAlikafkaETL"
CONNECTOR = "AliyunServiceRoleForAlikafkaConnector"
LISTED = f"service_linked_roles:\n      - {KAFKA}\n"
DOCUMENT = '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'


def written(folder: Path, text: str, name: str = "accounts.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def roles(path: Path, account: str = HERE) -> list[str]:
    store = reader.load(path, CATALOG)
    return [role["name"] for role in store["accounts"][account]["roles"].values()]


COMMENTED = f"""\
# é: whose accounts these are
accounts:
  '{THERE}': {{}}   # nothing yet
  "{HERE}":   # ours
    service_linked_roles:   # those that exist
      # since March
      - {KAFKA}   # for Kafka
      # since June
      - {CONNECTOR}   # and its connectors

    # nobody but her
    users: {{alice:   {{policies: [ AliyunKafkaFullAccess ]}}}}   # 😀
"""


def test_a_role_is_added_as_one_line_and_nothing_else_changes(tmp_path: Path) -> None:
    path = written(tmp_path, COMMENTED)
    assert add_service_linked_role(path, HERE, ETL) == path
    line = f"      - {CONNECTOR}   # and its connectors\n"
    assert path.read_text() == COMMENTED.replace(line, f"{line}      - {ETL}\n")
    assert roles(path) == [KAFKA, CONNECTOR, ETL]


@pytest.mark.parametrize("role", [KAFKA, CONNECTOR])
def test_a_role_is_removed_as_one_line_and_nothing_else_changes(tmp_path: Path, role: str) -> None:
    path = written(tmp_path, COMMENTED)
    assert remove_service_linked_role(path, HERE, role) == path
    kept = [line for line in COMMENTED.splitlines() if f"- {role} " not in line]
    assert path.read_text().splitlines() == kept
    assert roles(path) == [name for name in (KAFKA, CONNECTOR) if name != role]


SECOND_EDITION = f"""\
system_policies:   # as of the import
  AliyunFooAccess: {{version: v3, document: {{Version: "1", Statement: [{{Effect: Deny,
    Action: "a:b", Resource: "*"}}]}}}}
accounts:
  "{HERE}":
    service_linked_roles: [{KAFKA}]
    policies:
      odd:
        unreadable: unknown operator `Null`   # asked them in June
        document: |
          {{"Version": "1", "Statement": [
    users:
      alice: {{policies: [AliyunFooAccess, {{policy: odd, type: Custom}}]}}
"""


def test_a_file_with_unreadable_documents_and_typed_attachments_is_edited(tmp_path: Path) -> None:
    path = written(tmp_path, SECOND_EDITION)
    add_service_linked_role(path, HERE, ETL)
    assert path.read_text() == SECOND_EDITION.replace(f"[{KAFKA}]", f"[{KAFKA}, {ETL}]")
    remove_service_linked_role(path, HERE, ETL)
    assert path.read_text() == SECOND_EDITION


def test_what_was_added_and_removed_again_was_never_there(tmp_path: Path) -> None:
    text = resources.path("examples/accounts.yaml").read_text()
    path = written(tmp_path, text)
    for role in (KAFKA, CONNECTOR, ETL):
        remove_service_linked_role(path, HERE, role)
        add_service_linked_role(path, HERE, role)
    remove_service_linked_role(path, HERE, f"{KAFKA}InstanceEncryption")
    add_service_linked_role(path, HERE, f"{KAFKA}InstanceEncryption")
    assert path.read_text() == text


ACCOUNT = f'accounts:\n  "{HERE}":'
FORMS = [
    # the list, in each way to write it
    (f"{ACCOUNT} {{}}", f"{ACCOUNT} {{service_linked_roles: [{ETL}]}}"),
    (
        f"{ACCOUNT} {{users: {{}}, roles: {{}}}}\n",
        f"{ACCOUNT} {{users: {{}}, roles: {{}}, service_linked_roles: [{ETL}]}}\n",
    ),
    (
        f"{ACCOUNT}\n    service_linked_roles: []\n",
        f"{ACCOUNT}\n    service_linked_roles: [{ETL}]\n",
    ),
    (
        f"{ACCOUNT}\n    service_linked_roles: [{KAFKA}]  # c\n",
        f"{ACCOUNT}\n    service_linked_roles: [{KAFKA}, {ETL}]  # c\n",
    ),
    (
        f"{ACCOUNT}\n    service_linked_roles: [\n      {KAFKA},\n    ]\n",
        f"{ACCOUNT}\n    service_linked_roles: [\n      {KAFKA},\n      {ETL},\n    ]\n",
    ),
    (
        f"{ACCOUNT}\n    service_linked_roles:\n    - '{KAFKA}'",
        f"{ACCOUNT}\n    service_linked_roles:\n    - '{KAFKA}'\n    - {ETL}\n",
    ),
    (
        f"{ACCOUNT} # c\n    # d\n    users: {{}}\n",
        f"{ACCOUNT} # c\n    service_linked_roles:\n      - {ETL}\n    # d\n    users: {{}}\n",
    ),
    (
        f"{ACCOUNT}\r\n  service_linked_roles:\r\n    - {KAFKA}\r\n".replace("\n  s", "\n    s"),
        f"{ACCOUNT}\r\n    service_linked_roles:\r\n    - {KAFKA}\r\n    - {ETL}\r\n",
    ),
    (
        f'{{"accounts": {{"{HERE}": {{"users": {{}}}}}}}}',
        f'{{"accounts": {{"{HERE}": {{"users": {{}}, "service_linked_roles": ["{ETL}"]}}}}}}',
    ),
]


@pytest.mark.parametrize(("before", "after"), FORMS)
def test_a_role_is_added_to_every_form_of_an_account(
    tmp_path: Path, before: str, after: str
) -> None:
    name = "a.json" if before.startswith("{") else "a.yaml"
    path = written(tmp_path, before, name)
    add_service_linked_role(path, HERE, ETL)
    assert path.read_bytes().decode() == after


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
def test_json_stays_json_with_its_indentation(tmp_path: Path, indent: int | str | None) -> None:
    def document(*names: str) -> str:
        account = {"users": {"é": {}}, "service_linked_roles": names}
        whole = {"accounts": {THERE: {}, HERE: account}}
        return json.dumps(whole, indent=indent, ensure_ascii=False).replace("é", "u")

    path = written(tmp_path, document(KAFKA, CONNECTOR), "a.json")
    add_service_linked_role(path, HERE, ETL)
    assert path.read_text() == document(KAFKA, CONNECTOR, ETL)
    remove_service_linked_role(path, HERE, CONNECTOR)
    assert path.read_text() == document(KAFKA, ETL)
    remove_service_linked_role(path, HERE, KAFKA)
    assert path.read_text() == document(ETL)
    remove_service_linked_role(path, HERE, ETL)
    assert path.read_text() == document()
    add_service_linked_role(path, THERE, ETL)
    assert roles(path, THERE) == [ETL]


def test_the_last_role_leaves_an_empty_list(tmp_path: Path) -> None:
    text = f"{ACCOUNT}\n    service_linked_roles: # c\n      # d\n      - {KAFKA} # e\n"
    path = written(tmp_path, text)
    remove_service_linked_role(path, HERE, KAFKA)
    assert path.read_text() == f"{ACCOUNT}\n    service_linked_roles: [] # c\n      # d\n"
    assert roles(path) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{ACCOUNT}\n    service_linked_roles: [{KAFKA}, # c\n      {ETL}]\n",
        f"{ACCOUNT}\n    service_linked_roles: [{ETL}, # c\n      {KAFKA}]\n",
        f"{ACCOUNT}\n    service_linked_roles: [ # c\n      {ETL}]\n",
        f"{ACCOUNT}\n    service_linked_roles:\n      -\n        {ETL}\n      - {KAFKA}\n",
        f"{ACCOUNT}\n    ? service_linked_roles\n    # a: c\n    :\n      - {ETL}\n",
    ],
)
def test_a_list_that_cannot_be_changed_alone_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(EditError, match=r"cannot be changed in that place only: edit it by hand"):
        remove_service_linked_role(path, HERE, ETL)
    assert path.read_text() == text


def test_json_that_is_no_yaml_is_left_as_it_is(tmp_path: Path) -> None:
    statement = {"Sid": "\x7f", "Effect": "Allow", "Action": "a:b", "Resource": "*"}
    policies = {"p": {"Version": "1", "Statement": [statement]}}
    text = json.dumps({"accounts": {HERE: {"policies": policies}}}, ensure_ascii=False)
    path = written(tmp_path, text, "a.json")
    assert roles(path) == []
    with pytest.raises(EditError, match="edit it by hand"):
        add_service_linked_role(path, HERE, ETL)
    assert path.read_text() == text


def test_the_file_of_a_folder_that_holds_the_account_is_changed(tmp_path: Path) -> None:
    directory = "root: {control_policies: [FullAliyunAccess]}"
    first = written(tmp_path, f'directory: {{management: "{HERE}", {directory}}}\n', "a.yaml")
    second = written(tmp_path, f'accounts: {{"{THERE}": {{}}}}\n', "b.yaml")
    before = first.read_bytes()
    assert add_service_linked_role(tmp_path, THERE, ETL) == second
    assert roles(tmp_path, THERE) == [ETL]
    assert first.read_bytes() == before
    with pytest.raises(EditError, match=f"^there is no account `{HERE}` in `{tmp_path}`$"):
        add_service_linked_role(tmp_path, HERE, ETL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml"]


def test_a_link_stays_and_the_mode_of_what_it_leads_to_too(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    path = written(kept, f'{{"accounts": {{"{HERE}": {{}}}}}}\n', "no-suffix")
    path.chmod(0o640)
    link = tmp_path / "accounts.json"
    link.symlink_to("kept/no-suffix")
    assert add_service_linked_role(link, HERE, ETL) == path.resolve()
    assert link.is_symlink()
    assert not path.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert roles(link) == [ETL]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_the_owner_and_the_group_stay(tmp_path: Path) -> None:
    """An edit by root took the file away from its owner, who could not read it any more."""
    path = written(tmp_path, COMMENTED)
    os.chown(path, 12345, 12346)
    path.chmod(0o600)
    add_service_linked_role(path, HERE, ETL)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 12346, 0o600)
    assert roles(path) == [KAFKA, CONNECTOR, ETL]


def test_a_file_with_several_hard_links_is_refused(tmp_path: Path) -> None:
    """The other name, such as the one that an OPA reads, kept the role that was removed."""
    path = written(tmp_path, COMMENTED)
    other = tmp_path / "other"
    other.hardlink_to(path)
    with pytest.raises(OSError, match="has 2 hard links, of which only this one would change"):
        remove_service_linked_role(path, HERE, KAFKA)
    assert other.samefile(path)
    assert path.read_text() == COMMENTED


def test_a_path_may_be_text(tmp_path: Path) -> None:
    path = written(tmp_path, COMMENTED)
    assert add_service_linked_role(str(path), HERE, ETL) == path.resolve()
    assert remove_service_linked_role(str(tmp_path), HERE, ETL) == path.resolve()
    assert path.read_text() == COMMENTED


@pytest.mark.parametrize(
    ("change", "account", "role", "message"),
    [
        (
            add_service_linked_role,
            HERE,
            ETL.lower(),
            f"`{ETL.lower()}` is not a service-linked role of the catalog: did you mean `{ETL}`?",
        ),
        (
            add_service_linked_role,
            HERE,
            "Other",
            "`Other` is not a service-linked role of the catalog",
        ),
        (
            add_service_linked_role,
            NOWHERE,
            ETL,
            f"there is no account `{NOWHERE}` in `accounts.yaml`",
        ),
        (
            add_service_linked_role,
            HERE,
            KAFKA,
            f"`{KAFKA}` is already in account `{HERE}` of `accounts.yaml`",
        ),
        (
            remove_service_linked_role,
            HERE,
            ETL,
            f"`{ETL}` is not in account `{HERE}` of `accounts.yaml`",
        ),
        (
            remove_service_linked_role,
            THERE,
            ETL,
            f"`{ETL}` is not in account `{THERE}` of `accounts.yaml`",
        ),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_changes(
    tmp_path: Path,
    change: Callable[[Path, str, str], Path],
    account: str,
    role: str,
    message: str,
) -> None:
    path = written(tmp_path, COMMENTED)
    with pytest.raises(EditError) as refused:
        change(path, account, role)
    assert str(refused.value).replace(f"{tmp_path}{os.sep}", "") == message
    assert path.read_text() == COMMENTED


def test_faulty_accounts_are_not_changed(tmp_path: Path) -> None:
    text = COMMENTED.replace("policies: [ ", "policies: [ gone, ").replace("users", "user")
    path = written(tmp_path, text)
    with pytest.raises(InvalidFiles, match="unknown field"):
        add_service_linked_role(path, HERE, ETL)
    assert path.read_text() == text
    with pytest.raises(UnreadableFiles):
        add_service_linked_role(tmp_path / "gone.yaml", HERE, ETL)


def test_who_writes_second_is_told_and_the_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, COMMENTED)

    def slowly(text: str) -> yaml.CollectionNode:
        monkeypatch.undo()
        add_service_linked_role(path, HERE, f"{KAFKA}InstanceEncryption")
        return source.compose(text)

    monkeypatch.setattr(source, "compose", slowly)
    with pytest.raises(EditError, match="was changed by another process: try again"):
        add_service_linked_role(path, HERE, ETL)
    assert roles(path) == [KAFKA, CONNECTOR, f"{KAFKA}InstanceEncryption"]


def test_nobody_writes_while_another_one_does(tmp_path: Path) -> None:
    path = written(tmp_path, COMMENTED)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(EditError) as told:
            add_service_linked_role(path, HERE, ETL)
    assert str(told.value) == f"`{path}` is being written by another process: try again"
    assert path.read_text() == COMMENTED
    add_service_linked_role(path, HERE, ETL)
    assert roles(path) == [KAFKA, CONNECTOR, ETL]


def test_a_file_that_names_others_is_changed_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    (folder / "policies").mkdir(parents=True)
    policy = written(folder / "policies", DOCUMENT, "p.json")
    named = "policies: {p: {file: policies/p.json}}"
    text = f"accounts:\n  '{HERE}':\n    {named}   # ours\n"
    path = written(folder, text)
    for accounts in (path, folder):
        assert add_service_linked_role(accounts, HERE, KAFKA) == path
        assert path.read_text() == text.replace("    policies", f"    {LISTED}    policies")
        assert roles(folder) == [KAFKA]
        remove_service_linked_role(accounts, HERE, KAFKA)
        assert roles(folder) == []
        written(folder, text)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    with pytest.raises(UnreadableFiles, match="there is no such file"):  # beside the link
        add_service_linked_role(link, HERE, KAFKA)
    policy.unlink()
    with pytest.raises(
        UnreadableFiles, match=r"policies\.p\.file: `policies/p\.json`: there is no"
    ):
        add_service_linked_role(path, HERE, KAFKA)
    assert path.read_text() == text
