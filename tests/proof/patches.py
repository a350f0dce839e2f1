"""Hold patched stores against fresh ones: a snapshot and N patches equal the fresh snapshot.

The accounts are drawn by a seed and edited at random: accounts and the directory come and go,
documents change, become unreadable, and move to files of their own and back.
"""

from __future__ import annotations

import contextlib
import copy
import http.client
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from edits import Editor
from generator import batch, seed_pick
from processes import eventually
from ramgate import InvalidFiles, resources
from ramgate.bundle.builder import Builder
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address
from ramgate.sidecar.bundle_server import BundleServer
from ramgate.sidecar.health import active_revision
from ramgate.sidecar.invocation import flags
from ramgate.sidecar.patcher import Patcher
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from generator import Object
    from ramgate.bundle.builder import Bundle
    from reference_evaluator import Catalog

__all__ = ["Edited", "PatchedOpa", "running_opa"]

_WORLDS: Final = 3
_EDITS: Final = 3
_SECONDS: Final = 60


class Edited:
    """A folder of accounts files that is edited, and the bundles that a builder makes of it."""

    def __init__(self, seed: int, catalog: Catalog, folder: Path) -> None:
        self._pick = seed_pick(seed)
        self._document = batch(self._pick, catalog, _WORLDS, 1).document()
        self._other = batch(self._pick, catalog, 2, 1).document()
        self._away: dict[str, Object] = {}
        self._in_files: set[tuple[str, str]] = set()
        self._folder = folder
        (folder / "policies").mkdir(parents=True)
        self._builder = Builder()
        self.invalid = 0
        self._write()
        self.bundle = self._builder.build(folder)

    def fresh(self) -> Bundle:
        """Return the bundle that a new builder makes."""
        return Builder().build(self._folder)

    def edit(self) -> Bundle:
        """Make some edits that leave the accounts valid, and return the next bundle."""
        while True:
            before = copy.deepcopy((self._document, self._away, self._in_files))
            for _ in range(1 + self._pick.below(_EDITS)):
                self._edit_once()
            self._write()
            try:
                self.bundle = self._builder.build(self._folder)
            except InvalidFiles:
                self.invalid += 1
                self._document, self._away, self._in_files = before
            else:
                return self.bundle

    def _edit_once(self) -> None:
        pick = self._pick
        whole = {"directory": self._away.get("directory"), **self._document}
        ways = (
            *(Editor(pick, whole, self._other).change for _ in range(3)),
            self._remove_or_bring_back,
            self._remove_or_bring_back,
            self._move_document,
            self._rename_policy,
        )
        pick.of(ways)()

    def _remove_or_bring_back(self) -> None:
        accounts = self._document["accounts"]
        if self._away and self._pick.chance(1, 2):
            number = self._pick.of(sorted(self._away))
            self._document[number] = self._away.pop(number)
            if number != "directory":
                accounts[number] = self._document.pop(number)
        elif self._pick.chance(1, 4) and "directory" in self._document:
            self._away["directory"] = self._document.pop("directory")
        elif len(accounts) > 1:
            number = self._pick.of(sorted(accounts))
            self._away[number] = accounts.pop(number)

    def _move_document(self) -> None:
        """Keep a policy in a file of its own, or in the accounts file again."""
        number = self._pick.of(sorted(self._document["accounts"]))
        policies = self._document["accounts"][number].get("policies", {})
        if policies:
            place = (number, self._pick.of(sorted(policies)))
            self._in_files ^= {place}

    def _rename_policy(self) -> None:
        """Give a policy another name, wherever it is attached: several members change at once."""
        number = self._pick.of(sorted(self._document["accounts"]))
        account = self._document["accounts"][number]
        if account.get("policies"):
            old = self._pick.of(sorted(account["policies"]))
            new = f"{old[:20]}-{self._pick.below(1000)}"
            if new not in account["policies"]:
                text = json.dumps(account).replace(json.dumps(old), json.dumps(new))
                self._document["accounts"][number] = json.loads(text)

    def _write(self) -> None:
        shared = {"system_policies": self._document["system_policies"]}
        files = {
            number: {"accounts": {number: self._with_files(number, account)}, **shared}
            for number, account in self._document["accounts"].items()
        }
        if "directory" in self._document:
            files["directory"] = {"directory": self._document["directory"], **shared}
        for file in self._folder.glob("*.json"):
            if file.stem not in files:
                file.unlink()
        for name, content in files.items():
            (self._folder / f"{name}.json").write_text(json.dumps(content))

    def _with_files(self, number: str, account: Any) -> Any:  # noqa: ANN401 - a document
        policies = dict(account.get("policies", {}))
        for name, document in policies.items():
            if (number, name) in self._in_files and "unreadable" not in document:
                path = f"policies/{number}-{len(policies)}-{zlib.crc32(name.encode())}.json"
                (self._folder / path).write_text(json.dumps(document))
                policies[name] = {"file": path}
        return {**account, "policies": policies} if policies else account


class PatchedOpa:
    """An OPA that takes patches, and shows its whole store to this test."""

    def __init__(self, server: BundleServer, address: Address) -> None:
        self._server = server
        self._address = address
        self._patcher = Patcher(address, Settings(), "unused")
        self.patches = 0

    def want(self, bundle: Bundle) -> None:
        """Give OPA a bundle, by a patch if there is one, and wait until it has it."""
        patch = self._server.patch(bundle)
        if patch is None:
            self._server.publish(bundle)
        else:
            is_applied = self._patcher.send(patch.body)
            assert is_applied
            self.patches += 1
            self._server.patched(patch, is_applied=is_applied)
        eventually(lambda: active_revision(self._address) == bundle.revision)

    def read(self) -> Any:  # noqa: ANN401 - JSON
        """Return OPA's data."""
        connection = http.client.HTTPConnection("localhost")
        with contextlib.closing(connection):
            connection.sock = self._address.connect(_SECONDS)
            connection.request("GET", "/v1/data/store")
            return json.load(connection.getresponse())["result"]


@contextlib.contextmanager
def running_opa(folder: Path, bundle: Bundle) -> Iterator[PatchedOpa]:
    """Start an OPA without authorization that has this bundle."""
    address = Address.parse(f"unix://{folder / 'opa.sock'}")
    config, token = str(resources.path("opa-config.yaml")), folder / "token"
    with BundleServer(bundle, is_patchable=True) as server:
        token.write_text(server.token)
        command = flags(
            config, [address.flag], authorization=False, decision_log=False, ready_timeout=_SECONDS
        )
        environment = {
            "RAMGATE_BUNDLE_URL": server.url,
            "RAMGATE_BUNDLE_TOKEN_FILE": str(token),
        }
        process = Supervised([str(find_opa()), "run", *command], environment)
        try:
            eventually(lambda: active_revision(address) == bundle.revision)
            yield PatchedOpa(server, address)
        finally:
            process.stop()
