"""The `ramgate` command: results on stdout, everything else on stderr.

Exit status: 0 allowed or fine; 1 denied, or faults found; 2 could not tell.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from ramgate.errors import InvalidFiles, InvalidRequest, RamgateError, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["DEFAULT_ADDRESS", "main"]

_NO: Final = 1
_UNKNOWN: Final = 2

DEFAULT_ADDRESS: Final = "127.0.0.1:8181"
_EPILOG: Final = """\
exit status:
  0  allowed (check, slr, doctor), or fine
  1  denied (check, slr, doctor), or faults found (validate, translate, build)
  2  could not tell: bad usage, malformed request, unreadable file, no OPA

what a policy means:  docs/reference/policy-language.md
accounts files:       docs/reference/accounts.md
"""

_RUN: Final = """\
An address that other machines can reach needs --token-file. Without --accounts the shipped
example answers. What changes in the accounts is live once it is valid; until then, what was there
goes on answering.

  ramgate run --accounts accounts.yaml --addr 127.0.0.1:8181 --addr unix:///run/ramgate.sock
"""
_BUILD: Final = """\
Any OPA from 1.22 on loads the bundle:

  ramgate build --accounts accounts.yaml -o bundle.tar.gz
  opa run --server --skip-version-check -b bundle.tar.gz
"""
_STATUS: Final = """\
Exit status: 0 it is ready, 1 it says that it is not, 2 it cannot be asked.

  ramgate status --url unix:///run/ramgate.sock
"""
_CHECK: Final = """\
Without --url an OPA is started for the one question. Exit status: 0 allowed, 1 denied, 2 could
not tell.

  ramgate check acs:ram::1234567890123456:user/alice alikafka:ListTopic "*"
  ramgate check acs:ram::1234567890123456:user/bob alikafka:GetTopicList \\
      acs:alikafka:cn-hangzhou:1234567890123456:orders --context acs:SourceIp=10.1.2.3 --json
"""
_ROLES: Final = """\
FEATURE is what needs the role, where that is known, POLICY whether its document is public. With
--accounts, EXISTS IN has the accounts that have the role.
"""
_ROLE: Final = """\
  ramgate role AliyunServiceRoleForAlikafkaConnector
"""
_SLR: Final = """\
Exit status of each: 0 allowed, 1 denied or not there, 2 could not tell.
`ramgate slr COMMAND --help` has the details.
"""
_CREATE: Final = """\
Without --url an OPA is started for the one question. Exit status: 0 allowed, 1 denied, 2 could
not tell. A service of that name that the catalog does not have is status 2.

  ramgate slr create acs:ram::1234567890123456:user/carol etl.alikafka.aliyuncs.com \\
      --accounts accounts.yaml --remedy-out policy.json
"""
_FEATURE: Final = """\
Like `ramgate slr create` with the feature's role. A feature that the catalog does not have is
status 2.

  ramgate slr feature acs:ram::1234567890123456:user/carol alikafka.connector
"""
_DELETE: Final = """\
What uses the role, its service knows; FILE is a list of {"region": REGION, "resources": [ARN]},
JSON or YAML. A role that is still used is not deleted: status 1.

  ramgate slr delete acs:ram::1234567890123456:root AliyunServiceRoleForAlikafkaETL \\
      --accounts accounts.yaml --write
"""
_SERVICE: Final = ("SERVICE_NAME", "the service, such as connector.alikafka.aliyuncs.com")
_NAMED_FEATURE: Final = ("FEATURE", "such as alikafka.connector")
_NAMED_ROLE: Final = ("ROLE", "the role's name, in any case")
_DOCTOR: Final = """\
Is the role there? May the principal have it created? What is in the way, what helps, and does it
help? The last is decided by accounts in which the way out has been taken; no file is changed.
Exit status: 0 it works, 1 it does not, 2 could not tell.

  ramgate doctor acs:ram::1234567890123456:user/carol alikafka.connector
"""
_GRAPH: Final = """\
Accounts, users and roles, their policies, and who may assume which role.

  ramgate graph --accounts accounts.yaml -o accounts.svg
"""
_TRANSLATE: Final = """\
One JSON document a line, in the order of the files; with a fault in any of them, none.

  ramgate translate policy.json
"""
_VALIDATE: Final = """\
Policy documents, accounts files and files of the catalog; what a file is shows in it. Faults make
the exit status 1, advice does not.

  ramgate validate policy.json accounts.yaml
"""
_INSTALL: Final = """\
Takes $OPA, or the opa on PATH, if it is 1.22 or newer; else fetches the pinned release and holds it
against its published SHA-256; else builds the pinned module. Prints its path.
"""

_Command: TypeAlias = "Callable[[argparse.Namespace], int]"

_FINDS_FAULTS: Final = {"serving.build", "serving.translate", "serving.validate"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is the answer."""
    logging.basicConfig(format="ramgate: %(message)s", level=logging.WARNING)
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = _command(options.command)(options)
        sys.stdout.flush()
    except UnreadableFiles as error:
        status = _unknown(str(error))
    except InvalidFiles as error:
        _say(str(error))
        status = _NO if options.command in _FINDS_FAULTS else _UNKNOWN
    except InvalidRequest as error:
        status = _unknown("\n".join(f"ramgate: malformed request: {text}" for text in error.errors))
    except (RamgateError, ValueError) as error:
        status = _unknown(f"ramgate: {error}")
    except BrokenPipeError:
        # whoever read us has gone: nothing more is written, at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = _UNKNOWN
    except OSError as error:
        status = _unknown(f"ramgate: `{error.filename}`: {(error.strerror or str(error)).lower()}")
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    return status


def _command(name: str) -> _Command:
    """Import a command's module, and what that needs, for that command alone."""
    module, _, function = name.partition(".")
    command: _Command = getattr(import_module(f"ramgate.cli.{module}"), function)
    return command


def _unknown(text: str) -> int:
    _say(text)
    return _UNKNOWN


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


class _Version(argparse.Action):
    """Like argparse's own, for a version that is looked up only where it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        text = "show program's version number and exit"
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=text)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        version = import_module("importlib.metadata").version("ramgate")
        print(f"{parser.prog} {version}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ramgate",
        description="Alibaba Cloud RAM policies, decided by a stock Open Policy Agent.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    command = partial(_add_command, subparsers)

    added = command("run", "serving.run", "serve decisions until Ctrl-C or SIGTERM", _RUN)
    _add_accounts(added)
    added.add_argument(
        "--addr",
        metavar="ADDR",
        action="append",
        help=f"where to listen, host:port or unix://PATH; repeatable (default {DEFAULT_ADDRESS})",
    )
    _add_token(added, "demand the token that FILE holds from whoever asks")

    added = command("status", "asking.status", "show what a running OPA decides by", _STATUS)
    default = f"http://{DEFAULT_ADDRESS}"
    added.add_argument(
        "--url", default=default, help=f"http://host:port or unix:///path (default {default})"
    )
    _add_token(added, "the token that the OPA at --url demands")

    added = command("build", "serving.build", "write the OPA bundle, code and data", _BUILD)
    source = added.add_mutually_exclusive_group(required=True)
    _add_accounts(source)
    source.add_argument("--example", action="store_true", help="the shipped example accounts")
    added.add_argument("-o", "--output", metavar="FILE", required=True, help="the bundle to write")

    added = command("check", "asking.check", "decide one request", _CHECK)
    _add_principal(added)
    added.add_argument("action", metavar="ACTION", help="<ram-code>:<Operation>")
    added.add_argument("resource", metavar="RESOURCE", help='an ARN, or "*"')
    _add_context(added)
    _add_source(added)
    added.add_argument(
        "--policy",
        metavar="FILE",
        action="append",
        default=[],
        help="a simulation: judge by this policy document instead of the principal's; repeatable",
    )
    _add_json(added, "print the whole Decision")

    _add_roles(command)
    _add_life(subparsers)

    added = command("doctor", "commands.diagnose", "say why a feature does not work", _DOCTOR)
    _add_principal(added)
    added.add_argument("feature", metavar="FEATURE", help="such as alikafka.connector")
    _add_context(added)
    _add_accounts(added)
    _add_json(added, "print every step with its evidence")

    added = command("graph", "commands.draw", "draw who is there and what they hold", _GRAPH)
    _add_accounts(added)
    added.add_argument(
        "--format",
        choices=("svg", "dot"),
        default="svg",
        help="svg (the default) needs Graphviz; dot is Graphviz's own language",
    )
    added.add_argument("-o", "--output", metavar="FILE", help="the file to write, else stdout")

    added = command(
        "translate", "serving.translate", "print translated policy documents", _TRANSLATE
    )
    added.add_argument(
        "file", metavar="FILE", nargs="+", help="a RAM policy document, JSON or YAML"
    )

    added = command(
        "validate", "serving.validate", "check files, print faults and advice", _VALIDATE
    )
    added.add_argument(
        "path", metavar="PATH", nargs="+", help="a file, or a folder of accounts files"
    )

    added = command(
        "install-opa", "serving.install_opa", "find, fetch or build the OPA to run", _INSTALL
    )
    added.add_argument(
        "--directory", metavar="DIR", help="where to put it (default: the user's data)"
    )
    return parser


def _add_command(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: str | None,
    summary: str,
    text: str,
) -> argparse.ArgumentParser:
    added = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added.set_defaults(command=run)
    return added


def _add_roles(command: Callable[..., argparse.ArgumentParser]) -> None:
    added = command("roles", "commands.list_roles", "list the service-linked roles", _ROLES)
    _add_accounts(added)
    _add_json(added, "print a list of all")

    added = command("role", "commands.show_role", "show a service-linked role", _ROLE)
    added.add_argument("name", metavar="NAME", help="the role's name, in any case")
    _add_json(added, "print an object")


def _add_life(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    summary = "ask about the life of a service-linked role"
    within = _add_command(subparsers, "slr", None, summary, _SLR).add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    for name, run, summary, text, named in (
        (
            "create",
            "commands.create",
            "say whether its service may create it for somebody",
            _CREATE,
            _SERVICE,
        ),
        (
            "feature",
            "commands.feature",
            "say whether somebody may use its feature",
            _FEATURE,
            _NAMED_FEATURE,
        ),
        ("delete", "commands.delete", "say whether somebody may delete it", _DELETE, _NAMED_ROLE),
    ):
        added = _add_command(within, name, run, summary, text)
        _add_principal(added)
        added.add_argument("name", metavar=named[0], help=named[1])
        if name == "delete":
            added.add_argument("--usages", metavar="FILE", help="what still uses the role")
        _add_context(added)
        _add_source(added)
        added.add_argument("--remedy-out", metavar="FILE", help="write the policy that helps")
        added.add_argument(
            "--write", action="store_true", help="change the accounts file as the outcome says"
        )
        _add_json(added, "print the whole answer")


def _add_principal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "principal", metavar="PRINCIPAL", help="who asks: an ARN, or a service's name"
    )


def _add_context(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a condition key; repeated with the same KEY, a list",
    )


def _add_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    _add_accounts(source)
    source.add_argument("--url", help="the OPA to ask: http://host:port or unix:///path")
    _add_token(parser, "the token that the OPA at --url demands")


def _add_json(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--json", action="store_true", help=text)


def _add_accounts(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--accounts", metavar="PATH", help="an accounts file, or a folder of them")


def _add_token(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--token-file", metavar="FILE", help=text)
