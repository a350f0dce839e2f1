"""The errors for a denied request and for a denied feature, and their messages of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.errors import RamgateError
from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.model.decision import Decision, PolicyType, Request
    from ramgate.model.service_linked_role import Feature, FeatureQuestion

__all__ = ["AccessDenied", "FeatureDenied", "denial", "feature_denial"]

# If no statement matched, the message names the layer that denied. The identity policies are the
# usual layer, so the message leaves their name out.
_LAYERS: Mapping[PolicyType | None, str] = {
    "AssumeRolePolicy": " in the trust policy",
    "ControlPolicy": " in the control policies",
    "SessionPolicy": " in the session policies",
}
_UNREADABLE: Mapping[PolicyType | None, str] = {
    "AccountLevelIdentityBasedPolicy": "a policy of the principal",
    "AssumeRolePolicy": "the trust policy",
    "ControlPolicy": "a control policy",
    "ResourceGroupLevelIdentityBasedPolicy": "a policy of the principal in the resource group",
}


class AccessDenied(RamgateError, PermissionError):
    """A required decision is a denial. `decision` is the whole `Decision`.

    >>> from ramgate import AccessDenied
    >>> try:
    ...     client.require(
    ...         "acs:ram::1234567890123456:user/bob",
    ...         "alikafka:ListTopic",
    ...         "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ...         {"acs:SourceIp": "203.0.113.9"},
    ...     )
    ... except AccessDenied as error:
    ...     print(error.decision.reason)
    ...     print(error)
    statement_denies
    `acs:ram::1234567890123456:user/bob` may not ... statement_denies by office-network[0]
    """

    def __init__(self, message: str, decision: Decision) -> None:
        self.decision = decision
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.decision), self.__dict__


class FeatureDenied(RamgateError, PermissionError):
    """A required feature cannot be used: its role does not exist and may not be created.

    `answer` is the whole `Feature`; the text ends with its remedy, if there is one.

    >>> from pathlib import Path
    >>> from ramgate import FeatureDenied, Sidecar
    >>> size = Path("accounts.yaml").write_text("accounts: {'1234567890123456': {users: {d: {}}}}")
    >>> with Sidecar("accounts.yaml") as sidecar, sidecar.client() as client:
    ...     try:
    ...         client.require_feature("acs:ram::1234567890123456:user/d", "alikafka.etl")
    ...     except FeatureDenied as error:
    ...         print(error.answer.role, error.answer.remedy.or_attach)
    AliyunServiceRoleForAlikafkaETL AliyunKafkaFullAccess
    """

    def __init__(self, message: str, answer: Feature) -> None:
        self.answer = answer
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.answer), self.__dict__


def denial(request: Request, decision: Decision) -> AccessDenied:
    """Return the error for a decision that does not allow `request`.

    >>> from ramgate import Decision, Request
    >>> decision = Decision(
    ...     allow=False,
    ...     effect="ImplicitDeny",
    ...     reason="no_statement_matches",
    ...     policy_type="ControlPolicy",
    ...     statements=(),
    ... )
    >>> user = "acs:ram::1234567890123456:user/alice"
    >>> print(denial(Request(user, "alikafka:ListTopic", "*"), decision))
    `acs:...` may not `alikafka:ListTopic` on `*`: ImplicitDeny, ... in the control policies
    """
    return AccessDenied(
        printable(
            f"`{request.principal}` may not `{request.action}` on `{request.resource}`: "
            f"{_cause(decision)}"
        ),
        decision,
    )


def feature_denial(question: FeatureQuestion, answer: Feature) -> FeatureDenied:
    """Return the error for a feature that cannot be used, with the remedy if there is one.

    >>> from ramgate import Feature
    >>> from ramgate.model.service_linked_role import FeatureQuestion
    >>> answer = Feature(
    ...     allow=False,
    ...     outcome="unknown_feature",
    ...     account="1234567890123456",
    ...     role=None,
    ...     service_name=None,
    ...     authorization=None,
    ...     remedy=None,
    ... )
    >>> user = "acs:ram::1234567890123456:user/alice"
    >>> print(feature_denial(FeatureQuestion(user, "alikafka.typo"), answer))
    `acs:ram::1234567890123456:user/alice` cannot use `alikafka.typo`: unknown_feature
    """
    cause: str = answer.outcome
    if answer.authorization is not None:
        cause = _cause(answer.authorization)
        if answer.role:
            cause = f"its role `{answer.role}` does not exist and may not be created: {cause}"
    remedy = f"; remedy: {answer.remedy}" if answer.remedy else ""
    return FeatureDenied(
        printable(f"`{question.principal}` cannot use `{question.feature}`: {cause}{remedy}"),
        answer,
    )


def _cause(decision: Decision) -> str:
    """Return effect and reason, and the statements, or the layer that denied without one."""
    layer = ""
    if decision.statements:
        kind = "the control policy " if decision.policy_type == "ControlPolicy" else ""
        layer = f" by {kind}{', '.join(map(str, decision.statements))}"
    elif decision.reason == "no_statement_matches":
        layer = _LAYERS.get(decision.policy_type, "")
    elif decision.reason == "policy_unreadable":
        policy = _UNREADABLE.get(decision.policy_type, "a policy")
        layer = (
            f": {policy} is `unreadable` in the accounts, so its layer allows nothing: "
            "replace it by a document that ramgate can read"
        )
    return f"{decision.effect}, {decision.reason}{layer}"
