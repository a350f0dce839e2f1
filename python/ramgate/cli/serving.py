"""The commands that serve, build and check what is decided by."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.analysis.validate import examine, translate_file
from ramgate.bundle import builder as bundles
from ramgate.bundle.watch import Watch
from ramgate.cli.asking import FINE, NO, UNKNOWN, named_accounts, say, token
from ramgate.cli.main import DEFAULT_ADDRESS
from ramgate.documents.atomic_write import write
from ramgate.errors import InvalidFiles, SidecarError, UnreadableFiles
from ramgate.faults import Fault, Findings
from ramgate.opa import install
from ramgate.sidecar.sidecar import Sidecar

if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["build", "install_opa", "run", "translate", "validate"]

_LOOK_SECONDS: Final = 0.25
_EXAMPLE: Final = {
    "principal": "acs:ram::1234567890123456:role/AliyunServiceRoleForAlikafka",
    "action": "ecs:CreateNetworkInterface",
    "resource": "*",
}


def run(options: Namespace) -> int:
    """`ramgate run`."""
    addresses = options.addr or [DEFAULT_ADDRESS]
    watch = Watch(named_accounts(options))
    sidecar = Sidecar(
        bundle=watch.build(), addresses=addresses, token=token(options), log=sys.stderr
    )
    with contextlib.suppress(KeyboardInterrupt), sidecar:
        print("\n".join(_greeting(sidecar, options)), flush=True)
        while True:
            sidecar.wait(_LOOK_SECONDS)
            _follow(watch, sidecar)
    return FINE


def _follow(watch: Watch, sidecar: Sidecar) -> None:
    try:
        bundle = watch.look(sidecar.revision)
        if bundle is not None:
            sidecar.publish(bundle)
            say(_known(bundle))
    except (InvalidFiles, SidecarError) as error:
        say(f"{error}\nrevision {sidecar.revision} goes on answering")


def _greeting(sidecar: Sidecar, options: Namespace) -> list[str]:
    bundle, url, extra = sidecar.bundle, sidecar.url, ""
    example = _EXAMPLE if options.accounts is None else bundle.example
    if options.token_file:
        extra += f' -H "Authorization: Bearer $(cat {shlex.quote(options.token_file)})"'
    if url.startswith("unix://"):
        extra += f" --unix-socket {shlex.quote(url.removeprefix('unix://'))}"
        url = "http://localhost"
    body = shlex.quote(json.dumps({"input": dict(example)}))
    return [
        f"answering on {' and '.join(sidecar.urls)} (Ctrl-C stops it)",
        _known(bundle),
        "in another terminal, try:",
        f"  curl -s{extra} {url}/v1/data/ram/authz/decision -d {body}",
    ]


def _known(bundle: bundles.Bundle) -> str:
    counts = ", ".join(f"{what} {count}" for what, count in bundle.counts.items())
    return f"revision {bundle.revision}: {counts}"


def build(options: Namespace) -> int:
    """`ramgate build`."""
    bundle = bundles.build(None if options.example else Path(options.accounts))
    write(Path(options.output), bundle.content)
    print(_known(bundle))
    return FINE


def translate(options: Namespace) -> int:
    """`ramgate translate`.

    All of the documents or none, so that each line is where its file is.
    """
    documents: list[dict[str, object]] = []
    faults: list[Fault] = []
    for name in options.file:
        try:
            documents.append(translate_file(Path(name)))
        except UnreadableFiles:
            raise
        except InvalidFiles as error:
            faults += error.faults
    if faults:
        raise InvalidFiles(faults)
    for document in documents:
        print(msgspec.json.encode(document).decode())
    return FINE


def validate(options: Namespace) -> int:
    """`ramgate validate`."""
    status = FINE
    for name in options.path:
        try:
            findings = examine(Path(name))
        except UnreadableFiles as error:
            say(str(error))
            status = UNKNOWN
            continue
        except InvalidFiles as error:
            findings = Findings(faults=list(error.faults))
        for fault in findings.faults:
            print(fault)
        for advice in findings.advice:
            print(f"advice: {advice}")
        if findings.faults:
            status = max(status, NO)
    return status


def install_opa(options: Namespace) -> int:
    """`ramgate install-opa`."""
    directory = Path(options.directory) if options.directory else None
    print(install.install_opa(directory, report=say))
    return FINE
