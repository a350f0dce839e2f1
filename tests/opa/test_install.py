from __future__ import annotations

import hashlib
import json
import platform
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import opa_site
from opa_machine import (
    ARCHITECTURE,
    DOWNLOADED,
    GOOD,
    KEPT,
    RELEASE,
    UNPINNED,
    names_in,
    prints_version,
    script,
)
from ramgate import resources
from ramgate.errors import OpaUnavailable
from ramgate.opa.find import find_opa
from ramgate.opa.install import install_opa, install_opa_for
from ramgate.opa.versions import pinned


def user_data(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let OPA be kept in this data folder of the user."""
    monkeypatch.setattr(resources, "checkout", lambda: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))


def test_an_opa_that_fits_is_linked_and_not_downloaded(
    commands: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = script(commands / "opa", prints_version("1.23.0"))
    for _ in range(2):
        assert install_opa(tools) == tools / "opa"
        assert (tools / "opa").readlink() == on_path
    mine = script(commands / "mine", prints_version("1.24.0"))
    monkeypatch.setenv("OPA", "mine")
    install_opa(tools)
    assert (tools / "opa").readlink() == mine
    monkeypatch.setenv("OPA", str(tools / "opa"))
    install_opa(tools)
    assert (tools / "opa").readlink() == mine
    assert names_in(tools) == {"opa"}


def test_a_release_with_the_published_checksum_is_installed_once(
    tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    """The line about TLS was missing: the checksum of the same site looked like a pin."""
    lines: list[str] = []
    for _ in range(2):
        assert install_opa(tools, base_url=f"{site.url}/", report=lines.append) == tools / "opa"
    assert lines == [UNPINNED, f"downloading `{site.url}{RELEASE}`"]
    assert site.requested == [RELEASE, f"{RELEASE}.sha256"]
    assert (tools / "opa").readlink() == Path(DOWNLOADED)
    assert (tools / DOWNLOADED).read_bytes() == site.answers[RELEASE].body
    assert names_in(tools) == {"opa", DOWNLOADED}
    assert find_opa(tools) == tools / "opa"
    assert not wheel.exists()


def pin(pins: Path, content: bytes, path: str = RELEASE) -> None:
    pins.write_text(f"# comment\n\n{hashlib.sha256(content).hexdigest()}  {path[1:]}\n")


def test_a_release_with_a_pinned_checksum_needs_none_from_its_site(
    tools: Path, site: opa_site.Site, go: Path, pins: Path
) -> None:
    pin(pins, site.answers[RELEASE].body)
    del site.answers[f"{RELEASE}.sha256"]
    lines: list[str] = []
    for required in (False, True):
        install_opa(tools, base_url=site.url, require_checksum=required, report=lines.append)
    assert lines == [f"downloading `{site.url}{RELEASE}`"]
    assert site.requested == [RELEASE]
    assert names_in(tools) == {"opa", KEPT}
    assert not go.exists()


def test_a_release_that_differs_from_its_pin_is_refused_and_never_runs(
    tools: Path, site: opa_site.Site, go: Path, pins: Path, tmp_path: Path
) -> None:
    """The site that was taken over published a checksum that fits: the release was run."""
    pin(pins, site.answers[RELEASE].body)
    site.publish(RELEASE, f"#!/bin/sh\n: >'{tmp_path}/ran'\n{GOOD}\n".encode())
    with pytest.raises(OpaUnavailable, match=r"is refused: its SHA-256 is .*, pinned is "):
        install_opa(tools, base_url=site.url)
    assert names_in(tools) == set()
    assert not (tmp_path / "ran").exists()
    assert not go.exists()


def test_a_release_with_a_pin_that_the_site_does_not_deliver_is_built(
    tools: Path, site: opa_site.Site, go: Path, pins: Path
) -> None:
    pin(pins, site.answers[RELEASE].body)
    site.answers.clear()
    install_opa(tools, base_url=site.url)
    assert go.exists()
    assert names_in(tools) == {"opa", KEPT}


def test_without_a_pin_a_build_by_the_go_of_the_machine_comes_before_a_download(
    tools: Path, site: opa_site.Site, go: Path
) -> None:
    """The download, which rests on TLS alone, came before the build, which `go.sum` pins."""
    install_opa(tools, base_url=site.url)
    assert go.exists()
    assert site.requested == []
    assert names_in(tools) == {"opa", KEPT}


def test_a_release_is_downloaded_if_the_go_of_the_machine_cannot_build(
    tools: Path, site: opa_site.Site, commands: Path, wheel: Path
) -> None:
    build = 'if [ "$1" = version ]; then echo go version go2.0 any/any; exit; fi; echo no; exit 1'
    script(commands / "go", build)
    lines: list[str] = []
    install_opa(tools, base_url=site.url, report=lines.append)
    assert lines[1].startswith(f"cannot build OPA {pinned()}: no; ")
    assert lines[2:] == [UNPINNED, f"downloading `{site.url}{RELEASE}`"]
    assert names_in(tools) == {"opa", DOWNLOADED}
    site.answers.clear()
    with pytest.raises(OpaUnavailable, match=f"^cannot build OPA {pinned()}: no; "):
        install_opa_for(sys.platform, ARCHITECTURE, tools.parent, base_url=site.url)
    assert not wheel.exists()


def test_a_download_without_a_pin_is_refused_if_one_is_required(
    tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    """There was no way to say that a download must be pinned."""
    lines: list[str] = []
    install_opa(tools, base_url=site.url, require_checksum=True, report=lines.append)
    asset = RELEASE.removeprefix("/")
    assert lines[0] == (
        f"`{site.url}{RELEASE}` is not downloaded: `tools/opa-checksums.txt` has no entry `{asset}`"
    )
    assert site.requested == []
    assert wheel.exists()
    assert names_in(tools) == {"opa", KEPT}


def test_an_earlier_download_without_a_pin_does_not_pass_for_a_pinned_one(
    tools: Path, site: opa_site.Site, wheel: Path, pins: Path
) -> None:
    install_opa(tools, base_url=site.url)
    assert (tools / "opa").readlink() == Path(DOWNLOADED)
    pin(pins, site.answers[RELEASE].body)
    install_opa(tools, base_url=site.url)
    assert (tools / "opa").readlink() == Path(KEPT)
    (tools / "opa").unlink()
    (tools / KEPT).unlink()
    pins.write_text("")
    install_opa(tools, base_url=site.url)
    assert (tools / "opa").readlink() == Path(DOWNLOADED)
    assert not wheel.exists()
    install_opa(tools, base_url=site.url, require_checksum=True)
    assert (tools / "opa").readlink() == Path(KEPT)
    assert wheel.exists()


def test_an_earlier_download_on_the_path_does_not_pass_for_a_pinned_one(
    commands: Path, tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    before = tools.with_name("before")
    install_opa(before, base_url=site.url)
    (commands / "opa").symlink_to(before / "opa")
    install_opa(tools, base_url=site.url)
    assert (tools / "opa").resolve() == before / DOWNLOADED
    (tools / "opa").unlink()
    install_opa(tools, base_url=site.url, require_checksum=True)
    assert (tools / "opa").readlink() == Path(KEPT)
    assert wheel.exists()


def test_the_environment_names_a_mirror(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAMGATE_OPA_BASE_URL", site.url)
    user_data(monkeypatch, tools.parent)
    assert install_opa() == tools.parent / "ramgate/opa"
    assert find_opa() == tools.parent / "ramgate/opa"
    assert site.requested


def test_an_installed_opa_is_replaced_once_the_pinned_version_has_changed(
    tools: Path, site: opa_site.Site
) -> None:
    (tools / "opa").parent.mkdir()
    (tools / "opa").symlink_to(script(tools / "opa_1.22.0_any_any", prints_version("1.22.0")).name)
    install_opa(tools, base_url=site.url)
    assert (tools / "opa").readlink() == Path(DOWNLOADED)


def test_an_installed_opa_that_no_longer_runs_is_downloaded_again(
    tools: Path, site: opa_site.Site
) -> None:
    tools.mkdir()
    (tools / DOWNLOADED).touch()
    install_opa(tools, base_url=site.url)
    assert (tools / DOWNLOADED).read_bytes() == site.answers[RELEASE].body


@pytest.mark.parametrize(
    ("text", "cause"),
    [(prints_version("1.22.1"), "refused: it is 1.22.1, and not"), ("echo hello", "is not OPA")],
)
def test_a_release_that_is_not_the_pinned_opa_is_refused(
    text: str, cause: str, tools: Path, site: opa_site.Site
) -> None:
    site.publish(RELEASE, f"#!/bin/sh\n{text}\n".encode())
    with pytest.raises(OpaUnavailable, match=cause):
        install_opa(tools, base_url=site.url)
    assert names_in(tools) == set()


def test_an_opa_for_another_machine_is_downloaded_and_not_run(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.publish(f"/v{pinned()}/opa_linux_arm64", b"ARM")
    user_data(monkeypatch, tools.parent)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert install_opa_for("linux", "arm64", base_url=site.url).read_bytes() == b"ARM"


def test_a_folder_that_cannot_take_an_opa_is_an_error(
    tools: Path, site: opa_site.Site, tmp_path: Path
) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(OpaUnavailable, match=f"cannot install OPA in `{taken}`: .*File exists"):
        install_opa(taken, base_url=site.url)
    (tools / "opa").mkdir(parents=True)
    with pytest.raises(OpaUnavailable, match=f"cannot install OPA in `{tools}`: .*Is a directory"):
        install_opa(tools, base_url=site.url)
    assert names_in(tools) == {"opa", DOWNLOADED}


def test_ctrl_c_leaves_nothing_behind(tools: Path, site: opa_site.Site) -> None:
    site.answers[RELEASE] = opa_site.Answer(stalls=True)
    program = textwrap.dedent(f"""
        from pathlib import Path
        from ramgate.opa.install import install_opa
        install_opa(Path({json.dumps(str(tools))}), base_url={json.dumps(site.url)})
    """)
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        try:
            assert site.stalled.wait(30)
            assert len(names_in(tools)) == 1
            process.send_signal(signal.SIGINT)
            _, printed = process.communicate(timeout=30)
        finally:
            process.kill()
    assert printed.endswith(b"KeyboardInterrupt\n")
    assert names_in(tools) == set()
