"""A denied request beside its explanation, and the places in the accounts that it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ramgate.accounts.inlined import Inlined
    from ramgate.analysis.fixes.draft import Draft, Keys
    from ramgate.model.decision import Request

__all__ = [
    "ACCOUNT_LEVEL",
    "CONTROL",
    "GROUP_LEVEL",
    "TRUST",
    "Case",
    "Explained",
]

Explained: TypeAlias = "Mapping[str, Any]"
"""An explanation, as `docs/reference/http.md` describes it."""

ACCOUNT_LEVEL: Final = "AccountLevelIdentityBasedPolicy"
GROUP_LEVEL: Final = "ResourceGroupLevelIdentityBasedPolicy"
TRUST: Final = "AssumeRolePolicy"
CONTROL: Final = "ControlPolicy"

_FIELDS: Final = 5
_KINDS: Final = {"user": "users", "role": "roles", "assumed-role": "roles"}


class Case:
    """A denied request, its explanation, and the accounts documents with the files they name.

    `account` is the principal's account, `owner` that of the resource, `role` the name of the role
    that the request assumes.
    """

    def __init__(self, accounts: Inlined, request: Request, explained: Explained) -> None:
        self.accounts = accounts
        self.request = request
        self.explained = explained
        *_, self.account, rest = _padded(request.principal)
        kind, _, name = rest.partition("/")
        self.members = _KINDS.get(kind, "")
        self.name = name.partition("/")[0]
        *_, owner, path = _padded(request.resource)
        self.owner = self.account if owner in ("", "*", "system") else owner
        self.role = path.removeprefix("role/")

    @property
    def arn(self) -> str:
        """The value of `acs:PrincipalARN`, and the name in a trust policy (3.4)."""
        if self.members == "roles":
            return f"acs:ram::{self.account}:role/{self.name.lower()}"
        return self.request.principal

    def effect(self, policy_type: str) -> str | None:
        """Return the effect of a layer; None if it was not asked."""
        for layer in self.explained["layers"]:
            if layer["policy_type"] == policy_type:
                effect: str | None = layer["effect"]
                return effect
        return None

    def considered(self, effect: str, *policy_types: str) -> Iterator[Mapping[str, Any]]:
        """Yield the considered statements with that effect, of these layers."""
        for one in self.explained["considered"]:
            if one["effect"] == effect and one["policy_type"] in policy_types:
                yield one

    def member(self, draft: Draft) -> tuple[str, str] | None:
        """Return the kind and name of the principal's entry in its account."""
        account = draft.account(self.account) or {}
        name = next((one for one in account.get(self.members, ()) if self._is_name(one)), None)
        return None if name is None else (self.members, name)

    def statement(self, draft: Draft, entry: Mapping[str, Any]) -> Keys | None:
        """Return the path to a statement; None if its policy is not the accounts' own."""
        policy = entry["policy"]
        keys: Keys
        if entry["policy_type"] == CONTROL:
            keys = ("directory", "policies", policy)
        elif entry["policy_type"] == TRUST:
            keys = ("accounts", self.owner, "roles", policy.removeprefix("trust:"), "trust")
        else:
            keys = ("accounts", self.account, "policies", policy)
        keys = (*keys, "Statement", entry["index"])
        return None if draft.get(keys) is None else keys

    def _is_name(self, name: str) -> bool:
        if self.members == "roles":
            return name.lower() == self.name.lower()
        return name == self.name


def _padded(text: str) -> list[str]:
    fields = text.split(":", _FIELDS - 1)
    return [*fields, *[""] * (_FIELDS - len(fields))]
