"""Build a wheel that carries OPA: `tools/engine_wheel.py -o dist` packs the OPA that ramgate finds.

`pip install` puts the executable beside Python, where `ramgate.opa.find.find_opa` looks. A static
executable needs no library of the system, so one wheel serves every Linux of its architecture.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ramgate.errors import OpaUnavailable
from ramgate.opa.command import version_output
from ramgate.opa.find import find_opa
from ramgate.opa.versions import opa_version, require_fitting

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["build", "main"]

ROOT: Final = Path(__file__).resolve().parents[1]
_TAGS: Final = {
    f"linux/{go}": f"py3-none-manylinux_2_17_{machine}.musllinux_1_1_{machine}"
    for go, machine in (("amd64", "x86_64"), ("arm64", "aarch64"))
}
_PLATFORM: Final = "Platform: "
_HEAD_BYTES: Final = 64 * 1024
_SECONDS: Final = 300


def build(opa: Path, folder: Path) -> Path:
    """Build the wheel of this OPA in the folder, and return its path.

    Raises `OpaUnavailable` if the OPA does not fit, needs a dynamic linker, or is for a platform
    without a tag.
    """
    opa = require_fitting(opa.resolve())
    version = opa_version(opa)
    platform = next(
        (
            line.removeprefix(_PLATFORM)
            for line in version_output(opa).splitlines()
            if line.startswith(_PLATFORM)
        ),
        "",
    )
    if platform not in _TAGS:
        raise OpaUnavailable(f"`{opa}` is for `{platform}`, not for {' or '.join(_TAGS)}")
    with opa.open("rb") as file:
        # The path of the dynamic linker stands near the start of an ELF file.
        if b"/ld-" in file.read(_HEAD_BYTES):
            raise OpaUnavailable(f"`{opa}` is not static: build it with `CGO_ENABLED=0`")
    done = subprocess.run(  # noqa: S603 - a list, without a shell
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.resolve())],
        cwd=ROOT / "engine",
        env={
            **os.environ,
            "RAMGATE_ENGINE_VERSION": version,
            "RAMGATE_ENGINE_OPA": str(opa),
            "RAMGATE_ENGINE_TAG": _TAGS[platform],
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return folder / Path(done.stderr.split()[-1]).name


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the wheel, and print its path."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--opa", type=Path, help="the executable; default: the one ramgate finds")
    parser.add_argument("-o", "--output", type=Path, default=Path("dist"), help="default: dist")
    options = parser.parse_args(arguments)
    try:
        wheel = build(options.opa or find_opa(), options.output)
    except OpaUnavailable as error:
        sys.stderr.write(f"engine_wheel: {error}\n")
        return 1
    sys.stdout.write(f"{wheel}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
