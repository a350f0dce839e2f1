"""The questions and answers about the life of a service-linked role.

The JSON is that of `POST /v1/data/slr/creation/decision` and of `feature` and `deletion` beside it
(docs/reference/service-linked-roles.md). An answer is true exactly if it allows. An answer whose
fields contradict each other cannot be created.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from ramgate.model import copies, decision
from ramgate.model.copies import NO_CONTEXT, Context
from ramgate.model.remedy import Loss, Remedy, Usage, filled_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "Creation",
    "CreationQuestion",
    "Deletion",
    "DeletionQuestion",
    "Feature",
    "FeatureQuestion",
    "Loss",
    "Remedy",
    "Usage",
]

_KNOWN = frozenset({"account", "role", "service_name"})
_JUDGED = _KNOWN | {"authorization"}
_JUDGED_DELETION = _JUDGED | {"loss"}

# For each outcome: the fields an answer must have, and the other fields it may have.
_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "create": (_JUDGED, frozenset()),
    "delete": (_JUDGED_DELETION, frozenset()),
    "denied": (frozenset({"authorization"}), _KNOWN | {"remedy"}),
    "exists": (_KNOWN, frozenset()),
    "in_use": (_JUDGED_DELETION | {"remedy"}, frozenset()),
    "malformed_request": (frozenset({"errors"}), frozenset()),
    "not_service_linked": (frozenset({"account", "role"}), frozenset()),
    "ready": (_KNOWN, frozenset()),
    "unknown_feature": (frozenset({"account"}), frozenset()),
    "unknown_role": (frozenset({"account"}), frozenset()),
    "unknown_service": (frozenset({"account"}), frozenset()),
}
_ALLOWING = frozenset({"create", "delete", "exists", "ready"})


class _Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    allow: bool
    outcome: str
    account: str | None
    role: str | None
    service_name: str | None
    authorization: decision.Decision | None
    remedy: Remedy | None
    errors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        required, possible = _FIELDS[self.outcome]
        fields = frozenset(filled_fields(self)) - {"allow", "outcome"}
        if (
            self.allow != (self.outcome in _ALLOWING)
            or not required <= fields <= required | possible
            or (self.authorization is not None and not self._rests_on(self.authorization))
            or (self.remedy is not None and bool(self.remedy.release) != (self.outcome == "in_use"))
        ):
            effect = "" if self.authorization is None else f" on `{self.authorization.effect}`"
            names = ", ".join(f"`{field}`" for field in sorted(fields))
            raise ValueError(
                f"an answer cannot have `allow` `{self.allow}` and `outcome` `{self.outcome}`"
                f"{effect} with {names or 'no other field'}"
            )

    def _rests_on(self, authorization: decision.Decision) -> bool:
        return authorization.allow != (self.outcome == "denied") and not authorization.errors

    def __bool__(self) -> bool:
        return self.allow

    @property
    def simulated(self) -> bool:
        """True if the answer rests on a simulation. No answer from OPA does."""
        return self.authorization is not None and self.authorization.simulated


class Creation(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer whether a service may create its role on the principal's behalf.

    * `allow`: true for the outcomes `exists` and `create` only.
    * `outcome`: `exists` if the role is there, so that no authorization is needed; `create` if it
      may be created; otherwise `denied`, `unknown_service` or `malformed_request`.
    * `account`, `role`, `service_name`: `None` if unknown.
    * `authorization`: the `Decision` that the answer rests on, `None` if none was needed.
    * `remedy`: the changes that turn `denied` into an allow, `None` if there are none.
    * `errors`: a text for each field at fault of a malformed request.

    Raises `ValueError` if the fields contradict each other.

    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> answer = client.creation(alice, "etl.alikafka.aliyuncs.com")
    >>> bool(answer), answer.outcome, answer.role
    (True, 'exists', 'AliyunServiceRoleForAlikafkaETL')
    """

    outcome: Literal["create", "denied", "exists", "malformed_request", "unknown_service"]


class Feature(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer whether the principal may use a feature: its role exists, or may be created.

    `outcome` is `ready` or `create`, which allow, or `denied`, `unknown_feature` or
    `malformed_request`. The other fields are those of a `Creation` of the feature's role.

    >>> answer = client.feature("acs:ram::1234567890123456:user/alice", "alikafka.etl")
    >>> bool(answer), answer.outcome, answer.role
    (True, 'ready', 'AliyunServiceRoleForAlikafkaETL')
    """

    outcome: Literal["create", "denied", "malformed_request", "ready", "unknown_feature"]


class Deletion(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer whether the principal may delete a service-linked role.

    `outcome` is `delete`, which allows, or `in_use`, `denied`, `unknown_role`,
    `not_service_linked` or `malformed_request`. `delete` and `in_use` come with a `loss`; the
    `remedy` of `in_use` lists the usages to release. The other fields are those of a `Creation`.

    >>> owner, role = "acs:ram::1234567890123456:root", "AliyunServiceRoleForAlikafkaETL"
    >>> answer = client.deletion(owner, role)
    >>> bool(answer), answer.outcome, answer.loss.features
    (True, 'delete', ('alikafka.etl',))
    """

    outcome: Literal[
        "delete", "denied", "in_use", "malformed_request", "not_service_linked", "unknown_role"
    ]
    loss: Loss | None = None


class CreationQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `service_name` may create its role on behalf of `principal`.

    (All three questions) `context` as in `Request`; `ram:ServiceName` is filled in from the role
    and must not be given. Raises `InvalidRequest`, which names each field that JSON cannot express.

    >>> alice = "acs:ram::1234567890123456:user/alice"
    >>> CreationQuestion(alice, "etl.alikafka.aliyuncs.com").service_name
    'etl.alikafka.aliyuncs.com'
    """

    principal: str
    service_name: str
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(
            self, principal=copies.text, service_name=copies.text, context=copies.context
        )


class FeatureQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may use `feature`, such as `alikafka.connector`.

    >>> FeatureQuestion("acs:ram::1234567890123456:user/alice", "alikafka.etl").feature
    'alikafka.etl'
    """

    principal: str
    feature: str
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(self, principal=copies.text, feature=copies.text, context=copies.context)


class DeletionQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may delete the role of this name.

    Upper and lower case in `role` do not matter. `usages` lists the resources that still use it.

    >>> owner = "acs:ram::1234567890123456:root"
    >>> DeletionQuestion(owner, "aliyunserviceroleforalikafkaetl").usages
    ()
    """

    principal: str
    role: str
    usages: Sequence[Usage] = ()
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(
            self, principal=copies.text, role=copies.text, usages=_usages, context=copies.context
        )


def _usages(value: object) -> tuple[Usage, ...]:
    return copies.each(value, _usage)


def _usage(value: object) -> Usage:
    if not isinstance(value, Usage):
        raise TypeError(f"has a `{type(value).__name__}`, not a `Usage`")
    return value
