from __future__ import annotations

import gzip
import json
import random
from typing import Any

import msgspec
import pytest

from ramgate.bundle.encoded import Encoded, encode

SEEDS = range(30)


def members(pick: random.Random, most: int) -> dict[str, object]:
    names = {f"{pick.randrange(10_000):04}/{pick.choice('abc')}" for _ in range(most)}
    return {name: {"number": pick.randrange(5)} for name in names}


def edited(pick: random.Random, field: dict[str, object]) -> dict[str, object]:
    """Return the field with some members added, removed and changed."""
    field = dict(field)
    for name in pick.sample(sorted(field), min(len(field), pick.randrange(8))):
        del field[name]
    field.update(members(pick, pick.randrange(8)))
    for name in pick.sample(sorted(field), min(len(field), pick.randrange(8))):
        field[name] = pick.choice([[], "text", {"number": pick.randrange(5)}])
    return field


def text(encoded: Encoded) -> bytes:
    found = gzip.decompress(b"".join(encoded.pieces()))
    assert len(found) == encoded.size
    return found


def test_the_text_is_the_json_of_the_store_with_sorted_keys() -> None:
    store: dict[str, Any] = {
        "policies": {f"p-{number}": {"b": number, "a": []} for number in range(500)},
        "format": 2,
        "accounts": {},
        "é": {"/": ['"'], "": {}},
    }
    expected = json.dumps({"store": store}, sort_keys=True, separators=(",", ":"))
    assert json.loads(text(encode(store))) == json.loads(expected)
    assert text(encode(store)) == msgspec.json.encode({"store": store}, order="sorted")


@pytest.mark.parametrize("store", [{}, {"a": {}}, {"a": 1}, {"a": 1, "b": {}, "c": {"d": {}}}])
def test_the_text_of_a_small_store_is_json(store: dict[str, object]) -> None:
    assert json.loads(text(encode(store))) == {"store": store}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_changed_store_is_encoded_as_a_new_one(seed: int) -> None:
    pick = random.Random(seed)  # noqa: S311 - drawn by a seed
    store: dict[str, Any] = {"a": members(pick, 400), "b": members(pick, 3), "c": {}, "d": 1}
    encoded = encode(store)
    for _ in range(6):
        changed = dict(store)
        for name in pick.sample("abc", pick.randrange(1, 4)):
            changed[name] = edited(pick, store[name])
        changed["d"] = pick.choice([1, 2, {"x": 1}, {"x": 1, "y": 2}])
        if pick.random() < 0.2:
            changed["e"] = {"one": more} if (more := pick.randrange(3)) else more
        encoded, fresh = encode(changed, encoded), encode(changed)
        assert encoded.digest == fresh.digest
        assert b"".join(encoded.pieces()) == b"".join(fresh.pieces())
        assert text(encoded) == msgspec.json.encode({"store": changed}, order="sorted")
        store = changed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {}}, {"a": []}),
        ({"a": {}}, {"b": {}}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}),
        ({"a": {"b": 1}}, {"a": {"c": 1}}),
        ({"a": {"b": 1}, "c": {}}, {"a": {}, "c": {"b": 1}}),
        ({"a": 1}, {"a": 2}),
        ({}, {"a": {}}),
    ],
)
def test_another_store_has_another_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert encode(one).digest != encode(other).digest
    assert encode(one).digest == encode(dict(one)).digest


def test_only_the_group_of_a_changed_member_is_encoded_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies: dict[str, object] = {f"p-{number:05}": {"n": number} for number in range(5_000)}
    before = encode({"policies": policies, "accounts": {"1": {}}})
    seen: list[object] = []
    original = msgspec.json.encode

    def noted(value: object, **how: Any) -> bytes:  # noqa: ANN401 - as of msgspec
        seen.append(value)
        return original(value, **how)

    monkeypatch.setattr(msgspec.json, "encode", noted)
    changed = {**policies, "p-02500": {"n": -1}}
    after = encode({"policies": changed, "accounts": before.members("accounts")}, before)
    assert after.fields["accounts"] is before.fields["accounts"]
    [group] = [one for one in seen if isinstance(one, dict)]
    assert group["p-02500"] == {"n": -1}
    assert len(group) < 1_000
    old, new = before.fields["policies"], after.fields["policies"]
    assert len({*old.groups} & {*new.groups}) == len(old.groups) - 1 > 30  # type: ignore[union-attr]
