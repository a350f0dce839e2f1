"""`ramgate replay`: decide the requests of decision logs by other accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command, add_json
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
LOG is a decision log: that of `ramgate run --decision-log`, the output of another OPA with
ramgate's bundle, or a list of entries that an OPA has uploaded; gzip or not. `-` is stdin.

An OPA decides each distinct request of the logs again, by the accounts of --accounts, as of the
time of its entry. The decisions are compared with those in the logs, or with --baseline by other
accounts: an accounts file or a folder, a bundle of `ramgate build`, or git:REF:PATH. Prints the
requests that are newly allowed, newly denied, or decided for another reason, with their numbers,
the most frequent first. Statements are not compared: a policy with a new name is no difference.

Not replayable are requests with session policies and simulations (a log does not have their
documents); questions by AuthZEN, by Envoy, or about service-linked roles; explanations; and lines
that are not entries.

Exit status: 0 no decision differs, 1 one does, 2 not known: a log or the accounts cannot be read,
no decision was replayed, or none differs and one that may have given access was not replayable.

examples:
  ramgate replay decisions.log --accounts tomorrow/
  ramgate replay decisions.log decisions.log.1.gz --accounts . --baseline git:origin/main:accounts/
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "replay", "decide the requests of decision logs by other accounts", _TEXT, run
    )
    parser.add_argument("logs", metavar="LOG", nargs="+", help="a decision log; `-` is stdin")
    parser.add_argument(
        "--accounts", metavar="TOMORROW", required=True, help="the accounts to decide by"
    )
    parser.add_argument(
        "--baseline",
        metavar="TODAY",
        help="compare with the decisions by these accounts, not with those in the logs",
    )
    add_json(parser, "print the whole result as JSON")


def run(options: Namespace) -> int:
    """Replay the logs, and print the differences."""
    from ramgate.analysis.replay import replay
    from ramgate.cli.replay_text import lines
    from ramgate.cli.terminal import progress

    with progress() as show:
        found = replay(options.logs, options.accounts, baseline=options.baseline, show=show)
    if options.json:
        print(json_line(found))
    else:
        for line in lines(found):
            print(line)
    if found.differs:
        return NO
    return FINE if found.told else UNKNOWN
