from __future__ import annotations

import codecs
import json
import os
from pathlib import Path

import pytest

from policy_files import (
    ADMITS,
    BUCKET,
    OF_A_BUCKET,
    POLICY,
    READS,
    TRUST,
    advice,
    faults,
    found_in,
    written,
)
from ramgate import InvalidFiles, resources
from ramgate.analysis.validate import examine
from ramgate.formats import find


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (POLICY, "identity"),
        (TRUST, "trust"),
        (BUCKET, "resource policy"),
        ({"Statement": "x"}, "identity"),
        ({"Version": "1"}, "identity"),
        ({}, "identity"),
        ([], "identity"),
        ('"text"', "identity"),
        ({"accounts": {}}, "accounts"),
        ({"directory": {}}, "accounts"),
        ({"system_policies": {}}, "accounts"),
        ({"users": {}, "1234567890123456": {}}, "accounts"),
        ({"role": "x"}, "catalog role"),
        ({"policy": "x"}, "catalog system policy"),
        ({"name": "an application", "version": "1"}, "faulty"),
        ("{", "faulty"),
        ("", "faulty"),
    ],
)
def test_the_content_of_a_file_shows_its_kind(tmp_path: Path, value: object, kind: str) -> None:
    assert [found[0] for found in found_in(written(tmp_path / "a.json", value))] == [kind]


def test_a_document_of_something_else_is_one_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"name": "an application", "version": "1"})
    assert faults(path) == ["1: $: is not a policy document: `Version` and `Statement` are missing"]
    assert faults(written(path, [{"name": "x"}, "x", ["y"]])) == [
        "1: $: is a list without a policy document"
    ]
    assert faults(written(path, '"text"')) == [
        "1: $: a policy document must be an object, not `text`"
    ]


def test_a_file_in_the_language_of_terraform_is_one_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "main.tf", 'resource "alicloud_ram_policy" "readers" {}')
    assert [str(fault) for fault in examine(path).findings.faults] == [
        f"{path}: is in Terraform's own language: give the output of `terraform show -json` instead"
    ]


def test_each_document_of_a_list_has_its_place_and_its_faults(tmp_path: Path) -> None:
    other = {"Version": "1", "Statement": [{**READS, "Effect": "allow"}]}
    texts = [json.dumps(TRUST), '{"Version":']
    path = written(tmp_path / "a.json", [[POLICY], other, *texts])
    assert found_in(path) == [
        ("identity", "", "$[0][0]"),
        ("identity", "", "$[1]"),
        ("trust", "", "$[2]"),
        ("identity", "", "$[3]"),
    ]
    assert faults(path) == [
        "18: $[1].Statement[0].Effect: must be `Allow` or `Deny`, not `allow`",
        "25: $[3]: its text is not strict JSON: expecting value",
    ]


def test_a_syntax_fault_is_one_of_the_documents_that_it_affects(tmp_path: Path) -> None:
    document = json.dumps(POLICY).replace("{", '{"Version": "1", ', 1)
    text = f'{{"RequestId": "1", "RequestId": "2", "Policies": [\n{{"PolicyDocument": {document}}}'
    path = written(tmp_path / "a.json", f'{text},\n{{"PolicyDocument": {json.dumps(POLICY)}}}]}}')
    assert faults(path) == [
        "2: $.Policies[0].PolicyDocument.Version: key `Version` is given twice, first in line 2"
    ]
    text = text.replace("RequestId", "Policies", 1)
    path = written(path, f"{text}]}}")
    assert faults(path)[0] == "1: $.Policies: key `Policies` is given twice, first in line 1"


# Folders


def test_a_broken_file_does_not_hide_the_good_ones_of_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "a.json", POLICY)
    written(tmp_path / "b.json", "{")
    (tmp_path / "c.json").mkdir()
    (tmp_path / "d.json").write_bytes(b"\x7fELF\x02\x00")
    (tmp_path / "e.json").touch()
    (tmp_path / "f.yaml").write_bytes("Version: '1'".encode("utf-16"))
    written(tmp_path / "g.json", TRUST)
    found = list(find.documents(tmp_path))
    assert [(Path(one.place.findings.file).stem, one.kind) for one in found] == [
        ("a", "identity"),
        ("b", "faulty"),
        ("c", "unreadable"),
        ("d", "faulty"),
        ("e", "faulty"),
        ("f", "faulty"),
        ("g", "trust"),
    ]
    messages = [fault.message for one in found for fault in one.place.findings.faults]
    assert [message.partition(":")[0] for message in messages] == [
        "is not strict JSON",
        "is a directory, not a file",
        "is not strict JSON",
        "is empty",
        "is not UTF-8 text but UTF-16, as the `>` of PowerShell writes it",
    ]
    assert examine(tmp_path).documents == 2


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    for name in ("b/c/policy.json", "b/a.yaml", ".git/config.json", "d/.hidden.json", "d/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        written(tmp_path / name, POLICY)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    files = [one.place.findings.file for one in find.documents(tmp_path)]
    assert files == [str(tmp_path / "b/a.yaml"), str(tmp_path / "b/c/policy.json")]


def test_the_accounts_files_of_each_folder_are_one_document(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        written(tmp_path / name, "accounts: {}")
    (tmp_path / "c.yaml").symlink_to("gone")
    (tmp_path / "test").mkdir()
    written(tmp_path / "test" / "a.yaml", "accounts: {}")
    one, unreadable, other = find.documents(tmp_path)
    assert (one.kind, [path.name for path in one.contents]) == ("accounts", ["a.yaml", "b.yaml"])
    assert unreadable.kind == "unreadable"
    assert (other.kind, list(other.contents)) == ("accounts", [tmp_path / "test" / "a.yaml"])


def test_a_folder_without_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidFiles, match=r"contains no file \*\.yaml"):
        list(find.documents(tmp_path))
    assert [found[0] for found in found_in(tmp_path / "gone")] == ["unreadable"]


def test_a_name_that_is_not_utf_8_does_not_hide_the_other_folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    written(tmp_path / "b" / "policy.json", POLICY)
    Path(os.fsdecode(bytes(tmp_path / "a") + b"/\xff.json")).touch()
    assert [found[0] for found in found_in(tmp_path)] == ["unreadable", "identity"]


def test_a_folder_that_cannot_be_listed_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written(tmp_path / name / "policy.json", POLICY)
    status = Path.stat

    def refuse(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent.name == "a":
            raise PermissionError(13, os.strerror(13))
        return status(path, follow_symlinks=follow_symlinks)

    # The system refuses the status of a name in such a folder, even of one that does not exist.
    monkeypatch.setattr(Path, "stat", refuse)
    broken, sound = find.documents(tmp_path)
    assert (broken.kind, sound.kind) == ("unreadable", "identity")
    [fault] = broken.place.findings.faults
    assert str(fault) == f"{tmp_path / 'a'}: cannot be read: permission denied"
    [broken] = find.documents(tmp_path / "a" / "policy.json")
    assert broken.kind == "unreadable"


def test_a_catalog_is_one_document_and_other_folders_with_roles_are_not(tmp_path: Path) -> None:
    catalog = resources.path("catalog")
    (found,) = find.documents(catalog)
    assert (found.kind, found.place.findings.file) == ("catalog", str(catalog))
    for folder, document in (("roles", TRUST), ("policies", POLICY)):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / "app.json", document)
    assert [found[0] for found in found_in(tmp_path)] == ["identity", "trust"]


# Streams and encodings


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("accounts: {}", ["accounts"]),
        (json.dumps(POLICY), ["identity"]),
        (json.dumps([POLICY, TRUST], indent="\t"), ["identity", "trust"]),
        (json.dumps(json.dumps(TRUST)), ["trust"]),
        ('{"PolicyDocument"', ["faulty"]),
    ],
)
def test_a_pipe_is_read_once(text: str, kinds: list[str]) -> None:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    assert [found[0] for found in found_in(Path(f"/dev/fd/{reader}"))] == kinds
    os.close(reader)


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_a_byte_order_mark_is_left_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(codecs.BOM_UTF8 + json.dumps(POLICY).encode())
    assert (found_in(path), faults(path)) == ([("identity", "", "$")], [])


# Policies of resources


@pytest.mark.parametrize(
    ("changes", "noun"),
    [
        ({}, "a bucket policy"),
        ({"Principal": "*", "Action": ["oss:Get*", "OSS:List*"]}, "a bucket policy"),
        (
            {"Action": "kms:*", "Principal": {"RAM": ["acs:ram::1234567890123456:*"]}},
            "a key policy",
        ),
        ({"Action": "*", "Principal": "*"}, "the policy of a resource, such as a VPC endpoint"),
        ({"Action": ["log:*", "oss:*"]}, "the policy of a resource, such as a VPC endpoint"),
        ({"Action": 5}, "the policy of a resource, such as a VPC endpoint"),
    ],
)
def test_the_policy_of_a_resource_is_one_fault(
    tmp_path: Path, changes: dict[str, object], noun: str
) -> None:
    statement = {**OF_A_BUCKET, **changes}
    document: dict[str, object] = {"Version": "1", "Statement": [statement, READS]}
    assert faults(written(tmp_path / "a.json", document)) == [
        f"1: $: is {noun}: ramgate decides identity, control, session and trust policies"
    ]
    document["Statement"] = statement
    assert len(faults(written(tmp_path / "a.json", document))) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": "*"},
        {"Principal": ["*"], "Resource": "*"},
        {"Action": ["sts:AssumeRole", "oss:GetObject"], "Resource": "*"},
        {"Action": "*", "Resource": "*"},
        {"Action": "oss:GetObject"},
    ],
)
def test_a_faulty_trust_policy_is_not_the_policy_of_a_resource(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = written(tmp_path / "a.json", {"Version": "1", "Statement": [{**ADMITS, **changes}]})
    assert found_in(path) == [("trust", "", "$")]
    assert faults(path)
    assert not any("ramgate decides" in fault for fault in faults(path))


def test_a_policy_without_statements_is_not_the_policy_of_a_resource(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", {"Version": "1", "Statement": ["x"]})
    assert (found_in(path), advice(path)) == ([("identity", "", "$")], [])


def naming(folder: Path, *paths: str) -> Path:
    policies = {f"p{place}": {"file": path} for place, path in enumerate(paths)}
    return written(folder / "a.json", {"accounts": {"1234567890123456": {"policies": policies}}})


def test_files_that_accounts_files_name_are_part_of_these(tmp_path: Path) -> None:
    for folder in ("policies", "policies/deep", "other"):
        (tmp_path / folder).mkdir()
    path = naming(tmp_path, "policies/p.json", "policies/deep/q.json", "policies/gone.json", "../x")
    for name in ("policies/p.json", "policies/deep/q.json", "policies/alone.json", "other/r.json"):
        written(tmp_path / name, POLICY)
    accounts, *others = find.documents(tmp_path)
    names = ("policies/deep/q.json", "policies/gone.json", "policies/p.json")
    assert accounts.named == {tmp_path / name for name in names}
    assert accounts.documents == 4
    assert [found.place.findings.file for found in others] == [
        *(f"{tmp_path}/other/r.json", f"{tmp_path}/policies/alone.json")
    ]
    [alone] = find.documents(path)
    assert (alone.kind, alone.named) == ("accounts", accounts.named)
    (tmp_path / "policies/gone.json").symlink_to("p.json")
    (tmp_path / "policies/alone.json").unlink()
    assert [found.kind for found in find.documents(tmp_path)] == ["accounts", "identity"]


def test_an_escape_hides_no_name(tmp_path: Path) -> None:
    path = naming(tmp_path, "p.json")
    path.write_text(path.read_text().replace('"file"', '"f\\u0069le"'))
    [accounts] = find.documents(path)
    assert accounts.named == {tmp_path / "p.json"}


def test_accounts_files_that_cannot_be_parsed_name_nothing(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    written(tmp_path / "policies/p.json", POLICY)
    written(tmp_path / "b.json", '{"accounts": {"file": ')
    naming(tmp_path)
    assert [found.kind for found in find.documents(tmp_path)] == ["accounts", "identity"]
