"""`ramgate who-can`: find the principals that may do an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_or_example,
    add_accounts,
    add_command,
    add_context,
    add_json,
    add_timeout,
    context,
    refuse_file_name,
    timeout,
)
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.analysis.who_can import WhoCan
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints a table of the users, roles, owners and services that may do the action, with the statements
that allow it. With --json all other principals are printed, too, each with a denied request.

ACTION and RESOURCE may have wildcards, `*` and `?`; quote them. Then MAY tells whether a
principal may do `every` request that matches them, or `some`. `every` is proved, and so is that
principals outside the table may do none. `some` has one request that is allowed and one that is
denied. A `*` in the place of the account stands for each principal's own account. A pattern of
actions matches those that assume a role only if it begins with `sts:`. If RESOURCE is a pattern of
roles, the answer is about the roles that exist.

--unknown names a condition key that may have any value or be absent; with --any-context, that is
every key that --context does not give. If ACTION and RESOURCE have no wildcards, the table has the
conditions that decide.

For an action that assumes a role (`sts:AssumeRole`), RESOURCE is the role, and the services and
providers that the role trusts are decided, too. Principals that a trust policy names and that the
accounts do not contain are not decided: they are named on stderr.

Exit status: 0 at least one principal may, 1 none may, 2 the request is malformed, the accounts
cannot be read, or a principal is not decided.

examples:
  ramgate who-can alikafka:DeleteTopic acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x
  ramgate who-can "alikafka:Delete*" "*" --any-context
  ramgate who-can sts:AssumeRole acs:ram::1234567890123456:role/AppRole --accounts accounts/
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "who-can", "find the principals that may do an action", _TEXT, run
    )
    parser.add_argument("action", metavar="ACTION", help="a RAM action, or a pattern of actions")
    parser.add_argument("resource", metavar="RESOURCE", help="an ARN, or a pattern of resources")
    add_context(parser)
    unknown = parser.add_mutually_exclusive_group()
    unknown.add_argument(
        "--unknown",
        metavar="KEY",
        action="append",
        default=[],
        help="a condition key that may have any value or be absent; repeatable",
    )
    unknown.add_argument(
        "--any-context",
        action="store_true",
        help="all condition keys that --context does not give are unknown",
    )
    add_accounts(parser)
    add_timeout(parser)
    add_json(parser, "print the answer for every principal as JSON")


def run(options: Namespace) -> int:
    """Search all principals, and print those that may."""
    from ramgate.analysis.who_can import who_can
    from ramgate.cli.terminal import progress

    refuse_file_name(options.resource)
    circumstances = context(options.context)
    path = accounts_or_example(options)
    with progress() as show:
        found = who_can(
            path,
            options.action,
            options.resource,
            circumstances,
            unknown=None if options.any_context else options.unknown,
            timeout=timeout(options),
            show=show,
        )
    print(json_line(found)) if options.json else _print(found)
    for one in found.not_decided:
        say(f"not decided: {one.principal}: {one.reason}")
    if found.not_decided:
        return UNKNOWN
    return FINE if found.allowed else NO


def _print(found: WhoCan) -> None:
    from ramgate.cli.who_can_text import lines

    for line in lines(found):
        print(line)
    open_ones = len(found.not_decided)
    count = len(found.principals) + len(found.services) + open_ones
    rest = f", {open_ones} not decided" if open_ones else ""
    say(f"{len(found.allowed)} of {count} principals may{rest} (requests decided: {found.classes})")
