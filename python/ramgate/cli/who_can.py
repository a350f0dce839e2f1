"""`ramgate who-can`: find the principals that may do an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_or_example,
    add_accounts,
    add_command,
    add_context,
    add_json,
    context,
    refuse_file_name,
)
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.analysis.who_can import WhoCan
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints a table of the users, roles, owners and services that may, with the statements that allow it.
For an action that assumes a role (`sts:AssumeRole`), RESOURCE is the role, and the services and
providers that the role trusts are decided, too. With --json all other principals are printed, too,
each with its denied request.

The request is decided once for all principals with the same policies. Principals that a trust
policy names and that the accounts do not contain are not decided: they are named on stderr.

Exit status: 0 at least one principal may, 1 none may, 2 the request is malformed, the accounts
cannot be read, or a principal is not decided.

examples:
  ramgate who-can alikafka:DeleteTopic acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x
  ramgate who-can sts:AssumeRole acs:ram::1234567890123456:role/AppRole --accounts accounts/
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "who-can", "find the principals that may do an action", _TEXT, run
    )
    parser.add_argument("action", metavar="ACTION", help="a RAM action, such as alikafka:ListTopic")
    parser.add_argument("resource", metavar="RESOURCE", help='an ARN, or "*" in quotes')
    add_context(parser)
    add_accounts(parser)
    add_json(parser, "print the answer for every principal as JSON")


def run(options: Namespace) -> int:
    """Decide for all principals, and print those that may."""
    from ramgate.analysis.who_can import who_can

    refuse_file_name(options.resource)
    circumstances = context(options.context)
    path = accounts_or_example(options)
    found = who_can(path, options.action, options.resource, circumstances)
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
    count = len(found.principals) + len(found.services)
    say(f"{len(found.allowed)} of {count} principals may, by {found.classes} decisions")
