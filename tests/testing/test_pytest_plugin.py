from __future__ import annotations

import doctest
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ramgate import pytest_plugin
from ramgate.client.base import BaseClient
from ramgate.testing.unknown_names import UnknownNames

if TYPE_CHECKING:
    from ramgate.client.client import Client
    from ramgate.sidecar.sidecar import Sidecar

pytest_plugins = ["pytester"]

BOUND = 120.0

ACCOUNTS = """
accounts:
  "1000000000000001":
    policies:
      read-topics:
        Version: "1"
        Statement:
          - {Effect: Allow, Action: "alikafka:ListTopic", Resource: "*"}
    users:
      dave: {policies: [read-topics]}
"""
TEST = """
DAVE = "acs:ram::1000000000000001:user/dave"
TOPIC = "acs:alikafka:cn-hangzhou:1000000000000001:alikafka_post-cn-x"

def test_dave(ramgate_client, ramgate_sidecar):
    assert ramgate_client.decide(DAVE, "alikafka:ListTopic", TOPIC)
    denied = ramgate_client.decide(DAVE, "alikafka:DeleteTopic", TOPIC)
    assert denied.reason == "no_statement_matches"

def test_one_opa_a_session(ramgate_client, ramgate_sidecar, request):
    assert request.getfixturevalue("ramgate_sidecar") is ramgate_sidecar
    print("url", ramgate_sidecar.url)
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # a process of its own: this one has the plugin already
    return pytester.runpytest_subprocess(*arguments, timeout=BOUND)


def test_the_shipped_example_is_what_is_asked_without_the_option(
    ramgate_client: Client, ramgate_sidecar: Sidecar
) -> None:
    alice = "acs:ram::1234567890123456:user/alice"
    topic = "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"
    assert ramgate_client.decide(alice, "alikafka:ListTopic", topic)
    assert ramgate_sidecar.revision


@pytest.mark.parametrize(
    ("ini", "option", "accounts"),
    [
        ("pytest.ini", "[pytest]\nramgate_accounts = data/accounts.yaml\n", "data/accounts.yaml"),
        (
            "pyproject.toml",
            "[tool.pytest.ini_options]\nramgate_accounts = 'data'\n",
            "data/accounts.yaml",
        ),
    ],
)
def test_the_accounts_are_found_beside_the_ini_file(
    pytester: pytest.Pytester, ini: str, option: str, accounts: str
) -> None:
    pytester.path.joinpath(ini).write_text(option)
    file = pytester.path / accounts
    file.parent.mkdir()
    file.write_text(ACCOUNTS)
    tests = pytester.mkdir("tests")
    tests.joinpath("test_dave.py").write_text(TEST)
    # from another folder than that of the ini file
    result = run(pytester, "-s", str(tests))
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*url unix:///*/opa.sock"])


def test_accounts_that_are_not_there_are_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nramgate_accounts = missing.yaml\n")
    result = run(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    path = pytester.path / "missing.yaml"
    result.stderr.fnmatch_lines([f"ERROR: ramgate_accounts: no such file or folder: `{path}`"])


def test_faulty_accounts_are_a_usage_error_with_every_fault(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nramgate_accounts = accounts.yaml\n")
    faulty = ACCOUNTS.replace("Allow", "Alow").replace("[read-topics]", "[write-topics]")
    pytester.path.joinpath("accounts.yaml").write_text(faulty)
    pytester.makepyfile(TEST)
    result = run(pytester)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*UsageError: ramgate_sidecar: *accounts.yaml:8: *"])
    result.stdout.fnmatch_lines(["*accounts.yaml:10: *"])


def test_tests_that_ask_for_no_opa_start_none(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(pytester.path / "missing"))
    pytester.makepyfile("def test_nothing(): pass")
    run(pytester).assert_outcomes(passed=1)


def test_without_an_opa_the_error_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(pytester.path / "missing"))
    pytester.makepyfile(TEST)
    result = run(pytester)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*UsageError: ramgate_sidecar: *missing*"])


WORLDS = """
import pytest
from ramgate import AnswerError, Client, InvalidFiles

USER = "acs:ram::1234567890123456:user/u"
ASKED = (USER, "alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x")
FULL = {"users": {"u": {"policies": ["AliyunKafkaFullAccess"]}}}
kept = []

def test_a_world_is_what_was_stated(ramgate_world):
    client = ramgate_world(**FULL)
    kept.append(client)
    assert client.decide(*ASKED)
    assert ramgate_world.client is client
    assert ramgate_world({"accounts": {"1234567890123456": {"users": {"u": {}}}}}) is client
    assert client.decide(*ASKED).reason == "no_statement_matches"
    with pytest.raises(InvalidFiles, match="there is no policy `gone`"):
        ramgate_world(users={"u": {"policies": ["gone"]}})
    assert client.decide(*ASKED).reason == "no_statement_matches"

@pytest.mark.ramgate_unknown
def test_nothing_is_left_of_it(ramgate_world):
    with pytest.raises(LookupError, match="no accounts are stated yet: call"):
        ramgate_world.client
    with pytest.raises(RuntimeError, match="this client is closed"):
        kept[0].decide(*ASKED)
    with Client(ramgate_world.url) as client:
        with pytest.raises(AnswerError, match="or runs without ramgate's bundle"):
            client.decide(*ASKED)
        ramgate_world()
        assert client.decide(*ASKED).reason == "unknown_principal"

def test_a_document_and_parts_are_no_world(ramgate_world):
    with pytest.raises(TypeError, match="not both"):
        ramgate_world({"accounts": {}}, **FULL)

def test_it_is_not_the_sessions_opa(ramgate_world, ramgate_client, request):
    world = ramgate_world(**FULL)
    assert world.revision() != ramgate_client.revision()
    assert request.getfixturevalue("ramgate_world").url == ramgate_world.url
    print("url", ramgate_world.url)
"""


def test_each_test_states_a_world_of_its_own_on_one_opa(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(WORLDS)
    run(pytester).assert_outcomes(passed=4)


def test_without_an_opa_there_is_no_world(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", str(pytester.path / "missing"))
    pytester.makepyfile("def test_it(ramgate_world): ramgate_world()")
    result = run(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*UsageError: ramgate_world: *missing*"])


ERRORS = """
USERS = {"u": {"policies": ["gone"]}}

def test_parts(ramgate_world):
    ramgate_world(users=USERS)

def test_document(ramgate_world):
    ramgate_world({"accounts": {"1000000000000001": {"users": USERS}}})

def test_no_json(ramgate_world):
    ramgate_world(users={"u"})

def test_both(ramgate_world):
    ramgate_world({"accounts": {}}, users=USERS)

def test_client(ramgate_world):
    ramgate_world.client
"""


def test_an_error_of_a_world_shows_the_line_of_the_test_and_no_frame_of_ramgate(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(ERRORS)
    result = run(pytester)
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "> *ramgate_world(users=USERS)",
            "E *.InvalidFiles: ramgate_world: users.u.policies*: there is no policy `gone`*",
            '> *ramgate_world({"accounts": {"1000000000000001": {"users": USERS}}})',
            "E *.InvalidFiles: ramgate_world: accounts.1000000000000001.users.u.*: *`gone`*",
            '> *ramgate_world(users={"u"})',
            "E *TypeError: ramgate_world: Object of type set is not JSON serializable",
            '> *ramgate_world({"accounts": {}}, users=USERS)',
            "E *TypeError: ramgate_world: pass a document or the parts of an account, not both",
            "> *ramgate_world.client",
            "E *LookupError: ramgate_world: no accounts are stated yet: call *",
        ]
    )
    result.stdout.no_fnmatch_line("*ramgate/*.py:*")


def test_the_examples_of_the_fixtures_pass(pytester: pytest.Pytester) -> None:
    text = Path(pytest_plugin.__file__).read_text()
    examples = doctest.DocTestParser().get_examples(text)
    pytester.makepyfile("\n\n".join(example.source for example in examples))
    run(pytester).assert_outcomes(passed=3)


UNKNOWN = """
import asyncio
import pytest
from ramgate import AsyncClient, Client, Request

LIST = ("alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x")
ALCIE = ("acs:ram::1234567890123456:user/alcie", *LIST)
ROLE = ("acs:ram::1234567890123456:user/alice", "sts:AssumeRole",
    "acs:ram::1234567890123456:role/conectorapp")

def test_a_decision(ramgate_client):
    assert not ramgate_client.decide(*ALCIE)

def test_a_role(ramgate_client):
    assert not ramgate_client.decide(*ROLE)

def test_a_batch(ramgate_client):
    assert not ramgate_client.decide_all([Request(*ALCIE)]).all_allowed

def test_a_client_of_ones_own(ramgate_sidecar):
    with Client(ramgate_sidecar.url) as client:
        assert not client.decide(*ALCIE)

def test_an_error_that_is_expected(ramgate_client):
    with pytest.raises(Exception):
        ramgate_client.require(*ALCIE)

@pytest.mark.parametrize("batches", [None, 1])
def test_asyncio(ramgate_sidecar, batches):
    async def main():
        async with AsyncClient(ramgate_sidecar.url, batches=batches) as client:
            return await client.decide(*ALCIE)
    assert not asyncio.run(main())

def test_an_asyncio_batch(ramgate_sidecar):
    async def main():
        async with AsyncClient(ramgate_sidecar.url) as client:
            return await client.decide_all([Request(*ALCIE)])
    assert not asyncio.run(main()).all_allowed

def test_a_world(ramgate_world):
    assert not ramgate_world(users={"alicia": {}}).decide(*ALCIE)
"""


def test_an_unknown_name_fails_a_test(pytester: pytest.Pytester) -> None:
    """A misspelt user was denied, and a test that expects a denial passed."""
    pytester.makepyfile(UNKNOWN)
    done = run(pytester)
    done.assert_outcomes(failed=9)
    alcie = "`acs:ram::1234567890123456:user/alcie` does not exist"
    done.stdout.fnmatch_lines_random(
        [
            f"*{alcie}: did you mean `user/alice`?*ramgate_unknown`)",
            f"*{alcie}: did you mean `user/alicia`?*ramgate_unknown`)",
            "*:role/conectorapp` does not exist: did you mean `role/ConnectorApp`?*",
            ">*ramgate_client.decide(*ALCIE)*",
        ]
    )


def test_a_test_that_expects_an_unknown_name_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"{UNKNOWN}\n\npytestmark = pytest.mark.ramgate_unknown\n")
    run(pytester).assert_outcomes(passed=9)


FORGOTTEN = """
from ramgate import AsyncClient

def test_without_await():
    call = AsyncClient().decide("p", "a:b", "*")

def test_the_next_one():
    pass
"""


def test_a_call_that_is_not_awaited_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FORGOTTEN)
    done = run(pytester)
    done.assert_outcomes(failed=1, passed=1, warnings=1)
    done.stdout.fnmatch_lines(["*never awaited: `AsyncClient.decide(…)`*"])


LATE = """
from ramgate import AsyncClient

KEPT = []

def test_that_keeps_the_call():
    KEPT.append(AsyncClient().healthy())

def test_in_which_the_call_ends():
    KEPT.clear()

def test_without_await():
    AsyncClient().revision()
"""


FIRST = """
def test_without_await():
    from ramgate import AsyncClient

    AsyncClient().revision()
"""


def test_the_first_call_of_the_process_that_is_not_awaited_fails_its_test(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(FIRST)
    run(pytester).assert_outcomes(failed=1, warnings=1)


def test_a_call_of_an_earlier_test_does_not_fail_the_test_in_which_it_ends(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(LATE)
    done = run(pytester)
    done.assert_outcomes(failed=1, passed=2, warnings=2)
    done.stdout.fnmatch_lines(["*never awaited: `AsyncClient.revision(…)`*"])


OTHER = """
from ramgate import Sidecar

def test_first(ramgate_client):
    pass

def test_another_opa():
    with Sidecar() as sidecar, sidecar.client() as client:
        assert not client.decide("acs:ram::1234567890123456:user/alcie", "a:B", "*")

def test_a_file_that_was_changed(ramgate_client, pytestconfig):
    (pytestconfig.rootpath / "accounts.yaml").write_text("accounts: [")
    assert not ramgate_client.decide("acs:ram::1234567890123456:user/alcie", "a:B", "*")
"""


def test_only_the_opas_of_the_plugin_know_the_names(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nramgate_accounts = accounts.yaml\n")
    pytester.path.joinpath("accounts.yaml").write_text(ACCOUNTS)
    pytester.makepyfile(OTHER)
    done = run(pytester)
    done.assert_outcomes(failed=1, passed=2)
    done.stdout.fnmatch_lines(["*user/alcie` does not exist (a test that expects this *"])


def test_a_run_of_pytest_within_a_test_does_not_end_the_watch_for_unknown_names() -> None:
    before = BaseClient.observer
    with UnknownNames() as outer:
        with UnknownNames():
            pass
        assert BaseClient.observer is outer
    assert BaseClient.observer is before
