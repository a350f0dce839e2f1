"""Ask OPA from Python.

    with Client("http://127.0.0.1:8181") as client:
        if client.decide(principal, action, resource):
            ...

Nothing turns a failure into an allow: what is not a clean decision raises `InvalidRequest`,
`TransportError` or `AnswerError`.
"""

from __future__ import annotations

import socket
import ssl
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from ramgate.client import wire
from ramgate.client.connection import Connections, Lookup
from ramgate.client.wire import Answer
from ramgate.errors import TransportError
from ramgate.model.decision import NO_CONTEXT, Request, Simulation
from ramgate.model.service_linked_role import CreationQuestion, DeletionQuestion, FeatureQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    import msgspec

    from ramgate.client.connection import Steps
    from ramgate.client.wire import Rule, Several
    from ramgate.model.decision import Context, Decision, Policy
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Usage

__all__ = ["DEFAULT_TIMEOUT", "DEFAULT_URL", "BaseClient", "Client"]

_S = TypeVar("_S", bound=wire.Single)

DEFAULT_URL = "http://127.0.0.1:8181"
DEFAULT_TIMEOUT = 2.0
_DAY = 86400.0


class BaseClient:
    """What both clients are made of."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Make a client of the OPA at `url`; it connects when it is first asked.

        `url` is `http://host:port`, `https://host[:port]` or `unix:///path`. `timeout` is the
        seconds, at most a day, that one call may take as a whole: connecting, asking, the one
        repetition. `token` is the bearer token that OPA expects. `tls` takes the place of the
        default context, which trusts what the system trusts.

        Raises `ValueError` for any of them that cannot be used.
        """
        endpoint = wire.Endpoint.parse(url)
        if not 0 < timeout <= _DAY:
            raise ValueError(
                f"`timeout` is `{timeout}`, not more than 0 and at most {_DAY:.0f} seconds"
            )
        if tls is not None and not endpoint.secure:
            raise ValueError(f"`tls` is given, but `{url}` is no `https` url")
        if endpoint.secure and tls is None:
            tls = ssl.create_default_context()
        self._url = url
        self._timeout = timeout
        self._heads = {rule: wire.head(rule, endpoint, token) for rule in wire.RULES}
        self._probe = wire.probe(endpoint)
        self._connections = Connections(endpoint, tls)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def _late(self) -> TransportError:
        """Say that the deadline is over."""
        return TransportError(f"`{self._url}` did not answer within {self._timeout:g} s")


class Client(BaseClient):
    """Asks one OPA, from any number of threads.

    Connections are kept and used again; after a `fork` each side uses its own. The one thing that
    `timeout` cannot end is the system's lookup of a host name.

    Every question raises `InvalidRequest`, `TransportError` or `AnswerError` when it gets no clean
    answer, and `RuntimeError` once the client is closed.
    """

    def decide(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Decide whether `principal` may do `action` on `resource`, all as in `Request`."""
        request = Request(principal, action, resource, context, session_policies)
        return self._ask(wire.DECISION, request)

    def require(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Give the decision that allows; raises `AccessDenied` with the one that does not."""
        request = Request(principal, action, resource, context, session_policies)
        decision = self._ask(wire.DECISION, request)
        if not decision:
            raise wire.denial(request, decision)
        return decision

    def decide_all(self, requests: Iterable[Request]) -> list[Decision]:
        """Give a decision for each request, in the same order, from one question.

        A malformed request's is its own false decision. An empty list is asked like any other.
        """
        return self._ask_all(wire.DECISIONS, requests)

    def simulate(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Decision:
        """Decide as if `policies`, name to translated document, were the principal's own."""
        request = Simulation(principal, action, resource, context, policies=policies)
        return self._ask(wire.SIMULATED_DECISION, request)

    def simulate_all(self, simulations: Iterable[Simulation]) -> list[Decision]:
        """Give a decision for each simulation, as `decide_all` does for requests."""
        return self._ask_all(wire.SIMULATED_DECISIONS, simulations)

    def creation(
        self, principal: str, service_name: str, context: Context = NO_CONTEXT
    ) -> Creation:
        """Answer whether `service_name` may create its role on behalf of `principal`."""
        return self._ask(wire.CREATION, CreationQuestion(principal, service_name, context))

    def feature(self, principal: str, feature: str, context: Context = NO_CONTEXT) -> Feature:
        """Answer whether `principal` may use `feature`: its role is there, or may be created."""
        return self._ask(wire.FEATURE, FeatureQuestion(principal, feature, context))

    def require_feature(
        self, principal: str, feature: str, context: Context = NO_CONTEXT
    ) -> Feature:
        """Give the answer that allows; raises `FeatureDenied`, with the remedy, for another."""
        question = FeatureQuestion(principal, feature, context)
        answer = self._ask(wire.FEATURE, question)
        if not answer:
            raise wire.feature_denial(question, answer)
        return answer

    def deletion(
        self,
        principal: str,
        role: str,
        usages: Sequence[Usage] = (),
        context: Context = NO_CONTEXT,
    ) -> Deletion:
        """Answer whether `principal` may delete the service-linked role that `usages` still use."""
        return self._ask(wire.DELETION, DeletionQuestion(principal, role, usages, context))

    def revision(self) -> str:
        """Give the revision of the bundle that OPA decides by."""
        question = wire.question(self._heads[wire.REVISION])
        return wire.read_revision(self._run(self._connections.ask(question, wire.room(0))))

    def healthy(self) -> bool:
        """Tell whether OPA says that it has activated its bundles."""
        answer = self._run(self._connections.ask(self._probe, wire.room(0)))
        return answer.status == HTTPStatus.OK

    def close(self) -> None:
        """Close every connection; a second time does nothing."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, rule: Rule[_S], request: msgspec.Struct) -> _S:
        question = wire.encode(self._heads[rule], request)
        answer = self._run(self._connections.ask(question, wire.room(1)))
        return wire.read(rule, answer)

    def _ask_all(self, rule: Rule[Several], requests: Iterable[Request]) -> list[Decision]:
        requests = list(requests)
        question = wire.encode_all(self._heads[rule], requests)
        answer = self._run(self._connections.ask(question, wire.room(len(requests))))
        return wire.read_all(rule, len(requests), answer)

    def _run(self, steps: Steps) -> Answer:
        deadline = time.monotonic() + self._timeout
        try:
            while True:
                step = next(steps)
                if isinstance(step, Answer):
                    return step
                if isinstance(step, Lookup):
                    _look_up(step)
                elif (left := deadline - time.monotonic()) <= 0 or not step.poll(left * 1000):
                    raise self._late()
        finally:
            steps.close()


def _look_up(step: Lookup) -> None:
    try:
        step.found(socket.getaddrinfo(step.host, step.port, type=socket.SOCK_STREAM))
    except OSError as error:
        raise step.failed(error) from error
