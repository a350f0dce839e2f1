from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import servers
from command_line import SECONDS, written
from keys import key_pair
from processes import eventually
from ramgate.bundle.builder import Bundle, build
from ramgate.bundle.bundle_file import read_bundle
from ramgate.bundle.signature import Signer
from ramgate.bundle.watch import Watch
from ramgate.cli.main import main
from ramgate.errors import PublishError
from ramgate.publish.publisher import Publisher, follow

ACCOUNT = "accounts: {'1234567890123456': {users: {%s: {}}}}"


class Place:
    """A target that fails as often as the test says."""

    name = "the place"

    def __init__(self) -> None:
        self.failures = 0
        self.taken: list[str] = []

    def put(self, bundle: Bundle) -> None:
        if self.failures:
            self.failures -= 1
            raise PublishError("not now")
        self.taken.append(bundle.revision)


class Clock:
    """A clock that stands still until the test moves it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("ramgate.publish.publisher.time.monotonic", lambda: self.now)
        monkeypatch.setattr("ramgate.publish.publisher.time.sleep", self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def changed(publisher: Publisher, file: Path, user: str) -> None:
    """Change the accounts, and look until the change counts."""
    before = publisher.bundle
    file.write_text(ACCOUNT % user)
    publisher.look()
    publisher.look()
    assert publisher.bundle is not before


def test_a_target_that_fails_gets_the_newest_bundle_later_and_others_do_not_wait(
    tmp_path: Path, clock: Clock
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    announced: list[str] = []
    broken, good = Place(), Place()
    broken.failures = 4
    publisher = Publisher(
        Watch(file),
        [broken, good],
        told.append,
        lambda bundle, _: announced.append(bundle.revision),
    )
    assert not publisher.put()
    first = publisher.bundle.revision
    assert (broken.taken, good.taken, announced) == ([], [first], [first])
    assert not publisher.put()
    assert told == ["not now; trying again in 1 s"]
    for pause in (2, 4):
        clock.sleep(pause / 2)
        publisher.look()
        assert told[-1] == f"not now; trying again in {pause} s"
    changed(publisher, file, "two")
    second = publisher.bundle.revision
    assert told[-1] == "not now; trying again in 1 s"
    assert good.taken == [first, second]
    clock.sleep(1)
    assert publisher.put()
    assert broken.taken == [second]
    assert announced == [first, second, second]


def test_a_target_that_does_not_answer_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ramgate.publish.publisher._PATIENCE", 0.01)
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    answers, hung, good = threading.Event(), Place(), Place()

    def put(bundle: Bundle) -> None:
        answers.wait(SECONDS)
        hung.taken.append(bundle.revision)

    hung.put = put  # type: ignore[method-assign]
    publisher = Publisher(Watch(file), [hung, good], print, lambda *_: None)
    publisher.finish()
    first = publisher.bundle.revision
    publisher.look()
    eventually(lambda: good.taken == [first])
    changed(publisher, file, "two")
    second = publisher.bundle.revision
    eventually(lambda: good.taken == [first, second])
    assert hung.taken == []
    answers.set()
    publisher.finish()
    publisher.put()
    assert hung.taken == [first, second]
    assert good.taken == [first, second]


def test_a_change_that_cannot_be_signed_is_told_and_tried_again(
    tmp_path: Path, clock: Clock
) -> None:
    file, key = tmp_path / "a.yaml", key_pair(tmp_path).private
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    place = Place()
    signer = Signer(key)
    publisher = Publisher(Watch(file, signer=signer), [place], told.append, lambda *_: None)
    assert publisher.put()
    hidden = key.rename(tmp_path / "hidden")
    file.write_text(ACCOUNT % "two")
    for _ in range(3):
        publisher.look()
        clock.sleep(1)
    assert told == [f"{key}: No such file or directory; trying again"] * 2
    hidden.rename(key)
    publisher.look()
    assert place.taken == [place.taken[0], publisher.bundle.revision]
    assert place.taken[0] != place.taken[1]


def test_any_failure_of_a_target_is_told_and_tried_again(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    place = Place()
    put = place.put
    place.put = lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    publisher = Publisher(Watch(file), [place], told.append, lambda *_: None)
    assert not publisher.put()
    error = "ZeroDivisionError('division by zero')"
    assert told == [f"the place: {error}; trying again in 1 s"]
    place.put = put  # type: ignore[method-assign]
    clock.sleep(1)
    assert publisher.put()


def test_following_ends_although_a_target_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_PATIENCE", "_END_SECONDS"):
        monkeypatch.setattr(f"ramgate.publish.publisher.{name}", 0.01)
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    answers, place = threading.Event(), Place()
    place.put = lambda _: answers.wait(SECONDS)  # type: ignore[method-assign, assignment]

    def stop() -> None:
        raise KeyboardInterrupt

    publishers = [Publisher(Watch(file), [place], print, lambda *_: None) for _ in range(2)]
    with pytest.raises(KeyboardInterrupt):
        follow(publishers, stop)
    assert not answers.is_set()
    answers.set()


def test_a_replaced_file_is_looked_at_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    publishers = [Publisher(Watch(file), [Place()], print, lambda *_: None) for _ in range(2)]
    (tmp_path / "new").write_text(ACCOUNT % "two")
    (tmp_path / "new").replace(file)
    slept: list[float] = []

    def stop() -> None:
        if len(slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("ramgate.publish.publisher.time.sleep", slept.append)
    with pytest.raises(KeyboardInterrupt):
        follow(publishers, stop)
    assert slept[0] == 0.25
    assert slept[1] < 0.1


def test_a_pause_is_at_most_30_seconds(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    place = Place()
    place.failures = 9
    publisher = Publisher(Watch(file), [place], told.append, lambda *_: None)
    for _ in range(9):
        publisher.put()
        clock.sleep(30)
    assert told[-1] == "not now; trying again in 30 s"
    assert publisher.put()


def test_faulty_accounts_keep_the_bundle(tmp_path: Path, clock: Clock) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    place = Place()
    publisher = Publisher(Watch(file), [place], told.append, lambda *_: None)
    publisher.put()
    file.write_text("accounts: {1: {}}")
    for _ in range(3):
        publisher.look()
    [fault] = told
    assert fault.endswith(f"\nrevision {publisher.bundle.revision} stays published")
    assert place.taken == [publisher.bundle.revision]
    assert clock.now == 100.0


def test_accounts_that_cannot_be_read_for_lack_of_memory_are_read_again(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(ACCOUNT % "one")
    told: list[str] = []
    publisher = Publisher(Watch(file), [Place()], told.append, lambda *_: None)
    with monkeypatch.context() as full:

        def look(*_: object) -> None:
            raise MemoryError

        full.setattr(Watch, "look", look)
        publisher.look()
    assert told == ["cannot read the accounts: MemoryError(); trying again"]
    assert clock.now == 101.0
    changed(publisher, file, "two")


def run(*given: str) -> subprocess.Popen[str]:
    ramgate = Path(sys.executable).with_name("ramgate")
    return subprocess.Popen(
        [str(ramgate), "publish", *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_publish_follows_the_accounts_until_it_is_stopped(tmp_path: Path, number: int) -> None:
    file = Path(written(tmp_path / "a.yaml", ACCOUNT % "one"))
    bundle = tmp_path / "b.tar.gz"
    process = run("--accounts", str(file), "--to", str(bundle), "--serial", "now")
    assert process.stdout is not None
    first = process.stdout.readline()
    form = rf"{bundle}: revision \w{{16}}, serial \d{{10}}: accounts 1, .*users 1\n"
    assert re.fullmatch(form, first)
    file.write_text("accounts: {'1234567890123456': {users: {one: {}, two: {}}}}")
    second = process.stdout.readline()
    assert second.endswith("users 2\n")
    revision = read_bundle(bundle.read_bytes(), "b").revision
    assert f"revision {revision}, " in second
    process.send_signal(number)
    assert process.communicate(timeout=SECONDS) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(("given", "status"), [([], 0), (["--once"], 130)])
def test_a_stop_before_the_first_bundle_is_a_failure_of_once_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], status: int
) -> None:
    def stopped(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ramgate.bundle.builder.Builder.build", stopped)
    file = written(tmp_path / "a.yaml", ACCOUNT % "one")
    assert main(["publish", "--accounts", file, "--to", str(tmp_path / "b"), *given]) == status


def test_published_once_a_bundle_is_that_of_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(written(tmp_path / "a.yaml", ACCOUNT % "one"))
    targets = [str(tmp_path / name) for name in ("b", "c")]
    given = ["publish", "--accounts", str(file), "--once", "--file-mode", "644"]
    assert main([*given, "--to", targets[0], "--to", targets[1]]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    for target in targets:
        assert Path(target).read_bytes() == build(file).content
        assert Path(target).stat().st_mode & 0o777 == 0o644
    pair = key_pair(tmp_path)
    signed = ["--signing-key", str(pair.private), "--serial", "7", "--to", targets[0]]
    assert main([*given, *signed]) == 0
    assert read_bundle(Path(targets[0]).read_bytes(), "b").serial == 7


def test_once_fails_if_a_target_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "a.yaml", ACCOUNT % "one")
    refused = f"oci://127.0.0.1:{servers.free_port()}/x:1"
    given = ["publish", "--accounts", file, "--once", "--to", refused]
    assert main([*given, "--to", str(tmp_path / "b")]) == 2
    assert "cannot reach" in capsys.readouterr().err
    assert (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ([], "no target: --to or --listen says where"),
        (["--to", "b"], "--accounts is missing"),
        (["--listen", ":0"], "--accounts is missing"),
        (["--listen", ":0", "--client", "t=a", "--to", "b"], "--accounts is missing"),
        (["--to", "b", "--accounts", "none", "--token-file", "t"], "belong to --listen"),
        (["--to", "b", "--accounts", "none", "--client", "t=a"], "belong to --listen"),
        (["--to", "b", "--accounts", "none", "--client-ca", "c"], "belong to --listen"),
        (["--listen", ":0", "--client-cert", "CN:a=a"], "--client-cert needs --client-ca"),
        (["--listen", ":0", "--client-ca", "c"], "--accounts is missing"),
        (["--listen", ":0", "--accounts", "none"], "who gets a bundle?"),
        (["--listen", ":0", "--accounts", "none", "--to", "b"], "who gets a bundle?"),
        (
            ["--listen", ":0", "--accounts", "none", "--client", "t=a"],
            "nobody gets the bundle",
        ),
        (
            ["--listen", "127.0.0.1:0", "--accounts", "none", "--client-ca", "c"],
            "--client-ca needs TLS",
        ),
        (["--listen", ":0", "--client", "t=a", "--once"], "--once ends at once"),
        (["--listen", ":0", "--client", "t=a", "--tls-cert", "c"], "belong together"),
        (["--listen", "unix:///s", "--client", "t=a"], "is a unix socket"),
        (["--listen", ":0", "--client", "t=a"], "`:0` needs TLS"),
        (["--listen", "127.0.0.1:0", "--client", "t"], "not of the form TOKEN_FILE=PATH"),
        (["--listen", "127.0.0.1:0", "--client", "t=a"], "cannot read the token file `t`"),
        (["--to", "b", "--accounts", "none"], "none: there is no such file"),
        (["--to", "b", "--accounts", "none", "--serial", "1"], "--serial N needs --once"),
        (["--to", "x://b", "--accounts", "none"], "`x://b` is not a path"),
    ],
)
def test_options_that_do_not_fit_end_the_command(
    capsys: pytest.CaptureFixture[str], given: list[str], cause: str
) -> None:
    assert main(["publish", *given]) == 2
    assert cause in capsys.readouterr().err


def test_a_target_that_comes_back_gets_the_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    file = written(tmp_path / "a.yaml", ACCOUNT % "one")
    process = run("--accounts", file, "--to", str(folder / "b"))
    assert process.stderr is not None
    assert process.stderr.readline().endswith("trying again in 1 s\n")
    folder.mkdir()
    eventually((folder / "b").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
