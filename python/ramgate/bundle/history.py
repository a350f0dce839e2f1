"""Remember the last changes of a bundle, so that an OPA with an older one needs only a patch.

Delta bundles, OPA's own form of patches, are no choice: to activate one, OPA 1.22.2 compiles all
Rego again in the compiler that it answers with, and wrong decisions come out meanwhile
(docs/decisions/0033-patches-by-the-api.md). A patch of OPA's API compiles nothing. But the bundle
owns the store, and the API refuses a write to whatever a bundle owns. So the operations of one
patch, which OPA applies in one transaction, are these:

1. Remove the mark of the old revision. OPA refuses the whole patch if it has another revision.
2. Take the store away from the roots in OPA's record about the bundle.
3. Change the store.
4. Mark the new revision, record it, and give the store back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.bundle.archive import PATCHABLE_ROOTS
from ramgate.bundle.change import joined, operation, operations

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle
    from ramgate.bundle.change import Change

__all__ = ["History"]

_MOST_CHANGES: Final = 16
_RECORD: Final = "/system/bundles/ramgate/manifest"
_ROOTS_WITHOUT_STORE: Final = [root for root in PATCHABLE_ROOTS if root != "store"]


class History:
    """A bundle, and the changes that led to it, at most the last 16. It never changes itself.

    >>> from pathlib import Path
    >>> from ramgate.bundle.builder import Builder
    >>> builder, file = Builder(), Path("accounts.yaml")
    >>> _ = file.write_text("accounts: {'1234567890123456': {}}")
    >>> first = builder.build(file)
    >>> _ = file.write_text("accounts: {'1234567890123456': {users: {alice: {}}}}")
    >>> second = builder.build(file)
    >>> history = History(first).then(second)
    >>> len(history.patch(first.revision)) < 2_000 < len(history.bundle.content)
    True
    >>> history.patch("another")
    """

    def __init__(self, bundle: Bundle, changes: tuple[Change, ...] = ()) -> None:
        self.bundle = bundle
        self._changes = changes

    def then(self, bundle: Bundle) -> History:
        """Return the history with one more bundle, which becomes the last."""
        change, revision = bundle.change, self.bundle.revision
        if bundle.revision == revision:
            return History(bundle, self._changes)
        if change is None or (change.base, change.revision) != (revision, bundle.revision):
            return History(bundle)
        return History(bundle, (*self._changes, change)[-_MOST_CHANGES:])

    def patch(self, revision: str) -> bytes | None:
        """Return the body for `PATCH /v1/data` that leads from that revision to the bundle.

        None if it is not known how, if a patch would be large, or if there is nothing to change.
        """
        bases = [change.base for change in self._changes]
        if revision not in bases:
            return None
        # The same revision may have been there more than once: the shortest way counts.
        way = self._changes[len(bases) - 1 - bases[::-1].index(revision) :]
        found = operations(joined(way))
        if not found:
            return None
        whole = [
            operation("remove", f"{_RECORD}/metadata/at/{revision}"),
            operation("replace", f"{_RECORD}/roots", _ROOTS_WITHOUT_STORE),
            *found,
            operation("add", f"{_RECORD}/metadata/at/{self.bundle.revision}", value=True),
            operation("replace", f"{_RECORD}/revision", self.bundle.revision),
            *_serial(self.bundle.serial),
            operation("replace", f"{_RECORD}/roots", PATCHABLE_ROOTS),
        ]
        return b"[%s]" % b",".join(whole)


def _serial(serial: int | None) -> list[bytes]:
    return [] if serial is None else [operation("add", f"{_RECORD}/metadata/serial", serial)]
