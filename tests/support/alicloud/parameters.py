"""The parameters of one request, and its page of a list."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, TypeVar

from alicloud.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Parameters"]

Item = TypeVar("Item")


class Parameters:
    """The parameters of a request. An operation must read each of them, see `check_all_read`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._read: set[str] = set()

    def check_all_read(self) -> None:
        """Refuse a parameter that the operation did not read: the fake has not implemented it."""
        unread = sorted(self._values.keys() - self._read)
        if unread:
            raise Refused(400, "UnsupportedParameter", f"the fake does not know {unread}")

    def text(self, name: str, default: str | None = None) -> str:
        """Return a parameter; without a default it is required."""
        self._read.add(name)
        value = self._values.get(name) or default
        if value is None:
            raise Refused(400, "MissingParameter", f"the parameter {name} is required")
        return value

    def name(self, parameter: str, pattern: str, most: int) -> str:
        """Return the name of an entity that is to be created, with the checks of RAM."""
        value = self.text(parameter)
        if len(value) > most:
            raise Refused(400, f"InvalidParameter.{parameter}.Length", f"{parameter} is too long")
        if re.fullmatch(pattern, value) is None:
            raise Refused(
                400, f"InvalidParameter.{parameter}.InvalidChars", f"{parameter} has other letters"
            )
        return value

    def document(self, parameter: str, most: int, default: str | None = None) -> str:
        """Return a document as it was sent; the fake stores any text."""
        value = self.text(parameter, default)
        if len(value) > most:
            raise Refused(400, f"InvalidParameter.{parameter}.Length", f"{parameter} is too long")
        return value

    def flag(self, name: str) -> bool:
        """Return a Boolean parameter; it is false by default."""
        return self.text(name, "false").lower() == "true"

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return a parameter that is one of these values."""
        value = self.text(name, default)
        if value not in choices and value != default:
            raise Refused(400, f"InvalidParameter.{name}", f"{name} is not one of {choices}")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 up to `most`."""
        value = self.text(name, str(default))
        if not value.isdecimal() or not 1 <= int(value) <= most:
            raise Refused(400, f"InvalidParameter.{name}", f"{name} is not from 1 to {most}")
        return int(value)

    def page_by_marker(
        self, items: Sequence[Item], key: Callable[[Item], str], most: int
    ) -> tuple[Sequence[Item], dict[str, object]]:
        """Return a page of `MaxItems` after `Marker`, in the order of names, and its fields."""
        size = self.number("MaxItems", 100, most)
        marker = self.text("Marker", "")
        try:
            after = base64.b64decode(marker, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused(400, "InvalidParameter.Marker", "the marker is not one") from error
        rest = sorted((item for item in items if key(item) > after), key=key)
        if len(rest) <= size:
            return rest, {"IsTruncated": False}
        page = rest[:size]
        last = base64.b64encode(key(page[-1]).encode()).decode()
        return page, {"IsTruncated": True, "Marker": last}

    def page_by_number(
        self, items: Sequence[Item], *, default: int = 10
    ) -> tuple[Sequence[Item], dict[str, object]]:
        """Return page `PageNumber` of `PageSize`, in the order of creation, and its fields."""
        number = self.number("PageNumber", 1, 200_000)
        size = self.number("PageSize", default, 100)
        page = items[(number - 1) * size : number * size]
        return page, {"PageNumber": number, "PageSize": size, "TotalCount": len(items)}
