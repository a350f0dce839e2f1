"""The faults of `make chaos`. Each is a generator: it does harm, yields, and undoes the harm."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import process_table
from chaos_service import BOUND, TOKEN, send
from hammer import EVERYTHING, WRITES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from chaos_service import Service
    from chaos_world import Judge, World
    from process_table import Entry
    from ramgate.sidecar.address import Address

__all__ = ["FAULTS", "Fault", "Scene"]

# The watcher believes that a file is gone when it has been missing for three seconds.
_ABSENT_SECONDS: Final = 4.5
_ABSENT_BRIEFLY: Final = 0.5
# Longer than any timeout of a publication.
_LONG_STOP: Final = 40.0
_CONNECTIONS: Final = 40
_MANY_CONNECTIONS: Final = 300
# Short: an OPA that is stopped answers nothing, and the attacks are many.
_PATIENCE: Final = 0.3
_DECISION: Final = "/v1/data/ram/authz/decision"
_ROOT: Final = {
    "principal": "acs:ram::1234567890123456:user/u0",
    "action": "a:b",
    "resource": "*",
}
_FULL: Final = (
    "import os, resource, signal, sys; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); os.execv(sys.argv[1], sys.argv[1:])"
)


class Scene(NamedTuple):
    """A service, its world and its judge, and the source of chance."""

    service: Service
    world: World
    judge: Judge
    pick: Random


class Fault(NamedTuple):
    """One kind of fault.

    While a fault that `stands` acts, a change must become active nevertheless. One that `ends` OPA
    makes it start again. `weight` is its share among the faults of its group. One that is `long` is
    drawn in long runs only, once for each lane.
    """

    name: str
    group: str
    act: Callable[[Scene], Iterator[None]]
    stands: bool
    ends: bool
    long: bool
    weight: int
    skipped: str

    def at(self, scene: Scene) -> contextlib.AbstractContextManager[None]:
        return contextlib.contextmanager(self.act)(scene)


FAULTS: dict[str, Fault] = {}
"""All kinds of faults, by their names."""


def _fault(  # noqa: PLR0913 - all but the first by name
    group: str,
    *,
    stands: bool = False,
    ends: bool = False,
    long: bool = False,
    weight: int = 4,
    skipped: str = "",
) -> Callable[[Callable[[Scene], Iterator[None]]], Callable[[Scene], Iterator[None]]]:
    def add(act: Callable[[Scene], Iterator[None]]) -> Callable[[Scene], Iterator[None]]:
        name = act.__name__.replace("_", " ")
        FAULTS[name] = Fault(name, group, act, stands, ends, long, weight, skipped)
        return act

    return add


# Processes.


def _signal(entry: Entry | None, number: int) -> None:
    if entry is not None:
        process_table.send(entry, number)


@contextlib.contextmanager
def _stopped(entry: Entry | None) -> Iterator[None]:
    _signal(entry, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(entry, signal.SIGCONT)


@_fault("processes", ends=True)
def OPA_killed(scene: Scene) -> Iterator[None]:  # noqa: N802 - the name of the fault
    _signal(scene.service.opa(), signal.SIGKILL)
    yield


@_fault("processes", ends=True, weight=2)
def OPA_terminated(scene: Scene) -> Iterator[None]:  # noqa: N802
    _signal(scene.service.opa(), signal.SIGTERM)
    yield


@_fault("processes", weight=8)
def OPA_stopped_for_a_while(scene: Scene) -> Iterator[None]:  # noqa: N802
    with _stopped(scene.service.opa()):
        yield
        time.sleep(scene.pick.random())


@_fault("processes", long=True)
def OPA_stopped_for_long(scene: Scene) -> Iterator[None]:  # noqa: N802
    with _stopped(scene.service.opa()):
        yield
        time.sleep(_LONG_STOP)


@_fault("processes", ends=True, weight=2)
def OPA_killed_while_it_was_stopped(scene: Scene) -> Iterator[None]:  # noqa: N802
    opa = scene.service.opa()
    with _stopped(opa):
        yield
        _signal(opa, signal.SIGKILL)


@_fault("processes", ends=True)
def supervisor_killed(scene: Scene) -> Iterator[None]:
    _signal(scene.service.supervisor(), signal.SIGKILL)
    yield


@_fault("processes")
def supervisor_stopped_for_a_while(scene: Scene) -> Iterator[None]:
    with _stopped(scene.service.supervisor()):
        yield


@_fault("processes", weight=6)
def ramgate_stopped_for_a_while(scene: Scene) -> Iterator[None]:
    """Stop the parent: its clocks jump, like those of a machine that was suspended."""
    with _stopped(scene.service.entry):
        yield
        time.sleep(scene.pick.random())


# Strangers at OPA's address, and at that of the bundle server.


@contextlib.contextmanager
def _connections(address: Address, count: int, sent: bytes) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            with contextlib.suppress(OSError):
                connection = stack.enter_context(address.connect(1.0))
                connection.sendall(sent)
        yield


@_fault("strangers at OPA", stands=True)
def half_open_connections_to_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    with _connections(scene.service.address, _CONNECTIONS, b""):
        yield


@_fault("strangers at OPA", stands=True)
def slow_requests_to_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    head = f"POST {_DECISION} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode()
    with _connections(scene.service.address, _CONNECTIONS, head):
        yield


def _malformed(pick: Random) -> list[bytes]:
    """Return byte strings that are no sound request for a decision."""
    head = f"POST {_DECISION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()

    def request(body: bytes, extra: bytes = b"") -> bytes:
        return head + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body

    twice = json.dumps({"input": _ROOT})[:-1] + ', "input": {}}'
    return [
        pick.randbytes(500),
        b"\x16\x03\x01" + pick.randbytes(200),  # the start of TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST " + b"/" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        head + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n",
        head + b"Content-Length: -1\r\n\r\n{}",
        head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        head + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n",
        request(b""),
        request(b"[" * 50_000),
        request(b'{"input": ' * 20_000),
        request(b"\xff\xfe{}"),
        request(b'{"input": {"principal": 1e999999}}'),
        request(twice.encode()),
        request(json.dumps({"input": {**_ROOT, "principal": "acs:ram::1:root"}}).encode()),
        request(json.dumps({"input": {**_ROOT, "resource": "*" * 5000}}).encode()),
        request(pick.randbytes(300), b"Content-Encoding: gzip\r\n"),
    ]


def _oversized() -> list[bytes]:
    """Return requests that cost much to read, among them one that unzips to 64 MiB."""
    head = f"POST {_DECISION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode()
    spaces = b" " * (3 << 20)
    bomb = gzip.compress(bytes(64 << 20), 9)
    keys = json.dumps({"input": {**_ROOT, "context": {f"k{i}": "v" for i in range(100_000)}}})
    return [
        head + b"Content-Length: %d\r\n\r\n" % (len(spaces) + 2) + spaces + b"{}",
        head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb,
        head + b"Content-Length: %d\r\n\r\n" % len(keys) + keys.encode(),
        head + b"Content-Length: 99999999999\r\n\r\n{",
    ]


def _received(connection: socket.socket) -> bytes:
    """Return the bytes that come until the other end closes, or is late."""
    found = b""
    with contextlib.suppress(OSError):
        while chunk := connection.recv(65536):
            found += chunk
    return found


def _flood(scene: Scene, address: Address, requests: list[bytes]) -> None:
    """Send each, and report an answer that allows."""
    for request in requests:
        with contextlib.suppress(OSError), address.connect(1.0) as connection:
            connection.settimeout(_PATIENCE)
            connection.sendall(request)
            answer = _received(connection)
            if b'"allow":true' in answer.replace(b" ", b""):
                scene.judge.find("open", f"{request[:200]!r} was answered with {answer[:200]!r}")


@_fault("strangers at OPA", stands=True, weight=6)
def flood_of_malformed_requests_to_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    _flood(scene, scene.service.address, _malformed(scene.pick))
    yield


@_fault("strangers at OPA", stands=True, weight=2)
def flood_of_oversized_requests_to_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    _flood(scene, scene.service.address, _oversized())
    yield


@_fault("strangers at OPA", stands=True, weight=8)
def writes_to_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    """Try each write, before and after a change: with no token, with a wrong and the right one."""
    attacks = EVERYTHING if scene.service.is_authorized else WRITES
    for token in (None, "wrong", scene.service.token):
        for attack in scene.pick.sample(attacks, 8):
            response = scene.service.request(
                attack.method, attack.target, attack.content(), token=token, seconds=_PATIENCE
            )
            if response.accepted:
                scene.judge.find("open", f"{attack} was accepted: {response}")
    yield


@_fault("strangers at OPA", stands=True)
def strangers_ask_OPA(scene: Scene) -> Iterator[None]:  # noqa: N802
    """Ask as a web page does, with a query parameter, and without the token or with a wrong one."""
    service, body = scene.service, json.dumps({"input": _ROOT}).encode()
    attempts: list[tuple[str, dict[str, str], str | None]] = []
    if service.is_authorized:
        attempts += [
            (_DECISION, {"Origin": "http://evil.example"}, service.token),
            (_DECISION, {"sec-fetch-site": "same-origin"}, service.token),
            (f"{_DECISION}?explain=full", {}, service.token),
        ]
    if service.token is not None:
        attempts += [(_DECISION, {}, None), (_DECISION, {}, "wrong"), (_DECISION, {}, TOKEN[:-1])]
    for target, headers, token in attempts:
        response = service.request("POST", target, body, headers, token=token, seconds=_PATIENCE)
        if response.accepted:
            scene.judge.find("open", f"{target} with {headers} and token {token}: {response}")
    yield


@_fault("strangers at the bundle server", stands=True)
def strangers_at_the_bundle_server(scene: Scene) -> Iterator[None]:
    """Ask without the token and with a wrong one, in every method, and send garbage."""
    if (found := scene.service.bundle_server()) is not None:
        address, _ = found
        for method in ("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"):
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
                response = send(address, method, "/bundle.tar.gz", None, headers, _PATIENCE)
                if response.accepted:
                    scene.judge.find("open", f"the bundle server: {method} {headers}: {response}")
        _flood(scene, address, _malformed(scene.pick)[:9])
    yield


@_fault("strangers at the bundle server", stands=True)
def many_connections_to_the_bundle_server(scene: Scene) -> Iterator[None]:
    found = scene.service.bundle_server()
    with contextlib.ExitStack() as stack:
        if found is not None:
            stack.enter_context(_connections(found[0], _MANY_CONNECTIONS, b"GET /bundle"))
        yield


@_fault("strangers at the bundle server", stands=True, weight=6)
def thief_of_the_bundle_token(scene: Scene) -> Iterator[None]:
    """With the stolen token, claim to have bundles and take the one for OPA, before and after."""
    found = scene.service.bundle_server()
    if found is not None:
        _steal(*found, "")
        _steal(*found, '"0123456789abcdef"')
    yield
    if found is not None:
        etag = _steal(*found, "")
        _steal(*found, etag)


def _steal(address: Address, token: str, etag: str) -> str:
    """Ask for the bundle as OPA does, and return the tag of the answer."""
    headers = f"Authorization: Bearer {token}\r\nPrefer: modes=snapshot,delta;wait=1\r\n"
    request = f"GET /bundle.tar.gz HTTP/1.1\r\nHost: x\r\n{headers}If-None-Match: {etag}\r\n\r\n"
    with contextlib.suppress(OSError), address.connect(1.0) as connection:
        connection.sendall(request.encode())
        head = connection.recv(65536).decode("latin-1").lower()
        for line in head.splitlines():
            if line.startswith("etag: "):
                return line.removeprefix("etag: ")
    return ""


# Strangers at the address that tells the state.


@_fault("strangers at the status address", stands=True)
def many_connections_to_the_status_address(scene: Scene) -> Iterator[None]:
    with _connections(scene.service.status_address, _MANY_CONNECTIONS, b"GET /st"):
        yield


@_fault("strangers at the status address", stands=True)
def strangers_at_the_status_address(scene: Scene) -> Iterator[None]:
    """Send garbage, and every method but those that read."""
    address = scene.service.status_address
    _flood(scene, address, _malformed(scene.pick)[:9])
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        response = send(address, method, "/status", b"{}", {}, _PATIENCE)
        if response.accepted:
            scene.judge.find("open", f"the status address: {method}: {response}")
    yield


# Files.


@_fault("files", weight=6)
def file_half_written(scene: Scene) -> Iterator[None]:
    """Write the file in its place, slowly and in two parts."""
    content = scene.world.next()
    with scene.world.file.open("wb", buffering=0) as file:
        file.write(content[: scene.pick.randrange(len(content))])
        yield
        file.seek(0)
        file.write(content)


@_fault("files")
def file_truncated(scene: Scene) -> Iterator[None]:
    scene.world.file.write_bytes(b"")
    yield
    scene.world.change()


@_fault("files")
def file_filled_with_garbage(scene: Scene) -> Iterator[None]:
    scene.world.file.write_bytes(scene.pick.randbytes(500))
    yield
    scene.world.change()


@_fault("files")
def file_missing_for_a_moment(scene: Scene) -> Iterator[None]:
    """Move the file away and back, as a checkout does; nobody must notice."""
    away = scene.world.folder / ".away"
    scene.world.file.rename(away)
    time.sleep(_ABSENT_BRIEFLY * scene.pick.random())
    away.rename(scene.world.file)
    yield
    scene.world.change()


@_fault("files", weight=1)
def file_missing_for_long(scene: Scene) -> Iterator[None]:
    scene.world.may_be_absent = True
    scene.world.file.unlink()
    time.sleep(_ABSENT_SECONDS)
    yield
    scene.world.change()


@_fault("files")
def all_files_replaced(scene: Scene) -> Iterator[None]:
    """Write all files anew, one after another, each under a hidden name first, as rsync does."""
    for path in sorted(scene.world.folder.glob("[0-9]*.json")):
        copy = scene.world.folder / f".{path.name}.Xy1z"
        shutil.copyfile(path, copy)
        copy.rename(path)
    yield
    scene.world.change()


@_fault("files")
def file_from_another_time(scene: Scene) -> Iterator[None]:
    """Write files whose times are decades off, as after a jump of the clock."""
    scene.world.change()
    os.utime(scene.world.file, (0, 0))
    yield
    scene.world.change()
    os.utime(scene.world.file, (4_000_000_000, 4_000_000_000))


def _instead(scene: Scene, create: Callable[[Path], object]) -> Iterator[None]:
    """Put something else in the place of the file, until the next revision replaces it."""
    scene.world.may_be_absent = True  # it cannot be read; its users may be unknown
    thing = scene.world.folder / ".thing"
    create(thing)
    thing.rename(scene.world.file)
    yield
    scene.world.change()


def _beside(scene: Scene, name: str | bytes, create: Callable[[Path], object]) -> Iterator[None]:
    """Put something beside the files; the others must go on to count."""
    path = scene.world.folder / os.fsdecode(name)
    create(path)
    try:
        yield
    finally:
        path.rmdir() if path.is_dir() else path.unlink()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, contextlib.chdir(path.parent):
        listener.bind(path.name)


def _unreadable(path: Path) -> None:
    path.write_text("{}")
    path.chmod(0)


@_fault("files")
def pipe_in_the_place_of_the_file(scene: Scene) -> Iterator[None]:
    yield from _instead(scene, os.mkfifo)


@_fault("files", weight=2)
def link_to_nothing_in_the_place_of_the_file(scene: Scene) -> Iterator[None]:
    yield from _instead(scene, lambda path: path.symlink_to("nowhere"))


@_fault("files", stands=True)
def pipe_beside_the_files(scene: Scene) -> Iterator[None]:
    yield from _beside(scene, "pipe.json", os.mkfifo)


@_fault("files", stands=True)
def socket_beside_the_files(scene: Scene) -> Iterator[None]:
    yield from _beside(scene, "socket.yaml", _socket)


@_fault("files", stands=True)
def directory_beside_the_files(scene: Scene) -> Iterator[None]:
    yield from _beside(scene, "folder.yaml", Path.mkdir)


@_fault("files", stands=True)
def editors_files_beside_the_files(scene: Scene) -> Iterator[None]:
    """Emacs' lock is a link to nothing; its backup holds the old accounts."""
    with contextlib.ExitStack() as stack:
        for name, create in (
            (".#accounts.yaml", lambda path: path.symlink_to("user@host.1234:5")),
            (f"{scene.world.file.name}~", lambda path: shutil.copyfile(scene.world.file, path)),
            (".accounts.yaml.swp", lambda path: path.write_bytes(b"b0VIM")),
        ):
            stack.enter_context(contextlib.contextmanager(_beside)(scene, name, create))
        yield


@_fault("files", stands=True)
def name_that_is_not_UTF_8_beside_the_files(scene: Scene) -> Iterator[None]:  # noqa: N802
    yield from _beside(scene, b"\xff\xfe.json", lambda path: path.write_text('{"accounts": {}}'))


@_fault("files", stands=True, skipped="root reads every file" if os.geteuid() == 0 else "")
def unreadable_file_beside_the_files(scene: Scene) -> Iterator[None]:
    yield from _beside(scene, "unreadable.json", _unreadable)


# Limits of the system.


@contextlib.contextmanager
def _limited(entry: Entry | None, limit: int, soft: int) -> Iterator[None]:
    """Lower a limit of a running process for a while."""
    if entry is None:
        yield
        return
    before = resource.prlimit(entry.pid, limit)
    resource.prlimit(entry.pid, limit, (soft, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(entry.pid, limit, before)


def _open_files(entry: Entry | None) -> int:
    return 0 if entry is None else sum(1 for _ in Path(f"/proc/{entry.pid}/fd").iterdir())


@_fault("limits", stands=True)
def full_disk_under_ramgate(scene: Scene) -> Iterator[None]:
    """Forbid the process to write to files, which fails like a write to a full disk."""
    with _limited(scene.service.entry, resource.RLIMIT_FSIZE, 0):
        yield


@_fault("limits", ends=True, weight=2)
def full_disk_while_OPA_starts_again(scene: Scene) -> Iterator[None]:  # noqa: N802
    with _limited(scene.service.entry, resource.RLIMIT_FSIZE, 0):
        _signal(scene.service.opa(), signal.SIGKILL)
        yield


@_fault("limits", weight=2)
def start_on_a_full_disk(scene: Scene) -> Iterator[None]:
    """Start another command that cannot write a file: it must not leave anything behind."""
    service = type(scene.service).__new__(type(scene.service))
    service.__dict__.update(scene.service.__dict__)
    service.folder = scene.service.folder / "full"
    service.temporary = service.folder / "tmp"
    service.temporary.mkdir(parents=True)
    process = service.launch(scene.world, sys.executable, "-c", _FULL)
    try:
        yield
        time.sleep(0.5)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=BOUND)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            scene.judge.find("orphan", "a start on a full disk does not end")
    left = list(service.temporary.rglob("*"))
    if left:
        scene.judge.find("orphan", f"a start on a full disk left {left}")
    shutil.rmtree(service.folder)


@_fault("limits")
def file_descriptors_of_ramgate_used_up(scene: Scene) -> Iterator[None]:
    entry = scene.service.entry
    with _limited(entry, resource.RLIMIT_NOFILE, _open_files(entry)):
        yield


@_fault("limits")
def file_descriptors_of_OPA_used_up(scene: Scene) -> Iterator[None]:  # noqa: N802
    opa = scene.service.opa()
    with (
        contextlib.suppress(FileNotFoundError),
        _limited(opa, resource.RLIMIT_NOFILE, _open_files(opa)),
    ):
        yield
