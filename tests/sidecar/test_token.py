from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate.errors import SidecarError
from ramgate.sidecar.token import is_token, read_token
from sidecars import TOKEN

if TYPE_CHECKING:
    from pathlib import Path


def test_a_token_is_read_without_the_space_around_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text(f"\n {TOKEN}\r\n")
    file.chmod(0o600)
    assert read_token(file) == read_token(str(file)) == TOKEN
    assert caplog.messages == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_token_file_open_to_other_users_draws_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int
) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    file.chmod(mode)
    assert read_token(file) == TOKEN
    assert caplog.messages == [
        f"the token file `{file}` is open to other users: run `chmod 600` on it"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty$"),
        (b" \n\t\r\n", "is empty$"),
        (b"two words", "does not contain a token"),
        (b"two\nlines", "does not contain a token"),
        (b"\x7fELF\x02\x01\x01\x00", "does not contain a token"),
        ("pässword".encode(), "does not contain a token"),
        (b"x" * 4097, "does not contain a token: 1 to 4096 visible ASCII characters"),
        (b"x" * 1_000_000, "does not contain a token"),
    ],
)
def test_a_file_without_a_token_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SidecarError, match=rf"^the token file `{file}` {message}"):
        read_token(file)


def test_a_token_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SidecarError, match=r"^cannot read the token file .*: Is a directory$"):
        read_token(tmp_path)
    with pytest.raises(SidecarError, match=r"^cannot read .*: No such file or directory$"):
        read_token(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "valid"),
    [(TOKEN, True), ("x" * 4096, True), ("x" * 4097, False), ("", False), ("a b", False)],
)
def test_a_token_is_visible_ascii_of_limited_length(text: str, *, valid: bool) -> None:
    assert is_token(text) is valid
