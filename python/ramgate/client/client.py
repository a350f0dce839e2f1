"""The synchronous client of an OPA that decides with ramgate's rules."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from ramgate.client import decoding, encoding, queries
from ramgate.client.base import DEFAULT_MAX_BODY, DEFAULT_TIMEOUT, DEFAULT_URL
from ramgate.client.calls import Calls
from ramgate.model.decision import NO_CONTEXT, Request, Simulation
from ramgate.model.denials import denial, feature_denial
from ramgate.model.service_linked_role import CreationQuestion, DeletionQuestion, FeatureQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from ramgate.model.decision import Context, Decision, Decisions, Policy
    from ramgate.model.explanation import Explanation
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Usage

__all__ = ["DEFAULT_MAX_BODY", "DEFAULT_TIMEOUT", "DEFAULT_URL", "Client"]


class Client(Calls):
    """Asks one OPA for decisions, from any number of threads.

    The client keeps its connections and uses them again; after a `fork`, parent and child each
    open their own. Every call ends after `timeout` seconds, except while the system looks a host
    name up, which cannot be interrupted.

    Every method that asks OPA raises `InvalidRequest` if the request is malformed, `TransportError`
    if OPA is unreachable, late or cut off, `AnswerError` if OPA's answer is not a clean one, and
    `RuntimeError` once the client is closed. A failure never becomes an allow.

    >>> from ramgate import Client
    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> with Client(sidecar.url, timeout=5) as client:
    ...     if client.decide(alice, "alikafka:ListTopic", instance):
    ...         print("allowed")
    allowed
    """

    def decide(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Decide whether `principal` may do `action` on `resource`; parameters as in `Request`.

        >>> decision = client.decide(
        ...     "acs:ram::1234567890123456:user/bob",
        ...     "alikafka:ListTopic",
        ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
        ...     {"acs:SourceIp": "203.0.113.9"},
        ... )
        >>> bool(decision), decision.effect, decision.reason
        (False, 'ExplicitDeny', 'statement_denies')
        >>> print(*decision.statements)
        office-network[0]
        """
        request = Request(principal, action, resource, context, session_policies)
        return self._ask(queries.DECISION, request)

    def require(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Decision:
        """Return the decision if it allows. Raises `AccessDenied`, with the decision, if not.

        >>> client.require(
        ...     "acs:ram::1234567890123456:user/carol",
        ...     "alikafka:ListTopic",
        ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
        ... )
        Traceback (most recent call last):
        ramgate.model.denials.AccessDenied: ... ImplicitDeny, no_statement_matches
        """
        request = Request(principal, action, resource, context, session_policies)
        decision = self._ask(queries.DECISION, request)
        if not decision:
            raise denial(request, decision)
        return decision

    def decide_all(self, requests: Sequence[Request]) -> Decisions:
        """Return a decision for each request, in their order, with one call to OPA.

        A malformed request does not raise here: its decision denies, and has `errors`. Raises
        `TypeError` if `requests` is not a sequence, and `ValueError` if it is empty.

        >>> from ramgate import Request
        >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
        >>> decisions = client.decide_all([
        ...     Request(f"acs:ram::1234567890123456:user/{name}", "alikafka:ListTopic", instance)
        ...     for name in ("alice", "carol")
        ... ])
        >>> [decision.allow for decision in decisions], decisions.all_allowed
        ([True, False], False)
        """
        return self._ask_all(queries.DECISIONS, requests)

    def simulate(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Decision:
        """Decide as if `policies`, name to translated document, were the principal's own.

        `principal` is a user, a role, a role session or an account owner.

        >>> from ramgate import translate
        >>> policy = {
        ...     "Version": "1",
        ...     "Statement": [{"Effect": "Allow", "Action": "alikafka:List*", "Resource": "*"}],
        ... }
        >>> decision = client.simulate(
        ...     "acs:ram::1234567890123456:user/carol",
        ...     "alikafka:ListTopic",
        ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
        ...     policies={"draft": translate(policy)},
        ... )
        >>> decision.allow, decision.simulated, str(decision.statements[0])
        (True, True, 'draft[0]')
        """
        request = Simulation(principal, action, resource, context, policies=policies)
        return self._ask(queries.SIMULATED_DECISION, request)

    def simulate_all(self, simulations: Sequence[Simulation]) -> Decisions:
        """Return a decision for each simulation, as `decide_all` does for requests.

        >>> from ramgate import Simulation
        >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
        >>> alice = "acs:ram::1234567890123456:user/alice"
        >>> without_policies = Simulation(alice, "alikafka:ListTopic", instance, policies={})
        >>> [decision.reason for decision in client.simulate_all([without_policies])]
        ['no_statement_matches']
        """
        return self._ask_all(queries.SIMULATED_DECISIONS, simulations)

    def explain(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        session_policies: Sequence[Policy] = (),
    ) -> Explanation:
        """Explain the decision of `decide`: its cause, every layer, the nearest statements.

        Over TCP, OPA explains only if it was started with `--allow-explain`.

        >>> explanation = client.explain(
        ...     "acs:ram::1234567890123456:user/bob",
        ...     "alikafka:ListTopic",
        ...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
        ...     {"acs:SourceIp": "203.0.113.9"},
        ... )
        >>> explanation.cause
        '`office-network[0]` denies it, because `acs:SourceIp` is `203.0.113.9`'
        """
        request = Request(principal, action, resource, context, session_policies)
        return self._complete(request, self._ask(queries.EXPLANATION, request))

    def explain_simulation(
        self,
        principal: str,
        action: str,
        resource: str,
        context: Context = NO_CONTEXT,
        *,
        policies: Mapping[str, Policy],
    ) -> Explanation:
        """Explain the decision of `simulate`, as `explain` does that of `decide`.

        >>> alice = "acs:ram::1234567890123456:user/alice"
        >>> client.explain_simulation(alice, "alikafka:ListTopic", "*", policies={}).cause
        'user/alice holds no policy at all'
        """
        request = Simulation(principal, action, resource, context, policies=policies)
        return self._complete(request, self._ask(queries.SIMULATED_EXPLANATION, request))

    def creation(
        self, principal: str, service_name: str, context: Context = NO_CONTEXT
    ) -> Creation:
        """Answer whether `service_name` may create its role on behalf of `principal`.

        >>> alice = "acs:ram::1234567890123456:user/alice"
        >>> client.creation(alice, "connector.alikafka.aliyuncs.com").outcome
        'exists'
        """
        return self._ask(queries.CREATION, CreationQuestion(principal, service_name, context))

    def feature(self, principal: str, feature: str, context: Context = NO_CONTEXT) -> Feature:
        """Answer whether `principal` may use `feature`: its role exists, or may be created.

        >>> client.feature("acs:ram::1234567890123456:user/alice", "alikafka.connector").outcome
        'ready'
        """
        return self._ask(queries.FEATURE, FeatureQuestion(principal, feature, context))

    def require_feature(
        self, principal: str, feature: str, context: Context = NO_CONTEXT
    ) -> Feature:
        """Return the answer if it allows. Raises `FeatureDenied`, with the remedy, if not.

        >>> alice = "acs:ram::1234567890123456:user/alice"
        >>> client.require_feature(alice, "alikafka.connector").role
        'AliyunServiceRoleForAlikafkaConnector'
        """
        question = FeatureQuestion(principal, feature, context)
        answer = self._ask(queries.FEATURE, question)
        if not answer:
            raise feature_denial(question, answer)
        return answer

    def deletion(
        self,
        principal: str,
        role: str,
        usages: Sequence[Usage] = (),
        context: Context = NO_CONTEXT,
    ) -> Deletion:
        """Answer whether `principal` may delete the service-linked role that `usages` still use.

        >>> from ramgate import Usage
        >>> owner = "acs:ram::1234567890123456:root"
        >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
        >>> answer = client.deletion(
        ...     owner, "AliyunServiceRoleForAlikafkaETL", [Usage("cn-hangzhou", (instance,))]
        ... )
        >>> print(answer.outcome, answer.remedy, sep=": ")
        in_use: release acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x in ...
        """
        return self._ask(queries.DELETION, DeletionQuestion(principal, role, usages, context))

    def revision(self) -> str:
        """Return the revision of the bundle that OPA decides with.

        >>> client.revision() == sidecar.revision
        True
        """
        request = encoding.request_without_input(self._head(queries.REVISION))
        response = self._exchange(request, 0)
        return decoding.read_revision(response)

    def serial(self) -> int | None:
        """Return the serial of the bundle that OPA decides with, None if it has none.

        >>> client.serial() is None
        True
        """
        request = encoding.request_without_input(self._head(queries.SERIAL))
        response = self._exchange(request, 0)
        return decoding.read_serial(response)

    def healthy(self) -> bool:
        """Return true if OPA reports that its bundles are active.

        >>> client.healthy()
        True
        """
        response = self._exchange(self._health_request, 0)
        return response.status == HTTPStatus.OK

    def close(self) -> None:
        """Close every connection; a second call does nothing."""
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
