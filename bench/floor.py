"""The floor: rules with a constant value in the same OPA, which answer without evaluating."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALLOW", "add_to", "path"]

ALLOW: Final = "/v1/data/floor/allow"
"""The path of the floor's rule, whose value is `true`."""

_FILE: Final = "floor/floor.rego"
_ROOT: Final = "floor"
_SPEED_BEFORE_SIZE: Final = 1


def add_to(bundle: bytes, constants: Mapping[str, object]) -> bytes:
    """Return the bundle with the rules of the floor added: `allow`, and one for each constant."""
    rules = ["package floor", "allow := true"]
    rules += [f"{name} := {json.dumps(value)}" for name, value in constants.items()]
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as before,
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=_SPEED_BEFORE_SIZE) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as after,
    ):
        for member in before:
            content = before.extractfile(member)
            if content is None:
                continue
            whole = content.read()
            if member.name == ".manifest":
                manifest = json.loads(whole)
                whole = json.dumps(manifest | {"roots": [*manifest["roots"], _ROOT]}).encode()
            _put(after, member.name, whole)
        _put(after, _FILE, "\n".join([*rules, ""]).encode())
    return packed.getvalue()


def path(constant: str) -> str:
    """Return the path of a constant's rule."""
    return f"/v1/data/{_ROOT}/{constant}"


def _put(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
