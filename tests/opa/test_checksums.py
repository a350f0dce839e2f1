from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.checksums import CHECKSUMS, pinned_checksum

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "0123456789abcdef" * 4
ASSET = "v1.22.2/opa_linux_amd64"


def test_the_shipped_file_is_read_and_explains_itself() -> None:
    assert pinned_checksum("v0.0.0/opa_linux_amd64") is None
    assert resources.path(CHECKSUMS).read_text().startswith("# ")


@pytest.mark.parametrize(
    "line", [f"{DIGEST}  {ASSET}", f"{DIGEST} *{ASSET}", f"{DIGEST.upper()}  {ASSET}  "]
)
def test_an_entry_is_read_as_sha256sum_writes_it(line: str, pins: Path) -> None:
    pins.write_text(f"# {DIGEST}  v1/other\n\n   \n{'f' * 64}  v1.22.3/opa_linux_amd64\n{line}\n")
    assert pinned_checksum(ASSET) == DIGEST
    assert pinned_checksum("v1/other") is None


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (f"{DIGEST[1:]}  {ASSET}", "is not `SHA-256  v<version>/<asset>`"),
        (f"{DIGEST}0  {ASSET}", "is not `SHA-256  v<version>/<asset>`"),
        (f"{DIGEST}  {ASSET} # mine", "is not `SHA-256  v<version>/<asset>`"),
        (DIGEST, "is not `SHA-256  v<version>/<asset>`"),
        (f"{'f' * 64}  {ASSET}", f"is a second entry of `{ASSET}`"),
    ],
)
def test_a_damaged_file_is_an_error_and_not_a_file_without_an_entry(
    line: str, cause: str, pins: Path
) -> None:
    pins.write_text(f"{DIGEST}  {ASSET}\n{line}\n")
    with pytest.raises(OpaUnavailable) as refused:
        pinned_checksum(ASSET)
    assert str(refused.value) == f"`{CHECKSUMS}:2` {cause}"
