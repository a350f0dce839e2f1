from __future__ import annotations

import gc
import json
import random
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from ramgate.accounts import reader as accounts
from ramgate.accounts.reader import Reader
from ramgate.bundle import builder as bundle
from ramgate.bundle.builder import Builder
from ramgate.catalog import catalog
from ramgate.documents import source
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CATALOG = catalog.load()
ACCOUNTS = [f"{number}" * 16 for number in range(1, 4)]
DIRECTORY = {"management": "9" * 16, "root": {"control_policies": ["FullAliyunAccess"]}}
ADVISED = {"Effect": "Allow", "Action": "a:b", "Resource": "nothing*"}


def account(*users: str, policy: object = ADVISED) -> dict[str, object]:
    """An account whose users hold one policy, about which there is advice."""
    policies = {"own": {"Version": "1", "Statement": [policy]}}
    return {"policies": policies, "users": {user: {"policies": ["own"]} for user in users}}


# What a file may be: sound, in the way of another one, faulty, unreadable, not there.
FORMS: list[object] = [
    {"accounts": {ACCOUNTS[0]: account("a"), ACCOUNTS[1]: account("b")}},
    {"accounts": {ACCOUNTS[2]: account("a", policy={"Effect": "Maybe"})}, "extra": {}},
    {"directory": DIRECTORY},
    {"directory": DIRECTORY, "accounts": {ACCOUNTS[0]: {"roles": {"R": {}}}}},
    {},
    "{",
    b"\xff",
    "a folder",
    None,
]


def put(path: Path, form: object) -> None:
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    match form:
        case None:
            return
        case "a folder":
            path.mkdir()
        case bytes():
            path.write_bytes(form)
        case str():
            path.write_text(form)
        case _:
            path.write_text(json.dumps(form, indent=1))


def outcome(reader: Reader, path: Path) -> tuple[object, ...]:
    try:
        store, found = reader.examine(path)
    except InvalidFiles as error:
        return type(error), error.faults
    return store, list(store["policies"]), list(store["accounts"]), found.faults, found.advice


@pytest.mark.parametrize("seed", range(3))
def test_what_was_read_before_makes_no_difference(tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - the same each time
    reader = Reader(CATALOG)
    sound = 0
    for _ in range(30):
        index = drawn.randrange(len(ACCOUNTS))
        form: object = {"accounts": {ACCOUNTS[index]: account(*"ab"[: drawn.randrange(3)])}}
        if drawn.random() < 0.3:
            form = drawn.choice(FORMS)
        put(tmp_path / f"{index}.json", form)
        expected = outcome(Reader(CATALOG), tmp_path)
        assert outcome(reader, tmp_path) == expected
        sound += len(expected) > 2 and not expected[3]
    assert sound > 3


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
    assert first == bundle.build(tmp_path) != second


def test_what_is_the_same_as_before_is_the_same_object(tmp_path: Path) -> None:
    number, other = ACCOUNTS[:2]
    held = {number: account("a"), other: account("a")}
    put(tmp_path / "a.json", {"accounts": held})
    put(tmp_path / "b.json", {"accounts": {ACCOUNTS[2]: account("a")}})
    reader = Reader(CATALOG)
    first = reader.load(tmp_path)
    held[other] = account("a", "b")
    held[number]["policies"] = {
        "own": {"Version": "1", "Statement": [{**ADVISED, "Effect": "Deny"}]}
    }
    put(tmp_path / "a.json", {"accounts": held})
    second = reader.load(tmp_path)
    assert second == Reader(CATALOG).load(tmp_path) != first

    def changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
        return {name for name in after if after[name] is not before[name]}

    assert changed(first["accounts"], second["accounts"]) == {other}
    assert changed(first["policies"], second["policies"]) == {f"{number}/own"}


def test_only_what_is_new_is_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ACCOUNTS:
        put(tmp_path / f"{number}.json", {"accounts": {number: account("a")}})
    builder = Builder()
    builder.build(tmp_path)
    encoded: list[object] = []
    encode = msgspec.json.encode

    def noted(value: object, *, order: Literal["sorted"] | None = None) -> bytes:
        encoded.append(value)
        return encode(value, order=order)

    monkeypatch.setattr(msgspec.json, "encode", noted)
    users = account("a", "b")
    put(tmp_path / f"{ACCOUNTS[1]}.json", {"accounts": {ACCOUNTS[1]: users}})
    built = builder.build(tmp_path)
    scopes = {"policies": [f"{ACCOUNTS[1]}/own"]}
    assert [value for value in encoded if not isinstance(value, dict) or "store" not in value] == [
        {"roles": {}, "users": {"a": scopes, "b": scopes}},
        {f"acs:ram::{ACCOUNTS[1]}:user/{name}": f"{ACCOUNTS[1]}/own" for name in "ab"},
        {"revision": built.revision, "roots": bundle.ROOTS, "rego_version": 1},
    ]
    monkeypatch.undo()
    assert built == bundle.build(tmp_path)


def test_a_builder_builds_the_example_where_no_accounts_are_named() -> None:
    assert Builder().build() == bundle.build()


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
        accounts.load(path, CATALOG)
    with pytest.raises(InvalidFiles) as faults:
        builder.build(path)
    assert faults.value.faults == expected.value.faults
    put(path, {"accounts": {ACCOUNTS[0]: account("a")}})
    assert builder.build(path) == first
