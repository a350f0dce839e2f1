from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from ramgate import accounts, bundle, catalog, source
from ramgate.accounts import Reader
from ramgate.bundle import Builder
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
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


def test_a_builder_builds_the_example_where_no_accounts_are_named() -> None:
    assert Builder().build() == bundle.build()


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
