"""The question of `ramgate who-can`: one request, or all requests that patterns stand for."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.patterns import has_wildcard, matches, overlaps
from ramgate.analysis.prover.space import TRUST_ACTIONS
from ramgate.errors import InvalidRequest
from ramgate.language import grammar
from ramgate.language.keys import spelling
from ramgate.model.decision import NO_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Context

__all__ = ["GROUP_KEY", "TIME_KEY", "Question"]

GROUP_KEY: Final = "acs:ResourceGroupId"
"""The condition key that names a resource group."""
TIME_KEY: Final = "acs:CurrentTime"
"""The condition key that is filled in with the time."""

_OWN_KEY: Final = "acs:PrincipalARN"
_ROLE: Final = re.compile(rf"acs:ram:\*?:([0-9]{{16}}|\*|):role/({grammar.NAME.pattern})")
_FIELDS: Final = 5
_ACCOUNT: Final = 3
_ANYTHING: Final = "*"


@dataclasses.dataclass(frozen=True)
class Question:
    """The action and the resource, which may be patterns, and the context.

    `unknown` are keys that may have any value or be absent; None stands for all keys that the
    context does not have. With `as_pattern` the action and the resource are patterns, also without
    a wildcard. Raises `InvalidRequest` for a question that stands for no request.

    >>> Question("ecs:*", "*").is_open, Question("ecs:StartInstance", "acs:ecs:::i").is_open
    (True, False)
    """

    action: str
    resource: str
    context: Context = dataclasses.field(default_factory=lambda: NO_CONTEXT)
    unknown: frozenset[str] | None = frozenset()
    as_pattern: bool = False

    def __post_init__(self) -> None:
        errors = list(self._errors())
        if errors:
            raise InvalidRequest(errors)

    def _errors(self) -> Iterator[str]:
        if _OWN_KEY in {*self.context, *(self.unknown or ())}:
            yield f"context.{_OWN_KEY}: is filled in from each principal: leave it out"
        for key in sorted(self.context.keys() & (self.unknown or ())):
            yield f"context.{key}: cannot have a value and be unknown"
        if not self.is_open:
            return  # OPA tells about all other faults
        for key in sorted({*self.context, *(self.unknown or ())}):
            if (known := spelling(key)) != key:
                yield f"context.{key}: is spelled `{known}`, so no request has this key"
        if not grammar.ACTION_PATTERN.fullmatch(self.action):
            yield "action: must be `*` or `<ram-code>:<Operation>`; `*` and `?` are wildcards"
        if self.resource != _ANYTHING and not self.resource.startswith("acs:"):
            yield "resource: must be `*`, or begin with `acs:`"
        fields = self.resource.split(":", _FIELDS - 1)
        if len(fields) < _FIELDS and not self.resource.endswith("*"):
            yield "resource: has fewer than five fields, and matches nothing: end it with `*`"
        if len(fields) == _FIELDS and not fields[_ACCOUNT]:
            yield "resource: states no account: write it, or `*` for each principal's own"

    @property
    def is_open(self) -> bool:
        """True if the question stands for several requests."""
        return self.as_pattern or self.has_wildcard or self.unknown is None or bool(self.unknown)

    @property
    def has_wildcard(self) -> bool:
        """True if the action or the resource is a pattern."""
        return has_wildcard(self.action) or has_wildcard(self.resource)

    @property
    def assumes(self) -> bool:
        """True if it is about assuming a role, too (5.8).

        A pattern is so if its service is `sts`, or in a rule about any context.
        """
        action = self.action.lower()
        is_any = self.as_pattern and self.unknown is None
        return (is_any or action.startswith("sts:")) and any(
            overlaps(action, one) for one in TRUST_ACTIONS
        )

    @property
    def group(self) -> str | None:
        """The resource group of the requests."""
        group = self.context.get(GROUP_KEY)
        return group if isinstance(group, str) else None

    @property
    def may_name_any_group(self) -> bool:
        """True if the resource group is unknown."""
        is_unknown = self.unknown is None or GROUP_KEY in self.unknown
        return is_unknown and GROUP_KEY not in self.context

    def roles(self, store: Store) -> list[tuple[str, str]]:
        """Return the account and the name in lower case of each role that may be assumed."""
        if not self.assumes:
            return []
        return [
            (account, name)
            for account, members in sorted(store["accounts"].items())
            for name in sorted(members["roles"])
            if self._is_about(account, name)
        ]

    def _is_about(self, account: str, name: str) -> bool:
        if self.is_open:
            return matches(self.resource.lower(), f"acs:ram::{account}:role/{name}")
        role = _ROLE.fullmatch(self.resource)
        return role is not None and role[1] in ("", "*", account) and role[2].lower() == name

    @property
    def named_role(self) -> str | None:
        """The ARN in lower case of the role, if it is about assuming a single one by its name."""
        role = _ROLE.fullmatch(self.resource) if self.assumes else None
        if role is None or not role[1].isdigit():
            return None
        return f"acs:ram::{role[1]}:role/{role[2].lower()}"

    @property
    def states_role(self) -> bool:
        """True if a service or a provider can ask: the account of the role is stated (3.5)."""
        role = _ROLE.fullmatch(self.resource)
        return self.is_open or (role is not None and role[1].isdigit())
