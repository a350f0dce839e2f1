"""The policies of one owner, an account or the directory: their documents and their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents import shape
from ramgate.documents.messages import describe, did_you_mean
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.accounts.stored import StoredDocuments
    from ramgate.accounts.system_policies import SystemPolicies
    from ramgate.faults import Place

__all__ = ["Policies"]

_CUSTOM: Final = "Custom"
_SYSTEM: Final = "System"


class Policies:
    """Translates an owner's policies, and resolves the names under which policies are attached.

    An attachment is a name, or an object with a name under `policy` and a `type`. Without a `type`,
    the name is looked up among the owner's own policies, then among the system policies.
    `documents` has the translated documents of the owner's own policies by their ids.
    """

    def __init__(self, system: SystemPolicies, stored: StoredDocuments, owner: str) -> None:
        self._system = system
        self._stored = stored
        self._owner = owner
        self._ids: dict[str, str] = {}
        self._messages: dict[tuple[str, object], str] = {}
        self.documents: dict[str, dict[str, object]] = {}

    def read(self, value: object, place: Place) -> None:
        """Translate the object `policies` of the owner: a document under each name."""
        for name, document, here in shape.members(value, place):
            shape.name(name, here, grammar.POLICY_NAME, "policy name")
            if self._system.id_of(name):
                here.advise(
                    "is the name of a system policy, too: an attachment means this one, "
                    "unless it has `type: System`"
                )
            policy = self._stored.translate(document, here).document
            if policy.get("kind") == "trust":
                here.fault("is a trust policy: a role has one under `trust`")
            self._ids[name] = f"{self._owner}/{name}"
            self.documents[self._ids[name]] = policy

    def resolve(
        self, attachment: object, place: Place, more: Iterable[str] = ()
    ) -> tuple[str | None, dict[str, object]]:
        """Return the id of an attached policy, and the fields of the attachment.

        `more` are the fields that the attachment may have besides `policy` and `type`. If the
        policy does not exist, a fault is reported and the id is None.
        """
        fields = _fields(attachment, place, more)
        name, kind = fields.get("policy"), fields.get("type")
        if not isinstance(name, str):
            if "policy" in fields:
                (place / "policy").fault(f"must be the name of a policy, not {describe(name)}")
            return None, fields
        if "type" in fields and kind not in (_CUSTOM, _SYSTEM):
            (place / "type").fault(f"must be `{_CUSTOM}` or `{_SYSTEM}`, not {describe(kind)}")
            return None, fields
        own = None if kind == _SYSTEM else self._ids.get(name)
        found = own or (None if kind == _CUSTOM else self._system.id_of(name))
        if found is None:
            place.fault(self._absence(name, kind))
        return found, fields

    def _absence(self, name: str, kind: object) -> str:
        """Return the message about an attachment whose policy does not exist."""
        if kind == _CUSTOM and self._system.id_of(name):
            return f"{describe(name)} is a system policy: write `type: {_SYSTEM}`"
        if kind == _SYSTEM and name in self._ids:
            return f"{describe(name)} is a custom policy: write `type: {_CUSTOM}`"
        if kind != _CUSTOM and self._system.belongs_to_role(name):
            return f"{describe(name)} is a service-linked role's policy: it cannot be attached"
        # Many users may attach the same missing policy, and a comparison with all names is slow.
        if (name, kind) not in self._messages:
            self._messages[name, kind] = (
                f"there is no custom policy {describe(name)}{did_you_mean(name, self._ids)}"
                if kind == _CUSTOM
                else self._system.describe_unknown(name, () if kind == _SYSTEM else self._ids)
            )
        return self._messages[name, kind]


def _fields(attachment: object, place: Place, more: Iterable[str]) -> dict[str, object]:
    """Return the fields of an attachment; a name alone is its `policy`."""
    if isinstance(attachment, str):
        return {"policy": attachment}
    if not isinstance(attachment, Mapping):
        place.fault(
            f"must be the name of a policy, or an object with `policy`, not {describe(attachment)}"
        )
        return {}
    optional = ("type", *more)
    found = shape.fields(attachment, place, ("policy", *optional), ("policy",))
    if attachment.keys() == {"policy"}:
        absent = " or ".join(f"`{field}`" for field in optional)
        place.fault(f"has no {absent}: write the name alone")
    return found
