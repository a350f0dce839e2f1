"""The decision log of an OPA: a file that is rotated, a stream, or a server that OPA uploads to.

OPA prints an entry for each decision on its stderr. `FileLog` and `StreamLog` take these lines and
no other. An entry has been masked by OPA before (`rego/system/log`). Decisions go on if an entry
cannot be written: an authorization service that stops with a full disk is the worse fault.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import itertools
import logging
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address
from ramgate.sidecar.set_flag import set_flag

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TextIO

__all__ = ["MOST_BYTES", "DecisionLog", "FileLog", "StreamLog", "Upload"]

MOST_BYTES: Final = 100 * 1024 * 1024
"""The size at which `FileLog` starts a new file."""

_KEPT_FILES: Final = 5
_PRIVATE: Final = 0o600
_LOOK_SECONDS: Final = 1.0
_BUFFER_BYTES: Final = 64 * 1024 * 1024

_logger = logging.getLogger(__name__)


class DecisionLog(Protocol):
    r"""A receiver of the entries of a decision log.

    >>> import sys
    >>> log: DecisionLog = StreamLog(sys.stdout)
    >>> log.write('{"decision_id": "1"}\n')
    {"decision_id": "1"}
    """

    def write(self, line: str) -> None:
        """Take an entry, a line with its end; never raises `OSError`."""


class _Log(abc.ABC):
    """Tells the first of consecutive failures, and ends the line that a failure cut off."""

    def __init__(self, name: str, tell: Callable[[str], object]) -> None:
        self._name = name
        self._tell = tell
        self._is_broken = False

    def write(self, line: str) -> None:
        """Write an entry, or tell why it is lost."""
        try:
            self._write("\n" + line if self._is_broken else line)
        except (OSError, ValueError) as error:
            if not self._is_broken:
                self._tell(f"cannot write the decision log {self._name}: {error}; entries are lost")
            self._is_broken = True
        else:
            if self._is_broken:
                self._is_broken = False
                self._tell(f"the decision log {self._name} is written again")

    @abc.abstractmethod
    def _write(self, text: str) -> None:
        """Write a text. Raises `OSError` or `ValueError` if that fails."""


class StreamLog(_Log):
    r"""A decision log on a text stream, such as `sys.stdout`.

    >>> import sys
    >>> StreamLog(sys.stdout).write('{"decision_id": "1"}\n')
    {"decision_id": "1"}
    """

    def __init__(self, stream: TextIO, tell: Callable[[str], object] = _logger.warning) -> None:
        super().__init__("on its stream", tell)
        self._stream = stream

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class FileLog(_Log):
    r"""A decision log that is appended to a file.

    Only its owner can read a new file (mode 600). An old one keeps its mode, and `tell` gets a
    warning if other users can use it. Before the file would get larger than `most_bytes` it is
    renamed to `FILE.1`, that one to `FILE.2`, and so on; `keep` such files are kept. With `keep=0`
    the file grows. If another program has renamed or removed the file, such as `logrotate`, a new
    one is begun within a second. The constructor raises `SidecarError` if the file cannot be
    written, or is not a file.

    >>> with FileLog(Path("decisions.log"), most_bytes=30, keep=1) as log:
    ...     for number in range(3):
    ...         log.write(f'{{"decision_id": "{number}"}}\n')
    >>> Path("decisions.log").read_text(), Path("decisions.log.1").read_text()
    ('{"decision_id": "2"}\n', '{"decision_id": "1"}\n')
    """

    def __init__(
        self,
        path: Path,
        tell: Callable[[str], object] = _logger.warning,
        *,
        most_bytes: int = MOST_BYTES,
        keep: int = _KEPT_FILES,
    ) -> None:
        super().__init__(f"`{path}`", tell)
        self._path = path.absolute()
        self._most_bytes = most_bytes
        self._keep = keep
        self._look_at = 0.0
        self._is_stuck = False
        self._descriptor = -1
        try:
            self._open()
        except OSError as error:
            cause = error.strerror or error
            raise SidecarError(f"cannot write the decision log `{path}`: {cause}") from error
        if os.fstat(self._descriptor).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            tell(f"the decision log `{path}` is open to other users: run `chmod 600` on it")

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        """Open the file, or begin it; a FIFO without a reader must not stop this process."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, _PRIVATE)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError("it is not a regular file; `-` is stdout")
        self.close()
        self._descriptor, self._size = descriptor, found.st_size

    def _write(self, text: str) -> None:
        content = text.encode()
        self._follow()
        if self._keep and self._size and self._size + len(content) > self._most_bytes:
            self._try_to_rotate()
        written = os.write(self._descriptor, content)
        self._size += written
        if written < len(content):
            raise OSError("no space left on device")

    def _follow(self) -> None:
        """Open the file again, once a second, if the path leads to another one or to none."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_SECONDS
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(self._path.stat(), os.fstat(self._descriptor)):
                return
        self._open()

    def _try_to_rotate(self) -> None:
        """Rotate, or go on with the file that is open and tell why."""
        try:
            self._rotate()
        except OSError as error:
            if not self._is_stuck:
                self._tell(f"cannot rotate the decision log {self._name}: {error}; it grows")
            self._is_stuck = True
        else:
            self._is_stuck = False

    def _rotate(self) -> None:
        files = [self._path, *(Path(f"{self._path}.{number + 1}") for number in range(self._keep))]
        # If the last new file could not be opened, the old ones have been renamed already.
        for older, newer in (
            reversed(list(itertools.pairwise(files))) if self._path.exists() else ()
        ):
            with contextlib.suppress(FileNotFoundError):
                older.replace(newer)
        self._open()


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    """A server to which OPA uploads its decision log, in the protocol of OPA's documentation.

    `url` is that of the log on the server. `token_file` is a file with the bearer token that the
    server requires. Raises `ValueError` if the URL is not one of HTTP, has a user or a query, or
    is `http://` on another machine without `plain_http`.

    >>> Upload("https://logs.example.com/opa/decisions").flags[0]
    '--set=services.ramgate_decisions.url=https://logs.example.com'
    """

    url: str
    token_file: Path | None = None
    plain_http: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"`{self.url}` is not an http:// or https:// URL")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(
                f"`{self.url}` has a user, a query or a fragment, which OPA does not send"
            )
        if parts.scheme == "http" and not (self.plain_http or Address(parts.hostname).private):
            raise ValueError(
                f"`{self.url}` is another machine, and the log would travel in clear text: "
                "use https://, or `--plain-http`"
            )

    @property
    def flags(self) -> list[str]:
        """The arguments of `opa run`; while the server is away, 64 MiB of entries are kept."""
        parts = urlsplit(self.url)
        service = {"url": f"{parts.scheme}://{parts.netloc}"}
        if self.token_file is not None:
            service["credentials.bearer.token_path"] = str(self.token_file.absolute())
        log = {
            "service": "ramgate_decisions",
            "resource": parts.path.strip("/") or "logs",
            "reporting.min_delay_seconds": "1",
            "reporting.max_delay_seconds": "5",
            "reporting.buffer_size_limit_bytes": str(_BUFFER_BYTES),
        }
        return [
            *(
                set_flag(f"services.ramgate_decisions.{key}", value)
                for key, value in service.items()
            ),
            *(set_flag(f"decision_logs.{key}", value) for key, value in log.items()),
        ]
