from __future__ import annotations

import gc
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from opa_store import files
from ramgate import resources
from ramgate.accounts import reader
from ramgate.authzen import mapping
from ramgate.bundle import builder as bundles
from ramgate.bundle.builder import Builder, Bundle, build
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.opa.find import find_opa
from ramgate.tables.sets import CompiledSet
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = catalog.load()
ACCOUNTS = [f"{number}" * 16 for number in range(1, 4)]
ADVISED = {"Effect": "Allow", "Action": "a:b", "Resource": "nothing*"}
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


def test_a_bundle_holds_code_data_and_a_manifest() -> None:
    built = build()
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
        "roots": ["authzen", "ram", "slr", "store", "system"],
        "rego_version": 1,
    }
    example = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    whole = Tables().add_to(example)
    expected = json.loads(json.dumps({**whole, "authzen": mapping.EMPTY}))
    assert json.loads(found["data.json"]) == {"store": expected}
    assert "content" not in repr(built)


def test_a_patchable_bundle_leaves_the_records_about_bundles_to_patches() -> None:
    built = build()
    found, patchable = files(built.content), files(built.patchable)
    manifest = json.loads(patchable.pop(".manifest"))
    assert manifest == {
        "revision": built.revision,
        "roots": ["authzen", "ram", "slr", "store", "system/authz", "system/log", "system/status"],
        "rego_version": 1,
        "metadata": {"at": {built.revision: True}},
    }
    del found[".manifest"]
    assert found == patchable
    packages = {name.rpartition("/")[0] for name in found if name.startswith("system/")}
    assert packages == {root for root in manifest["roots"] if root.startswith("system/")}


def test_what_it_knows_is_counted(tmp_path: Path) -> None:
    assert build().counts == {"accounts": 1, "policies": 183, "roles": 5, "users": 3}
    nothing = build(write(tmp_path, {}))
    assert nothing.counts == {"accounts": 1, "policies": 181, "roles": 0, "users": 0}


def test_the_same_gives_the_same_byte_for_byte(tmp_path: Path) -> None:
    users = {"a": {}, "b": {"policies": ["AdministratorAccess", "AliyunKafkaFullAccess"]}}
    first = build(write(tmp_path, {"users": users}))
    users = {"b": {"policies": ["AliyunKafkaFullAccess", "AdministratorAccess"]}, "a": {}}
    assert build(write(tmp_path, {"users": users})) == first


def test_another_grant_is_another_revision(tmp_path: Path) -> None:
    revisions = {
        build(write(tmp_path, {"users": {"a": {"policies": policies}}})).revision
        for policies in ([], ["AdministratorAccess"], ["AliyunKafkaFullAccess"])
    }
    assert len(revisions) == 3
    assert all(len(revision) == 16 for revision in revisions)


def test_other_code_is_another_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {})
    before = build(path)
    code = tmp_path / "rego" / "ram" / "authz"
    code.mkdir(parents=True)
    (code / "authz.rego").write_text("package ram.authz\n")
    (code / "authz_test.rego").write_text("package ram.authz_test\n")
    shipped = resources.path
    monkeypatch.setattr(
        resources, "path", lambda name: tmp_path / name if name == "rego" else shipped(name)
    )
    after = build(path)
    assert after.revision != before.revision
    assert set(files(after.content)) == {".manifest", "data.json", "ram/authz/authz.rego"}


def test_what_cannot_be_loaded_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match="there is no policy `gone`"):
        build(write(tmp_path, {"users": {"a": {"policies": ["gone"]}}}))
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        build(tmp_path / "gone.yaml")


def test_a_stock_opa_loads_it_and_decides(tmp_path: Path) -> None:
    built = build(write(tmp_path, {"users": {"a": {"policies": ["AliyunKafkaFullAccess"]}}}))
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


def account(*users: str, policy: object = ADVISED) -> dict[str, object]:
    """An account whose users hold one policy, about which there is advice."""
    policies = {"own": {"Version": "1", "Statement": [policy]}}
    return {"policies": policies, "users": {user: {"policies": ["own"]} for user in users}}


def put(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))


def test_only_what_has_changed_is_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ACCOUNTS:
        put(tmp_path / f"{number}.json", {"accounts": {number: account("a")}})
    read: list[str] = []
    decode = source.decode

    def noted(content: bytes, name: str, root: str) -> source.Source:
        read.append(name)
        return decode(content, name, root)

    builder = Builder()
    monkeypatch.setattr(source, "decode", noted)
    first = builder.build(tmp_path)
    assert len(read) == len(ACCOUNTS)
    changed = tmp_path / f"{ACCOUNTS[1]}.json"
    put(changed, {"accounts": {ACCOUNTS[1]: account("a", "b")}})
    second = builder.build(tmp_path)
    assert read[len(ACCOUNTS) :] == [str(changed)]
    assert builder.build(tmp_path) == second
    put(changed, {"accounts": {ACCOUNTS[1]: account("a")}})
    assert builder.build(tmp_path) == first
    assert read[len(ACCOUNTS) :] == [str(changed)] * 2
    monkeypatch.undo()
    assert first == build(tmp_path) != second


def test_a_bundle_has_the_change_since_the_last_one(tmp_path: Path) -> None:
    for number in ACCOUNTS:
        put(tmp_path / f"{number}.json", {"accounts": {number: account("a")}})
    builder = Builder()
    first = builder.build(tmp_path)
    assert first.change is None
    put(tmp_path / f"{ACCOUNTS[1]}.json", {"accounts": {ACCOUNTS[1]: account("a", "b")}})
    second = builder.build(tmp_path)
    assert second.change
    assert (second.change.base, second.change.revision) == (first.revision, second.revision)
    assert second.change.members.keys() == {("accounts", ACCOUNTS[1]), ("who", ACCOUNTS[1])}
    third = builder.build(tmp_path)
    assert third.change
    assert (third.change.base, third.change.members) == (third.revision, {})
    assert third == second == build(tmp_path)


def test_a_bundle_is_packed_once_when_it_is_needed() -> None:
    packed: list[bool] = []

    def pack(*, is_patchable: bool) -> bytes:
        packed.append(is_patchable)
        return b"patchable" if is_patchable else b"archive"

    bundle = Bundle(pack, "one", {})
    assert repr(bundle) == "Bundle('one', {}, {}, None)"
    assert packed == []
    assert (bundle.content, bundle.content, packed) == (b"archive", b"archive", [False])
    assert (bundle.patchable, bundle.patchable) == (b"patchable", b"patchable")
    assert packed == [False, True]
    assert Bundle(b"archive", "one", {}).patchable == b"archive"
    assert bundle == Bundle(b"archive", "one", {})
    assert hash(bundle) == hash(Bundle(b"archive", "one", {}))
    assert bundle != Bundle(b"other", "one", {})
    assert bundle != Bundle(b"archive", "one", {"users": 1})
    assert bundle != "one"


def test_a_serial_rises_when_the_clock_stands_still_or_is_set_back() -> None:
    clock = iter([0, 7, 7, 3, 12])
    builder = Builder(serial=lambda: next(clock))
    assert [builder.build().serial for _ in range(5)] == [0, 7, 8, 9, 12]


def test_a_builder_builds_the_example_where_no_accounts_are_named() -> None:
    assert Builder().build() == build()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(tmp_path: Path, enabled: bool) -> None:  # noqa: FBT001
    path = tmp_path / "a.json"
    put(path, {})
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        Builder().build()
        assert gc.isenabled() is enabled
        with pytest.raises(InvalidFiles):
            Builder().build(path)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def test_faults_leave_a_builder_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    put(path, {"accounts": {ACCOUNTS[0]: account("a")}})
    builder = Builder()
    first = builder.build(path)
    put(path, {"accounts": {ACCOUNTS[0]: account("a", policy={})}})
    with pytest.raises(InvalidFiles) as expected:
        reader.load(path, CATALOG)
    with pytest.raises(InvalidFiles) as faults:
        builder.build(path)
    assert faults.value.faults == expected.value.faults
    put(path, {"accounts": {ACCOUNTS[0]: account("a")}})
    assert builder.build(path) == first


def test_many_policies_are_kept_from_the_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = Builder()
    monkeypatch.setattr(bundles, "_MANY", 1_000)
    builder.build(write(tmp_path, {}))
    monkeypatch.setattr(bundles, "_MANY", 10)
    frozen = gc.get_freeze_count()
    try:
        large = Builder()
        large.build(write(tmp_path, {}))
        assert gc.get_freeze_count() > frozen
        # the tables, too: what the collector looks at is in `get_objects`
        assert not any(type(one) is CompiledSet for one in gc.get_objects())
        frozen = gc.get_freeze_count()
        builder.build(write(tmp_path, {"users": {"a": {}}}))  # not at each change
        assert gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()
