from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
import struct
import sys
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ramgate.documents import attributes
from ramgate.documents.atomic_write import is_standard_output, write, write_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHANGED = "was changed by another process: try again"
STRANGER = 12345


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(path: Path, **arguments: bytes) -> str:
    """Return the reason why `write` refuses; the error names the path and no temporary file."""
    with pytest.raises(OSError, match=r".") as refused:
        write(path, b"new", **arguments)
    assert refused.value.filename == str(path)
    assert str(refused.value).endswith(f": {str(path)!r}")
    return str(refused.value.strerror)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    return path


def make_device(path: Path, number: int) -> None:
    """Make a memory device of Linux, 3 for `null`, 7 for `full`: never risk the machine's own."""
    if sys.platform != "linux":
        pytest.skip("the numbers of the devices are Linux's")
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, number))
    except PermissionError:
        pytest.skip("only root can make a device")


@pytest.fixture(params=["directory", "named pipe", "socket", "character device"])
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Return the path and the kind of a file that is not a regular file."""
    special = tmp_path / "special"
    with contextlib.ExitStack() as opened:
        match request.param:
            case "directory":
                special.mkdir()
            case "named pipe":
                os.mkfifo(special)
            case "socket":
                opened.enter_context(socket.socket(socket.AF_UNIX)).bind(str(special))
            case _:
                make_device(special, 7)
        yield special, request.param


def test_a_new_file_is_private(tmp_path: Path) -> None:
    """A bundle holds all policies and accounts, and it was readable by every user (0644)."""
    previous = os.umask(0)
    try:
        write(tmp_path / "a.yaml", b"new")
    finally:
        os.umask(previous)
    assert (tmp_path / "a.yaml").read_bytes() == b"new"
    assert mode(tmp_path / "a.yaml") == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.yaml"]


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o644, 0o666])
def test_an_existing_file_keeps_its_mode(path: Path, kept: int) -> None:
    """`-o` gave every file the mode 0644: a private file was opened to all."""
    path.chmod(kept)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode(path) == kept
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_an_existing_file_keeps_its_owner_and_group(path: Path) -> None:
    """Root took a file away from its owner, who could not read it any more."""
    os.chown(path, STRANGER, STRANGER + 1)
    path.chmod(0o600)
    write(path, b"new")
    found = path.stat()
    assert (found.st_uid, found.st_gid, mode(path)) == (STRANGER, STRANGER + 1, 0o600)


def test_a_file_whose_owner_cannot_be_kept_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any user but root, whose `chown` fails, sees it."""
    number = path.stat().st_ino

    def of_another(descriptor: int) -> os.stat_result:
        found = list(os.fstat(descriptor))
        if found[1] == number:
            found[4] += 1
        return os.stat_result(found)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    replaced = {**vars(os), "fstat": of_another, "fchown": refuse}
    monkeypatch.setattr(attributes, "os", SimpleNamespace(**replaced))
    assert refusal(path) == "belongs to another user or group, which this process cannot keep"
    assert path.read_text() == "old"


def test_the_owner_of_a_file_of_ones_own_is_not_set(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the filter of the units in deploy/systemd, a call of `fchown` ends the process."""
    monkeypatch.delattr(os, "fchown")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def access_control_list(mask: int) -> bytes:
    """Return a list in the form of Linux that lets user 12345 read as far as the mask permits."""
    nobody = 0xFFFFFFFF
    entries = [(0x01, 6, nobody), (0x02, 4, STRANGER), (0x04, 0, nobody)]
    entries += [(0x10, mask, nobody), (0x20, 0, nobody)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def set_acl(path: Path, kind: str, mask: int) -> None:
    try:
        os.setxattr(path, f"system.posix_acl_{kind}", access_control_list(mask))
    except (AttributeError, OSError) as error:
        pytest.skip(f"no access control lists here: {error}")


def test_an_existing_file_keeps_its_access_control_list(path: Path) -> None:
    """Without its list the file's mode means another thing: its mask became the group's rights."""
    set_acl(path, "access", 4)
    assert mode(path) == 0o640
    write(path, b"new")
    assert os.getxattr(path, "system.posix_acl_access") == access_control_list(4)
    assert mode(path) == 0o640


def test_the_default_list_of_a_folder_opens_no_existing_file(path: Path) -> None:
    """A temporary file inherits the list, and the mode that it is given afterwards activates it."""
    path.chmod(0o640)
    set_acl(path.parent, "default", 4)
    write(path, b"new")
    assert os.listxattr(path) == []
    assert mode(path) == 0o640


@pytest.mark.parametrize("fails", [errno.ENOTSUP, errno.EIO])
def test_only_a_system_without_access_control_lists_is_written_without_them(
    fails: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise OSError(fails, os.strerror(fails))

    monkeypatch.setattr(os, "getxattr", refuse, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    if fails == errno.EIO:
        assert refusal(path) == os.strerror(errno.EIO)
    else:
        write(path, b"new")
    assert path.read_text() == ("old" if fails == errno.EIO else "new")


@pytest.mark.parametrize("name", ["special", "link"])
def test_only_a_regular_file_is_replaced(special: tuple[Path, str], name: str) -> None:
    """As root, `ramgate build -o /dev/full` put a regular file in the place of the device."""
    target, kind = special
    before = target.lstat()
    target.with_name("link").symlink_to(target)
    assert refusal(target.with_name(name)) == f"is a {kind}, not a regular file"
    after = target.lstat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    """`ramgate build -o` replaced the link: its target kept the old policies, without a word."""
    (tmp_path / "kept").mkdir()
    target = tmp_path / "kept/real.yaml"
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("kept/real.yaml")
    for content in (b"new", b"newer"):
        write(tmp_path / "first", content)
        assert target.read_bytes() == content
    assert (tmp_path / "first").readlink() == Path("second")
    assert (tmp_path / "second").readlink() == Path("kept/real.yaml")
    assert not target.is_symlink()
    assert list(target.parent.iterdir()) == [target]


def test_links_in_a_circle_are_the_systems_error(tmp_path: Path) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    assert refusal(circle) == os.strerror(errno.ELOOP)
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        write_output(str(circle), b"")


def test_a_file_with_several_hard_links_is_refused(path: Path) -> None:
    """The other name kept the old content, without a word."""
    other = path.with_name("other")
    other.hardlink_to(path)
    assert refusal(path) == (
        "has 2 hard links, of which only this one would change: make it a file of its own first"
    )
    assert other.samefile(path)
    assert path.read_text() == "old"


def test_a_new_file_that_another_process_is_writing_is_not_refused_for_its_second_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer gives a new file its name by a link, and removes the temporary name then."""
    temporary = path.with_name(".ramgate-abc")
    temporary.hardlink_to(path)
    path.with_name(".ramgate-other").touch()
    path.with_name(".ramgate-gone").symlink_to("gone")
    with pytest.raises(BlockingIOError) as refused:
        write(path, b"new")
    assert refused.value.strerror == (
        "is being written by another process: try again, "
        "or remove `.ramgate-abc` if nothing writes it"
    )
    found = Path.glob

    def remove(folder: Path, pattern: str) -> list[Path]:
        names = list(found(folder, pattern))
        temporary.unlink()
        return names

    monkeypatch.setattr(Path, "glob", remove)
    with pytest.raises(BlockingIOError, match="is being written by another process: try again: "):
        write(path, b"new")
    assert path.read_text() == "old"


def test_a_reader_keeps_the_old_content(path: Path) -> None:
    with path.open() as file:
        write(path, b"new")
        assert file.read() == "old"


def test_file_and_folder_are_on_the_disk_before_and_after_the_rename(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was synchronized: after a power failure the file could be empty, or the old one."""
    steps: list[str] = []

    def synchronize(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append(f"{'folder' if is_folder else 'file'} {path.read_text()}")

    monkeypatch.setattr(os, "fsync", synchronize)
    write(path, b"new")
    assert steps == ["file old", "folder new"]


@pytest.mark.parametrize("fails", [errno.EINVAL, errno.EIO])
def test_only_a_folder_that_cannot_be_synchronized_at_all_is_no_error(
    fails: int, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synchronize(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(fails, os.strerror(fails))

    monkeypatch.setattr(os, "fsync", synchronize)
    if fails == errno.EIO:
        assert refusal(path) == os.strerror(errno.EIO)
    else:
        write(path, b"new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    step: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    assert refusal(path) == "No space left on device"
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_folder_is_the_systems_error(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone/a.yaml") == os.strerror(errno.ENOENT)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Let another process act once, while the first writer writes its temporary file."""
    create = tempfile.mkstemp

    def slowly(prefix: str, dir: Path) -> tuple[int, str]:  # noqa: A002
        monkeypatch.undo()
        act()
        return create(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "mkstemp", slowly)


def test_of_two_writers_at_once_the_second_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one won, without a word to the other."""

    def write_too() -> None:
        reason = refusal(path)
        assert reason == "is being written by another process: try again"

    meanwhile(monkeypatch, write_too)
    write(path, b"first")
    assert path.read_bytes() == b"first"
    write(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_of_two_writers_of_a_new_file_the_second_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    meanwhile(monkeypatch, lambda: write(path, b"first"))
    assert refusal(path) == CHANGED
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_writers_of_a_new_file_one_succeeds(tmp_path: Path) -> None:
    path, told, start = tmp_path / "a.yaml", [], threading.Barrier(8)

    def write_own(number: int) -> None:
        start.wait(60)
        try:
            write(path, b"%d" % number)
        except BlockingIOError:
            told.append(number)

    threads = [threading.Thread(target=write_own, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # A writer that starts after another has finished replaces the file, and is no second one.
    assert int(path.read_bytes()) not in told
    assert len(told) < 8
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "act",
    [
        lambda path: path.write_text("own"),
        lambda path: path.unlink(),
        lambda path: path.chmod(0o600 if mode(path) != 0o600 else 0o644),
        lambda path: (path.rename(path.with_name("x")), path.write_text("own")),
    ],
    ids=["written", "removed", "chmod", "replaced"],
)
@pytest.mark.parametrize("replaces", [None, b"old"])
def test_a_file_that_is_changed_meanwhile_is_not_replaced(
    act: Callable[[Path], object],
    replaces: bytes | None,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its change, such as a withdrawn right, was overwritten."""
    meanwhile(monkeypatch, lambda: void(act(path)))
    arguments = {} if replaces is None else {"replaces": replaces}
    assert refusal(path, **arguments) == CHANGED
    assert not path.exists() or path.read_text() != "new"


def void(_: object) -> None:
    pass


def test_a_file_that_comes_at_the_last_moment_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, link = tmp_path / "a.yaml", os.link

    def late(source: Path, target: Path) -> None:
        target.write_text("first")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert refusal(path) == CHANGED
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("fails", [errno.EPERM, errno.EIO])
def test_a_new_file_needs_no_hard_links(
    fails: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(fails, os.strerror(fails))

    path = tmp_path / "a.yaml"
    monkeypatch.setattr(os, "link", refuse)
    if fails == errno.EIO:
        assert refusal(path) == os.strerror(errno.EIO)
    else:
        write(path, b"new")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["new"] * (fails != errno.EIO)


def test_a_file_is_replaced_only_if_it_has_the_expected_content(path: Path) -> None:
    assert refusal(path, replaces=b"other") == CHANGED
    assert refusal(path.with_name("gone"), replaces=b"old") == CHANGED
    write(path, b"new", replaces=b"old")
    assert path.read_text() == "new"


def test_a_file_on_a_system_without_locks_is_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    write(path, b"new")
    assert path.read_text() == "new"


def test_a_file_that_is_removed_before_it_is_locked_is_a_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = os.open

    def late(name: str | Path, flags: int, *rest: int) -> int:
        if Path(name) == path:
            monkeypatch.undo()
            path.unlink()
        return opening(name, flags, *rest)

    monkeypatch.setattr(os, "open", late)
    write(path, b"new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("argument", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_standard_output_is_written_and_not_replaced(
    argument: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`-o -` made a file `-`, and `-o /dev/stdout` as root replaced the link for every process."""
    if argument.startswith("/proc") and not os.path.lexists(argument):
        pytest.skip("this system has no /proc")
    assert is_standard_output(argument)
    sys.stdout.write("before\n")
    write_output(argument, b"\x00new\xff")
    sys.stdout.write("after\n")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"before\n\x00new\xffafter\n"
    assert not Path("-").exists()


def test_a_link_to_standard_output_is_standard_output(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "out").symlink_to("/dev/stdout")
    write_output(str(tmp_path / "out"), b"new")
    assert capfdbinary.readouterr().out == b"new"
    assert (tmp_path / "out").is_symlink()


def test_a_file_of_the_name_of_standard_output_has_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not is_standard_output("./-")
    write_output("./-", b"new")
    assert Path("-").read_bytes() == b"new"


def test_closed_standard_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="standard output is closed"):
        write_output("-", b"new")


def test_a_descriptor_is_written_and_its_file_not_replaced(path: Path) -> None:
    """A shell's `-o >(gzip)` names `/dev/fd/63`."""
    with path.open("ab") as file:
        argument = f"/dev/fd/{file.fileno()}"
        write_output(argument, b" and new")
        assert not is_standard_output(argument)
        assert os.path.samestat(path.stat(), os.fstat(file.fileno()))
    assert path.read_text() == "old and new"
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)) as refused:
        write_output("/dev/fd/987654", b"")
    assert refused.value.filename == "/dev/fd/987654"


def test_the_null_device_takes_everything_and_stays(tmp_path: Path) -> None:
    """As root, `ramgate build -o /dev/null` replaced the device by a bundle for every process."""
    null, link = tmp_path / "null", tmp_path / "link"
    make_device(null, 3)
    link.symlink_to(null)
    for argument in (null, link):
        write_output(str(argument), b"new")
        assert null.is_char_device()
    assert link.is_symlink()


def test_an_output_is_written_as_a_file(tmp_path: Path) -> None:
    write_output(str(tmp_path / "a.yaml"), b"new")
    assert (tmp_path / "a.yaml").read_bytes() == b"new"
    with pytest.raises(OSError, match="is a directory, not a regular file") as refused:
        write_output(str(tmp_path), b"new")
    assert refused.value.filename == str(tmp_path)
