"""The result of `ramgate who-can`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ramgate.model.decision import NO_CONTEXT, Context, Request, Statement

__all__ = ["Answer", "Asked", "Holding", "NotDecided", "Permission", "WhoCan"]

Answer: TypeAlias = Literal["every", "some", "none"]


class Asked(msgspec.Struct, frozen=True):
    """The question: the requests of any principal for `action` on `resource`, in this context.

    >>> Asked("alikafka:ListTopic", "*").resource
    '*'
    """

    action: str
    resource: str
    context: Context = NO_CONTEXT


class Holding(msgspec.Struct, frozen=True, gc=False):
    """How a principal comes by a policy.

    * `policy`: the name of the policy, as in `statements`.
    * `to`: `user` or `role` if it is attached to the principal, or to a group of the user; `trust`
      if it is the trust policy of the role `name`.
    * `resource_group`: the resource group that it is attached to, `None` for the account.

    >>> print(Holding("AliyunKafkaFullAccess", "user", "alice"))
    AliyunKafkaFullAccess attached to user alice
    """

    policy: str
    to: Literal["user", "role", "trust"]
    name: str
    resource_group: str | None = None

    def __str__(self) -> str:
        if self.to == "trust":
            return f"{self.policy} of role {self.name}"
        group = f" in {self.resource_group}" if self.resource_group else ""
        return f"{self.policy} attached to {self.to} {self.name}{group}"


class Permission(msgspec.Struct, frozen=True, gc=False):
    """The answer for one principal or service.

    * `answer`: `every` if all requests that were asked about are allowed, `none` if none is.
    * `witness`: a request that is allowed; `gap`: one that is denied. `None` if there is none.
    * `statements`: the statements that decide on `witness`, else on `gap`.
    * `through`: how the principal comes by the policies of these statements.

    >>> request = Request("acs:ram::1234567890123456:root", "alikafka:ListTopic", "*")
    >>> Permission(request.principal, "every", witness=request).gap is None
    True
    """

    principal: str
    answer: Answer
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
