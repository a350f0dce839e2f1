"""Print the name of the accounts that is nearest to an unknown principal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.accounts.near_names import near_name
from ramgate.cli.options import load_accounts
from ramgate.cli.output import say

if TYPE_CHECKING:
    from argparse import Namespace
__all__ = ["say_near_name"]


def say_near_name(arn: str, options: Namespace) -> None:
    """Print the nearest name to an unknown principal to stderr, if there is one."""
    hint = near_name(arn, load_accounts(options))
    if hint:
        say(hint)
