"""Accounts that a test states itself, and the OPA that decides by them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Final

from ramgate import resources
from ramgate.bundle.builder import ROOTS, Bundle
from ramgate.errors import InvalidFiles
from ramgate.faults import Fault
from ramgate.sidecar.sidecar import Sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

    from ramgate.client.client import Client

__all__ = ["ACCOUNT", "World"]

ACCOUNT: Final = "1234567890123456"
"""The number of the account of a world that is stated as the parts of one account.

>>> ACCOUNT
'1234567890123456'
"""

_NAME: Final = "ramgate_world"


class World:
    """An OPA whose accounts a test states by a call. It runs as long as the `with` block.

    The fixture `ramgate_world` is a `World`; pytest shows its errors at the line of the call.
    `folder` is an existing folder for its accounts file.

    >>> from pathlib import Path
    >>> alice = f"acs:ram::{ACCOUNT}:user/alice"
    >>> topics = f"acs:alikafka:cn-hangzhou:{ACCOUNT}:alikafka_post-cn-x"
    >>> with World(Path()) as world:
    ...     client = world(users={"alice": {"policies": ["AliyunKafkaReadOnlyAccess"]}})
    ...     client.decide(alice, "alikafka:ListTopic", topics).effect
    ...     client.decide(alice, "alikafka:DeleteTopic", topics).effect
    ...     world.forget()
    'Allow'
    'ImplicitDeny'
    """

    def __init__(self, folder: Path) -> None:
        self.accounts = folder / "world.json"
        self._sidecar = Sidecar(bundle=_empty_bundle())
        self._client: Client | None = None

    def __call__(self, document: Mapping[str, object] | None = None, /, **parts: object) -> Client:
        """State the accounts, in place of those stated before, and return a client of OPA.

        The argument is a whole accounts document, or the keyword arguments are the parts of the
        account `ACCOUNT`: `users`, `groups`, `roles`, `policies`, `service_linked_roles`,
        `providers`, `resource_groups`. Raises `InvalidFiles` with every fault, and `TypeError` for
        arguments that are not JSON values, or of both forms; the accounts stay as they were.
        """
        __tracebackhide__ = True
        if document is not None and parts:
            raise TypeError(f"{_NAME}: pass a document or the parts of an account, not both")
        prefix = f"accounts.{ACCOUNT}." if document is None else ""
        try:
            text = json.dumps({"accounts": {ACCOUNT: parts}} if document is None else document)
        except (TypeError, ValueError) as error:  # `ValueError`: a circle
            raise TypeError(f"{_NAME}: {error}") from None
        stated = self.accounts.with_name(f"new-{self.accounts.name}")
        stated.touch(mode=0o600)
        stated.write_text(text)
        try:
            self._sidecar.load(stated)
        except InvalidFiles as error:
            # A new error, which has no frame of ramgate but this one; and pytest hides this one.
            raise InvalidFiles([_without_file(fault, prefix) for fault in error.faults]) from None
        stated.replace(self.accounts)
        self._client = self._client or self._sidecar.client()
        return self._client

    @property
    def client(self) -> Client:
        """The client that the last call returned. Raises `LookupError` before the first call."""
        __tracebackhide__ = True
        if self._client is None:
            raise LookupError(f"{_NAME}: no accounts are stated yet: call `{_NAME}(users={{…}})`")
        return self._client

    @property
    def url(self) -> str:
        """The URL of OPA, `unix:///…`, for a client that the test makes itself."""
        return self._sidecar.url

    def forget(self) -> None:
        """Close the client and unload accounts and rules, until the next call states accounts."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
            self._sidecar.publish(_empty_bundle())

    def __enter__(self) -> Self:
        self._sidecar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sidecar.stop()


def _without_file(fault: Fault, prefix: str) -> Fault:
    """Return a fault without the temporary file and its line, which the test's author never saw."""
    return Fault(_NAME, path=fault.path.removeprefix(prefix), message=fault.message)


def _empty_bundle() -> Bundle:
    """Return a bundle that answers with its revision, and every other query with undefined."""
    revision = "nothing"
    manifest = json.dumps({"revision": revision, "roots": ROOTS, "rego_version": 1}).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in {
            ".manifest": manifest,
            "status.rego": resources.path("rego/system/status/status.rego").read_bytes(),
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return Bundle(gzip.compress(packed.getvalue()), revision, {})
