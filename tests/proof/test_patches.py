"""A bundle and N patches are the fresh bundle, in the model of OPA's store and in OPA."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from agreement import read_catalog
from opa_store import OpaStore
from patches import Edited, running_opa
from ramgate.bundle.history import History

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = read_catalog()
SEEDS = range(6)
STEPS = 12


def text(data: object) -> bytes:
    return json.dumps(data, sort_keys=True).encode()


@pytest.mark.parametrize("seed", SEEDS)
def test_patches_lead_to_the_store_of_a_fresh_build(seed: int, tmp_path: Path) -> None:
    edited = Edited(seed, CATALOG, tmp_path / "accounts")
    history = History(edited.bundle)
    opas = [OpaStore(edited.bundle.patchable) for _ in range(2)]
    patched = 0
    for step in range(STEPS):
        history = history.then(edited.edit())
        fresh = edited.fresh()
        assert edited.bundle == fresh
        assert edited.bundle.patchable == fresh.patchable
        whole = OpaStore(fresh.patchable)
        for place in (0, 1) if step % 3 == 2 else (0,):  # the second one lags behind
            patch = history.patch(opas[place].revision)
            if patch is not None:
                patched += 1
                opas[place].patch(patch)
            elif opas[place].revision != fresh.revision:
                opas[place] = OpaStore(fresh.patchable)
            assert opas[place].manifest == whole.manifest
            assert text(opas[place].store) == text(whole.store)
    assert patched > STEPS // 2


def test_opa_has_the_store_of_a_fresh_build_after_each_patch(tmp_path: Path) -> None:
    edited = Edited(100, CATALOG, tmp_path / "accounts")
    with running_opa(tmp_path, edited.bundle) as opa:
        for _ in range(STEPS):
            opa.want(edited.edit())
            assert text(opa.read()) == text(OpaStore(edited.fresh().content).store)
        assert opa.patches > STEPS // 2
