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
    load_accounts,
    open_client,
    refuse_file_name,
)
from ramgate.cli.output import FINE, NO, json_line, summary

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from ramgate.cli.options import Commands
    from ramgate.model.decision import Decision

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one line: the effect, the reason, the statements that decided, and their policy type.

  Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)

For a denial by control policies, the policy type has the level, if the accounts show it. If the
accounts do not contain the principal or the role, the nearest name is printed to stderr.

Write the whole ARN of the resource: a Deny of a narrower resource does not match "*".

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

# the argument with the name that the accounts lack, by the reason of the denial
_NAMES: Final = {"unknown_principal": "principal", "unknown_role": "resource"}


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
        help="simulate: use this document (`-` is stdin) instead of the principal's policies; "
        "repeatable",
    )
    add_json(parser, "print the whole decision as JSON")


def run(options: Namespace) -> int:
    """Decide the request and print the decision."""
    refuse_file_name(options.resource)
    policies = _policies(options.policy)
    circumstances = context(options.context)
    with open_client(options) as client:
        request = (options.principal, options.action, options.resource, circumstances)
        if policies:
            decision = client.simulate(*request, policies=policies)
        else:
            decision = client.decide(*request)
    level = None if decision or options.url else _explain(decision, options)
    print(json_line(decision) if options.json else summary(decision, level))
    return FINE if decision else NO


def _explain(decision: Decision, options: Namespace) -> str | None:
    """Print the name near an unknown one; return the level of a control policy's denial."""
    if decision.reason not in _NAMES and decision.policy_type != "ControlPolicy":
        return None
    from ramgate.cli.denial import control_level, say_near_name

    if decision.reason in _NAMES:
        say_near_name(getattr(options, _NAMES[decision.reason]), options)
        return None
    return control_level(decision, options.principal, options.resource, load_accounts(options))


def _policies(files: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return each file's translated document by the file's name without its suffix."""
    if not files:
        return {}
    from ramgate.analysis.validate import translate_file
    from ramgate.documents.source import argument_path

    paths: dict[str, str] = {}
    for file in files:
        name = "stdin" if file == "-" else Path(file).stem
        if name in paths:
            raise ValueError(f"`{paths[name]}` and `{file}` would both be called `{name}`")
        paths[name] = file
    return {name: translate_file(argument_path(file)) for name, file in paths.items()}
