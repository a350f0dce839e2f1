"""`ramgate import alicloud`: read a real account, and write it as accounts files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from ramgate.cli import import_report
from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, table
from ramgate.cli.terminal import progress
from ramgate.errors import CloudError

if TYPE_CHECKING:
    from ramgate.cli.options import Commands
    from ramgate.imports.alicloud.settings import Settings
    from ramgate.imports.world import World

__all__ = ["add_to", "read"]

_PARALLEL: Final = 8
_MOST_PARALLEL: Final = 64
_TEXT: Final = """\
Writes a file for the account, one for its Resource Directory, and the policy documents. It reads
users, groups, roles, policies, providers and resource groups, and nothing secret: `--calls` prints
every call that it can make. The credentials need the rights of the policy that `--policy` prints.
If a call is refused, a notice says what is missing, and nothing is allowed for it.

The credentials are those of --profile, else of the SDKs' default chain: the environment
(ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET), OIDC, the profile of the aliyun
command, or the RAM role of the machine. The SDKs use the proxy of HTTPS_PROXY and HTTP_PROXY, and
ignore NO_PROXY.

Exit status: 0 written, 2 nothing written.

examples:
  ramgate import alicloud --policy > ramgate-import.json
  ramgate import alicloud -o accounts
  ramgate import alicloud -o accounts --profile audit --strict
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    summary = "read an account of Alibaba Cloud through its APIs"
    parser = add_command(commands, "alicloud", summary, _TEXT, read)
    add = parser.add_argument
    add("-o", "--output", metavar="DIR", help="the folder of the accounts files")
    add("--profile", metavar="NAME", help="a profile of the aliyun command")
    add("--region", metavar="REGION", help="the region of the endpoints")
    add(
        "--endpoint",
        metavar="[PRODUCT=]HOST[:PORT]",
        action="append",
        default=[],
        help="where all products are, or one of them: ram, ims, sts, resourcemanager or "
        "resourcedirectorymaster; may be repeated",
    )
    add("--protocol", choices=["https", "http"], default="https", help="default: https")
    add(
        "--parallel",
        metavar="N",
        type=_parallel,
        default=_PARALLEL,
        help=f"make at most N calls at once (default {_PARALLEL}, at most {_MOST_PARALLEL})",
    )
    add(
        "--without-directory",
        action="store_true",
        help="do not read the Resource Directory; an import of its management account writes it",
    )
    add("--strict", action="store_true", help="stop at the first call that is refused")
    add("--calls", action="store_true", help="print the calls and their RAM actions, and stop")
    add("--policy", action="store_true", help="print the RAM policy that an import needs, and stop")


def read(options: argparse.Namespace) -> int:
    """Read the account, and write its files; or print the calls or the policy."""
    if options.calls:
        print("\n".join(_calls()))
        return FINE
    if options.policy:
        import json

        from ramgate.imports.alicloud.calls import policy

        print(json.dumps(policy(), indent=2))
        return FINE
    if options.output is None:
        options.fail("the following arguments are required: -o/--output")
    return import_report.write(_world(options), options.output, "ramgate import alicloud")


def _calls() -> list[str]:
    """Return the calls as lines, below the products that they belong to."""
    from ramgate.imports.alicloud.calls import CALLS, PRODUCTS

    rows = [
        [", ".join(call.actions) or f"{call.operation} (no action)", call.why]
        for call in CALLS.values()
    ]
    lines = iter(table(rows).splitlines())
    by_product: dict[str, list[str]] = {product: [] for product in PRODUCTS}
    for call in CALLS.values():
        by_product[call.product].append(f"  {next(lines)}")
    return [
        line
        for product, found in by_product.items()
        for line in (f"{product} {PRODUCTS[product]}", *found)
    ]


def _world(options: argparse.Namespace) -> World:
    settings = _settings(options)
    try:
        from ramgate.imports.alicloud import reader
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        raise CloudError(
            f"Alibaba Cloud's SDKs are not installed (`{missing}`): pip install 'ramgate[alicloud]'"
        ) from error
    from ramgate.catalog import catalog

    with progress() as show:
        return reader.read(
            settings,
            catalog.load(),
            strict=options.strict,
            directory=not options.without_directory,
            show=show,
        )


def _settings(options: argparse.Namespace) -> Settings:
    from ramgate.imports.alicloud.settings import Settings, endpoints

    return Settings(
        profile=options.profile or "",
        region=options.region or "",
        protocol=options.protocol,
        hosts=endpoints(options.endpoint),
        parallel=options.parallel,
    )


def _parallel(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_PARALLEL:
        return int(text)
    raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to {_MOST_PARALLEL}")
