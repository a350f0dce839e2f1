"""The command line: every command with its arguments, and what `--help` prints."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli import (
    actions,
    authzen,
    build,
    catalog,
    check,
    diff,
    doctor,
    explain,
    graph,
    import_,
    install_opa,
    lint,
    prove,
    publish,
    replay,
    role,
    roles,
    run,
    slr,
    status,
    translate,
    validate,
    what_can,
    who_can,
)
from ramgate.cli.options import QUOTE_IT
from ramgate.documents.near import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["parse"]

_TEXT: Final = """\
exit status:
  0  allowed (check, explain, slr, doctor), or success
  1  denied (check, explain, slr, doctor, who-can, what-can), newly allowed (diff), broken (prove),
     a decision differs (replay), faults (validate, lint, translate, build, catalog),
     not ready (status), unknown name (actions)
  2  no result: wrong usage, malformed request, unreadable file, no OPA, not decided

`ramgate COMMAND --help` describes a command, with examples.
What a policy means:      docs/reference/policy-language.md
Accounts files:           docs/reference/accounts.md
Statements without tests: pytest --ramgate-cov, docs/python.md
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the arguments of one command, by default the command line's.

    The result's `run` is the command's function, its `fail` reports wrong usage of it. Wrong
    usage and `--help` raise `SystemExit`.
    """
    options, rest = _parser().parse_known_args(arguments)
    if rest:
        options.fail(f"unrecognized arguments: {' '.join(rest)}{_hint(rest, options.usage())}")
    for name, value in vars(options).items():
        # `--accounts "$FILE"` without a value for FILE must not mean the shipped example.
        if value == "" or (isinstance(value, list) and "" in value):
            options.fail(f"argument {name}: is empty: is a variable of the shell unset?")
    return options


def _hint(rest: Sequence[str], usage: str) -> str:
    """Name the option that a misspelt one is near to, or ask for quotes about a `*`."""
    misspelt = next((text.partition("=")[0] for text in rest if text.startswith("--")), None)
    if misspelt is not None:
        near = nearest(misspelt, set(re.findall(r"--[a-z-]+", usage)))
        return f" (did you mean {near}?)" if near else ""
    return f" ({QUOTE_IT})" if any(Path(text).exists() for text in rest) else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ramgate",
        description="Decide requests by Alibaba Cloud RAM policies, with Open Policy Agent (OPA).",
        epilog=_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (
        run,
        status,
        build,
        publish,
        authzen,
        check,
        explain,
        who_can,
        what_can,
        diff,
        prove,
        replay,
        import_,
        roles,
        role,
        slr,
        doctor,
        graph,
        actions,
        catalog,
        translate,
        validate,
        lint,
        install_opa,
    ):
        command.add_to(commands)
    return parser


class _Version(argparse.Action):
    """Print the version and exit, like argparse's own action; look the version up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        text = "show program's version number and exit"
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=text)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"{parser.prog} {version('ramgate')}")
        parser.exit()
