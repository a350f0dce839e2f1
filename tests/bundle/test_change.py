from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from opa_store import OpaStore
from ramgate.bundle import change as changes
from ramgate.bundle.archive import manifest, snapshot
from ramgate.bundle.change import Change, change, joined, operations
from ramgate.bundle.encoded import encode

SEEDS = range(60)
NAMES = ("a", "b", "c", "d/e", "100%", "~0", "~1", "%2F", "a b", "acs:ram::1:user/é", "-", "0")


def found(old: dict[str, Any], new: dict[str, Any]) -> Change | None:
    before = encode(old)
    return change("one", before, "two", encode(new, before))


def patch(old: dict[str, Any], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the operations between two fields `f`."""
    one = found({"f": old}, {"f": new})
    assert one is not None
    return [json.loads(operation) for operation in operations(one)]


def value(pick: random.Random, depth: int) -> object:
    if not depth or pick.random() < 0.3:
        return pick.choice(["x", "y", "", [], ["x"], 1, True, False, None, {}])
    return {pick.choice(NAMES): value(pick, depth - 1) for _ in range(pick.choice((0, 1, 2, 3, 8)))}


def fields(pick: random.Random) -> dict[str, Any]:
    return {
        name: {pick.choice(NAMES): value(pick, 3) for _ in range(pick.randrange(9))}
        for name in ("policies", "who", "rest")
    }


def edit(pick: random.Random, one: object, depth: int = 0) -> object:
    """Return a copy with some values changed; the unchanged ones are the identical objects."""
    if not isinstance(one, dict) or (depth and pick.random() < 0.2):
        return value(pick, 2)
    changed = dict(one)
    for name in pick.sample(NAMES, 3) if depth else pick.sample(sorted(one), 2):
        if name in one and pick.random() < 0.7:
            changed[name] = edit(pick, one[name], depth + 1)
        elif depth and name in one:
            del changed[name]
        elif depth:
            changed[name] = value(pick, 2)
    return changed


def apply(opa: OpaStore, one: Change) -> None:
    """Patch the store alone: nothing owns it."""
    opa.manifest["roots"] = []
    opa.patch(b"[%s]" % b",".join(operations(one)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bundle_and_patches_give_the_store_of_the_last(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - drawn by a seed
    store: dict[str, Any] = fields(pick)
    encoded = encode(store)
    opa, lagging = (OpaStore(snapshot({".manifest": manifest("0")}, encoded)) for _ in range(2))
    waiting: list[Change] = []
    for number in range(1, 7):
        store = {
            name: edit(pick, field, 1) if pick.random() < 0.7 else field
            for name, field in store.items()
        }
        store = {name: field if isinstance(field, dict) else {} for name, field in store.items()}
        after = encode(store, encoded)
        step = change(f"{number - 1}", encoded, f"{number}", after)
        assert step is not None
        waiting.append(step)
        encoded = after
        apply(opa, step)
        assert json.dumps(opa.store, sort_keys=True) == json.dumps(store, sort_keys=True)
        if pick.random() < 0.4:
            apply(lagging, joined(waiting))
            waiting = []
            assert json.dumps(lagging.store, sort_keys=True) == json.dumps(store, sort_keys=True)


def test_a_changed_member_is_replaced_a_new_one_added_a_gone_one_removed() -> None:
    same = {"x": 1}
    old = {"same": same, "changed": "1", "gone": {}}
    new = {"same": same, "changed": "2", "text": "3", "object": {"b": [], "a": {}}}
    assert patch(old, new) == [
        {"op": "replace", "path": "/store/f/changed", "value": "2"},
        {"op": "remove", "path": "/store/f/gone"},
        {"op": "add", "path": "/store/f/object", "value": {"a": {}, "b": []}},
        {"op": "add", "path": "/store/f/text", "value": "3"},
    ]


def test_a_large_member_is_changed_inside() -> None:
    users = {f"user-{number}": {"policies": ["p"]} for number in range(100)}
    changed = {**users, "user-5": {"policies": []}, "new": {"policies": []}}
    assert patch({"1": {"users": users}}, {"1": {"users": changed}}) == [
        {"op": "add", "path": "/store/f/1/users/new", "value": {"policies": []}},
        {"op": "replace", "path": "/store/f/1/users/user-5", "value": {"policies": []}},
    ]


def test_equal_values_that_json_tells_apart_are_replaced() -> None:
    replaced = {"op": "replace", "path": "/store/f/a", "value": True}
    assert patch({"a": 1}, {"a": True}) == [replaced]
    assert patch({"a": [1, {}]}, {"a": [1, {}]}) == []


def test_steps_are_escaped_as_opa_reads_them() -> None:
    [operation] = patch({"a%2F~1/é": 1}, {})
    assert operation == {"op": "remove", "path": "/store/f/a%252F~01~1é"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"": 1}, {"": 2}),
        ({"": 1}, {}),
        ({}, {"": {}}),
    ],
)
def test_an_empty_name_has_no_path(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert patch(old, new) == []


def test_an_empty_name_inside_is_written_with_its_object() -> None:
    users = {f"{number}": "x" * 50 for number in range(10)}
    [operation] = patch({"a": users}, {"a": {**users, "": 1}})
    assert operation["path"] == "/store/f/a"
    assert patch({}, {"a": {"": 1}}) == [{"op": "add", "path": "/store/f/a", "value": {"": 1}}]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": {}}, {"a": {}, "b": {}}),
        ({"a": {}, "b": {}}, {"a": {}}),
        ({"a": {}, "b": 1}, {"a": {}, "b": 2}),
        ({"a": {}, "b": 1}, {"a": {}, "b": {}}),
        ({"a": {}, "b": {}}, {"a": {}, "b": 1}),
    ],
)
def test_a_changed_field_as_a_whole_is_not_patched(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert found(old, new) is None
    assert found(old, dict(old)) is not None


def test_a_patch_of_many_operations_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    new: dict[str, Any] = {f"{number}": {} for number in range(5)}
    assert len(patch({}, new)) == 5
    monkeypatch.setattr(changes, "_MOST_OPERATIONS", 4)
    assert patch({}, new) == []


def test_changes_are_joined_to_the_first_and_the_last_value() -> None:
    fields: list[dict[str, Any]] = [{"a": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2, "c": 1}, {}]
    stores = [{"f": field} for field in fields]
    encoded = [encode(stores[0])]
    for store in stores[1:]:
        encoded.append(encode(store, encoded[-1]))
    steps = [
        change(f"{n}", before, f"{n + 1}", after)
        for n, (before, after) in enumerate(itertools.pairwise(encoded))
    ]
    first, second, third = (step for step in steps if step is not None)
    both = joined([first, second])
    assert (both.base, both.revision) == ("0", "2")
    assert {place: tuple(pair) for place, pair in both.members.items()} == {
        ("f", "a"): (1, 1),
        ("f", "b"): (changes.ABSENT, 2),
        ("f", "c"): (changes.ABSENT, 1),
    }
    assert joined([second, third]).members["f", "c"] == (changes.ABSENT, changes.ABSENT)
    removed = b'{"op":"remove","path":"/store/f/a"}'
    assert operations(joined([first, second, third])) == [removed]
