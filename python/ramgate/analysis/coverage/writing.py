"""Write a report for people, and as lcov."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Final

from ramgate.analysis.coverage.report import share
from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ramgate.analysis.coverage.report import Condition, Report, Statement
    from ramgate.model.decision import Request

__all__ = ["lcov", "text"]

_WIDTH: Final = 100
_COLUMNS: Final = ("stmts", "decided", "matched", "conditions", "cover")


def text(report: Report) -> str:
    """Return a table of the policies, and the statements that are not covered.

    >>> from ramgate.analysis.coverage import Report, Statement
    >>> tried = Statement(account="", policy="p", index=0, effect="Allow", decided=1, matched=1)
    >>> print(text(Report(requests=1, statements=(tried,))))
    policy  stmts  decided  matched  conditions  cover
    p           1        1        1         0/0   100%
    TOTAL       1        1        1         0/0   100%
    """
    return "\n".join([*_table(report.statements), *_missing(report.statements)])


def _table(statements: Sequence[Statement]) -> Iterator[str]:
    groups = {name: tuple(listed) for name, listed in itertools.groupby(statements, _policy)}
    rows = [(name, *_cells(listed)) for name, listed in groups.items()]
    rows.append(("TOTAL", *_cells(tuple(statements))))
    right = sum(len(column) + 2 for column in _COLUMNS)
    width = min(max(len(row[0]) for row in (("policy",), *rows)), _WIDTH - right)
    for name, *cells in (("policy", *_COLUMNS), *rows):
        padded = (cell.rjust(len(column)) for cell, column in zip(cells, _COLUMNS, strict=True))
        yield "  ".join([_shortened(name, width).ljust(width), *padded])


def _cells(statements: tuple[Statement, ...]) -> tuple[str, ...]:
    conditions = [one for statement in statements for one in statement.conditions]
    return (
        str(len(statements)),
        str(sum(one.decided > 0 for one in statements)),
        str(sum(one.matched > 0 for one in statements)),
        f"{sum(one.covered for one in conditions)}/{2 * len(conditions)}",
        # 99.9 is not all
        f"{int(share(statements))}%",
    )


def _policy(statement: Statement) -> str:
    return printable(f"{statement.account}/{statement.policy}".removeprefix("/"))


def _shortened(name: str, width: int) -> str:
    return name if len(name) <= width else f"{name[: width - 1]}…"


def _missing(statements: Sequence[Statement]) -> Iterator[str]:
    for statement in statements:
        if notes := list(_notes(statement)):
            place = f"{statement.file}:{statement.line}"
            yield ""
            yield printable(f"{place}: {statement.effect} {_policy(statement)}[{statement.index}]")
            yield from (f"  {printable(note)}" for note in notes)


def _notes(statement: Statement) -> Iterator[str]:
    if statement.dead:
        yield "dead: it is proved that no request is decided by it alone"
        return
    if not statement.decided:
        yield "matched, but never decided" if statement.matched else "never matched"
        if statement.attempt is not None:
            yield from _attempt(statement.attempt)
    for one in statement.conditions:
        if unmet := _unmet(one):
            yield f"{unmet}: {one.operator} on {one.key} (line {one.line})"


def _unmet(condition: Condition) -> str:
    match condition.satisfied, condition.failed:
        case False, False:
            return "never tested"
        case True, False:
            return "never failed"
        case False, True:
            return "never satisfied"
        case _:
            return ""


def _attempt(request: Request) -> Iterator[str]:
    yield f"try {request.action}"
    yield f"  by {request.principal}"
    yield f"  on {request.resource}"
    for key, value in request.context.items():
        yield f"  with {key} {json.dumps(value, ensure_ascii=False)}"


def lcov(report: Report) -> str:
    """Return the report in lcov's format, for the lines of the accounts files.

    A line counts how often its statement decided. A condition is a branch with two outcomes.

    >>> from ramgate.analysis.coverage import Report, Statement
    >>> parts = {"account": "", "policy": "p", "index": 0, "effect": "Deny"}
    >>> tried = Statement(**parts, file="a.yaml", line=4, decided=1, matched=1)
    >>> print(lcov(Report(requests=1, statements=(tried,))))
    TN:
    SF:a.yaml
    DA:4,1
    LF:1
    LH:1
    end_of_record
    """
    files: dict[str, list[Statement]] = {}
    for statement in report.statements:
        if not statement.dead:
            files.setdefault(statement.file, []).append(statement)
    return "\n".join(["TN:", *(line for file in files.items() for line in _record(*file))])


def _record(file: str, statements: Sequence[Statement]) -> Iterator[str]:
    yield f"SF:{file}"
    lines: dict[int, int] = {}
    branches: list[tuple[int, int, int, str]] = []
    for block, statement in enumerate(statements):
        # of several statements on a line, the least tried counts
        least = min(lines.get(statement.line, statement.decided), statement.decided)
        lines[statement.line] = least
        for place, condition in enumerate(statement.conditions):
            lines.setdefault(condition.line, statement.matched)
            for outcome, was_met in enumerate((condition.satisfied, condition.failed)):
                taken = str(int(was_met)) if condition.covered else "-"
                branches.append((condition.line, block, 2 * place + outcome, taken))
    for branch in sorted(branches):
        yield "BRDA:" + ",".join(map(str, branch))
    if branches:
        yield f"BRF:{len(branches)}"
        yield f"BRH:{sum(taken == '1' for *_, taken in branches)}"
    for line, count in sorted(lines.items()):
        yield f"DA:{line},{count}"
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(count > 0 for count in lines.values())}"
    yield "end_of_record"
