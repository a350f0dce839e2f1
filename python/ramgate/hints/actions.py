"""Actions and services: the name that was probably meant, and the ARN forms of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.catalog import actions
from ramgate.documents.near import nearest
from ramgate.language.grammar import WILDCARD
from ramgate.model.hint import NearAction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.catalog.service import Service
    from ramgate.model.explanation import Explained

__all__ = ["alias", "forms", "is_named", "meant_action", "names", "near_action"]

_MOST_FORMS: Final = 2
# Services that people take for each other: DNS, billing, load balancers, networks, delivery,
# messages, registries of containers.
_GROUPS: Final = (
    frozenset({"alidns", "domain", "httpdns", "pvtz"}),
    frozenset({"bss", "bssapi"}),
    frozenset({"alb", "nlb", "slb"}),
    frozenset({"ecs", "vpc"}),
    frozenset({"cdn", "dcdn"}),
    frozenset({"alikafka", "amqp", "mns", "mq", "rocketmq"}),
    frozenset({"cr", "cs"}),
)


def near_action(action: str, answer: Explained) -> NearAction | None:
    """Return the action that was probably meant in a denied request; None if the name is known."""
    decision = answer.decision
    if decision.allow or decision.effect == "ExplicitDeny":
        return None
    held = {one.action.pattern for one in answer.considered if one.action.pattern}
    return meant_action(action, [one for one in held if not WILDCARD.search(one)])


def meant_action(action: str, held: Iterable[str] = ()) -> NearAction | None:
    """Return the action of the catalog, or a held one, that an unknown name probably stands for.

    >>> meant_action("alikafka:GetTopicList").actions, meant_action("alikafka:ListTopic")
    (('alikafka:ListTopic',), None)
    """
    code, _, name = action.partition(":")
    service, product = actions.service(code), actions.product_codes().get(code.lower())
    if service is not None and (service.find(name) or not product):
        return _within(service, action, held)
    meant = product or nearest(code, actions.codes())
    return _near(action, f"{meant}:{name}") if meant else None


def is_named(action: str, answer: Explained) -> bool:
    """True if a considered statement has the action in full, not only a pattern for it."""
    return any(one.action.pattern == action.lower() for one in answer.considered)


def _within(service: Service, action: str, held: Iterable[str]) -> NearAction | None:
    """Return an action of a known service: of an API operation, of the catalog, or a held one."""
    name = action.partition(":")[2].lower()
    found = service.actions.values()
    needed = [str(one) for one in found if name in map(str.lower, one.operations)]
    if service.find(name):
        return None
    if needed:
        return NearAction(given=action, actions=tuple(needed), is_operation=True)
    if name in map(str.lower, service.operations):
        return None
    near = nearest(name, [one.name for one in found])
    return _near(action, f"{service.code}:{near}" if near else nearest(action, held))


def _near(action: str, meant: str) -> NearAction | None:
    return NearAction(given=action, actions=(meant,), is_operation=False) if meant else None


def forms(action: str) -> tuple[str, ...]:
    """Return the forms of the ARNs that the catalog knows for an action, or for its service.

    >>> forms("alikafka:DeleteTopic")
    ('acs:alikafka:{#regionId}:{#accountId}:{#InstanceId}', 'acs:alikafka:*:*:{instanceid}')
    """
    code, _, name = action.partition(":")
    service = actions.service(code)
    if service is None:
        return ()
    found = service.find(name)
    named = [form.template for form in found.resources if not form.is_any] if found else []
    return tuple(named or service.arn_forms.values())[:_MOST_FORMS]


def alias(service: str, held: Iterable[str]) -> str | None:
    """Return the held service that is easily taken for another one.

    >>> alias("alidns", ["ecs", "domain"]), alias("log", ["sls"]), alias("log", ["ecs"])
    ('domain', 'sls', None)
    """
    codes = actions.product_codes()
    for other in sorted(held):
        taken = any({service, other} <= group for group in _GROUPS)
        if taken or codes.get(other) == service or nearest(service, [other]):
            return other
    return None


def names(service: str, other: str) -> str | None:
    """Return the products' names of two services; None if the catalog lacks one.

    >>> names("alidns", "domain")
    '`domain` is Domains, `alidns` is Alibaba Cloud DNS (DNS)'
    """
    products = [found.names[:1] for found in map(actions.service, (other, service)) if found]
    if [len(one) for one in products] != [1, 1]:
        return None
    return f"`{other}` is {products[0][0]}, `{service}` is {products[1][0]}"
