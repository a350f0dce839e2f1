"""The two denials that are raised, each with the text of its one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.errors import RamgateError
from ramgate.faults import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.model.decision import Decision, PolicyType, Request
    from ramgate.model.service_linked_role import Feature, FeatureQuestion

__all__ = ["AccessDenied", "FeatureDenied", "denial", "feature_denial"]

# Where no statement matched, the statements cannot name the layer. The policies of the principal
# itself are the usual layer, which needs no name.
_LAYERS: Mapping[PolicyType | None, str] = {
    "AssumeRolePolicy": " in the trust policy",
    "ControlPolicy": " in the control policies",
    "SessionPolicy": " in the session policies",
}


class AccessDenied(RamgateError, PermissionError):
    """`require` denied the request. `decision` is the whole `Decision`."""

    def __init__(self, message: str, decision: Decision) -> None:
        self.decision = decision
        super().__init__(message)


class FeatureDenied(RamgateError, PermissionError):
    """`require_feature` denied the feature: its role does not exist and may not be created.

    `answer` is the whole `Feature`; the text ends with its remedy, if there is one.
    """

    def __init__(self, message: str, answer: Feature) -> None:
        self.answer = answer
        super().__init__(message)


def denial(request: Request, decision: Decision) -> AccessDenied:
    """Return the error for a decision that does not allow `request`."""
    return AccessDenied(
        printable(
            f"`{request.principal}` may not `{request.action}` on `{request.resource}`: "
            f"{_cause(decision)}"
        ),
        decision,
    )


def feature_denial(question: FeatureQuestion, answer: Feature) -> FeatureDenied:
    """Return the error for a feature that cannot be used, with the remedy if there is one."""
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
    """Return effect and reason, and either the statements or the layer where none matched."""
    layer = ""
    if decision.statements:
        kind = "the control policy " if decision.policy_type == "ControlPolicy" else ""
        layer = f" by {kind}{', '.join(map(str, decision.statements))}"
    elif decision.reason == "no_statement_matches":
        layer = _LAYERS.get(decision.policy_type, "")
    return f"{decision.effect}, {decision.reason}{layer}"
