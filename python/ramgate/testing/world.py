"""What a test says that there is, and an OPA that decides by it until the test is over."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Final

from ramgate.bundle.builder import ROOTS, Bundle
from ramgate.sidecar.sidecar import Sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from ramgate.client.client import Client

__all__ = ["ACCOUNT", "World"]

ACCOUNT: Final = "1234567890123456"
"""The account that is meant where a world is stated by the parts of one."""


class World:
    """A world to state, on an OPA of its own, which runs while the `with` block does."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "world.json"
        self._sidecar = Sidecar(bundle=_nothing())
        self._client: Client | None = None

    def __call__(self, document: Mapping[str, object] | None = None, /, **parts: object) -> Client:
        """Give a client that asks about this world, which takes the place of the one before.

        The world is an accounts document, or the parts of the one account `ACCOUNT`. Raises
        `InvalidFiles` with every fault, and the world stays what it was.
        """
        if document is None:
            document = {"accounts": {ACCOUNT: parts}}
        elif parts:
            raise TypeError("a world is a document or the parts of an account, not both")
        self._file.write_text(json.dumps(document, indent=1))
        self._sidecar.load(self._file)
        self._client = self._client or self._sidecar.client()
        return self._client

    @property
    def client(self) -> Client:
        """The client that asks about the world. Raises `LookupError` where none was stated."""
        if self._client is None:
            raise LookupError("there is no world yet: state one, `ramgate_world(users={…})`")
        return self._client

    @property
    def url(self) -> str:
        """Where OPA listens, for what brings a client of its own."""
        return self._sidecar.url

    def forget(self) -> None:
        """End the world: its client is closed, and OPA knows no rule until the next is stated."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            self._sidecar.publish(_nothing())

    def __enter__(self) -> Self:
        self._sidecar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sidecar.stop()


def _nothing() -> Bundle:
    """A bundle without rules: whoever asks by it is told that there is no answer."""
    revision = "nothing"
    manifest = json.dumps({"revision": revision, "roots": ROOTS, "rego_version": 1}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(".manifest")
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
    return Bundle(gzip.compress(packed.getvalue()), revision, {})
