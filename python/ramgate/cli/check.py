"""`ramgate check`: decide one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    add_command,
    add_json,
    add_policy,
    add_request,
    add_source,
    context,
    open_client,
    policies,
    refuse_file_name,
)
from ramgate.cli.output import FINE, NO, json_line, say
from ramgate.errors import RamgateError
from ramgate.model.summary import summary

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands
    from ramgate.client.client import Client
    from ramgate.model.explanation import Explanation

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Prints one line: the effect, the reason, the statements that decided, and their policy type.

  Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)

A denial by control policies names their level. The likely cause of a denial is printed to stderr;
`ramgate explain` prints more. An OPA at --url that listens on TCP gives the cause only if it was
started with --allow-explain.

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


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "check", "decide one request", _TEXT, run)
    add_request(parser)
    add_source(parser)
    add_policy(parser)
    add_json(parser, "print the whole decision as JSON")


def run(options: Namespace) -> int:
    """Decide the request and print the decision."""
    refuse_file_name(options.resource)
    simulated = policies(options.policy)
    circumstances = context(options.context)
    with open_client(options) as client:
        request = (options.principal, options.action, options.resource, circumstances)
        if simulated:
            decision = client.simulate(*request, policies=simulated)
        else:
            decision = client.decide(*request)
        found = None if decision else _explanation(client, options, circumstances, simulated)
    level = found.control_level if found is not None else None
    print(json_line(decision) if options.json else summary(decision, level))
    if found is not None and found.hints:
        say(found.cause)
    return FINE if decision else NO


def _explanation(
    client: Client,
    options: Namespace,
    circumstances: dict[str, str | list[str]],
    simulated: dict[str, dict[str, object]],
) -> Explanation | None:
    """Return the explanation of a denial; None if OPA gives none, such as over TCP."""
    from ramgate.cli.explain import explanation

    try:
        return explanation(client, options, circumstances, simulated)
    except RamgateError:
        return None
