"""`ramgate actions`: show the catalog of actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command, add_json
from ramgate.cli.output import FINE, NO, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from ramgate.catalog.service import Service
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
NAME is a service (`alikafka`), an action (`alikafka:ListTopic`, `ListTopic`) or an API operation
(`GetTopicList`), in any case. For a service and for an action, everything that the catalog knows is
printed, also where its sources contradict each other. For an operation, the actions that it needs
are printed, in each service that has it. Without NAME, the services are listed.

No list is complete: a name that the catalog does not have may exist. Each fact has its source and
its date. No decision depends on these facts.

Exit status: 0 printed, 1 the catalog does not have the name, 2 the catalog cannot be read.

examples:
  ramgate actions alikafka
  ramgate actions GetTopicList
"""
_KINDS: Final = "write a service, an action or an API operation"


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    summary = "show the actions of a service, or which action an API call needs"
    parser = add_command(commands, "actions", summary, _TEXT, run)
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a service, an action or an API operation"
    )
    parser.add_argument(
        "--catalog", metavar="DIR", help="a folder that `ramgate catalog update` wrote"
    )
    add_json(parser, "print JSON: a list of services, a service, or the results for a name")


def run(options: Namespace) -> int:
    """Print the services, or the facts about the name."""
    from ramgate.catalog import actions
    from ramgate.cli import actions_text as text

    more = Path(options.catalog) if options.catalog else None
    if options.name is None:
        found = (actions.service(code, more) for code in sorted(actions.codes(more)))
        services = list(filter(None, found))
        return _show(options, text.listing(services), text.listing_lines(services))
    name = options.name.removesuffix(":*").strip(":")
    if not name:
        raise ValueError(f"`{options.name}` has no name: {_KINDS}")
    code, colon, rest = name.partition(":")
    product = actions.product_codes().get(code.lower(), "")
    service = actions.service(code, more) or actions.service(product, more)
    if colon and service is None:
        return _miss("service", code, [*actions.codes(more), *actions.product_codes()], more)
    if service and not colon:
        note = f"the API product `{code}` is `{product}` in policies" if product else ""
        return _show(options, text.plain_service(service), text.service_lines(service, note))
    codes = [service.code] if service else sorted(actions.codes(more))
    calls = [call for call in actions.calls(rest or code, more) if call.service in codes]
    named = [action for action in actions.named(rest or code, more) if action.service in codes]
    if calls or named:
        return _show(options, text.plain_names(calls, named), text.name_lines(calls, named))
    known = [] if colon else [*codes]
    for one in filter(None, (actions.service(other, more) for other in sorted({*codes, product}))):
        known += [f"{one.code}:{name}" if colon else name for name in _names(one)]
    return _miss("action or API operation", name, known, more)


def _names(service: Service) -> list[str]:
    """Return the names of a service's actions and API operations."""
    return [*(action.name for action in service.actions.values()), *sorted(service.operations)]


def _show(options: Namespace, plain: object, lines: Iterable[str]) -> int:
    if options.json:
        print(json_line(plain))
    else:
        for line in lines:
            print(line)
    return FINE


def _miss(kind: str, name: str, known: Iterable[str], more: Path | None) -> int:
    from ramgate.catalog import actions
    from ramgate.documents.messages import describe, did_you_mean

    hint = did_you_mean(name, known) or ", which is not complete"
    date = actions.catalog_date(more)
    say(f"ramgate: there is no {kind} {describe(name)} in the catalog of {date}{hint}")
    return NO
