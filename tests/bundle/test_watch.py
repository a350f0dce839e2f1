from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from keys import key_pair
from processes import BOUND, eventually
from ramgate.bundle import builder, scan, watch
from ramgate.bundle.signature import CannotSign, Signer
from ramgate.bundle.watch import Watch
from ramgate.documents import source
from ramgate.documents.messages import ChangingFileError
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.bundle.builder import Bundle

HERE = "1234567890123456"
THERE = "6543210987654321"


def written(path: Path, *users: str, number: str = HERE) -> Path:
    held = ", ".join(f"{user}: {{policies: [AdministratorAccess]}}" for user in users)
    path.write_text(f'accounts: {{"{number}": {{users: {{{held}}}}}}}\n')
    return path


def looked(watched: Watch, active: str = "") -> Bundle | None:
    """Return the find of the second of two looks, between which the files stay as they are."""
    assert watched.look(active) is None
    return watched.look(active)


def replaced(path: Path) -> None:
    other = written(path.with_name("other"), "v")
    # the same size and the same times
    found = path.stat()
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "written in place": lambda folder: written(folder / "a.yaml", "v"),
    "replaced": lambda folder: replaced(folder / "a.yaml"),
    "renamed": lambda folder: (folder / "b.yaml").rename(folder / "c.yaml.off"),
    "added": lambda folder: written(folder / "c.yaml", number="1" * 16),
    "removed": lambda folder: (folder / "b.yaml").unlink(),
}


class Clock:
    """The monotonic clock of the watch, which a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watch, "time", clock)
    return clock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "accounts"
    folder.mkdir()
    written(folder / "a.yaml", "u")
    written(folder / "b.yaml", number=THERE)
    return folder


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_folder_is_seen_once(folder: Path, change: str, clock: Clock) -> None:
    watched = Watch(folder)
    first = watched.build()
    assert looked(watched, first.revision) is None
    CHANGES[change](folder)
    if change in {"renamed", "removed"}:
        assert looked(watched, first.revision) is None
        clock.now += 3
        assert watched.look(first.revision) == builder.build(folder) != first
    else:
        assert looked(watched, first.revision) == builder.build(folder) != first
    assert looked(watched, first.revision) is None


def test_a_file_alone_and_a_link_that_is_turned_are_seen(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "accounts.yaml"
    link.symlink_to(folder / "a.yaml")
    watched = Watch(link)
    first = watched.build()
    written(folder / "a.yaml", "v")
    second = looked(watched, first.revision)
    assert second == builder.build(link) != first
    link.unlink()
    link.symlink_to(folder / "b.yaml")
    assert looked(watched, first.revision) == builder.build(link) not in (first, second)


def test_what_changes_from_look_to_look_is_not_read_yet(folder: Path) -> None:
    watched = Watch(folder)
    watched.build()
    for users in (["v"], ["v", "w"], ["v", "w", "x"]):
        written(folder / "a.yaml", *users)
        assert watched.look("") is None
    assert watched.look("") == builder.build(folder)


def test_what_changes_all_the_time_does_not_hold_up_the_rest(folder: Path, clock: Clock) -> None:
    """A revocation in one file never counted while another file changed at every look."""
    watched = Watch(folder)
    first = watched.build()
    before = (folder / "b.yaml").read_text()
    written(folder / "a.yaml", "v")
    for number in range(12):
        written(folder / "b.yaml", *["u"] * number, number=THERE)
        assert watched.look(first.revision) is None
        clock.now += 0.25
    written(folder / "b.yaml", "x", number=THERE)
    found = watched.look(first.revision)
    (folder / "b.yaml").write_text(before)
    assert found == builder.build(folder) != first
    assert looked(watched, found.revision) is None


def test_what_changes_while_it_is_read_is_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watch(folder)
    read, changing = source.read_regular, [3]

    def meanwhile(path: Path) -> object:
        if path.name == "a.yaml" and changing[0]:
            changing[0] -= 1
            raise ChangingFileError
        return read(path)

    monkeypatch.setattr(source, "read_regular", meanwhile)
    first = watched.build()
    assert first == builder.build(folder)
    changing[0] = 1
    written(folder / "a.yaml", "v")
    assert watched.look("") is None
    assert looked(watched) == builder.build(folder) != first


def test_a_file_that_changes_whenever_it_is_read_is_a_fault_at_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes(_path: Path) -> object:
        raise ChangingFileError

    watched = Watch(folder)
    monkeypatch.setattr(source, "read_regular", changes)
    with pytest.raises(UnreadableFiles, match=r"a\.yaml: changed while it was read\n.*b\.yaml: "):
        watched.build()


def test_what_says_the_same_as_before_is_no_news(folder: Path) -> None:
    watched = Watch(folder)
    first = watched.build()
    with (folder / "a.yaml").open("a") as file:
        file.write("# a comment\n")
    assert looked(watched, first.revision) is None
    os.utime(folder / "a.yaml")
    assert looked(watched, "another") is None


def test_a_second_write_with_the_same_size_and_times_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two writes within the resolution of the time stamps look like one."""
    clock = Clock()
    monkeypatch.setattr(scan, "time", clock)
    monkeypatch.setattr(scan, "version", lambda status: (status.st_size,))
    watched = Watch(folder)
    first = watched.build()
    written(folder / "a.yaml", "v")  # as long as before
    assert looked(watched, first.revision) is None
    clock.now += 3
    assert watched.look(first.revision) == builder.build(folder) != first
    # from then on the time stamps count
    clock.now += 3
    assert watched.look(first.revision) is None
    written(folder / "a.yaml", "w")
    assert looked(watched, first.revision) is None


def test_faults_are_raised_once_for_the_same_contents(folder: Path) -> None:
    watched = Watch(folder)
    first = watched.build()
    faulty = (folder / "a.yaml").read_text().replace("users", "usrs")
    for text in (faulty, f"{faulty}# still\n"):
        (folder / "a.yaml").write_text(text)
        with pytest.raises(InvalidFiles, match="unknown field"):
            looked(watched, first.revision)
        assert looked(watched, first.revision) is None
        os.utime(folder / "a.yaml")
        assert looked(watched, first.revision) is None
    # valid again, and equal to the first
    written(folder / "a.yaml", "u")
    assert looked(watched, first.revision) == first
    assert looked(watched, first.revision) is None
    (folder / "a.yaml").write_text(text)
    with pytest.raises(InvalidFiles, match="unknown field"):
        looked(watched, first.revision)


def test_a_build_that_fails_for_another_reason_is_tried_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> Bundle:
        raise MemoryError

    watched = Watch(folder)
    first = watched.build()
    written(folder / "a.yaml", "v")
    monkeypatch.setattr(builder.Builder, "build", exhausted)
    assert watched.look(first.revision) is None
    for _ in range(2):
        with pytest.raises(MemoryError):
            watched.look(first.revision)
    monkeypatch.undo()
    assert watched.look(first.revision) == builder.build(folder) != first


def test_a_scan_that_runs_out_of_memory_leaves_no_file_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    watched = Watch(folder)
    first = watched.build()
    read = source.read_regular

    def exhausted(path: Path) -> object:
        if path.name == "b.yaml":
            raise MemoryError
        return read(path)

    monkeypatch.setattr(source, "read_regular", exhausted)
    for user in "vwx":
        written(folder / "a.yaml", user)
        written(folder / "b.yaml", user, number=THERE)
        for _ in range(2):
            with contextlib.suppress(UnreadableFiles):
                assert watched.look(first.revision) is None
            clock.now += 3
    monkeypatch.undo()
    assert looked(watched, first.revision) == builder.build(folder)


def test_a_change_that_could_not_be_signed_is_signed_later(folder: Path, tmp_path: Path) -> None:
    key = key_pair(tmp_path).private
    watched = Watch(folder, signer=Signer(key))
    first = watched.build()
    hidden = key.rename(tmp_path / "hidden")
    written(folder / "a.yaml", "v")
    assert watched.look(first.revision) is None
    for _ in range(2):
        with pytest.raises(CannotSign, match="No such file"):
            watched.look(first.revision)
    hidden.rename(key)
    found = watched.look(first.revision)
    assert found is not None
    assert found.revision == builder.build(folder).revision


def test_accounts_that_are_gone_are_a_fault_after_three_seconds(folder: Path, clock: Clock) -> None:
    watched = Watch(folder)
    alone = Watch(folder / "a.yaml")
    first, sole = watched.build(), alone.build()
    shutil.rmtree(folder)
    for gone in (watched, alone):
        assert looked(gone) is None
    clock.now += 3
    for gone in (watched, alone):
        with pytest.raises(UnreadableFiles, match="there is no such file"):
            gone.look("")
        assert looked(gone) is None
    folder.mkdir()
    assert looked(watched) is None
    written(folder / "a.yaml", "u")
    clock.now += 3
    assert looked(alone, sole.revision) == sole
    assert looked(watched) == sole != first
    (folder / "a.yaml").unlink()
    assert looked(watched) is None
    clock.now += 3
    with pytest.raises(InvalidFiles, match="contains no accounts file"):
        watched.look("")


@pytest.mark.parametrize("name", ["a.yaml", "b.yaml"])
def test_a_file_that_is_missing_for_less_than_three_seconds_stays(
    folder: Path, clock: Clock, name: str
) -> None:
    """A checkout or rsync takes a file away for a moment: its accounts were gone meanwhile."""
    watched = Watch(folder)
    first = watched.build()
    text = (folder / name).read_text()
    for _ in range(3):
        (folder / name).unlink()
        assert looked(watched, first.revision) is None
        clock.now += 2.9
        assert looked(watched, first.revision) is None
        (folder / name).write_text(text)
        assert looked(watched, first.revision) is None


def test_while_a_file_comes_and_goes_the_other_changes_count_after_three_seconds(
    folder: Path, clock: Clock
) -> None:
    watched = Watch(folder)
    first = watched.build()
    text = (folder / "b.yaml").read_text()
    written(folder / "a.yaml", "v")
    for _ in range(3):
        (folder / "b.yaml").unlink()
        assert watched.look(first.revision) is None
        (folder / "b.yaml").write_text(text)
        assert watched.look(first.revision) is None
        clock.now += 0.9
    (folder / "b.yaml").unlink()
    clock.now += 0.4
    found = watched.look(first.revision)
    (folder / "b.yaml").write_text(text)
    assert found == builder.build(folder) != first


def test_a_file_that_goes_while_it_is_looked_at_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watch(folder)
    first = watched.build()
    iterate = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: [*iterate(self), folder / "gone.yaml"])
    assert looked(watched, first.revision) is None
    assert watched.unread == []


def fifo(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(path.parent)  # the path of a socket is short
        listener.bind(path.name)
        os.chdir(here)


STRAYS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a FIFO": (fifo, "is a FIFO, not a file"),
    "a socket": (bound_socket, "is a socket, not a file"),
    "a directory": (Path.mkdir, "is a directory, not a file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
}


@pytest.mark.parametrize("kind", STRAYS)
def test_a_stray_is_named_once_and_stops_nothing(folder: Path, kind: str) -> None:
    """A FIFO blocked the watch for ever, a directory or a socket stopped every later change."""
    make, reason = STRAYS[kind]
    told: list[str] = []
    watched = Watch(folder, told.append)
    first = watched.build()
    expected = builder.build(folder)
    make(folder / "c.yaml")
    assert looked(watched, first.revision) is None
    assert told == [f"{folder}/c.yaml: {reason}: left out"]
    written(folder / "a.yaml", "v")
    changed = looked(watched, first.revision)
    assert changed is not None
    assert changed != expected
    assert len(told) == 1
    again = Watch(folder, told.append)
    assert again.build() == changed
    assert told == [f"{folder}/c.yaml: {reason}: left out"] * 2
    assert watched.unread == again.unread == []


@pytest.mark.parametrize("kind", STRAYS)
def test_a_file_that_becomes_a_stray_keeps_its_last_content(folder: Path, kind: str) -> None:
    """Its policies may be denials: without them others would be allowed."""
    make, reason = STRAYS[kind]
    told: list[str] = []
    watched = Watch(folder, told.append)
    first = watched.build()
    text = (folder / "b.yaml").read_text()
    (folder / "b.yaml").unlink()
    make(folder / "b.yaml")
    assert looked(watched, first.revision) is None
    assert told == [f"{folder}/b.yaml: {reason}: its last valid content stays in use"]
    assert watched.unread == [folder / "b.yaml"]
    written(folder / "a.yaml", "v")
    changed = looked(watched, first.revision)
    (folder / "b.yaml").rename(folder / "off")
    (folder / "b.yaml").write_text(text)
    assert changed == builder.build(folder) != first
    assert looked(watched, changed.revision) is None
    assert watched.unread == []


def test_a_file_that_cannot_be_read_keeps_its_last_content_and_is_a_fault_at_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    watched = Watch(folder, told.append)
    first = watched.build()
    read = source.read_regular

    def refuse(path: Path) -> object:
        if path.name in {"b.yaml", "c.yaml"}:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return read(path)

    monkeypatch.setattr(source, "read_regular", refuse)
    os.utime(folder / "b.yaml")
    written(folder / "a.yaml", "v")
    written(folder / "c.yaml", number="1" * 16)
    changed = looked(watched, first.revision)
    assert told == [
        f"{folder}/b.yaml: cannot be read: permission denied: its last valid content stays in use",
        f"{folder}/c.yaml: cannot be read: permission denied: left out",
    ]
    assert watched.unread == [folder / "b.yaml"]
    with pytest.raises(UnreadableFiles, match=r"b\.yaml: cannot be read: .*\n.*c\.yaml: cannot"):
        Watch(folder).build()
    monkeypatch.undo()
    (folder / "c.yaml").unlink()
    assert changed == builder.build(folder) != first


def test_a_file_that_is_too_large_is_a_problem(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    watched = Watch(folder, told.append)
    monkeypatch.setattr(source, "MAXIMUM_BYTES", 200)
    first = watched.build()
    written(folder / "a.yaml", *(f"u{number}" for number in range(20)))
    assert looked(watched, first.revision) is None
    assert told == [f"{folder}/a.yaml: is larger than 64 MiB: its last valid content stays in use"]


@pytest.mark.parametrize("name", [".#a.yaml", ".a.yaml", "a.yaml~", "#a.yaml#", ".a.yaml.swp"])
def test_the_files_of_editors_are_not_accounts(folder: Path, name: str) -> None:
    """Emacs' lock file is a link to nowhere, which stopped every later change."""
    watched = Watch(folder)
    first = watched.build()
    (folder / name).symlink_to("somebody@a-machine.4711")
    assert looked(watched, first.revision) is None
    written(folder / "a.yaml", "v")
    assert looked(watched, first.revision) == builder.build(folder) != first


def test_a_name_that_is_not_utf_8_is_reported(folder: Path) -> None:
    told: list[str] = []
    watched = Watch(folder, told.append)
    first = watched.build()
    name = os.fsdecode(b"\xff.yaml")
    written(folder / name, number="1" * 16)
    assert looked(watched, first.revision) is None
    reported = f"{folder}/\\udcff.yaml: its name is not UTF-8: rename it"
    assert told == [f"{reported}: left out"]
    for build in (Watch(folder).build, lambda: builder.build(folder)):
        with pytest.raises(UnreadableFiles) as refused:
            build()
        assert str(refused.value) == reported
        assert str(refused.value).encode()


class Mount:
    """Files that hang when they are read, as on a network mount, until `answer` is set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hanging: set[str] = set()
        self.answer = threading.Event()
        self._read = source.read_regular
        monkeypatch.setattr(source, "read_regular", self.read)
        monkeypatch.setattr(scan, "_HUNG_SECONDS", 0.2)

    def read(self, path: Path) -> object:
        if path.name in self.hanging:
            assert self.answer.wait(BOUND)
        return self._read(path)


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Mount:
    return Mount(monkeypatch)


def test_a_file_that_hangs_is_named_and_stops_nothing(folder: Path, mount: Mount) -> None:
    """A read on a network mount that hangs blocked the watch for ever."""
    told: list[str] = []
    watched = Watch(folder, told.append)
    first = watched.build()
    mount.hanging = {"b.yaml"}
    written(folder / "b.yaml", "v", number=THERE)
    written(folder / "a.yaml", "v")
    while (found := watched.look(first.revision)) is None:
        pass
    assert told == [f"{folder}/b.yaml: {scan.HUNG}: its last valid content stays in use"]
    assert found.counts["users"] == first.counts["users"]
    assert found != first
    mount.answer.set()
    eventually(lambda: watched.look(found.revision) == builder.build(folder))
    assert watched.unread == []


def test_a_file_that_hangs_at_first_is_a_fault(folder: Path, mount: Mount) -> None:
    mount.hanging = {"b.yaml"}
    with pytest.raises(UnreadableFiles, match=r"b\.yaml: does not answer: it hangs"):
        Watch(folder).build()
    mount.answer.set()


def test_a_folder_in_which_many_files_hang_hangs_itself(
    folder: Path, mount: Mount, clock: Clock
) -> None:
    watched = Watch(folder)
    first = watched.build()
    names = [f"c{number}.yaml" for number in range(5)]
    for number, name in enumerate(names):
        written(folder / name, number=f"{number}" * 16)
    mount.hanging = set(names)
    assert looked(watched, first.revision) is None
    assert len([one for one in threading.enumerate() if one.name == "ramgate-scan"]) == 4
    clock.now += 3
    with pytest.raises(UnreadableFiles, match=f"^{folder}: does not answer"):
        watched.look(first.revision)
    mount.answer.set()
    eventually(lambda: watched.look(first.revision) == builder.build(folder))


def test_without_threads_nothing_is_known(
    folder: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    watched = Watch(folder)
    first = watched.build()
    monkeypatch.setattr(scan, "threading", SimpleNamespace(Thread=refuse, Event=threading.Event))
    assert looked(watched, first.revision) is None
    clock.now += 3
    with pytest.raises(UnreadableFiles, match="cannot be read: can't start new thread"):
        watched.look(first.revision)
    monkeypatch.setattr(scan, "threading", threading)
    assert looked(watched, first.revision) == first


def test_a_pipe_is_read_once_and_not_watched(folder: Path) -> None:
    """A shell's `--accounts <(…)` names `/dev/fd/63`."""
    reading, writing = os.pipe()
    os.write(writing, (folder / "a.yaml").read_bytes())
    os.close(writing)
    watched = Watch(Path(f"/dev/fd/{reading}"))
    bundle = watched.build()
    assert bundle == builder.build(folder / "a.yaml")
    assert looked(watched) is None
    os.close(reading)


def test_a_fifo_alone_is_a_fault(tmp_path: Path) -> None:
    fifo(tmp_path / "a.yaml")
    with pytest.raises(UnreadableFiles, match="is a FIFO, not a file"):
        Watch(tmp_path / "a.yaml").build()


def test_without_another_way_a_problem_is_a_warning_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fifo(folder / "c.yaml")
    Watch(folder).build()
    assert caplog.messages == [f"{folder}/c.yaml: is a FIFO, not a file: left out"]


def naming(folder: Path, *names: str, file: str = "c.yaml", number: str = "1" * 16) -> Path:
    """Write an accounts file with a user that holds the policy of each named file."""
    policies = ", ".join(f"p{place}: {{file: {name}}}" for place, name in enumerate(names))
    held = ", ".join(f"p{place}" for place in range(len(names)))
    users = f"{{u: {{policies: [{held}]}}}}"
    path = folder / file
    path.write_text(f'accounts: {{"{number}": {{policies: {{{policies}}}, users: {users}}}}}\n')
    return path


def document(folder: Path, action: str, name: str = "policies/p.json") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    statement = f'{{"Effect": "Deny", "Action": "{action}", "Resource": "*"}}'
    path.write_text(f'{{"Version": "1", "Statement": [{statement}]}}')
    return path


@pytest.fixture
def naming_folder(folder: Path) -> Path:
    document(folder, "a:b")
    naming(folder, "policies/p.json")
    return folder


def test_a_change_of_a_named_file_is_seen_once_two_looks_agree(naming_folder: Path) -> None:
    watched = Watch(naming_folder)
    first = watched.build()
    assert first == builder.build(naming_folder)
    assert looked(watched, first.revision) is None
    for action in ("a:c", "a:d"):
        file = document(naming_folder, action)
        assert watched.look("") is None
        file.write_text(file.read_text() + "\n")
        assert watched.look("") is None
        assert watched.look("") == builder.build(naming_folder) != first
        assert watched.look("") is None


def test_a_newly_named_file_counts_with_the_change_that_names_it(folder: Path) -> None:
    watched = Watch(folder)
    first = watched.build()
    document(folder, "a:b")
    assert looked(watched, first.revision) is None
    naming(folder, "policies/p.json")
    assert watched.look("") is None
    assert watched.look("") is None  # the named file may still be in the middle of a write
    assert watched.look("") == builder.build(folder) != first
    alone = Watch(folder / "c.yaml")
    assert alone.build() == builder.build(folder / "c.yaml")
    document(folder, "a:c")
    assert looked(alone) == builder.build(folder / "c.yaml")


def test_a_named_file_that_is_missing_keeps_its_last_content_for_three_seconds(
    naming_folder: Path, clock: Clock
) -> None:
    """Its policy may be a denial."""
    watched = Watch(naming_folder)
    first = watched.build()
    file = naming_folder / "policies/p.json"
    text = file.read_text()
    for _ in range(3):
        file.unlink()
        assert looked(watched, first.revision) is None
        clock.now += 2.9
        assert looked(watched, first.revision) is None
        file.write_text(text)
        assert looked(watched, first.revision) is None
    file.unlink()
    assert watched.look(first.revision) is None
    clock.now += 3
    cause = r"c\.yaml:1: .*\.policies\.p0\.file: `policies/p\.json`: there is no such file"
    with pytest.raises(UnreadableFiles, match=cause):
        watched.look(first.revision)
    assert looked(watched, first.revision) is None
    file.write_text(text)
    assert looked(watched, first.revision) == first


def test_a_file_that_is_no_longer_named_delays_nothing(
    naming_folder: Path, mount: Mount, clock: Clock
) -> None:
    watched = Watch(naming_folder)
    first = watched.build()
    mount.hanging = {"p.json"}
    document(naming_folder, "a:c")
    written(naming_folder / "c.yaml", "v", number="1" * 16)
    assert looked(watched, first.revision) == builder.build(naming_folder) != first
    mount.answer.set()
    # nor does one that comes and goes
    document(naming_folder, "a:b").unlink()
    written(naming_folder / "c.yaml", "w", number="1" * 16)
    assert looked(watched, first.revision) == builder.build(naming_folder)
    assert watched.unread == []
    assert clock.now == 1000.0


@pytest.mark.parametrize("kind", STRAYS)
def test_a_named_file_that_becomes_a_stray_keeps_its_last_content(
    naming_folder: Path, kind: str
) -> None:
    make, reason = STRAYS[kind]
    told: list[str] = []
    watched = Watch(naming_folder, told.append)
    first = watched.build()
    file = naming_folder / "policies/p.json"
    text = file.read_text()
    file.unlink()
    make(file)
    assert looked(watched, first.revision) is None
    assert told == [f"{file}: {reason}: its last valid content stays in use"]
    assert watched.unread == [file]
    written(naming_folder / "a.yaml", "v")
    changed = looked(watched, first.revision)
    with pytest.raises(UnreadableFiles, match=f"`policies/p.json`: {reason}"):
        Watch(naming_folder).build()
    file.rename(naming_folder / "policies/off")
    file.write_text(text)
    assert changed == builder.build(naming_folder) != first


def test_a_named_file_that_changes_all_the_time_does_not_hold_up_the_rest(
    naming_folder: Path, clock: Clock
) -> None:
    watched = Watch(naming_folder)
    first = watched.build()
    text = (naming_folder / "policies/p.json").read_text()
    written(naming_folder / "a.yaml", "v")
    for number in range(12):
        document(naming_folder, "a:" + "c" * (number + 1))
        assert watched.look(first.revision) is None
        clock.now += 0.25
    document(naming_folder, "a:d")
    found = watched.look(first.revision)
    (naming_folder / "policies/p.json").write_text(text)
    assert found == builder.build(naming_folder) != first


def test_a_new_named_file_that_changes_all_the_time_is_a_fault(folder: Path, clock: Clock) -> None:
    watched = Watch(folder)
    first = watched.build()
    document(folder, "a:b")
    naming(folder, "policies/p.json")
    for number in range(12):
        assert watched.look(first.revision) is None
        document(folder, "a:" + "c" * (number + 1))
        clock.now += 0.25
    with pytest.raises(UnreadableFiles, match=r"`policies/p\.json`: is still being written"):
        watched.look(first.revision)
    assert watched.look("") == builder.build(folder) != first


def test_named_files_that_hang_are_named_in_one_line_and_stop_nothing(
    folder: Path, mount: Mount
) -> None:
    told: list[str] = []
    names = [f"policies/p{number}.json" for number in range(6)]
    for name in names:
        document(folder, "a:b", name)
    naming(folder, *names)
    watched = Watch(folder, told.append)
    first = watched.build()
    mount.hanging = {Path(name).name for name in names}
    for name in names:
        document(folder, "a:c", name)
    written(folder / "a.yaml", "v")
    found = looked(watched, first.revision)
    assert len([one for one in threading.enumerate() if one.name == "ramgate-scan"]) == 4
    kept = "its last valid content stays in use"
    assert told == [f"{folder}/policies/p0.json: {scan.HUNG}, and 5 more files: {kept}"]
    assert watched.unread == sorted(folder / name for name in names)
    mount.answer.set()
    eventually(lambda: watched.look("") == builder.build(folder))
    assert found not in (None, first)


def test_hanging_files_that_are_no_longer_named_do_not_stop_the_others(
    folder: Path, mount: Mount
) -> None:
    """Four threads at most hang: those of files that are no longer named do not count."""
    names = [f"policies/p{number}.json" for number in range(5)]
    for name in names:
        document(folder, "a:b", name)
    naming(folder, *names)
    watched = Watch(folder)
    watched.build()
    mount.hanging = {Path(name).name for name in names}
    for name in names:
        document(folder, "a:c", name)
    assert looked(watched) is None
    document(folder, "a:d", "policies/other.json")
    naming(folder, "policies/other.json")
    assert watched.look("") is None
    assert looked(watched) == builder.build(folder)
    mount.answer.set()


def test_without_threads_named_files_keep_their_content(
    naming_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Threads(threading.Thread):
        started = 0

        def start(self) -> None:
            type(self).started += 1
            if self.started % 2 == 0:  # the pass over the named files
                raise RuntimeError("can't start new thread")
            super().start()

    told: list[str] = []
    watched = Watch(naming_folder, told.append)
    first = watched.build()
    document(naming_folder, "a:c")
    threads = SimpleNamespace(Thread=Threads, Event=threading.Event)
    monkeypatch.setattr(scan, "threading", threads)
    assert looked(watched, first.revision) is None
    reason = "cannot be read: can't start new thread: its last valid content stays in use"
    assert told == [f"{naming_folder}/policies/p.json: {reason}"]
    monkeypatch.setattr(scan, "threading", threading)
    assert looked(watched, first.revision) == builder.build(naming_folder) != first


def test_many_files_that_answer_slowly_do_not_hang(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The two seconds are for one file: ten thousand files of a cold disk take longer."""
    names = [f"policies/p{number}.json" for number in range(8)]
    for name in names:
        document(folder, "a:b", name)
    naming(folder, *names)
    read, pause = source.read_regular, threading.Event()

    def slowly(path: Path) -> object:
        pause.wait(0.1)
        return read(path)

    monkeypatch.setattr(source, "read_regular", slowly)
    monkeypatch.setattr(scan, "_HUNG_SECONDS", 0.6)
    assert Watch(folder).build() == builder.build(folder)


def test_a_name_that_leads_out_of_the_folder_is_never_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = document(folder.parent, "a:b", "outside.json")
    watched = Watch(folder)  # which has read the catalog
    read, opened = source.read_regular, set()

    def noting(path: Path) -> object:
        opened.add(path.resolve())
        return read(path)

    monkeypatch.setattr(source, "read_regular", noting)
    naming(folder, "../outside.json", str(outside))
    with pytest.raises(InvalidFiles) as refused:
        watched.build()
    assert len(refused.value.faults) == 2
    assert opened == {folder / name for name in ("a.yaml", "b.yaml", "c.yaml")}


def test_a_faulty_named_file_is_reported_once_with_its_name(naming_folder: Path) -> None:
    watched = Watch(naming_folder)
    first = watched.build()
    file = naming_folder / "policies/p.json"
    text = file.read_text()
    file.write_text(text.replace("Deny", "deny"))
    with pytest.raises(InvalidFiles, match=rf"^{file}:1: \$\.Statement\[0\]\.Effect: must be"):
        looked(watched, first.revision)
    assert looked(watched, first.revision) is None
    file.write_text(text)
    assert looked(watched, first.revision) == first


def test_the_files_that_a_pipe_names_are_in_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document(folder, "a:b")
    path = naming(folder, "policies/p.json")
    monkeypatch.chdir(folder)
    reading, writing = os.pipe()
    os.write(writing, path.read_bytes())
    os.close(writing)
    watched = Watch(Path(f"/dev/fd/{reading}"))
    assert watched.build() == builder.build(path)
    os.close(reading)


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        ("written in place", 0.25),
        ("replaced", 0.03),
        ("renamed", 0.25),
        ("added", 0.25),
        ("removed", 0.25),
    ],
)
def test_only_a_replaced_file_is_looked_at_again_at_once(
    folder: Path, change: str, seconds: float
) -> None:
    watched = Watch(folder)
    assert watched.pause == 0.25
    watched.build()
    watched.look("")
    assert 0.1 <= watched.pause <= 0.25
    CHANGES[change](folder)
    watched.look("")
    assert watched.pause == seconds


def test_a_file_that_changes_while_it_is_read_is_not_hurried(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watch(folder)
    watched.build()
    replaced(folder / "a.yaml")
    monkeypatch.setattr(source, "read_regular", changing)
    watched.look("")
    assert watched.pause == 0.25


def changing(path: Path) -> object:
    del path
    raise ChangingFileError
