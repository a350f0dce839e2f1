"""`ramgate import terraform`: read a state or a plan, and write it as accounts files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli import import_report
from ramgate.cli.options import add_command
from ramgate.cli.output import UNKNOWN, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "read"]

_TEXT: Final = """\
FILE is the output of `terraform show -json` for a state or a plan, or a file terraform.tfstate.
Of a plan, the accounts after it are written, or with --before those before it. Users, groups,
memberships, roles, policies, attachments, service-linked roles, identity providers, resource
groups, folders, member accounts and control policies are read, each attribute by its name: nothing
secret in the file is read or printed. Policies that are attached outside Terraform are not known.

A value that is not known until the plan is applied is taken from the references in the
configuration, if a single one decides it. Each other one is printed with its address, and so is
each policy or principal that an attachment names and the file does not have. In its place stands an
`unreadable` policy, because it could be any policy: its holder is allowed nothing by its policies.

Terraform does not have the attachments of the control policy FullAliyunAccess that RAM makes by
itself. Without --full-aliyun-access, the member accounts in the file are not allowed anything.

Exit status: 0 written, 2 nothing written; with --strict, also 2 if anything is not known.

examples:
  terraform show -json > state.json
  ramgate import terraform state.json -o accounts
  terraform plan -out plan.out
  terraform show -json plan.out | ramgate import terraform - -o accounts --strict
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    summary = "read what a Terraform state or plan declares"
    parser = add_command(commands, "terraform", summary, _TEXT, read)
    parser.add_argument(
        "file", metavar="FILE", help="the output of `terraform show -json`, or `-` for stdin"
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="the folder of the accounts files"
    )
    side = parser.add_mutually_exclusive_group()
    side.add_argument(
        "--after", action="store_true", help="write the accounts after a plan (the default)"
    )
    side.add_argument("--before", action="store_true", help="write the accounts before a plan")
    parser.add_argument(
        "--account",
        metavar="NUMBER",
        help="the account's number, if no resource or data source in the file has it",
    )
    parser.add_argument(
        "--management",
        metavar="NUMBER",
        help="the management account of the Resource Directory (default: the file's, or --account)",
    )
    parser.add_argument(
        "--full-aliyun-access",
        action="store_true",
        help="each folder and member account has the control policy FullAliyunAccess",
    )
    parser.add_argument(
        "--strict", action="store_true", help="write nothing if anything is not known"
    )


def read(options: Namespace) -> int:
    """Read the file, and write its accounts files."""
    from ramgate.documents.source import argument_path
    from ramgate.imports import terraform

    world = terraform.read(
        argument_path(options.file),
        before=options.before,
        account=options.account,
        management=options.management,
        full_access=options.full_aliyun_access,
    )
    if options.strict and world.notices:
        for notice in world.notices:
            say(f"notice: {notice}")
        return UNKNOWN
    return import_report.write(world, options.output, "ramgate import terraform")
