"""Arguments that several commands share: functions that declare them, and that read their values.

Commands import the sidecar, PyYAML and the client inside their functions: `ramgate check --url`
needs only the client, and the other imports would take longer than the request itself.
"""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.cli.output import UNKNOWN, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.client.client import Client

__all__ = [
    "DEFAULT_ADDRESS",
    "OUTPUT_TEXT",
    "QUOTE_IT",
    "REQUEST_SECONDS",
    "Commands",
    "accounts_or_example",
    "accounts_path",
    "add_accounts",
    "add_command",
    "add_context",
    "add_json",
    "add_output",
    "add_plain_http",
    "add_policy",
    "add_principal",
    "add_request",
    "add_source",
    "add_timeout",
    "add_token",
    "context",
    "load_accounts",
    "octal",
    "open_client",
    "policies",
    "refuse_file_name",
    "timeout",
    "token",
]

# argparse gives the result of `add_subparsers` no public name.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001

DEFAULT_ADDRESS: Final = "127.0.0.1:8181"
QUOTE_IT: Final = 'the shell replaced an unquoted * by file names, quote it: "*"'
REQUEST_SECONDS: Final = 10.0
_PRINCIPAL_TEXT: Final = "ARN of a user, role, session, owner or provider, or a service name"
_SEARCH_SECONDS: Final = 60.0
OUTPUT_TEXT: Final = """\
Only you can read a new output file (mode 600). An existing file is replaced in one step and keeps
its owner and mode; if it is a symbolic link, its target is replaced. /dev/stdout and /dev/fd/N are
written to, and /dev/null discards the output. Any other device, a pipe, a socket, a directory, and
a file with several hard links are refused.
"""
"""The rules of `write_output`, for the help of a command."""


def add_command(
    commands: Commands,
    name: str,
    summary: str,
    text: str,
    run: Callable[[argparse.Namespace], int] | None = None,
) -> argparse.ArgumentParser:
    """Add a command: its one-line summary, the text below its options, the function that runs it.

    `status_of_faults` is its exit status if the function raises `InvalidFiles`: by default 2.
    """
    added = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    added.set_defaults(
        run=run, status_of_faults=UNKNOWN, fail=added.error, usage=added.format_usage
    )
    return added


def add_principal(parser: argparse.ArgumentParser) -> None:
    """Add the positional argument PRINCIPAL."""
    parser.add_argument("principal", metavar="PRINCIPAL", help=_PRINCIPAL_TEXT)


def add_request(parser: argparse.ArgumentParser) -> None:
    """Add PRINCIPAL, ACTION, RESOURCE and `--context`."""
    add_principal(parser)
    parser.add_argument("action", metavar="ACTION", help="a RAM action, such as alikafka:ListTopic")
    parser.add_argument("resource", metavar="RESOURCE", help='an ARN, or "*" in quotes')
    add_context(parser)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add `--policy`, which `policies` reads."""
    parser.add_argument(
        "--policy",
        metavar="FILE",
        action="append",
        default=[],
        help="simulate: use this document (`-` is stdin) instead of the principal's policies; "
        "repeatable",
    )


def add_context(parser: argparse.ArgumentParser) -> None:
    """Add `--context`, which `context` reads."""
    parser.add_argument(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a condition key of the request; repeat the KEY to give a list of values",
    )


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add `--accounts`, `--url` and the options of a client, all of which `open_client` reads."""
    source = parser.add_mutually_exclusive_group()
    add_accounts(source)
    source.add_argument(
        "--url", help="ask the OPA at http://host:port or unix:///path instead of starting one"
    )
    add_token(parser, "a file with the token that the OPA at --url requires")
    add_plain_http(parser)


def add_json(parser: argparse._ActionsContainer, text: str) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help=text)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add `--timeout` of a search, which `timeout` reads."""
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=float,
        default=_SEARCH_SECONDS,
        help=f"seconds to search for (default {_SEARCH_SECONDS:g}); the rest is not decided",
    )


def add_accounts(parser: argparse._ActionsContainer) -> None:
    """Add `--accounts`, which `accounts_path` reads."""
    parser.add_argument(
        "--accounts", metavar="PATH", help="an accounts file, or a folder of accounts files"
    )


def add_token(parser: argparse.ArgumentParser, text: str) -> None:
    """Add `--token-file`, which `token` reads."""
    parser.add_argument("--token-file", metavar="FILE", help=text)


def add_plain_http(parser: argparse.ArgumentParser) -> None:
    """Add `--plain-http` of a client."""
    parser.add_argument(
        "--plain-http",
        action="store_true",
        help="send the token even to an http:// URL of another machine, where everyone on the way "
        "can read it",
    )


def add_output(parser: argparse.ArgumentParser, text: str, *, required: bool = False) -> None:
    """Add `-o` and `--output`, an argument for `write_output`; by default stdout."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=required,
        default="-",
        help=text,
    )


def accounts_or_example(options: argparse.Namespace) -> Path:
    """Return `accounts_path`; print a note to stderr if it is the shipped example."""
    if options.accounts is None:
        say("no --accounts: answering from the shipped example")
    return accounts_path(options)


def accounts_path(options: argparse.Namespace) -> Path:
    """Return the path given by `--accounts`, by default the shipped example's."""
    from pathlib import Path

    from ramgate import resources

    return Path(options.accounts or resources.path("examples/accounts.yaml"))


def load_accounts(options: argparse.Namespace) -> Store:
    """Return the store of the accounts at `accounts_path`."""
    from ramgate.accounts import reader
    from ramgate.catalog import catalog

    return reader.load(accounts_path(options), catalog.load())


def token(options: argparse.Namespace) -> str | None:
    """Return the token in the file given by `--token-file`, None without it."""
    if not options.token_file:
        return None
    from ramgate.sidecar.token import read_token

    return read_token(options.token_file)


@contextlib.contextmanager
def open_client(options: argparse.Namespace) -> Iterator[Client]:
    """Yield a client of the OPA at `--url`, by default of one that runs inside the `with` block."""
    if options.url:
        from ramgate.client.client import Client

        with Client(
            options.url,
            token=token(options),
            timeout=REQUEST_SECONDS,
            plain_http=options.plain_http,
        ) as client:
            yield client
        return
    from ramgate.sidecar.sidecar import Sidecar

    accounts = accounts_or_example(options)
    with Sidecar(accounts) as sidecar, sidecar.client(timeout=REQUEST_SECONDS) as client:
        yield client


def refuse_file_name(resource: str) -> None:
    """Raise `ValueError` if the shell replaced an unquoted `*` by the only file of the folder."""
    from pathlib import Path

    if resource != "*" and not resource.startswith("acs:") and Path(resource).exists():
        raise ValueError(f"`{resource}` is a file, not a resource: {QUOTE_IT}")


def timeout(options: argparse.Namespace) -> float:
    """Return the seconds given by `--timeout`; raises `ValueError` unless they are above 0."""
    seconds: float = options.timeout
    if not seconds > 0:
        raise ValueError(f"`--timeout {seconds:g}` is not a number above 0")
    return seconds


def octal(text: str) -> int:
    """Return the number that `text` writes in octal, for argparse."""
    try:
        return int(text, 8)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{text}` is not an octal number, such as 660") from None


def context(pairs: Sequence[str]) -> dict[str, str | list[str]]:
    """Return the value of each KEY=VALUE by its key; a list for a key that is repeated.

    Raises `ValueError` if a pair has no key or no `=`.
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ValueError(f"`{pair}` is not of the form KEY=VALUE")
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def policies(files: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return each file's translated document by the file's name without its suffix."""
    if not files:
        return {}
    from pathlib import Path

    from ramgate.analysis.validate import translate_file
    from ramgate.documents.source import argument_path

    paths: dict[str, str] = {}
    for file in files:
        name = "stdin" if file == "-" else Path(file).stem
        if name in paths:
            raise ValueError(f"`{paths[name]}` and `{file}` would both be called `{name}`")
        paths[name] = file
    return {name: translate_file(argument_path(file)) for name, file in paths.items()}
