"""`ramgate explain`: say why a request is allowed or denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    accounts_path,
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
from ramgate.cli.output import FINE, NO, json_line, say

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from ramgate.analysis.fixes import Fix
    from ramgate.cli.options import Commands
    from ramgate.client.client import Client
    from ramgate.model.explanation import Explained, Explanation

__all__ = ["add_to", "explanation", "run"]

_TEXT: Final = """\
Prints the cause on the first line, then the decision as `ramgate check` prints it, further hints,
the result of every layer, and the statements that could have mattered, with the elements that
differ: first all that match, then those that nearly match.

  Denied: the trust policy of role `Deploy` admits only ecs.aliyuncs.com, not user/alice

Near names come from the catalog of actions and, without --url, from the accounts. The catalog is
not complete. docs/explain.md describes the causes.

--format ram prints the JSON that DecodeDiagnosticMessage returns for a denial. The version of a
custom policy is not known, v1 is printed; the principal is shown by its name, not by its id.

--fix prints changes of the accounts or of the request after which it is allowed. Those that allow
least beside it come first. Each was applied to a copy of the accounts, and OPA decided the request
again; your files stay as they are. With each change comes a proof that it allows nothing else, or
one other request that it allows.

Over TCP, the OPA at --url explains only if it was started with --allow-explain, because an
explanation shows policies.

Exit status: 0 allowed, 1 denied, 2 no explanation.

examples:
  ramgate explain acs:ram::1234567890123456:user/carol alikafka:ListTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x
  ramgate explain acs:ram::1234567890123456:user/carol alikafka:ListTopic \\
      acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x --fix
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
    parser.add_argument(
        "--fix",
        action="store_true",
        help="also print changes that allow the request, each tried on a copy of the accounts",
    )
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
    if options.fix and (options.url or simulated or options.format):
        raise ValueError("--fix changes accounts in files: leave out --url, --policy and --format")
    with open_client(options) as client:
        found = explanation(client, options, circumstances, simulated)
    fixes = _fixes(options, found) if options.fix else None
    if options.json:
        print(json_line(_with_fixes(found.answer, fixes)))
    elif options.format:
        from ramgate.cli.diagnostic_message import diagnostic_message

        print(json_line(diagnostic_message(found)))
    else:
        print(found)
        for line in _lines(fixes or ()):
            print(line)
    return FINE if found else NO


def _fixes(options: Namespace, found: Explanation) -> list[Fix]:
    from ramgate.analysis.fixes import fixes

    tried = fixes(accounts_path(options), found.request)
    if not tried and not found:
        say("no change of the accounts or of the context was found that allows the request")
    return tried


def _with_fixes(answer: Explained, fixes: Sequence[Fix] | None) -> dict[str, object]:
    """Return the fields of an explanation, with the fixes if they were asked for."""
    fields = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return fields if fixes is None else {**fields, "fixes": fixes}


def _lines(fixes: Sequence[Fix]) -> Iterator[str]:
    """Yield the lines about fixes. The steps of a patch are not broken: they can be copied."""
    from ramgate.cli.terminal import wrap

    if fixes:
        yield from ("", "fixes, those first that allow least")
    for number, fix in enumerate(fixes, 1):
        head, *steps = str(fix).splitlines()
        first = f"  {number}. "
        yield from wrap(head, first, " " * len(first))
        yield from (f"  {step}" for step in steps)


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
