"""`ramgate check`: decide one request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    add_command,
    add_context,
    add_json,
    add_principal,
    add_source,
    context,
    open_client,
)
from ramgate.cli.output import FINE, NO, json_line, summary

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one line: the effect, the reason, the statements that decided, and their policy type.

  Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)

Give the whole ARN of the resource: a Deny for a narrower resource does not match "*".

Without --url, an OPA is started for this request; without --accounts, it loads the shipped example
accounts. With --policy, the request is simulated: the given documents replace all policies that are
attached to the principal.

Exit status: 0 allowed, 1 denied, 2 no decision.

examples:
  ramgate check acs:ram::1234567890123456:user/alice alikafka:DeleteTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x
  ramgate check acs:ram::1234567890123456:user/bob alikafka:ListTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x \\
      --context acs:SourceIp=10.1.2.3 --json
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "check", "decide one request", _TEXT, run)
    add_principal(parser)
    parser.add_argument("action", metavar="ACTION", help="a RAM action, such as alikafka:ListTopic")
    parser.add_argument("resource", metavar="RESOURCE", help='an ARN, or "*" in quotes')
    add_context(parser)
    add_source(parser)
    parser.add_argument(
        "--policy",
        metavar="FILE",
        action="append",
        default=[],
        help="simulate: use this policy document instead of the principal's policies; repeatable",
    )
    add_json(parser, "print the whole decision as JSON")


def run(options: Namespace) -> int:
    """Decide the request and print the decision."""
    policies = _policies(options.policy)
    circumstances = context(options.context)
    with open_client(options) as client:
        request = (options.principal, options.action, options.resource, circumstances)
        if policies:
            decision = client.simulate(*request, policies=policies)
        else:
            decision = client.decide(*request)
    print(json_line(decision) if options.json else summary(decision))
    return FINE if decision else NO


def _policies(files: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return each file's translated document by the file's name without its suffix."""
    if not files:
        return {}
    from ramgate.analysis.validate import translate_file

    paths: dict[str, str] = {}
    for file in files:
        name = Path(file).stem
        if name in paths:
            raise ValueError(f"`{paths[name]}` and `{file}` would both be called `{name}`")
        paths[name] = file
    return {name: translate_file(Path(file)) for name, file in paths.items()}
