"""Find the members of a store that changed: the identical object is unchanged.

`ramgate.accounts.reader.Reader` returns an unchanged policy or account as the same object, and
nothing changes such an object.
"""

from __future__ import annotations

import itertools
import operator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["touched"]

_ABSENT: Final = object()


def touched(before: Mapping[str, Any], after: Mapping[str, Any]) -> Collection[str]:
    """Return the names under which two mappings do not have the identical object, in any order.

    >>> same = ["x"]
    >>> sorted(touched({"a": same, "b": 1, "c": 2}, {"a": same, "b": 3}))
    ['b', 'c']
    """
    if before is after:
        return ()
    if len(before) == len(after) and all(map(operator.is_, before, after)):
        is_new = map(operator.is_not, before.values(), after.values())
        return list(itertools.compress(after, is_new))
    found = {name for name, member in after.items() if before.get(name, _ABSENT) is not member}
    return found | (before.keys() - after.keys())
