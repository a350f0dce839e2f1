"""The shape of a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ramgate.model.decision import Decision, Policy, Request

__all__ = ["KINDS", "AlsoAllows", "Change", "Fix", "Kind"]

Kind: TypeAlias = Literal[
    "add_statement",
    "ask_control_policy",
    "attach_policy",
    "create_service_linked_role",
    "except_from_deny",
    "give_context",
    "move_to_account_scope",
    "relax_condition",
    "trust_principal",
    "widen_action",
    "widen_resource",
]

KINDS: Final[Mapping[Kind, str]] = {
    "give_context": "ask with another context",
    "create_service_linked_role": "create the service-linked role",
    "widen_resource": "add the resource to the statement",
    "widen_action": "add the action to the statement",
    "trust_principal": "let the role trust the principal",
    "add_statement": "attach a new policy with one statement",
    "except_from_deny": "except the principal from the Deny",
    "move_to_account_scope": "attach the policy for the whole account",
    "relax_condition": "remove the condition",
    "attach_policy": "attach a policy that exists",
    "ask_control_policy": "ask the directory's administrator for a control policy",
}
"""Each kind in words. Among fixes that allow equally little, an earlier kind comes first."""


class Change(msgspec.Struct, frozen=True):
    """One step of a patch, as in RFC 6902: `path` is a JSON pointer into the file.

    `file` is an accounts file, or `request` for a change of the request itself.

    >>> print(Change("request", "add", "/context/oss:Prefix", "reports/"))
    request: add /context/oss:Prefix "reports/"
    """

    file: str
    op: Literal["add", "remove", "replace"]
    path: str
    value: object = None

    def __str__(self) -> str:
        value = "" if self.op == "remove" else f" {msgspec.json.encode(self.value).decode()}"
        return f"{self.file}: {self.op} {self.path}{value}"


class AlsoAllows(msgspec.Struct, frozen=True, omit_defaults=True):
    """The other requests that a fix allows.

    If `proved` is true, it allows none but `only`. Otherwise `request` is one that it allows, which
    OPA has decided before and after the change, or `not_decided` says why neither a proof nor a
    request was found.

    >>> print(AlsoAllows(proved=True, only="nothing"))
    allows nothing else: proved
    >>> print(AlsoAllows(proved=False, not_decided="the time is over"))
    whether it allows more is not decided: the time is over
    """

    proved: bool
    only: str | None = None
    request: Request | None = None
    not_decided: str | None = None

    def __str__(self) -> str:
        if self.proved:
            return (
                f"allows {self.only} else: proved"
                if self.only == "nothing"
                else (f"allows only {self.only}: proved")
            )
        if self.request is None:
            return f"whether it allows more is not decided: {self.not_decided}"
        asked = f"{self.request.principal} {self.request.action} {self.request.resource}"
        given = self.request.context
        context = f" with {msgspec.json.encode(given).decode()}" if given else ""
        return f"also allows, for example: {asked}{context}"


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A change after which the request is allowed, as OPA decided on a copy of the accounts.

    `patch` lists the steps. `document` is a policy that the patch adds, and `attach_to` the ARN to
    which it is attached; both are None for other kinds. `decision` is that after the change.

    >>> from ramgate import Request, resources
    >>> from ramgate.analysis.fixes import fixes
    >>> path = resources.path("examples/accounts.yaml")
    >>> topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    >>> carol = Request("acs:ram::1234567890123456:user/carol", "alikafka:ListTopic", topic)
    >>> fix = fixes(path, carol)[0]
    >>> fix.kind, fix.attach_to, fix.also_allows.proved
    ('add_statement', 'acs:ram::1234567890123456:user/carol', True)
    """

    kind: Kind
    patch: tuple[Change, ...]
    document: Policy | None = None
    attach_to: str | None = None
    decision: Decision
    also_allows: AlsoAllows

    def __str__(self) -> str:
        steps = "".join(f"\n    {one}" for one in self.patch)
        return f"{self.kind}: {KINDS[self.kind]}; {self.also_allows}{steps}"
