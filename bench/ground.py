"""What all parts of a run share: a scratch folder, the bundles built in it, how long to measure."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PEERS", "RAMGATE", "VEGETA", "Built", "Ground"]

RAMGATE: Final = str(Path(sys.executable).with_name("ramgate"))
"""The command beside the Python that runs this."""

PEERS: Final = Path(__file__).parents[1] / ".tools/peers"
"""Where `make bench` puts the peers."""

VEGETA: Final = PEERS.with_name("vegeta")
"""What makes load at a fixed rate, which `make bench` builds."""

_BUILD_SECONDS: Final = 1800.0


@dataclasses.dataclass(frozen=True, slots=True)
class Built:
    """A folder of accounts, the bundle that `ramgate build` made of it, and the seconds it took."""

    accounts: Path
    file: Path
    seconds: float

    @property
    def content(self) -> bytes:
        """The bundle."""
        return self.file.read_bytes()


class Ground:
    """A run: `rounds` slices of whole `seconds` for each thing that is measured in turns.

    No world has more than `largest` roles.
    """

    def __init__(self, folder: Path, *, rounds: int, seconds: int, largest: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.seconds = seconds
        self.largest = largest
        self._built: dict[str, Built] = {}

    def say(self, text: str) -> None:
        """Tell on stderr what goes on."""
        sys.stderr.write(f"bench: {text}\n")

    def built(self, name: str, write: Callable[[Path], None]) -> Built:
        """The world of that name, written by `write` and built when it is first asked for."""
        if name not in self._built:
            accounts, bundle = self.folder / name, self.folder / f"{name}.tar.gz"
            write(accounts)
            self.say(f"ramgate build: {name}")
            began = time.monotonic()
            subprocess.run(
                [RAMGATE, "build", "--accounts", str(accounts), "--output", str(bundle)],
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=_BUILD_SECONDS,
            )
            self._built[name] = Built(accounts, bundle, time.monotonic() - began)
        return self._built[name]
