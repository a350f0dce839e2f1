from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from accounts_files import CATALOG, HERE, write
from ramgate.accounts import reader
from ramgate.analysis.sides import bundles
from ramgate.bundle.builder import build
from ramgate.errors import InvalidFiles

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = {
    "policies": {
        "plain": {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["ecs:Start", "ecs:Stop"],
                    "Resource": f"acs:ecs:cn-hangzhou:{HERE}:instance/i",
                },
                {"Effect": "Deny", "Action": "oss:*", "Resource": "*"},
                {"Effect": "Allow", "Action": "ecs:List", "Resource": "*"},
            ],
        }
    },
    "users": {"alice": {"policies": ["plain"]}},
}


def archive(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_the_store_of_a_bundle_is_that_of_its_accounts(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"accounts": {HERE: ACCOUNT}}), "accounts.json")
    content = build(path).content
    assert bundles.is_bundle(content)
    assert bundles.read(content, "bundle.tar.gz") == reader.load(path, CATALOG)


def test_other_files_are_not_bundles() -> None:
    assert not bundles.is_bundle(b"accounts: {}")
    truncated = build().content[:1000]
    for content in (
        gzip.compress(b"text"),
        truncated,
        b"\x1f\x8bnot gzip at all",
        archive("other.json", b"{}"),
        archive("data.json", b"{"),
        archive("data.json", b'{"store": {"format": 2}}'),
        archive("data.json", b'{"other": {}}'),
        archive("data.json", b"[]"),
    ):
        with pytest.raises(InvalidFiles) as refused:
            bundles.read(content, "b.tar.gz")
        assert str(refused.value).startswith("b.tar.gz: is not a bundle of `ramgate build`: ")


def test_a_folder_in_place_of_the_data_is_not_a_bundle() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as files:
        member = tarfile.TarInfo("data.json")
        member.type = tarfile.DIRTYPE
        files.addfile(member)
    with pytest.raises(InvalidFiles, match="is not a bundle"):
        bundles.read(packed.getvalue(), "b.tar.gz")


def test_a_bundle_of_another_format_is_refused() -> None:
    store = {**reader.Reader(CATALOG).examine(None, {})[0], "format": 1}  # type: ignore[arg-type]
    content = archive("data.json", json.dumps({"store": store}).encode())
    with pytest.raises(InvalidFiles) as refused:
        bundles.read(content, "b.tar.gz")
    assert str(refused.value) == (
        "b.tar.gz: has the format 1, not 2: build it again with this ramgate"
    )
