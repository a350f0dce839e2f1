"""Make a world of the resources on one side of a plan, or of a state."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.catalog import catalog
from ramgate.imports.terraform.attachments import add_attachments
from ramgate.imports.terraform.content import fault, read_content
from ramgate.imports.terraform.directory import read_directory
from ramgate.imports.terraform.draft import Draft
from ramgate.imports.terraform.entities import add_entities, providers, resource_groups
from ramgate.imports.terraform.number import account_number
from ramgate.imports.terraform.references import Values
from ramgate.imports.world import Account, Role, User, World

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate.imports.terraform.content import Content

__all__ = ["read", "read_both", "read_side"]

_ONE_SIDE: Final = "is a state, not a plan: it has nothing before and after a change"


def read(
    path: Path,
    *,
    before: bool = False,
    account: str | None = None,
    management: str | None = None,
    full_access: bool = False,
) -> World:
    """Return the world of a Terraform state, or after a plan, or `before` it.

    `path` is the output of `terraform show -json` or a `terraform.tfstate`. `account` is the number
    of the account, if the file does not have it. `management` is that of the management account of
    the Resource Directory, by default the one in the file, else the account. `full_access` says
    that each folder and each member account has the control policy FullAliyunAccess, which RAM
    attaches by itself.

    A value that is not known until the plan is applied is taken from the references in the
    configuration if a single one decides it. `notices` has a sentence with an address for each
    other one; it is unreadable, and allows nothing. The same applies to a policy that is attached
    but not in the file, and to a user, group or role that is not in it, because its other policies
    are not known.

    Raises `InvalidFiles` if the file is not a state or a plan of Terraform with resources of
    Alibaba Cloud, or the account is not known; `ValueError` for a number that is not valid.

    >>> import json
    >>> from pathlib import Path
    >>> alice = {
    ...     "address": "alicloud_ram_user.alice",
    ...     "mode": "managed",
    ...     "type": "alicloud_ram_user",
    ...     "name": "alice",
    ...     "values": {"name": "alice"},
    ... }
    >>> state = {"format_version": "1.0", "values": {"root_module": {"resources": [alice]}}}
    >>> _ = Path("state.json").write_text(json.dumps(state))
    >>> world = read(Path("state.json"), account="1234567890123456")
    >>> list(world.accounts["1234567890123456"].users)
    ['alice']
    """
    content = read_content(path)
    if before and not content.is_plan:
        raise fault(content.file, _ONE_SIDE)
    return _world(content, _Assumed(management, full_access), account, before=before)


def read_both(path: Path, *, account: str | None = None) -> tuple[World, World]:
    """Return the worlds before and after a plan, each as `read_side` does.

    Raises as `read` does, and `InvalidFiles` for a state.

    >>> import json
    >>> from pathlib import Path
    >>> alice = {
    ...     "address": "alicloud_ram_user.alice",
    ...     "mode": "managed",
    ...     "type": "alicloud_ram_user",
    ...     "name": "alice",
    ...     "values": {"name": "alice"},
    ... }
    >>> plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [alice]}}}
    >>> _ = Path("plan.json").write_text(json.dumps(plan))
    >>> old, new = read_both(Path("plan.json"), account="1234567890123456")
    >>> [list(side.accounts["1234567890123456"].users) for side in (old, new)]
    [[], ['alice']]
    """
    content = read_content(path)
    if not content.is_plan:
        raise fault(content.file, _ONE_SIDE)
    return (
        _world(content, _COMPARED, account, before=True),
        _world(content, _COMPARED, account, before=False),
    )


def read_side(path: Path, *, account: str | None = None) -> World:
    """Return the world of a state or after a plan, for a comparison with another one.

    A comparison asks which requests are newly allowed, so a gap must not hide one. A user, group or
    role that is not in the file counts as one without other policies, and each folder and each
    member account has the control policy FullAliyunAccess. Raises as `read` does.

    >>> import json
    >>> from pathlib import Path
    >>> attached = {
    ...     "address": "alicloud_ram_user_policy_attachment.a",
    ...     "mode": "managed",
    ...     "type": "alicloud_ram_user_policy_attachment",
    ...     "name": "a",
    ...     "values": {
    ...         "user_name": "alice",
    ...         "policy_name": "AdministratorAccess",
    ...         "policy_type": "System",
    ...     },
    ... }
    >>> state = {"format_version": "1.0", "values": {"root_module": {"resources": [attached]}}}
    >>> _ = Path("state.json").write_text(json.dumps(state))
    >>> world = read_side(Path("state.json"), account="1234567890123456")
    >>> [one.policy for one in world.accounts["1234567890123456"].users["alice"].attachments]
    ['AdministratorAccess']
    >>> world = read(Path("state.json"), account="1234567890123456")
    >>> [one.policy for one in world.accounts["1234567890123456"].users["alice"].attachments]
    ['AdministratorAccess', 'unknown-alice-0684b74a']
    """
    return _world(read_content(path), _COMPARED, account, before=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Assumed:
    """Assumptions about the parts of a company that are not in the file."""

    management: str | None = None
    full_access: bool = False
    closes_others: bool = True


_COMPARED: Final = _Assumed(full_access=True, closes_others=False)


def _world(content: Content, assumed: _Assumed, account: str | None, *, before: bool) -> World:
    number, values = account_number(content, account), Values(content, before=before)
    draft = Draft(number, catalog.load(), assumed.closes_others)
    add_entities(draft, values)
    add_attachments(draft, values)
    directory, notices = read_directory(
        values, assumed.management or number, full_access=assumed.full_access
    )
    found = _account(draft, values)
    return World({number: found}, directory, tuple(sorted({*draft.notices, *notices})))


def _account(draft: Draft, values: Values) -> Account:
    oidc, saml = providers(values)
    held = {
        kind: {name: tuple(sorted(attachments)) for name, attachments in sorted(holders.items())}
        for kind, holders in draft.held.items()
    }
    return Account(
        policies=dict(sorted(draft.policies.items())),
        system_policies=dict(sorted(draft.system_policies.items())),
        service_linked_roles=tuple(sorted(draft.service_linked_roles)),
        roles={name: Role(draft.trust[name], attached) for name, attached in held["role"].items()},
        groups=held["group"],
        users={
            name: User(tuple(sorted(draft.members.get(name, ()))), attached)
            for name, attached in held["user"].items()
        },
        oidc_providers=oidc,
        saml_providers=saml,
        resource_groups=resource_groups(values),
    )
