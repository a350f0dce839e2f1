"""`ramgate explain`: say why a request is allowed or denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    add_command,
    add_json,
    add_policy,
    add_request,
    add_source,
    context,
    load_accounts,
    open_client,
    policies,
    refuse_file_name,
)
from ramgate.cli.output import FINE, NO, json_line

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands
    from ramgate.client.client import Client
    from ramgate.model.explanation import Explanation

__all__ = ["add_to", "explanation", "run"]

_TEXT: Final = """\
Prints the cause on the first line, then the decision as `ramgate check` prints it, further hints,
the result of every layer, and the statements that could have mattered, with the elements that
differ: first all that match, then those that are nearest to it.

  Denied: the trust policy of role `Deploy` admits only ecs.aliyuncs.com, not user/alice

Near names come from the catalog of actions and, without --url, from the accounts. The catalog is
not complete. docs/explain.md describes the causes.

--format ram prints the JSON that DecodeDiagnosticMessage returns for a denial. A fact that ramgate
does not know has the value of a sample: the version of a custom policy is v1, and the principal is
shown by its name, not by its id.

Over TCP, the OPA at --url explains only if it was started with --allow-explain, because an
explanation shows policies.

Exit status: 0 allowed, 1 denied, 2 no explanation.

examples:
  ramgate explain acs:ram::1234567890123456:user/carol alikafka:ListTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x
  ramgate explain acs:ram::1234567890123456:user/bob alikafka:ListTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x \\
      --context acs:SourceIp=203.0.113.9 --format ram
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(commands, "explain", "say why a request is allowed or denied", _TEXT, run)
    add_request(parser)
    add_source(parser)
    add_policy(parser)
    form = parser.add_mutually_exclusive_group()
    add_json(form, "print OPA's explanation as JSON, with the added hints")
    form.add_argument(
        "--format", choices=["ram"], help="ram: print the JSON of RAM's DecodeDiagnosticMessage"
    )


def run(options: Namespace) -> int:
    """Explain the decision about the request."""
    refuse_file_name(options.resource)
    simulated = policies(options.policy)
    circumstances = context(options.context)
    with open_client(options) as client:
        found = explanation(client, options, circumstances, simulated)
    if options.json:
        print(json_line(found.answer))
    elif options.format:
        from ramgate.cli.diagnostic_message import diagnostic_message

        print(json_line(diagnostic_message(found)))
    else:
        print(found)
    return FINE if found else NO


def explanation(
    client: Client,
    options: Namespace,
    circumstances: dict[str, str | list[str]],
    simulated: dict[str, dict[str, object]],
) -> Explanation:
    """Return the explanation of the command's request, with near names of its accounts."""
    request = (options.principal, options.action, options.resource, circumstances)
    if simulated:
        found = client.explain_simulation(*request, policies=simulated)
    else:
        found = client.explain(*request)
    if options.url or not any(hint.code == "unknown_name" for hint in found.hints):
        return found
    from ramgate.hints.hints import with_accounts

    return with_accounts(found, load_accounts(options))
