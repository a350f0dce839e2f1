"""The token that guards an OPA, read from a file."""

from __future__ import annotations

import logging
import os
import re
import stat
from pathlib import Path

from ramgate.errors import SidecarError

__all__ = ["FORM", "is_token", "read_token"]

FORM = "1 to 4096 visible ASCII characters without spaces"
"""The form of a token, in words, for messages."""

_TOKEN = re.compile(r"[!-~]{1,4096}")
_MOST_BYTES = 8192

_logger = logging.getLogger(__name__)


def is_token(text: str) -> bool:
    """Return True if the text has the form of a token.

    >>> is_token("s3cret"), is_token("two words")
    (True, False)
    """
    return _TOKEN.fullmatch(text) is not None


def read_token(path: Path | str) -> str:
    """Return the token in a file, without the white space around it.

    Raises `SidecarError` if the file is unreadable, a directory, empty, or does not contain a
    token. If users other than its owner can use the file, a warning is logged.

    >>> file = Path("token")
    >>> file.touch(mode=0o600)
    >>> length = file.write_text(" s3cret ")
    >>> read_token(file)
    's3cret'
    """
    try:
        with Path(path).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SidecarError(f"cannot read the token file `{path}`: {error.strerror}") from error
    token = content.strip().decode("ascii", "replace")
    if not token:
        raise SidecarError(f"the token file `{path}` is empty")
    if not is_token(token):
        raise SidecarError(f"the token file `{path}` does not contain a token: {FORM}")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        _logger.warning("the token file `%s` is open to other users: run `chmod 600` on it", path)
    return token
