from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ramgate.client import Client
    from ramgate.sidecar import Sidecar

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

def test_dave(ramgate_client, ramgate_sidecar):
    assert ramgate_client.decide(DAVE, "alikafka:ListTopic", "*")
    assert not ramgate_client.decide(DAVE, "alikafka:DeleteTopic", "*")

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
    assert ramgate_client.decide(alice, "alikafka:ListTopic", "*")
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
    result.stdout.fnmatch_lines(["*url http://127.0.0.1:*"])


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
