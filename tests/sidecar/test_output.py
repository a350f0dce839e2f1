from __future__ import annotations

import io
import json

import pytest

from ramgate.sidecar.output import await_error, last_error, writer_to


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], "it printed no error"),
        (["", "  "], "it printed no error"),
        (['{"level": "warning", "msg": "root"}'], "it printed no error"),
        (['{"level": "error", "msg": "first"}', '{"level": "error", "msg": "last."}'], "last"),
        (['{"level": "error", "msg": "M.", "err": "E"}', '{"level": "info"}'], "M: E"),
        (['{"level": "error", "msg": "a\\n\\tb"}'], "a b"),
        (['{"level": "error", "msg": "x: context canceled"}'], "it printed no error"),
        (["error: bad flag"], "bad flag"),
        (["[1]"], "[1]"),
        (['{"no": "level"}'], '{"no": "level"}'),
        (["x" * 1000], "x" * 600),
    ],
)
def test_the_last_error_is_found_among_the_lines(lines: list[str], error: str) -> None:
    assert last_error(lines) == error


ROOT = "OPA running with uid or gid 0. Running OPA with root privileges is not recommended."
CANCELED = 'request failed: Get "http://127.0.0.1:1/bundle.tar.gz": context canceled'


def test_the_noise_of_every_start_and_stop_is_not_passed_on() -> None:
    log = io.StringIO()
    write = writer_to(log)
    assert write is not None
    for level, text in (("warning", ROOT), ("error", f"Bundle load failed: {CANCELED}")):
        write(json.dumps({"level": level, "msg": text}) + "\n")
    assert log.getvalue() == ""


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"level": "error", "msg": ROOT}),
        json.dumps({"level": "warning", "msg": "the store is full"}),
        json.dumps({"level": "info", "msg": "Decision Log", "input": {"principal": ROOT}}),
        json.dumps({"level": "info", "msg": "Decision Log", "input": {"action": CANCELED}}),
        json.dumps({"level": "error", "msg": "Listener failed", "input": CANCELED}),
        f"error: {ROOT}",
    ],
)
def test_every_other_line_is_passed_on(line: str) -> None:
    log = io.StringIO()
    write = writer_to(log)
    assert write is not None
    write(f"{line}\n")
    assert log.getvalue() == f"{line}\n"


def test_without_a_log_nothing_is_written() -> None:
    assert writer_to(None) is None


def test_the_cause_of_a_late_opa_comes_before_its_lateness() -> None:
    late = json.dumps(
        {"level": "error", "msg": "Failed to wait for plugins activation.", "err": "timeout"}
    )
    cause = json.dumps({"level": "error", "msg": "Bundle load failed: no route to host"})
    assert last_error([cause, late]) == "Bundle load failed: no route to host"
    assert last_error([late]) == "Failed to wait for plugins activation: timeout"


class Program:
    """Has printed other lines at each look."""

    def __init__(self, *looks: list[str]) -> None:
        self._looks = iter(looks)
        self._last: list[str] = []

    @property
    def lines(self) -> list[str]:
        self._last = next(self._looks, self._last)
        return self._last


def test_an_error_that_is_still_on_its_way_is_waited_for() -> None:
    program = Program([], [], ['{"level": "error", "msg": "Bundle load failed"}'])
    assert await_error(program) == "Bundle load failed"


def test_no_error_is_not_waited_for_without_end() -> None:
    assert await_error(Program()) == "it printed no error"
