"""The result of `ramgate who-can`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ramgate.model.decision import NO_CONTEXT, Context, Request, Statement

__all__ = [
    "Answer",
    "Asked",
    "Condition",
    "Holding",
    "NotDecided",
    "Permission",
    "When",
    "WhoCan",
]

Answer: TypeAlias = Literal["every", "some", "none"]


class Asked(msgspec.Struct, frozen=True):
    """The question: the requests of any principal for `action` on `resource`, in this context.

    `unknown` are the keys that may have any value or be absent; with `any_context` all keys are.

    >>> Asked("alikafka:ListTopic", "*").resource
    '*'
    """

    action: str
    resource: str
    context: Context = NO_CONTEXT
    unknown: tuple[str, ...] = ()
    any_context: bool = False


class Condition(msgspec.Struct, frozen=True, gc=False):
    """A condition of a statement, in RAM's words.

    `policy` and `index` are `None` if an attachment makes the condition: its resource group.

    >>> print(Condition("StringEquals", "sts:ExternalId", ("x",), "trust:App", 0))
    StringEquals sts:ExternalId x (trust:App[0])
    """

    operator: str
    key: str
    values: tuple[str, ...]
    policy: str | None
    index: int | None

    def __str__(self) -> str:
        place = "" if self.policy is None else f" ({self.policy}[{self.index}])"
        return f"{self.operator} {self.key} {', '.join(self.values)}{place}"


class When(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tree of conditions: it holds if one of `any` and all of `all` hold, and not `unless`.

    `None` is no requirement. An empty `any` never holds.

    >>> secure = Condition("Bool", "acs:SecureTransport", ("true",), "own", 0)
    >>> office = Condition("IpAddress", "acs:SourceIp", ("10.0.0.0/8",), "own", 1)
    >>> print(When(all=(secure,), unless=office))
    Bool acs:SecureTransport true (own[0]), unless IpAddress acs:SourceIp 10.0.0.0/8 (own[1])
    """

    any: tuple[Condition | When, ...] | None = None
    all: tuple[Condition | When, ...] | None = None
    unless: Condition | When | None = None

    def __str__(self) -> str:
        parts = []
        if self.any is not None:
            parts.append(" or ".join(map(_inner, self.any)) or "never")
        if self.all is not None:
            parts.append(" and ".join(map(_inner, self.all)))
        text = " and ".join(parts)
        if self.unless is None:
            return text
        return f"{text}{', ' * bool(text)}unless {_inner(self.unless)}"


def _inner(node: Condition | When) -> str:
    return f"({node})" if isinstance(node, When) else str(node)


class Holding(msgspec.Struct, frozen=True, gc=False):
    """How a principal comes by a policy.

    * `policy`: the name of the policy, as in `statements`.
    * `to`: `user`, `group` or `role` if it is attached to the principal or to a group of the user,
      with its `name`; `trust` if it is the trust policy of the role `name`.
    * `resource_group`: the resource group that it is attached to, `None` for the account.

    >>> print(Holding("AliyunKafkaFullAccess", "user", "alice"))
    AliyunKafkaFullAccess attached to user alice
    """

    policy: str
    to: Literal["user", "group", "role", "trust"]
    name: str
    resource_group: str | None = None

    def __str__(self) -> str:
        if self.to == "trust":
            return f"{self.policy} of role {self.name}"
        group = f" in {self.resource_group}" if self.resource_group else ""
        return f"{self.policy} attached to {self.to} {self.name}{group}"


class Permission(msgspec.Struct, frozen=True, gc=False):
    """The answer for one principal or service.

    * `answer`: `every` if all requests that were asked about are allowed, `none` if none is; both
      are proved if there are several. `some` comes with a `witness` and a `gap`.
    * `always`: True if no unknown key matters. `when`: the conditions under which the request is
      allowed, if the question is one action and one resource and leaves keys open.
    * `witness`: a request that is allowed; `gap`: one that is denied. `None` if there is none.
    * `statements`: the statements that decide on `witness`, else on `gap`.
    * `through`: how the principal comes by the policies of these statements.

    >>> request = Request("acs:ram::1234567890123456:root", "alikafka:ListTopic", "*")
    >>> Permission(request.principal, "every", witness=request).gap is None
    True
    """

    principal: str
    answer: Answer
    always: bool = True
    when: Condition | When | None = None
    witness: Request | None = None
    gap: Request | None = None
    statements: tuple[Statement, ...] = ()
    through: tuple[Holding, ...] = ()


class NotDecided(msgspec.Struct, frozen=True):
    """A principal that was not decided, and the reason.

    >>> NotDecided("acs:ram::6543210987654321:root", "the accounts do not contain it").reason
    'the accounts do not contain it'
    """

    principal: str
    reason: str


class WhoCan(msgspec.Struct, frozen=True):
    """The answer for every principal of the accounts, and for services that a role trusts.

    `classes` is the number of requests that were decided: principals with the same policies have
    the same answer.

    >>> WhoCan(Asked("alikafka:ListTopic", "*"), classes=0).allowed
    ()
    """

    asked: Asked
    principals: tuple[Permission, ...] = ()
    services: tuple[Permission, ...] = ()
    not_decided: tuple[NotDecided, ...] = ()
    classes: int = 0

    @property
    def allowed(self) -> tuple[Permission, ...]:
        """The principals and services with another answer than `none`."""
        return tuple(one for one in self.principals + self.services if one.answer != "none")
