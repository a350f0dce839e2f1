from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ramgate import AnswerError, Client, InvalidFiles
from ramgate.testing.world import ACCOUNT, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = f"acs:ram::{ACCOUNT}:user/u"
LIST = "alikafka:ListTopic", f"acs:alikafka:cn-hangzhou:{ACCOUNT}:alikafka_post-cn-x"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    yield running
    running.forget()


@pytest.mark.ramgate_unknown
def test_the_parts_of_an_account_and_a_whole_document_state_the_same(world: World) -> None:
    users = {"u": {"policies": ["AliyunKafkaFullAccess"]}}
    client = world(users=users)
    stated = client.revision()
    assert client.decide(USER, *LIST)
    assert world(users={}) is client is world.client
    assert client.decide(USER, *LIST).reason == "unknown_principal"
    world({"accounts": {ACCOUNT: {"users": users}}})
    assert client.revision() == stated


def test_every_fault_is_named_as_the_test_states_it_and_the_accounts_stay(world: World) -> None:
    client = world(users={"u": {}})
    with pytest.raises(InvalidFiles) as raised:
        world(users={"u": {"policies": ["gone"]}, "v": {"groups": ["none"]}})
    assert [(fault.file, fault.line, fault.path) for fault in raised.value.faults] == [
        ("ramgate_world", 0, "users.u.policies[0]"),
        ("ramgate_world", 0, "users.v.groups[0]"),
    ]
    assert len(raised.traceback) == 2  # this test, and `World.__call__`
    assert raised.value.__suppress_context__
    assert client.decide(USER, *LIST).reason == "no_statement_matches"
    assert "gone" not in world.accounts.read_text()


def test_a_document_and_parts_exclude_each_other(world: World) -> None:
    with pytest.raises(TypeError, match="not both"):
        world({"accounts": {}}, users={})


def test_values_that_are_not_json_are_refused(world: World) -> None:
    with pytest.raises(TypeError, match="ramgate_world: Object of type set"):
        world(users={"u"})
    users: dict[str, object] = {}
    users["u"] = users
    with pytest.raises(TypeError, match="ramgate_world: Circular reference"):
        world(users=users)


def test_before_the_first_accounts_there_is_no_client(world: World) -> None:
    with pytest.raises(LookupError, match="no accounts are stated yet"):
        _ = world.client


def test_a_forgotten_world_has_no_rules_and_no_client(world: World) -> None:
    client = world()
    world.forget()
    world.forget()
    with pytest.raises(RuntimeError, match="closed"):
        client.decide(USER, *LIST)
    with Client(world.url) as other, pytest.raises(AnswerError):
        other.decide(USER, *LIST)
    assert world() is not client


def test_the_file_of_the_accounts_is_private(tmp_path: Path) -> None:
    """In a folder that others may read, they could read the accounts."""
    with World(tmp_path) as world:
        world(users={})
        [file] = tmp_path.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
