"""A run of the benchmarks: its scratch folder, its bundles, and its number and length of slices."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PEERS", "RAMGATE", "TOKEN", "VEGETA", "Built", "Run", "write_token"]

RAMGATE: Final = str(Path(sys.executable).with_name("ramgate"))
"""The `ramgate` command of the running Python's environment."""

PEERS: Final = Path(__file__).parents[1] / ".tools/peers"
"""The folder in which `make bench` installs the peers."""

VEGETA: Final = PEERS.with_name("vegeta")
"""The generator of load at a fixed rate, which `make bench` builds."""

TOKEN: Final = "a-token-for-the-benchmark"  # noqa: S105 - of servers that live for the run
"""The token of the servers that require one."""

_BUILD_SECONDS: Final = 1800.0


@dataclasses.dataclass(frozen=True, slots=True)
class Built:
    """A folder of accounts, the bundle that `ramgate build` made of it, and the build's seconds."""

    accounts: Path
    file: Path
    seconds: float

    @property
    def content(self) -> bytes:
        """The bytes of the bundle."""
        return self.file.read_bytes()


def write_token(folder: Path) -> Path:
    """Write `TOKEN` to a file that only its owner can read, and return its path."""
    file = folder / "token"
    file.touch(mode=0o600)
    file.write_text(TOKEN)
    return file


class Run:
    """A run: each measurement gets `rounds` slices of `seconds` each.

    Worlds have at most `largest` roles.
    """

    def __init__(self, folder: Path, *, rounds: int, seconds: int, largest: int) -> None:
        self.folder = folder
        self.rounds = rounds
        self.seconds = seconds
        self.largest = largest
        self._built: dict[str, Built] = {}

    def log(self, text: str) -> None:
        """Print a line of progress on stderr."""
        sys.stderr.write(f"bench: {text}\n")

    def build(self, name: str, write: Callable[[Path], None]) -> Built:
        """Return the world of that name; the first call writes it with `write` and builds it."""
        if name not in self._built:
            accounts, bundle = self.folder / name, self.folder / f"{name}.tar.gz"
            write(accounts)
            self.log(f"ramgate build: {name}")
            began = time.monotonic()
            subprocess.run(
                [RAMGATE, "build", "--accounts", str(accounts), "--output", str(bundle)],
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=_BUILD_SECONDS,
            )
            self._built[name] = Built(accounts, bundle, time.monotonic() - began)
        return self._built[name]
