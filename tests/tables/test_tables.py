"""The tables of a whole store: the sets of its principals, and their agreement with the rule."""

from __future__ import annotations

import io
import json
import random
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import aimed_worlds
import fuzz
from agreement import Opa, read_catalog, running_opa
from decision_tables import ACCOUNT, ALICE, OWN, line, policy, store
from generator import Question
from ramgate.accounts import reader
from ramgate.bundle import builder as bundle
from ramgate.bundle.builder import Bundle
from ramgate.catalog import catalog
from ramgate.tables import compiled as states
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


CATALOG = read_catalog()


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        yield opa


def without_tables(built: Bundle) -> Bundle:
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(built.content)) as whole,
        tarfile.open(fileobj=packed, mode="w:gz") as bare,
    ):
        for member in whole:
            file = whole.extractfile(member)
            assert file is not None
            content = file.read()
            if member.name == "data.json":
                data = json.loads(content)
                assert data["store"].pop("who")
                assert data["store"].pop("trusts")
                content = json.dumps(data).encode()
            if member.name == ".manifest":
                content = content.replace(built.revision.encode(), b"without")
            member.size = len(content)
            bare.addfile(member, io.BytesIO(content))
    return Bundle(packed.getvalue(), "without", built.counts)


def test_the_tables_decide_like_the_general_rule(opa: Opa) -> None:
    for batch in fuzz.generate(CATALOG, iter(range(700, 704))):
        questions = [asked for world in batch.worlds for asked in world.questions]
        built = opa.build(batch.document())
        opa.publish(built)
        with_tables = opa.ask(questions)()
        opa.publish(without_tables(built))
        assert opa.ask(questions)() == with_tables


@pytest.mark.parametrize("seed", range(12))
def test_the_tables_decide_like_the_general_rule_at_their_edges(opa: Opa, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to repeat a failure
    world = aimed_worlds.world(chance)
    built = opa.build(world)
    asked = [Question(one) for one in aimed_worlds.questions(chance, world, 250)]
    opa.publish(built)
    with_tables = opa.ask(asked)()
    opa.publish(without_tables(built))
    assert opa.ask(asked)() == with_tables
    assert any(decision["allow"] for decision in with_tables)


def test_a_resource_group_has_sets_of_its_own(tmp_path: Path) -> None:
    policies = {
        "own": policy({"Action": "ecs:Start"}, {"Action": "ecs:Stop", "Effect": "Deny"}),
        "group": policy({"Action": ["ecs:Stop", "ecs:Show"]}),
    }
    held = ["own", {"policy": "group", "resource_group": "rg-1"}]
    users = {"alice": {"policies": held}, "bob": {"policies": ["own"]}}
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, policies=policies, users=users))
    assert whole["who"][ACCOUNT][ALICE] == OWN
    assert whole["groups"] == {ACCOUNT: {ALICE: {"rg-1": whole["groups"][ACCOUNT][ALICE]["rg-1"]}}}
    name = whole["groups"][ACCOUNT][ALICE]["rg-1"]
    found = {
        action: whole["entries"][entry]["true"]
        for action, entry in (*whole["lines"][name].items(), ("", whole["rest"][name]))
    }
    own, group = "AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"
    assert {action: (one["effect"], one["policy_type"]) for action, one in found.items()} == {
        "ecs:start": ("Allow", own),
        "ecs:stop": ("ExplicitDeny", own),
        "ecs:show": ("Allow", group),
        "": ("ImplicitDeny", group),
    }
    assert name not in whole["assuming"]


def test_control_policies_decide_first_and_level_by_level(tmp_path: Path) -> None:
    directory = {
        "management": "9" * 16,
        "policies": {"only-ecs": policy({"Action": "ecs:*"})},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {ACCOUNT: {"control_policies": ["only-ecs"]}},
        },
    }
    own = policy({"Action": ["ecs:Start", "oss:GetObject"]})
    linked = "AliyunServiceRoleForAlikafka"
    parts: dict[str, Any] = {
        "policies": {"own": own},
        "users": {"alice": {"policies": ["own"]}},
        "service_linked_roles": [linked, "AliyunServiceRoleForOSS"],
    }
    known = catalog.load().roles
    parts["service_linked_roles"] = [
        linked,
        next(role.role for role in known.values() if not role.is_published),
    ]
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, directory=directory, **parts))
    assert line(whole, "ecs:start")["true"]["allow"] is True
    denied = line(whole, "oss:getobject")["true"]
    assert (denied["effect"], denied["policy_type"]) == ("ImplicitDeny", "ControlPolicy")
    # 5.4, 5.6: they do not bind a service-linked role, and one without a document has no table
    assert (
        whole["who"][ACCOUNT][f"acs:ram::{ACCOUNT}:role/{linked}"] == known[linked.lower()].policy
    )
    assert whole["who"][ACCOUNT].keys() == {
        ALICE,
        f"acs:ram::{ACCOUNT}:role/{linked}",
        f"acs:ram::{ACCOUNT}:role/{linked.lower()}",
    }
    directory["management"] = ACCOUNT
    free: dict[str, Any] = Tables().add_to(store(tmp_path, directory=directory, **parts))
    assert free["who"][ACCOUNT][ALICE] == OWN


ODD = {"unreadable": "why", "document": "{"}


def compiled(whole: dict[str, Any]) -> set[str]:
    """Return the names of the sets by which a table decides."""
    parts = ("assuming", "keyed", "lines", "otherwise", "patterns", "rest", "timed")
    return {name for part in parts for name in whole[part]}


def test_no_table_decides_by_a_set_with_an_unreadable_policy(tmp_path: Path) -> None:
    plain = policy({"Action": "ecs:Start", "Resource": "acs:ecs:cn:1:x"}, {"Action": "sts:*"})
    users: dict[str, Any] = {
        "odd": ["odd"],
        "both": ["plain", "odd"],
        "grouped": ["plain", {"policy": "odd", "resource_group": "rg-1"}],
        "plain": ["plain"],
    }
    parts: dict[str, Any] = {
        "policies": {"odd": ODD, "plain": plain},
        "users": {name: {"policies": held} for name, held in users.items()},
    }
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, **parts))
    assert compiled(whole) == {f"{ACCOUNT}/plain"}
    assert whole["policies"][f"{ACCOUNT}/odd"] == {"unreadable": "why"}
    assert whole["policies"][f"{ACCOUNT}/plain"]["grants"]
    directory = {
        "management": "9" * 16,
        "policies": {"odd": ODD},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {ACCOUNT: {"control_policies": ["odd"]}},
        },
    }
    limited: dict[str, Any] = Tables().add_to(store(tmp_path, directory=directory, **parts))
    assert compiled(limited) == set()


def test_statements_of_two_policies_of_one_name_keep_their_lists_apart(tmp_path: Path) -> None:
    prefix = {"oss:Prefix": "a*"}
    name = "AliyunKafkaReadOnlyAccess"
    own = policy(
        {"Action": "oss:Get", "Condition": {"ForAllValues:StringLike": prefix}},
    )
    system = policy({"Action": "oss:Put", "Condition": {"StringLike": prefix}})
    path = tmp_path / "accounts.json"
    held = [{"policy": name, "type": kind} for kind in ("System", "Custom")]
    account = {"policies": {name: own}, "users": {"alice": {"policies": held}}}
    written = {"accounts": {ACCOUNT: account}, "system_policies": {name: {"document": system}}}
    path.write_text(json.dumps(written))
    whole: dict[str, Any] = Tables().add_to(reader.load(path, catalog.load()))
    keyed = whole["keyed"][whole["who"][ACCOUNT][ALICE]]
    takes = {one: "takes_lists" in whole["entries"][entry] for one, entry in keyed.items()}
    assert takes == {"oss:get": False, "oss:put": True}


def test_a_policy_may_become_unreadable_and_readable_again(tmp_path: Path) -> None:
    tables_of, accounts = Tables(), reader.Reader(catalog.load())
    path = tmp_path / "accounts.json"

    def sets(document: dict[str, Any]) -> set[str]:
        account = {"policies": {"own": document}, "users": {"alice": {"policies": ["own"]}}}
        path.write_text(json.dumps({"accounts": {ACCOUNT: account}}))
        return compiled(tables_of.add_to(accounts.load(path)))

    readable = policy({"Action": "ecs:Start"})
    assert [sets(readable), sets(ODD), sets(readable)] == [{OWN}, set(), {OWN}]


def test_unchanged_parts_are_identical_objects(tmp_path: Path) -> None:
    tables_of, accounts = Tables(), reader.Reader(catalog.load())
    path = tmp_path / "accounts.json"

    def whole(**users: list[str]) -> dict[str, Any]:
        policies = {
            "a": policy({"Action": "ecs:Start", "Resource": "acs:ecs:*:*:one"}),
            "b": policy({"Action": "ecs:Stop"}),
        }
        held = {name: {"policies": given} for name, given in users.items()}
        document = {"accounts": {ACCOUNT: {"policies": policies, "users": held}}}
        path.write_text(json.dumps(document))
        return tables_of.add_to(accounts.load(path))

    first, second = whole(alice=["a", "b"]), whole(alice=["a", "b"])
    third = whole(alice=["a", "b"], bob=["a"])
    name = first["who"][ACCOUNT][ALICE]
    assert first == second
    assert first["who"][ACCOUNT] is second["who"][ACCOUNT]
    assert first["who"][ACCOUNT] is not third["who"][ACCOUNT]
    assert first["lines"][name] is third["lines"][name]
    for entry in first["entries"].keys() & third["entries"].keys():
        assert first["entries"][entry] is third["entries"][entry]


def test_the_lines_of_sets_of_several_policies_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "_SPARE_LINES", -20_000)
    policies = {name: policy({"Action": f"ecs:{name}"}) for name in "abc"}
    users = {"alice": {"policies": ["a", "b"]}, "bob": {"policies": ["c"]}}
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, policies=policies, users=users))
    assert whole["lines"].keys() == {f"{ACCOUNT}/c"}
    assert whole["who"][ACCOUNT][ALICE] not in whole["rest"]


def test_a_bundle_contains_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    users = {"alice": {"policies": ["FullAliyunAccess"]}}
    path.write_text(json.dumps({"accounts": {ACCOUNT: {"users": users}}}))
    built = bundle.build(path)
    with tarfile.open(fileobj=io.BytesIO(built.content)) as packed:
        file = packed.extractfile("data.json")
        assert file is not None
        data = json.load(file)["store"]
    assert data["who"] == {ACCOUNT: {ALICE: "FullAliyunAccess"}}
    assert data["entries"][data["rest"]["FullAliyunAccess"]]["resource"] == "**"
