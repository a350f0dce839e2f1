"""The commands about service-linked roles: what each prints, and its exit status."""

from __future__ import annotations

import contextlib
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.accounts import reader as accounts
from ramgate.accounts.edit import add_service_linked_role, remove_service_linked_role
from ramgate.analysis import doctor, graph, roles
from ramgate.catalog import catalog
from ramgate.cli.asking import (
    FINE,
    NO,
    UNKNOWN,
    accounts_path,
    asked_client,
    context,
    in_a_line,
    named_accounts,
    say,
)
from ramgate.documents import shape
from ramgate.documents.atomic_write import write
from ramgate.documents.source import read
from ramgate.errors import InvalidFiles
from ramgate.language import grammar
from ramgate.model.service_linked_role import Deletion, Remedy, Usage

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.client.client import Client
    from ramgate.model.copies import Policy
    from ramgate.model.service_linked_role import Creation, Feature

__all__ = [
    "create",
    "delete",
    "diagnose",
    "draw",
    "feature",
    "list_roles",
    "show_role",
]

_WIDTH: Final = 76
_EFFECTS: Final = {"Allow": "", "Deny": "never "}
_VERDICTS: Final[Mapping[tuple[bool, bool | None], str]] = {
    (True, None): "verdict: the feature works",
    (False, True): "verdict: not yet; what helps is in step 5, and was tried",
    (False, False): "verdict: no",
}


def list_roles(options: Namespace) -> int:
    """`ramgate roles`."""
    known = catalog.load()
    store = accounts.load(Path(options.accounts), known) if options.accounts else None
    listed = roles.listing(known, store)
    if options.json:
        print(_json(listed))
        return FINE
    head = ["ROLE", "SERVICE NAME", "FEATURE", "POLICY"]
    rows = [[role.role, role.service_name, role.feature or "-", _policy(role)] for role in listed]
    if store is not None:
        head.append("EXISTS IN")
        for row, role in zip(rows, listed, strict=True):
            row.append(" ".join(role.accounts or ()) or "-")
    print(_table([head, *rows]))
    return FINE


def _policy(role: roles.KnownRole) -> str:
    return "published" if role.is_published else "not public"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (map(str.ljust, row, widths) for row in rows)
    return "\n".join("  ".join(row).rstrip() for row in padded)


def show_role(options: Namespace) -> int:
    """`ramgate role`."""
    sheet = roles.sheet(roles.find(options.name, catalog.load()))
    if options.json:
        print(_json(sheet))
        return FINE
    stops = ", ".join(sheet.stops_without_it) or None
    facts = {
        "purpose": sheet.purpose,
        "service name": sheet.service_name,
        "created when": sheet.created_when,
        "without it": f"{stops} stops working, until the role is created again" if stops else None,
        "policy": sheet.policy,
        "source": sheet.source,
        "note": sheet.note,
    }
    print(sheet.role)
    for name, fact in facts.items():
        if fact is not None:
            print(f"  {name:<14}{fact}")
    if sheet.permissions is None:
        print("permissions: not known, the policy document is not public")
        return FINE
    print("permissions")
    for grant in sheet.permissions:
        print("\n".join(_grant(grant)))
    return FINE


def _grant(grant: roles.Grant) -> Iterator[str]:
    lines = [f"{_EFFECTS[grant.effect]}{line}" for line in _wrapped(grant.actions)]
    if grant.resources != ("*",):
        lines.append(f"on {', '.join(grant.resources)}")
    for operator, keys in grant.conditions.items():
        for key, values in keys.items():
            lines.append(f"if {key} {operator} {', '.join(values)}")
    for position, line in enumerate(lines):
        yield f"  {'' if position else grant.service:<14}{line}"


def _wrapped(words: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(words), _WIDTH, break_on_hyphens=False, break_long_words=False)


def create(options: Namespace) -> int:
    """`ramgate slr create`."""
    with _asked(options) as client:
        answer = client.creation(options.principal, options.name, context(options.context))
    return _settled(answer, "service", options)


def feature(options: Namespace) -> int:
    """`ramgate slr feature`."""
    with _asked(options) as client:
        answer = client.feature(options.principal, options.name, context(options.context))
    return _settled(answer, "feature", options)


def delete(options: Namespace) -> int:
    """`ramgate slr delete`."""
    usages = _usages(Path(options.usages)) if options.usages else []
    circumstances = context(options.context)
    with _asked(options) as client:
        answer = client.deletion(options.principal, options.name, usages, circumstances)
    return _settled(answer, "role", options)


@contextlib.contextmanager
def _asked(options: Namespace) -> Iterator[Client]:
    if options.write and options.accounts is None:
        raise ValueError("`--write` changes an accounts file: name it with `--accounts`")
    with asked_client(options) as client:
        yield client


def _usages(path: Path) -> list[Usage]:
    source, found = read(path, root="usages"), []
    fields = ("region", "resources")
    for item, place in shape.items(source.value, source.place):
        parts = shape.fields(item, place, fields, fields)
        region = shape.texts({"region": parts.pop("region", "")}, place).get("region", "")
        listed = parts.get("resources", [])
        resources = tuple(
            shape.name(text, here, grammar.RESOURCE, "ARN") or ""
            for text, here in shape.items(listed, place / "resources")
        )
        found.append(Usage(region, resources))
    if source.place.findings.faults:
        raise InvalidFiles(source.place.findings.faults)
    return found


def _settled(answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace) -> int:
    if options.json:
        print(_json(_stated(answer)))
    else:
        print("\n".join(_told(answer, kind, options)))
    if options.remedy_out:
        _write_policy(answer.remedy, Path(options.remedy_out))
    if options.write:
        _write_change(answer, Path(options.accounts))
    if answer:
        return FINE
    return UNKNOWN if answer.outcome in {"unknown_feature", "unknown_service"} else NO


def _stated(answer: Creation | Feature | Deletion) -> dict[str, object]:
    """The answer as OPA gave it, in which only some have these two."""
    fields: dict[str, object] = msgspec.to_builtins(answer)
    return {key: value for key, value in fields.items() if value or key not in {"errors", "loss"}}


def _told(
    answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace
) -> Iterator[str]:
    yield f"{answer.outcome}: {_outcome(answer, kind, options)}"
    if answer.authorization is not None:
        yield f"because: {in_a_line(answer.authorization)}"
    if isinstance(answer, Deletion) and answer.loss is not None:
        stops = ", ".join(answer.loss.features) or "what needs the role"
        yield f"stops working: {stops}, until the role is created again"
        if answer.loss.created_when is not None:
            yield f"that happens when: {answer.loss.created_when}"
    if answer.remedy is not None:
        yield "way out:"
        yield from (f"  {line}" for line in _way_out(answer.remedy))


def _outcome(answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace) -> str:
    named = f"`{answer.role or options.name}` of account `{answer.account}`"
    there = f"{named} is there, and everybody in the account works through it"
    texts = {
        "create": f"{named} may be created; its service is `{answer.service_name}`",
        "delete": f"{named} may be deleted",
        "exists": there,
        "in_use": f"{named} may be deleted once nothing uses it",
        "not_service_linked": f"{named} is an ordinary role",
        "ready": there,
    }
    if answer.outcome in texts:
        return texts[answer.outcome]
    ask = _denied if answer.outcome == "denied" else _unknown
    return ask(answer, kind, options)


def _denied(answer: Creation | Feature | Deletion, _: roles.Kind, options: Namespace) -> str:
    decision = answer.authorization
    if decision is not None and decision.reason == "unknown_principal":
        return _stranger(options)
    done = "deleted by" if isinstance(answer, Deletion) else "created for"
    named = f"`{answer.role}` of account `{answer.account}`"
    return f"{named} may not be {done} `{options.principal}`"


def _unknown(answer: Creation | Feature | Deletion, kind: roles.Kind, options: Namespace) -> str:
    known = catalog.load()
    if kind == "role" and options.name.lower() in known.roles:
        return f"account `{answer.account}` does not have `{options.name}`"
    return roles.unknown(options.name, kind, known)


def _stranger(options: Namespace) -> str:
    if options.url:
        return f"`{options.principal}` is not there"
    store = accounts.load(accounts_path(options), catalog.load())
    return f"`{options.principal}` is not there: {doctor.absence(options.principal, store)}"


def _way_out(remedy: Remedy) -> Iterator[str]:
    for statement in remedy.remove:
        yield f"remove the statement {statement}, which denies it"
    for level in remedy.levels:
        yield f"have {doctor.control_policies(level)} allow it"
    if remedy.policy is not None:
        other = f", or the system policy {remedy.or_attach}" if remedy.or_attach else ""
        yield f"attach to {remedy.attach_to} this policy{other}:"
        yield from (f"  {line}" for line in _document(remedy.policy).splitlines())
    for usage in remedy.release:
        yield f"release {usage}"


def _document(policy: Policy) -> str:
    return json.dumps(policy, indent=2)


def _write_policy(remedy: Remedy | None, path: Path) -> None:
    if remedy is None or remedy.policy is None:
        say(f"`{path}` is not written: no policy is the way out")
        return
    write(path, f"{_document(remedy.policy)}\n".encode())
    say(f"`{path}` is written: attach it to {remedy.attach_to}")


def _write_change(answer: Creation | Feature | Deletion, path: Path) -> None:
    if answer.outcome == "create":
        changed = add_service_linked_role(path, str(answer.account), str(answer.role))
        say(f"`{changed}`: added {answer.role}")
    elif answer.outcome == "delete":
        changed = remove_service_linked_role(path, str(answer.account), str(answer.role))
        say(f"`{changed}`: removed {answer.role}")
    else:
        say(f"`{path}` is left as it was: {answer.outcome}")


def diagnose(options: Namespace) -> int:
    """`ramgate doctor`."""
    circumstances = context(options.context)
    path = named_accounts(options)
    diagnosis = doctor.diagnose(path, options.principal, options.feature, circumstances)
    if options.json:
        print(_json(diagnosis))
    else:
        for number, step in enumerate(diagnosis.steps, 1):
            remedy = step.evidence.get("remedy")
            lines = _way_out(remedy) if isinstance(remedy, Remedy) else [step.answer]
            print("\n   ".join([f"{number}. {step.question}", *lines]))
        print(_VERDICTS[diagnosis.allow, diagnosis.remedied])
    return FINE if diagnosis.allow else NO


def draw(options: Namespace) -> int:
    """`ramgate graph`."""
    known = catalog.load()
    text = graph.dot(accounts.load(named_accounts(options), known), known)
    content = graph.svg(text) if options.format == "svg" else text.encode()
    if options.output:
        write(Path(options.output), content)
    else:
        print(content.decode(), end="")
    return FINE


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
