"""Accounts, names and files for the tests of the command line."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = "1234567890123456"
ACCOUNT = f"acs:ram::{NUMBER}"
ALICE, BOB, CAROL, ERIN, OWNER = (
    f"{ACCOUNT}:{name}" for name in ("user/alice", "user/bob", "user/carol", "user/erin", "root")
)
INSTANCE = f"acs:alikafka:cn-hangzhou:{NUMBER}:alikafka_post-cn-x"
ALLOWED = (ALICE, "alikafka:DeleteTopic", INSTANCE)
FROM_THE_OFFICE = (BOB, "alikafka:ListTopic", INSTANCE)
ETL, SERVICE = "AliyunServiceRoleForAlikafkaETL", "etl.alikafka.aliyuncs.com"
EXAMPLE = "no --accounts: answering from the shipped example\n"
DENIES = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
FAULTY = '{\n"Version": "1",\n"Statement": []\n}'
SECONDS = 60.0
WORLD = """\
accounts:
  # who is here
  "1234567890123456":
    service_linked_roles:
      - AliyunServiceRoleForAlikafka # the first
    policies:
      no-roles:
        Version: "1"
        Statement:
          - {Effect: Deny, Action: "ram:*", Resource: "*"}
      way-out-1:
        Version: "1"
        Statement:
          - Effect: Allow
            Action: "ecs:*"
            Resource: "*"
            Condition: {Bool: {acs:SecureTransport: "true"}}
    roles:
      App:
        trust:
          Version: "1"
          Statement:
            - {Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: [ecs.aliyuncs.com]}}
    users:
      alice:
        policies:
          - AliyunKafkaFullAccess
          - {policy: AliyunKafkaReadOnlyAccess, resource_group: rg-1}
      carol: {}
      erin: {policies: [no-roles]}
"""
ONE_USER = """\
accounts:
  "1234567890123456":
    users:
      alice: {policies: [AliyunKafkaFullAccess]}
"""
DIRECTORY = """\
directory:
  management: "1000000000000001"
  policies:
    only-kafka:
      Version: "1"
      Statement: [{Effect: Allow, Action: "alikafka:*", Resource: "*"}]
  root:
    control_policies: [only-kafka]
    folders:
      empty: {control_policies: [FullAliyunAccess]}
      production:
        control_policies: [FullAliyunAccess]
        accounts: {"1234567890123456": {control_policies: [only-kafka]}}
"""


def link_tools(folder: Path) -> Path:
    """Make a folder `tools`, for a PATH, with the commands `opa` and `ramgate`; return it."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "opa").symlink_to(find_opa())
    (tools / "ramgate").symlink_to(Path(sys.executable).with_name("ramgate"))
    return tools


@pytest.fixture(autouse=True)
def sigterm_as_it_was() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    return written(
        tmp_path / "accounts.yaml", 'accounts:\n  "1234567890123456": {users: {u: {}}}\n'
    )


@pytest.fixture
def faulty_accounts(tmp_path: Path) -> str:
    return written(tmp_path / "faulty.yaml", "accounts:\n  12: {}\nextra: 1\n")


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.yaml"
    path.write_text(WORLD)
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a folder with the account of `world`, and a directory file with control policies."""
    path = tmp_path / "accounts"
    path.mkdir()
    (path / "members.yaml").write_text(WORLD)
    (path / "directory.yaml").write_text(DIRECTORY)
    return path


def policy(service: str) -> dict[str, Any]:
    """Return the policy that allows the creation of a service's role."""
    statement = {
        "Action": ["ram:CreateServiceLinkedRole"],
        "Resource": "*",
        "Effect": "Allow",
        "Condition": {"StringEquals": {"ram:ServiceName": service}},
    }
    return {"Statement": [statement], "Version": "1"}


def accounts_with(text: str, document: dict[str, Any]) -> str:
    """Return the accounts with the policy attached to carol."""
    policies = f"policies:\n      mine: {json.dumps(document)}\n"
    text = text.replace("policies:\n", policies, 1)
    return text.replace("carol: {}", "carol: {policies: [mine]}")
