"""A state has AccessKey secrets and passwords in clear: only named attributes are ever read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.errors import InvalidFiles
from ramgate.imports import folder
from ramgate.imports.terraform import read
from ramgate.imports.terraform.attributes import TYPES
from terraform_files import CANARY, DATA, written

if TYPE_CHECKING:
    from pathlib import Path

READ = {
    *("statement", "services", "ram_users", "version", "user_names", "is_default_version"),
    *("arn", "account_id", "id"),
    *(name for meanings in TYPES.values() for names in meanings.values() for name in names),
}
STRUCTURE = {
    *("address", "format_version", "index", "mode", "name", "type", "actions", "references"),
}


def poisoned(value: Any, key: str = "", *, within: bool = False) -> Any:  # noqa: ANN401
    """Return a file with the canary in the place of every text that ramgate has no reason to read.

    `within` is True in the values of a resource, and in the variables and outputs.
    """
    if isinstance(value, dict):
        inside = within or key in ("values", "variables", "outputs", "before", "after")
        is_secret = str(value.get("type")) in (
            "alicloud_ram_access_key",
            "alicloud_ram_login_profile",
        )
        found = {
            name: poisoned(one, "secret" if is_secret and name == "values" else name, within=inside)
            for name, one in value.items()
        }
        if inside:
            found["undocumented"] = f"{CANARY}-undocumented"
        return found
    if isinstance(value, list):
        return [poisoned(one, key, within=within) for one in value]
    is_read = (within and key in READ) or key in STRUCTURE
    return value if is_read or not isinstance(value, str) else f"{CANARY}-{key}"


@pytest.mark.parametrize("name", ["state", "plan-create", "plan-nochange"])
def test_no_other_attribute_gets_into_the_output(tmp_path: Path, name: str) -> None:
    value = poisoned(json.loads((DATA / f"{name}.json").read_text()))
    text = json.dumps(value)
    assert text.count(CANARY) > 100
    world = read(written(tmp_path / "file.json", value))
    accounts = tmp_path / "accounts"
    found = folder.write(world, accounts, source="ramgate import terraform")
    files = [one.read_text() for one in accounts.rglob("*") if one.is_file()]
    assert len(files) > 3
    assert CANARY not in "\n".join([repr(world), repr(found), *files])


@pytest.mark.parametrize("size", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("name", ["state", "plan-create"])
def test_an_error_shows_nothing_of_the_file(tmp_path: Path, name: str, size: float) -> None:
    text = json.dumps(poisoned(json.loads((DATA / f"{name}.json").read_text())))
    path = tmp_path / "file.json"
    path.write_text(text[: int(len(text) * size)])
    with pytest.raises(InvalidFiles, match="is not strict JSON") as refused:
        read(path)
    assert CANARY not in f"{refused.value!r} {refused.value}"
