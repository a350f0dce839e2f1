"""Draw accounts with Graphviz: users, roles, attached policies, and who may assume which role.

The nodes of one account are a cluster. A solid edge attaches a policy, a dashed edge is a statement
of a trust policy.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

from ramgate.analysis.population import levels
from ramgate.errors import RamgateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.accounts.store import Account, Scopes, Store
    from ramgate.catalog.catalog import Catalog

__all__ = ["dot", "svg"]

_SECONDS: Final = 60
_CODES_IN_A_ROW: Final = 5
_HEAD: Final = """\
digraph ramgate {
  rankdir=LR; ranksep=1.1; nodesep=0.18; newrank=true;
  fontname="Helvetica,Arial,sans-serif"; fontsize=13;
  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, style=filled, color="#5b6b7b"];
  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#5b6b7b", arrowsize=0.7];
"""
_LOOKS: Final = {
    "service": 'shape=component, fillcolor="#fdebd0"',
    "linked": 'shape=box, style="filled,rounded", fillcolor="#d5f0dd"',
    "role": 'shape=box, style="filled,rounded", fillcolor="#dde9f7"',
    "user": 'shape=ellipse, fillcolor="#ffffff"',
    "policy": 'shape=note, fillcolor="#f4f4f4"',
}


def svg(text: str) -> bytes:
    """Return Graphviz's SVG image of a text in the `dot` language.

    Raises `RamgateError` if Graphviz is not installed, fails, or takes longer than 60 s.

    >>> if shutil.which("dot"):
    ...     assert b"<svg" in svg("digraph { alice -> policy }")
    """
    program = shutil.which("dot")
    if program is None:
        raise RamgateError(
            "SVG needs Graphviz, and there is no `dot` on PATH: "
            "install it (Debian, Ubuntu: apt install graphviz), or use `--format dot`"
        )
    try:
        done = subprocess.run(
            [program, "-Tsvg"],
            input=text.encode(),
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise RamgateError(f"`{program}` did not draw within {_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        cause = error.stderr.decode(errors="replace").strip() or f"exit status {error.returncode}"
        raise RamgateError(f"`{program}` could not draw: {cause}") from error
    return done.stdout


def dot(store: Store, catalog: Catalog) -> str:
    """Return the accounts of a store in Graphviz's `dot` language; equal stores give equal text.

    >>> from ramgate import resources
    >>> from ramgate.accounts import reader
    >>> from ramgate.catalog import catalog
    >>> known = catalog.load()
    >>> text = dot(reader.load(resources.path("examples/accounts.yaml"), known), known)
    >>> '"acs:ram::1234567890123456:user/alice" [label="alice"' in text
    True
    """
    lines: list[str] = []
    drawn: set[str] = set()
    for number, account in sorted(store["accounts"].items()):
        lines.append(f"  subgraph {_quote(f'cluster-{number}')} {{")
        lines.append(f"    label={_quote(_title(number, store))}; color={_quote('#9aa7b4')};")
        lines.extend(f"    {line}" for line in _members(number, account, store, catalog, drawn))
        lines.append("  }")
    for number, account in sorted(store["accounts"].items()):
        lines.extend(f"  {line}" for line in _trust(number, account, store["policies"], drawn))
    return "\n".join([_HEAD.rstrip(), *lines, "}", ""])


def _title(number: str, store: Store) -> str:
    above = levels(store).get(number, ())
    names = [", ".join(map(_short_name, policies)) or "none" for policies in above]
    control = [f"control policies: {' / '.join(names)}"] if names else []
    return "\n".join([f"account {number}", *control])


def _members(
    number: str, account: Account, store: Store, catalog: Catalog, drawn: set[str]
) -> Iterator[str]:
    """Yield the users, roles and attached policies of an account; add each node to `drawn`."""
    attached: set[str] = set()
    for name, user in sorted(account["users"].items()):
        yield _node(f"acs:ram::{number}:user/{name}", name, "user", drawn)
        yield from _attachments(f"acs:ram::{number}:user/{name}", number, user, attached)
    for name, role in sorted(account["roles"].items()):
        linked = catalog.roles.get(name)
        label, look = role["name"], "role" if linked is None else "linked"
        if linked is not None:
            label += "\nservice-linked" + ("" if role["policies"] else ", policy not in catalog")
        if "unreadable" in store["policies"][role["trust"]]:
            label += "\ntrust policy unreadable"
        yield _node(f"acs:ram::{number}:role/{name}", label, look, drawn)
        yield from _attachments(f"acs:ram::{number}:role/{name}", number, role, attached)
    if principals := _principals(number, account):
        yield f"{{ rank=same; {'; '.join(map(_quote, principals))}; }}"
    for policy in sorted(attached):
        label = "\n".join([_short_name(policy), *_effects(store["policies"][policy])])
        yield _node(f"{number} {policy}", label, "policy", drawn)


def _principals(number: str, account: Account) -> list[str]:
    users = [f"user/{name}" for name in sorted(account["users"])]
    roles = [f"role/{name}" for name in sorted(account["roles"])]
    return [f"acs:ram::{number}:{name}" for name in users + roles]


def _attachments(principal: str, number: str, scopes: Scopes, attached: set[str]) -> Iterator[str]:
    """Yield an edge for each policy of a principal; add the policy's id to `attached`."""
    groups = scopes.get("resource_groups", {})
    for group, policies in [("", scopes["policies"]), *sorted(groups.items())]:
        attached.update(policies)
        for policy in policies:
            yield _edge(principal, f"{number} {policy}", f"in {group}" if group else "", "solid")


def _trust(
    number: str, account: Account, policies: Mapping[str, Mapping[str, Any]], drawn: set[str]
) -> Iterator[str]:
    for name, role in sorted(account["roles"].items()):
        for statement in policies[role["trust"]].get("statements", ()):
            word = "may assume" if statement["effect"] == "Allow" else "must not assume"
            word += ", if" if "conditions" in statement else ""
            for principal in statement["principals"]:
                if principal not in drawn:
                    yield _node(principal, principal, "service", drawn)
                yield _edge(principal, f"acs:ram::{number}:role/{name}", word, "dashed")


def _effects(policy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each effect, with the RAM codes or wildcards of the services it is for."""
    if "unreadable" in policy:
        yield "unreadable"
        return
    named = [*policy["actions"].items(), *policy["service_wildcards"].items()]
    for patterns in policy["wildcards"].values():
        named += patterns.items()
    services: dict[str, set[str]] = {}
    for index, statement in enumerate(policy["statements"]):
        codes = {action.partition(":")[0] for action, indexes in named if index in indexes}
        word = "allows" if statement["effect"] == "Allow" else "denies"
        services.setdefault(word, set()).update(codes or {"all but a few"})
    for word, codes in sorted(services.items()):
        yield f"{word} {_wrap(sorted(codes))}"


def _wrap(codes: Sequence[str]) -> str:
    rows = [codes[at : at + _CODES_IN_A_ROW] for at in range(0, len(codes), _CODES_IN_A_ROW)]
    return ",\n".join(", ".join(row) for row in rows)


def _short_name(policy: str) -> str:
    return policy.rpartition("/")[2]


def _node(name: str, label: str, look: str, drawn: set[str]) -> str:
    drawn.add(name)
    return f"{_quote(name)} [label={_quote(label)}, {_LOOKS[look]}];"


def _edge(start: str, end: str, label: str, style: str) -> str:
    return f"{_quote(start)} -> {_quote(end)} [label={_quote(label)}, style={style}];"


def _quote(text: str) -> str:
    """Return the text as a quoted id of Graphviz; a backslash in a label is an escape too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
