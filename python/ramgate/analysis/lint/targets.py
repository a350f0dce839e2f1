"""Find actions that no resource of their statement fits."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import (
    ANY_NAME,
    SEGMENT,
    fields,
    has_wildcard,
    is_anything,
    matches,
    overlaps,
)
from ramgate.catalog import actions
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document, Statement, Text
    from ramgate.catalog.service import Action, Service

__all__ = ["CHECKS"]

# the page of this action prints the ARN of a group in the place of the policy's
_DOUBTFUL: Final = ("ram:getpolicyversion",)
_READING: Final = ("Describe", "Get", "List", "Query")
_PLACEHOLDER: Final = re.compile(r"\$?\{[^{}]*\}|<[^<>]*>|\[[^\[\]]*\]|\$[A-Za-z]+")


class _Form(NamedTuple):
    """The form of an ARN: its service, its relative id as a pattern, and both for a message."""

    service: str
    relative_id: str
    text: str


@check(
    "ACTION_RESOURCE_MISMATCH", Level.WARNING, "An action that no resource of its statement fits"
)
def _mismatch(document: Document) -> Iterator[Remark]:
    for statement in _with_named_resources(document):
        groups: dict[tuple[_Form, ...], list[Text]] = {}
        for text in statement.actions:
            forms = _forms(text.value.lower())
            if forms and not any(_fits(resource.value, forms) for resource in statement.resources):
                groups.setdefault(forms, []).append(text)
        for forms, texts in groups.items():
            yield Remark(
                texts[0].place,
                f"no resource of this statement fits {_names(texts)}: it {statement.verb} no"
                f" request for {_them(texts)}",
                f"write {_names(texts)} for a resource such as `{forms[0].text}`",
            )


@check(
    "NO_RESOURCE_LEVEL", Level.WARNING, "Resources for an action that is checked against `*` only"
)
def _no_resource_level(document: Document) -> Iterator[Remark]:
    for statement in _with_named_resources(document):
        texts = [text for text in statement.actions if _is_for_all_resources(text.value.lower())]
        if texts and not any(_is_wide(resource.value) for resource in statement.resources):
            yield Remark(
                texts[0].place,
                f"RAM checks {_names(texts)} against the resource `*` only: this statement names"
                f" others and {statement.verb} no request for {_them(texts)}",
                f'put {_them(texts)} into a statement with `"Resource": "*"`',
            )


def _names(texts: list[Text]) -> str:
    return join_names(text.value for text in texts)


def _them(texts: list[Text]) -> str:
    return "them" if texts[1:] else "it"


def _with_named_resources(document: Document) -> Iterator[Statement]:
    for statement in document.statements:
        listed = [resource.value for resource in statement.resources]
        if listed and not any(map(is_anything, listed)):
            yield statement


def _is_wide(resource: str) -> bool:
    """True if a resource is about everything of a service: older pages write `*` so."""
    found = fields(resource)
    return found is None or is_anything(found[4])


@functools.cache
def _is_for_all_resources(action: str) -> bool:
    code, _, name = action.partition(":")
    service = actions.service(code)
    known = service.find(name) if service else None
    # older statements name the kind of the new resource for an action that creates one
    return known is not None and known.only_any_resource and known.name.startswith(_READING)


@functools.cache
def _forms(action: str) -> tuple[_Form, ...]:
    """Return the ARN forms of an action or of a pattern, or none where no claim is safe.

    If the catalog does not know the forms of every action that it has, the forms are those of the
    service, without a relative id.
    """
    code, _, name = action.partition(":")
    service = actions.service(code)
    if service is None or action in _DOUBTFUL:
        return ()
    known = [one for key, one in service.actions.items() if matches(name, key)]
    if not known and name in map(str.lower, service.renames):
        return ()  # the name of an operation: `UNKNOWN_ACTION` reports it
    if known and all(_has_forms(one) for one in known):
        forms = (form for one in known for form in _forms_of(one))
        return tuple(dict.fromkeys(forms))
    if known and not has_wildcard(name) and (known[0].resources or known[0].needs_no_allow):
        return ()
    codes = {form.service for form in _all_forms(service)}
    if any(text.startswith("resource") for text in service.granularity):
        codes.add(service.code)
    # `dms:LoginDatabase` and others are about resources of other services
    return tuple(_form(f"acs:{one}:*:*:*") for one in (code, *sorted(codes - {code})) if codes)


def _has_forms(action: Action) -> bool:
    forms = action.resources
    return bool(forms) and not action.contradictions and not any(form.is_any for form in forms)


def _forms_of(action: Action) -> Iterator[_Form]:
    for form in action.resources:
        yield _form(form.template, is_reading=action.name.startswith(_READING))


@functools.cache
def _form(template: str, *, is_reading: bool = False) -> _Form:
    """Return the form of a template.

    A placeholder stands for a name without `/`; the last one behind a `/` stands for all the rest,
    such as the name of an object in OSS. A list of everything, such as `oss:ListBuckets`, is
    checked against the relative id `*` itself, which only a wildcard matches.
    """
    found = template.split(":", 4)
    pattern = _PLACEHOLDER.sub(SEGMENT, found[4].lower())
    if is_reading and pattern == "*":
        pattern = ANY_NAME
    if pattern.endswith(f"/{SEGMENT}"):
        pattern = pattern.removesuffix(SEGMENT) + "*"
    name = _PLACEHOLDER.sub(lambda one: f"<{one[0].strip('${#}<>[]')}>", found[4])
    return _Form(found[1], pattern, f"acs:{found[1]}:*:*:{name}")


def _all_forms(service: Service) -> Iterator[_Form]:
    for action in service.actions.values():
        for form in action.resources:
            if not form.is_any:
                yield _form(form.template)


def _fits(resource: str, forms: tuple[_Form, ...]) -> bool:
    found = fields(resource)
    if found is None or not matches(found[0], "acs") or not found[1]:
        return True  # the translator reports it
    return any(
        matches(found[1], form.service)
        and (
            overlaps(found[4].lower(), form.relative_id)
            or not _is_known_kind(form.service, found[4].lower())
        )
        for form in forms
    )


def _is_known_kind(code: str, relative_id: str) -> bool:
    """True if the catalog knows the kind of a resource: `instance` in `instance/i-1`."""
    kind, slash, _ = relative_id.partition("/")
    return has_wildcard(kind) or not slash or any(overlaps(kind, one) for one in _kinds(code))


@functools.cache
def _kinds(code: str) -> frozenset[str]:
    service = actions.service(code)
    forms = _all_forms(service) if service else ()
    return frozenset(
        form.relative_id.partition("/")[0] for form in forms if form.service == code
    ) - {"*"}


CHECKS: Final = (_mismatch, _no_resource_level)
