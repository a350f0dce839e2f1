"""The state of one request: its principal, its decisions, and its failure. It does no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ramgate.errors import RamgateError
from ramgate.middleware.errors import PrincipalError, Unauthenticated, Undecided
from ramgate.model.denials import denial

if TYPE_CHECKING:
    from ramgate.model.decision import Decision, Request

__all__ = ["Current"]

_encode = msgspec.json.Encoder().encode


class Current:
    """The state of one request, which is gone with it.

    It remembers each decision, so that the same question is sent to OPA once. With
    `remembers=False`, for connections that stay open, and from `forget()` on, it does not.

    >>> from ramgate import Request
    >>> from ramgate.middleware.current import Current
    >>> current = Current()
    >>> principal = current.identify("acs:ram::1234567890123456:user/carol")
    >>> request = Request(principal, "alikafka:ListTopic", "*")
    >>> current.recall(request)
    >>> decision = client.decide_all([request])[0]
    >>> current.keep(request, decision)
    >>> current.recall(request) is decision
    True
    >>> current.require(request, decision)
    Traceback (most recent call last):
    ramgate.model.denials.AccessDenied: ...
    """

    __slots__ = ("_decisions", "_is_decided", "failure", "is_over", "principal", "refusal")

    def __init__(self, *, remembers: bool = True) -> None:
        self.principal: str | None = None
        self.failure: RamgateError | None = None
        """The last error of a question, for a response that must not succeed without a decision."""
        self.refusal: Exception | None = None
        """The error that the request ends with, whatever the application answers."""
        self.is_over = False
        """True if the request has ended: a copy of its context may outlive it."""
        self._decisions: dict[bytes, Decision] | None = {} if remembers else None
        self._is_decided = False

    def identify(self, value: object) -> str:
        """Store and return the principal, the value that the function `principal` returned.

        Raises `Unauthenticated` for `None` and an empty text, and `PrincipalError` for a value
        that is no printable text.
        """
        if value is None or value == "":
            raise Unauthenticated("the request has no principal")
        if not isinstance(value, str):
            kind = type(value).__name__
            raise PrincipalError(f"`principal` must return a text or `None`, not `{kind}`")
        if not value.isprintable():
            raise PrincipalError("`principal` returned a text with an unprintable character")
        self.principal = value
        return value

    def recall(self, request: Request) -> Decision | None:
        """Return the decision of an equal request, if it is remembered."""
        if not self._decisions:
            return None
        try:
            return self._decisions.get(_encode(request))
        except (TypeError, ValueError, RecursionError):  # the client names the field at fault
            return None

    def keep(self, request: Request, decision: Decision) -> None:
        """Remember a decision of OPA for the rest of the request."""
        self._is_decided = True
        if self._decisions is not None:
            self._decisions[_encode(request)] = decision

    def require(self, request: Request, decision: Decision) -> Decision:
        """Return the decision if it allows. Raises `AccessDenied` if not."""
        if not decision:
            raise denial(request, decision)
        return decision

    def refuse(self, error: BaseException) -> None:
        """End the request with the answer to a failed requirement, whatever the application does.

        An error of another kind than ramgate's does not replace a refusal. A cancellation, such as
        a timeout of the application causes, becomes an `Undecided`.
        """
        if self.refusal is not None and not isinstance(error, RamgateError):
            return
        if not isinstance(error, Exception):
            error = Undecided("a requirement was cancelled")
        self.refusal = error

    def forget(self) -> None:
        """Forget all decisions, and remember none from now on: the response has begun or ended."""
        self._decisions = None

    def close(self) -> None:
        """End the request: nothing is remembered, and nothing can be asked in its name."""
        self.is_over = True
        self.forget()

    def snapshot(self) -> tuple[object, ...]:
        """Return the state beside the decisions, for `restore`."""
        return self.refusal, self.failure, self._is_decided

    def restore(self, before: tuple[Any, ...]) -> None:
        """Undo the changes of questions that were not about this request."""
        self.refusal, self.failure, self._is_decided = before

    def verify(self) -> None:
        """Refuse the request if no decision was made: with the last failure, or `Undecided`."""
        if not self._is_decided:
            self.refusal = self.failure or Undecided(
                "the response was held back: no decision was asked for"
            )
            raise self.refusal

    def end(self) -> None:
        """Raise the refusal, if there is one, which the application must have handled itself."""
        if self.refusal is not None:
            raise self.refusal
