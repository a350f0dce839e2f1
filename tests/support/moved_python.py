"""This Python with ramgate's dependencies, copied for an image or a machine that has neither."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

import servers

__all__ = ["build_wheel", "copy_libraries", "copy_python"]

ROOT = Path(__file__).parents[2]
SECONDS = 120
LEFT_OUT = ("__pycache__", "config-*", "idlelib", "lib2to3", "site-packages", "test", "tkinter")


def _needed(name: str, extras: frozenset[str], found: set[str]) -> None:
    """Add the distribution and those that it requires, as they are installed, to `found`."""
    for text in metadata.requires(name) or ():
        one = Requirement(text)
        is_needed = one.marker is None or any(
            one.marker.evaluate({"extra": extra}) for extra in {"", *extras}
        )
        if is_needed and one.name not in found:
            found.add(one.name)
            _needed(one.name, frozenset(one.extras), found)


def copy_libraries(executables: list[Path], root: Path) -> None:
    """Copy the shared libraries of these files and their loader, as the loader finds them first."""
    command = [servers.program("ldd", "libc-bin"), *map(str, executables)]
    listed = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=True
    ).stdout
    names = set(re.findall(r"(?:=> |^\s+)(/\S+) \(", listed, re.MULTILINE))
    [libc] = [name for name in names if Path(name).name == "libc.so.6"]
    first = Path(libc).resolve().parent
    for name in names:
        is_loader = Path(name).name.startswith("ld-")
        folder = Path(name).parent.resolve() if is_loader else first
        place = root / folder.relative_to("/") / Path(name).name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, place)


def copy_python(root: Path) -> None:
    """Copy this Python, pip and the dependencies of `ramgate[publish]` to `root`/usr/local.

    Its shared libraries go to where those of this machine are: a machine may have another Python
    of the same version.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    executable = root / "usr/local/bin/python3"
    executable.parent.mkdir(parents=True)
    shutil.copy(Path(sys.executable).resolve(), executable)
    library = root / "usr/local/lib" / version
    shutil.copytree(
        Path(sys.base_prefix) / "lib" / version, library, ignore=shutil.ignore_patterns(*LEFT_OUT)
    )
    found = {"pip"}
    _needed("ramgate", frozenset({"publish"}), found)
    packages = library / "site-packages"
    for name in found:
        for file in metadata.files(name) or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                place = packages / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), place)
    copy_libraries([executable, *library.rglob("*.so")], root)


def build_wheel(folder: Path) -> Path:
    """Build ramgate's wheel in the folder and return its path."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run(
        [*build, str(folder)], cwd=ROOT, capture_output=True, timeout=SECONDS, check=True
    )
    [wheel] = folder.glob("ramgate-*.whl")
    return wheel
