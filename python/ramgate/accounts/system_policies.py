"""The system policies of one accounts file: those that it brings along, then the catalog's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.documents import shape
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.accounts.stored import StoredDocuments
    from ramgate.catalog.catalog import Catalog, ServiceLinkedRole
    from ramgate.faults import Place

__all__ = ["SystemPolicies"]

_FIELDS: Final = ("document", "unreadable", "version", "date")
_DIGEST_BYTES: Final = 16


class SystemPolicies:
    """Resolves the names of system policies for the accounts and the directory of one file.

    A document under `system_policies` stands before the catalog's of the same name. Its id contains
    a digest of the document, so files whose documents differ do not mix, and files whose documents
    are equal share one. `documents` has these documents by their ids.
    """

    def __init__(self, catalog: Catalog, stored: StoredDocuments) -> None:
        self._catalog = catalog
        self._stored = stored
        self._of_roles = {role.policy for role in catalog.roles.values()}
        self._ids = {name: name for name in catalog.policies}
        self.documents: dict[str, dict[str, object]] = {}

    def read(self, value: object, place: Place) -> None:
        """Translate the object `system_policies` of the file: an entry under each name."""
        for name, entry, here in shape.members(value, place):
            shape.name(name, here, grammar.POLICY_NAME, "policy name")
            found = shape.fields(entry, here, _FIELDS, ("document",))
            shape.texts({key: found[key] for key in ("version", "date") if key in found}, here)
            if "document" in found:
                document = self._translate(found, here)
                content = msgspec.json.encode(document, order="sorted")
                digest = hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
                self._ids[name] = f"system-{digest}/{name}"
                self.documents[self._ids[name]] = document

    def _translate(self, entry: dict[str, object], place: Place) -> dict[str, object]:
        if "unreadable" in entry:
            odd = {key: entry[key] for key in ("unreadable", "document")}
            return self._stored.translate(odd, place).document
        here = place / "document"
        # Alibaba Cloud wrote the document: the owner of the accounts cannot follow advice on it.
        document = self._stored.translate_readable(
            entry["document"], here, is_advised=False
        ).document
        if document.get("kind") == "trust":
            here.fault("is a trust policy: a role has one under `trust`")
        return document

    def id_of(self, name: str) -> str | None:
        """Return the id of the system policy of that name; None if there is none to attach."""
        return None if self.belongs_to_role(name) else self._ids.get(name)

    def id_of_role_policy(self, role: ServiceLinkedRole) -> str | None:
        """Return the id of a service-linked role's policy; None if its document is not known."""
        return self._ids.get(role.policy)

    def belongs_to_role(self, name: str) -> bool:
        """True if the policy of that name belongs to a service-linked role."""
        return name in self._of_roles

    def describe_unknown(self, name: str, own: Iterable[str]) -> str:
        """Return a message for a name that is neither among the own policies nor among these."""
        system = sorted(self._ids.keys() - self._of_roles)
        return self._catalog.describe_unknown_policy(name, [*own, *system])
