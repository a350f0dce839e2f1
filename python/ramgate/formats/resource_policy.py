"""Recognize the policies of resources, such as bucket policies, which ramgate does not decide.

They look like RAM's policy documents, but name a `Principal` beside a `Resource`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["describe"]

_NOUNS: Final = {"oss": "a bucket policy", "kms": "a key policy"}
_OTHER: Final = "the policy of a resource, such as a VPC endpoint"
_DECIDED: Final = "ramgate decides identity, control, session and trust policies"


def describe(document: object) -> str:
    """Return a message if the document is the policy of a resource, else an empty text.

    A statement of such a policy has a `Principal` and a `Resource`, and its actions are not those
    of STS. A trust policy with a `Resource` by mistake is not one.

    >>> statement = {"Effect": "Allow", "Principal": ["*"], "Resource": ["acs:oss:*:*:b/*"]}
    >>> describe({"Version": "1", "Statement": [{**statement, "Action": "oss:GetObject"}]})
    'is a bucket policy: ramgate decides identity, control, session and trust policies'
    >>> describe({"Version": "1", "Statement": [{**statement, "Action": "sts:AssumeRole"}]})
    ''
    """
    found = [statement for statement in _statements(document) if "Principal" in statement]
    actions = {action.lower() for statement in found for action in _actions(statement)}
    services = {action.partition(":")[0] for action in actions}
    if "sts" in services or not any(map(_is_of_a_resource, found)):
        return ""
    noun = _NOUNS.get(next(iter(services)), _OTHER) if len(services) == 1 else _OTHER
    return f"is {noun}: {_DECIDED}"


def _statements(document: object) -> Iterator[Mapping[str, object]]:
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, Mapping):
            yield statement


def _is_of_a_resource(statement: Mapping[str, object]) -> bool:
    """True if a statement with a `Principal` is one of a resource's policy.

    The action `*` is also that of a trust policy, which has an object as its `Principal`.
    """
    if "Resource" not in statement:
        return False
    return not isinstance(statement["Principal"], Mapping) or "*" not in _actions(statement)


def _actions(statement: Mapping[str, object]) -> list[str]:
    value = statement.get("Action", statement.get("NotAction"))
    actions = value if isinstance(value, list) else [value]
    return [action for action in actions if isinstance(action, str)]
