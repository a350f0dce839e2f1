"""Measure `ramgate import alicloud` of a large account, from a fake of the APIs on loopback.

The fake of the tests answers at once, in a process of its own: the time is that of the command, of
the SDKs and of their HTTP requests.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from bench.report import Figure, Section, Table
from bench.run import RAMGATE
from ramgate.accounts.reader import load
from ramgate.catalog import catalog

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from bench.run import Run

__all__ = ["build", "measure"]

_USERS: Final = 400
_GROUPS: Final = 40
_ROLES: Final = 60
_POLICIES: Final = 300
_MEMBERS: Final = 20
_SECONDS: Final = 600


def measure(run: Run) -> Section:
    """Measure the first import, and a second one that changes nothing."""
    run.log(f"import: {_USERS} users, {_ROLES} roles, {_POLICIES} policies, {_MEMBERS} accounts")
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        endpoint, key, secret = ours.recv()
        folder = run.folder / "imported"
        command = [RAMGATE, "import", "alicloud", "-o", str(folder), "--strict"]
        command += ["--endpoint", endpoint, "--protocol", "http"]
        secrets = {"ALIBABA_CLOUD_ACCESS_KEY_ID": key, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret}
        first, second = (_seconds(command, secrets) for _ in range(2))
        ours.send(None)
        calls = ours.recv() // 2
    finally:
        server.terminate()
        server.join(_SECONDS)
    _check(folder)
    table = Table(
        "`ramgate import alicloud`",
        ("users", "roles", "policies", "member accounts", "calls", "first import", "second import"),
        (
            (
                f"{_USERS}",
                f"{_ROLES}",
                f"{_POLICIES}",
                f"{_MEMBERS}",
                f"{calls}",
                f"{first:.1f} s",
                f"{second:.1f} s",
            ),
        ),
        "From a server on the same machine that answers at once, by 8 calls at a time. The second "
        "import writes no file.",
    )
    return Section("import", (table,), {"import_account": Figure(first)})


def _seconds(command: list[str], secrets: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(
        command, env=os.environ | secrets, check=True, capture_output=True, timeout=_SECONDS
    )
    return time.monotonic() - began


def _check(folder: Path) -> None:
    """Raise `ValueError` unless everything was imported."""
    [account] = load(folder, catalog.load())["accounts"].values()
    found = len(account["users"]), len(account["roles"])
    if found != (_USERS, _ROLES):
        raise ValueError(f"{found[0]} users and {found[1]} roles were imported")


def _serve(pipe: Connection) -> None:
    """Answer as the APIs of an account; send the endpoint and a key, then the number of calls."""
    sys.path.append("tests/support")
    from alicloud.cloud import FakeCloud  # noqa: PLC0415 - on the path of the tests
    from alicloud.sdk import Sdk  # noqa: PLC0415

    with FakeCloud() as cloud:
        build(Sdk(cloud))
        built = len(cloud.calls)
        pipe.send((cloud.endpoint, cloud.owner.id, cloud.owner.secret))
        pipe.recv()
        pipe.send(len(cloud.calls) - built)


def build(sdk: Any) -> None:  # noqa: ANN401 - the `Sdk` of the tests
    """Build the account through the API."""
    for place in range(_POLICIES):
        statement = {
            "Effect": "Allow",
            "Action": ["oss:GetObject", "oss:PutObject"],
            "Resource": [f"acs:oss:*:*:bucket-{place}/*"],
        }
        document = json.dumps({"Version": "1", "Statement": [statement]})
        sdk.ram("CreatePolicy", policy_name=f"policy-{place}", policy_document=document)
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.aliyuncs.com"]},
    }
    trusted = json.dumps({"Version": "1", "Statement": [trust]})
    for place in range(_ROLES):
        sdk.ram("CreateRole", role_name=f"App-{place}", assume_role_policy_document=trusted)
        _attach(sdk, "Role", f"App-{place}", place)
    for place in range(_GROUPS):
        sdk.ram("CreateGroup", group_name=f"team-{place}")
        _attach(sdk, "Group", f"team-{place}", place)
    for place in range(_USERS):
        name = f"user-{place}"
        sdk.ram("CreateUser", user_name=name)
        sdk.ram("AddUserToGroup", user_name=name, group_name=f"team-{place % _GROUPS}")
        _attach(sdk, "User", name, place % _POLICIES)
    root = sdk.resource_manager("InitResourceDirectory")["ResourceDirectory"]["RootFolderId"]
    sdk.directory("EnableControlPolicy")
    for place in range(_MEMBERS):
        sdk.directory(
            "CreateResourceAccount", display_name=f"member-{place}", parent_folder_id=root
        )


def _attach(sdk: Any, kind: str, name: str, place: int) -> None:  # noqa: ANN401
    fields = {"policy_name": f"policy-{place}", "policy_type": "Custom"}
    sdk.ram(f"AttachPolicyTo{kind}", **fields, **{f"{kind.lower()}_name": name})
