"""Facts about a request that ramgate's middleware asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["INSTANCE", "address_of", "arn_of"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


def arn_of(request: HttpRequest) -> str | None:
    """Return the ARN of the caller, or `None`.

    A real site verifies a signed token here, or returns the ARN of `request.user`.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    return user and USER.format(user)


def address_of(request: HttpRequest) -> dict[str, str]:
    """Return the condition key for the address that the request came from."""
    return {"acs:SourceIp": request.META["REMOTE_ADDR"]}
