from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest

from ramgate.errors import SidecarError
from ramgate.sidecar.private_folder import PrivateFolder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_open_the_folder_and_its_files() -> None:
    folder = PrivateFolder()
    file = folder.write("token", "secret")
    assert (mode(folder.path), mode(file)) == (0o700, 0o600)
    assert file.read_text() == "secret"
    assert Path(folder.socket.path).parent == folder.path
    with pytest.raises(FileExistsError):
        folder.write("token", "another")
    folder.remove()
    assert not folder.path.exists()
    folder.remove()


def test_a_folder_too_deep_for_a_socket_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    folder = PrivateFolder()
    assert deep not in folder.path.parents
    assert len(folder.socket.path) < 100
    assert list(deep.iterdir()) == []
    folder.remove()


def test_without_a_place_for_the_folder_nothing_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(SidecarError, match=r"^cannot create a private folder: .*missing"):
        PrivateFolder()
