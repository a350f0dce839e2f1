"""The answer to a request that is not allowed: a status, and a problem in JSON (RFC 9457)."""

from __future__ import annotations

import json
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.errors import AnswerError, InvalidRequest, TransportError
from ramgate.middleware.errors import (
    InvalidResource,
    InvalidTemplate,
    PrincipalError,
    Unauthenticated,
    Undecided,
)
from ramgate.model.denials import AccessDenied, FeatureDenied

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHALLENGE", "Outcome", "outcome_of", "report"]

CHALLENGE: Final = "Bearer"
"""The scheme that `WWW-Authenticate` names if the application names no other."""

_RETRY_SECONDS: Final = "1"  # a killed OPA is back after about a second
_LOGGER: Final = logging.getLogger("ramgate.middleware")

# The fields of a request that come from the caller's values. A fault of another field is the
# application's own.
_OF_THE_CALLER: Final = re.compile(r"`?(?:resource|context)\b")


class Outcome(NamedTuple):
    """The answer to a request that is not allowed. It names no policy and no principal.

    >>> from ramgate.middleware.errors import Unauthenticated
    >>> from ramgate.middleware.outcome import outcome_of
    >>> outcome = outcome_of(Unauthenticated("the request has no principal"))
    >>> outcome.status, dict(outcome.headers("Basic"))["WWW-Authenticate"]
    (<HTTPStatus.UNAUTHORIZED: 401>, 'Basic')
    >>> outcome.body
    b'{"type":"about:blank","title":"Unauthorized","status":401,"detail":"the request has ...
    """

    status: HTTPStatus
    detail: str

    @property
    def body(self) -> bytes:
        """The problem, `application/problem+json`."""
        problem = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
        }
        return json.dumps(problem, separators=(",", ":")).encode()

    def headers(self, challenge: str = CHALLENGE) -> list[tuple[str, str]]:
        """Return the headers; `challenge` is the value of `WWW-Authenticate` for 401."""
        found = [
            ("Content-Type", "application/problem+json"),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
        ]
        if self.status is HTTPStatus.UNAUTHORIZED:
            found.append(("WWW-Authenticate", challenge))
        if self.status is HTTPStatus.SERVICE_UNAVAILABLE:
            found.append(("Retry-After", _RETRY_SECONDS))
        return found


_BAD_RESOURCE: Final = Outcome(
    HTTPStatus.BAD_REQUEST, "a value of the request cannot stand in a resource"
)
_FAILED: Final = Outcome(
    HTTPStatus.INTERNAL_SERVER_ERROR, "the application cannot have this request decided"
)
_FORBIDDEN: Final = Outcome(HTTPStatus.FORBIDDEN, "the principal may not do this")
_UNAUTHENTICATED: Final = Outcome(HTTPStatus.UNAUTHORIZED, "the request has no principal")
_UNAVAILABLE: Final = Outcome(HTTPStatus.SERVICE_UNAVAILABLE, "there is no decision at the moment")
_OUTCOMES: Final[Mapping[type[BaseException], Outcome]] = {
    AccessDenied: _FORBIDDEN,
    AnswerError: _UNAVAILABLE,
    FeatureDenied: _FORBIDDEN,
    InvalidRequest: _FAILED,
    InvalidResource: _BAD_RESOURCE,
    InvalidTemplate: _FAILED,
    PrincipalError: _FAILED,
    TransportError: _UNAVAILABLE,
    Unauthenticated: _UNAUTHENTICATED,
    Undecided: _FAILED,
}


def outcome_of(error: BaseException) -> Outcome | None:
    """Return the answer for an error, or `None` if the error is none of ramgate's decisions.

    A group of such errors, as `asyncio.TaskGroup` raises it, has the answer of its first one.

    >>> from ramgate import TransportError
    >>> from ramgate.middleware.outcome import outcome_of
    >>> outcome_of(TransportError("cannot reach `unix:///run/opa.sock`")).status
    <HTTPStatus.SERVICE_UNAVAILABLE: 503>
    >>> outcome_of(KeyError("instance"))
    """
    if isinstance(error, BaseExceptionGroup):
        outcomes = [outcome_of(one) for one in error.exceptions]
        return outcomes[0] if all(outcomes) else None
    if isinstance(error, InvalidRequest) and all(map(_OF_THE_CALLER.match, error.errors)):
        return _BAD_RESOURCE if error.errors else _FAILED
    return next((one for kind, one in _OUTCOMES.items() if isinstance(error, kind)), None)


def report(error: BaseException, outcome: Outcome) -> None:
    """Log the error of an answer: a fault of the application, or an OPA that is not to be had.

    >>> from ramgate.middleware.errors import Undecided
    >>> from ramgate.middleware.outcome import outcome_of, report
    >>> error = Undecided("the response was held back: no decision was asked for")
    >>> report(error, outcome_of(error))
    """
    if outcome.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOGGER.error("%s", error, exc_info=error)
    elif outcome.status is HTTPStatus.SERVICE_UNAVAILABLE:
        _LOGGER.warning("no decision: %s", error)
    else:
        _LOGGER.info("%d: %s", outcome.status, error)
