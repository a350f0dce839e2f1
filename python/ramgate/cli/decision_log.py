"""The option `--decision-log` of `ramgate run`, and the options that belong to it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from ramgate.cli.output import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ramgate.sidecar.decision_log import DecisionLog, Upload

__all__ = ["add_decision_log", "open_decision_log"]


def add_decision_log(parser: argparse.ArgumentParser) -> None:
    """Add the options, which `open_decision_log` reads."""
    parser.add_argument(
        "--decision-log",
        metavar="FILE",
        help="log each decision to a file, to stdout (`-`), or to a server at an https:// URL",
    )
    parser.add_argument(
        "--decision-log-keep",
        metavar="N",
        type=int,
        help="keep N older files of --decision-log (default 5); 0: never start a new file",
    )
    parser.add_argument(
        "--decision-log-token-file",
        metavar="FILE",
        help="the token that the server of --decision-log requires",
    )


@contextlib.contextmanager
def open_decision_log(options: argparse.Namespace) -> Iterator[DecisionLog | Upload | bool]:
    """Yield the decision log that the options name, False for none.

    Raises `ValueError` if they do not fit together, `SidecarError` if it cannot be written.
    """
    from pathlib import Path

    from ramgate.sidecar.decision_log import FileLog, StreamLog, Upload
    from ramgate.sidecar.token import read_token

    target, keep, token = (
        options.decision_log,
        options.decision_log_keep,
        options.decision_log_token_file,
    )
    is_url = target is not None and "://" in target
    is_file = target not in {None, "-"} and not is_url
    if keep is not None and (not is_file or keep < 0):
        raise ValueError(
            "--decision-log-keep is a number from 0, beside the file of a decision log"
        )
    if token is not None and not is_url:
        raise ValueError("--decision-log-token-file belongs to the URL of a decision log")
    if is_file:
        given = {} if keep is None else {"keep": keep}
        with FileLog(Path(target), say, **given) as log:
            yield log
    elif is_url:
        if token is not None:
            read_token(token)
        file = None if token is None else Path(token)
        yield Upload(target, file, plain_http=options.plain_http)
    else:
        yield False if target is None else StreamLog(sys.stdout, say)
