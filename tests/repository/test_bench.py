"""The benchmarks: their questions, their calculations and the texts of their reports."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
import re
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bench import __main__ as command
from bench import (
    cases,
    corpus_mix,
    floor,
    guard,
    load,
    machine,
    memory,
    middleware,
    questions,
    report,
    scale,
)
from bench.latency import latencies_from_due, ratio_of_p99
from bench.measure import Pair, Rounds, against_the_floor, combine, percentile
from bench.report import GOALS, Figure, Goal, Results, Section, Table
from bench.run import Run
from bench.server import DECISION, DECISIONS, Opa, WrongAnswerError
from ramgate.bundle import builder as bundle

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = Path(__file__).parents[2]
TABLE = Table("Odd | even", ("a", "b"), (("1|2", "3"),), "A note.")


@pytest.fixture(scope="module")
def opa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opa]:
    folder = tmp_path_factory.mktemp("b")
    questions.write(folder / "accounts", accounts=2)
    cases.write(folder / "accounts")
    corpus_mix.write(folder / "accounts")
    content = bundle.build(folder / "accounts").content
    with Opa(content, folder, store="read", constants={"whole": [1, "two"]}) as started:
        yield started


def results(**figures: float) -> Results:
    found = {key: Figure(value, "default") for key, value in figures.items()}
    described = {"cores": "2", "CPU": "Fast", "OPA": "1.22.2", "measured": "7 rounds of 1 s"}
    return Results(described, (Section("one", (TABLE,), found),))


# Questions


def test_every_question_has_its_expected_decision(opa: Opa) -> None:
    opa.check([*questions.mixes(10), *guard.asked()])


def test_every_case_has_a_goal_and_questions() -> None:
    keys = [case.key for case in cases.cases()]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= {goal.key for goal in GOALS}
    assert all(case.questions for case in cases.cases())


def test_a_role_is_asked_in_lower_case_as_ram_spells_it_and_as_stored() -> None:
    asked = [question for question in questions.mix() if ":role/" in question.principal]
    stored = [one for one in questions.mix(as_stored=True) if ":role/" in one.principal]
    assert len(asked) == 3
    assert [one.principal for one in asked] == [one.principal.lower() for one in stored]
    assert all(one.principal != other.principal for one, other in zip(asked, stored, strict=True))


def test_a_session_is_asked_in_both_forms_and_spellings() -> None:
    [sessions] = [case.questions for case in cases.cases() if case.key == "session"]
    forms = {question.principal.partition("6:")[2] for question in sessions}
    ends = ("App/session-1", "app/session-1")
    assert forms == {f"{form}/{end}" for form in ("role", "assumed-role") for end in ends}


def test_half_of_the_many_statements_are_patterns() -> None:
    resources = [str(statement["Resource"]) for statement in cases.statements()]
    assert len(set(resources)) == 5_000
    assert sum(resource.endswith("/*") for resource in resources) == 2_500


def test_every_probe_has_its_expected_effect(opa: Opa) -> None:
    probes = questions.probes()
    answer = json.loads(opa.ask(DECISIONS, questions.batch(probes)).body)
    found = [decision["effect"] for decision in answer["result"]]
    assert found == [probe.effect for probe in probes]
    assert set(found) == {"Allow", "ImplicitDeny"}


def test_a_wrong_decision_stops_the_benchmarks(opa: Opa) -> None:
    [question, *_] = questions.mix()
    with pytest.raises(WrongAnswerError, match="service-linked role, Allow"):
        opa.check([dataclasses.replace(question, effect="ExplicitDeny")])


def test_no_two_questions_of_a_batch_are_equal() -> None:
    assert len({question.body for question in questions.mixes(1000)}) == 1000


def test_the_user_of_the_mix_has_ten_policies_and_two_groups(tmp_path: Path) -> None:
    questions.write(tmp_path, accounts=1)
    written = json.loads((tmp_path / "mix.json").read_text())["accounts"]
    user = next(iter(written.values()))["users"]["alice"]
    assert (len(user["policies"]), len(user["groups"])) == (10, 2)


def test_the_peers_get_the_policies_that_ramgate_has() -> None:
    documents = questions.documents()
    principals = {question.principal for question in questions.mix(as_stored=True)}
    assert principals <= set(documents)
    assert len(documents[f"{next(iter(documents)).partition('role/')[0]}user/alice"]) == 12


@pytest.mark.parametrize("size", [4, 100, 10_000])
def test_worlds_of_any_size_get_the_same_kinds_of_questions(size: int) -> None:
    asked = scale.questions_of(size)
    conditional = [question for question in asked if question.context]
    assert len(asked) == min(10 * sum(role % 40 < 10 for role in range(size)), 1000)
    assert len(conditional) * 10 == len(asked)
    assert {tuple(question.context) for question in conditional} == {("acs:Service",)}


def test_grants_of_a_world_are_allowed(tmp_path: Path) -> None:
    scale.write(tmp_path / "accounts", 4)
    content = bundle.build(tmp_path / "accounts").content
    with Opa(content, tmp_path, has_floor=False) as opa:
        opa.check([*scale.questions_of(4), *questions.mix()])
        heap, resident = opa.memory()
    assert 0 < heap < resident


def test_roles_that_share_a_policy_share_it(tmp_path: Path) -> None:
    memory.write_shared(tmp_path, 250)
    counts = bundle.build(tmp_path).counts
    empty = bundle.build().counts
    assert counts["roles"] == 250
    assert counts["policies"] < empty["policies"] + 10


# The floor and the load


def test_a_bundle_with_the_floor_answers_the_floor_and_constants(opa: Opa) -> None:
    body = questions.mix()[0].body
    assert json.loads(opa.ask(floor.ALLOW, body).body) == {"result": True}
    assert json.loads(opa.ask(floor.path("whole"), body).body) == {"result": [1, "two"]}


def test_the_floor_is_a_root_of_the_bundle() -> None:
    content = floor.add_to(bundle.build().content, {})
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        manifest = archive.extractfile(".manifest")
        assert manifest is not None
        assert json.load(manifest)["roots"] == [*bundle.ROOTS, "floor"]


def test_an_overlong_request_is_answered_before_opa_has_read_it(opa: Opa) -> None:
    answer = opa.ask(DECISION, b" " * (17 << 20))
    assert answer.status == 400
    assert "exceeds limit" in answer.words


def test_the_words_of_an_answer_are_one_short_line(opa: Opa) -> None:
    answer = opa.ask("/metrics")
    assert "\n" not in answer.words
    assert len(answer.words) == 161


@pytest.mark.parametrize("has_wrk", [False, True])
def test_load_comes_from_wrk_or_from_python(
    opa: Opa,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_wrk: bool,  # noqa: FBT001 - a parameter
) -> None:
    if not has_wrk:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    elif shutil.which("wrk") is None:
        pytest.skip("no wrk here")
    asked = load.write_bodies(tmp_path, "x", [question.body for question in questions.mix()])
    found = load.slice_of(f"{opa.url}{DECISION}", asked, 1)
    assert found.rate > 0
    assert list(found.latency) == sorted(found.latency)
    assert ("wrk," in load.generator()) == has_wrk
    with pytest.raises(WrongAnswerError, match="requests failed"):
        load.slice_of(f"{opa.url}/v1/nothing", asked, 1)


# The middleware


def test_the_middleware_is_measured_beside_the_plain_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "CONCURRENT", 20)
    run = Run(tmp_path, rounds=1, seconds=1, largest=4)
    found = middleware.measure(run)
    [table] = found.tables
    assert [row[:2] for row in table.rows] == [
        (name, arrival)
        for arrival in ("all at once", "250 a second")
        for name in ("without", "without, a question over a raw socket", "with")
    ]
    assert set(found.figures) <= {goal.key for goal in GOALS}
    assert all(float(cell) > 0 for row in table.rows for cell in row[2:])


def test_a_wrong_answer_stops_the_measurement_of_the_middleware() -> None:
    waited: dict[str, float] = {}
    app = middleware.application(None, 0, waited)
    asyncio.run(middleware.call(app, "/instances/x/topics"))
    assert list(waited) == ["x"]
    with pytest.raises(WrongAnswerError, match=r"/nowhere was answered with \[404\]"):
        asyncio.run(middleware.call(app, "/nowhere"))


# Calculations


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    rounds = Rounds([Pair(10, 5), Pair(20, 4), Pair(10, 9)])
    assert rounds.ratio == 0.5
    assert rounds.spread == (0.2, 0.9)
    assert rounds.rate == 5


def test_requests_with_the_same_bodies_for_the_floor_share_its_slice(
    monkeypatch: pytest.MonkeyPatch, opa: Opa, tmp_path: Path
) -> None:
    slices: list[str] = []

    def slice_of(url: str, file: Path, _: int) -> load.Slice:
        slices.append(f"{url.rpartition('/')[2]} {file.name}")
        return load.Slice(len(slices), ())

    monkeypatch.setattr(load, "slice_of", slice_of)
    names = ("a", "b", "c", "d", "e")
    asked = {name: tmp_path / name for name in names}
    floors = dict.fromkeys(names[:4], tmp_path / "alike")
    found = against_the_floor(opa, asked, rounds=2, seconds=1, floors=floors)
    once = ["allow alike", "decision a", "decision b", "decision c", "allow alike", "decision d"]
    once += ["allow e", "decision e"]
    assert slices[2:] == 2 * once
    assert found["c"].pairs == [Pair(3, 6), Pair(11, 14)]
    assert found["e"].pairs == [Pair(9, 10), Pair(17, 18)]


def test_the_rate_of_the_mix_is_the_harmonic_mean() -> None:
    whole = combine([Rounds([Pair(10, 2)]), Rounds([Pair(10, 6)])])
    [pair] = whole.pairs
    assert pair.floor == pytest.approx(10)
    assert pair.rate == pytest.approx(3)


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (99, 10), (99.9, 10), (1, 1)])
def test_a_percentile_is_the_least_value_that_is_not_exceeded(percent: float, value: int) -> None:
    assert percentile([3, 1, 2, 5, 4, 10, 9, 8, 7, 6], percent) == value


def test_latency_at_a_fixed_rate_contains_the_wait_before_sending() -> None:
    # due at 0, 1 and 2 ms; sent at 0, 1 and 5 ms; each answered after 1 ms
    hits = [(2, 1_005_000_000, 1_000_000), (0, 1_000_000_000, 1_000_000), (1, 1_001_000_000, 10**6)]
    assert latencies_from_due(hits, 1000) == [4000, 1000, 1000]


def test_the_ratio_of_p99_is_the_median_of_the_turns() -> None:
    turns: dict[tuple[str, str], list[list[float]]] = {
        ("floor", "TCP"): [[1, 1, 2, 1], [1, 1, 4, 1], [1, 1, 1, 1]],
        ("the mix", "TCP"): [[9, 9, 6, 9], [9, 9, 4, 9], [9, 9, 100, 9]],
        ("the mix", "unix socket"): [[0, 0, 0, 0]] * 3,
    }
    assert ratio_of_p99(turns) == 3


# Texts


@pytest.mark.parametrize(
    ("goal", "bound", "value", "verdict"),
    [
        (Goal("k", "w", "{:.2f}", most=0.5), "≤ 0.50", 0.5, "met"),
        (Goal("k", "w", "{:.2f}", most=0.5), "≤ 0.50", 0.501, "**not met**"),
        (Goal("k", "w", "{:.0f} ms", least=2), "≥ 2 ms", 2.0, "met"),
        (Goal("k", "w", "{:.0f} ms", least=2), "≥ 2 ms", 1.9, "**not met**"),
        (Goal("k", "w", "{}"), "printed", 1.0, ""),
    ],
)
def test_a_goal_is_met_up_to_its_bound(goal: Goal, bound: str, value: float, verdict: str) -> None:
    assert goal.bound == bound
    assert goal.verdict(value) == verdict


def test_the_keys_of_goals_are_unique() -> None:
    keys = [goal.key for goal in GOALS]
    assert len(set(keys)) == len(keys)


def test_a_page_contains_the_measured_goals_and_every_table() -> None:
    page = report.markdown(results(mix=0.519))
    [row] = report.goals(results(mix=0.519)).rows
    assert row == (GOALS[0].subject, "≥ 0.52", "0.52", "default", "**not met**")
    assert f"| {' | '.join(row)} |" in page
    assert "## Odd | even\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 |\n\nA note.\n" in page


def test_the_readme_shows_the_committed_run() -> None:
    text = (ROOT / "README.md").read_text()
    [block] = re.findall(r"<!-- speed -->\n(.*?)<!-- /speed -->", text, re.DOTALL)
    assert block == report.readme(command.latest())


def test_the_committed_page_shows_the_committed_run() -> None:
    assert command.LATEST.with_suffix(".md").read_text() == report.markdown(command.latest())


def test_the_committed_run_has_a_figure_for_every_goal_and_every_part() -> None:
    assert set(command.latest().figures) == {goal.key for goal in GOALS}
    assert [section.name for section in command.latest().sections] == list(command.PARTS)


def test_the_readme_is_updated_from_the_committed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- /speed -->\nafter\n")
    monkeypatch.setattr(command, "README", page)
    assert command.main(["readme"]) == 0
    table = report.readme(command.latest())
    assert page.read_text() == f"before\n<!-- speed -->\n{table}<!-- /speed -->\nafter\n"


# The command


def test_a_run_of_one_part_does_not_replace_the_committed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(run: Run) -> Section:
        built = run.build("mix", questions.write)
        assert built is run.build("mix", questions.write)
        assert built.content
        return Section("throughput", (TABLE,), {"mix": Figure(1.0, "default")})

    monkeypatch.setattr(command, "PARTS", {"throughput": measure, "scale": measure})
    monkeypatch.setattr(command, "PARTIAL", tmp_path / "made" / "partial.json")
    monkeypatch.setattr(machine, "_TIMES", 1)
    before = command.LATEST.read_bytes()
    assert command.main(["throughput", "--rounds", "1"]) == 0
    printed = capsys.readouterr()
    assert "| 1.00 | default | met |" in printed.out
    assert "the floor | " in printed.out
    assert re.search(r"\| minutes \| throughput \d\.\d \|", printed.out)
    assert printed.out == (tmp_path / "made" / "partial.md").read_text()
    assert "bench: throughput\n" in printed.err
    assert command.LATEST.read_bytes() == before


def test_an_unknown_part_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["through"])
    assert (
        "unknown part `through`: the parts are throughput, corpus, scale,"
        in capsys.readouterr().err
    )


def test_the_description_of_the_machine_has_its_versions() -> None:
    described = machine.describe()
    assert {"CPU", "cores", "memory", "system", "Python", "OPA", "ramgate"} <= set(described)
    assert described["OPA"].startswith("1.")


def test_the_guard_reports_grown_costs_and_missing_bounds_and_questions() -> None:
    bounds = {"a": guard.Cost(100, 10), "b": guard.Cost(100, 10)}
    assert guard.regressions({"a": guard.Cost(102, 10), "b": guard.Cost(50, 5)}, bounds) == []
    costs = {"a": guard.Cost(103, 11), "c": guard.Cost(1, 1)}
    assert guard.regressions(costs, bounds) == [
        "`a`: 103 allocations, bound 100",
        "`a`: 11 expressions, bound 10",
        "`b`: no such question: remove its bound with `--write`",
        "`c`: no bound: add it with `--write`",
    ]


def test_every_question_has_a_bound() -> None:
    bounds = msgspec.json.decode(guard.BOUNDS.read_bytes(), type=guard.Costs)
    assert list(bounds) == [question.name for question in guard.asked()]
