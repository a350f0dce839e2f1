from __future__ import annotations

import json
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from processes import eventually
from ramgate.bundle import builder as bundles
from ramgate.sidecar import collector
from ramgate.sidecar.sidecar import Sidecar
from sidecars import REQUEST, ask, recorded
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.bundle.builder import Bundle

MIB = 2**20
DECISIONS = 300


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GOGC", "GOMEMLIMIT"):
        monkeypatch.delenv(name, raising=False)


def variables_of(sidecar: Sidecar) -> dict[str, str]:
    """Return the variables of the running OPA that its collector reads."""
    reply = ask(sidecar.url, target="/v1/query", body={"query": "x := opa.runtime().env"})
    known: dict[str, str] = reply.result[0]["x"]  # type: ignore[index]
    return {name: value for name, value in known.items() if name in {"GOGC", "GOMEMLIMIT"}}


def collections_during_decisions(sidecar: Sidecar) -> int:
    def count() -> int:
        text = ask(sidecar.url, "GET", "/metrics").body.decode()
        found = re.search(r"^go_gc_duration_seconds_count (\d+)$", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    before = count()
    with sidecar.client() as client:
        for _ in range(DECISIONS):
            client.decide(*REQUEST)
    return count() - before


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle with a hundred times the data of the tiny one."""
    file = tmp_path_factory.mktemp("large") / "accounts.json"
    account = "1234567890123456"
    policies = {
        f"policy-{number}": {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": f"ecs:Action{number}x{at}",
                    "Resource": f"acs:ecs:*:*:instance/i-{number}-{at}/*",
                }
                for at in range(30)
            ],
        }
        for number in range(300)
    }
    file.write_text(json.dumps({"accounts": {account: {"policies": policies}}}))
    return bundles.build(file)


def test_a_larger_bundle_gets_more_collections_between_fixed_bounds() -> None:
    sizes = (1, MIB // 10, MIB, 10 * MIB, 1000 * MIB)
    chosen = [int(collector.variables(size)["GOGC"]) for size in sizes]
    assert chosen == sorted(chosen, reverse=True)
    assert len(set(chosen)) > 3
    assert (max(chosen), min(chosen)) == (200, 140)


def test_the_heap_never_grows_by_more_than_a_fifth_of_opas_memory() -> None:
    for size in (MIB // 20, MIB // 4, MIB, 20 * MIB, 200 * MIB):
        live, apart = 8 + 100 * size / MIB, 44
        chosen = int(collector.variables(size)["GOGC"])
        assert apart + (1 + chosen / 100) * live <= 1.2 * (apart + 2 * live)


def test_no_limit_of_memory_is_chosen() -> None:
    """A limit below the live data makes the collector run all the time."""
    assert {name for size in (1, MIB, 1000 * MIB) for name in collector.variables(size)} == {"GOGC"}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"GOGC": "400"}, "GOGC=400"),
        ({"GOMEMLIMIT": "2GiB"}, "GOMEMLIMIT=2GiB"),
        ({"GOGC": "off", "GOMEMLIMIT": "1GiB"}, "GOGC=off GOMEMLIMIT=1GiB"),
    ],
)
def test_variables_of_the_environment_win(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], shown: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert collector.variables(MIB) == {}
    assert collector.described(MIB) == f"garbage collector: {shown}, from the environment"
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        assert variables_of(sidecar) == given


def test_the_choice_is_told_with_its_reason() -> None:
    assert collector.described(MIB // 2) == (
        "garbage collector: GOGC=155, by the size of the bundle, 0.5 MiB "
        "(set GOGC to choose another)"
    )


def test_opa_gets_the_settings_for_its_first_bundle_and_after_a_restart_for_its_present_one(
    large: Bundle, tmp_path: Path
) -> None:
    small, (opa, pid) = tiny_bundle(), recorded(tmp_path)
    before, after = (collector.variables(len(one.content)) for one in (small, large))
    assert before != after
    with Sidecar(bundle=small, opa=opa) as sidecar:
        assert variables_of(sidecar) == before
        sidecar.publish(large)
        assert variables_of(sidecar) == before
        os.kill(int(pid.read_text()), signal.SIGKILL)
        eventually(lambda: sidecar.state().restarts == 1 and sidecar.state().settled)
        assert variables_of(sidecar) == after


def test_a_store_that_grows_does_not_make_the_collector_run_all_the_time(large: Bundle) -> None:
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        sidecar.publish(large)
        assert collections_during_decisions(sidecar) < DECISIONS / 60


def test_a_limit_that_the_store_outgrew_would_make_it_run_all_the_time(
    large: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOMEMLIMIT", "24MiB")
    with Sidecar(bundle=tiny_bundle()) as sidecar:
        sidecar.publish(large)
        assert collections_during_decisions(sidecar) > DECISIONS / 60
