"""Render a run of the benchmarks: its goals, JSON, Markdown, and the part in the README."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "GOALS",
    "Figure",
    "Goal",
    "Results",
    "Section",
    "Table",
    "goals",
    "markdown",
    "page",
    "readme",
]


class Goal(NamedTuple):
    """A line of the table of goals.

    `key` names the figure, `subject` describes it, `form` formats it. `most` and `least` are
    bounds; a figure without a bound is only printed.
    """

    key: str
    subject: str
    form: str
    most: float | None = None
    least: float | None = None

    @property
    def bound(self) -> str:
        """The bound, formatted for the table."""
        if self.most is not None:
            return f"≤ {self.form.format(self.most)}"
        if self.least is not None:
            return f"≥ {self.form.format(self.least)}"
        return "printed"

    def verdict(self, value: float) -> str:
        """Return `met` or `**not met**`, or an empty text if there is no bound."""
        if self.most is None and self.least is None:
            return ""
        is_met = (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )
        return "met" if is_met else "**not met**"


_RATIO: Final = "{:.2f}"
_SMALL_RATIO: Final = "{:.4f}"
_TIMES: Final = "{:.1f}"
_PERCENT: Final = "{:.0%}"
_SECONDS: Final = "{:.2f} s"
_MILLISECONDS: Final = "{:.0f} ms"
_PARTS: Final = "{:.2f} ms"
_BYTES: Final = "{:,.0f} bytes"

GOALS: Final = (
    Goal(
        "mix",
        "decisions a second over the floor: the mix of requests, role names as in RAM's ARNs",
        _RATIO,
        least=0.52,
    ),
    Goal("worst", "… the slowest request of the mix", _RATIO, least=0.47),
    Goal(
        "mix_stored",
        "decisions a second over the floor: the mix, role names as in the accounts file",
        _RATIO,
        least=0.52,
    ),
    Goal("worst_stored", "… the slowest request of the mix", _RATIO, least=0.47),
    Goal("session", "… a role session, the slowest of four spellings", _RATIO, least=0.42),
    Goal("wildcard", "… an action that only a wildcard allows", _RATIO, least=0.38),
    Goal("member", "… a member account under control policies", _RATIO, least=0.25),
    Goal("group", "… a grant in a resource group", _RATIO, least=0.40),
    Goal("assume", "… `sts:AssumeRole`, the slower of two", _RATIO, least=0.40),
    Goal("address", "… an `IpAddress` condition with two blocks", _RATIO, least=0.40),
    Goal(
        "multi_factor",
        "… `Bool` on `acs:MFAPresent` with `DateLessThan` on `acs:CurrentTime`",
        _RATIO,
        least=0.35,
    ),
    Goal("boolean", '… the same with `true` instead of `"true"` in the request', _RATIO),
    Goal("like", "… `StringLike` with three values, one value or a list asked", _RATIO, least=0.40),
    Goal("patterns", "… a statement with 60 resource patterns", _RATIO, least=0.45),
    Goal("buckets", "… 20 and 40 statements with a bucket each", _RATIO, least=0.40),
    Goal("keys", "… a context of ten keys, one of which matters", _RATIO, least=0.40),
    Goal("unstated", "… a region or an account that is not stated", _RATIO, least=0.40),
    Goal(
        "corpus",
        "… 300 requests drawn from real documents, half of them matched",
        _RATIO,
        least=0.45,
    ),
    Goal("corpus_worst", "… the slowest of them", _RATIO, least=0.25),
    Goal(
        "scale",
        "… the mix with 4 to 100,000 roles: by how much the fastest is faster",
        _PERCENT,
        most=0.10,
    ),
    Goal(
        "statements", "… 5,000 statements that share an action, half patterns", _RATIO, least=0.10
    ),
    Goal("policies", "a user with 30 policies, over the mix", _RATIO, least=0.75),
    Goal(
        "batch", "one decision of a batch of 100, over one request to the floor", _RATIO, most=0.75
    ),
    Goal(
        "batch_large", "one decision of a batch of 1,000, against one of 100", _PERCENT, most=0.10
    ),
    Goal("batch_constant", "one constant of a batch of 100, over one request to the floor", _RATIO),
    Goal(
        "p99",
        "99th percentile at half of one core's rate over the floor's, `GOGC` as `run` chooses it",
        _TIMES,
        most=4,
    ),
    Goal("p99_go", "… with Go's own `GOGC=100`", _TIMES),
    Goal(
        "client",
        "time that `Client` adds to a raw unix socket, over the time of a round trip to the floor",
        _RATIO,
        most=0.5,
    ),
    Goal(
        "opa_client",
        "time of opa-python-client's `query_rule` (TCP), divided by that of `Client` (unix socket)",
        _TIMES,
        least=5,
    ),
    Goal("opa_client_tcp", "… both over TCP", _TIMES),
    Goal(
        "async",
        "50 tasks at once: `AsyncClient(batches=1)` over opa-python-client",
        _TIMES,
        least=2,
    ),
    Goal("async_each", "… `AsyncClient` with one request for each decision", _TIMES),
    Goal("async_load", "… the same, for each second of the client's processor", _TIMES),
    Goal(
        "async_processor",
        "… the client's processor time for a decision, over opa-python-client's",
        _RATIO,
        most=0.35,
    ),
    Goal("authzen", "AuthZEN: a round trip over that of the native decision", _RATIO),
    Goal("authzen_nginx", "… by nginx", _RATIO),
    Goal("authzen_web", "… by `ramgate authzen`", _RATIO),
    Goal(
        "middleware",
        "FastAPI, 1,000 requests at once: time that the middleware adds to each",
        _PARTS,
        most=0.3,
    ),
    Goal(
        "middleware_processor",
        "… processor time of the application that it adds to each",
        _PARTS,
    ),
    Goal(
        "middleware_paced",
        "… p50 of the response time that it adds, 250 requests a second, 1,000 in flight",
        _PARTS,
        most=0.3,
    ),
    Goal("memory", "memory of a grant, 100,000 roles × 10, default store", _BYTES, most=650),
    Goal("memory_read", "… in the read store", _BYTES),
    Goal("memory_shared", "… with policies that all roles share", _BYTES),
    Goal("build", "10,000 roles: `ramgate build`", _SECONDS, most=30),
    Goal("start", "10,000 roles: start of OPA", _SECONDS, most=5),
    Goal(
        "change", "10,000 roles: from a change of one user to OPA's new answer", _SECONDS, most=0.3
    ),
    Goal("change_memory", "… OPA's memory meanwhile, over that before", _RATIO, most=1.3),
    Goal("build_large", "100,000 roles: `ramgate build`", _SECONDS, most=40),
    Goal("start_large", "100,000 roles: start of OPA", _SECONDS),
    Goal("change_large", "100,000 roles: the same change", _SECONDS, most=1),
    Goal("change_memory_large", "… OPA's memory meanwhile, over that before", _RATIO, most=1.3),
    Goal(
        "fleet",
        "1,000 OPAs wait at `ramgate publish` over TLS: from a change until the last has it",
        _SECONDS,
        most=1,
    ),
    Goal("fleet_memory", "… memory of `ramgate publish`, at most", _BYTES, most=200_000_000),
    Goal("check", "`ramgate check --url`, from process start to answer", _MILLISECONDS, most=150),
    Goal("import", "`import ramgate`", _MILLISECONDS, most=60),
    Goal(
        "sidecar",
        "`Sidecar` with the shipped example, from `start()` to the first decision",
        _MILLISECONDS,
        most=250,
    ),
    Goal(
        "pytest",
        "a session of pytest with one test that decides, no other plugins",
        _MILLISECONDS,
        most=1000,
    ),
    Goal("prove_200", "the prover: a question about 200 statements, median", _SECONDS, most=1),
    Goal("prove_200_worst", "… the slowest", _SECONDS, most=10),
    Goal("prove_500", "… about 500 statements, median", _SECONDS),
    Goal("prove_500_worst", "… the slowest", _SECONDS, most=30),
    Goal(
        "prove_change",
        "… a change of one policy, 10,000 principals with 400 sets of policies",
        _SECONDS,
        most=60,
    ),
    Goal(
        "import_account",
        "`ramgate import alicloud`: 400 users, 60 roles, 300 policies, 20 member accounts",
        _SECONDS,
        most=60,
    ),
    Goal("question", "bad input: CPU of the slowest question", _SECONDS, most=0.25),
    Goal("body", "… of the slowest body of up to 3 MiB", _SECONDS, most=5),
    Goal("stored", "… of the slowest that asks about a policy written to be slow", _SECONDS),
    Goal("stranger", "… time of the slowest body of a stranger", _SECONDS, most=2),
)
"""The goals, in the order of their table."""

_INTRODUCTION: Final = """\
`make bench` made this page. If a part was measured in a run of its own, the table of the machine
says so. Ratios hold on other machines, absolute figures do not. The *floor* is a rule with a
constant answer in the same OPA, asked with the same bodies.\
"""
_README: Final = (
    "mix",
    "worst",
    "mix_stored",
    "scale",
    "batch",
    "client",
    "opa_client",
    "async",
    "async_each",
    "memory",
)


class Figure(msgspec.Struct, frozen=True):
    """The figure of a goal, and the store in which it was measured, if that matters."""

    value: float
    store: str = ""


class Table(msgspec.Struct, frozen=True):
    """A table of texts, with a note for its readers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Section(msgspec.Struct, frozen=True):
    """The results of one part of the benchmarks: its tables, and its figures by goal key."""

    name: str
    tables: tuple[Table, ...]
    figures: dict[str, Figure]


class Results(msgspec.Struct, frozen=True):
    """One run: a description of the machine, and a section for each part."""

    machine: dict[str, str]
    sections: tuple[Section, ...]

    @property
    def figures(self) -> dict[str, Figure]:
        """All figures, by goal key."""
        return {key: one for section in self.sections for key, one in section.figures.items()}


def goals(results: Results) -> Table:
    """Return the table of the measured goals: bound, figure and verdict."""
    return _goals(results, [goal.key for goal in GOALS])


def _goals(results: Results, keys: Sequence[str]) -> Table:
    found = results.figures
    rows = [
        (
            goal.subject,
            goal.bound,
            goal.form.format(found[goal.key].value),
            found[goal.key].store,
            goal.verdict(found[goal.key].value),
        )
        for goal in GOALS
        if goal.key in keys and goal.key in found
    ]
    return Table("Goals", ("measurement", "goal", "figure", "store", ""), tuple(rows))


def markdown(results: Results) -> str:
    """Render the whole run as a page."""
    machine = Table("Machine", ("", ""), tuple(results.machine.items()))
    tables = [goals(results), machine]
    tables += [table for section in results.sections for table in section.tables]
    parts = [
        "# Benchmarks",
        _INTRODUCTION,
        *(page(table) for table in tables),
    ]
    return "\n\n".join(parts) + "\n"


def readme(results: Results) -> str:
    """Render the part for the README: the goals that readers look for first."""
    machine = results.machine
    found = "\n".join(_lines(_goals(results, _README)))
    return (
        f"{found}\n\n"
        f"Medians ({machine['measured']}), measured in one run, in turn with the floor, on "
        f"{machine['cores']} cores of {machine['CPU']}, OPA {machine['OPA']}. "
        "[All figures, and the machine](bench/results/latest.md). `make bench` measures yours.\n"
    )


def page(table: Table) -> str:
    """Render one table as a section of a page."""
    parts = [f"## {table.title}", "\n".join(_lines(table)), table.note]
    return "\n\n".join(filter(None, parts))


def _lines(table: Table) -> Iterable[str]:
    yield _line(table.columns)
    yield _line(["---"] * len(table.columns))
    yield from map(_line, table.rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
