"""Read the Resource Directory: its folders, member accounts, and control policies.

RAM attaches the system policy FullAliyunAccess to each folder and each member account when control
policies are enabled; Terraform does not have these attachments. They can be removed, so whether
they are there is not known: unless the caller says so, the root has an unreadable policy, and no
member account is allowed anything. The same applies to a folder that is not in the file.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.imports.terraform.attributes import placeholder
from ramgate.imports.terraform.documents import document
from ramgate.imports.world import Attachment, Directory, Document, Folder
from ramgate.language import grammar

if TYPE_CHECKING:
    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.references import Values

__all__ = ["FULL_ACCESS", "read_directory"]

FULL_ACCESS: Final = Attachment("FullAliyunAccess", "System")

_ACCOUNT: Final = "alicloud_resource_manager_account"
_ATTACHMENT: Final = "alicloud_resource_manager_control_policy_attachment"
_DIRECTORY: Final = "alicloud_resource_manager_resource_directory"
_FOLDER: Final = "alicloud_resource_manager_folder"
_POLICY: Final = "alicloud_resource_manager_control_policy"
_TYPES: Final = (_ACCOUNT, _ATTACHMENT, _DIRECTORY, _FOLDER, _POLICY)
_ROOT: Final = "r-"
_NOT_KNOWN: Final = "unknown-control-policies"
_FULL_ACCESS_REASON: Final = (
    "Terraform does not have the attachments of FullAliyunAccess that RAM makes: give"
    " `--full-aliyun-access` if each folder and each member account has it"
)


@dataclasses.dataclass(slots=True)
class _Level:
    """A folder while the directory is read, or a member account, which has no members."""

    name: str = ""
    parent: str = ""
    attachments: set[Attachment] = dataclasses.field(default_factory=set)


def read_directory(
    values: Values, management: str, *, full_access: bool
) -> tuple[Directory | None, set[str]]:
    """Return the directory, None if the file has no part of one, and a sentence for each notice.

    `management` is the number of the management account if the file does not have it.
    `full_access` says that every level has FullAliyunAccess, unless Terraform attaches it.
    """
    if not any(True for _ in values.of_types(*_TYPES)):
        return None, set()
    reader = _Reader(values)
    reader.read()
    stated = filter(None, (values.find(one, "management") for one in values.of_types(_DIRECTORY)))
    number = next(iter(sorted(stated)), management)
    reader.accounts.pop(number, None)
    levels = (*reader.folders.values(), *reader.accounts.values())
    if full_access and not any(FULL_ACCESS in level.attachments for level in levels):
        for level in levels:
            level.attachments.add(FULL_ACCESS)
    elif reader.accounts and not all(FULL_ACCESS in level.attachments for level in levels):
        reader.close(reader.folders[""], _FULL_ACCESS_REASON)
    policies = dict(sorted(reader.policies.items()))
    return Directory(number, policies, reader.folder("")), reader.notices


class _Reader:
    """Collects the levels: folders by their ids, the root under an empty one, and accounts."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._roots = {values.find(one, "root") for one in values.of_types(_DIRECTORY)}
        self.folders = {"": _Level()}
        self.accounts: dict[str, _Level] = {}
        self.policies: dict[str, Document] = {}
        self.notices: set[str] = set()
        self._names: dict[str, str] = {}

    def read(self) -> None:
        values = self._values
        for one in values.of_types(_POLICY):
            self._add_policy(one)
        for one in values.of_types(_FOLDER):
            id_ = values.find(one, "folder") or ""
            self.folders[id_] = _Level(self._title(one, id_))
        for one in values.of_types(_FOLDER):
            level = self.folders[values.find(one, "folder") or ""]
            level.parent = self._parent(one, "parent_folder_id", level)
        for one in values.of_types(_ACCOUNT):
            self._add_account(one)
        for one in values.of_types(_ATTACHMENT):
            self._attach(one)
        self._break_cycles()

    def folder(self, id_: str) -> Folder:
        """Return a folder with everything below it."""
        folders: dict[str, Folder] = {}
        for inner, level in sorted(self.folders.items()):
            if inner and level.parent == id_:
                name = f"{level.name}-{inner}" if level.name in folders else level.name
                folders[name] = self.folder(inner)
        accounts = {
            number: tuple(sorted(level.attachments))
            for number, level in sorted(self.accounts.items())
            if level.parent == id_
        }
        return Folder(tuple(sorted(self.folders[id_].attachments)), accounts, folders)

    def close(self, level: _Level, reason: str) -> None:
        """Let a level have an unreadable policy."""
        self.notices.add(reason)
        earlier = self.policies.get(_NOT_KNOWN, Document())
        reasons = {*earlier.missing.split("; "), reason} - {""}
        self.policies[_NOT_KNOWN] = Document(missing="; ".join(sorted(reasons)))
        level.attachments.add(Attachment(_NOT_KNOWN))

    def _add_policy(self, resource: Resource) -> None:
        id_ = self._values.find(resource, "control policy") or ""
        name = self._title(resource, id_)
        name = f"{name}-{id_}" if name in self.policies else name
        found = document(self._values, resource)
        if found.missing:
            self.notices.add(found.missing)
        self._names[id_] = name
        self.policies[name] = found

    def _title(self, resource: Resource, id_: str) -> str:
        return self._values.find(resource, "title") or id_

    def _parent(self, resource: Resource, attribute: str, level: _Level) -> str:
        """Return the id of the folder above; a level without one is below the root."""
        parent = self._values.find(resource, "parent")
        if parent is None:
            if self._values.is_stated(resource, attribute):
                self.close(level, self._values.reason(resource, "the folder above"))
            return ""
        return self._folder(parent, resource)

    def _folder(self, id_: str, resource: Resource) -> str:
        """Return the id of a folder, added if it is not in the file; the root's is empty."""
        if id_ in self._roots or id_.startswith(_ROOT):
            return ""
        if id_ not in self.folders:
            self.folders[id_] = level = _Level(id_)
            reason = f"the folder `{id_}` is not in the Terraform file: {resource.address}"
            self.close(level, reason)
        return id_

    def _add_account(self, resource: Resource) -> None:
        number = self._values.find(resource, "account") or ""
        if not grammar.ACCOUNT.fullmatch(number):
            reason = self._values.reason(resource, "the number of a member account")
            self.notices.add(f"{reason}: it is left out")
            return
        level = self.accounts[number] = _Level(number)
        level.parent = self._parent(resource, "folder_id", level)

    def _attach(self, resource: Resource) -> None:
        id_ = self._values.find(resource, "control policy")
        target = self._values.find(resource, "target")
        if id_ == FULL_ACCESS.policy:
            attachment = FULL_ACCESS
        elif id_ in self._names:
            attachment = Attachment(self._names[id_])
        else:
            reason = f"the control policy `{id_}` is not in the Terraform file: {resource.address}"
            if id_ is None:
                reason = self._values.reason(resource, "a control policy")
            attachment = Attachment(placeholder(resource.address))
            self.policies[attachment.policy] = Document(missing=reason)
            self.notices.add(reason)
        if target is None:
            reason = self._values.reason(resource, "the target of a control policy")
            self.close(self.folders[""], reason)
            return
        if grammar.ACCOUNT.fullmatch(target):
            if target not in self.accounts:
                self.accounts[target] = level = _Level(target)
                reason = f"the account {target} is not in the Terraform file: {resource.address}"
                self.close(level, reason)
            self.accounts[target].attachments.add(attachment)
        else:
            self.folders[self._folder(target, resource)].attachments.add(attachment)

    def _break_cycles(self) -> None:
        """Put each folder that is not below the root, since it is below itself, below the root."""
        for level in self.folders.values():
            above, seen = level.parent, 0
            while above and seen <= len(self.folders):
                above, seen = self.folders[above].parent, seen + 1
            if above:
                self.close(level, f"the folder `{level.name}` is below itself")
                level.parent = ""
