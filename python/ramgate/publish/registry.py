"""Publish a bundle to an OCI registry, as OPA downloads it: one layer, an empty config.

The protocol is that of the OCI distribution specification, version 1.1: a blob that the registry
does not have is uploaded in one request, then the manifest is put under its tag. The same bundle
has the same digests.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import ssl
import urllib.parse
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from ramgate.errors import PublishError, SidecarError
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ramgate.bundle.builder import Bundle

__all__ = ["RegistryTarget"]

_URL: Final = re.compile(
    r"oci://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<name>[a-z0-9][a-z0-9._/-]*):(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})"
)
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_BLOB: Final = "application/octet-stream"
_EMPTY: Final = b"{}"
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
# A registry that keeps blobs in an object store redirects to it, once it knows that they are there.
_FOUND: Final = (200, 302, 303, 307, 308)
_SECONDS: Final = 30.0
_MOST_BYTES: Final = 64 * 1024


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


class RegistryTarget:
    """A tag of a repository, `oci://HOST[:PORT]/REPOSITORY:TAG`.

    `credentials` returns a user and a password, and is called whenever the registry asks for them:
    a password may be replaced. Without TLS it speaks to a registry on this machine
    only, unless `plain_http`. Raises `ValueError` for a URL of another form.
    """

    def __init__(
        self,
        url: str,
        credentials: Callable[[], tuple[str, str] | None] = lambda: None,
        *,
        plain_http: bool = False,
    ) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise ValueError(f"`{url}` is not of the form oci://HOST[:PORT]/REPOSITORY:TAG")
        self.name = url
        self._host, self._tag = match["host"].strip("[]"), match["tag"]
        self._plain_http = plain_http
        self._port = int(match["port"]) if match["port"] else None
        self._repository = f"/v2/{match['name']}"
        self._scope = f"repository:{match['name']}:pull,push"
        self._credentials = credentials
        self._authorization: str | None = None

    def put(self, bundle: Bundle) -> None:
        """Upload the bundle and move the tag to it. Raises `PublishError`."""
        try:
            config = self._put_blob(_EMPTY, _CONFIG)
            layer = self._put_blob(bundle.content, _LAYER)
            manifest = msgspec.json.encode(
                {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]}
            )
            path = f"{self._repository}/manifests/{self._tag}"
            self._ask("PUT", path, manifest, _MANIFEST, expected=(201,))
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "strerror", None) or error
            raise PublishError(f"cannot reach `{self.name}`: {cause}") from error

    def _put_blob(self, content: bytes, media_type: str) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        found = self._ask("HEAD", f"{self._repository}/blobs/{digest}", expected=(*_FOUND, 404))
        if found.status not in _FOUND:
            begun = self._ask("POST", f"{self._repository}/blobs/uploads/", b"", expected=(202,))
            place = urllib.parse.urlsplit(begun.headers.get("location", ""))
            # The rest of the URL is that of this registry: no other host gets the bundle.
            query = f"{place.query}&" if place.query else ""
            target = f"{place.path}?{query}digest={urllib.parse.quote(digest)}"
            self._ask("PUT", target, content, _BLOB, expected=(201,))
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def _ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        media_type: str | None = None,
        *,
        expected: tuple[int, ...],
    ) -> _Answer:
        """Send a request, with a new token if the registry asks for one. Raises `PublishError`."""
        headers = {} if media_type is None else {"Content-Type": media_type}
        answer = self._send(method, target, headers, body)
        if answer.status == http.HTTPStatus.UNAUTHORIZED:
            self._authorization = self._authorize(answer.headers.get("www-authenticate", ""))
            answer = self._send(method, target, headers, body)
        if answer.status not in expected:
            cause = answer.body[:200].decode(errors="replace").strip()
            raise PublishError(
                f"`{self.name}`: {method} was answered with HTTP {answer.status}"
                f"{f': {cause}' if cause else ''}"
            )
        return answer

    def _send(
        self, method: str, target: str, headers: dict[str, str], body: bytes | None
    ) -> _Answer:
        if self._authorization is not None:
            headers = {**headers, "Authorization": self._authorization}
        return _request(self._connection(), method, target, headers, body)

    def _connection(self) -> http.client.HTTPConnection:
        if self._may_be_plain(self._host):
            return http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=_SECONDS, context=context
        )

    def _may_be_plain(self, host: str) -> bool:
        """True if the password may be sent to this host without TLS."""
        return self._plain_http or Address(host).private

    def _basic(self) -> str | None:
        try:
            credentials = self._credentials()
        except SidecarError as error:
            raise PublishError(f"`{self.name}`: {error}") from error
        if credentials is None:
            return None
        return f"Basic {base64.b64encode(':'.join(credentials).encode()).decode()}"

    def _authorize(self, challenge: str) -> str | None:
        """Return the header that a challenge asks for: the password, or a token for it."""
        basic = self._basic()
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() != "bearer":
            return basic
        fields = dict(_CHALLENGE.findall(rest))
        realm = urllib.parse.urlsplit(fields.get("realm", ""))
        host = realm.hostname or ""
        asked = urllib.parse.urlencode({"service": fields.get("service", ""), "scope": self._scope})
        if realm.scheme == "https":
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, realm.port, timeout=_SECONDS, context=context
            )
        elif realm.scheme == "http" and all(map(self._may_be_plain, (self._host, host))):
            connection = http.client.HTTPConnection(host, realm.port, timeout=_SECONDS)
        else:
            raise PublishError(
                f"`{self.name}` asks for a token of `{realm.geturl()}`: no https URL"
            )
        headers = {} if basic is None else {"Authorization": basic}
        answer = _request(connection, "GET", f"{realm.path}?{asked}", headers, None)
        try:
            given = msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError:
            given = _Token()
        token = given.token or given.access_token
        if answer.status != http.HTTPStatus.OK or not token:
            raise PublishError(f"`{self.name}`: no token was given: HTTP {answer.status}")
        return f"Bearer {token}"


def _request(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: dict[str, str],
    body: bytes | None,
) -> _Answer:
    try:
        connection.request(method, target, body, headers)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return _Answer(response.status, fields, response.read(_MOST_BYTES))
    finally:
        connection.close()
