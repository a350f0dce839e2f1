"""Import from a fake cloud: with the importer in this process, or with the command."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import pytest
from alibabacloud_credentials.utils import auth_util

from ramgate.catalog import catalog
from ramgate.imports.alicloud import reader
from ramgate.imports.alicloud.pool import THREAD
from ramgate.imports.alicloud.settings import Pauses, Settings, endpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alicloud.cloud import FakeCloud
    from alicloud.keys import Key
    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.world import World

__all__ = [
    "ALLOW_OSS",
    "DENY_OSS",
    "TRUST",
    "command",
    "document",
    "environment",
    "imported",
    "shipped",
    "signed_in",
    "start",
]

ATTEMPTS = 4
SECONDS = 5
PROTOCOL = "http"
HOST = ""
"""The endpoint; if it is empty, that of the cloud."""


def document(effect: str, action: str, **more: object) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "1", "Statement": [statement]})


ALLOW_OSS = document("Allow", "oss:*")
DENY_OSS = document("Deny", "oss:DeleteBucket")
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": ["ecs.aliyuncs.com"]},
            }
        ],
    }
)


@functools.cache
def shipped() -> Catalog:
    return catalog.load()


class Options(TypedDict, total=False):
    strict: bool
    directory: bool
    show: Callable[[str], None]


@contextlib.contextmanager
def signed_in(key: Key) -> Iterator[None]:
    """Let the SDK find a key in the environment, which it reads only when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth_util, "environment_access_key_id", key.id)
        patch.setattr(auth_util, "environment_access_key_secret", key.secret)
        patch.setattr(auth_util, "environment_security_token", key.token)
        try:
            yield
        finally:
            # After an error, threads end their calls: a warning about their connections would be
            # an error of another test.
            for thread in threading.enumerate():
                if thread.name == THREAD:
                    thread.join(SECONDS)


def imported(
    cloud: FakeCloud, key: Key | None = None, *, parallel: int = 8, **options: Unpack[Options]
) -> World:
    """Return the world that the importer reads with a key, by default the owner's."""
    settings = Settings(
        protocol=PROTOCOL,
        hosts=endpoints([HOST or cloud.endpoint]),
        parallel=parallel,
        pauses=Pauses(ATTEMPTS, 0.001, 0.002),
    )
    with signed_in(key or cloud.owner):
        return reader.read(settings, shipped(), **options)


def environment(home: Path, key: Key | None = None) -> dict[str, str]:
    """Return an environment without credentials of its own, with those of a key if there is one."""
    found = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ALIBABA_CLOUD_") and not name.lower().endswith("_proxy")
    }
    found |= {"HOME": str(home), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
    if key:
        found["ALIBABA_CLOUD_ACCESS_KEY_ID"] = key.id
        found["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = key.secret
        found["ALIBABA_CLOUD_SECURITY_TOKEN"] = key.token
    return found


def start() -> list[str]:
    """Return the first words of the command."""
    return [str(Path(sys.executable).with_name("ramgate")), "import", "alicloud"]


def command(
    cloud: FakeCloud, *arguments: str, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `ramgate import alicloud` with the endpoint of the cloud."""
    return subprocess.run(
        [*start(), "--endpoint", cloud.endpoint, "--protocol", "http", *arguments],
        env=env,
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
