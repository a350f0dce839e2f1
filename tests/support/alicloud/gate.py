"""The checks before an operation: the signature, the clock, the nonce, the permission."""

from __future__ import annotations

import datetime
import hmac
from typing import TYPE_CHECKING, Final

from alicloud import signatures
from alicloud.refused import Refused

if TYPE_CHECKING:
    from alicloud.keys import Key
    from alicloud.signatures import Request
    from alicloud.world import World

__all__ = ["Gate", "action_of", "no_permission"]

MOST_OFF: Final = datetime.timedelta(minutes=15)
_SERVICES: Final = {
    "ims": "ram",
    "ram": "ram",
    "resourcedirectorymaster": "resourcemanager",
    "resourcemanager": "resourcemanager",
}
_OF_RAM: Final = frozenset({"ListPolicyAttachments", "ListRoles", "ListResourceGroups"})
"""Operations of Resource Manager that are authorized as actions of RAM."""


def action_of(product: str, operation: str) -> str:
    """Return the RAM action of an operation, or an empty text if it needs none."""
    if product == "sts":
        return ""
    service = "ram" if operation in _OF_RAM else _SERVICES[product]
    return f"{service}:{operation}"


class Gate:
    """The authentication of the fake: it remembers the nonces."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._nonces: set[str] = set()

    def authenticate(self, request: Request) -> Key:
        """Return the key that signed the request, or refuse it."""
        headers = request.headers
        authorization = request.authorization
        if authorization is None:
            raise Refused(400, "IncompleteSignature", "the request is not signed")
        key = self._world.keys.get(authorization.key)
        if key is None:
            raise Refused(404, "InvalidAccessKeyId.NotFound", "there is no such AccessKey")
        self._check_time(headers.get("x-acs-date", ""))
        if headers.get("x-acs-security-token", "") != key.token:
            raise Refused(400, "InvalidSecurityToken.MismatchWithAccessKey", "another token")
        signed = authorization.signed_headers.split(";")
        required = {name for name in headers if name.startswith("x-acs-")} | {"host"}
        if not required <= set(signed) or not set(signed) <= headers.keys():
            raise Refused(400, "IncompleteSignature", "a header is not signed")
        expected = signatures.signature(request, authorization.signed_headers, key.secret)
        if not hmac.compare_digest(expected, authorization.signature):
            raise Refused(400, "SignatureDoesNotMatch", "the signature is another one")
        nonce = headers.get("x-acs-signature-nonce", "")
        if not nonce or nonce in self._nonces:
            raise Refused(400, "SignatureNonceUsed", "the nonce was used before")
        self._nonces.add(nonce)
        return key

    def authorize(self, key: Key, product: str, operation: str) -> None:
        """Refuse an operation whose action the key may not do."""
        action = action_of(product, operation)
        if action and key.allowed is not None and action not in key.allowed:
            raise no_permission(key, action)

    def _check_time(self, date: str) -> None:
        try:
            time = datetime.datetime.fromisoformat(date)
        except ValueError as error:
            raise Refused(400, "InvalidTimeStamp.Format", "the date is not one") from error
        if abs(self._world.clock() - time) > MOST_OFF:
            raise Refused(400, "InvalidTimeStamp.Expired", "the date is off by over 15 minutes")


def no_permission(key: Key, action: str) -> Refused:
    """Return the error that the caller may not do an action."""
    return Refused(
        403,
        "NoPermission",
        f"You are not authorized to do this action. Resource: * Action: {action}",
        AccessDeniedDetail={
            "AuthAction": action,
            "AuthPrincipalType": "SubUser",
            "AuthPrincipalOwnerId": key.account,
            "AuthPrincipalDisplayName": key.user or key.role or key.account,
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "AccountLevelIdentityBasedPolicy",
            "EncodedDiagnosticMessage": "AQIBIAAAA",
        },
    )
