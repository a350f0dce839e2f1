"""Complete OPA's answer: the hints that need the catalog, the accounts or a near spelling.

They explain a decision, and change none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ramgate.catalog.actions import codes
from ramgate.hints import accounts, actions, keys
from ramgate.language.grammar import WILDCARD
from ramgate.model import hint
from ramgate.model.explanation import Explained, Explanation

if TYPE_CHECKING:
    from ramgate.accounts.store import Store
    from ramgate.model.decision import Request
    from ramgate.model.explanation import Hint

__all__ = ["complete", "misspelt", "with_accounts"]

# the causes that stay before a misspelt action
_BEFORE = (
    hint.UnknownName,
    hint.OwnerCannotAssume,
    hint.UnreadablePolicy,
    hint.NothingAttached,
)


def complete(request: Request, answer: Explained) -> Explanation:
    """Return the explanation of a request: OPA's answer, and the hints from the catalog.

    An answer that is complete stays as it is.

    >>> from ramgate import Request
    >>> request = Request("acs:ram::1234567890123456:user/carol", "alikafka:GetTopicList", "*")
    >>> explanation = complete(request, client.explain(
    ...     request.principal, request.action, request.resource
    ... ).answer)
    >>> [one.code for one in explanation.hints]
    ['nothing_attached', 'near_action']
    """
    known = (one for one in answer.hints if not isinstance(one, hint.NearAction))
    hints = [_completed(one, request) for one in known]
    near = actions.near_action(request.action, answer)
    if near is not None:
        # an action that a statement names is hardly a typo, although the catalog lacks it
        is_named = actions.is_named(request.action, answer)
        hints.insert(sum(is_named or isinstance(one, _BEFORE) for one in hints), near)
    fields = {name: getattr(answer, name) for name in Explained.__struct_fields__}
    return Explanation(**{**fields, "hints": tuple(hints)}, request=request)


def with_accounts(explanation: Explanation, store: Store) -> Explanation:
    """Return the explanation with the nearest names of the accounts that OPA decides by.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    >>> alcie = "acs:ram::1234567890123456:user/alcie"
    >>> explanation = client.explain(alcie, "alikafka:ListTopic", "*")
    >>> with_accounts(explanation, store).cause
    'account `1234567890123456` has no user `alcie`: did you mean `user/alice`?'
    """
    hints = tuple(
        msgspec.structs.replace(one, near=accounts.near(one, store))
        if isinstance(one, hint.UnknownName)
        else one
        for one in explanation.hints
    )
    return msgspec.structs.replace(explanation, hints=hints)


def misspelt(action: str) -> str:
    """Return a sentence about an action, or a pattern, that is probably misspelt, else nothing.

    Of a pattern, only the service is looked up.

    >>> misspelt("alikafka:DeleteTopci")
    '`alikafka:DeleteTopci` is not a known action: did you mean `alikafka:DeleteTopic`?'
    >>> misspelt("alikafka:DeleteTopci*"), misspelt("alikafka:DeleteTopic")
    ('', '')
    """
    code, _, name = action.partition(":")
    if WILDCARD.search(code) or (WILDCARD.search(name) and code.lower() in codes()):
        return ""
    found = actions.meant_action(action)
    return "" if found is None else str(found)


def _completed(one: Hint, request: Request) -> Hint:
    match one:
        case hint.KeyAbsent():
            return msgspec.structs.replace(
                one,
                near=keys.near(one.key, request.context) or None,
                not_filled_by_service=keys.is_not_filled_in(one.key, request.action),
            )
        case hint.WildcardResourceAsked():
            return msgspec.structs.replace(one, forms=actions.forms(request.action))
        case hint.NoStatementForService():
            alias = actions.alias(one.service, one.services)
            note = actions.names(one.service, alias) if alias else None
            return msgspec.structs.replace(one, alias=alias, note=note)
        case _:
            return one
