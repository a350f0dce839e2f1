"""Run the calls of an import, with its notices and its progress."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ramgate.errors import CloudError
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.pages import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ramgate.imports.alicloud.answers import Part
    from ramgate.imports.alicloud.caller import Caller
    from ramgate.imports.alicloud.listings import Listing
    from ramgate.imports.alicloud.notices import Notices
    from ramgate.imports.alicloud.pool import Pool

    _P = TypeVar("_P", bound=Part)

__all__ = ["Outcome", "Work"]

_T = TypeVar("_T")
_Item = TypeVar("_Item")
Outcome: TypeAlias = "_T | Refused | Absent"
"""The result of a call, or why there is none."""


class Work:
    """Makes calls with the caller, in the threads of the pool; collects notices.

    `show` is told how far a step is, as a text.
    """

    def __init__(
        self, caller: Caller, pool: Pool, notices: Notices, show: Callable[[str], None]
    ) -> None:
        self.notices = notices
        self._caller = caller
        self._pool = pool
        self._show = show

    def each(
        self, step: str, read: Callable[[Caller, _Item], _T], items: Sequence[_Item]
    ) -> list[tuple[_Item, Outcome[_T]]]:
        """Return each item with the outcome of reading it; `step` is a plural noun for them."""

        def outcome(item: _Item) -> Outcome[_T]:
            try:
                return read(self._caller, item)
            except (Refused, Absent) as error:
                return error

        def show(done: int) -> None:
            self._show(f"{step}: {done} of {len(items)} ({self._caller.made} calls)")

        jobs = [functools.partial(outcome, item) for item in items]
        return list(zip(items, self._pool.run(jobs, show), strict=True))

    def lists(
        self, kinds: Sequence[tuple[Listing[_P], str]], **parameters: str
    ) -> list[Sequence[_P] | None]:
        """Return the entries of each list; `None` for one that was refused.

        Each kind comes with the gap in the import if the list is refused.
        """

        def read(caller: Caller, kind: tuple[Listing[_P], str]) -> list[_P]:
            return entries(caller, kind[0], **parameters)

        found: list[Sequence[_P] | None] = []
        for (_, effect), outcome in self.each("lists", read, kinds):
            if isinstance(outcome, Absent):
                raise CloudError(str(outcome)) from outcome
            if isinstance(outcome, Refused):
                self.notices.refused(outcome, effect)
            found.append(None if isinstance(outcome, Refused) else outcome)
        return found
