"""Tell why a call of an SDK failed: a refusal, an absence, a failure that may pass, or the end.

The SDKs raise the same class for all of it; the code of Alibaba Cloud's answer tells more than the
HTTP status (an unknown AccessKey is a 404, like an absent role).
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

import requests
import urllib3
from alibabacloud_credentials.exceptions import CredentialException
from darabonba.exceptions import RetryError
from Tea.exceptions import TeaException

from ramgate.errors import CloudError
from ramgate.faults import printable
from ramgate.imports.alicloud.outcomes import Absent, Refused, Temporary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.imports.alicloud.calls import Call

__all__ = ["SdkError", "codes_in", "failure"]

SdkError: Final = TeaException
"""The base class of every error that a call of an SDK raises."""

_WRAPPERS: Final = (
    requests.exceptions.RequestException,
    urllib3.exceptions.ProtocolError,
    urllib3.exceptions.ProxyError,
)
_LONGEST: Final = 200
_MILLISECONDS: Final = 1000
_FORBIDDEN: Final = 403
_FIRST_SERVER_ERROR: Final = 500
_TEMPORARY: Final = ("throttling", "serviceunavailable", "internalerror", "flowcontrol")
_ABSENT: Final = ("entitynotexist", "resourcedirectorynotinuse")
_CLOCK: Final = ("invalidtimestamp", "illegaltimestamp", "requesttimetooskewed")
_FINAL: Final[Sequence[tuple[str, str]]] = (
    (
        "InvalidAccessKeyId.Inactive",
        "the AccessKey is disabled: enable it, or use another one",
    ),
    (
        "InvalidAccessKeyId",
        "Alibaba Cloud does not know the AccessKey ID: check the key, and --endpoint if given",
    ),
    ("SignatureDoesNotMatch", "the AccessKey secret is not the one of the AccessKey ID"),
    ("IncompleteSignature", "the AccessKey secret is not the one of the AccessKey ID"),
    ("InvalidSecurityToken.Expired", "the credentials have expired: sign in again"),
    ("SecurityTokenExpired", "the credentials have expired: sign in again"),
    ("InvalidSecurityToken", "the security token is not the one of the AccessKey ID"),
    ("MissingSecurityToken", "the temporary AccessKey has no security token"),
    ("InvalidRegionId", "Alibaba Cloud does not know the region: check --region"),
    ("InvalidAction", "the endpoint does not know the operation: check --endpoint"),
    ("InvalidVersion", "the endpoint does not know the version of the API: check --endpoint"),
)


def failure(error: TeaException, call: Call, host: str) -> Exception:
    """Return the error that an error of an SDK means; `host` is the endpoint of the call."""
    cause = getattr(error, "inner_exception", error)
    if isinstance(cause, RetryError):
        return _network(cause.__context__, call, host)
    if isinstance(cause, CredentialException):
        return CloudError(f"the credentials cannot be renewed{codes_in(str(cause.message))}")
    if not isinstance(cause, TeaException):  # the SDK did not find the JSON that it expects
        return Temporary(call, f"`{host}` did not answer with a JSON object")
    return _answer(cause, call)


def codes_in(text: str) -> str:
    """Return the codes that an answer of STS has, in parentheses; it may hold secrets, too.

    >>> codes_in('refresh failed: {"Code": "NoPermission", "Message": "…"}'), codes_in("none")
    (' (NoPermission)', '')
    """
    codes = re.findall(r"""["']?Code["']?\s*[:=]\s*["']?([A-Za-z][A-Za-z.]*)""", text)
    return f" ({', '.join(dict.fromkeys(codes))})" if codes else ""


def _network(cause: BaseException | None, call: Call, host: str) -> Exception:
    text = _short(_root(cause))
    if isinstance(cause, requests.exceptions.SSLError):
        return CloudError(f"no TLS connection to `{host}`: {text}")
    if isinstance(cause, requests.exceptions.ProxyError):
        return CloudError(f"the proxy of the environment does not reach `{host}`: {text}")
    has_no_connection = isinstance(_inner(cause), urllib3.exceptions.MaxRetryError)
    return Temporary(call, f"`{host}`: {text}", is_unreachable=has_no_connection)


def _root(error: BaseException | None) -> str:
    """Return the words of the error that all others wrap, the system's if it is one of these."""
    while (inner := _inner(error)) is not None:
        error = inner
    return getattr(error, "strerror", None) or str(error)


def _inner(error: BaseException | None) -> BaseException | None:
    """Return the error that an error of requests or urllib3 wraps."""
    if isinstance(error, urllib3.exceptions.MaxRetryError):
        return error.reason
    arguments = error.args if isinstance(error, _WRAPPERS) else ()
    wrapped = (one for one in arguments if isinstance(one, BaseException))
    return next(wrapped, error.__cause__ if error else None)


def _answer(error: TeaException, call: Call) -> Exception:
    code, status = str(error.code), getattr(error, "status_code", 0)
    lower = code.lower()
    seconds = (getattr(error, "retry_after", None) or 0) / _MILLISECONDS
    if seconds or lower.startswith(_TEMPORARY) or status >= _FIRST_SERVER_ERROR:
        return Temporary(call, _short(code), seconds=seconds)
    if lower.startswith(_CLOCK):
        now = datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return CloudError(f"the clock of this machine is off: it says {now} (UTC) ({code})")
    for start, text in _FINAL:
        if lower.startswith(start.lower()):
            return CloudError(f"{text} ({_short(code)})")
    if lower.startswith(_ABSENT):
        return Absent(call, code)
    if status == _FORBIDDEN or lower.startswith(("nopermission", "forbidden")):
        return Refused(call, _short(code))
    data = error.data if isinstance(error.data, dict) else {}
    return CloudError(f"{call} failed: {_short(code)}: {_short(str(data.get('Message', '')))}")


def _short(text: str) -> str:
    return printable(text[:_LONGEST])
