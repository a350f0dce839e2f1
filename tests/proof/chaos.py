"""Kill, stop, fill, cut and flood `ramgate run` for some minutes: nothing opens, nothing is lost.

`python tests/proof/chaos.py --minutes 10 --seed 1 --report` (`make chaos`). Several lanes run at
the same time, each with accounts that change all the while and clients that ask all the while. In
rounds of some faults, each lane starts `ramgate run`, does harm to it, and ends it.

Counted are *opens* (an Allow that no revision from the last that answered to the newest permits, a
write that OPA accepts), *lost* changes (a change that is not active within 180 s after a fault, or
is taken back), and *orphans* (processes, listeners and temporary files that are left). Equal seeds
draw equal faults; when each of them acts depends on the machine.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import process_table
from chaos_faults import FAULTS, Fault, Scene
from chaos_service import BOUND, MODES, Clients, Service, ask
from chaos_world import Judge, World

if TYPE_CHECKING:
    from chaos_world import Finding
    from ramgate import Client

LANES: Final = 3
_FAULTS_A_ROUND: Final = 20
# After each end of OPA the next start waits longer: 0, 0.5, 1, 2, … seconds.
_ENDS_A_ROUND: Final = 3
_LONG_RUN: Final = 300.0
_MOST_LATE_STARTS: Final = 5
_BOTH: Final = 0.6
_HOLD: Final = 0.3
_POLL: Final = 0.02
_ENDINGS: Final = ("SIGTERM", "SIGINT", "SIGKILL", "SIGKILL with OPA stopped", "impostor")
# The wall clock of one process cannot be moved on Linux without that of the machine.
_CLOCK: Final = (
    "the clock of the machine is not moved: files from another time and stopped "
    "processes stand for that"
)


class Lane:
    """A world and its rounds of faults, until the deadline and at least `least` faults."""

    def __init__(self, folder: Path, seed: str, deadline: float, least: int) -> None:
        self._folder = folder
        self._seed = seed
        self._deadline = deadline
        self._least = least
        self._long = deadline - time.monotonic() > _LONG_RUN
        self._world = World(folder / "accounts")
        self.judge = Judge(self._world)
        self.met: collections.Counter[str] = collections.Counter()
        self.rounds = 0
        self.slowest = 0.0

    @property
    def revisions(self) -> int:
        return self._world.number

    def run(self) -> None:
        try:
            while not self._is_over():
                self.rounds += 1
                self._round(Random(f"{self._seed}/{self.rounds}"))  # noqa: S311 - drawn by a seed
        except Exception as error:
            self.judge.find("lost", f"the proof itself failed: {error!r}")
            raise

    def stop(self) -> None:
        """Let the lane end after the fault that it does now."""
        self._deadline, self._least = 0.0, 0

    def _is_over(self) -> bool:
        late = time.monotonic() > self._deadline
        return bool(self.judge.findings) or (late and sum(self.met.values()) >= self._least)

    def _round(self, pick: Random) -> None:
        mode = pick.choice(MODES)
        self.judge.place = f"seed {self._seed}, round {self.rounds} ({mode}), start"
        try:
            service = Service(self._world, self._folder / f"{self.rounds}", mode)
        except TimeoutError:  # ramgate gave up, as it promises; another round follows
            self.judge.counts["late start"] += 1
            if self.judge.counts["late start"] > _MOST_LATE_STARTS:
                self.judge.find("lost", "this machine is too slow")
            return
        try:
            clients = Clients(service, self.judge)
            try:
                scene = Scene(service, self._world, self.judge, pick)
                self._harm(scene)
                graceful = self._end(scene)
            finally:
                clients.stop()
            for left in service.leftovers(graceful=graceful):
                self.judge.find("orphan", left)
        finally:
            service.clear()
            shutil.rmtree(service.folder, ignore_errors=True)

    def _harm(self, scene: Scene) -> None:
        ends = 0
        with scene.service.client() as client:
            self._await_change(scene, client)
            for number in range(1, _FAULTS_A_ROUND + 1):
                if self._is_over():
                    return
                faults = self._draw(scene.pick, may_end=ends < _ENDS_A_ROUND)
                ends += sum(fault.ends for fault in faults)
                self.judge.place = (
                    f"seed {self._seed}, round {self.rounds} ({scene.service.mode}), "
                    f"fault {number} ({' + '.join(fault.name for fault in faults)})"
                )
                with contextlib.ExitStack() as stack:
                    for fault in faults:
                        stack.enter_context(fault.at(scene))
                        self.met[fault.name] += 1
                    if not any(fault.group == "files" and not fault.stands for fault in faults):
                        self._world.change()
                    time.sleep(_HOLD * scene.pick.random())
                    if all(fault.stands for fault in faults):
                        self._await_change(scene, client)
                self._await_change(scene, client)
                scene.service.look()

    def _draw(self, pick: Random, *, may_end: bool) -> list[Fault]:
        """Draw one fault, or two of different groups."""
        found: list[Fault] = []
        for _ in range(1 + (pick.random() < _BOTH)):
            possible = [
                fault
                for fault in FAULTS.values()
                if not fault.skipped
                and (may_end or not fault.ends)
                and not (fault.ends and any(other.ends for other in found))
                and (not fault.long or (self._long and not self.met[fault.name]))
                and all(fault.group != other.group for other in found)
            ]
            if possible:
                found += pick.choices(possible, [fault.weight for fault in possible])
        # Files last: their harm is undone first, while other harm still acts.
        return sorted(found, key=lambda fault: fault.group == "files")

    def _await_change(self, scene: Scene, client: Client) -> None:
        """Wait until OPA decides by the newest revision; record a lost change if it does not."""
        began = time.monotonic()
        while ask(client, self.judge) != self._world.number:
            late = time.monotonic() - began
            if late > BOUND or not scene.service.running():
                output = " | ".join(scene.service.output)
                cause = f"after {late:.0f} s" if scene.service.running() else "ramgate ended"
                newest = f"{self.judge.newest} decides, not {self._world.number}"
                self.judge.find("lost", f"{cause}: revision {newest}: {output}")
                return
            time.sleep(_POLL)
        self._world.may_be_absent = False
        self.slowest = max(self.slowest, time.monotonic() - began)

    def _end(self, scene: Scene) -> bool:
        """End the service in one of the ways; return True if it could clean up itself."""
        service = scene.service
        endings = _ENDINGS if service.mode in {"tcp", "token"} else _ENDINGS[:-1]
        ending = scene.pick.choice(endings)
        self.judge.place = f"seed {self._seed}, round {self.rounds} ({service.mode}), {ending}"
        if not service.running():
            return False
        self.met[f"end by {ending}"] += 1
        if ending == "impostor":
            self._impostor(scene)
        elif ending.startswith("SIGKILL"):
            opa = service.opa()
            if ending != "SIGKILL" and opa is not None:
                process_table.send(opa, signal.SIGSTOP)
            service.end(signal.SIGKILL)
        elif status := service.end(signal.Signals[ending]):
            self.judge.find("lost", f"exit status {status}: {' | '.join(service.output)}")
        return ending in {"SIGTERM", "SIGINT"}

    def _impostor(self, scene: Scene) -> None:
        """Kill OPA and take its port: ramgate must not go on as if nothing were wrong."""
        service, opa = scene.service, scene.service.opa()
        if opa is None or service.entry is None:
            return
        process_table.send(service.entry, signal.SIGSTOP)
        process_table.send(opa, signal.SIGKILL)
        address = service.address
        with socket.socket() as impostor:
            impostor.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            deadline = time.monotonic() + BOUND
            while True:
                try:
                    impostor.bind((address.host, address.port))
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_POLL)
            impostor.listen(128)
            process_table.send(service.entry, signal.SIGCONT)
            if service.wait() == 0:
                self.judge.find("open", "an impostor has the port, and the exit status is 0")


class Chaos:
    """A run of several lanes, and its results."""

    def __init__(self, seconds: float, seed: int, lanes: int = LANES, least: int = 0) -> None:
        self.seconds = seconds
        self._least = least
        self.seed = seed
        self._count = lanes
        self.lanes: list[Lane] = []

    def run(self) -> None:
        """Run all lanes until the time is over, or until Ctrl-C; then nothing is left either."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="ramgate-chaos-") as folder:
            for number in range(1, self._count + 1):
                place, seed = Path(folder) / f"{number}", f"{self.seed}/{number}"
                self.lanes.append(Lane(place, seed, began + self.seconds, self._least))
            threads = [threading.Thread(target=lane.run) for lane in self.lanes]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            finally:
                for lane in self.lanes:
                    lane.stop()
                for thread in threads:
                    if thread.ident is not None:  # it was started
                        thread.join()
        self.seconds = time.monotonic() - began

    @property
    def findings(self) -> list[Finding]:
        return [finding for lane in self.lanes for finding in lane.judge.findings]

    @property
    def met(self) -> collections.Counter[str]:
        """How often each fault was met."""
        return sum((lane.met for lane in self.lanes), collections.Counter())

    @property
    def counts(self) -> collections.Counter[str]:
        """How many answers of each kind there were, and how many findings."""
        return sum((lane.judge.counts for lane in self.lanes), collections.Counter())

    def report(self) -> str:
        """Return a table of the faults and the answers."""
        lines = [f"{'faults':44} met"]
        for group in dict.fromkeys(fault.group for fault in FAULTS.values()):
            lines += ["", group]
            for fault in FAULTS.values():
                if fault.group == group:
                    lines.append(f"  {fault.name:44} {fault.skipped or self.met[fault.name]}")
        lines += ["", "ends of `ramgate run`"]
        lines += [f"  {ending:44} {self.met[f'end by {ending}']}" for ending in _ENDINGS]
        lines += ["", f"not tried: {_CLOCK}", "", "answers"]
        lines += [f"  {name:44} {count:,}" for name, count in sorted(self.counts.items())]
        return "\n".join(lines)

    def __str__(self) -> str:
        faults, counts = sum(self.met.values()), self.counts
        rounds = sum(lane.rounds for lane in self.lanes)
        revisions = sum(lane.revisions for lane in self.lanes)
        slowest = max(lane.slowest for lane in self.lanes)
        return (
            f"{faults:,} faults, {rounds} starts, {revisions:,} revisions in {self.seconds:.0f} s; "
            f"the slowest change was active after {slowest:.1f} s\n"
            f"seed {self.seed}: {counts['open']} opens, {counts['lost']} lost changes, "
            f"{counts['orphan']} orphans"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10, help="duration (default: 10)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults (default: 1)")
    parser.add_argument("--report", action="store_true", help="print how often each fault was met")
    arguments = parser.parse_args()
    if not process_table.AVAILABLE:
        print("the faults need Linux: this system has no /proc", file=sys.stderr)
        return 2
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    chaos = Chaos(arguments.minutes * 60, arguments.seed)
    try:
        chaos.run()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    for finding in chaos.findings:
        print(f"{finding.kind}: {finding.text}\n")
    if arguments.report:
        print(chaos.report(), end="\n\n")
    print(chaos)
    return 1 if chaos.findings else 0


if __name__ == "__main__":
    sys.exit(main())
