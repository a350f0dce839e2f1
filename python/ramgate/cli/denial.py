"""Explain a denial from the accounts: near names of an unknown principal, a control policy's level.

Only a command that has loaded the accounts can explain: an OPA at `--url` sends the decision alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.accounts.near_names import near_name
from ramgate.cli.options import load_accounts
from ramgate.cli.output import say

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from ramgate.accounts.store import Store
    from ramgate.model.decision import Decision

__all__ = ["control_level", "say_near_name"]

_ALLOWS_ALL: Final = "FullAliyunAccess"
_ALL_ACCOUNTS: Final = {"", "*", "system"}


def say_near_name(arn: str, options: Namespace) -> None:
    """Print the nearest name to an unknown principal or role to stderr, if there is one."""
    hint = near_name(arn, load_accounts(options))
    if hint:
        say(hint)


def control_level(decision: Decision, principal: str, resource: str, store: Store) -> str | None:
    """Name the level whose control policies deny; None if the accounts do not show it for certain.

    The first level that does not allow decides, so none behind a level with an unreadable document.
    A Deny statement belongs to the first level that has its policy. If none matches, the level has
    no `FullAliyunAccess`, and no earlier level has a part of its policies, because that level would
    not allow either.
    """
    if decision.policy_type != "ControlPolicy" or "directory" not in store:
        return None
    stored = store["directory"]["levels"].get(_account(principal, resource), [])
    levels = [set(ids) for ids in stored]
    unreadable = [depth for depth, ids in enumerate(stored) if _holds_unreadable(ids, store)][:1]
    if decision.reason == "policy_unreadable":
        depths = unreadable
    elif decision.statements:
        policies = {statement.policy for statement in decision.statements}
        names = [{policy.rpartition("/")[2] for policy in ids} for ids in stored]
        depths = [depth for depth, level in enumerate(names) if policies <= level][:1]
    else:
        depths = [
            depth
            for depth, ids in enumerate(levels[: unreadable[0]] if unreadable else levels)
            if _ALLOWS_ALL not in ids and not any(above <= ids for above in levels[:depth])
        ]
    if len(depths) != 1:
        return None
    [depth] = depths
    if depth == 0:
        return "level 0, the root folder"
    return f"level {depth}, {'the account' if depth == len(levels) - 1 else 'a folder'}"


def _holds_unreadable(ids: Iterable[str], store: Store) -> bool:
    return any("unreadable" in store["policies"].get(policy, {}) for policy in ids)


def _account(principal: str, resource: str) -> str:
    """Return the account that a request acts on: the resource's, by default the principal's."""
    account = "" if resource == "*" else resource.split(":", 4)[3]
    return principal.split(":", 4)[3] if account in _ALL_ACCOUNTS else account
