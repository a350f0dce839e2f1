"""`ramgate role`: describe one service-linked role."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command, add_json
from ramgate.cli.output import FINE, json_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from ramgate.analysis.roles import Grant, RoleSheet
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints the role's purpose, its service, the event that creates it, the features that need it, and,
if the catalog has its policy document, its permissions.

Exit status: 0 printed, 2 there is no such role.

example:
  ramgate role AliyunServiceRoleForAlikafkaConnector
"""
_WIDTH: Final = 76
_EFFECTS: Final = {"Allow": "", "Deny": "never "}


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "role", "describe one service-linked role", _TEXT, run)
    parser.add_argument("name", metavar="NAME", help="the role's name, in any case")
    add_json(parser, "print a JSON object")


def run(options: Namespace) -> int:
    """Print the role."""
    from ramgate.analysis import roles
    from ramgate.catalog import catalog

    sheet = roles.sheet(roles.find(options.name, catalog.load()))
    print(json_line(sheet) if options.json else "\n".join(_lines(sheet)))
    return FINE


def _lines(sheet: RoleSheet) -> Iterator[str]:
    stops, newer = ", ".join(sheet.stops_without_it) or None, sheet.newer_version
    facts = {
        "purpose": sheet.purpose,
        "service name": sheet.service_name,
        "created when": sheet.created_when,
        "without it": f"{stops} stops working, until the role is created again" if stops else None,
        "policy": sheet.policy,
        "source": sheet.source,
        "newer": f"{newer} (only this older document is in the catalog)" if newer else None,
        "note": sheet.note,
    }
    yield sheet.role
    for name, fact in facts.items():
        if fact:
            yield f"  {name:<14}{fact}"
    if sheet.permissions is None:
        yield "permissions: not known, the policy document is not in ramgate's catalog"
        return
    yield "permissions"
    for grant in sheet.permissions:
        yield from _grant(grant)


def _grant(grant: Grant) -> Iterator[str]:
    """Yield a statement's actions on one service, its resources and its conditions."""
    lines = [f"{_EFFECTS[grant.effect]}{line}" for line in _wrap(grant.actions)]
    if grant.resources != ("*",):
        lines.append(f"on {', '.join(grant.resources)}")
    for operator, keys in grant.conditions.items():
        for key, values in keys.items():
            lines.append(f"if {key} {operator} {', '.join(values)}")
    for position, line in enumerate(lines):
        yield f"  {'' if position else grant.service:<14}{line}"


def _wrap(words: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(words), _WIDTH, break_on_hyphens=False, break_long_words=False)
