"""The policies that exist and may allow an action, the narrowest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.analysis.prover.statement import statements_of
from ramgate.catalog import catalog
from ramgate.language.translation import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.accounts.store import Store
    from ramgate.analysis.prover.statement import Statement

__all__ = ["Attachment", "allowing"]

Attachment: TypeAlias = "str | dict[str, str]"
"""A policy by its name; with a `type` if two policies have that name."""

_OF_ALL_SERVICES: Final = 100_000
_OF_A_SERVICE: Final = 1000
_OF_A_WILDCARD: Final = 20
_FOR_A_SERVICE: Final = "RolePolicy"
"""The end of the names of system policies that Alibaba Cloud made for the roles of its services."""
_ALL: Final = "FullAliyunAccess"
"""The policy of control levels, which no user or role holds."""


def allowing(store: Store, account: str, action: str) -> list[Attachment]:
    """Return attachments of policies with an Allow of the action, those first that allow least.

    They are the account's own policies and the catalog's system policies, without those of
    service-linked roles. The measure is rough: the services, then the actions that they name.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> store = load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> allowing(store, "1234567890123456", "alikafka:ListTopic")[:2]
    ['orders-topic-only', 'AliyunKafkaReadOnlyAccess']
    """
    linked = {role.policy for role in catalog.load().roles.values()} | {_ALL}
    own = f"{account}/"
    found = []
    for policy, document in store["policies"].items():
        name = policy.removeprefix(own)
        if document.get("format") != FORMAT or document["kind"] != "identity" or name in linked:
            continue
        if "/" in name or ":" in name or name.endswith(_FOR_A_SERVICE):
            continue
        allows = [one for one in statements_of(policy, document) if one.effect == "Allow"]
        if any(one.covers(action.lower()) for one in allows):
            found.append((*_breadth(allows), policy == name, name))
    return [
        {"policy": name, "type": "System"}
        if is_system and f"{own}{name}" in store["policies"]
        else name
        for *_, is_system, name in sorted(found)
    ]


def _breadth(allows: Sequence[Statement]) -> tuple[bool, int, int]:
    """Return whether all services are allowed, the number of services, and that of actions."""
    patterns = {pattern for one in allows for pattern in one.actions}
    services = {pattern.partition(":")[0] for pattern in patterns}
    is_broad = any(one.is_except for one in allows) or any("*" in one for one in services)
    return is_broad, len(services), sum(map(_width, patterns))


def _width(pattern: str) -> int:
    """Return a rough number of the actions that a pattern covers."""
    if "*" in pattern.partition(":")[0]:
        return _OF_ALL_SERVICES
    if pattern.endswith(":*"):
        return _OF_A_SERVICE
    return _OF_A_WILDCARD if "*" in pattern else 1
