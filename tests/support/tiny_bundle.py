"""Small bundles for tests that need a bundle other than the real one."""

from __future__ import annotations

import io
import json
import tarfile

from ramgate import resources
from ramgate.bundle.builder import Bundle
from ramgate.bundle.change import Change, Pair

ROOTS = ("ram", "slr", "store", "system")
SYSTEM = tuple(f"rego/system/{name}/{name}.rego" for name in ("authz", "log", "status"))


def tiny_bundle(
    revision: str = "tiny-1", decision: str = '"tiny"', *, other_rules: int = 0
) -> Bundle:
    """Return a bundle with this Rego term as `ram.authz.decision`, and the real `system`.

    OPA needs about a second to compile 5,000 `other_rules`.
    """
    files = {
        ".manifest": json.dumps({"revision": revision, "roots": ROOTS, "rego_version": 1}),
        "data.json": json.dumps({"store": {"secret": "grants"}}),
        "ram/authz/authz.rego": (
            f"package ram.authz\n\ndecision := {decision}\n\ndecisions := [decision]\n"
        ),
        "ram/other/other.rego": "package ram.other\n\n"
        + "".join(f"rule_{number} if input.number == {number}\n" for number in range(other_rules)),
        **{name.removeprefix("rego/"): resources.path(name).read_text() for name in SYSTEM},
    }
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return Bundle(content=content.getvalue(), revision=revision, counts={})


def tiny_change(base: str, revision: str, value: str = "other") -> Bundle:
    """Return a tiny bundle with a change that replaces a value that no tiny bundle has."""
    members = {("secrets", "one"): Pair("x", value)}
    change = Change(base, revision, members)
    return Bundle(tiny_bundle(revision).content, revision, {}, change=change)
