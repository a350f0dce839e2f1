"""`ramgate prove`: prove rules about accounts, or show the requests that break them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_or_example,
    add_accounts,
    add_command,
    add_json,
    add_timeout,
    timeout,
)
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, say
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ramgate.analysis.prove import Proof
    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_COLOURS: Final = {"proved": "green", "broken": "red", "not_decided": "yellow"}
_WIDTH: Final = len("not_decided")
_TEXT: Final = """\
RULES is a YAML file with named rules. Each has a verb: never, never_together, only_when or always.

  rules:
    audit-logs-stay:
      never: "log:Delete*"              # an action, a pattern, or a list of them
      resource: "acs:log:*:*:project/audit/*"
      except: ["acs:ram::*:role/BreakGlass"]
    no-way-to-more-rights:
      never_together: ["ram:CreatePolicyVersion", "ram:AttachPolicyToUser"]
    kafka-only-from-the-office:
      only_when: {IpAddress: {acs:SourceIp: ["10.0.0.0/8"]}}
      action: "alikafka:*"
    backup-can-read:
      always: "oss:GetObject"
      resource: "acs:oss:*:*:backup/*"
      principals: ["acs:ram::1234567890123456:role/Backup"]

Without `resource` a rule is about all resources. `context` gives values of condition keys, and
`because` a reason, which is printed if the rule is broken. The owner of an account is left out,
because no policy limits it. docs/compare.md describes the rules.

Prints one line for each rule: proved for all requests, broken with requests that OPA has decided,
or not decided.

Exit status: 0 all rules are proved, 1 a rule is broken, 2 the rules or the accounts cannot be read,
or a rule is not decided.

examples:
  ramgate prove rules.yaml --accounts accounts/
  ramgate prove rules.yaml --accounts accounts/ --json
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "prove", "prove rules about accounts, or show who breaks them", _TEXT, run
    )
    parser.add_argument("rules", metavar="RULES", help="a file with rules; `-` is stdin")
    add_accounts(parser)
    add_timeout(parser)
    add_json(parser, "print the answer to each rule as JSON")


def run(options: Namespace) -> int:
    """Prove the rules, and print the answers."""
    from ramgate.analysis.prove import prove
    from ramgate.cli.terminal import progress

    with progress() as show:
        found = prove(
            options.rules, accounts_or_example(options), timeout=timeout(options), show=show
        )
    if options.json:
        print(json_line(found))
    else:
        for line in _lines(found):
            print(line)
    results = [one.result for one in found]
    say(f"{results.count('proved')} of {len(results)} rules are proved")
    if "broken" in results:
        return NO
    return UNKNOWN if "not_decided" in results else FINE


def _lines(found: list[Proof]) -> Iterator[str]:
    from ramgate.cli.terminal import labelled, members, paint, pairs

    for one in found:
        yield f"{paint(one.result.ljust(_WIDTH), _COLOURS[one.result])}  {one.rule}"
        if one.because and one.result != "proved":
            yield from labelled("because", one.because)
        for violation in one.violations:
            yield from labelled("by", members(violation.principals))
            for request, decision in zip(violation.requests, violation.decisions, strict=True):
                text = " ".join([request.action, request.resource, *pairs(request.context)])
                yield from labelled("request", text)
                yield from labelled("decision", summary(decision))
        for reason in one.reasons:
            yield from labelled("reason", reason)
