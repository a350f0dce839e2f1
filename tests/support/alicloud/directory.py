"""The state of a Resource Directory: folders, member accounts, control policies."""

from __future__ import annotations

import dataclasses
from typing import Final

from alicloud.refused import Refused, missing

__all__ = ["FULL_ACCESS", "ControlPolicy", "Directory", "Folder", "Member"]

FULL_ACCESS: Final = "cp-FullAliyunAccess"


@dataclasses.dataclass
class Folder:
    id: str
    name: str
    parent: str
    """The id of the folder above, empty for the root folder."""
    created: str


@dataclasses.dataclass
class Member:
    number: str
    display_name: str
    folder: str
    joined: str


@dataclasses.dataclass
class ControlPolicy:
    id: str
    name: str
    type: str
    description: str
    scope: str
    document: str
    created: str


@dataclasses.dataclass
class Directory:
    id: str
    root: str
    management: str
    created: str
    is_enabled: bool = False
    """True if control policies are in force."""
    folders: dict[str, Folder] = dataclasses.field(default_factory=dict)
    members: dict[str, Member] = dataclasses.field(default_factory=dict)
    control_policies: dict[str, ControlPolicy] = dataclasses.field(default_factory=dict)
    attachments: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)
    """The dates of the attachments, by the ids of the target and of the control policy."""

    @property
    def targets(self) -> list[str]:
        return [*self.folders, *self.members]

    def folder(self, name: str) -> Folder:
        if name not in self.folders:
            raise missing("Folder", name, spelling="EntityNotExists")
        return self.folders[name]

    def member(self, number: str) -> Member:
        if number not in self.members:
            raise missing("Account", number, spelling="EntityNotExists")
        return self.members[number]

    def control_policy(self, name: str) -> ControlPolicy:
        if name not in self.control_policies:
            raise missing("ControlPolicy", name, spelling="EntityNotExists")
        return self.control_policies[name]

    def target(self, name: str) -> tuple[str, str]:
        """Return the name and the type of a target."""
        if name in self.folders:
            return self.folders[name].name, "Root" if name == self.root else "Folder"
        if name in self.members:
            return self.members[name].display_name, "Account"
        raise missing("Target", name, spelling="EntityNotExists")

    def path(self, folder: str) -> list[Folder]:
        """Return the folders from the root to this one."""
        found = self.folder(folder)
        return [*(self.path(found.parent) if found.parent else ()), found]

    def cover(self, target: str, date: str) -> None:
        """Attach the policy that allows everything, as every target has while they are in force."""
        if self.is_enabled:
            self.attachments.setdefault((target, FULL_ACCESS), date)

    def detach(self, target: str, policy: str) -> None:
        attached = [pair for pair in self.attachments if pair[0] == target]
        if (target, policy) not in attached:
            raise missing("Policy.Attachment", policy, spelling="EntityNotExists")
        if self.is_enabled and len(attached) == 1:
            raise Refused(400, "NotSupport.DetachLastControlPolicy", "a target keeps one policy")
        del self.attachments[target, policy]

    def remove_target(self, target: str) -> None:
        """Remove the attachments of a target that does not exist any more."""
        for pair in [pair for pair in self.attachments if pair[0] == target]:
            del self.attachments[pair]
