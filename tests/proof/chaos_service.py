"""One `ramgate run` under attack: its processes, its addresses, and questions to it."""

from __future__ import annotations

import collections
import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import process_table
from chaos_world import REQUESTS
from ramgate import AnswerError, Client, TransportError
from ramgate.sidecar.address import Address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

    from chaos_world import Judge, World
    from process_table import Entry

BOUND: Final = 180.0
"""Seconds within which a change must be active, and a stopped service gone."""

MODES: Final = ("unix", "tcp", "token", "both")
TOKEN: Final = "the-token-of-the-proof"  # noqa: S105 - a test's own
_CLIENTS: Final = 2
_CLIENT_SECONDS: Final = 5.0
_PAUSE: Final = 0.05
_KEPT_LINES: Final = 30


class Response(NamedTuple):
    """The answer to one raw request; status 0 if there was none."""

    status: int
    body: bytes

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.status} {self.body[:200]!r}"


class Service:
    """`ramgate run` on a world, started, until `end`.

    Raises `TimeoutError` if the machine is too slow to start OPA in time, and `RuntimeError` if it
    does not start for another reason.

    `mode` tells where it listens: on a unix socket, on TCP, on TCP with a token, or on both.
    """

    def __init__(self, world: World, folder: Path, mode: str) -> None:
        self.folder = folder
        self.mode = mode
        self.token = TOKEN if mode == "token" else None
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.output: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self.seen: set[Entry] = set()
        self.process = self.launch(world)
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()
        self.urls = self._await_urls()
        self.entry = process_table.read(self.process.pid)
        self.look()

    def launch(self, world: World, *before: str) -> subprocess.Popen[bytes]:
        """Start such a command; `before` is a command that starts it."""
        return subprocess.Popen(
            [*before, Path(sys.executable).with_name("ramgate"), *self._arguments(world)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1"},
            start_new_session=True,
        )

    def _arguments(self, world: World) -> list[str]:
        arguments = ["run", "--accounts", str(world.folder)]
        if self.mode != "unix":
            arguments += ["--addr", "127.0.0.1:0"]
        if self.mode in {"unix", "both"}:
            arguments += ["--addr", f"unix://{self.folder / 's'}"]
        if self.token is not None:
            file = self.folder / "token"
            file.touch(mode=0o600)
            file.write_text(self.token)
            arguments += ["--token-file", str(file)]
        return arguments

    @property
    def is_authorized(self) -> bool:
        """True if OPA must refuse all but the public paths: with TCP on every address."""
        return self.mode != "unix"

    @property
    def address(self) -> Address:
        """The first address."""
        return Address.parse(self.urls[0].removeprefix("http://"))

    @property
    def status_address(self) -> Address:
        """The address that tells the state."""
        [line] = [line for line in self.output_at_start if line.startswith("state at ")]
        return Address.parse(line.removeprefix("state at ").removeprefix("http://"))

    def running(self) -> bool:
        return self.process.poll() is None

    def supervisor(self) -> Entry | None:
        """Return the process between `ramgate run` and OPA, if it runs now."""
        return next((one for one in self._children() if "supervisor" in _line(one)), None)

    def opa(self) -> Entry | None:
        """Return OPA, if it runs now."""
        sessions = {one.session for one in self._children()}
        return next(
            (
                one
                for one in process_table.entries()
                if one.session in sessions and "\0--server\0" in _line(one)
            ),
            None,
        )

    def look(self) -> None:
        """Remember the processes that belong to the service now."""
        sessions = {self.process.pid, *(one.session for one in self._children())}
        self.seen |= {one for one in process_table.entries() if one.session in sessions}

    def _children(self) -> list[Entry]:
        return [one for one in process_table.entries() if one.parent == self.process.pid]

    def client(self) -> Client:
        return Client(self.urls[-1], timeout=_CLIENT_SECONDS, token=self.token)

    def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        seconds: float = _CLIENT_SECONDS,
    ) -> Response:
        """Send one request to the first address, and return the response."""
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return send(self.address, method, target, body, sent, seconds)

    def bundle_server(self) -> tuple[Address, str] | None:
        """Return the address and the token of the bundle server, as OPA's own user can read them.

        None while no OPA runs.
        """
        if (opa := self.opa()) is None:
            return None
        variables = process_table.environment(opa.pid)
        token = variables.get("RAMGATE_BUNDLE_TOKEN")
        if token is None:
            with contextlib.suppress(KeyError, OSError):
                token = Path(variables["RAMGATE_BUNDLE_TOKEN_FILE"]).read_text()
        url = variables.get("RAMGATE_BUNDLE_URL")
        if token is None or url is None:
            return None
        return Address.parse(url.removeprefix("http://")), token.strip()

    def end(self, number: int) -> int:
        """Send a signal to `ramgate run`, wait for its end, and return its exit status."""
        self.look()
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end of `ramgate run`, and return its exit status."""
        try:
            return self.process.wait(BOUND)
        finally:
            for reader in self._readers:
                reader.join(1.0)

    def leftovers(self, *, graceful: bool) -> list[str]:
        """Return what is left of the service, once nothing is or the bound has passed.

        After a graceful end the unix sockets must be gone. A killed program cannot remove its own.
        """
        deadline = time.monotonic() + BOUND
        while (left := self._left(graceful=graceful)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return left

    def _left(self, *, graceful: bool) -> list[str]:
        processes = {one for one in self.seen if process_table.runs(one)}
        processes |= set(process_table.mentioning(str(self.folder)))
        left = [f"process {one.pid}: {_line(one)}" for one in processes]
        # Unlike `rglob`, `walk` goes on if a folder is removed while it reads.
        for folder, folders, files in os.walk(self.temporary):
            left += [f"file {Path(folder, name)}" for name in (*folders, *files)]
        if graceful:
            left += [f"socket {path}" for path in self.folder.iterdir() if path.is_socket()]
        for url in self.urls:
            with contextlib.suppress(OSError):
                Address.parse(url.removeprefix("http://")).connect(1.0).close()
                left.append(f"a listener at {url}")
        return left

    def clear(self) -> None:
        """Kill the processes that are left, by their ids."""
        for one in {*self.seen, *process_table.mentioning(str(self.folder))}:
            process_table.send(one, signal.SIGKILL)
        if self.running():
            self.process.kill()
        with self.process:  # it closes the pipes
            for reader in self._readers:
                reader.join(BOUND)

    def _await_urls(self) -> list[str]:
        deadline = time.monotonic() + BOUND
        while time.monotonic() < deadline:
            lines = self.output.copy()
            if any(line.startswith("state at ") for line in lines):
                self.output_at_start = tuple(lines)
                [urls] = filter(None, (re.match(r"answering on (.*) \(Ctrl-C", x) for x in lines))
                return urls[1].split(" and ")
            if not self.running():
                break
            time.sleep(0.01)
        self.clear()
        said = " | ".join(self.output)
        error = TimeoutError if "not ready within" in said else RuntimeError
        raise error(f"`ramgate run` did not start: {said}")

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self.output.append(line.decode(errors="replace").rstrip())


class Clients:
    """Threads that ask a service all the while, and have each answer judged."""

    def __init__(self, service: Service, judge: Judge) -> None:
        self._service = service
        self._judge = judge
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(_CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with self._service.client() as client:
            while not self._over.is_set():
                ask(client, self._judge)
                self._over.wait(_PAUSE)


def ask(client: Client, judge: Judge) -> int:
    """Ask one batch, and return the revision that answers; 0 if none does."""
    oldest = judge.newest
    try:
        decisions = client.decide_all(REQUESTS)
    except TransportError:
        judge.counts["TransportError"] += 1
        return 0
    except AnswerError:
        judge.counts["AnswerError"] += 1
        return 0
    return judge.judge(decisions, oldest)


def send(  # noqa: PLR0913, PLR0917 - the parts of a request
    address: Address,
    method: str,
    target: str,
    body: bytes | None,
    headers: Mapping[str, str],
    seconds: float,
) -> Response:
    """Send one request on a connection of its own; status 0 stands for no response."""
    connection = http.client.HTTPConnection("localhost", timeout=seconds)
    try:
        connection.sock = address.connect(seconds)
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return Response(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return Response(0, b"")
    finally:
        connection.close()


def _line(entry: Entry) -> str:
    return process_table.command_line(entry.pid)
