"""Paths that are open to everyone: compared whole, as they stand in the request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PublicPaths"]

# Only characters that no client and no server encodes, so a path has one spelling.
_PATH: Final = re.compile(r"/|(?:/[A-Za-z0-9._~-]+)+/?")
_DOTS: Final = frozenset({".", ".."})


class PublicPaths:
    """A set of paths. A path is public if it is equal to one of them, character by character.

    There are no patterns and no prefixes. A trailing slash, `//`, `;`, another case or a
    percent-encoded character make another path, which is not public.

    Raises `ValueError` for a path that could be spelled in several ways, and `TypeError` for a
    single text.

    >>> from ramgate.middleware.public_paths import PublicPaths
    >>> public = PublicPaths({"/docs"})
    >>> public.contains("/docs", b"/docs")
    True
    >>> [public.contains(path) for path in ("/docs/", "/DOCS", "/docs/../admin")]
    [False, False, False]
    >>> public.contains("/docs", b"/%64ocs")
    False
    """

    __slots__ = ("_paths",)

    def __init__(self, paths: Iterable[str] = ()) -> None:
        if isinstance(paths, str):
            raise TypeError(f"`public` must be a set of paths, such as `{{{paths!r}}}`, not a text")
        self._paths = frozenset(paths)
        for path in self._paths:
            if not _PATH.fullmatch(path) or not _DOTS.isdisjoint(path.split("/")):
                raise ValueError(
                    f"`{path}` is not a public path: it must begin with `/`, and may contain only "
                    "letters, digits, `.`, `_`, `~`, `-` and single slashes"
                )

    def contains(self, path: str, raw_path: bytes | None = None) -> bool:
        """True if the decoded path is in the set, and the undecoded one, if known, is the same."""
        if path not in self._paths:
            return False
        return raw_path is None or raw_path.partition(b"?")[0] == path.encode()
