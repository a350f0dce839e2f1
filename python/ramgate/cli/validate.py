"""`ramgate validate`: check files, and print their faults, errors and advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.cli.options import add_command
from ramgate.cli.output import FINE, NO, UNKNOWN, say

if TYPE_CHECKING:
    from argparse import Namespace

    from ramgate.cli.options import Commands

__all__ = ["add_to", "run"]

_TEXT: Final = """\
Checks policy documents, accounts files and files of the catalog, and tells the kind of a file from
its content. A file may also contain policy documents: the output of GetPolicy, GetPolicyVersion,
ListPolicyVersions, GetRole or GetControlPolicy, a list of such outputs, the output of
`terraform show -json` for a state or a plan, a Terraform configuration in JSON, or a ROS template.
A folder is read with its subfolders, without hidden files. If it has an accounts file, its files
are checked together, as --accounts reads them, so each must be one; a document in a subfolder that
they name is checked with them. Otherwise each file is checked by itself.

Prints one finding on each line, with the file, the line and the place: first faults, then errors,
then advice. A document with a fault is refused. A document with an error is accepted, because RAM
may have stored it, although RAM's own check of a policy calls it wrong. Advice also names each
value that a template or a plan does not state, because it is not checked. The policy of a resource,
such as a bucket policy, is a fault: ramgate does not decide it. If there is no fault, the number of
documents is printed to stderr.

Exit status: 0 no fault (errors and advice are no faults), 1 faults found, 2 a file cannot be read.
With --strict, 1 for errors, too.

examples:
  ramgate validate policy.json accounts.yaml
  ramgate validate policies/
  aliyun ram GetPolicy --PolicyName readers --PolicyType Custom | ramgate validate -
  terraform show -json plan.out | ramgate validate -
"""


def add_to(commands: Commands) -> None:
    """Declare the command and its arguments."""
    parser = add_command(
        commands, "validate", "check files, print faults, errors and advice", _TEXT, run
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if there is an error, too"
    )
    parser.add_argument(
        "path", metavar="PATH", nargs="+", help="a file, a folder of files, or `-` for stdin"
    )


def run(options: Namespace) -> int:
    """Check every path; a fault or an unreadable file does not stop the others."""
    from ramgate.analysis.validate import examine
    from ramgate.documents.source import argument_path

    status, checked = FINE, 0
    for name in options.path:
        result = examine(argument_path(name))
        checked += result.documents
        findings = result.findings
        for fault in findings.faults:
            print(fault)
        for error in findings.errors:
            print(f"error: {error}")
        for hint in findings.advice:
            print(f"advice: {hint}")
        if findings.faults or (options.strict and findings.errors):
            status = max(status, NO)
        for fault in result.unreadable:
            say(str(fault))
            status = UNKNOWN
    if status == FINE:
        say(f"checked {checked} document{'' if checked == 1 else 's'}: no faults")
    return status
