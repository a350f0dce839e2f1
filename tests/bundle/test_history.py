from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from opa_store import OpaStore, RefusedError
from ramgate.bundle import history as histories
from ramgate.bundle.archive import manifest, snapshot
from ramgate.bundle.builder import Builder, Bundle
from ramgate.bundle.change import change
from ramgate.bundle.encoded import Encoded, encode
from ramgate.bundle.history import History

if TYPE_CHECKING:
    from pathlib import Path


class Bundles:
    """Bundles of a store with one number, each made from the one before."""

    def __init__(self) -> None:
        self._last: tuple[str, Encoded] | None = None

    def of(self, number: int) -> Bundle:
        before = self._last and self._last[1]
        store = {"f": {"number": number}}
        encoded, revision = encode(store, before), f"r-{number}"
        led = self._last and change(*self._last, revision, encoded)
        self._last = revision, encoded

        def pack(*, is_patchable: bool) -> bytes:
            return snapshot({".manifest": manifest(revision, is_patchable=is_patchable)}, encoded)

        return Bundle(pack, revision, {}, change=led)


def opa_with(bundle: Bundle) -> OpaStore:
    return OpaStore(bundle.patchable)


def test_each_bundle_of_the_history_leads_to_the_last() -> None:
    bundles = Bundles()
    made = [bundles.of(number) for number in range(5)]
    history = History(made[0])
    for one in made[1:]:
        history = history.then(one)
    assert history.bundle is made[-1]
    for one in made[:-1]:
        opa = opa_with(one)
        patch = history.patch(one.revision)
        assert patch is not None
        opa.patch(patch)
        fresh = opa_with(made[-1])
        assert (opa.manifest, opa.store) == (fresh.manifest, fresh.store)
        assert opa.revision == "r-4"
    assert history.patch("r-4") is None
    assert history.patch("another") is None


def test_an_opa_with_another_revision_refuses_a_patch() -> None:
    bundles = Bundles()
    first, second, third = (bundles.of(number) for number in range(3))
    patch = History(second).then(third).patch("r-1")
    assert patch is not None
    for one in (first, third):
        opa, before = opa_with(one), opa_with(one)
        with pytest.raises(RefusedError, match="is not there"):
            opa.patch(patch)
        assert (opa.manifest, opa.store) == (before.manifest, before.store)


def test_an_opa_that_is_not_patchable_refuses_a_patch() -> None:
    bundles = Bundles()
    first, second = bundles.of(1), bundles.of(2)
    patch = History(first).then(second).patch("r-1")
    assert patch is not None
    with pytest.raises(RefusedError, match="is owned by the bundle"):
        OpaStore(first.content).patch(patch)
    opa = opa_with(first)
    with pytest.raises(RefusedError, match="is owned by the bundle"):
        opa.patch(b'[{"op": "replace", "path": "/store/f/number", "value": 3}]')


def test_only_the_last_bundles_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "_MOST_CHANGES", 2)
    bundles = Bundles()
    history = History(bundles.of(0))
    for number in range(1, 5):
        history = history.then(bundles.of(number))
    assert [history.patch(f"r-{number}") is None for number in range(5)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_a_revision_that_comes_back_takes_the_shortest_way() -> None:
    bundles = Bundles()
    history = History(bundles.of(1))
    for number in (2, 1, 3):
        history = history.then(bundles.of(number))
    opa = opa_with(Bundles().of(1))
    patch = history.patch("r-1")
    assert patch is not None
    opa.patch(patch)
    assert opa.store == opa_with(history.bundle).store
    assert history.then(bundles.of(2)).then(bundles.of(3)).patch("r-3") is None


@pytest.mark.parametrize("breaks", [{}, {"base": "r-9"}, {"revision": "r-9"}])
def test_a_bundle_of_unknown_origin_starts_a_history_of_its_own(breaks: dict[str, Any]) -> None:
    bundles = Bundles()
    history, second = History(bundles.of(1)), bundles.of(2)
    assert second.change is not None
    parts = {name: getattr(second.change, name) for name in ("base", "revision", "members")}
    other = type(second.change)(**{**parts, **breaks}) if breaks else None
    stranger = Bundle(second.content, "r-2", {}, change=other)
    assert history.then(stranger).patch("r-1") is None
    assert history.then(second).patch("r-1") is not None
    assert history.then(stranger).then(bundles.of(3)).patch("r-2") is not None


def test_the_same_revision_keeps_the_history() -> None:
    bundles = Bundles()
    history = History(bundles.of(1)).then(bundles.of(2)).then(bundles.of(2))
    assert history.patch("r-1") is not None


def test_a_patch_moves_the_serial(tmp_path: Path) -> None:
    file, serials = tmp_path / "accounts.json", itertools.count(7)
    builder = Builder(serial=lambda: next(serials))
    file.write_text('{"accounts": {"1234567890123456": {}}}')
    first = builder.build(file)
    file.write_text('{"accounts": {"1234567890123456": {"users": {"alice": {}}}}}')
    second = builder.build(file)
    patch = History(first).then(second).patch(first.revision)
    assert patch is not None
    opa, fresh = opa_with(first), opa_with(second)
    opa.patch(patch)
    assert opa.manifest["metadata"] == {"serial": 8, "at": {second.revision: True}}
    assert (opa.manifest, opa.store) == (fresh.manifest, fresh.store)
