"""Publish a bundle to S3-compatible storage, by boto3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ramgate.errors import PublishError
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from ramgate.bundle.builder import Bundle

__all__ = ["S3Target"]

_URL: Final = re.compile(r"s3://([A-Za-z0-9._-]{3,63})/(\S+)")
_CONTENT_TYPE: Final = "application/gzip"
_SECONDS: Final = 30


class S3Target:
    """An object of a bucket. boto3 finds the credentials and the region as it always does.

    An endpoint with `http://` must be a program on this machine, unless `plain_http`. Raises
    `ValueError` for URLs of another form, and `PublishError` if boto3 has no region.
    """

    def __init__(self, url: str, endpoint: str | None = None, *, plain_http: bool = False) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise ValueError(f"`{url}` is not of the form s3://BUCKET/KEY")
        self.name = url
        self._bucket, self._key = match.groups()
        config = Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            retries={"mode": "standard", "max_attempts": 2},
            # Storages other than Amazon's do not take checksums in trailers.
            request_checksum_calculation="when_required",
        )
        try:
            self._client = boto3.client("s3", endpoint_url=endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise PublishError(f"cannot use `{url}`: {error}") from error
        # Without an `endpoint`, boto3 takes that of the environment or of its configuration.
        found = self._client.meta.endpoint_url
        parts = urlsplit(found)
        if parts.scheme == "http" and not (plain_http or Address(parts.hostname or "").private):
            raise ValueError(
                f"`{found}` is another machine, and the bundle would travel in clear text: "
                "use https://, or `--plain-http`"
            )

    def put(self, bundle: Bundle) -> None:
        """Replace the object, which S3 does in one step. Raises `PublishError`."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=bundle.content,
                ContentType=_CONTENT_TYPE,
            )
        except (BotoCoreError, ClientError) as error:
            raise PublishError(f"cannot write `{self.name}`: {error}") from error
