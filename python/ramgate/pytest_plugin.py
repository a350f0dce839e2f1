"""The pytest plugin: clients of an OPA that decides by shared accounts, or by a test's own.

`ramgate_client` and `ramgate_sidecar` use one OPA for the session. Its accounts are the file or
folder that the ini option `ramgate_accounts` names, relative to the folder of the ini file; without
the option, the shipped example. `ramgate_world` has a second OPA, for tests that state accounts
themselves. With pytest-xdist, each worker starts its own two.

Two mistakes fail a test: a decision about a principal or role that does not exist, unless the test
has the marker `ramgate_unknown`; and a call of `AsyncClient` that is not awaited.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import pytest

from ramgate import pytest_coverage, resources

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import ModuleType

    from ramgate.client.client import Client
    from ramgate.sidecar.sidecar import Sidecar
    from ramgate.testing.unknown_names import UnknownNames
    from ramgate.testing.world import World

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "ramgate_client",
    "ramgate_sidecar",
    "ramgate_world",
]

_OPTION = "ramgate_accounts"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option, and the options of the statement coverage.

    In `pytest.ini`:

        [pytest]
        ramgate_accounts = accounts.yaml
    """
    parser.addini(_OPTION, "the accounts file or folder by which ramgate's OPA decides")
    pytest_coverage.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and raise `pytest.UsageError` if the option names no file or folder."""
    config.addinivalue_line(
        "markers", "ramgate_unknown: the test expects a principal or a role that does not exist"
    )
    path = _accounts(config)
    if path is not None and not path.exists():
        raise pytest.UsageError(f"{_OPTION}: no such file or folder: `{path}`")
    pytest_coverage.configure(config, path or resources.path("examples/accounts.yaml"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Fail a test that called an `AsyncClient` and did not await the call."""
    module = _pending_call()
    last = -1 if module is None else next(module.NUMBERS)
    yield
    module = _pending_call()
    # A call of an earlier test may have ended in this one, when its memory was collected.
    calls = [] if module is None else [name for name, number in module.FORGOTTEN if number > last]
    if calls:
        pytest.fail(f"never awaited: {', '.join(f'`{name}(…)`' for name in calls)}", pytrace=False)


def _pending_call() -> ModuleType | None:
    """Return the module of the calls; a test without `AsyncClient` does not import it."""
    return sys.modules.get("ramgate.client.pending_call")


@pytest.fixture(scope="session")
def _ramgate_names(pytestconfig: pytest.Config) -> Iterator[UnknownNames]:
    from ramgate.testing.unknown_names import UnknownNames  # noqa: PLC0415 - only where a test asks for OPA

    with UnknownNames() as names:
        names.recorder = pytest_coverage.recorder(pytestconfig)
        yield names


@pytest.fixture(autouse=True)
def _ramgate_unknown(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test with the marker ask about principals and roles that do not exist."""
    if request.node.get_closest_marker("ramgate_unknown") is None:
        yield
        return
    names: UnknownNames = request.getfixturevalue("_ramgate_names")
    names.is_expected = True
    yield
    names.is_expected = False


@pytest.fixture(scope="session")
def ramgate_sidecar(pytestconfig: pytest.Config, _ramgate_names: UnknownNames) -> Iterator[Sidecar]:
    """One OPA for the session, as `ramgate.Sidecar`: for its URL, a unix socket, or more clients.

    >>> def test_a_second_client_sees_the_same_accounts(ramgate_sidecar, ramgate_client):
    ...     with ramgate_sidecar.client(timeout=10) as client:
    ...         assert client.revision() == ramgate_client.revision()
    """
    from ramgate.errors import RamgateError  # noqa: PLC0415 - only where a test asks for OPA
    from ramgate.sidecar.sidecar import Sidecar  # noqa: PLC0415

    path = _accounts(pytestconfig)
    sidecar = Sidecar(path)
    try:
        sidecar.start()
    except RamgateError as error:
        raise pytest.UsageError(f"ramgate_sidecar: {error}") from None
    _ramgate_names.accounts[sidecar.url] = path or resources.path("examples/accounts.yaml")
    if recorder := pytest_coverage.recorder(pytestconfig):
        recorder.url = sidecar.url
    yield sidecar
    sidecar.stop()


@pytest.fixture(scope="session")
def ramgate_client(ramgate_sidecar: Sidecar) -> Iterator[Client]:
    """A `ramgate.Client` of the session's OPA.

    >>> def test_bob_only_reads(ramgate_client):
    ...     bob = "acs:ram::1234567890123456:user/bob"
    ...     topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    ...     office = {"acs:SourceIp": "10.0.0.1"}
    ...     assert ramgate_client.decide(bob, "alikafka:ListTopic", topic, office)
    ...     denied = ramgate_client.decide(bob, "alikafka:DeleteTopic", topic, office)
    ...     assert denied.reason == "no_statement_matches"

    Assert the reason of a denial: `assert not …` also passes for a user that is misspelt.
    """
    with ramgate_sidecar.client() as client:
        yield client


@pytest.fixture(scope="session")
def _ramgate_worlds(
    tmp_path_factory: pytest.TempPathFactory, _ramgate_names: UnknownNames
) -> Iterator[World]:
    from ramgate.errors import RamgateError  # noqa: PLC0415 - only where a test asks for OPA
    from ramgate.testing.world import World  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        try:
            world = stack.enter_context(World(tmp_path_factory.mktemp("ramgate")))
        except RamgateError as error:
            raise pytest.UsageError(f"ramgate_world: {error}") from None
        _ramgate_names.accounts[world.url] = world.accounts
        yield world


@pytest.fixture
def ramgate_world(_ramgate_worlds: World) -> Iterator[World]:
    """A `World`: call it with the accounts of this test; the client it returns decides by them.

    >>> def test_who_may_delete_a_topic(ramgate_world):
    ...     alice, bob = (f"acs:ram::1234567890123456:user/{name}" for name in ("alice", "bob"))
    ...     topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    ...     client = ramgate_world(
    ...         users={
    ...             "alice": {"policies": ["AliyunKafkaFullAccess"]},
    ...             "bob": {"policies": ["AliyunKafkaReadOnlyAccess"]},
    ...         }
    ...     )
    ...     assert client.decide(alice, "alikafka:DeleteTopic", topic)
    ...     denied = client.decide(bob, "alikafka:DeleteTopic", topic)
    ...     assert denied.reason == "no_statement_matches"
    """
    yield _ramgate_worlds
    _ramgate_worlds.forget()


def _accounts(config: pytest.Config) -> Path | None:
    value = config.getini(_OPTION)
    folder = config.inipath.parent if config.inipath else config.rootpath
    return folder / value if value else None
