"""The JSON Schema of accounts files accepts and refuses the documents that the reader does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accounts_files import CATALOG, EVERYTHING, HERE, TRUST
from ramgate import resources
from ramgate.accounts import reader
from ramgate.documents import source
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Path(__file__).parents[2] / "schemas/accounts.json"
POLICY, TRUSTING = json.loads(EVERYTHING), json.loads(TRUST)
ODD = {"unreadable": "why", "document": "{"}
NAME = "AliyunKafkaFullAccess"


def account(**parts: object) -> dict[str, Any]:
    return {"accounts": {HERE: parts}}


def attached(attachment: object) -> dict[str, Any]:
    return account(users={"alice": {"policies": [attachment]}}, policies={NAME: POLICY})


def limited(attachment: object) -> dict[str, Any]:
    root = {"control_policies": [attachment]}
    return {"directory": {"management": HERE, "policies": {"odd": ODD, NAME: POLICY}, "root": root}}


def brought(**entry: object) -> dict[str, Any]:
    return {"accounts": {}, "system_policies": {"P": entry}}


VALID: Mapping[str, Any] = {
    "the example": source.read(resources.path("examples/accounts.yaml")).value,
    "nothing": {"accounts": {}},
    "an unreadable policy": account(policies={"p": ODD}),
    "an unreadable trust policy": account(roles={"App": {"trust": ODD}}),
    "a policy's file": account(policies={"p": {"file": "policies/p.json"}}),
    "a trust policy's file": account(roles={"App": {"trust": {"file": "trust.yaml"}}}),
    "a system policy's file": brought(document={"file": "policies/p.json"}, version="v1"),
    "a name": attached(NAME),
    "providers": account(providers={"oidc": ["idp"], "saml": []}),
    "resource groups": account(resource_groups={"rg-a": "Production"}),
    "a custom policy": attached({"policy": NAME, "type": "Custom"}),
    "a resource group": attached({"policy": NAME, "resource_group": "rg"}),
    "a type in a group": attached({"policy": NAME, "type": "System", "resource_group": "rg"}),
    "a control policy": limited("odd"),
    "a control policy's type": limited({"policy": NAME, "type": "Custom"}),
    "a system policy": brought(document=POLICY, version="v1", date="2026-03-11"),
    "an unreadable system policy": brought(**ODD, version="v1"),
}
INVALID: Mapping[str, Any] = {
    "no accounts": {},
    "system policies alone": {"system_policies": {}},
    "no text": account(policies={"p": {"unreadable": "why"}}),
    "a file and a document": account(policies={"p": {**POLICY, "file": "policies/p.json"}}),
    "a file and a cause": account(policies={"p": {"file": "policies/p.json", "unreadable": "w"}}),
    "an unreadable file": brought(unreadable="why", document={"file": "policies/p.json"}),
    "a number as a file": account(policies={"p": {"file": 5}}),
    "no file": account(policies={"p": {"file": ""}}),
    "an absolute path": account(policies={"p": {"file": "/etc/passwd"}}),
    "a path out of the folder": account(policies={"p": {"file": "policies/../../p.json"}}),
    "a hidden file": account(policies={"p": {"file": "policies/.p.json"}}),
    "a folder": account(policies={"p": {"file": "policies/"}}),
    "an empty folder": account(policies={"p": {"file": "policies//p.json"}}),
    "a backslash": account(policies={"p": {"file": "policies\\p.json"}}),
    "no cause": account(policies={"p": {"unreadable": "", "document": "{"}}),
    "a document in place of a text": account(policies={"p": {**ODD, "document": POLICY}}),
    "half a document": account(policies={"p": {"Version": "1"}}),
    "a policy as trust": account(roles={"App": {"trust": POLICY}}),
    "a trust as a policy": account(policies={"p": TRUSTING}),
    "another provider": account(providers={"ldap": []}),
    "a provider with a blank": account(providers={"oidc": ["a b"]}),
    "a resource group's number": account(resource_groups={"rg-a": 5}),
    "a resource group with a blank": account(resource_groups={"rg a": "Production"}),
    "a policy alone": attached({"policy": NAME}),
    "another type": attached({"policy": NAME, "type": "system"}),
    "a number": attached(5),
    "a level's resource group": limited({"policy": NAME, "type": "Custom", "resource_group": "r"}),
    "a level's policy alone": limited({"policy": NAME}),
    "a system policy without a document": brought(version="v1"),
    "a text as a system policy": brought(document="{"),
    "a document as an unreadable one": brought(unreadable="why", document=POLICY),
    "a number as version": brought(document=POLICY, version=1),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Whether each document matches the schema, by OPA's implementation of JSON Schema."""
    file = tmp_path_factory.mktemp("schema") / "input.json"
    documents = {**VALID, **INVALID}
    file.write_text(json.dumps({"schema": json.loads(SCHEMA.read_text()), "documents": documents}))
    query = "{name: json.match_schema(one, input.schema)[0] | some name, one in input.documents}"
    command = [str(find_opa()), "eval", "--input", str(file), "--format=raw", query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", [*VALID, *INVALID])
def test_the_schema_and_the_reader_agree(
    tmp_path: Path, verdicts: dict[str, bool], name: str
) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/p.json").write_text(EVERYTHING)
    (tmp_path / "trust.yaml").write_text(TRUST)
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({**VALID, **INVALID}[name]))
    _, findings = reader.examine(path, CATALOG)
    assert verdicts[name] == (not findings.faults) == (name in VALID)
