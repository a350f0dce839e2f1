"""Explain a denial from the accounts: near names of an unknown principal, a control policy's level.

Only a command that has loaded the accounts can explain: an OPA at `--url` sends the decision alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import load_accounts
from ramgate.cli.output import say
from ramgate.documents.messages import did_you_mean

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Decision

__all__ = ["control_level", "near_name", "say_near_name"]

_ALLOWS_ALL: Final = "FullAliyunAccess"
_ALL_ACCOUNTS: Final = {"", "*", "system"}
_MEMBER: Final = re.compile(r"acs:ram:[^:]*:([0-9]{16}):([a-z-]+)(?:/([^/]*))?.*")


def near_name(arn: str, store: Store) -> str | None:
    """Ask whether the nearest name to an unknown principal or role was meant; None if none is near.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> near_name("acs:ram::1234567890123456:user/alcie", store)
    'did you mean `user/alice`?'
    """
    member = _MEMBER.fullmatch(arn)
    if member is None:
        return None
    number, kind, name = member.groups()
    account = store["accounts"].get(number)
    if account is None:
        return did_you_mean(number, store["accounts"]).removeprefix(": ") or None
    known = {
        "user": list(account["users"]),
        "role": [role["name"] for role in account["roles"].values()],
    }
    # a name of the same kind first: `user/x` may be meant for `user/y` before `role/x`
    for near in sorted(known, key=lambda other: other not in kind):
        if hint := did_you_mean(name or "", known[near]):
            return hint.removeprefix(": ").replace("`", f"`{near}/", 1)
    return None


def say_near_name(arn: str, options: Namespace) -> None:
    """Print the nearest name to an unknown principal or role to stderr, if there is one."""
    hint = near_name(arn, load_accounts(options))
    if hint:
        say(hint)


def control_level(decision: Decision, principal: str, resource: str, store: Store) -> str | None:
    """Name the level whose control policies deny; None if the accounts do not show it for certain.

    The first level that does not allow decides. A Deny statement belongs to the first level that
    has its policy. Without a statement, the level has no `FullAliyunAccess`, and no earlier level
    has a part of its policies, because that level would not allow either.
    """
    if decision.policy_type != "ControlPolicy" or "directory" not in store:
        return None
    stored = store["directory"]["levels"].get(_account(principal, resource), [])
    levels = [{policy.rpartition("/")[2] for policy in ids} for ids in stored]
    policies = {statement.policy for statement in decision.statements}
    if policies:
        depths = [depth for depth, names in enumerate(levels) if policies <= names][:1]
    else:
        depths = [
            depth
            for depth, names in enumerate(levels)
            if _ALLOWS_ALL not in names and not any(above <= names for above in levels[:depth])
        ]
    if len(depths) != 1:
        return None
    [depth] = depths
    if depth == 0:
        return "level 0, the root folder"
    return f"level {depth}, {'the account' if depth == len(levels) - 1 else 'a folder'}"


def _account(principal: str, resource: str) -> str:
    """Return the account that a request acts on: the resource's, by default the principal's."""
    account = "" if resource == "*" else resource.split(":", 4)[3]
    return principal.split(":", 4)[3] if account in _ALL_ACCOUNTS else account
