"""An account while it is read: its entities, and the policies that they hold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal, TypeAlias

from ramgate.imports.world import Attachment, Document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.catalog.catalog import Catalog

__all__ = ["KINDS", "Draft", "Kind"]

Kind: TypeAlias = Literal["user", "group", "role"]

KINDS: tuple[Kind, ...] = ("user", "group", "role")


@dataclasses.dataclass(slots=True)
class Draft:
    """The parts of an account by their names; `managed` are the entities that Terraform has.

    `held` has the attachments of each user, group and role, `members` the groups of each user.
    `closes_others` says that an entity that Terraform does not have is not allowed anything.
    """

    number: str
    catalog: Catalog
    closes_others: bool = True
    policies: dict[str, Document] = dataclasses.field(default_factory=dict)
    system_policies: dict[str, Document] = dataclasses.field(default_factory=dict)
    trust: dict[str, Document] = dataclasses.field(default_factory=dict)
    service_linked_roles: set[str] = dataclasses.field(default_factory=set)
    managed: dict[Kind, dict[str, str]] = dataclasses.field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    held: dict[Kind, dict[str, set[Attachment]]] = dataclasses.field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    members: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    notices: set[str] = dataclasses.field(default_factory=set)

    def manage(self, kind: Kind, name: str) -> None:
        """Add an entity that Terraform has."""
        self.managed[kind][_compared(kind, name)] = name
        self.held[kind].setdefault(name, set())

    def is_managed(self, kind: Kind, name: str) -> bool:
        """Return whether Terraform has the entity."""
        return _compared(kind, name) in self.managed[kind]

    def hold(self, kind: Kind, name: str, attachments: Iterable[Attachment]) -> None:
        """Let an entity hold policies; a role is found whatever the case of its name is."""
        name = self.managed[kind].get(_compared(kind, name), name)
        self.held[kind].setdefault(name, set()).update(attachments)

    def stand_in(self, name: str, reason: str) -> Attachment:
        """Add an unreadable policy, which stands for anything; note the reason."""
        self.policies[name] = Document(missing=reason)
        self.notices.add(reason)
        return Attachment(name)


def _compared(kind: Kind, name: str) -> str:
    return name.lower() if kind == "role" else name
