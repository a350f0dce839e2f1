"""A model of OPA's store: a bundle, and patches by `PATCH /v1/data`, as OPA 1.22.2 takes them."""

from __future__ import annotations

import io
import json
import tarfile
import urllib.parse
from typing import Any

__all__ = ["OpaStore", "RefusedError", "files"]

_RECORD = "ramgate"


class RefusedError(Exception):
    """OPA refuses a patch, and keeps what it has."""


def files(content: bytes) -> dict[str, bytes]:
    """Return the files of a bundle by their names."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        found = {}
        for member in archive.getmembers():
            assert member.isfile()
            assert (member.mtime, member.uid, member.gid, member.uname) == (0, 0, 0, "")
            file = archive.extractfile(member)
            assert file
            found[member.name] = file.read()
        return found


class OpaStore:
    """The data that OPA has after a bundle and any number of patches."""

    def __init__(self, bundle: bytes) -> None:
        found = files(bundle)
        manifest = json.loads(found[".manifest"])
        self._data: dict[str, Any] = json.loads(found["data.json"])
        self._data["system"] = {"bundles": {_RECORD: {"manifest": manifest}}}

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = self._data["system"]["bundles"][_RECORD]["manifest"]
        return found

    @property
    def revision(self) -> str:
        return str(self.manifest["revision"])

    @property
    def store(self) -> object:
        return self._data["store"]

    def patch(self, body: bytes) -> None:
        """Apply a patch as a whole, or raise `RefusedError` and change nothing."""
        before = json.dumps(self._data)
        try:
            for operation in json.loads(body):
                self._write(**operation)
        except RefusedError:
            self._data = json.loads(before)
            raise

    def _write(self, op: str, path: str, value: object = None) -> None:
        steps = [
            urllib.parse.unquote(step).replace("~1", "/").replace("~0", "~")
            for step in path.strip("/").split("/")
        ]
        for root in self.manifest["roots"]:
            if all(step == part for step, part in zip(steps, root.split("/"), strict=False)):
                raise RefusedError(f"{path} is owned by the bundle")
        parent: Any = self._data
        for step in steps[:-1]:
            if not isinstance(parent, dict) or step not in parent:
                raise RefusedError(f"{path} has no parent")
            parent = parent[step]
        if op != "add" and steps[-1] not in parent:
            raise RefusedError(f"{path} is not there")
        if op == "remove":
            del parent[steps[-1]]
        else:
            assert op in {"add", "replace"}
            parent[steps[-1]] = value
