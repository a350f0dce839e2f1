"""The life of a service-linked role: what is asked about it, and what is answered, as values.

The shapes are those of `POST /v1/data/slr/creation/decision` and of `feature` and `deletion` beside
it. An answer is true exactly when it allows; one that contradicts itself cannot be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from ramgate.model import copies, decision
from ramgate.model.copies import NO_CONTEXT, Context, Policy

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

# Of each outcome that there is: what its answer says, and what it may say.
_PARTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
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


class Usage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What still uses a role in one region, `resources` being ARNs."""

    region: str
    resources: tuple[str, ...]

    def __post_init__(self) -> None:
        copies.normalize(self, region=copies.text, resources=_texts)

    def __str__(self) -> str:
        return f"{', '.join(self.resources)} in {self.region}"


class Remedy(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What turns a no into a yes, all of its parts together.

    `policy` is a RAM policy document to attach to the principal `attach_to`; the system policy
    `or_attach` does as well. `remove` are the Deny statements in the way. Where `ask` says
    `ControlPolicy`, the control policies at `levels`, from 0, the root folder, must allow it.
    `release` is what still uses the role.

    Raises `ValueError` when the parts do not fit together.
    """

    policy: Policy | None = None
    attach_to: str | None = None
    or_attach: str | None = None
    remove: tuple[decision.Statement, ...] = ()
    ask: Literal["ControlPolicy"] | None = None
    levels: tuple[int, ...] = ()
    release: tuple[Usage, ...] = ()

    def __post_init__(self) -> None:
        attached = self.policy is not None
        changed = attached or self.remove or self.ask
        if (
            attached != (self.attach_to is not None)
            or (self.or_attach is not None and not attached)
            or (self.ask is not None) != bool(self.levels)
            or bool(changed) == bool(self.release)
        ):
            raise ValueError(f"no remedy has just the parts {', '.join(_given(self)) or 'none'}")

    def __str__(self) -> str:
        parts = []
        if self.remove:
            parts.append(f"remove {', '.join(f'`{one}`' for one in self.remove)}")
        if self.ask:
            levels = ", ".join(map(str, self.levels))
            parts.append(f"have the control policies of level {levels} allow it")
        if self.policy is not None:
            other = f", or `{self.or_attach}`" if self.or_attach else ""
            document = msgspec.json.encode(self.policy).decode()
            parts.append(f"attach to `{self.attach_to}` the policy `{document}`{other}")
        if self.release:
            parts.append(f"release {'; '.join(map(str, self.release))}")
        return "; ".join(parts)


class Loss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes with a role: `features` stop working, until it is there again.

    `created_when` is what creates it, `None` where that is not known.
    """

    features: tuple[str, ...]
    created_when: str | None


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
        required, possible = _PARTS[self.outcome]
        given = frozenset(_given(self)) - {"allow", "outcome"}
        if (
            self.allow != (self.outcome in _ALLOWING)
            or not required <= given <= required | possible
            or (self.authorization is not None and not self._rests_on(self.authorization))
            or (self.remedy is not None and bool(self.remedy.release) != (self.outcome == "in_use"))
        ):
            rests_on = "" if self.authorization is None else f" on `{self.authorization.effect}`"
            raise ValueError(
                f"`allow` is `{self.allow}` and `outcome` `{self.outcome}`{rests_on}, "
                f"with {', '.join(sorted(given)) or 'nothing'}"
            )

    def _rests_on(self, authorization: decision.Decision) -> bool:
        return authorization.allow != (self.outcome == "denied") and not authorization.errors

    def __bool__(self) -> bool:
        return self.allow

    @property
    def simulated(self) -> bool:
        """Whether it rests on a simulation, which none does that was asked for."""
        return self.authorization is not None and self.authorization.simulated


class Creation(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a service may create its role on the principal's behalf.

    `outcome` is `exists` (it is there, and no authorization needed) or `create`, which allow, or
    `denied` or `unknown_service`. `authorization` is the `Decision` that it rests on, `remedy`
    what turns `denied` into a yes; each is `None` where there is none, and so is what is not known.

    Raises `ValueError` when the fields contradict each other.
    """

    outcome: Literal["create", "denied", "exists", "malformed_request", "unknown_service"]


class Feature(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the principal may use a feature: its role is there, or may be created.

    `outcome` is `ready` or `create`, which allow, or `denied` or `unknown_feature`; the rest is as
    in a `Creation` of the feature's role.
    """

    outcome: Literal["create", "denied", "malformed_request", "ready", "unknown_feature"]


class Deletion(_Answer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the principal may delete a service-linked role.

    `outcome` is `delete`, which allows, or `in_use`, `denied`, `unknown_role` or
    `not_service_linked`. `loss` is there for `delete` and `in_use`, the `remedy` of `in_use` is
    what to release; the rest is as in a `Creation`.
    """

    outcome: Literal[
        "delete", "denied", "in_use", "malformed_request", "not_service_linked", "unknown_role"
    ]
    loss: Loss | None = None


class CreationQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `service_name` may create its role on behalf of `principal`.

    Of this and the other questions: `context` is as in a `Request`, without `ram:ServiceName`,
    which the role says. What JSON cannot say raises `InvalidRequest`, all fields at fault named.
    """

    principal: str
    service_name: str
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(
            self, principal=copies.text, service_name=copies.text, context=copies.context
        )


class FeatureQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may use `feature`, such as `alikafka.connector`."""

    principal: str
    feature: str
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(self, principal=copies.text, feature=copies.text, context=copies.context)


class DeletionQuestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whether `principal` may delete a role by its name, in any case.

    `usages` are what still uses it.
    """

    principal: str
    role: str
    usages: Sequence[Usage] = ()
    context: Context = NO_CONTEXT

    def __post_init__(self) -> None:
        copies.normalize(
            self, principal=copies.text, role=copies.text, usages=_usages, context=copies.context
        )


def _given(parts: msgspec.Struct) -> list[str]:
    """The fields that say something."""
    return [field for field in parts.__struct_fields__ if getattr(parts, field) not in (None, ())]


def _texts(value: object) -> tuple[str, ...]:
    return copies.each(value, copies.text)


def _usages(value: object) -> tuple[Usage, ...]:
    return copies.each(value, _usage)


def _usage(value: object) -> Usage:
    if not isinstance(value, Usage):
        raise TypeError(f"has a `{type(value).__name__}`, not a `Usage`")
    return value
