"""The policies of one owner, an account or the directory: their documents and their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.documents import shape
from ramgate.documents.messages import describe, did_you_mean
from ramgate.language import grammar
from ramgate.language.translation import translate_at

if TYPE_CHECKING:
    from ramgate.catalog.catalog import Catalog
    from ramgate.faults import Place

__all__ = ["Policies"]


class Policies:
    """Translates an owner's policies, and resolves the names under which policies are attached.

    A name is looked up among the owner's own policies, then among the system policies. `documents`
    has the translated documents of the owner's own policies by their ids.
    """

    def __init__(self, catalog: Catalog, owner: str) -> None:
        self._catalog = catalog
        self._owner = owner
        self._ids = {name: name for name in catalog.system_policies}
        self._hints: dict[str, str] = {}
        self.documents: dict[str, dict[str, object]] = {}

    def read(self, value: object, place: Place) -> None:
        """Translate the object `policies` of the owner: a document under each name."""
        for name, document, here in shape.members(value, place):
            shape.name(name, here, grammar.POLICY_NAME, "policy name")
            if name in self._catalog.policies:
                here.fault("is the name of a system policy")
            policy = translate_at(document, here)
            if policy.get("kind") == "trust":
                here.fault("is a trust policy: a role has one under `trust`")
            self._ids[name] = f"{self._owner}/{name}"
            self.documents[self._ids[name]] = policy

    def resolve(self, name: object, place: Place) -> str | None:
        """Return the id of the policy with that name; without one, report a fault, return None."""
        if not isinstance(name, str):
            place.fault(f"must be the name of a policy, not {describe(name)}")
            return None
        if name not in self._ids:
            if name in self._catalog.policies:
                place.fault(f"`{name}` is a service-linked role's policy: it cannot be attached")
            else:
                place.fault(f"there is no policy {describe(name)}{self._hint(name)}")
        return self._ids.get(name)

    def _hint(self, name: str) -> str:
        # Many users may attach the same missing policy, and a comparison with all names is slow.
        if name not in self._hints:
            self._hints[name] = did_you_mean(name, self._ids)
        return self._hints[name]
