"""The Resource Directory of an accounts file: folders, and the control policies at every level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.accounts.policies import Policies
from ramgate.documents import shape
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.accounts.store import Directory
    from ramgate.accounts.stored import StoredDocuments
    from ramgate.accounts.system_policies import SystemPolicies
    from ramgate.faults import Place

__all__ = ["DirectoryReader"]

_DIRECTORY: Final = ("management", "policies", "root")
_FOLDER: Final = ("control_policies", "accounts", "folders")
_MEMBER: Final = ("control_policies",)


class DirectoryReader:
    """Reads one `directory`; `documents` has its translated control policies by their ids."""

    def __init__(self, system: SystemPolicies, stored: StoredDocuments) -> None:
        self._policies = Policies(system, stored, "directory")
        self._levels: dict[str, list[list[str]]] = {}
        self._names: dict[str, list[str]] = {}
        self.documents = self._policies.documents

    def read(self, value: object, place: Place) -> Directory:
        """Return the levels of control policies of each member account; report every fault."""
        found = shape.fields(value, place, _DIRECTORY, ("management", "root"))
        management = ""
        if "management" in found:
            where, form = place / "management", grammar.ACCOUNT
            management = shape.name(found["management"], where, form, "account number") or ""
        self._policies.read(found.get("policies", {}), place / "policies")
        if "root" in found:
            self._folder(found["root"], place / "root", [], ["root"])
        return {"management": management, "levels": self._levels, "names": self._names}

    def _folder(
        self, value: object, place: Place, above: list[list[str]], names: list[str]
    ) -> None:
        found = shape.fields(value, place, _FOLDER, _MEMBER)
        here = [*above, self._control_policies(found, place)]
        for number, account, where in shape.members(found.get("accounts", {}), place / "accounts"):
            shape.name(number, where, grammar.ACCOUNT, "account number")
            if number in self._levels:
                where.fault("is in another folder already")
            parts = shape.fields(account, where, _MEMBER, _MEMBER)
            self._levels[number] = [*here, self._control_policies(parts, where)]
            self._names[number] = [*names, number]
        for name, folder, where in shape.members(found.get("folders", {}), place / "folders"):
            shape.name(name, where, grammar.NAME, "folder name")
            self._folder(folder, where, here, [*names, name])

    def _control_policies(self, found: Mapping[str, object], place: Place) -> list[str]:
        attached = shape.items(found.get("control_policies", []), place / "control_policies")
        resolved = (self._policies.resolve(item, here)[0] for item, here in attached)
        return sorted({policy for policy in resolved if policy})
