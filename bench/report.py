"""What was measured, as tables: the goals, JSON, Markdown and the README's part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["GOALS", "Figure", "Goal", "Results", "Section", "Table", "goals", "markdown", "readme"]


class Goal(NamedTuple):
    """A line of the goals: `key` names its figure, `form` writes it.

    The figure is to be at most or at least a bound; where there is neither, it is printed.
    """

    key: str
    what: str
    form: str
    most: float | None = None
    least: float | None = None

    @property
    def bound(self) -> str:
        """The bound as the table shows it."""
        if self.most is not None:
            return f"≤ {self.form.format(self.most)}"
        if self.least is not None:
            return f"≥ {self.form.format(self.least)}"
        return "printed"

    def verdict(self, value: float) -> str:
        """Whether the value meets the bound: `met`, `not met`, or nothing where there is none."""
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
_BYTES: Final = "{:,.0f} bytes"

GOALS: Final = (
    Goal("mix", "throughput over the floor's: the mix", _RATIO, least=0.52),
    Goal("worst", "the same: the worst of the mix", _RATIO, least=0.47),
    Goal("session", "the same: a role session", _RATIO, least=0.38),
    Goal("wildcard", "the same: an action that only a wildcard grants", _RATIO, least=0.38),
    Goal("member", "the same: a member account under control policies", _RATIO, least=0.25),
    Goal("group", "the same: a resource-group grant", _RATIO, least=0.25),
    Goal("assume", "the same: AssumeRole, the slower of two", _RATIO, least=0.25),
    Goal(
        "scale", "the same from 4 to 100,000 roles: how far the ends are apart", _PERCENT, most=0.10
    ),
    Goal("statements", "5,000 statements that share an action, half patterns", _SMALL_RATIO),
    Goal("policies", "a user with 30 policies, over the mix", _RATIO, least=0.75),
    Goal("batch", "a batch of 100, each, over one floor request", _RATIO, most=0.75),
    Goal("batch_large", "a batch of 1,000, each, off a batch of 100's", _PERCENT, most=0.10),
    Goal(
        "batch_constant", "a batch of 100 constants as long, each, over one floor request", _RATIO
    ),
    Goal(
        "client", "what `Client` adds to a raw unix socket, over the floor's trip", _RATIO, most=0.5
    ),
    Goal(
        "opa_client",
        "opa-python-client's `query_rule`, which knows TCP only, over `Client`, unix socket",
        _TIMES,
        least=5,
    ),
    Goal("opa_client_tcp", "the same, both TCP", _TIMES),
    Goal(
        "async",
        "decisions a second, 50 at once: `AsyncClient(batches=1)` over opa-python-client's",
        _TIMES,
        least=2,
    ),
    Goal("async_each", "the same, `AsyncClient` with a request for each decision", _TIMES),
    Goal("async_load", "the same per second of the client's processor", _TIMES),
    Goal("memory", "memory of a grant, 100,000 roles × 10, default store", _BYTES, most=900),
    Goal("memory_read", "the same in the read store", _BYTES),
    Goal("memory_shared", "the same, policies shared by all roles", _BYTES),
    Goal("build", "10,000 roles: `ramgate build`", _SECONDS, most=30),
    Goal("start", "10,000 roles: OPA's start", _SECONDS, most=5),
    Goal(
        "change", "10,000 roles: a change of one user until OPA answers with it", _SECONDS, most=2
    ),
    Goal("build_large", "100,000 roles: `ramgate build`", _SECONDS),
    Goal("start_large", "100,000 roles: OPA's start", _SECONDS),
    Goal("change_large", "100,000 roles: the change", _SECONDS),
    Goal("check", "`ramgate check --url` from process start to answer", _MILLISECONDS, most=150),
    Goal("import", "`import ramgate`", _MILLISECONDS, most=60),
    Goal("hostile", "bad input: the slowest answer", _SECONDS),
)
"""The goals, in the order of their table."""

_README: Final = (
    "mix",
    "worst",
    "scale",
    "batch",
    "client",
    "opa_client",
    "async",
    "async_each",
    "memory",
)


class Figure(msgspec.Struct, frozen=True):
    """The figure of a goal, and the store that it was measured in, where that matters."""

    value: float
    store: str = ""


class Table(msgspec.Struct, frozen=True):
    """A table of texts, and what must be known to read it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


class Section(msgspec.Struct, frozen=True):
    """What one part of the benchmarks found, the figures by their goals' keys."""

    name: str
    tables: tuple[Table, ...]
    figures: dict[str, Figure]


class Results(msgspec.Struct, frozen=True):
    """One run: the machine in words, and what each part found."""

    machine: dict[str, str]
    sections: tuple[Section, ...]

    @property
    def figures(self) -> dict[str, Figure]:
        """All figures by their goals' keys."""
        return {key: one for section in self.sections for key, one in section.figures.items()}


def goals(results: Results) -> Table:
    """Each goal whose figure was measured, with its bound, its figure and whether it is met."""
    return _goals(results, [goal.key for goal in GOALS])


def _goals(results: Results, keys: Sequence[str]) -> Table:
    found = results.figures
    rows = [
        (
            goal.what,
            goal.bound,
            goal.form.format(found[goal.key].value),
            found[goal.key].store,
            goal.verdict(found[goal.key].value),
        )
        for goal in GOALS
        if goal.key in keys and goal.key in found
    ]
    return Table("Goals", ("what", "goal", "figure", "store", ""), tuple(rows))


def markdown(results: Results) -> str:
    """The whole run as a page."""
    machine = Table("Machine", ("", ""), tuple(results.machine.items()))
    tables = [goals(results), machine]
    tables += [table for section in results.sections for table in section.tables]
    parts = [
        "# Benchmarks",
        "Made by `make bench` in one run. Ratios travel between machines, absolute figures do not.",
        *(_page(table) for table in tables),
    ]
    return "\n\n".join(parts) + "\n"


def readme(results: Results) -> str:
    """The README's part: the goals that a reader asks for first, and where the rest is."""
    machine = results.machine
    found = "\n".join(_lines(_goals(results, _README)))
    return (
        f"{found}\n\n"
        f"Medians ({machine['measured']}) beside OPA's own floor, a constant rule asked with the "
        f"same body, on {machine['cores']} cores of {machine['CPU']}, OPA {machine['OPA']}.\n"
        "All of them, and the machine: [bench/results/latest.md](bench/results/latest.md). "
        "`make bench` measures yours.\n"
    )


def _page(table: Table) -> str:
    parts = [f"## {table.title}", "\n".join(_lines(table)), table.note]
    return "\n\n".join(filter(None, parts))


def _lines(table: Table) -> Iterable[str]:
    yield _line(table.columns)
    yield _line(["---"] * len(table.columns))
    yield from map(_line, table.rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
