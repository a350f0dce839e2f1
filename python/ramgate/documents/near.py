"""Find the name that a misspelt one was probably meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["nearest"]

_LETTERS_AN_ERROR: Final = 4


def nearest(name: str, known: Iterable[str], *, most: int = 2) -> str:
    """Return the known name that differs by one slip of the pen or, in a long name, by `most`.

    A slip is a character too much, too few, or another one, or two that changed places. Case does
    not count. There is no answer if two names are as near as each other, or if the name is known.

    >>> nearest("Autherize", ["Authorize", "Revoke"])
    'Authorize'
    >>> nearest("Get", ["Gets", "Set"])
    ''
    """
    most = min(most, len(name) // _LETTERS_AN_ERROR)
    found: dict[int, list[str]] = {}
    for other in known:
        slips = _slips(name.lower(), other.lower(), most)
        found.setdefault(slips, []).append(other)
    least = min(found, default=0)
    return found[least][0] if 0 < least <= most and len(found[least]) == 1 else ""


def _slips(one: str, two: str, most: int) -> int:
    """Return the number of slips between two names, or a number above `most`."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for at, sign in enumerate(one, 1):
        earlier, before, row = before, row, [at]
        for behind, other in enumerate(two, 1):
            least = min(before[behind] + 1, row[-1] + 1, before[behind - 1] + (sign != other))
            if at > 1 and behind > 1 and sign == two[behind - 2] and one[at - 2] == other:
                least = min(least, earlier[behind - 2] + 1)
            row.append(least)
        if min(row) > most:
            return most + 1
    return row[-1]
