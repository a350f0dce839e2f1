"""Read the output of `terraform show -json` or a state file, and take out its resources."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Final

from ramgate.documents import source
from ramgate.errors import InvalidFiles
from ramgate.faults import Fault, Findings, Place
from ramgate.formats.terraform_resources import (
    HCL,
    Resource,
    as_object,
    as_objects,
    shown_resources,
    stored_resources,
)
from ramgate.imports.terraform.attributes import PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Content", "fault", "read_content"]

_SHOW: Final = "give the output of `terraform show -json`"
_DEEPEST: Final = 256
_STATE_KEYS: Final = {"format_version", "terraform_version", "values", "checks", "timestamp"}
_PLAN_KEYS: Final = ("planned_values", "resource_changes", "prior_state", "configuration")
_ARCHIVE: Final = b"PK"
_STATE_FILE: Final = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Content:
    """The resources before and after a plan; a state has the same ones on both sides.

    `configuration` is the root module in the configuration of a plan.
    """

    file: str
    is_plan: bool
    before: Sequence[Resource]
    after: Sequence[Resource]
    configuration: Mapping[str, object]


def read_content(path: Path) -> Content:
    """Return the resources in a file; raises `InvalidFiles` with one clear line for any other."""
    name = str(path)
    if path.suffix == ".tf":
        raise fault(name, HCL)
    content = source.content(path)
    if content.startswith(_ARCHIVE):
        raise fault(name, f"is a binary plan file of Terraform: {_SHOW} for it")
    value = as_object(_decoded(content, name))
    if "lineage" in value:
        found = _of_state_file(value, name)
    elif "format_version" in value:
        found = _of_output(value, name)
    else:
        raise fault(name, f"is not a state or a plan of Terraform: {_SHOW}")
    _check_provider(found)
    return found


def fault(file: str, message: str) -> InvalidFiles:
    """Return the error with one line about a file."""
    return InvalidFiles([Fault(file, message=message)])


def _decoded(content: bytes, name: str) -> object:
    """Return the value of a JSON text; without lines, which take twelve times as long."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.decode(content, name).value  # it raises with the message
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        try:
            return source.parse(text, name, is_json=True).value
        except InvalidFiles as error:
            faults = [
                dataclasses.replace(one, message=f"{one.message}: {_SHOW}") for one in error.faults
            ]
            raise InvalidFiles(faults) from error
    level = [value]
    for _ in range(_DEEPEST):
        level = [member for one in level for member in _members(one)]
        if not level:
            return value
    raise fault(name, f"is nested deeper than {_DEEPEST} levels")


def _members(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _of_state_file(value: Mapping[str, object], name: str) -> Content:
    if value.get("version") != _STATE_FILE:
        message = f"is a state file of version {value.get('version')!s:.20}, not {_STATE_FILE}"
        raise fault(name, f"{message}: {_SHOW}")
    found = tuple(stored_resources(value, Place(Findings(name))))
    return Content(name, is_plan=False, before=found, after=found, configuration={})


def _of_output(value: Mapping[str, object], name: str) -> Content:
    is_plan = any(key in value for key in _PLAN_KEYS)
    if not (is_plan or value.keys() <= _STATE_KEYS):
        raise fault(name, f"is not a state or a plan of Terraform: {_SHOW}")
    version = str(value.get("format_version"))
    if not version.startswith("1."):
        made = "an older Terraform" if version.startswith("0.") else "another Terraform"
        kind = "plan" if is_plan else "state"
        message = f"is a {kind} in the format {version:.20} of {made}: ramgate reads the format 1"
        raise fault(name, f"{message}, of Terraform 1.1 and newer")
    if not is_plan:
        found = tuple(_shown(value))
        return Content(name, is_plan=False, before=found, after=found, configuration={})
    if value.get("errored") is True:
        raise fault(name, "is a plan that failed: correct its errors, and run `terraform plan`")
    return Content(
        name,
        is_plan=True,
        before=tuple(_shown(as_object(value.get("prior_state")))),
        after=(*_shown(value, "planned_values"), *_forgotten(value)),
        configuration=as_object(as_object(value.get("configuration")).get("root_module")),
    )


def _shown(value: Mapping[str, object], key: str = "values") -> Iterator[Resource]:
    return shown_resources(as_object(value.get(key)).get("root_module"), Place(Findings()))


def _forgotten(value: Mapping[str, object]) -> Iterator[Resource]:
    """Yield the resources that leave the state and go on to exist, those of a `removed` block."""
    before = {one.address: one for one in _shown(as_object(value.get("prior_state")))}
    for change in as_objects(value.get("resource_changes")):
        address = str(change.get("address"))
        if as_object(change.get("change")).get("actions") == ["forget"] and address in before:
            yield before[address]


def _check_provider(found: Content) -> None:
    """Raise if there are resources, and none of them is one of Alibaba Cloud."""
    every = {one.type.partition("_")[0] for one in (*found.before, *found.after)}
    if PROVIDER not in every and (every or not found.is_plan):
        others = ", ".join(sorted(every))
        rest = f": its resources are of {others}" if others else " or of any other"
        raise fault(found.file, f"has no resource of the provider `{PROVIDER}`{rest}")
