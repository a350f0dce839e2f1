"""The import of a company decides as the accounts file that somebody wrote by hand."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from alicloud.cloud import FakeCloud
from alicloud_imports import command, environment
from companies import actions_of
from generator import Pick, seed_pick
from imported_company import MEMBER, OWNER, build, renamed, written
from ramgate.accounts import reader
from ramgate.analysis import engine
from ramgate.catalog import catalog
from ramgate.model.decision import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


REQUESTS: Final = 10_000
SERVICES: Final = ("ecs", "oss", "rds", "log", "ram", "kms", "alikafka")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The written accounts and the imported ones, of the same company."""
    by_hand, imported = (tmp_path_factory.mktemp(name) for name in ("written", "imported"))
    with FakeCloud() as cloud:
        names = build(cloud)
        text = renamed(names, json.dumps(written()))
        (by_hand / "accounts.json").write_text(text)
        for number in (OWNER, MEMBER):
            # A member may not read the directory, which the folder has already.
            more = ["--without-directory"] if number == MEMBER else []
            env = environment(by_hand, cloud.key(names[number]))
            done = command(cloud, "-o", str(imported), "--strict", *more, env=env)
            assert done.returncode == 0, done.stderr
    return by_hand, imported


def test_the_company_has_sixty_entities_of_every_kind() -> None:
    document = written()
    account, directory = document["accounts"][MEMBER], document["directory"]
    levels = list(folders_of(directory["root"]))
    counts = {
        **{kind: len(value) for kind, value in account.items() if kind != "providers"},
        **{kind: len(names) for kind, names in account["providers"].items()},
        "control policies": len(directory["policies"]),
        "folders": len(levels),
        "members": sum(len(one.get("accounts", {})) for one in levels),
    }
    assert min(counts.values()) >= 60, counts


def folders_of(folder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield folder
    for inner in folder.get("folders", {}).values():
        yield from folders_of(inner)


def test_ten_thousand_decisions_are_the_same(folders: tuple[Path, Path]) -> None:
    by_hand, imported = (reader.load(folder, catalog.load()) for folder in folders)
    document = json.loads((folders[0] / "accounts.json").read_text())
    requests = list(ask(document, seed_pick(17)))
    assert len(requests) == REQUESTS
    expected = engine.decide_all(by_hand, requests)
    reasons = Counter(one.reason for one in expected)
    assert min(reasons[one] for one in REASONS) >= 10, reasons
    assert sum(one.allow for one in expected) > REQUESTS // 5
    assert engine.decide_all(imported, requests) == expected


REASONS: Final = (
    "no_statement_matches",
    "policy_unreadable",
    "statement_allows",
    "statement_denies",
)


def ask(document: Mapping[str, Any], pick: Pick) -> Iterator[Request]:
    """Yield requests, most of them aimed at a statement that the principal holds."""
    accounts = document["accounts"]
    large, small = sorted(accounts, key=lambda number: -len(accounts[number]["users"]))
    for _ in range(REQUESTS):
        number = large if pick.chance(8, 9) else small
        yield (assume if pick.chance(1, 6) else use)(accounts[number], number, pick)


def use(account: Mapping[str, Any], number: str, pick: Pick) -> Request:
    kind = pick.of([one for one in ("user", "role", "service_linked_role") if f"{one}s" in account])
    name = pick.of(list(account[f"{kind}s"]))
    principal = f"acs:ram::{number}:user/{name}"
    if kind != "user":
        form = pick.of(("role/{}", "assumed-role/{}/job"))
        principal = f"acs:ram::{number}:{form.format(name.lower())}"
    held = list(statements(account, kind, name))
    if not held or pick.chance(1, 4):
        action = pick.of(actions_of(pick.of(SERVICES)))
        service, _ = action.split(":")
        return Request(principal, action, f"acs:{service}:cn-hangzhou:{number}:orders/x")
    statement = pick.of(held)
    action = fill(pick.of(listed(statement["Action"])))
    resource = fill(pick.of(listed(statement["Resource"])), number)
    context = context_of(statement) if pick.chance(3, 4) else {}
    if pick.chance(1, 4) and account["resource_groups"]:
        context["acs:ResourceGroupId"] = pick.of(list(account["resource_groups"]))
    return Request(principal, action, resource, context)


def statements(account: Mapping[str, Any], kind: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of the custom policies that a user or role holds."""
    if kind == "service_linked_role":
        return
    entity = account[f"{kind}s"][name]
    holders = [entity, *(account["groups"][one] for one in entity.get("groups", []))]
    for attached in (one for holder in holders for one in holder.get("policies", [])):
        policy = attached if isinstance(attached, str) else attached["policy"]
        yield from account["policies"].get(policy, {}).get("Statement", [])


def assume(account: Mapping[str, Any], number: str, pick: Pick) -> Request:
    name = pick.of(list(account["roles"]))
    [statement] = account["roles"][name]["trust"]["Statement"]
    trusted = [one for value in statement["Principal"].values() for one in listed(value)]
    principal = pick.of(trusted) if pick.chance(2, 3) else f"acs:ram::{number}:user/user-1"
    action = "sts:AssumeRole"
    for kind in ("saml", "oidc"):
        if f":{kind}-provider/" in principal:
            action = f"sts:AssumeRoleWith{kind.upper()}"
    context = context_of(statement) if pick.chance(3, 4) else {}
    return Request(principal, action, f"acs:ram::{number}:role/{name.lower()}", context)


def context_of(statement: Mapping[str, Any]) -> dict[str, Any]:
    """Return a context that has the condition keys of a statement, with its own values."""
    found = {}
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            text = str(value).removesuffix("0/24").replace("*", "x")
            found[key] = f"{text}3" if operator == "IpAddress" else text
    return found


def listed(value: Any) -> list[str]:  # noqa: ANN401 - a text or a list of texts
    return [value] if isinstance(value, str) else value


def fill(pattern: str, number: str = "") -> str:
    """Return a text that a pattern of actions, or of an account's resources, matches."""
    if not number:
        return pattern.replace("*", "x") if ":" in pattern else "oss:GetObject"
    if pattern == "*":
        return f"acs:oss:cn-hangzhou:{number}:orders/x"
    _, service, region, _, path = pattern.split(":", 4)
    return f"acs:{service}:{region.replace('*', 'hangzhou')}:{number}:{path.replace('*', 'x')}"
