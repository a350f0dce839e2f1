"""The clients of the server: the bundle that each of them gets, by its token or certificate."""

from __future__ import annotations

import dataclasses
import hashlib
import ssl
import time
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from ramgate.documents.file_version import version
from ramgate.documents.messages import join_names
from ramgate.errors import SidecarError
from ramgate.sidecar.token import read_token

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.documents.file_version import Version
    from ramgate.sidecar.http_server import Request

__all__ = ["Clients", "names"]

_BEARER: Final = "Bearer"
_COMMON_NAME: Final = "commonName"
_NAMES: Final = ("DNS", "URI")
_FORM: Final = "CN:NAME, DNS:NAME or URI:NAME"

_Given = TypeVar("_Given")


@dataclasses.dataclass(slots=True)
class _TokenFile(Generic[_Given]):
    """The thing that a file's token gives, the version that was read, and the token's digest."""

    given: _Given
    read: Version | None
    digest: bytes | None


class Clients(Generic[_Given]):
    """Admitted clients, and the thing that each of them gets, such as a bundle.

    A request with a token gets the thing of its token. A request without one gets that of the names
    in its certificate; if they have several things, it gets nothing. A token from a file counts
    while the file has it, and no other file has the same one.

    >>> from ramgate.sidecar.http_server import Request
    >>> clients = Clients()
    >>> clients.admit_token("s3cret", "one")
    >>> clients.admit_certificate("CN:shop", "two")
    >>> clients.of(Request("GET", "/", {"authorization": "Bearer s3cret"}, {}))
    'one'
    >>> shop = {"subject": ((("commonName", "shop"),),), "notAfter": "Jan  1 00:00:00 2222 GMT"}
    >>> clients.of(Request("GET", "/", {}, {}, shop))
    'two'
    """

    def __init__(self) -> None:
        self._by_token: dict[bytes, _Given] = {}
        self._by_file_token: dict[bytes, _Given] = {}
        self._files: dict[Path, _TokenFile[_Given]] = {}
        self._by_name: dict[str, _Given] = {}
        self._of_others: _Given | None = None

    def admit_token(self, token: str, given: _Given) -> None:
        """Give this to those who have the token. Raises `ValueError` if it is taken."""
        self._by_token[self._free(_digest(token))] = given

    def admit_token_file(self, file: Path, given: _Given) -> None:
        """Give this to those who have the token in the file.

        Raises `ValueError` if the token or the file is taken, and `SidecarError` if the file cannot
        be read.
        """
        if file in self._files:
            raise ValueError(f"two clients have the token file `{file}`")
        current = _version(file)
        digest = self._free(_digest(read_token(file)))
        self._by_file_token[digest] = given
        self._files[file] = _TokenFile(given, current, digest)

    def refresh(self) -> list[str]:
        """Read the files of tokens that have changed or could not be read; return the errors."""
        errors: list[str] = []
        found: dict[bytes, list[Path]] = {}
        for file, known in self._files.items():
            current = _version(file)
            if current is None or current != known.read:
                known.read = known.digest = None
                try:
                    known.digest = _digest(read_token(file))
                    known.read = current
                except SidecarError as error:
                    errors.append(f"{error}; its token does not count")
            if known.digest is not None:
                found.setdefault(known.digest, []).append(file)
        for files in found.values():
            if len(files) > 1:
                listed = join_names(map(str, files))
                errors.append(f"the token files {listed} have one token, which does not count")
        self._by_file_token = {
            digest: self._files[files[0]].given
            for digest, files in found.items()
            if len(files) == 1
        }
        return errors

    def admit_certificate(self, name: str, given: _Given) -> None:
        """Give this to those whose certificate has the name, such as `CN:shop`.

        Raises `ValueError` if the name is taken or of another form.
        """
        kind, colon, rest = name.partition(":")
        if not (colon and rest and kind in {"CN", *_NAMES}):
            raise ValueError(f"`{name}` is not of the form {_FORM}")
        name = _normalize(kind, rest)
        if name in self._by_name:
            raise ValueError(f"two clients have the name `{name}`")
        self._by_name[name] = given

    def admit_every_certificate(self, given: _Given) -> None:
        """Give this to all who have a certificate."""
        self._of_others = given

    def of(self, request: Request) -> _Given | None:
        """Return the thing that a client gets, None if it is not admitted."""
        found = None if request.certificate is None else names(request.certificate)
        if found is None and request.certificate is not None:
            return None
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            return self._of_token(_digest(token)) if scheme == _BEARER else None
        if found is None:
            return None
        given = {id(one): one for name in found if (one := self._by_name.get(name)) is not None}
        if len(given) > 1:
            return None
        return next(iter(given.values()), self._of_others)

    def _of_token(self, digest: bytes) -> _Given | None:
        given = self._by_token.get(digest)
        return self._by_file_token.get(digest) if given is None else given

    def _free(self, digest: bytes) -> bytes:
        if self._of_token(digest) is not None:
            raise ValueError("two clients have one token")
        return digest


class _Fields(msgspec.Struct, rename="camel"):
    """Some fields of a certificate, as `ssl.SSLSocket.getpeercert` returns them."""

    not_after: str
    subject: tuple[tuple[tuple[str, str], ...], ...] = ()
    subject_alt_name: tuple[tuple[str, object], ...] = ()


def names(certificate: object) -> frozenset[str] | None:
    """Return the names in a certificate; None if it has expired or cannot be read.

    It can expire while its connection stays open, so this is asked for each request.

    >>> name = {"subjectAltName": (("DNS", "shop.example.com"),)}
    >>> names({**name, "notAfter": "Jan  1 00:00:00 2222 GMT"})
    frozenset({'DNS:shop.example.com'})
    >>> names({**name, "notAfter": "Jan  1 00:00:00 2022 GMT"})
    """
    try:
        fields = msgspec.convert(certificate, _Fields)
        if ssl.cert_time_to_seconds(fields.not_after) <= time.time():
            return None
    except ValueError:
        return None
    subject = [
        _normalize("CN", value)
        for parts in fields.subject
        for key, value in parts
        if key == _COMMON_NAME
    ]
    alternatives = [
        _normalize(kind, str(value)) for kind, value in fields.subject_alt_name if kind in _NAMES
    ]
    return frozenset([*subject, *alternatives])


def _normalize(kind: str, name: str) -> str:
    # A host has one name in any case; the others are compared as they are.
    return f"{kind}:{name.lower() if kind == 'DNS' else name}"


def _version(file: Path) -> Version | None:
    try:
        return version(file.stat())
    except OSError:
        return None


def _digest(token: str) -> bytes:
    # Looking up a digest takes no time that tells about the token.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
