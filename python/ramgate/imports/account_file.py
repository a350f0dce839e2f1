"""The file of one account of an import: its value, and the files of its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from ramgate.documents import source
from ramgate.errors import InvalidFiles
from ramgate.imports.policies import Policies, accepted
from ramgate.imports.stored_document import Readable, Unreadable, classify, without_surrogates
from ramgate.imports.yaml_file import Section, to_yaml
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.world import Account, Attachment, Document, Role, User

__all__ = ["AccountFile"]

_Entity = TypeVar("_Entity")

_STAND_IN: Final = "policies-of-unknown-groups"


class AccountFile:
    """Makes the `value` of an account's file; `files` has the documents by their paths.

    `unreadable` counts the documents that ramgate does not read. `notify` takes a sentence for each
    thing that is not written as it was read.
    """

    def __init__(
        self, number: str, account: Account, catalog: Catalog, notify: Callable[[str], None]
    ) -> None:
        self._account = account
        self._own = f"acs:ram::{number}:"
        self._notify = notify
        self._roles = self._requestable("role", account.roles)
        self._users = self._requestable("user", account.users)
        self._policies = Policies(number, catalog, notify)
        self._trusted: set[str] = set()
        self._unreadable_trusts = 0
        numbered = Section({number: self._sections()})
        self.value = Section(accounts=numbered, **self._policies.system())
        self.files = self._policies.files
        self.policies = self._policies.count
        self.unreadable = self._policies.unreadable + self._unreadable_trusts

    def _sections(self) -> Section:
        """Return the sections of the account that are not empty, and its declarations."""
        account, policies = self._account, self._policies
        policies.read(account.policies, account.system_policies)
        for name, role in self._roles.items():
            policies.learn(role.attachments, f"the role `{name}`")
        for name, attachments in sorted(account.groups.items()):
            policies.learn(attachments, f"the group `{name}`")
        for name, user in self._users.items():
            policies.learn(user.attachments, f"the user `{name}`")
        roles = {name: self._role(role) for name, role in self._roles.items()}
        groups = self._groups()
        users = {name: self._user(name, user, groups) for name, user in self._users.items()}
        sections: dict[str, object] = {
            "service_linked_roles": sorted(set(account.service_linked_roles)),
            **policies.custom(),
            "roles": Section(roles),
            "groups": Section(sorted(groups.items())),
            "users": Section(users),
        }
        found = {key: members for key, members in sections.items() if members}
        return Section({**found, **self._providers(), **self._resource_groups()})

    def _requestable(self, kind: str, entities: Mapping[str, _Entity]) -> dict[str, _Entity]:
        """Return the users or roles that a request can name; no other is allowed anything."""
        found = {}
        for name in sorted(entities):
            if grammar.NAME.fullmatch(name):
                found[name] = entities[name]
            else:
                self._notify(f"the {kind} `{name}` is left out: ramgate refuses the name")
        return found

    def _role(self, role: Role) -> dict[str, object]:
        return {"trust": self._trust(role.trust), **self._held(role.attachments)}

    def _user(
        self, name: str, user: User, groups: dict[str, dict[str, object]]
    ) -> dict[str, object]:
        member_of = sorted({accepted(group, grammar.NAME) for group in user.groups})
        for group in member_of:
            if group not in groups:
                reason = f"it stands for those of the group `{group}`, which was not read"
                stand_in = self._policies.stand_in(_STAND_IN, reason, f"the user `{name}`")
                groups[group] = {"policies": [stand_in]}
        held = self._held(user.attachments)
        return {"groups": member_of, **held} if member_of else held

    def _groups(self) -> dict[str, dict[str, object]]:
        groups = {}
        for name, attachments in sorted(self._account.groups.items()):
            used = accepted(name, grammar.NAME)
            if used != name:
                self._notify(f"the group `{name}` is written as `{used}`: ramgate refuses the name")
            groups[used] = self._held(attachments)
        return groups

    def _held(self, attachments: Sequence[Attachment]) -> dict[str, object]:
        attached = self._policies.attached(attachments)
        return {"policies": attached} if attached else {}

    def _trust(self, document: Document) -> object:
        """Return the trust policy as it stands in the file: its value, or why it is unreadable."""
        found = classify(document, "trust")
        if isinstance(found, Readable):
            if _reads_back(found.value):
                self._trusted |= found.principals
                return found.value
            found = Unreadable("ramgate cannot write it as YAML", document.text)
        self._unreadable_trusts += 1
        return found.value

    def _providers(self) -> dict[str, object]:
        """Return the declaration of identity providers, if both kinds were read."""
        oidc, saml = self._account.oidc_providers, self._account.saml_providers
        if oidc is None or saml is None:
            return {}
        return {"providers": {"oidc": self._kind("oidc", oidc), "saml": self._kind("saml", saml)}}

    def _kind(self, kind: str, names: Sequence[str]) -> list[str]:
        """Return the names of a kind of providers, and those that trust policies name.

        A trust policy may name a provider that was deleted, or was created after the list was read.
        """
        start = f"{self._own}{kind}-provider/"
        trusted = {one.removeprefix(start) for one in self._trusted if one.startswith(start)}
        for name in sorted(trusted - set(names)):
            self._notify(f"a role trusts the {kind} provider `{name}`, which was not listed")
        # No trust policy that ramgate reads names a provider of another form.
        return sorted(trusted | {name for name in names if grammar.NAME.fullmatch(name)})

    def _resource_groups(self) -> dict[str, object]:
        """Return the declaration of resource groups, if they were read."""
        listed = self._account.resource_groups
        if listed is None:
            return {}
        valid = {
            name: title for name, title in listed.items() if grammar.RESOURCE_GROUP.fullmatch(name)
        }
        # A group may have been created after the list was read.
        titles = dict.fromkeys(self._policies.resource_groups, "") | valid
        found = ((name, without_surrogates(titles[name])) for name in sorted(titles))
        return {"resource_groups": Section(found)}


def _reads_back(value: object) -> bool:
    try:
        return source.parse(to_yaml(Section(trust=value)), is_json=False).value == {"trust": value}
    except InvalidFiles:
        return False
