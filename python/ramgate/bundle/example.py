"""Choose a request that the accounts allow, for the greeting of `ramgate run`."""

from __future__ import annotations

import fnmatch
import heapq
from typing import TYPE_CHECKING, Any, Final

from ramgate.language.resource_pattern import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ramgate.accounts.store import Account, Store

__all__ = ["allowed_request"]

# RAM's actions, each with an ARN of the kind of resource that it acts on.
_REQUESTS: Final = (
    ("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:{account}:alikafka_post-cn-x"),
    ("ecs:DescribeInstances", "acs:ecs:cn-hangzhou:{account}:instance/i-x"),
    ("ecs:AuthorizeSecurityGroup", "acs:ecs:cn-hangzhou:{account}:securitygroup/sg-x"),
    ("oss:GetObject", "acs:oss:*:{account}:bucket/object"),
)
_OF_THE_OWNER: Final = ("ram:ListRoles", "acs:ram:*:{account}:role/*")
_NUMBER: Final = "1234567890123456"
# Only the first few accounts and principals by name are tried: each build looks for a request.
_MOST_ACCOUNTS: Final = 10
_MOST_PRINCIPALS: Final = 50


def allowed_request(store: Store) -> dict[str, str]:
    """Return the principal, action and resource of a request that the accounts allow.

    If no request is certain to be allowed, it is one by the owner of the first account.

    >>> from ramgate import resources
    >>> from ramgate.accounts.reader import load
    >>> from ramgate.catalog import catalog
    >>> request = allowed_request(load(resources.path("examples/accounts.yaml"), catalog.load()))
    >>> request["principal"], request["action"]
    ('acs:ram::1234567890123456:user/alice', 'alikafka:ListTopic')
    """
    numbers = heapq.nsmallest(_MOST_ACCOUNTS, store["accounts"]) or [_NUMBER]
    for number in numbers:
        levels: list[list[str]] = []
        if "directory" in store and store["directory"]["management"] != number:
            levels = store["directory"]["levels"].get(number, [])
        for request, layers in _candidates(number, store["accounts"].get(number)):
            documents = [[store["policies"][name] for name in layer] for layer in layers + levels]
            if all(_allows(layer, request) for layer in documents):
                return request
    return _request(f"acs:ram::{numbers[0]}:root", numbers[0], _OF_THE_OWNER)


def _candidates(
    number: str, account: Account | None
) -> Iterator[tuple[dict[str, str], list[list[str]]]]:
    """Yield requests by an account's users, roles and owner, each with its identity policies."""
    if account is None:
        return
    principals = [
        *(("user", name, account["users"][name]) for name in _first(account["users"])),
        *(("role", name, account["roles"][name]) for name in _first(account["roles"])),
    ]
    for kind, name, scopes in principals:
        for tried in _REQUESTS:
            principal = f"acs:ram::{number}:{kind}/{name}"
            yield _request(principal, number, tried), [scopes["policies"]]
    yield _request(f"acs:ram::{number}:root", number, _OF_THE_OWNER), []


def _first(names: Iterable[str]) -> list[str]:
    return heapq.nsmallest(_MOST_PRINCIPALS, names)


def _request(principal: str, number: str, tried: tuple[str, str]) -> dict[str, str]:
    action, resource = tried
    return {
        "principal": principal,
        "action": action,
        "resource": resource.format(account=number),
    }


def _allows(layer: Iterable[Mapping[str, Any]], request: Mapping[str, str]) -> bool:
    """True only if the policies of a layer allow the request, whatever its context is.

    In doubt it is False: for a layer with any Deny or an unreadable document, and for an Allow with
    conditions.
    """
    is_allowed = False
    # 3.5: a region `*` is the same as an empty one
    resource = request["resource"].replace(":*:", "::", 1)
    for document in layer:
        if "unreadable" in document:
            return False
        statements = document["statements"]
        if any(statement["effect"] == "Deny" for statement in statements):
            return False
        is_allowed |= any(
            "conditions" not in statements[index] and _covers(statements[index], resource)
            for index in _positions(document, request["action"].lower())
        )
    return is_allowed


def _positions(document: Mapping[str, Any], action: str) -> set[int]:
    """Return the positions of the statements whose `Action` matches."""
    found = set(document["actions"].get(action, ()))
    of_service = document["wildcards"].get(action.partition(":")[0], {})
    for pattern, indexes in (*of_service.items(), *document["service_wildcards"].items()):
        if fnmatch.fnmatchcase(action, pattern):
            found.update(indexes)
    return found


def _covers(statement: Mapping[str, Any], resource: str) -> bool:
    return (
        statement.get("any_resource", False)
        or resource in statement.get("resources", ())
        or any(resource.startswith(text) for text in statement.get("resource_prefixes", ()))
        or any(matches(pattern, resource) for pattern in statement.get("resource_patterns", ()))
    )
