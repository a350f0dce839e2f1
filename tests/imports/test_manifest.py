from __future__ import annotations

import pytest

from ramgate.errors import EditError
from ramgate.imports.manifest import parse, to_json

ACCOUNT = "1234567890123456"


def test_a_manifest_is_sorted_and_reads_back() -> None:
    files = {
        "directory": ["policies/directory/b.json", "directory.yaml"],
        ACCOUNT: {f"policies/{ACCOUNT}/system/Aliyun-1.0a1b2c3d.json", f"{ACCOUNT}.yaml"},
    }
    content = to_json(files)
    assert content == to_json({owner: files[owner] for owner in sorted(files)})
    assert parse(content, "M") == {owner: sorted(own) for owner, own in files.items()}
    assert content.decode().splitlines()[:5] == [
        "{",
        '  "format": 1,',
        '  "files": {',
        f'    "{ACCOUNT}": [',
        f'      "{ACCOUNT}.yaml",',
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"format": 1}',
        b'{"format": "1", "files": {}}',
        b'{"format": 0, "files": {}}',
        b'{"format": 1, "files": {}, "more": 1}',
        b'{"format": 1, "files": []}',
        b'{"format": 1, "files": {"directory": "directory.yaml"}}',
        b'{"format": 1, "files": {"directory": [1]}}',
        b'\xff{"format": 1, "files": {}}',
    ],
)
def test_a_damaged_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(EditError, match=r"^`M` is damaged: ") as refused:
        parse(content, "M")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("owner", "path"),
    [
        ("directory", "../directory.yaml"),
        ("directory", "/etc/passwd"),
        ("directory", f"{ACCOUNT}.yaml"),
        ("directory", "policies/directory/../../a.json"),
        ("directory", "policies/directory/a\n.json"),
        ("directory", ".ramgate-import.json"),
        (ACCOUNT, "directory.yaml"),
        (ACCOUNT, f"policies/{ACCOUNT}/"),
        (ACCOUNT, f"policies/{ACCOUNT}/other/a.json"),
        ("own", "own.yaml"),
        (".*", "own.yaml"),
    ],
)
def test_a_manifest_with_a_file_that_no_import_makes_is_refused(owner: str, path: str) -> None:
    with pytest.raises(EditError, match=r"^`M` is damaged: .* is not a file of") as error:
        parse(to_json({owner: [path]}), "M")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("version", [b"2", b"99"])
def test_a_manifest_of_a_newer_format_is_refused(version: bytes) -> None:
    with pytest.raises(EditError, match=r"^`M` was made by a newer ramgate: use that one$"):
        parse(b'{"format": ' + version + b', "owners": {}}', "M")
