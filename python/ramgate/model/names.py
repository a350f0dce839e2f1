"""Short names of principals, statements and layers for texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.model.hint import OfLayer, OfStatement

__all__ = ["layer_name", "listed", "short", "statement_name"]

_MOST: Final = 3
_PREFIX: Final = "acs:ram::"


def short(principal: str, account: str | None = None) -> str:
    """Return a principal without the account, or with it if that is not the given one.

    >>> short("acs:ram::1234567890123456:user/alice"), short("ecs.aliyuncs.com")
    ('user/alice', 'ecs.aliyuncs.com')
    >>> short("acs:ram::1234567890123456:root", "2345678901234567")
    'account 1234567890123456'
    """
    if not principal.startswith(_PREFIX):
        return principal
    number, _, name = principal.removeprefix(_PREFIX).partition(":")
    if name == "root":
        return f"account {number}" if account else "the account owner"
    return name if account in {None, number} else f"{name} of account {number}"


def listed(names: Iterable[str]) -> str:
    """Return at most three names, and the number of the others.

    >>> listed(["a", "b"]), listed("abcde")
    ('a and b', 'a, b, c and 2 more')
    """
    found = list(names)
    rest = len(found) - _MOST
    if rest > 0:
        return f"{', '.join(found[:_MOST])} and {rest} more"
    return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))


def statement_name(found: OfStatement) -> str:
    """Return the name of a hint's statement; of a trust policy, the role's."""
    if found.policy_type == "AssumeRolePolicy":
        return f"the trust policy of role `{found.policy.partition(':')[2]}`"
    level = f" of level `{found.level}`" if found.level else ""
    return f"`{found.statement}`{level}"


def layer_name(found: OfLayer, principal: str) -> str:
    """Return a plural noun for the policies of a hint's layer."""
    match found.policy_type:
        case "ControlPolicy":
            return f"the control policies of level `{found.level}`"
        case "SessionPolicy":
            return "the session policies"
        case "AssumeRolePolicy":
            return "the statements of the trust policy"
        case "ResourceGroupLevelIdentityBasedPolicy":
            return f"the policies of {short(principal)} in the resource group"
        case _:
            return f"the policies of {short(principal)}"
