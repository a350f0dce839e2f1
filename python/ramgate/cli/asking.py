"""The commands that ask an OPA about one request, and what all that ask have in common.

What starts an OPA or reads files is imported when it is needed: with `--url`, most of the time that
a command takes would go into it.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

import ramgate
from ramgate import resources
from ramgate.client.client import Client

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from ramgate.model.decision import Decision

__all__ = [
    "FINE",
    "NO",
    "UNKNOWN",
    "accounts_path",
    "asked_client",
    "check",
    "context",
    "in_a_line",
    "named_accounts",
    "say",
    "status",
    "token",
]

FINE: Final = 0
NO: Final = 1
UNKNOWN: Final = 2

_SECONDS: Final = 10.0


def say(text: str) -> None:
    """Tell what is no answer."""
    print(text, file=sys.stderr, flush=True)


def named_accounts(options: Namespace) -> Path:
    """The accounts that were named, else the shipped example, which is said."""
    if options.accounts is None:
        say("no --accounts: answering from the shipped example")
    return accounts_path(options)


def accounts_path(options: Namespace) -> Path:
    """The accounts that were named, else the shipped example."""
    return Path(options.accounts or resources.path("examples/accounts.yaml"))


def token(options: Namespace) -> str | None:
    """The token in the file that was named."""
    if not options.token_file:
        return None
    held: str = import_module("ramgate.sidecar.sidecar").read_token(options.token_file)
    return held


@contextlib.contextmanager
def asked_client(options: Namespace) -> Iterator[Client]:
    """A client of the OPA at `--url`, or of one that runs for as long."""
    if options.url:
        with Client(options.url, token=token(options), timeout=_SECONDS) as client:
            yield client
        return
    with (
        tempfile.TemporaryDirectory(prefix="ramgate-") as folder,
        ramgate.Sidecar(
            named_accounts(options), addresses=[f"unix://{folder}/opa.sock"]
        ) as sidecar,
        sidecar.client(timeout=_SECONDS) as client,
    ):
        yield client


def context(pairs: Sequence[str]) -> dict[str, str | list[str]]:
    """Each key's value; of a key given more than once, the list of its values.

    Raises `ValueError` for what is no KEY=VALUE.
    """
    found: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            raise ValueError(f"`{pair}` is no KEY=VALUE")
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def in_a_line(decision: Decision) -> str:
    """A decision for people."""
    settled_by = ", ".join(map(str, decision.statements))
    parts = [decision.effect, f"{decision.reason}: {settled_by}" if settled_by else decision.reason]
    return "  ".join([*parts, *([f"({decision.policy_type})"] if decision.policy_type else [])])


def check(options: Namespace) -> int:
    """`ramgate check`."""
    policies = _policies(options.policy) if options.policy else {}
    circumstances = context(options.context)
    with asked_client(options) as client:
        ask = partial(client.simulate, policies=policies) if policies else client.decide
        decision = ask(options.principal, options.action, options.resource, circumstances)
    print(msgspec.json.encode(decision).decode() if options.json else in_a_line(decision))
    return FINE if decision else NO


def _policies(files: Sequence[str]) -> dict[str, dict[str, object]]:
    """Each file's translated document by the file's name."""
    named: dict[str, str] = {}
    for file in files:
        name = Path(file).stem
        if name in named:
            raise ValueError(f"`{named[name]}` and `{file}` would both be called `{name}`")
        named[name] = file
    translated = import_module("ramgate.analysis.validate").translate_file
    return {name: translated(Path(file)) for name, file in named.items()}


def status(options: Namespace) -> int:
    """`ramgate status`."""
    with Client(options.url, token=token(options), timeout=_SECONDS) as client:
        revision, healthy = client.revision(), client.healthy()
    print(f"url       {options.url}")
    print(f"revision  {revision}")
    print(f"health    {'ready' if healthy else 'not ready'}")
    return FINE if healthy else NO
