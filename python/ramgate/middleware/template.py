"""Templates of resources: an ARN with placeholders for the values of a path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ramgate.middleware.errors import InvalidResource, InvalidTemplate

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Template"]

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(:path)?\}")
_LITERAL: Final = re.compile(r"[^{}*?]*")
_ARN: Final = re.compile(r"acs:(?:[^:]+:)(?:[^:]*:){2}.+", re.DOTALL)
_ANY: Final = "*"
# Wildcards and the separator of ARNs; characters that some servers take for a slash or cut a path
# at; a second layer of percent-encoding, which the application might decode.
_FORBIDDEN: Final = re.compile(r"[*?:;\\]|%[0-9A-Fa-f]{2}")
_SEPARATORS: Final = frozenset(":/")
_DOTS: Final = frozenset({"", ".", ".."})


class Template:
    """The ARN of a resource, with a placeholder `{name}` for each value that the path brings.

    A placeholder `{name:path}` takes several segments of a path, all others one. The template `*`
    is for actions that RAM authorizes without a resource.

    Two placeholders need a `:` or a `/` between them, and two with `:path` a `:`. From `{a}-{b}`,
    the values `x-y` and `z` would make the same resource as `x` and `y-z`.

    Raises `InvalidTemplate` if the text is not the ARN of a resource, or could be ambiguous.

    >>> from ramgate.middleware.template import Template
    >>> instance = Template("acs:alikafka:cn-hangzhou:1234567890123456:{instance}")
    >>> instance.fill({"instance": "alikafka_post-cn-x"})
    'acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x'
    >>> record = Template("acs:oss:oss-cn-hangzhou:1234567890123456:orders/{key:path}")
    >>> record.fill({"key": "2026/1.csv"})
    'acs:oss:oss-cn-hangzhou:1234567890123456:orders/2026/1.csv'
    """

    __slots__ = ("_literals", "_placeholders", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = _PLACEHOLDER.split(text)
        # `split` returns literal, name, ":path" or None, literal, …
        self._literals = pieces[::3]
        self._placeholders = list(zip(pieces[1::3], map(bool, pieces[2::3]), strict=True))
        if text == _ANY:
            return
        is_arn = _ARN.fullmatch("x".join(self._literals))
        if not is_arn or not all(map(_LITERAL.fullmatch, self._literals)) or not text.isprintable():
            raise InvalidTemplate(
                f"`{text}` is not a template of a resource: it must be `*` or "
                "`acs:<ram-code>:<region>:<account>:<relative-id>`, with placeholders like "
                "`{name}` or `{name:path}`, without other braces and without wildcards"
            )
        if fault := self._ambiguity():
            raise InvalidTemplate(f"`{text}` is ambiguous: {fault}")

    def __repr__(self) -> str:
        return f"Template({self.text!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the placeholders."""
        return tuple(name for name, _ in self._placeholders)

    def fill(self, values: Mapping[str, object]) -> str:
        """Return the resource with these values: texts, integers or UUIDs.

        Raises `InvalidTemplate` if a placeholder has no value of these types, and
        `InvalidResource` if a value cannot stand in a resource: it is empty, is `.` or `..`, or
        contains `*`, `?`, `:`, `;`, a backslash, an unprintable character, white space at its ends,
        a percent-encoded character, or a `/` that is not within a `{name:path}`.
        """
        filled = [self._literals[0]]
        for (name, is_path), literal in zip(self._placeholders, self._literals[1:], strict=True):
            text = self._text(name, values)
            if fault := _fault(text, is_path=is_path):
                raise InvalidResource(f"`{name}` cannot stand in a resource: {fault}")
            filled += (text, literal)
        return "".join(filled)

    def _ambiguity(self) -> str:
        """Return why two sets of values could make one resource; an empty text if they cannot."""
        follows_path = False
        for position, (_, is_path) in enumerate(self._placeholders):
            between = self._literals[position]
            if position and _SEPARATORS.isdisjoint(between):
                return "two placeholders need a `:` or a `/` between them"
            follows_path = follows_path and ":" not in between
            if follows_path and is_path:
                return "two placeholders with `:path` need a `:` between them"
            follows_path = follows_path or is_path
        return ""

    def _text(self, name: str, values: Mapping[str, object]) -> str:
        value = values.get(name)
        if type(value) is str:
            return value
        if type(value) is int or type(value) is UUID:
            return str(value)
        known = ", ".join(f"`{one}`" for one in values) or "none"
        kind = f"a `{type(value).__name__}`" if name in values else "missing"
        raise InvalidTemplate(
            f"the value of `{{{name}}}` in `{self.text}` is {kind}: "
            f"it must be a text, an integer or a UUID; the values of the path: {known}"
        )


def _fault(text: str, *, is_path: bool) -> str:
    """Return why the text cannot stand in a resource, or an empty text if it can."""
    if found := _FORBIDDEN.search(text):
        return f"it contains `{found[0]}`"
    if not text.isprintable():
        return "it contains an unprintable character"
    if text != text.strip():
        return "it begins or ends with white space"
    if not is_path and "/" in text:
        return "it contains `/`, and its placeholder is not a `{name:path}`"
    if not _DOTS.isdisjoint(text.split("/")):
        return "it is empty or a `.` or `..`, or one of its segments is"
    return ""
