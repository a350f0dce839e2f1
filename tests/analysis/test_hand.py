from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ramgate import InvalidFiles, resources
from ramgate.analysis import hand

POLICY = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}
ADMITS = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "a.aliyuncs.com"}}
TRUST = {"Version": "1", "Statement": [ADMITS]}
BUCKET = {**ADMITS, "Action": "oss:GetObject", "Principal": ["*"], "Resource": "*"}


def written(path: Path, value: object) -> Path:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def in_hand(path: Path) -> list[tuple[str, str, str]]:
    return [(found.kind, found.name, str(found.place)) for found in hand.documents(path)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (POLICY, "identity"),
        (TRUST, "trust"),
        ({"Version": "1", "Statement": [BUCKET]}, "resource policy"),
        ({"Statement": "x"}, "identity"),
        ({"accounts": {}}, "accounts"),
        ({"directory": {}}, "accounts"),
        ({"users": {}, "1234567890123456": {}}, "accounts"),
        ({"role": "x"}, "catalog role"),
        ({"policy": "x"}, "catalog system policy"),
        ("{", "faulty"),
        ("", "faulty"),
    ],
)
def test_the_content_of_a_file_shows_its_kind(tmp_path: Path, value: object, kind: str) -> None:
    assert [found.kind for found in hand.documents(written(tmp_path / "a.json", value))] == [kind]


def test_a_broken_file_does_not_hide_the_good_ones_of_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "a.json", POLICY)
    written(tmp_path / "b.json", "{")
    (tmp_path / "c.json").mkdir()
    found = list(hand.documents(tmp_path))
    assert [one.kind for one in found] == ["identity", "faulty", "unreadable"]
    assert [len(one.place.findings.faults) for one in found] == [0, 1, 1]


def test_the_accounts_files_of_a_folder_are_one_document(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        written(tmp_path / name, "accounts: {}")
    (tmp_path / "c.yaml").symlink_to("gone")
    one, unreadable = hand.documents(tmp_path)
    assert (one.kind, [path.name for path in one.contents]) == ("accounts", ["a.yaml", "b.yaml"])
    assert unreadable.kind == "unreadable"


def test_a_folder_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match="contains no accounts file"):
        list(hand.documents(tmp_path))
    assert [found.kind for found in hand.documents(tmp_path / "gone")] == ["unreadable"]


def test_a_catalog_is_one_document() -> None:
    catalog = resources.path("catalog")
    (found,) = hand.documents(catalog)
    assert (found.kind, found.place.findings.file) == ("catalog", str(catalog))


def test_a_pipe_is_read_once() -> None:
    for text in ("accounts: {}", json.dumps(POLICY)):
        reader, writer = os.pipe()
        os.write(writer, text.encode())
        os.close(writer)
        (found,) = hand.documents(Path(f"/dev/fd/{reader}"))
        os.close(reader)
        assert found.kind == ("accounts" if text == "accounts: {}" else "identity")
