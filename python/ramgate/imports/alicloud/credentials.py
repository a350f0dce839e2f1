"""Find credentials as Alibaba Cloud's SDKs do: a profile, the environment, a RAM role, OIDC."""

from __future__ import annotations

import logging
from typing import Final

import Tea.exceptions
from alibabacloud_credentials.client import Client
from alibabacloud_credentials.exceptions import CredentialException
from alibabacloud_credentials.provider import (
    CLIProfileCredentialsProvider,
    ProfileCredentialsProvider,
)

from ramgate.documents.messages import describe
from ramgate.errors import CloudError
from ramgate.imports.alicloud.failures import codes_in

__all__ = ["find"]

_NONE: Final = (
    "no credentials{codes}: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, "
    "or name a profile of the aliyun command by --profile"
)
_ERRORS: Final = (
    CredentialException,
    Tea.exceptions.TeaException,
    Tea.exceptions.RetryError,
    KeyError,
    OSError,
    TypeError,
    ValueError,
)
_NOT_THERE: Final = (
    "unable to get profile",
    "unable to open credentials file",
    "cli credentials file is disabled",
    "failed to get credential from credentials file",
)
# It prints each attempt of a provider to stderr, beside the one line of the error.
logging.getLogger("credentials").setLevel(logging.CRITICAL)


def find(profile: str = "") -> Client:
    """Return credentials: those of a profile, or without one, those of the SDKs' default chain.

    A profile is one of `~/.aliyun/config.json`, which the `aliyun` command writes, or of
    `~/.alibabacloud/credentials.ini`. Raises `CloudError` if there are none.

    >>> find("no-such-profile")
    Traceback (most recent call last):
    ramgate.errors.CloudError: there is no profile `no-such-profile` ...
    """
    if not profile:
        return _tested(None, _NONE)
    name = describe(profile)
    for kind in (CLIProfileCredentialsProvider, ProfileCredentialsProvider):
        found = _tested(kind(profile_name=profile), f"profile {name} gives no credentials{{codes}}")
        if found is not None:
            return found
    raise CloudError(
        f"there is no profile {name} in ~/.aliyun/config.json or ~/.alibabacloud/credentials.ini"
    )


def _tested(provider: object, message: str) -> Client:
    """Return credentials that the provider gives now; None if it does not have the profile."""
    try:
        found = Client(provider=provider)
        found.get_credential()
    except _ERRORS as error:
        text = str(getattr(error, "message", error))
        if text.startswith(_NOT_THERE):
            return None
        raise CloudError(message.format(codes=codes_in(text))) from error
    return found
