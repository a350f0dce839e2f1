"""`ramgate slr`: ask whether a service-linked role may be created, used or deleted."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.cli.options import (
    OUTPUT_TEXT,
    add_command,
    add_context,
    add_json,
    add_principal,
    add_source,
    context,
    open_client,
)
from ramgate.cli.output import FINE, NO, UNKNOWN, json_line, printer_beside, say

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from ramgate.analysis.roles import Kind
    from ramgate.cli.options import Commands
    from ramgate.client.client import Client
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Remedy, Usage

__all__ = ["add_to", "create", "delete", "feature"]

_TEXT: Final = """\
Exit status of each command: 0 allowed, 1 denied, 2 no result. If the name is unknown, `create` and
`feature` end with 2, `delete` with 1.
`ramgate slr COMMAND --help` describes a command, with examples.
"""
_SOURCE: Final = """\
Without --url, an OPA is started for this question; without --accounts, it loads the shipped example
accounts.
"""
_FILES: Final = f"""\
{OUTPUT_TEXT.rstrip()}
--write replaces the accounts file by these rules, too.
"""
_CREATE: Final = f"""\
Prints the outcome (`create`, `exists`, `denied` or `unknown_service`), the decision that it rests
on, and the remedy for a denial.

{_SOURCE}
{_FILES}
Exit status: 0 allowed, 1 denied, 2 no result, or the catalog has no such service.

example:
  ramgate slr create acs:ram::1234567890123456:user/carol etl.alikafka.aliyuncs.com \\
      --accounts accounts.yaml --remedy-out policy.json
"""
_FEATURE: Final = f"""\
A feature works if its role exists, or if the principal may have the role created. Prints the
outcome (`ready`, `create`, `denied` or `unknown_feature`), the decision that it rests on, and the
remedy for a denial.

{_SOURCE}
{_FILES}
Exit status: 0 allowed, 1 denied, 2 no result, or the catalog has no such feature.

example:
  ramgate slr feature acs:ram::1234567890123456:user/carol alikafka.connector
"""
_DELETE: Final = f"""\
Prints the outcome (`delete`, `in_use`, `denied`, `unknown_role` or `not_service_linked`), the
decision that it rests on, and the features that stop working without the role.

The service that owns the role knows which resources still use it. Give them as FILE, a JSON or YAML
list of {{"region": REGION, "resources": [ARN]}}; a role in use is not deleted.

{_SOURCE}
{_FILES}
Exit status: 0 allowed, 1 denied, in use, or there is no such role, 2 no result.

example:
  ramgate slr delete acs:ram::1234567890123456:root AliyunServiceRoleForAlikafkaETL \\
      --accounts accounts.yaml --write
"""


def add_to(commands: Commands) -> None:
    """Declare the three commands and their arguments."""
    summary = "ask whether a service-linked role may be created, used or deleted"
    within = add_command(commands, "slr", summary, _TEXT).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    summary = "ask whether a service may create its role for a principal"
    parser = add_command(within, "create", summary, _CREATE, create)
    add_principal(parser)
    parser.add_argument(
        "name", metavar="SERVICE_NAME", help="such as connector.alikafka.aliyuncs.com"
    )
    _add_options(parser)
    summary = "ask whether a principal may use a feature"
    parser = add_command(within, "feature", summary, _FEATURE, feature)
    add_principal(parser)
    parser.add_argument("name", metavar="FEATURE", help="such as alikafka.connector")
    _add_options(parser)
    summary = "ask whether a principal may delete a service-linked role"
    parser = add_command(within, "delete", summary, _DELETE, delete)
    add_principal(parser)
    parser.add_argument("name", metavar="ROLE", help="the role's name, in any case")
    parser.add_argument("--usages", metavar="FILE", help="the resources that still use the role")
    _add_options(parser)


def _add_options(parser: ArgumentParser) -> None:
    add_context(parser)
    add_source(parser)
    parser.add_argument(
        "--remedy-out",
        metavar="FILE",
        help="write the policy document of the remedy; `-` is stdout",
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="if allowed, change the accounts file: add the role, or remove the deleted role",
    )
    add_json(parser, "print the whole answer as JSON")


def create(options: Namespace) -> int:
    """Ask whether the service may create its role."""
    with _open_client(options) as client:
        answer = client.creation(options.principal, options.name, context(options.context))
    return _report(answer, "service", options)


def feature(options: Namespace) -> int:
    """Ask whether the principal may use the feature."""
    with _open_client(options) as client:
        answer = client.feature(options.principal, options.name, context(options.context))
    return _report(answer, "feature", options)


def delete(options: Namespace) -> int:
    """Ask whether the principal may delete the role."""
    usages = _read_usages(Path(options.usages)) if options.usages else []
    circumstances = context(options.context)
    with _open_client(options) as client:
        answer = client.deletion(options.principal, options.name, usages, circumstances)
    return _report(answer, "role", options)


@contextlib.contextmanager
def _open_client(options: Namespace) -> Iterator[Client]:
    if options.write and options.accounts is None:
        raise ValueError("`--write` changes an accounts file: name it with `--accounts`")
    with open_client(options) as client:
        yield client


def _read_usages(path: Path) -> list[Usage]:
    """Read the list of `--usages`.

    Raises `InvalidFiles` with every fault.
    """
    from ramgate.documents import shape
    from ramgate.documents.source import read
    from ramgate.errors import InvalidFiles
    from ramgate.language import grammar
    from ramgate.model.service_linked_role import Usage

    source, found = read(path, root="usages"), []
    fields = ("region", "resources")
    for item, place in shape.items(source.value, source.place):
        parts = shape.fields(item, place, fields, fields)
        region = shape.texts({"region": parts.pop("region", "")}, place).get("region", "")
        resources = tuple(
            shape.name(text, here, grammar.RESOURCE, "ARN") or ""
            for text, here in shape.items(parts.get("resources", []), place / "resources")
        )
        found.append(Usage(region, resources))
    if source.place.findings.faults:
        raise InvalidFiles(source.place.findings.faults)
    return found


def _report(answer: Creation | Feature | Deletion, kind: Kind, options: Namespace) -> int:
    """Print the answer, write the files that the options name, return the exit status."""
    from ramgate.cli.slr_text import lines

    text = json_line(_fields(answer)) if options.json else "\n".join(lines(answer, kind, options))
    printer_beside(options.remedy_out)(text)
    decision = answer.authorization
    if decision is not None and decision.reason == "unknown_principal" and not options.url:
        from ramgate.cli.denial import say_near_name

        say_near_name(options.principal, options)
    if options.remedy_out:
        _write_policy(answer.remedy, options.remedy_out)
    if options.write:
        _write_change(answer, Path(options.accounts))
    if answer:
        return FINE
    return UNKNOWN if answer.outcome in {"unknown_feature", "unknown_service"} else NO


def _fields(answer: Creation | Feature | Deletion) -> dict[str, object]:
    """Return the fields of OPA's answer: `errors` and `loss` only if they have a value."""
    import msgspec

    fields: dict[str, object] = msgspec.to_builtins(answer)
    return {key: value for key, value in fields.items() if value or key not in {"errors", "loss"}}


def _write_policy(remedy: Remedy | None, output: str) -> None:
    if remedy is None or remedy.policy is None:
        say(f"`{output}` is not written: the remedy is not a policy")
        return
    from ramgate.cli.slr_text import document
    from ramgate.documents.atomic_write import write_output

    write_output(output, f"{document(remedy.policy)}\n".encode())
    say(f"`{output}` is written: attach it to {remedy.attach_to}")


def _write_change(answer: Creation | Feature | Deletion, path: Path) -> None:
    from ramgate.accounts.edit import add_service_linked_role, remove_service_linked_role

    if answer.outcome == "create":
        changed = add_service_linked_role(path, str(answer.account), str(answer.role))
        say(f"`{changed}`: added {answer.role}")
    elif answer.outcome == "delete":
        changed = remove_service_linked_role(path, str(answer.account), str(answer.role))
        say(f"`{changed}`: removed {answer.role}")
    else:
        say(f"`{path}` is not changed: {answer.outcome}")
