"""`ramgate what-can`: say all that a principal may do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_or_example,
    add_accounts,
    add_command,
    add_json,
    add_principal,
    add_timeout,
    timeout,
)
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ramgate.analysis.what_can import WhatCan
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one policy document that allows exactly the requests that the principal is allowed, in any
context. It takes the principal's own policies, those of its groups and resource groups, and the
control policies. It is proved for all requests that the document allows no more and no less.

The document alone is on stdout. The actions of the catalog that the principal is allowed on at
least one resource, and the roles that it may assume, are on stderr. The document has no statements
about assuming a role.

--action and --resource limit the document. Statements about other requests are left out.

Exit status: 0 the principal is allowed some request, 1 it is allowed none, 2 the accounts cannot be
read, or the document is not proved.

examples:
  ramgate what-can acs:ram::1234567890123456:user/bob
  ramgate what-can acs:ram::1234567890123456:user/bob --action "alikafka:*" --json
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "what-can", "write one policy document of all that a principal may do", _TEXT, run
    )
    add_principal(parser)
    parser.add_argument(
        "--action", metavar="PATTERN", default="*", help="only these actions, such as alikafka:*"
    )
    parser.add_argument(
        "--resource", metavar="PATTERN", default="*", help="only resources of this pattern"
    )
    add_accounts(parser)
    add_timeout(parser)
    add_json(parser, "print the document, the actions and the roles as one JSON object")


def run(options: Namespace) -> int:
    """Find all that the principal may do, and print it."""
    from ramgate.analysis.what_can import what_can
    from ramgate.cli.terminal import progress

    with progress() as show:
        found = what_can(
            accounts_or_example(options),
            options.principal,
            action=options.action,
            resource=options.resource,
            timeout=timeout(options),
            show=show,
        )
    if options.json:
        print(json_line(found))
    else:
        if found.document is not None:
            print(json.dumps(found.document, indent=2, ensure_ascii=False))
        for line in _lines(found):
            say(line)
    for reason in found.reasons:
        say(f"not proved: {reason}")
    if found.reasons:
        return UNKNOWN
    return FINE if found.document or found.roles else NO


def _lines(found: WhatCan) -> Iterator[str]:
    from ramgate.cli.terminal import wrap

    by_service: dict[str, list[str]] = {}
    for action in found.actions:
        code, _, name = action.partition(":")
        by_service.setdefault(code, []).append(name)
    if by_service:
        yield "actions of the catalog"
    for code, names in by_service.items():
        yield from wrap(", ".join(names), f"  {code}: ", "    ")
    if found.roles:
        yield "roles to assume"
    yield from (f"  {role}" for role in found.roles)
