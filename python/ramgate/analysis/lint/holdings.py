"""Find policies and roles of an account that have no effect, or another one than meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import is_anything

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.account import Accounts, Attachment, Scope
    from ramgate.analysis.lint.document import Document, Statement

__all__ = ["CHECKS"]

_FULL: Final = "FullAliyunAccess"
_ASSUME: Final = "AliyunSTSAssumeRoleAccess"


@check("POLICY_UNUSED", Level.SUGGESTION, "A policy that is attached to nothing")
def _policy_unused(accounts: Accounts) -> Iterator[Remark]:
    for scope in accounts.scopes:
        used = {
            attachment.policy
            for holder in scope.holders
            for attachment in holder.attachments
            if not attachment.is_system
        }
        for name, document in scope.policies.items():
            if name not in used:
                yield Remark(
                    document.named_at or document.place,
                    f"the policy `{name}` is attached to nothing: it changes no decision",
                    "attach it, or leave it out",
                )


@check("ROLE_UNUSED", Level.SUGGESTION, "A role without policies, or one that is never assumed")
def _role_unused(accounts: Accounts) -> Iterator[Remark]:
    for scope in accounts.scopes:
        there = {
            f"acs:ram::{scope.number}:{holder.kind}/{holder.name.lower()}"
            for holder in scope.holders
        }
        for holder in scope.holders:
            if holder.trust is None:
                continue
            if not holder.attachments:
                yield Remark(
                    holder.place,
                    f"the role `{holder.name}` holds no policy: who assumes it may do nothing",
                    "attach a policy to it, or leave it out",
                )
            elif _admits_only_absent(holder.trust, scope, there):
                yield Remark(
                    holder.place,
                    f"the role `{holder.name}` trusts only users and roles that are not in the"
                    " account: it is never assumed",
                    "mend its `trust`, or leave the role out",
                )


def _admits_only_absent(trust: Document, scope: Scope, there: set[str]) -> bool:
    admitted = [
        text.value
        for statement in trust.statements
        if statement.allows
        for _, text in statement.principals
    ]
    own = tuple(f"acs:ram::{scope.number}:{kind}/" for kind in ("user", "role"))
    return bool(admitted) and all(
        one.startswith(own) and one.lower() not in there for one in admitted
    )


@check("ASSUME_ROLE_IN_RESOURCE_GROUP", Level.WARNING, "`sts:AssumeRole` in a resource group")
def _assume_role(accounts: Accounts) -> Iterator[Remark]:
    for scope in accounts.scopes:
        for holder in scope.holders:
            for attachment in holder.attachments:
                if attachment.resource_group and _is_for_assuming(attachment, scope):
                    yield Remark(
                        attachment.place,
                        f"`{attachment.policy}` allows `sts:AssumeRole`, which has no effect in a"
                        " resource group: a role is in none",
                        "attach it to the account, without `resource_group`",
                    )


def _is_for_assuming(attachment: Attachment, scope: Scope) -> bool:
    document = None if attachment.is_system else scope.policies.get(attachment.policy)
    if document is None:
        return attachment.policy == _ASSUME
    return any(
        statement.allows
        and any(text.value.lower().startswith("sts:a") for text in statement.actions)
        for statement in document.statements
    )


@check(
    "FULL_ALIYUN_ACCESS_LEFT", Level.WARNING, "A list of allowed actions beside FullAliyunAccess"
)
def _full_access_left(accounts: Accounts) -> Iterator[Remark]:
    for scope in accounts.scopes:
        for holder in scope.holders:
            full = [one for one in holder.attachments if one.policy == _FULL]
            lists = [one.policy for one in holder.attachments if _is_allow_list(one, scope)]
            if holder.kind == "level" and full and lists:
                yield Remark(
                    full[0].place,
                    f"`{_FULL}` allows everything at this level, so the list of `{lists[0]}`"
                    " restricts nothing",
                    f"leave `{_FULL}` out here, or write `{lists[0]}` as a Deny",
                )


def _is_allow_list(attachment: Attachment, scope: Scope) -> bool:
    document = scope.policies.get(attachment.policy)
    return document is not None and any(map(_is_list, document.statements))


def _is_list(statement: Statement) -> bool:
    return statement.allows and not any(is_anything(text.value) for text in statement.actions)


CHECKS: Final = (_policy_unused, _role_unused, _assume_role, _full_access_left)
