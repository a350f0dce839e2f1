"""The changes that turn a denial about a service-linked role into an allow."""

from __future__ import annotations

from typing import Literal

import msgspec

from ramgate.model import copies, decision

__all__ = ["Loss", "Remedy", "Usage", "filled_fields"]


class Usage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ARNs of the resources in one region that still use a role.

    Raises `InvalidRequest` for values that are not texts.

    >>> from ramgate import Usage
    >>> instance = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> print(Usage("cn-hangzhou", (instance,)))
    acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x in cn-hangzhou
    """

    region: str
    resources: tuple[str, ...]

    def __post_init__(self) -> None:
        copies.normalize(self, region=copies.text, resources=_texts)

    def __str__(self) -> str:
        return f"{', '.join(self.resources)} in {self.region}"


class Remedy(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The changes that together turn a denial into an allow.

    * `policy`: a RAM policy document to attach to the principal `attach_to`. Attaching the system
      policy `or_attach` instead has the same effect.
    * `remove`: the Deny statements that match the request.
    * `ask`: `ControlPolicy` if the control policies at `levels` must allow the request; level 0 is
      the root folder.
    * `release`: the usages to end before the role can be deleted.

    `str()` returns all changes on one line, `steps()` a text for each change.

    Raises `ValueError` if the parts do not fit together.

    >>> from ramgate import Remedy, Statement
    >>> print(Remedy(remove=(Statement("office-network", 0),), ask="ControlPolicy", levels=(1,)))
    remove `office-network[0]`; have the control policies of level 1 allow it
    """

    policy: copies.Policy | None = None
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
            parts = ", ".join(f"`{field}`" for field in filled_fields(self))
            raise ValueError(f"a remedy cannot consist of {parts or 'no parts'}")

    def __str__(self) -> str:
        return "; ".join(self.steps())

    def steps(self, indent: int = -1) -> list[str]:
        """Return a text for each change; a policy document ends its text.

        The document is on the same line, unless `indent` is the number of spaces to indent it by.

        >>> from ramgate import Remedy, Statement
        >>> remedy = Remedy(remove=(Statement("office", 0),), ask="ControlPolicy", levels=(1,))
        >>> remedy.steps()
        ['remove `office[0]`', 'have the control policies of level 1 allow it']
        """
        steps = []
        if self.remove:
            steps.append(f"remove {', '.join(f'`{one}`' for one in self.remove)}")
        if self.ask:
            named = (
                f"level {level}" + ("" if level else " (the root folder)") for level in self.levels
            )
            steps.append(f"have the control policies of {' and '.join(named)} allow it")
        if self.policy is not None:
            other = f" the system policy `{self.or_attach}`, or" if self.or_attach else ""
            document = msgspec.json.format(msgspec.json.encode(self.policy), indent=indent).decode()
            steps.append(f"attach to `{self.attach_to}`{other} this policy: {document}")
        if self.release:
            steps.append(f"release {'; '.join(map(str, self.release))}")
        return steps


class Loss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The `features` that stop working without a role, until it exists again.

    `created_when` is the event that creates it again, `None` if that is not known.

    >>> from ramgate import Loss
    >>> owner, role = "acs:ram::1234567890123456:root", "AliyunServiceRoleForAlikafkaETL"
    >>> client.deletion(owner, role).loss
    Loss(features=('alikafka.etl',), created_when='ETL is enabled ...')
    """

    features: tuple[str, ...]
    created_when: str | None


def filled_fields(parts: msgspec.Struct) -> list[str]:
    """Return the names of the fields that have a value."""
    return [field for field in parts.__struct_fields__ if getattr(parts, field) not in (None, ())]


def _texts(value: object) -> tuple[str, ...]:
    return copies.each(value, copies.text)
