"""`ramgate doctor`: explain why a feature does not work, and test a remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_or_example,
    add_accounts,
    add_command,
    add_context,
    add_json,
    add_principal,
    context,
)
from ramgate.cli.output import FINE, NO, json_line

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from ramgate.analysis.doctor import Diagnosis
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Checks step by step: Does the principal exist? Does the role exist? May the principal have the role
created? If not: Which statement or level prevents that? Is there a remedy, and does it work? The
last step repeats the question on a copy of the accounts to which the remedy has been applied; no
file is changed.

Exit status: 0 the feature works, 1 it does not, 2 no result.

example:
  ramgate doctor acs:ram::1234567890123456:user/carol alikafka.connector
"""
_VERDICTS: Final[Mapping[tuple[bool, bool | None], str]] = {
    (True, None): "verdict: the feature works",
    (False, True): "verdict: not yet; the remedy in step 5 was tried, and works",
    (False, False): "verdict: no",
}


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "doctor", "explain why a feature does not work, and test a remedy", _TEXT, run
    )
    add_principal(parser)
    parser.add_argument("feature", metavar="FEATURE", help="such as alikafka.connector")
    add_context(parser)
    add_accounts(parser)
    add_json(parser, "print every step with its evidence as JSON")


def run(options: Namespace) -> int:
    """Print the steps and the verdict."""
    from ramgate.analysis import doctor

    circumstances = context(options.context)
    path = accounts_or_example(options)
    diagnosis = doctor.diagnose(path, options.principal, options.feature, circumstances)
    print(json_line(diagnosis) if options.json else "\n".join(_lines(diagnosis)))
    if not diagnosis.steps[0].passed:
        from ramgate.cli.denial import say_near_name

        say_near_name(options.principal, options)
    return FINE if diagnosis.allow else NO


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    from ramgate.cli.slr_text import remedy_lines
    from ramgate.model.service_linked_role import Remedy

    for number, step in enumerate(diagnosis.steps, 1):
        remedy = step.evidence.get("remedy")
        lines = remedy_lines(remedy) if isinstance(remedy, Remedy) else [step.answer]
        yield f"{number}. {step.question}"
        yield from (f"   {line}" for line in lines)
    yield _VERDICTS[diagnosis.allow, diagnosis.remedied]
