"""The policies of one owner, an account or the directory, and the references to them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import join_names
from ramgate.imports.stored_document import Unreadable, classify, without_surrogates
from ramgate.imports.world import Document
from ramgate.imports.yaml_file import Section
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.world import Attachment

__all__ = ["Policies", "accepted"]

_REFUSED: Final = re.compile("[^A-Za-z0-9-]+")
_LONGEST: Final = 48
_SHOWN: Final = 3
_DIGEST_BYTES: Final = 4
# A reason does not name the first holder: it would change with the attachments of others.
_NOT_READ: Final = "it is attached, but was not read"


class Policies:
    """Writes an owner's policies: each document as a file, or as `unreadable` with its reason.

    First take all policies and all attachments, by `read` and `learn`, then write. `files` has the
    contents of the documents by their paths, relative to the accounts file; `unreadable` counts the
    policies that ramgate does not read; `resource_groups` has the groups of the attachments.
    `notify` takes a sentence for each thing that is not written as it was read.
    """

    def __init__(self, owner: str, catalog: Catalog, notify: Callable[[str], None]) -> None:
        self._owner = owner
        self._catalog = catalog
        self._notify = notify
        self._of_roles = {role.policy for role in catalog.roles.values()}
        self._custom: dict[str, Document] = {}
        self._system: dict[str, Document] = {}
        self._references: dict[Attachment, tuple[str, bool, str]] = {}
        self.files: dict[str, bytes] = {}
        self.resource_groups: set[str] = set()
        self.unreadable = 0

    @property
    def count(self) -> int:
        """The number of the policies in the file."""
        return len(self._custom) + len(self._system)

    def read(self, custom: Mapping[str, Document], system: Mapping[str, Document]) -> None:
        """Take the owner's custom policies, and the system policies that were read with it."""
        for name in sorted(custom):
            self._custom[self._name(name)] = custom[name]
        of_catalog: dict[str, list[str]] = {}
        for name in sorted(system):
            if system[name].missing and name in self._catalog.policies:
                of_catalog.setdefault(system[name].missing, []).append(name)
            else:
                self._system[self._name(name)] = system[name]
        for reason, names in of_catalog.items():
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            self._notify(
                f"system policies are those of ramgate's catalog of {self._catalog.date}: "
                f"{join_names(names[:_SHOWN])}{more}: {reason}"
            )

    def learn(self, attachments: Iterable[Attachment], holder: str) -> None:
        """Take attachments to a holder, which notices name so.

        A policy that is attached but was not read could contain a Deny, so it becomes one that is
        unreadable.
        """
        for attachment in sorted(set(attachments)):
            if attachment not in self._references:
                self._references[attachment] = self._resolve(attachment, holder)

    def _resolve(self, attachment: Attachment, holder: str) -> tuple[str, bool, str]:
        """Return the name, whether it is a system policy's, and the resource group or nothing."""
        name, is_system = self._name(attachment.policy), attachment.type == "System"
        group = attachment.resource_group
        if group and not grammar.RESOURCE_GROUP.fullmatch(group):
            reason = f"it is attached to `{group}`, which is not the id of a resource group"
            return self.stand_in(name, reason, holder), False, ""
        if is_system and name in self._of_roles:
            reason = "it is a service-linked role's policy, which nothing else can hold"
            return self.stand_in(name, reason, holder), False, group
        known = self._system.keys() | self._catalog.policies.keys() if is_system else self._custom
        if name not in known:
            (self._system if is_system else self._custom)[name] = Document(missing=_NOT_READ)
            kind = attachment.type.lower()
            self._notify(f"the {kind} policy `{name}` of {holder} is unreadable: {_NOT_READ}")
        return name, is_system, group

    def stand_in(self, name: str, reason: str, holder: str) -> str:
        """Add an unreadable custom policy and return its name: this one, or one made from it.

        It stands for policies that are not known: a layer with it allows nothing.
        """
        if name in self._custom and self._custom[name].missing != reason:
            name = accepted(f"{name} {reason}", grammar.POLICY_NAME)
        if name not in self._custom:
            self._custom[name] = Document(missing=reason)
            self._notify(f"the policy `{name}` of {holder} is unreadable: {reason}")
        return name

    def attached(self, attachments: Iterable[Attachment]) -> list[object]:
        """Return the list that stands under `policies` of a holder."""
        return [self._reference(one) for one in sorted(set(attachments))]

    def _reference(self, attachment: Attachment) -> object:
        name, is_system, group = self._references[attachment]
        reference = {"policy": name}
        if is_system and name in self._custom:
            reference["type"] = "System"
        elif not is_system and (name in self._system or name in self._catalog.policies):
            reference["type"] = "Custom"
        if group:
            reference["resource_group"] = group
            self.resource_groups.add(group)
        return reference if len(reference) > 1 else name

    def custom(self) -> dict[str, object]:
        """Return the field `policies` of the owner, if it has any."""
        paths = _paths(f"policies/{self._owner}", self._custom)
        found = {name: self._entry(self._custom[name], paths[name]) for name in sorted(paths)}
        return {"policies": Section(found)} if found else {}

    def system(self) -> dict[str, object]:
        """Return the field `system_policies` of the file, if there are any."""
        paths = _paths(f"policies/{self._owner}/system", self._system)
        found: dict[str, object] = {}
        for name in sorted(paths):
            document, entry = self._system[name], self._entry(self._system[name], paths[name])
            version = {"version": document.version, "date": document.date}
            found[name] = {
                **{key: without_surrogates(text) for key, text in version.items() if text},
                **(entry if "unreadable" in entry else {"document": entry}),
            }
        return {"system_policies": Section(found)} if found else {}

    def _entry(self, document: Document, path: str) -> dict[str, object]:
        found = classify(document, "identity")
        if isinstance(found, Unreadable):
            self.unreadable += 1
            return found.value
        self.files[path] = found.text.encode()
        return {"file": path}

    def _name(self, name: str) -> str:
        used = accepted(name, grammar.POLICY_NAME)
        if used != name:
            self._notify(f"the policy `{name}` is written as `{used}`: ramgate refuses the name")
        return used


def accepted(name: str, form: re.Pattern[str]) -> str:
    """Return the name if the form matches it; else a name for it that the form matches.

    >>> accepted("read only", grammar.POLICY_NAME)
    'read-only-499a9550'
    """
    if form.fullmatch(name):
        return name
    start = _REFUSED.sub("-", name).strip("-")[:_LONGEST]
    return f"{start or 'name'}-{_digest(name)}"


def _paths(folder: str, names: Iterable[str]) -> dict[str, str]:
    """Return a path for each policy; names that differ only in case get different paths.

    >>> _paths("policies/directory", ["Read", "read", "write"])["write"]
    'policies/directory/write.json'
    """
    by_lower_case: dict[str, list[str]] = {}
    for name in names:
        by_lower_case.setdefault(name.lower(), []).append(name)
    found = {}
    for same in by_lower_case.values():
        for name in same:
            # A policy's name has no dot, so this is no other policy's file.
            part = name if len(same) == 1 else f"{name}.{_digest(name)}"
            found[name] = f"{folder}/{part}.json"
    return found


def _digest(name: str) -> str:
    content = name.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
