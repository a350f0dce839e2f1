"""A check: a function from a document, or from accounts, to remarks, with its code and class."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ramgate.analysis.lint.finding import Level
    from ramgate.faults import Place
    from ramgate.model.decision import Request

__all__ = ["Check", "Remark", "check"]

_Subject = TypeVar("_Subject")


class Remark(NamedTuple):
    """A finding of a check before it has a code: the place, the consequence, how to change it.

    `request` is one that shows the finding.
    """

    place: Place
    message: str
    suggestion: str = ""
    request: Request | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Check(Generic[_Subject]):
    """One check. `find` returns a remark for each place with the mistake that the `title` names.

    A check that `ages` reports names that the catalog does not have. The older the catalog, the
    more of them are just new.
    """

    code: str
    level: Level
    title: str
    find: Callable[[_Subject], Iterable[Remark]]
    ages: bool = False


def check(
    code: str, level: Level, title: str, *, ages: bool = False
) -> Callable[[Callable[[_Subject], Iterable[Remark]]], Check[_Subject]]:
    """Return a decorator that makes a check of a function."""
    return lambda find: Check(code, level, title, find, ages)
