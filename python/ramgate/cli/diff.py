"""`ramgate diff`: the requests that a change of policies allows or denies newly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command, add_json, add_timeout, timeout
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
OLD and NEW are accounts files or folders, bundles of `ramgate build`, files or folders with policy
documents (those that `ramgate validate` reads), git:REF:PATH, a file or a folder as it is in a
commit, or terraform:FILE. PATH is relative to the current folder. Two policy documents are compared
as if users of several accounts held them, two trust policies as those of a role.

terraform:FILE is the output of `terraform show -json`: a state, or the accounts after a plan. A
plan alone is compared with the accounts before it. If the number of the account is not in the file,
write terraform:NUMBER:FILE. A principal is not decided if its policies change and one of them is
not known until the plan is applied.

Prints how NEW differs from OLD: it is equivalent, wider, narrower or incomparable. The first three
are proved for all requests. For each changed statement and each set of principals with the same
policies follow a request, the decisions of OPA on both sides, and the statements that make the
difference. docs/compare.md has a workflow for pull requests.

Exit status: 0 no change of the kind of --fail-on, 1 there is one, 2 a side cannot be read, or the
comparison is not decided, for example because --timeout is over.

examples:
  ramgate diff old.json new.json
  ramgate diff git:origin/main:accounts/ accounts/
  ramgate diff terraform:plan.json
  ramgate diff before.tar.gz accounts/ --principal acs:ram::1234567890123456:user/alice
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "diff", "show which requests a change of policies allows or denies", _TEXT, run
    )
    parser.add_argument("old", metavar="OLD", help="the accounts or policies before the change")
    parser.add_argument(
        "new",
        metavar="NEW",
        nargs="?",
        help="the accounts or policies after the change; not needed if OLD is a plan",
    )
    parser.add_argument(
        "--principal",
        metavar="PRINCIPAL",
        action="append",
        default=[],
        help="compare only this principal; repeatable",
    )
    parser.add_argument(
        "--fail-on",
        choices=("allowed", "denied", "any"),
        default="allowed",
        help="exit with 1 for a request that is newly allowed (the default), denied, or either",
    )
    add_timeout(parser)
    add_json(parser, "print the whole result as JSON")


def run(options: Namespace) -> int:
    """Compare the sides, and print the changes."""
    from ramgate.analysis.diff import diff
    from ramgate.cli.diff_text import lines
    from ramgate.cli.terminal import progress

    with progress() as show:
        found = diff(
            options.old,
            options.new,
            principals=options.principal,
            timeout=timeout(options),
            show=show,
        )
    if options.json:
        print(json_line(found))
    else:
        for line in lines(found):
            print(line)
    failing = {
        "allowed": found.newly_allowed,
        "denied": found.newly_denied,
        "any": found.newly_allowed or found.newly_denied,
    }[options.fail_on]
    if failing:
        return NO
    return UNKNOWN if found.not_decided else FINE
