"""The checksums of OPA's releases that `tools/opa-checksums.txt` pins."""

from __future__ import annotations

import re
from typing import Final

from ramgate import resources
from ramgate.errors import OpaUnavailable

__all__ = ["CHECKSUMS", "pinned_checksum"]

CHECKSUMS: Final = "tools/opa-checksums.txt"
"""The file of the pinned checksums, which ships with ramgate."""

_ENTRY: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](\S+)")


def pinned_checksum(asset: str) -> str | None:
    """Return the pinned SHA-256 of a release such as `v1.22.2/opa_linux_amd64`; None without one.

    Raises `OpaUnavailable` if a line is neither an entry in `sha256sum`'s form, a comment nor
    empty, or if a release has two entries: a damaged file must not look like one without an entry.
    """
    checksums: dict[str, str] = {}
    for number, line in enumerate(resources.path(CHECKSUMS).read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        entry = _ENTRY.fullmatch(line.rstrip())
        if entry is None:
            raise OpaUnavailable(f"`{CHECKSUMS}:{number}` is not `SHA-256  v<version>/<asset>`")
        if entry[2] in checksums:
            raise OpaUnavailable(f"`{CHECKSUMS}:{number}` is a second entry of `{entry[2]}`")
        checksums[entry[2]] = entry[1].lower()
    return checksums.get(asset)
