"""Compile the trust policies of roles: the principals that each of them admits without conditions.

The numbers in comments are those of the rules in `docs/reference/policy-language.md`.
"""

from __future__ import annotations

import collections
import re
from typing import TYPE_CHECKING, Final

from ramgate.tables.actions import ASSUME, indexes_about
from ramgate.tables.holdings import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.tables.actions import Document

__all__ = ["ANYONE_ELSE", "Consents", "Trusts", "consents"]

Consents = dict[str, list[int] | None]
"""Principal → positions of the statements by which it may assume a role. None is undecided."""

ANYONE_ELSE: Final = ""
"""The name that stands for the principals that the policy does not name."""

_OWNER: Final = re.compile(r"(acs:ram::[0-9]{16}:)root")
_OF_ACCOUNT: Final = re.compile(r"(acs:ram::[0-9]{16}:)(?:user|role)/.*")


def consents(document: Document) -> Consents:
    """Return the principals of a translated trust policy, each with the statements that admit it.

    An account is named by the beginning of its principals' ARNs. The general rule decides where a
    statement denies or has conditions.
    """
    about = {index: document["statements"][index] for index in indexes_about(document, ASSUME)}
    found: Consents = {ANYONE_ELSE: []}
    for name in sorted({name for one in document["statements"] for name in one["principals"]}):
        # 5.8: an account stands for its users and roles
        listed = {name, _OF_ACCOUNT.sub(r"\1root", name)}
        found[_OWNER.sub(r"\1", name)] = _admitting(
            {index: one for index, one in about.items() if listed & {*one["principals"]}}
        )
    return found


class Trusts:
    """The trust policies of all accounts' roles: who may assume each of them.

    `names` has the name of a trust policy's consents by the policy's id, `consents` has them by
    that name. Trust policies that are alike share them.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.consents: dict[str, Consents] = {}
        self._uses: collections.Counter[str] = collections.Counter()

    def copy(self) -> Trusts:
        """Return trusts that can be changed."""
        new = Trusts()
        new.names, new.consents = dict(self.names), dict(self.consents)
        new._uses = self._uses.copy()
        return new

    def put(self, policy: str, document: Document | None) -> None:
        """Take the document of a policy; None if it is gone or cannot be read."""
        before = self.names.pop(policy, None)
        if document is not None and document["kind"] == "trust":
            name = digest(document)
            self.names[policy] = name
            self._uses[name] += 1
            if name not in self.consents:
                self.consents[name] = consents(document)
        if before is not None:
            self._uses[before] -= 1
            if not self._uses[before]:
                del self._uses[before], self.consents[before]


def _admitting(statements: Mapping[int, Mapping[str, object]]) -> list[int] | None:
    if any(one["effect"] == "Deny" or "conditions" in one for one in statements.values()):
        return None
    return sorted(statements)
