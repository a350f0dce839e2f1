"""Files with policy documents for tests, and short descriptions of the documents in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ramgate.analysis.validate import examine
from ramgate.formats import find

if TYPE_CHECKING:
    from pathlib import Path

READS = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "acs:oss:*:*:photos/*"}
POLICY = {"Version": "1", "Statement": [READS]}
ADMITS = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": ["fc.aliyuncs.com"]},
}
TRUST = {"Version": "1", "Statement": [ADMITS]}
NOT_AN_ACTION = "is not a valid action: write `*` or `<service>:<operation>`"
OF_A_BUCKET: dict[str, object] = {**READS, "Principal": ["1234567890123456"]}
BUCKET: dict[str, object] = {"Version": "1", "Statement": [OF_A_BUCKET]}


def written(path: Path, value: object) -> Path:
    """Write a text as it is, any other value as JSON."""
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))
    return path


def found_in(path: Path) -> list[tuple[str, str, str]]:
    """Return the kind, the name and the place of each document."""
    return [(found.kind, found.name, str(found.place)) for found in find.documents(path)]


def faults(path: Path) -> list[str]:
    """Return each fault of `validate`, without the file."""
    return [
        _short(fault.line, fault.path, fault.message) for fault in examine(path).findings.faults
    ]


def advice(path: Path) -> list[str]:
    """Return each piece of advice of `validate`, without the file."""
    return [_short(hint.line, hint.path, hint.message) for hint in examine(path).findings.advice]


def _short(line: int, path: str, message: str) -> str:
    return f"{line}: {path}: {message}"
