"""Move the plain grants of a policy out of its statements.

A plain grant is an Allow of one literal resource with a region and an account, without conditions,
of actions that no other statement of the policy applies to. An account's own policies consist
mostly of such grants. Kept with the policy, `[index, resource]` by action, a million of them fit
into memory; an entry each would not.
"""

from __future__ import annotations

import collections
import itertools
from typing import TYPE_CHECKING, Any, Final

from ramgate.language.resource_pattern import FIELDS
from ramgate.tables.actions import ASSUMING, LONGEST, indexes_about

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.tables.actions import Document

__all__ = ["with_grants"]

# the effect and the resources
_FIELDS_OF_A_GRANT: Final = 2


def with_grants(document: Document) -> Document:
    """Return the document with its plain grants under `grants`, by action.

    A statement of which they leave nothing becomes None. A document without plain grants is
    returned itself.
    """
    if document["kind"] == "trust":  # its statements have no resources
        return document
    actions: Mapping[str, list[int]] = document["actions"]
    actions_of = collections.defaultdict(list)
    for action, indexes in actions.items():
        for index in indexes:
            actions_of[index].append(action)
    for pattern in (document["service_wildcards"], *document["wildcards"].values()):
        for index in itertools.chain(*pattern.values()):
            actions_of.pop(index, None)
    statements = list(document["statements"])
    grants: dict[str, list[object]] = {}
    for index, names in actions_of.items():
        if _is_plain(statements[index]) and _is_alone(document, names):
            [resource] = statements[index]["resources"]
            for action in names:
                grants[action] = [index, resource]
            statements[index] = None
    if not grants:
        return document
    left = {action: indexes for action, indexes in actions.items() if action not in grants}
    return {**document, "statements": statements, "actions": left, "grants": grants}


def _is_alone(document: Document, actions: Iterable[str]) -> bool:
    """True if one statement applies to each of the actions, and a table may decide on each."""
    for action in actions:
        if action in ASSUMING or len(action) > LONGEST:
            return False
        if len(indexes_about(document, action)) != 1:
            return False
    return True


def _is_plain(statement: Mapping[str, Any]) -> bool:
    resources = statement.get("resources", ())
    if len(resources) != 1 or len(statement) != _FIELDS_OF_A_GRANT:
        return False
    # the translator writes no `resources` of a Deny, but as a grant it would allow
    if statement["effect"] != "Allow":
        return False
    _, service, region, account, _ = resources[0].split(":", FIELDS - 1)
    # 3.4: an ARN of RAM may be a role's, which is compared without case
    # 3.5: an empty field is compared with one that the request does not state
    return bool(service != "ram" and region and account)
