"""Find statements that grant more than one task needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import ANY_NAME, fields, has_wildcard, is_anything, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document, Statement, Text

__all__ = ["CHECKS"]

_USER: Final = f"user/{ANY_NAME}"
_GROUP: Final = f"group/{ANY_NAME}"
_ROLE: Final = f"role/{ANY_NAME}"
_POLICY: Final = f"policy/{ANY_NAME}"
_ADMINISTRATOR: Final = "policy/AdministratorAccess"


class _Way(NamedTuple):
    """An action that gives its holder more, if it is allowed on all of these relative ids."""

    name: str
    on: tuple[str, ...]
    gain: str
    service: str = "ram"


_WAYS: Final = (
    _Way("CreatePolicyVersion", (_POLICY,), "rewrites a policy that it holds"),
    _Way(
        "SetDefaultPolicyVersion", (_POLICY,), "puts an older, wider version of a policy in force"
    ),
    _Way("AttachPolicyToUser", (_USER, _ADMINISTRATOR), "attaches AdministratorAccess to a user"),
    _Way(
        "AttachPolicyToGroup", (_GROUP, _ADMINISTRATOR), "attaches AdministratorAccess to a group"
    ),
    _Way("AttachPolicyToRole", (_ROLE, _ADMINISTRATOR), "attaches AdministratorAccess to a role"),
    _Way("AddUserToGroup", (_USER, _GROUP), "joins the administrators' group"),
    _Way("UpdateRole", (_ROLE,), "lets itself assume an administrator's role"),
    _Way("CreateAccessKey", (_USER,), "gets an AccessKey of an administrator"),
    _Way("CreateLoginProfile", (_USER,), "gives an administrator a password"),
    _Way("UpdateLoginProfile", (_USER,), "sets the password of an administrator"),
    _Way("AttachPolicy", (ANY_NAME,), "attaches AdministratorAccess to itself", "resourcemanager"),
)
# policies write RAM's actions with either code
_CODES: Final = {"ims": "ram", "ram": "ram", "resourcemanager": "resourcemanager"}


@check(
    "SERVICE_ADMIN", Level.SECURITY, "An Allow of every action of a service on all its resources"
)
def _service_admin(document: Document) -> Iterator[Remark]:
    for statement, action in _unconditional_actions(document):
        code, _, name = action.value.partition(":")
        # `ram:*` leads to everything: see PRIVILEGE_ESCALATION
        if not is_anything(name) or has_wildcard(code) or code.lower() in _CODES:
            continue
        if _is_about_all(statement, code.lower()):
            yield Remark(
                action.place,
                f"allows everything in `{code}`, deletion too, on every resource",
                "name the actions, or the resources, that the task needs",
            )


@check("ALLOW_NOT_ACTION", Level.SECURITY, "An Allow of every action that is not listed")
def _allow_not_action(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        if statement.allows and statement.not_actions:
            yield Remark(
                statement.place / "NotAction",
                "allows every action that is not listed, in every service, also in services that"
                " do not exist yet",
                "list the actions to allow as `Action`",
            )


@check("PASS_ROLE_WIDE", Level.SECURITY, "`ram:PassRole` for every role")
def _pass_role_wide(document: Document) -> Iterator[Remark]:
    for statement, action in _passes(document):
        if _reaches(statement, "ram", _ROLE):
            yield Remark(
                action.place,
                "may hand every role to a service that it trusts, also an administrator's role",
                "name the roles in `Resource`, such as `acs:ram:*:*:role/app`",
            )


@check("PASS_ROLE_ANY_SERVICE", Level.SECURITY, "`ram:PassRole` to every service")
def _pass_role_any_service(document: Document) -> Iterator[Remark]:
    for statement, action in _passes(document):
        if not any(condition.key == "acs:Service" for condition in statement.conditions):
            yield Remark(
                action.place,
                "may hand the roles to every service that they trust",
                'add `"StringEquals": {"acs:Service": "fc.aliyuncs.com"}`, with the service that'
                " needs the role",
            )


@check("PRIVILEGE_ESCALATION", Level.SECURITY, "An action that may lead to every permission")
def _escalation(document: Document) -> Iterator[Remark]:
    for statement, action in _unconditional_actions(document):
        code, _, name = action.value.lower().partition(":")
        service = _CODES.get(code, "")
        ways = [
            way
            for way in _WAYS
            if way.service == service
            and matches(name, way.name.lower())
            and all(_reaches(statement, service, one) for one in way.on)
        ]
        if ways:
            others = f", and there are {len(ways) - 1} more ways" if ways[1:] else ""
            yield Remark(
                action.place,
                f"the holder of `{action}` may get every permission: by `{code}:{ways[0].name}` it"
                f" {ways[0].gain}{others}",
                "name the users, groups, roles and policies that it may change in `Resource`",
            )


def _unconditional_actions(document: Document) -> Iterator[tuple[Statement, Text]]:
    """Yield the actions of the Allow statements without conditions."""
    for statement in document.statements:
        if statement.allows and not statement.conditions and not document.is_trust:
            for action in statement.actions:
                yield statement, action


def _passes(document: Document) -> Iterator[tuple[Statement, Text]]:
    """Yield each Allow of `ram:PassRole` and of patterns that match it, but not of `ram:*`."""
    for statement in document.statements:
        for action in statement.actions if statement.allows else ():
            code, _, name = action.value.lower().partition(":")
            if code == "ram" and not is_anything(name) and matches(name, "passrole"):
                yield statement, action


def _is_about_all(statement: Statement, service: str) -> bool:
    """True if the statement is about all resources, or about all resources of the service."""
    for resource in statement.resources:
        found = fields(resource.value)
        if is_anything(resource.value) or (
            found and matches(found[1], service) and all(map(is_anything, found[2:]))
        ):
            return True
    return False


def _reaches(statement: Statement, service: str, relative_id: str) -> bool:
    """True if the statement is about a relative id of the service, in some account."""
    for resource in statement.resources:
        found = fields(resource.value)
        if is_anything(resource.value) or (
            found and matches(found[1], service) and matches(found[4], relative_id)
        ):
            return True
    return False


CHECKS: Final = (
    _service_admin,
    _allow_not_action,
    _pass_role_wide,
    _pass_role_any_service,
    _escalation,
)
