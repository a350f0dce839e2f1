"""Tell a system policy that the catalog does not have from a misspelt name."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["describe_unknown_policy"]

_SYSTEM_POLICY: Final = re.compile(
    r"aliyun.+|(administrator|poweruser|readonly|fullaliyun)access", re.IGNORECASE
)
_MOST_CHANGES: Final = 2


def describe_unknown_policy(name: str, candidates: Iterable[str], date: str) -> str:
    """Return a message for the name of a policy that is not one of the candidates.

    `date` is the day on which the catalog was collected, empty if it has none. A name that looks
    like a system policy's is misspelt if it differs from a candidate only in case or in few small
    letters. A difference in capital letters names another product: `OSS` is not a misspelt `OTS`.

    >>> describe_unknown_policy("AliyunOSSReadonlyAccess", ["AliyunOSSReadOnlyAccess"], "")
    'there is no policy `AliyunOSSReadonlyAccess`: did you mean `AliyunOSSReadOnlyAccess`?'
    """
    if not _SYSTEM_POLICY.fullmatch(name):
        return f"there is no policy {describe(name)}{did_you_mean(name, candidates)}"
    near = next((other for other in candidates if _is_misspelt(name, other)), None)
    if near is not None:
        return f"there is no policy {describe(name)}: did you mean `{near}`?"
    of_date = f" of {date}" if date else ""
    return (
        f"{describe(name)} looks like a system policy that the catalog{of_date} does not have: put"
        " its document under `policies` or `system_policies`"
    )


def _is_misspelt(name: str, other: str) -> bool:
    if name.lower() == other.lower():
        return True
    if abs(len(name) - len(other)) > _MOST_CHANGES:
        return False
    matcher = SequenceMatcher(None, name, other, autojunk=False)
    changes = [
        name[start:end] + other[other_start:other_end]
        for kind, start, end, other_start, other_end in matcher.get_opcodes()
        if kind != "equal"
    ]
    return sum(map(len, changes)) <= _MOST_CHANGES and all(map(str.islower, changes))
