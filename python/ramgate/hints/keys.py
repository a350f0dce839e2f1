"""Condition keys that a request lacks: near spellings, and keys that the service never fills in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.catalog.condition_keys import is_filled_in, lacks, near_key
from ramgate.documents.near import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["is_not_filled_in", "near"]


def near(key: str, given: Iterable[str]) -> str:
    """Return the key that was probably meant: one of the request, or a known one.

    >>> near("shop:Tenent", ["shop:Tenant"]), near("acs:MFAPresnt", [])
    ('shop:Tenant', 'acs:MFAPresent')
    """
    return nearest(key, given) or near_key(key)


def is_not_filled_in(key: str, action: str) -> bool:
    """True if calls of the action are known to carry no such key.

    >>> is_not_filled_in("acs:ResourceTag/team", "rds:DescribeDBInstances")
    True
    """
    return not is_filled_in(key, action) or lacks(action, key)
