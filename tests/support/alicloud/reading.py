"""Reading through the SDKs: all pages of a list, and the error of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["by_marker", "by_number", "refusal"]


def by_marker(call: Callable[..., Any], *wrappers: str, size: int = 2) -> list[Any]:
    """Return the items of all pages, of which none is empty."""
    found: list[Any] = []
    more: dict[str, str] = {}
    for _ in range(100):
        body = call(max_items=size, **more)
        page = body[wrappers[0]][wrappers[1]]
        assert 0 < len(page) <= size
        found += page
        if not body["IsTruncated"]:
            assert "Marker" not in body
            return found
        more = {"marker": body["Marker"]}
    raise AssertionError(found)


def by_number(call: Callable[..., Any], *wrappers: str, size: int = 2) -> list[Any]:
    """Return the items of all pages, which are as many as the total."""
    found: list[Any] = []
    for number in range(1, 100):
        body = call(page_number=number, page_size=size)
        assert (body["PageNumber"], body["PageSize"]) == (number, size)
        page = body[wrappers[0]][wrappers[1]]
        assert len(page) == min(size, body["TotalCount"] - len(found))
        found += page
        if len(found) == body["TotalCount"]:
            return found
    raise AssertionError(found)


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the code of the error that the call raises."""
    with pytest.raises(AlibabaCloudException) as refused:
        call()
    return refused.value.status_code, refused.value.code
