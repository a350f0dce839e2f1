"""Names that an account may declare: its identity providers, and its resource groups.

With a declaration, a reference to another name is a fault; without it, any name is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ramgate.documents import shape
from ramgate.documents.messages import describe, did_you_mean
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.faults import Place

__all__ = ["Declared"]

_PROVIDERS: Final = ("oidc", "saml")


class Declared:
    """The names that an account, given by its number, declares.

    >>> from ramgate.faults import Findings, Place
    >>> place = Place(Findings(), "accounts.1")
    >>> declared = Declared({"resource_groups": {"rg-a": "Production"}}, "1", place)
    >>> declared.check_group("rg-b", place / "users")
    >>> print(place.findings.faults[0])
    there is no resource group `rg-b`: did you mean `rg-a`? @ accounts.1.users
    """

    def __init__(self, found: Mapping[str, object], number: str, place: Place) -> None:
        self.account = number
        self._providers = _providers(found, place)
        self._groups = _groups(found, place)

    def check_group(self, name: str, place: Place) -> None:
        """Report a resource group that is not declared."""
        if self._groups is not None and name not in self._groups:
            hint = did_you_mean(name, self._groups)
            place.fault(f"there is no resource group {describe(name)}{hint}")

    def check_trust(self, document: Mapping[str, Any], place: Place) -> None:
        """Report each provider of this account that a translated trust policy names."""
        if self._providers is None:
            return
        own = f"acs:ram::{self.account}:"
        for index, statement in enumerate(document.get("statements", ())):
            for principal in statement.get("principals", ()):
                name = principal.removeprefix(own)
                if name != principal and "-provider/" in name and name not in self._providers:
                    hint = did_you_mean(name, self._providers)
                    here = place / "Statement" / index / "Principal" / "Federated"
                    here.fault(f"there is no provider {describe(name)}{hint}")


def _providers(found: Mapping[str, object], place: Place) -> list[str] | None:
    if "providers" not in found:
        return None
    here = place / "providers"
    names = []
    for kind, listed in shape.fields(found["providers"], here, _PROVIDERS).items():
        for item, where in shape.items(listed, here / kind):
            name = shape.name(item, where, grammar.NAME, "provider name")
            if name is not None:
                names.append(f"{kind}-provider/{name}")
    return names


def _groups(found: Mapping[str, object], place: Place) -> list[str] | None:
    if "resource_groups" not in found:
        return None
    here, names = place / "resource_groups", []
    for name, title, where in shape.members(found["resource_groups"], here):
        shape.name(name, where, grammar.RESOURCE_GROUP, "resource group")
        shape.texts({name: title}, here)
        names.append(name)
    return names
