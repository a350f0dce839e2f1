from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import repositories
from accounts_files import CATALOG, EVERYTHING, HERE, write
from policy_documents import TRUST, policy, statement
from ramgate.accounts import reader
from ramgate.analysis.sides.side import Side, load, load_pair
from ramgate.bundle.builder import build
from ramgate.errors import InvalidFiles, UnreadableFiles

ACCOUNTS = f'accounts:\n  "{HERE}":\n    users:\n      alice: {{}}\n'
FAULTY = f'accounts:\n  "{HERE}":\n    user: {{}}\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(*arguments: str) -> list[str]:
    with pytest.raises(InvalidFiles) as refused:
        load(*arguments) if len(arguments) == 1 else load_pair(*arguments)
    return [str(fault) for fault in refused.value.faults]


def written(name: str, *statements: object) -> str:
    Path(name).write_text(json.dumps(policy(*statements)))
    return name


def test_accounts_are_read_from_a_file_a_folder_a_bundle_and_a_commit(here: Path) -> None:
    folder = here / "accounts"
    folder.mkdir()
    path = write(folder, ACCOUNTS)
    (folder / "documents").mkdir()
    (folder / "documents" / "policy.json").write_text(EVERYTHING)
    (here / "bundle.tar.gz").write_bytes(build(path).content)
    repositories.start(here)
    expected = reader.load(path, CATALOG)
    for argument in (
        *("accounts/accounts.yaml", "accounts", "accounts/", "bundle.tar.gz"),
        *("git:main:accounts/", "git:main:accounts/accounts.yaml", "git:main:bundle.tar.gz"),
    ):
        assert load(argument) == Side(argument, expected), argument
    path.write_text(ACCOUNTS.replace("alice", "bob"))
    old, new = load_pair("git:HEAD:accounts/", "accounts/")
    users = [list(side.store["accounts"][HERE]["users"]) for side in (old, new)]
    assert users == [["alice"], ["bob"]]


def test_a_file_that_only_has_the_name_of_a_bundle_is_read_by_its_content(here: Path) -> None:
    (here / "accounts.gz").write_text(ACCOUNTS)
    assert list(load("accounts.gz").store["accounts"]) == [HERE]
    folder = here / "folder.gz"
    folder.mkdir()
    write(folder, ACCOUNTS)
    assert list(load("folder.gz").store["accounts"]) == [HERE]


def test_faults_name_their_file_on_both_sides(here: Path) -> None:
    for name in ("old", "new"):
        (here / name).mkdir()
    write(here / "old", ACCOUNTS)
    write(here / "new", FAULTY)
    repositories.start(here)
    [fault] = faults("old", "new")
    assert fault.startswith(f"new/accounts.yaml:3: accounts.{HERE}.user: ")
    [fault] = faults("git:main:new/", "old")
    assert fault.startswith(f"git:main:new/accounts.yaml:3: accounts.{HERE}.user: ")
    both = faults("git:main:new", "new")
    assert [fault.partition(": ")[0] for fault in both] == [
        *("git:main:new/accounts.yaml:3", "new/accounts.yaml:3")
    ]
    (here / "empty").mkdir()
    assert faults("old", "empty") == [
        "empty: contains no file *.yaml, *.yml or *.json, and neither do its subfolders"
    ]


def test_a_file_that_cannot_be_read_is_named(here: Path) -> None:
    write(here, FAULTY)
    with pytest.raises(UnreadableFiles) as refused:
        load_pair("gone.yaml", "accounts.yaml")
    assert str(refused.value).startswith("gone.yaml: there is no such file\naccounts.yaml:3: ")


def test_a_policy_document_is_compared_with_one_alone(here: Path) -> None:
    write(here, ACCOUNTS)
    written("policy.json", statement())
    assert faults("policy.json") == [
        "policy.json: is a policy document, not an accounts file, a folder or a bundle"
    ]
    for arguments in (("policy.json", "accounts.yaml"), ("accounts.yaml", "policy.json")):
        [fault] = faults(*arguments)
        assert fault == (
            "policy.json: is a policy document, and `accounts.yaml` has accounts: "
            "compare two of a kind"
        )


def test_files_that_are_no_side_are_refused(here: Path) -> None:
    written("policy.json", statement())
    (here / "state.json").write_text('{"format_version": "1.0", "values": {"root_module": {}}}')
    [fault] = faults("policy.json", "state.json")
    assert "without a policy document" in fault
    (here / "bucket.json").write_text(
        json.dumps(policy({**statement(), "Principal": ["*"], "Resource": ["acs:oss:*:*:b"]}))
    )
    assert len(faults("policy.json", "bucket.json")) == 1
    mixed = here / "mixed"
    (mixed / "z").mkdir(parents=True)
    (mixed / "policy.json").write_text(EVERYTHING)
    write(mixed / "z", ACCOUNTS)
    assert faults("mixed", "policy.json") == [
        "mixed/z: is a file of accounts or of the catalog, among policy documents"
    ]
    (here / "service.yaml").write_text("service: a\ndate: b\n")
    assert faults("service.yaml", "policy.json") == [
        "service.yaml: is a file of accounts or of the catalog, among policy documents"
    ]


def test_a_value_that_a_template_computes_is_a_fault(here: Path) -> None:
    written("policy.json", statement())
    template = {
        "ROSTemplateFormatVersion": "2015-09-01",
        "Resources": {
            "p": {
                "Type": "ALIYUN::RAM::ManagedPolicy",
                "Properties": {
                    "PolicyName": "readers",
                    "PolicyDocument": policy(statement(Resource={"Ref": "x"})),
                },
            }
        },
    }
    (here / "template.json").write_text(json.dumps(template))
    assert faults("template.json", "policy.json") != []


def test_documents_are_compared_by_their_names(here: Path) -> None:
    for name, statements in (
        ("old", {"a": statement(), "b": statement(Action="ecs:Stop")}),
        ("new", {"b": statement(Action="ecs:*"), "c": TRUST}),
    ):
        (here / name).mkdir()
        for file, one in statements.items():
            written(f"{name}/{file}.json", one)
    old, new = load_pair("old", "new")
    assert old.holders
    accounts = [side.store["accounts"][HERE] for side in (old, new)]
    assert [sorted(account["users"]) for account in accounts] == [["a", "b"], ["a", "b"]]
    assert [account["users"]["a"]["policies"] for account in accounts] == [[f"{HERE}/a"], []]
    assert [sorted(account["roles"]) for account in accounts] == [["role"], ["role"]]
    trust = [side.stores[1] for side in (old, new)]
    assert [sorted(one["accounts"][HERE]["roles"]) for one in trust] == [["c"], ["c"]]
    documents: list[Any] = [one["policies"][f"{HERE}/trust:c"] for one in trust]
    assert documents[0]["statements"][0]["principals"] == [f"acs:ram::{'0' * 16}:root"]
    assert documents[1]["statements"][0]["principals"] == ["ecs.aliyuncs.com"]


def test_the_only_documents_are_compared_whatever_their_names_are(here: Path) -> None:
    for folder, name in (("old", "before"), ("new", "after")):
        (here / folder).mkdir()
        written(f"{folder}/{name}.json", statement())
    old, new = load_pair("old", "new")
    assert old.store == new.store
    assert list(old.store["accounts"][HERE]["users"]) == ["holder"]


def test_two_documents_of_one_name_are_a_fault(here: Path) -> None:
    (here / "old" / "more").mkdir(parents=True)
    for folder in ("old", "old/more"):
        written(f"{folder}/a.json", statement())
    [fault] = faults("old", "old/a.json")
    assert fault.startswith("old/more/a.json:1: $: is a second document named `a`: ")


NAMING = (
    f'accounts:\n  "{HERE}":\n    policies: {{p: {{file: policies/p.json}}}}\n'
    "    users: {alice: {policies: [p]}}\n"
)


@pytest.mark.parametrize("outer", ["", "outer/"])
def test_files_that_accounts_of_a_commit_name_are_those_of_the_commit(
    here: Path, outer: str
) -> None:
    folder = here / f"{outer}accounts"
    (folder / "policies").mkdir(parents=True)
    path = write(folder, NAMING)
    named = folder / "policies/p.json"
    named.write_text(EVERYTHING)
    (folder / "link.yaml").symlink_to("accounts.yaml")
    repositories.start(here)
    expected = reader.load(path, CATALOG)
    named.write_text(EVERYTHING.replace("Allow", "Deny"))
    file = f"git:main:{outer}accounts/accounts.yaml"
    assert load(file).store == expected
    (folder / "link.yaml").unlink()
    repositories.commit(here)
    assert load(f"git:main:{outer}accounts").store == load(file).store != expected
    assert load(f"git:main~1:{outer}accounts/accounts.yaml").store == expected
    named.write_text(EVERYTHING.replace("Allow", "allow"))
    repositories.commit(here)
    for argument in (file, f"git:main:{outer}accounts/"):
        [fault] = faults(argument)
        assert fault.startswith(
            f"git:main:{outer}accounts/policies/p.json:1: $.Statement[0].Effect"
        )
    named.unlink()
    named.symlink_to("../link.json")
    repositories.commit(here)
    link = f"git:main:{outer}accounts/policies/p.json: is not a file but a link: copy the file"
    for argument in (file, f"git:main:{outer}accounts/"):
        assert faults(argument) == [link]
    named.unlink()
    repositories.commit(here)
    [fault] = faults(file)
    assert fault.startswith(
        f"{file}:3: accounts.{HERE}.policies.p.file: `policies/p.json`: there is"
    )


def test_an_accounts_file_at_the_root_of_a_commit_names_files(here: Path) -> None:
    (here / "policies").mkdir()
    path = write(here, NAMING)
    (here / "policies/p.json").write_text(EVERYTHING)
    repositories.start(here)
    assert load("git:main:accounts.yaml").store == load(str(path)).store
    path.write_text("[")
    repositories.commit(here)
    assert faults("git:main:accounts.yaml") == [
        "git:main:accounts.yaml:2: is not YAML: did not find expected node content"
    ]
