"""The `ramgate` command: results on stdout, everything else on stderr.

Exit status: 0 allowed or success; 1 denied, or faults found; 2 no result.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from ramgate.cli.output import UNKNOWN, say
from ramgate.cli.parser import parse
from ramgate.errors import InvalidFiles, InvalidRequest, RamgateError, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; by default the command line's.

    Wrong usage and `--help` raise `SystemExit`, as in `argparse`.

    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> main(["check", alice, "alikafka:DeleteTopic", instance, "--url", sidecar.url])
    Allow  statement_allows: AliyunKafkaFullAccess[0]  (AccountLevelIdentityBasedPolicy)
    0
    """
    try:
        return _main(arguments)
    finally:
        _give_up_diagnostics()


def _main(arguments: Sequence[str] | None) -> int:
    logging.basicConfig(format="ramgate: %(message)s", level=logging.WARNING)
    options = parse(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status: int = options.run(options)
        print(end="", flush=True)  # a closed stdout is None, and takes nothing
    except UnreadableFiles as error:
        status = _fail(str(error))
    except InvalidFiles as error:
        say(str(error))
        status = options.status_of_faults
    except InvalidRequest as error:
        status = _fail("\n".join(f"ramgate: malformed request: {text}" for text in error.errors))
    except (RamgateError, ValueError) as error:
        status = _fail(f"ramgate: {error}")
    except BrokenPipeError:  # the reader of stdout is gone
        _discard(sys.stdout)
        status = UNKNOWN
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        if error.filename is None:  # no file was opened, so the disk behind stdout is full
            _discard(sys.stdout)
            status = _fail(f"ramgate: cannot print the result: {cause}")
        else:
            status = _fail(f"ramgate: `{error.filename}`: {cause}")
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    return status


def _fail(text: str) -> int:
    say(text)
    return UNKNOWN


def _give_up_diagnostics() -> None:
    """Discard the diagnostics that nobody takes: they must not change the exit status."""
    if sys.stderr is not None and not sys.stderr.closed:
        try:
            sys.stderr.flush()
        except OSError:
            _discard(sys.stderr)


def _discard(stream: TextIO) -> None:
    """Point a stream at /dev/null, or Python's flush at the exit fails, with the status 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
