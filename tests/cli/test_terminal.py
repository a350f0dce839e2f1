from __future__ import annotations

import io
import sys
import time

import pytest

from ramgate.cli import terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal.paint("x", "red") == "x"
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert terminal.paint("x", "red") == "\x1b[31mx\x1b[0m"
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert terminal.paint("x", "red") == "x"
    monkeypatch.setattr(sys, "stdout", None)
    assert terminal.paint("x", "red") == "x"


def test_a_terminal_gets_the_progress_of_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with terminal.progress() as show:
        for seconds, text in ((0.9, "early"), (1.1, "first"), (1.2, "soon"), (1.4, "x" * 200)):
            now = seconds
            show(text)
    assert screen.getvalue() == f"\r\x1b[Kfirst\r\x1b[K{'x' * 99}\r\x1b[K"


def test_short_work_and_a_pipe_get_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for screen in (Terminal(), io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", screen)
        with terminal.progress() as show:
            now += 0.5 if isinstance(screen, Terminal) else 5.0
            show("text")
        assert screen is None or screen.getvalue() == ""


def test_values_are_written_as_an_option_takes_them() -> None:
    context = {"a:list": ["x", True, 5], "b:text": "y z"}
    assert terminal.pairs(context) == ["a:list=x and true and 5", "b:text=y z"]


def test_words_are_never_broken() -> None:
    lines = terminal.wrap(f"a {'x' * 120} b", "- ", "  ")
    assert lines == ["- a", f"  {'x' * 120}", "  b"]
