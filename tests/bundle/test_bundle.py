from __future__ import annotations

import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import resources
from ramgate.accounts import reader as accounts
from ramgate.bundle import builder as bundle
from ramgate.catalog import catalog
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.opa.find import find_opa
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

HERE = "1234567890123456"
SECONDS = 60
TRUST = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs.aliyuncs.com"},
        }
    ],
}


def write(folder: Path, account: dict[str, Any]) -> Path:
    path = folder / "accounts.json"
    path.write_text(json.dumps({"accounts": {HERE: account}}))
    return path


def files(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = {}
        for member in archive.getmembers():
            assert member.isfile()
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
            file = archive.extractfile(member)
            assert file
            found[member.name] = file.read()
        return found


def test_a_bundle_holds_code_data_and_a_manifest() -> None:
    built = bundle.build()
    found = files(built.content)
    assert list(found) == sorted(found)
    code = {
        path.relative_to(resources.path("rego")).as_posix(): path.read_bytes()
        for path in resources.path("rego").rglob("*.rego")
        if not path.stem.endswith("_test")
    }
    assert "ram/authz/authz.rego" in code
    assert "system/authz/authz.rego" in code
    assert found == {".manifest": found[".manifest"], "data.json": found["data.json"], **code}
    assert json.loads(found[".manifest"]) == {
        "revision": built.revision,
        "roots": ["ram", "slr", "store", "system"],
        "rego_version": 1,
    }
    example = accounts.load(resources.path("examples/accounts.yaml"), catalog.load())
    whole = Tables().beside(example)
    assert json.loads(found["data.json"]) == {"store": json.loads(json.dumps(whole))}
    assert "content" not in repr(built)


def test_what_it_knows_is_counted(tmp_path: Path) -> None:
    assert bundle.build().counts == {"accounts": 1, "policies": 11, "roles": 5, "users": 3}
    nothing = bundle.build(write(tmp_path, {}))
    assert nothing.counts == {"accounts": 1, "policies": 9, "roles": 0, "users": 0}


def test_the_same_gives_the_same_byte_for_byte(tmp_path: Path) -> None:
    users = {"a": {}, "b": {"policies": ["AdministratorAccess", "AliyunKafkaFullAccess"]}}
    first = bundle.build(write(tmp_path, {"users": users}))
    users = {"b": {"policies": ["AliyunKafkaFullAccess", "AdministratorAccess"]}, "a": {}}
    assert bundle.build(write(tmp_path, {"users": users})) == first


def test_another_grant_is_another_revision(tmp_path: Path) -> None:
    revisions = {
        bundle.build(write(tmp_path, {"users": {"a": {"policies": policies}}})).revision
        for policies in ([], ["AdministratorAccess"], ["AliyunKafkaFullAccess"])
    }
    assert len(revisions) == 3
    assert all(len(revision) == 16 for revision in revisions)


def test_other_code_is_another_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {})
    before = bundle.build(path)
    code = tmp_path / "rego" / "ram" / "authz"
    code.mkdir(parents=True)
    (code / "authz.rego").write_text("package ram.authz\n")
    (code / "authz_test.rego").write_text("package ram.authz_test\n")
    shipped = resources.path
    monkeypatch.setattr(
        resources, "path", lambda name: tmp_path / name if name == "rego" else shipped(name)
    )
    after = bundle.build(path)
    assert after.revision != before.revision
    assert set(files(after.content)) == {".manifest", "data.json", "ram/authz/authz.rego"}


def test_the_example_is_a_request_by_somebody_it_knows(tmp_path: Path) -> None:
    owner = {"principal": f"acs:ram::{HERE}:root", "action": "ram:ListRoles", "resource": "*"}
    assert bundle.build().example == {
        "principal": f"acs:ram::{HERE}:role/AliyunServiceRoleForAlikafka",
        "action": "ecs:authorizesecuritygroup",
        "resource": "*",
    }
    role = {"trust": TRUST, "policies": ["AdministratorAccess"]}
    assert bundle.build(write(tmp_path, {"roles": {"App": role}})).example == owner
    assert bundle.build(write(tmp_path, {})).example == owner
    roles = {
        name: {"trust": TRUST, "policies": [policy]}
        for name, policy in (("B", "AliyunKafkaFullAccess"), ("A", "AliyunKafkaReadOnlyAccess"))
    }
    first = bundle.build(write(tmp_path, {"roles": roles})).example
    assert first["principal"] == f"acs:ram::{HERE}:role/A"
    (tmp_path / "accounts.json").write_text('{"accounts": {}}')
    assert bundle.build(tmp_path / "accounts.json").example == owner


def test_what_cannot_be_loaded_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match="there is no policy `gone`"):
        bundle.build(write(tmp_path, {"users": {"a": {"policies": ["gone"]}}}))
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        bundle.build(tmp_path / "gone.yaml")


def test_a_stock_opa_loads_it_and_decides(tmp_path: Path) -> None:
    built = bundle.build(write(tmp_path, {"users": {"a": {"policies": ["AliyunKafkaFullAccess"]}}}))
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(built.content)
    asked = {
        "principal": f"acs:ram::{HERE}:user/a",
        "action": "alikafka:GetInstanceList",
        "resource": "*",
    }
    (tmp_path / "input.json").write_text(json.dumps(asked))
    answer = subprocess.run(
        [
            str(find_opa()),
            *("eval", "--format=raw", f"--input={tmp_path / 'input.json'}"),
            *(f"--bundle={path}", "data.ram.authz.decision"),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert json.loads(answer.stdout) == {
        "allow": True,
        "effect": "Allow",
        "reason": "statement_allows",
        "policy_type": "AccountLevelIdentityBasedPolicy",
        "statements": [{"policy": "AliyunKafkaFullAccess", "index": 0}],
    }
