"""A condition key is added in one file: the translator and the Rego both follow it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import condition_key_rego
from ramgate.opa.find import find_opa

ROOT = Path(__file__).parents[2]
COPIED = ("catalog", "examples", "python", "rego", "opa-config.yaml")
ADDED = "  - {key: acs:TrialKey, type: String, meaning: a trial, source: {title: This test}}\n"
POLICY = {
    "Version": "1",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"acs:TrialKey": "no"}},
        }
    ],
}
ASKED = {
    "principal": "acs:ram::1234567890123456:user/alice",
    "action": "alikafka:ListTopic",
    "resource": "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
}
BUILD = """
import json, sys
from pathlib import Path
import ramgate
from ramgate.bundle.builder import build
policy = json.loads(sys.argv[1])
Path("policy.json").write_text(json.dumps(ramgate.translate(policy)))
Path("bundle.tar.gz").write_bytes(build().content)
text = json.dumps(policy).replace("acs:TrialKey", "acs:trialkey")
try:
    ramgate.translate(text)
except ramgate.InvalidPolicy as error:
    print(error)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with one key more in its catalog."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        path = ROOT / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / name)
    with (folder / "catalog/condition-keys.yaml").open("a") as file:
        file.write(ADDED)
    return folder


@pytest.fixture(scope="module")
def refusal(copy: Path) -> str:
    """The translator's message for a policy that spells the new key in lower case."""
    command = [sys.executable, "-c", BUILD, json.dumps(POLICY)]
    paths = {"PYTHONPATH": str(copy / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=paths, capture_output=True, text=True, check=True)
    return done.stdout


def decide(folder: Path, rule: str, context: dict[str, str], **more: object) -> dict[str, Any]:
    opa = [str(find_opa()), "eval", "--bundle", "bundle.tar.gz", "--stdin-input", "--format=raw"]
    asked = json.dumps(ASKED | {"context": context} | more)
    done = subprocess.run(
        [*opa, rule], cwd=folder, input=asked, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def test_the_translator_knows_an_added_key(refusal: str) -> None:
    assert "the condition key is spelled `acs:TrialKey`" in refusal


@pytest.mark.usefixtures("refusal")
def test_the_rego_knows_an_added_key(copy: Path) -> None:
    assert decide(copy, "data.ram.authz.decision", {"acs:TrialKey": "x"})["allow"]
    refused = decide(copy, "data.ram.authz.decision", {"acs:trialkey": "x"})
    assert refused["reason"] == "malformed_request"
    assert "context.acs:trialkey: is spelled `acs:TrialKey`" in refused["errors"]


@pytest.mark.usefixtures("refusal")
def test_a_deny_on_an_added_key_cannot_be_missed(copy: Path) -> None:
    policies = {"p": json.loads((copy / "policy.json").read_text())}
    rule = "data.ram.simulate.decision"
    denied = decide(copy, rule, {"acs:TrialKey": "no"}, policies=policies)
    assert denied["effect"] == "ExplicitDeny"
    refused = decide(copy, rule, {"ACS:TRIALKEY": "no"}, policies=policies)
    assert refused["reason"] == "malformed_request"
    misspelt = json.loads(json.dumps(policies).replace("acs:TrialKey", "ACS:TRIALKEY"))
    assert decide(copy, rule, {}, policies=misspelt)["reason"] == "malformed_request"


def test_the_constants_in_rego_are_those_of_the_catalog() -> None:
    assert condition_key_rego.FILE.read_text() == condition_key_rego.text()
