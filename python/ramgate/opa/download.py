"""Download a release of OPA over https, and check its pinned or published SHA-256."""

from __future__ import annotations

import hashlib
import http.client
import re
import time
import urllib.request
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from ramgate.errors import OpaUnavailable
from ramgate.opa.command import last_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["download"]

_STALL_SECONDS = 30.0
_DOWNLOAD_SECONDS = 900.0
_MOST_BYTES = 200_000_000
_CHUNK = 65536

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_UNREACHABLE = (OSError, http.client.HTTPException, ValueError)  # ValueError: urllib, a bad URL
_CHECKSUM = re.compile(r"([0-9a-fA-F]{64})(?:\s+\*?(\S+))?\s*")


def download(url: str, binary: Path, report: Callable[[str], None], checksum: str | None) -> bool:
    """Download `url` to the file `binary`; return False if the site does not deliver it.

    Without a pinned `checksum`, the site must publish one at `url` + `.sha256`. Such a checksum
    only detects damage, because it comes from the same site. `report` is called with a line for
    each step. Raises `OpaUnavailable` if the checksum is missing or differs, if the file is
    larger than 200 MB, and for a URL, first or redirected, that is neither https nor http on
    loopback. The file is not executable.
    """
    opener = _opener(url)
    digest = hashlib.sha256()
    deadline = time.monotonic() + _DOWNLOAD_SECONDS
    report(f"downloading `{url}`")
    try:
        with opener.open(url, timeout=_STALL_SECONDS) as response, binary.open("wb") as file:
            expected = checksum or _published_checksum(opener, url)
            while chunk := response.read1(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                if file.tell() > _MOST_BYTES:
                    raise OpaUnavailable(f"`{url}` is refused: more than {_MOST_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not complete within {_DOWNLOAD_SECONDS:g} s")
            if response.length:
                raise ConnectionError(f"cut off {response.length} bytes before its end")
    except _UNREACHABLE as error:
        report(f"`{url}` cannot be downloaded: {last_line(str(error))}")
        return False
    if digest.hexdigest() != expected:
        source = "pinned" if checksum else "published"
        raise OpaUnavailable(
            f"`{url}` is refused: its SHA-256 is {digest.hexdigest()}, {source} is {expected}"
        )
    return True


def _published_checksum(opener: urllib.request.OpenerDirector, url: str) -> str:
    """Return the SHA-256 from the file beside a release, in `shasum`'s form: digest, file name."""
    try:
        with opener.open(f"{url}.sha256", timeout=_STALL_SECONDS) as response:
            text = response.read(_CHUNK).decode(errors="replace")
    except _UNREACHABLE as error:
        raise OpaUnavailable(
            f"`{url}` is refused: its checksum cannot be downloaded: {last_line(str(error))}"
        ) from error
    checksum = _CHECKSUM.fullmatch(text)
    if checksum is None or checksum[2] not in {None, url.rpartition("/")[2]}:
        raise OpaUnavailable(f"`{url}` is refused: `{url}.sha256` is not its checksum")
    return checksum[1].lower()


def _opener(url: str) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Guard(_LOOPBACK if url.startswith("http:") else frozenset()),
    ):
        opener.add_handler(handler)
    return opener


class _Guard(urllib.request.BaseHandler):
    """Refuses every request, first or redirected, except https, and http to the `plain` hosts."""

    def __init__(self, plain: frozenset[str]) -> None:
        self._plain = plain

    def http_request(self, req: urllib.request.Request) -> urllib.request.Request:
        if urlsplit(req.full_url).hostname not in self._plain:
            self.unknown_open(req)
        return req

    def unknown_open(self, req: urllib.request.Request) -> NoReturn:
        raise OpaUnavailable(f"`{req.full_url}` is refused: neither https nor http on loopback")

    def http_error_default(
        self,
        _req: urllib.request.Request,
        response: http.client.HTTPResponse,
        code: int,
        reason: str,
        _headers: http.client.HTTPMessage,
    ) -> NoReturn:
        response.close()
        raise OSError(f"HTTP {code} {reason}")
