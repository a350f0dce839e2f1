"""A place where bundles are published, and how its URL is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from ramgate.errors import PublishError
from ramgate.publish.file import FileTarget
from ramgate.publish.registry import RegistryTarget
from ramgate.sidecar.token import read_token

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle

__all__ = ["Target", "target"]

_S3: Final = "s3://"
_OCI: Final = "oci://"
_USER: Final = "RAMGATE_REGISTRY_USER"
_PASSWORD_FILE: Final = "RAMGATE_REGISTRY_PASSWORD_FILE"  # noqa: S105 - the name of a variable


class Target(Protocol):
    """A place that has one bundle at a time.

    >>> from ramgate.bundle.builder import build
    >>> place: Target = target("bundle.tar.gz")
    >>> place.put(build())
    >>> place.name
    'bundle.tar.gz'
    """

    @property
    def name(self) -> str:
        """The place, as messages name it."""

    def put(self, bundle: Bundle) -> None:
        """Replace the bundle, in one step for every reader. Raises `PublishError`."""


def target(
    text: str,
    *,
    file_mode: int | None = None,
    endpoint: str | None = None,
    plain_http: bool = False,
) -> Target:
    """Return the place that `s3://BUCKET/KEY`, `oci://HOST/REPOSITORY:TAG` or a path names.

    `file_mode` is the mode of a file, `endpoint` the URL of a storage other than Amazon's.
    `plain_http` lets a registry or a storage on another machine do without TLS. A registry's user
    and the file with the password are in the environment, `RAMGATE_REGISTRY_USER` and
    `RAMGATE_REGISTRY_PASSWORD_FILE`. Raises `ValueError` for a text of another form, and
    `PublishError` if a package or the password is missing.

    >>> target("oci://registry.example.com/ramgate:latest").name
    'oci://registry.example.com/ramgate:latest'
    """
    if text.startswith(_S3):
        try:
            from ramgate.publish.s3 import S3Target  # noqa: PLC0415 - needs an extra
        except ImportError as error:
            raise PublishError(f"{error}; run `pip install 'ramgate[publish]'`") from error
        return S3Target(text, endpoint, plain_http=plain_http)
    if text.startswith(_OCI):
        _credentials()  # a missing password is told at the start
        return RegistryTarget(text, _credentials, plain_http=plain_http)
    if "://" in text:
        raise ValueError(f"`{text}` is not a path, `s3://BUCKET/KEY` or `oci://HOST/NAME:TAG`")
    return FileTarget(Path(text), file_mode)


def _credentials() -> tuple[str, str] | None:
    user, file = os.environ.get(_USER), os.environ.get(_PASSWORD_FILE)
    if not user or not file:
        return None
    return user, read_token(file)
