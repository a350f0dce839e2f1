"""ACS3-HMAC-SHA256: the signature of a request, computed from its parts on the wire."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
import urllib.parse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Authorization", "Request", "signature"]

SCHEME: Final = "ACS3-HMAC-SHA256"
_AUTHORIZATION: Final = re.compile(
    rf"{SCHEME} Credential=(?P<key>[^,]+),\s*SignedHeaders=(?P<headers>[^,]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclasses.dataclass(frozen=True)
class Request:
    """A request on the wire: the names of its headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def authorization(self) -> Authorization | None:
        """Return the parts of the header `Authorization`, or None if it is of another scheme."""
        found = _AUTHORIZATION.fullmatch(self.headers.get("authorization", ""))
        return found and Authorization(found["key"], found["headers"], found["signature"])

    @property
    def key(self) -> str:
        """Return the id of the key that signed, or an empty text."""
        return self.authorization.key if self.authorization else ""


@dataclasses.dataclass(frozen=True)
class Authorization:
    """The parts of the header `Authorization`."""

    key: str
    signed_headers: str
    signature: str


def signature(request: Request, signed_headers: str, secret: str) -> str:
    """Return the signature of a request."""
    query = sorted(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
    lines = (
        request.method,
        request.path,
        "&".join(f"{_quote(name)}={_quote(value)}" for name, value in query),
        *(f"{name}:{request.headers[name].strip()}" for name in signed_headers.split(";")),
        "",
        signed_headers,
        hashlib.sha256(request.body).hexdigest(),
    )
    canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{SCHEME}\n{canonical}".encode(), "sha256").hexdigest()


def _quote(text: str) -> str:
    return urllib.parse.quote(text, safe="~")
