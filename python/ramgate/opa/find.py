"""Find an OPA that fits on this machine: `$OPA`, ramgate's own folder, beside Python, or PATH."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.versions import FITTING, require_fitting

__all__ = ["default_directory", "find_opa"]


def default_directory() -> Path:
    """Return the folder that ramgate installs OPA in.

    It is `.tools` in a checkout, else `ramgate` in the user's data folder (`$XDG_DATA_HOME`, by
    default `~/.local/share`). Raises `OpaUnavailable` if the user has no home.

    >>> default_directory().is_absolute()
    True
    """
    if checkout := resources.checkout():
        return checkout / ".tools"
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():  # as the XDG Base Directory Specification says
        try:
            data = Path.home() / ".local" / "share"
        except RuntimeError as error:
            raise OpaUnavailable(f"no folder to keep OPA in: {error}; set `$OPA`") from error
    return data / "ramgate"


def find_opa(directory: Path | None = None) -> Path:
    """Return the absolute path of an OPA that fits, judged by the output of its `version` command.

    If `$OPA` is set, it names the only candidate: a path, or a command on PATH. Otherwise the
    candidates are `directory/opa` (by default in `default_directory()`), then the `opa` beside the
    running Python, where the wheel of `tools/engine_wheel.py` puts it, then the `opa` on PATH.
    Raises `OpaUnavailable` with the reason why each candidate does not fit.

    >>> find_opa().is_absolute()
    True
    """
    if name := os.environ.get("OPA"):
        return _named(name)
    on_path = shutil.which("opa")
    candidates = [(directory or default_directory()) / "opa", *_beside_python()]
    candidates += [Path(on_path)] if on_path else []
    misfits = []
    for candidate in dict.fromkeys(candidate.absolute() for candidate in candidates):
        try:
            return require_fitting(candidate)
        except OpaUnavailable as misfit:
            misfits.append(str(misfit))
    if not on_path:
        misfits.append("no `opa` is on PATH")
    raise OpaUnavailable(
        f"no {FITTING}: {'; '.join(misfits)}; run `ramgate install-opa`, or set `$OPA`"
    )


def _beside_python() -> list[Path]:
    if not sys.executable:  # Python runs inside of another program
        return []
    opa = Path(sys.executable).with_name("opa")
    return [opa] if opa.exists() else []


def _named(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise OpaUnavailable(f"`$OPA` is `{name}`, which is not a command: set it to {FITTING}")
    try:
        return require_fitting(Path(found).absolute())
    except OpaUnavailable as misfit:
        raise OpaUnavailable(f"`$OPA` does not fit: {misfit}: set it to {FITTING}") from misfit
