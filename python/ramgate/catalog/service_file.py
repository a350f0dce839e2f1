"""Read a file of `catalog/services/`: one service with its actions, as data that people correct."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from ramgate.catalog.service import Action, ConditionKey, Entry, Origin, ResourceForm, Service
from ramgate.documents import shape
from ramgate.documents.messages import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ramgate.documents.source import Source
    from ramgate.faults import Place

__all__ = ["ARN", "CODE", "NAME", "carriers", "read_product_codes", "read_service"]

CODE: Final = re.compile(r"[a-z0-9]+(?:[-._][a-z0-9]+)*")
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
ARN: Final = re.compile(r"\*|acs:[^:]+:[^:]*:[^:]*:.+")

_ENTRY: Final = (
    "source",
    "page",
    "level",
    "required_resources",
    "resources",
    "condition_keys",
    "operations",
    "dependent_actions",
    "other_spellings",
    "seen_in",
    "needs_no_allow",
    "note",
    "contradiction",
)
_SERVICE: Final = (
    "service",
    "names",
    "date",
    "products",
    "granularity",
    "notes",
    "contradictions",
    "arn_forms",
    "condition_keys",
    "sources",
    "actions",
    "operations_without_action",
    "hints",
    "operation_sources",
    "operations",
)


def read_service(source: Source) -> Service:
    """Return the service of a file; if the file has a fault, it is incomplete.

    Faults are added to the findings of `source`.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> source = read(resources.path("catalog/services/alikafka.yaml"), root="")
    >>> service = read_service(source)
    >>> service.actions["listtopic"].operations, source.place.findings.faults
    (('GetTopicList', 'GetTopicStatus', 'GetQuotaTip'), [])
    """
    place = source.place
    found = shape.fields(source.value, place, _SERVICE, ("service", "date"))
    code = _text(found, "service", place)
    file = PurePath(place.findings.file)
    if "service" in found:
        shape.name(code, place / "service", CODE, "service code")
    if code != file.stem and file.suffix == ".yaml":
        (place / "service").fault(f"must be `{file.stem}`, like the name of the file")
    origins = _origins(found.get("sources", {}), place / "sources")
    actions = _actions(code, found.get("actions", {}), place / "actions", origins)
    return Service(
        code,
        _date(found.get("date"), place / "date"),
        names=_texts(found, "names", place),
        products=_texts(found, "products", place),
        granularity=_texts(found, "granularity", place),
        notes=_texts(found, "notes", place),
        contradictions=_texts(found, "contradictions", place),
        arn_forms=_forms(found.get("arn_forms", {}), place / "arn_forms"),
        condition_keys=_keys(found.get("condition_keys", {}), place / "condition_keys", actions),
        actions=actions,
        operation_sources=tuple(
            _origin(key, here, origins)
            for key, here in shape.items(
                found.get("operation_sources", []), place / "operation_sources"
            )
        ),
        operations=frozenset(_text(found, "operations", place).split()),
        operations_without_action=_texts(found, "operations_without_action", place),
        hints=_texts(found, "hints", place),
    )


def _text(found: Mapping[str, object], key: str, place: Place) -> str:
    return shape.texts({key: found.get(key, "")}, place).get(key, "")


def _texts(found: Mapping[str, object], key: str, place: Place) -> tuple[str, ...]:
    texts = []
    for item, here in shape.items(found.get(key, []), place / key):
        if isinstance(item, str):
            texts.append(item)
        else:
            here.fault(f"must be a string, not {describe(item)}")
    return tuple(texts)


def _date(value: object, place: Place) -> datetime.date:
    day = shape.day(value)
    if day is None:
        place.fault(f'must be a date in quotes, such as `"2026-11-29"`, not {describe(value)}')
    return day or datetime.date.min


def _forms(value: object, place: Place) -> dict[str, str]:
    found = {}
    for name, template, here in shape.members(value, place):
        found[name] = _form(template, here)
    return found


def _form(value: object, place: Place) -> str:
    """Return the template of an ARN; report a text that is neither `*` nor five fields."""
    if not (isinstance(value, str) and ARN.fullmatch(value)):
        place.fault(
            f"{describe(value)} is not the form of an ARN: write"
            " `acs:<service>:<region>:<account>:<relative id>`, or `*`"
        )
    return str(value)


def _origins(value: object, place: Place) -> dict[str, Origin]:
    found = {}
    for key, member, here in shape.members(value, place):
        entry = shape.fields(member, here, ("title", "date"), ("title",))
        found[key] = Origin(key, _text(entry, "title", here), _text(entry, "date", here))
    return found


def _origin(key: object, place: Place, origins: Mapping[str, Origin]) -> Origin:
    if isinstance(key, str) and key in origins:
        return origins[key]
    place.fault(f"{describe(key)} is not one of the file's `sources`: add its title there")
    return Origin(str(key), "")


def _keys(value: object, place: Place, actions: Mapping[str, Action]) -> dict[str, ConditionKey]:
    """Return the condition keys that the file describes, and those that only actions name."""
    named = carriers(actions.values())
    found = {key: ConditionKey(key) for key in named}
    for name, member, here in shape.members(value, place):
        entry = shape.fields(member, here, ("type", "actions", "note"))
        found[name] = ConditionKey(
            name,
            _text(entry, "type", here),
            _texts(entry, "actions", here),
            _text(entry, "note", here),
        )
    return {
        name: dataclasses.replace(key, actions=tuple(sorted({*key.actions, *named.get(name, ())})))
        for name, key in sorted(found.items())
    }


def carriers(actions: Iterable[Action]) -> dict[str, set[str]]:
    """Return the condition keys that entries of actions name, each with the actions' names."""
    found: dict[str, set[str]] = {}
    for action in actions:
        for key in action.condition_keys:
            found.setdefault(key, set()).add(action.name)
    return found


def _actions(
    code: str, value: object, place: Place, origins: Mapping[str, Origin]
) -> dict[str, Action]:
    found: dict[str, Action] = {}
    for name, member, here in shape.members(value, place):
        shape.name(name, here, NAME, "name of an action")
        entries = tuple(_entry(item, at, origins) for item, at in shape.items(member, here))
        if name.lower() in found:
            here.fault(
                f"differs only in case from `{found[name.lower()].name}`, and RAM compares actions"
                " without case: keep one, and write the other into its `other_spellings`"
            )
        found[name.lower()] = Action(code, name, entries)
    return found


def _entry(value: object, place: Place, origins: Mapping[str, Origin]) -> Entry:
    found = shape.fields(value, place, _ENTRY, ("source",))
    return Entry(
        _origin(found.get("source"), place / "source", origins),
        page=_text(found, "page", place),
        level=_text(found, "level", place),
        resources=tuple(
            ResourceForm(_form(template, here), required=field == "required_resources")
            for field in ("required_resources", "resources")
            for template, here in shape.items(found.get(field, []), place / field)
        ),
        condition_keys=_texts(found, "condition_keys", place),
        operations=_texts(found, "operations", place),
        dependent_actions=_texts(found, "dependent_actions", place),
        other_spellings=_texts(found, "other_spellings", place),
        seen_in=_texts(found, "seen_in", place),
        needs_no_allow=_text(found, "needs_no_allow", place),
        note=_text(found, "note", place),
        contradiction=_text(found, "contradiction", place),
    )


def read_product_codes(source: Source) -> dict[str, str]:
    """Return the service code of each API product of `product-codes.yaml`.

    >>> from ramgate import resources
    >>> from ramgate.documents.source import read
    >>> read_product_codes(read(resources.path("catalog/product-codes.yaml"), root=""))["sls"]
    'log'
    """
    found = {}
    for product, member, here in shape.members(source.value, source.place):
        entry = shape.fields(member, here, ("code", "how", "note"), ("code", "how"))
        code = _text(entry, "code", here)
        if "code" in entry:
            shape.name(code, here / "code", CODE, "service code")
        found[product] = code
    return found
