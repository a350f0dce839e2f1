"""An OPA to measure: with ramgate's flags and bundle, either store, and a core of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from bench import floor
from ramgate import resources
from ramgate.bundle.builder import Bundle
from ramgate.opa.find import find_opa
from ramgate.sidecar.address import Address
from ramgate.sidecar.bundle_server import BundleServer
from ramgate.sidecar.collector import variables
from ramgate.sidecar.health import is_healthy
from ramgate.sidecar.invocation import environment, flags
from ramgate.sidecar.output import last_error
from ramgate.sidecar.supervisor import Supervised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

    from bench.questions import Question

__all__ = [
    "CORES",
    "DECISION",
    "DECISIONS",
    "SHIPPED",
    "STORES",
    "Answer",
    "Opa",
    "Store",
    "WrongAnswerError",
    "pin",
    "processor_seconds",
]

Store: TypeAlias = Literal["default", "read"]
"""OPA's default store, or the store of `--optimize-store-for-read-speed`."""

DECISION: Final = "/v1/data/ram/authz/decision"
DECISIONS: Final = "/v1/data/ram/authz/decisions"
STORES: Final[tuple[Store, ...]] = ("default", "read")
CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The cores of this process, if the system lists them: the first for OPA, the second for load."""

_READ: Final = "--optimize-store-for-read-speed"
_LOOK_SECONDS: Final = 0.01
_ACTIVATION_SECONDS: Final = 300.0
_ANSWER_SECONDS: Final = 120.0
_LONGEST_WORDS: Final = 160


def _flags(addresses: Iterable[str]) -> list[str]:
    config = str(resources.path("opa-config.yaml"))
    # No authorization, so that a TCP address and a socket of the same OPA are measured alike.
    return flags(
        config,
        addresses,
        authorization=False,
        decision_log=False,
        ready_timeout=_ACTIVATION_SECONDS,
    )


SHIPPED: Final[Store] = "read" if _READ in _flags(()) else "default"
"""The store of the OPA that `ramgate run` starts."""


class WrongAnswerError(Exception):
    """OPA gave a wrong answer, or none; the benchmark stops."""


class Answer(NamedTuple):
    """An answer of OPA: its status, its body, and the seconds until the body was complete."""

    status: int
    body: bytes
    seconds: float

    @property
    def words(self) -> str:
        """The body as one line, shortened to 160 characters."""
        text = " ".join(self.body.decode(errors="replace").split())
        return text if len(text) <= _LONGEST_WORDS else f"{text[:_LONGEST_WORDS]}…"


def pin(command: Sequence[str], *, is_load: bool = True) -> list[str]:
    """Return the command pinned to the load's core, or to OPA's.

    The command is returned unchanged if there is only one core, or no `taskset`.
    """
    taskset = shutil.which("taskset")
    if taskset is None or not CORES[1:]:
        return list(command)
    return [taskset, "--cpu-list", str(CORES[is_load]), *command]


class Opa:
    """An OPA on one core with a bundle: ready once constructed, stopped at the end of the block.

    The rules of the floor are added to the bundle, with one rule for each constant, at
    `/v1/data/floor/<name>`. With `has_floor=False` the bundle stays as it was built, for
    measurements of memory. `collector` has the variables of the garbage collector; by default they
    are those that `ramgate run` chooses. OPA listens at `url`, on loopback, and at the unix socket
    `socket`, in `folder`.
    """

    def __init__(  # noqa: PLR0913 - all but the first two by name
        self,
        content: bytes,
        folder: Path,
        *,
        store: Store = SHIPPED,
        constants: Mapping[str, object] | None = None,
        has_floor: bool = True,
        collector: Mapping[str, str] | None = None,
    ) -> None:
        settings = variables(len(content)) if collector is None else collector
        if has_floor:
            content = floor.add_to(content, constants or {})
        began = time.monotonic()
        self.socket = folder / "opa.sock"
        self._address = Address.parse("127.0.0.1:0").claim()
        self._server = BundleServer(Bundle(content, "bench", {}))
        token = folder / "bundle-token"
        token.touch(0o600)
        token.write_text(self._server.token)
        addresses = (self._address, Address.parse(f"unix://{self.socket}").claim())
        arguments = [
            flag for flag in _flags(address.flag for address in addresses) if flag != _READ
        ]
        arguments += [_READ] if store == "read" else []
        self._process = Supervised(
            pin([str(find_opa()), "run", *arguments, "--pprof"], is_load=False),
            {
                **environment(None, authorization=False),
                **settings,
                "GOMAXPROCS": "1",
                "RAMGATE_BUNDLE_URL": self._server.url,
                "RAMGATE_BUNDLE_TOKEN_FILE": str(token),
            },
        )
        while (
            not (ready := all(map(is_healthy, addresses)))
            and not self._server.refused
            and self._process.running()
            and time.monotonic() < began + _ACTIVATION_SECONDS
        ):
            self._server.heard.wait(_LOOK_SECONDS)
            self._server.heard.clear()
        self.ready_after = time.monotonic() - began
        if not ready:
            self.close()
            raise WrongAnswerError(f"OPA did not start: {last_error(self._process.lines)}")

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return self._address.url

    def ask(self, path: str, body: bytes | None = None) -> Answer:
        """Post the body to the path, or get the path if there is no body.

        The status is 0 if no answer came within two minutes, or the connection was closed.
        """
        began = time.monotonic()
        connection = http.client.HTTPConnection(
            self._address.host, self._address.port, timeout=_ANSWER_SECONDS
        )
        with contextlib.closing(connection):
            try:
                # OPA answers an overlong request before it has read it, and closes.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    connection.request("GET" if body is None else "POST", path, body)
                answer = connection.getresponse()
                status, content = answer.status, answer.read()
            except OSError as error:
                status, content = 0, str(error).encode()
        return Answer(status, content, time.monotonic() - began)

    def check(self, questions: Iterable[Question]) -> None:
        """Ask each question once; raise `WrongAnswerError` at the first wrong decision."""
        for question in questions:
            decision = json.loads(self.ask(DECISION, question.body).body).get("result", {})
            if (decision.get("effect"), decision.get("reason")) != (
                question.effect,
                question.reason,
            ):
                raise WrongAnswerError(f"{question}: {decision}")

    def memory(self) -> tuple[int, int]:
        """Return the bytes of the live heap after a collection, and of the resident process.

        The second is 0 if the system has no `/proc`.
        """
        self.ask("/debug/pprof/heap?gc=1&debug=1")
        metrics = self.ask("/metrics").body.decode()
        found = re.search(r"^go_memstats_heap_alloc_bytes (\S+)$", metrics, re.MULTILINE)
        return int(float(found[1])) if found else 0, _resident_below(self._process.pid)

    def cpu_seconds(self) -> float:
        """Return the CPU time that OPA has used; 0 if the system has no `/proc`."""
        return processor_seconds(self.url)

    def close(self) -> None:
        """Stop OPA, then the server of the bundle."""
        self._process.stop()
        self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def processor_seconds(url: str) -> float:
    """Return the processor time of the OPA that listens at `url`, 0 if there is no `/proc`."""
    flag = f"--addr={url.removeprefix('http://')}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[1:2] == [b"run"] and flag in words:
                return _processor_seconds(process)
    return 0.0


def _processor_seconds(process: Path) -> float:
    # Linux has a clock for each process, numbered by this formula (see its function
    # clock_getcpuclockid). It counts nanoseconds, `/proc` hundredths of a second.
    return time.clock_gettime((~int(process.name) << 3) | 2)


def resident(pid: int, field: str = "VmRSS") -> int:
    """Return the resident bytes of a process: `VmRSS` now, `VmHWM` the most so far.

    Raises `OSError` if it has ended.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        raise ProcessLookupError(f"process {pid} has ended")
    return 1024 * int(found[1])


def _resident_below(supervisor: int) -> int:
    try:
        [child] = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        return resident(int(child))
    except (OSError, ValueError):
        return 0
