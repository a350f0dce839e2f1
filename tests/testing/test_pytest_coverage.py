"""The statement coverage of a test suite, as `pytest --ramgate-cov` reports it."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from ramgate import resources
from ramgate.pytest_coverage import Coverage

pytest_plugins = ["pytester"]

BOUND = 120.0
PAGE = (Path(__file__).parents[2] / "docs/python.md").read_text()
SECTION = PAGE.partition("### Statement coverage")[2]
TEST = """
import asyncio
import pytest
from ramgate import AsyncClient, Client, translate

BOB = "acs:ram::1234567890123456:user/bob"
ASKED = (BOB, "alikafka:ListTopic", "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x")
OFFICE = {"acs:SourceIp": "10.0.0.1"}
POLICY = {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}

def test_counted(ramgate_client, ramgate_sidecar):
    ramgate_client.decide(*ASKED)
    ramgate_client.decide(*ASKED)
    with Client(ramgate_sidecar.url) as another:
        assert another.decide(*ASKED, OFFICE)

    async def ask():
        async with AsyncClient(ramgate_sidecar.url) as client:
            return await client.decide(*ASKED, {"acs:SourceIp": ["10.0.0.1", "10.0.0.2"]})

    assert asyncio.run(ask())

def test_not_counted(ramgate_client, ramgate_world):
    ramgate_client.simulate(*ASKED, policies={"p": translate(POLICY)})
    ramgate_client.feature("acs:ram::1234567890123456:root", "alikafka.etl")
    ramgate_world(users={"bob": {}}).decide(*ASKED)
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makeini("[pytest]\nramgate_accounts = accounts.yaml\n")
    example = resources.path("examples/accounts.yaml").read_text()
    pytester.path.joinpath("accounts.yaml").write_text(example)
    # a process of its own: this one has the plugin already
    return pytester.runpytest_subprocess(*arguments, timeout=BOUND)


def test_the_report_is_the_one_on_the_page(pytester: pytest.Pytester) -> None:
    program = re.search(r"```python\n(.*?)```", SECTION, re.DOTALL)
    shown = re.search(
        r"(?:^    .*\n|^\n)+", SECTION.partition("```\n\nThe report")[2], re.MULTILINE
    )
    assert program
    assert shown
    pytester.makepyfile(program[1])
    result = run(pytester, "--ramgate-cov")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    assert textwrap.dedent(shown[0]).strip() in "\n".join(result.stdout.lines)


def test_requests_to_the_opa_of_the_session_are_recorded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    options = ("--ramgate-cov-report", "json:found.json", "--ramgate-cov-report", "lcov:found.lcov")
    result = run(pytester, "--ramgate-cov", *options)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["wrote json to found.json", "wrote lcov to found.lcov"])
    result.stdout.no_fnmatch_line("TOTAL*")
    report = json.loads(pytester.path.joinpath("found.json").read_text())
    assert report["requests"] == 3
    office = next(one for one in report["statements"] if one["policy"] == "office-network")
    assert (office["decided"], office["matched"], office["file"]) == (1, 1, "accounts.yaml")
    [condition] = office["conditions"]
    assert (condition["satisfied"], condition["failed"]) == (True, True)
    lcov = pytester.path.joinpath("found.lcov").read_text()
    assert f"\nDA:{office['line']},1\n" in lcov


@pytest.mark.parametrize(
    ("percent", "code", "line"),
    [
        ("60", pytest.ExitCode.OK, "TOTAL*60%"),
        ("60.1", pytest.ExitCode.TESTS_FAILED, "FAIL *coverage of 60.00% is less than * 60.1%"),
    ],
)
def test_too_little_coverage_fails_the_session(
    pytester: pytest.Pytester, percent: str, code: pytest.ExitCode, line: str
) -> None:
    pytester.makepyfile(TEST)
    result = run(pytester, "--ramgate-cov", "--ramgate-cov-fail-under", percent)
    result.assert_outcomes(passed=2)
    assert result.ret == code
    result.stdout.fnmatch_lines([line])


def test_a_session_that_asks_nothing_has_covered_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): assert False")
    result = run(pytester, "--ramgate-cov", "--ramgate-cov-fail-under", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["TOTAL* 0%", "FAIL *"])
    collected = run(pytester, "--ramgate-cov", "--collect-only")
    collected.stdout.no_fnmatch_line("TOTAL*")


@pytest.mark.parametrize("option", ["--ramgate-cov-fail-under=1", "-q"])
def test_coverage_that_cannot_be_measured_is_no_coverage(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setenv("OPA", str(pytester.path / "missing"))
    pytester.makepyfile("def test_nothing(): pass")
    result = run(pytester, "--ramgate-cov", option)
    wanted = pytest.ExitCode.OK if option == "-q" else pytest.ExitCode.TESTS_FAILED
    assert result.ret == wanted
    result.stdout.fnmatch_lines(["the coverage could not be measured: *missing*"])


def test_a_file_that_cannot_be_written_fails_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.path.joinpath("file").write_text("")
    reports = [f"--ramgate-cov-report=json:{name}/cov.json" for name in ("new/folder", "file")]
    result = run(pytester, "--ramgate-cov", *reports)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["wrote json to new/folder/cov.json", "FAIL cannot write json to file/cov.json: * exists"]
    )
    assert json.loads(pytester.path.joinpath("new/folder/cov.json").read_text())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ramgate-cov-report", "term"], "*add `--ramgate-cov`: without it, no coverage*"),
        (["--ramgate-cov-fail-under", "0"], "*add `--ramgate-cov`: without it, no coverage*"),
        (["--ramgate-cov", "--ramgate-cov-report", "html:x"], "*`html:x` is not `term`, *"),
        (["--ramgate-cov", "--ramgate-cov-report", "json:"], "*`json:` is not `term`, *"),
        (["--ramgate-cov", "--ramgate-cov-report", "term:x"], "*`term:x` is not `term`, *"),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(
    pytester: pytest.Pytester, options: list[str], message: str
) -> None:
    result = run(pytester, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_workers_of_xdist_hand_their_requests_over(pytestconfig: pytest.Config) -> None:
    worker_config = SimpleNamespace(workeroutput={})
    worker = Coverage(worker_config, Path())  # type: ignore[arg-type]
    controller = Coverage(pytestconfig, Path())
    worker._asked["{}"] = None  # noqa: SLF001 - a request of a test
    worker.pytest_sessionfinish(SimpleNamespace())  # type: ignore[arg-type]
    controller.pytest_testnodedown(worker_config)
    controller.pytest_testnodedown(SimpleNamespace())  # one that crashed
    assert controller._asked == {"{}": None}  # noqa: SLF001
