"""The file of the Resource Directory of an import: its value, and the files of its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.imports.policies import Policies, accepted
from ramgate.imports.yaml_file import Section
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.world import Attachment, Directory, Folder

__all__ = ["DirectoryFile"]


class DirectoryFile:
    """Makes the `value` of the directory's file; `files` has the documents by their paths.

    `unreadable` counts the documents that ramgate does not read. `notify` takes a sentence for each
    thing that is not written as it was read.
    """

    def __init__(
        self, directory: Directory, catalog: Catalog, notify: Callable[[str], None]
    ) -> None:
        self._notify = notify
        self._policies = Policies("directory", catalog, notify)
        self._policies.read(directory.policies, directory.system_policies)
        self._learn(directory.root, "the root")
        root = self._folder(directory.root)
        found = Section(management=directory.management, **self._policies.custom(), root=root)
        self.value = Section(directory=found, **self._policies.system())
        self.files = self._policies.files
        self.policies = self._policies.count
        self.unreadable = self._policies.unreadable

    def _learn(self, folder: Folder, title: str) -> None:
        self._policies.learn(folder.control_policies, title)
        for number, attachments in sorted(folder.accounts.items()):
            self._policies.learn(attachments, f"the account `{number}`")
        for name, inner in sorted(folder.folders.items()):
            self._learn(inner, f"the folder `{name}`")

    def _folder(self, folder: Folder) -> Section:
        found = self._level(folder.control_policies)
        accounts = Section(
            (number, self._level(attachments))
            for number, attachments in sorted(folder.accounts.items())
            if self._is_account(number)
        )
        folders = Section(
            (self._folder_name(name), self._folder(inner))
            for name, inner in sorted(folder.folders.items())
        )
        if accounts:
            found["accounts"] = accounts
        if folders:
            found["folders"] = folders
        return Section(found)

    def _level(self, attachments: Sequence[Attachment]) -> dict[str, object]:
        return {"control_policies": self._policies.attached(attachments)}

    def _is_account(self, number: str) -> bool:
        if grammar.ACCOUNT.fullmatch(number):
            return True
        self._notify(f"the account `{number}` is left out: its number does not have 16 digits")
        return False

    def _folder_name(self, name: str) -> str:
        used = accepted(name, grammar.NAME)
        if used != name:
            self._notify(f"the folder `{name}` is written as `{used}`: ramgate refuses the name")
        return used
