"""Statement coverage for the pytest plugin: `pytest --ramgate-cov`.

The requests that tests ask the OPA of `ramgate_sidecar` are recorded. At the end of the session,
another OPA explains them. With pytest-xdist, each worker hands its requests to the controller.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import pytest

from ramgate.errors import RamgateError

if TYPE_CHECKING:
    from ramgate.analysis.coverage import Report
    from ramgate.model.decision import Request

__all__ = ["Coverage", "add_options", "configure", "recorder"]

_NAME: Final = "ramgate-cov"
_OUTPUT: Final = "ramgate_cov"
_TIMEOUT: Final = 30


class _Target(NamedTuple):
    """A report: its form, and the file that it is written to."""

    form: str
    file: str = ""


def add_options(parser: pytest.Parser) -> None:
    """Add the command-line options.

    >>> def pytest_addoption(parser):
    ...     add_options(parser)
    """
    group = parser.getgroup("ramgate", "statement coverage of ramgate accounts")
    group.addoption(
        "--ramgate-cov",
        action="store_true",
        help="report which statements of the accounts the tests tried",
    )
    group.addoption(
        "--ramgate-cov-report",
        metavar="TYPE",
        type=_target,
        action="append",
        default=[],
        help="term (the default), json:FILE or lcov:FILE; several are possible",
    )
    group.addoption(
        "--ramgate-cov-fail-under",
        metavar="PERCENT",
        type=float,
        help="fail if the total coverage is less",
    )


def _target(text: str) -> _Target:
    form, _, file = text.partition(":")
    if text == "term" or (form in ("json", "lcov") and file):
        return _Target(form, file)
    raise argparse.ArgumentTypeError(f"`{text}` is not `term`, `json:FILE` or `lcov:FILE`")


def configure(config: pytest.Config, accounts: Path) -> None:
    """Register the coverage if it is asked for; raise `pytest.UsageError` if only parts are.

    >>> def pytest_configure(config):
    ...     configure(config, Path("accounts.yaml"))
    """
    if config.getoption("--ramgate-cov"):
        config.pluginmanager.register(Coverage(config, accounts), _NAME)
        return
    parts = map(config.getoption, ("--ramgate-cov-report", "--ramgate-cov-fail-under"))
    if any(part not in ([], None) for part in parts):
        raise pytest.UsageError("add `--ramgate-cov`: without it, no coverage is measured")


def recorder(config: pytest.Config) -> Coverage | None:
    """Return the coverage of this session, which records requests, if there is one.

    >>> def test_that_is_measured(pytestconfig):
    ...     assert recorder(pytestconfig) is not None
    """
    found = config.pluginmanager.get_plugin(_NAME)
    return found if isinstance(found, Coverage) else None


class Coverage:
    """Records the requests of a session, and reports the statements that they tried.

    Only requests to the OPA at `url` count.

    >>> def pytest_configure(config):
    ...     config.pluginmanager.register(Coverage(config, Path("accounts.yaml")), "ramgate-cov")
    """

    def __init__(self, config: pytest.Config, accounts: Path) -> None:
        self.url = ""
        self._config = config
        self._accounts = accounts
        self._asked: dict[str, None] = {}
        self._report: Report | None = None
        self._lines: list[str] = []
        self._is_written = True

    def __call__(self, url: str, question: object, answer: object) -> None:
        """Record a request that was decided; simulations and other questions are left out."""
        from ramgate.model.decision import Decision, Request  # noqa: PLC0415 - only where a test asks

        if url == self.url and type(question) is Request and isinstance(answer, Decision):
            self._asked[msgspec.json.encode(question).decode()] = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over the requests of a worker of pytest-xdist."""
        self._asked |= dict.fromkeys(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Measure the coverage, write its files, and fail the session if one of both fails."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = list(self._asked)
        elif not self._config.getoption("collectonly"):
            self._measure()
            is_fine = self._is_enough() and self._is_written
            if not is_fine and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table, and the files that were written."""
        if self._lines:
            terminalreporter.section("ramgate coverage")
            for line in self._lines:
                terminalreporter.write_line(line)

    def _measure(self) -> None:
        from ramgate.analysis.coverage import lcov, measure, text  # noqa: PLC0415 - once, at the end
        from ramgate.sidecar.sidecar import Sidecar  # noqa: PLC0415

        try:
            with Sidecar(self._accounts) as sidecar, sidecar.client(timeout=_TIMEOUT) as client:
                report = measure(self._accounts, map(_request, self._asked), client)
        except RamgateError as error:
            self._lines.append(f"the coverage could not be measured: {error}")
            return
        self._report = report = report.relative_to(Path.cwd())
        for target in self._config.getoption("--ramgate-cov-report") or [_Target("term")]:
            match target.form:
                case "term":
                    self._lines += text(report).splitlines()
                case "json":
                    self._write(target, report.json().decode())
                case _:
                    self._write(target, lcov(report))

    def _write(self, target: _Target, content: str) -> None:
        path = Path(target.file)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{content}\n", encoding="utf-8")
        except OSError as error:  # raised here, it would end pytest without its summary
            self._is_written = False
            self._lines.append(f"FAIL cannot write {target.form} to {path}: {error.strerror}")
        else:
            self._lines.append(f"wrote {target.form} to {path}")

    def _is_enough(self) -> bool:
        wanted: float | None = self._config.getoption("--ramgate-cov-fail-under")
        reached = None if self._report is None else self._report.percent
        if wanted is None or (reached is not None and reached >= wanted):
            return True
        if reached is not None:
            self._lines.append(
                f"FAIL the coverage of {reached:.2f}% is less than the required {wanted:g}%"
            )
        return False


def _request(text: str) -> Request:
    from ramgate.model.decision import Request  # noqa: PLC0415 - once, at the end

    return Request(**msgspec.json.decode(text))
