"""Read Alibaba Cloud's API metadata: the RAM actions that API operations need.

`api-docs.json` describes all operations of one version of a product, `api.json` one operation. Both
have the operation's RAM actions under `ramActions`, nested (`{"ramAction": {"action": …}}`) or flat
(`{"action": …}`). The rest of the metadata is ignored.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Final

from ramgate.catalog.actions import load_service, product_codes
from ramgate.catalog.service import Action, ConditionKey, Entry, Origin, ResourceForm, Service
from ramgate.catalog.service_file import ARN, CODE, carriers
from ramgate.catalog.service_text import service_text
from ramgate.documents import shape
from ramgate.documents.atomic_write import write
from ramgate.documents.messages import describe
from ramgate.documents.source import Unquoted, content, decode
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.faults import Findings, Place

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ramgate.faults import Fault

__all__ = ["merged", "read_metadata", "update"]

_ACTION: Final = re.compile(rf"{CODE.pattern}:[a-z][a-z0-9]*", re.IGNORECASE | re.ASCII)
_KEY: Final = re.compile(r"[a-z0-9-]+:[A-Za-z/]+")
_PATH: Final = re.compile(r"products/([^/]+)/versions/([^/]+)/")


def update(files: Iterable[Path], folder: Path, date: datetime.date) -> list[tuple[Path, Service]]:
    """Add the facts of API metadata files to the catalog in a folder; return the files written.

    Raises the errors of `read_metadata` with the faults of all files, and `OSError` if a file of
    the catalog cannot be written; then no file, or not every file, was written.

    >>> import datetime
    >>> from pathlib import Path
    >>> apis = {"GetTopicList": {"ramActions": [{"ramAction": {"action": "alikafka:ListTopic"}}]}}
    >>> file = Path("api-docs.json")
    >>> _ = file.write_text(json.dumps({"info": {"product": "alikafka"}, "apis": apis}))
    >>> [(path, _)] = update([file], Path("mine"), datetime.date(2026, 12, 1))
    >>> path.as_posix()
    'mine/services/alikafka.yaml'
    """
    found: dict[Path, Service] = {}
    faults: list[Fault] = []
    for file in files:
        try:
            services = read_metadata(file, date)
        except UnreadableFiles:
            raise
        except InvalidFiles as error:
            faults += error.faults
            continue
        for new in services:
            path = folder / "services" / f"{new.code}.yaml"
            known = found.get(path) or (load_service(path) if path.exists() else None)
            found[path] = merged(new, known) if known else new
    if faults:
        raise InvalidFiles(faults)
    (folder / "services").mkdir(parents=True, exist_ok=True)
    for path, service in sorted(found.items()):
        write(path, service_text(service).encode())
    return sorted(found.items())


def read_metadata(path: Path, date: datetime.date) -> list[Service]:
    """Return the services whose actions a file of API metadata names.

    `date` is the day of its download. The name of the operation of an `api.json` is its folder's
    name, of any other file about one operation the file's name. Raises `InvalidFiles` with the
    faults of a file of another shape, `UnreadableFiles` if the file cannot be read.

    >>> import datetime
    >>> from pathlib import Path
    >>> info = {"product": "alikafka", "version": "2019-09-16"}
    >>> apis = {"GetTopicList": {"ramActions": [{"action": "alikafka:ListTopic"}]}}
    >>> file = Path("api-docs.json")
    >>> _ = file.write_text(json.dumps({"info": info, "apis": apis}))
    >>> [kafka] = read_metadata(file, datetime.date(2026, 12, 1))
    >>> kafka.find("ListTopic").operations
    ('GetTopicList',)
    """
    text, place = content(path), Place(Findings(str(path)))
    services: list[Service] = []
    try:
        services = _read(json.loads(text), place, path, date)
    except ValueError:
        place.fault("is not JSON")
    if place.findings.faults:
        # The metadata of a product has megabytes. They are parsed with lines only for faults.
        source = decode(text, f"{path}", root="")
        _read(source.value, source.place, path, date)
        raise InvalidFiles(source.place.findings.faults)
    return services


def merged(new: Service, known: Service) -> Service:
    """Return a service with new facts from metadata in place of older facts from the same source.

    >>> import datetime
    >>> day = datetime.date(2026, 12, 1)
    >>> merged(Service("x", day, products=("X 1",)), Service("x", day)).products
    ('X 1',)
    """
    sources = {source.key for source in new.operation_sources}
    operations = {
        operation
        for action in new.actions.values()
        for entry in action.entries
        for operation in entry.operations
    } | new.operations
    kept = {}
    for name, action in known.actions.items():
        entries = tuple(
            entry
            for entry in action.entries
            if entry.source.key not in sources or not operations.issuperset(entry.operations)
        )
        if entries:
            kept[name] = dataclasses.replace(action, entries=entries)
    others = tuple(source for source in known.operation_sources if source.key not in sources)
    return new.joined(dataclasses.replace(known, actions=kept, operation_sources=others))


def _read(value: object, place: Place, path: Path, date: datetime.date) -> list[Service]:
    found = {key: member for key, member, _ in shape.members(value, place)}
    product, version = _product(found, path)
    operations: list[tuple[str, object, Place]] = []
    if "apis" in found:
        operations = list(shape.members(found["apis"], place / "apis"))
    elif "ramActions" in found:
        name = path.resolve().parent.name if path.name == "api.json" else path.stem
        operations = [(name, found, place)]
    elif not place.findings.faults:
        place.fault("is not API metadata: it has neither `apis` nor `ramActions`")
    title = f"{product} {version}".strip()
    origin = Origin(title or "metadata", f"API metadata {title}".strip(), date.isoformat())
    actions: dict[str, dict[str, Action]] = {}
    for operation, member, here in operations:
        for action, entry in _entries(operation, member, here, origin):
            code, _, name = action.partition(":")
            known = actions.setdefault(code.lower(), {})
            before = known.get(name.lower(), Action(code.lower(), name, ()))
            entries = (*before.entries, entry)
            known[name.lower()] = dataclasses.replace(before, entries=entries)
    own = product_codes().get(product.lower(), product.lower())
    if CODE.fullmatch(own):
        actions.setdefault(own, {})
    return [
        Service(
            code,
            date,
            products=(title,) if code == own else (),
            condition_keys=_condition_keys(known),
            actions=known,
            operation_sources=(origin,),
            operations=frozenset(name for name, _, _ in operations if code == own),
        )
        for code, known in sorted(actions.items())
    ]


def _product(found: Mapping[str, object], path: Path) -> tuple[str, str]:
    """Return the product and its version, from `info` or from the path of the download."""
    info = found.get("info")
    if isinstance(info, dict):
        return str(info.get("product", "")), str(info.get("version", ""))
    match = _PATH.search(path.resolve().as_posix())
    return (match[1], match[2]) if match else ("", "")


def _entries(
    operation: str, value: object, place: Place, origin: Origin
) -> Iterator[tuple[str, Entry]]:
    """Yield each action that an operation needs, and the facts about it."""
    found = {key: member for key, member, _ in shape.members(value, place)}
    items = found.get("ramActions")
    if items is None or items == Unquoted("null"):
        return
    for item, at in shape.items(items, place / "ramActions"):
        outer = {key: member for key, member, _ in shape.members(item, at)}
        inner, here = outer, at
        if "ramAction" in outer:
            here = at / "ramAction"
            inner = {key: member for key, member, _ in shape.members(outer["ramAction"], here)}
        if "action" not in inner:
            here.fault("`action` is missing: an item has it, or has it in `ramAction`")
            continue
        action = inner["action"]
        if not (isinstance(action, str) and _ACTION.fullmatch(action)):
            (here / "action").fault(f"{describe(action)} is not an action such as `ecs:RunCommand`")
            continue
        facts = {**outer, **inner}
        forms = list(_forms(facts.get("resources", []), here / "resources"))
        others = [form.template for form in forms if not ARN.fullmatch(form.template)]
        level = facts.get("operationType")
        yield (
            action,
            Entry(
                origin,
                level=level if isinstance(level, str) else "",
                resources=tuple(form for form in forms if form.template not in others),
                condition_keys=tuple(dict.fromkeys(_keys(facts.get("actionConditions")))),
                operations=(operation,),
                note="; ".join(f"the resource is printed as {text}" for text in others),
            ),
        )


def _forms(value: object, place: Place) -> Iterator[ResourceForm]:
    for item, here in shape.items(value, place):
        members = {key: member for key, member, _ in shape.members(item, here)}
        arn = members.get("arn")
        if isinstance(arn, str):
            yield ResourceForm(arn, required=members.get("validationType") == "always")


def _keys(value: object) -> Iterator[str]:
    """Yield the condition keys in a value: no source documents where exactly they stand."""
    if isinstance(value, str) and _KEY.fullmatch(value):
        yield value
    elif isinstance(value, list | dict):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _keys(member)


def _condition_keys(actions: Mapping[str, Action]) -> dict[str, ConditionKey]:
    return {
        key: ConditionKey(key, actions=tuple(sorted(names)))
        for key, names in sorted(carriers(actions.values()).items())
    }
