"""Read which principals hold which policies, and which users are in which groups.

An attachment that is not known as a whole must not allow anything, and must not hide a Deny:

* A policy that is not known becomes an unreadable policy, held by the principal. So that principal
  is not allowed anything by its policies.
* If the principal is not known, it can be anyone. The policy is held by a principal of its own,
  with a placeholder for a name, so that a comparison finds the requests that the policy allows. If
  the policy may deny, every other principal of that kind holds an unreadable policy.
* A user that is in a group that is not known holds an unreadable policy. A group with a member that
  is not known has a member of its own; if the group may deny, every other user holds an unreadable
  policy.
* A principal that is not in the file has other policies, which are not known: it holds an
  unreadable policy, too. Only a comparison takes it as if it had none, and so finds the requests
  that an attachment newly allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ramgate.imports.terraform.attributes import TYPES, placeholder
from ramgate.imports.terraform.documents import allows_only
from ramgate.imports.terraform.draft import KINDS, Kind
from ramgate.imports.world import Attachment, Document
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.formats.terraform_resources import Resource
    from ramgate.imports.terraform.draft import Draft
    from ramgate.imports.terraform.references import Values

__all__ = ["add_attachments"]

_GENERAL: Final = "alicloud_resource_manager_policy_attachment"
_MEMBER: Final = "alicloud_ram_user_group_attachment"
_MEMBERS: Final = "alicloud_ram_group_membership"
_PRINCIPALS: Final[Mapping[str | None, tuple[Kind, str]]] = {
    "IMSGroup": ("group", "@group."),
    "IMSUser": ("user", "@"),
    "ServiceRole": ("role", "@role."),
}
_ELSEWHERE: Final = "is not in the Terraform file, so its other policies are not known"


def add_attachments(draft: Draft, values: Values) -> None:
    """Add the attachments and the memberships to an account that has its entities."""
    reader = _Reader(draft, values)
    for kind in KINDS:
        for one in values.of_types(f"alicloud_ram_{kind}_policy_attachment"):
            reader.attach(one, (kind,), values.find(one, kind))
    for one in values.of_types(_GENERAL):
        reader.attach(one, *_principal(values, one))
    for one in values.of_types(_MEMBER, _MEMBERS):
        reader.add_members(one)
    reader.limit_everyone()
    _add_others(draft)


class _Reader:
    def __init__(self, draft: Draft, values: Values) -> None:
        self._draft = draft
        self._values = values
        self._of_anyone: list[tuple[Kind, Attachment, Resource]] = []
        self._with_anyone: list[tuple[str | None, Resource]] = []

    def attach(self, resource: Resource, kinds: tuple[Kind, ...], holder: str | None) -> None:
        """Attach a policy to a principal; if it is not known, to one of its own of each kind."""
        attachment = self._attachment(resource)
        if holder is not None:
            self._draft.hold(kinds[0], holder, [attachment])
            return
        noun = f"the {' or '.join(kinds)} with the policy `{attachment.policy}`"
        reason = self._values.reason(resource, noun)
        self._draft.notices.add(reason)
        name = placeholder(resource.address)
        for kind in kinds:
            self._draft.manage(kind, name)
            self._draft.hold(kind, name, [attachment])
            self._of_anyone.append((kind, attachment, resource))
        if "role" in kinds:
            self._draft.trust[name] = Document(missing=reason)

    def add_members(self, resource: Resource) -> None:
        """Add users to a group."""
        group = self._values.find(resource, "group")
        users = _users(self._values, resource)
        if None in users:
            noun = f"a member of the group `{group}`" if group else "a member of a group"
            self._draft.notices.add(self._values.reason(resource, noun))
            self._draft.manage("user", placeholder(resource.address))
            self._with_anyone.append((group, resource))
        for one in users:
            user = one or placeholder(resource.address)
            self._draft.hold("user", user, [])
            if group is None:
                noun = f"the group of the user `{user}`"
                self._draft.hold("user", user, [self._stand_in(resource, noun)])
            else:
                self._draft.members.setdefault(user, set()).add(group)

    def limit_everyone(self) -> None:
        """Let everyone hold an unreadable policy if a policy that may deny can be theirs."""
        for kind, attachment, resource in self._of_anyone:
            if self._may_deny(attachment):
                self._limit(kind, resource)
        groups = self._draft.held["group"]
        for group, resource in self._with_anyone:
            held = [groups.get(group)] if group else list(groups.values())
            if any(one is None or any(map(self._may_deny, one)) for one in held):
                self._limit("user", resource)

    def _attachment(self, resource: Resource) -> Attachment:
        """Return the policy and the scope of an attachment; a stand-in if one is not known."""
        draft, values = self._draft, self._values
        name, type_ = values.find(resource, "policy"), values.find(resource, "policy type")
        if name is None:
            return self._stand_in(resource, "the policy")
        if type_ is None and name in draft.policies and name not in draft.catalog.policies:
            type_ = "Custom"
        group: str | None = ""
        if "resource group" in TYPES[resource.type]:
            group = values.find(resource, "resource group")
        if group is None:
            return self._stand_in(resource, f"the resource group of the policy `{name}`")
        group = "" if grammar.ACCOUNT.fullmatch(group) else group
        if type_ == "System":
            if name not in draft.catalog.policies:
                reason = f"the system policy `{name}` is not in the catalog of ramgate"
                draft.system_policies[name] = Document(missing=reason)
                draft.notices.add(reason)
            return Attachment(name, "System", group)
        if type_ != "Custom":
            return self._stand_in(resource, f"the type of the policy `{name}`")
        if name not in draft.policies:
            reason = f"the custom policy `{name}` is not in the Terraform file"
            draft.stand_in(name, f"{reason}, but attached: {resource.address}")
        return Attachment(name, "Custom", group)

    def _stand_in(self, resource: Resource, noun: str) -> Attachment:
        return self._draft.stand_in(
            placeholder(resource.address), self._values.reason(resource, noun)
        )

    def _may_deny(self, attachment: Attachment) -> bool:
        if attachment.type == "Custom":
            return not allows_only(self._draft.policies[attachment.policy])
        document: Any = self._draft.catalog.policies.get(attachment.policy, {"statements": [{}]})
        return any(one.get("effect") != "Allow" for one in document["statements"])

    def _limit(self, kind: Kind, resource: Resource) -> None:
        own = placeholder(resource.address)
        reason = self._values.reason(resource, f"a policy that may deny, of any {kind},")
        attachment = self._draft.stand_in(f"{own}-of-any-{kind}", reason)
        for name, held in self._draft.held[kind].items():
            if name != own:
                held.add(attachment)


def _principal(values: Values, resource: Resource) -> tuple[tuple[Kind, ...], str | None]:
    """Return the kind and the name of a principal such as `alice@123.onaliyun.com`."""
    found = _PRINCIPALS.get(values.find(resource, "principal type"))
    name = values.find(resource, "principal")
    if found is None:
        return KINDS, None
    kind, mark = found
    return (kind,), name and (name.rpartition(mark)[0] or name)


def _users(values: Values, resource: Resource) -> list[str | None]:
    """Return the users of a membership; None stands for users that are not known."""
    if resource.type == _MEMBER:
        return [values.find(resource, "user")]
    # the references of a list do not tell which constants stand beside them
    names = resource.values.get("user_names")
    if not isinstance(names, list):
        return [None]
    return [name if isinstance(name, str) else None for name in names]


def _add_others(draft: Draft) -> None:
    """Note the principals that are not in the file, and close them."""
    for groups in draft.members.values():
        for group in groups:
            draft.hold("group", group, [])
    for kind in KINDS:
        for name in sorted(draft.held[kind]):
            if draft.is_managed(kind, name):
                continue
            if kind == "role" and name.lower() in draft.catalog.roles:
                del draft.held[kind][name]
                draft.notices.add(f"a policy of the service-linked role `{name}` is left out")
                continue
            reason = f"the {kind} `{name}` {_ELSEWHERE}"
            draft.notices.add(reason)
            if kind == "role":
                draft.trust[name] = Document(missing=reason)
            if draft.closes_others:
                own = placeholder(f"alicloud_other_{kind}.{name}")
                draft.hold(kind, name, [draft.stand_in(own, reason)])
