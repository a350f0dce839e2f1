"""Write the documents of system policies and of service-linked roles from a folder of facts.

`tools/make_catalog.py` calls it. An entry with a `purpose` was written by people: the entry and its
document stay as they are.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from ramgate.catalog.service_text import fields_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Facts = dict[str, Any]

_COPY: Final = re.compile(r"read_file id [0-9]+ .*")
_KNOWN_ROLE: Final = re.compile(r"  - role: (\S+)\n(?:    .*\n)+")
_NEWER: Final = """\
# Versions of service-linked roles' policies that are newer than the documents in `policies/`, or
# whose role has no document there. They are published, but only their beginning could be read, so
# no decision depends on them. A role that is neither in `roles/` nor in `known-roles.yaml` is here
# because no source that was read names its service.
"""


def write_system_policies(facts: Facts, catalog: Path) -> None:
    """Write an entry and a document for each system policy."""
    for name, policy in facts["policies"].items():
        source = {
            "title": policy["source"],
            "version": policy.get("version"),
            "created": policy.get("created"),
            "date": policy.get("updated"),
        }
        entry = {"policy": name, "kind": policy["kind"], "source": source}
        path = catalog / "system-policies" / f"{name}.yaml"
        _write(path, {**entry, "note": policy.get("note")}, policy["document"])


def write_roles(facts: Facts, catalog: Path) -> None:
    """Write an entry and a document for each role, and remove the role from `known-roles.yaml`."""
    for name, role in facts["roles"].items():
        page = _COPY.sub("a copy of it in a public repository", role["source"])
        source = {
            "title": f"{role['kind']}: {page}",
            "version": role.get("version"),
            "date": role["date"],
        }
        entry = {"role": name, "service_name": role["service_name"], "policy": role["policy"]}
        path = catalog / "roles" / f"{name}.yaml"
        _write(path, {**entry, "source": source, "note": role.get("note")}, role["document"])
    known = catalog / "known-roles.yaml"
    known.write_text(
        _KNOWN_ROLE.sub(
            lambda entry: "" if entry[1] in facts["roles"] else entry[0],
            known.read_text(encoding="utf-8"),
        ),
        encoding="utf-8",
    )
    text = _NEWER + "".join(_newer_versions(facts))
    (catalog / "newer-versions.yaml").write_text(text, encoding="utf-8")


def _newer_versions(facts: Facts) -> Iterator[str]:
    newer = dict(facts["newer_versions_seen_only_in_part"])
    newer |= {
        name: role["superseded_by"]
        for name, role in facts["roles"].items()
        if "superseded_by" in role
    }
    for name, version in sorted(newer.items()):
        lines = fields_text({"role": name, **version}).splitlines(keepends=True)
        yield "".join(f"{'  ' if position else '- '}{line}" for position, line in enumerate(lines))


def _write(path: Path, entry: Facts, document: Facts) -> None:
    if path.is_file() and "\npurpose: " in path.read_text(encoding="utf-8"):
        return
    path.write_text(fields_text(entry), encoding="utf-8")
    text = json.dumps(document, indent=2, ensure_ascii=False)
    policy = path.parent.parent / "policies" / f"{entry['policy']}.json"
    policy.write_text(f"{text}\n", encoding="utf-8")
