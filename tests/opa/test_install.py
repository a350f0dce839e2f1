from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import opa_site
from opa_machine import KEPT, RELEASE, names_in, prints_version, script
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
    tools: Path, site: opa_site.Site, go: Path
) -> None:
    lines: list[str] = []
    for _ in range(2):
        assert install_opa(tools, base_url=f"{site.url}/", report=lines.append) == tools / "opa"
    assert lines == [f"downloading `{site.url}{RELEASE}`"]
    assert site.requested == [RELEASE, f"{RELEASE}.sha256"]
    assert (tools / "opa").readlink() == Path(KEPT)
    assert (tools / KEPT).read_bytes() == site.answers[RELEASE].body
    assert names_in(tools) == {"opa", KEPT}
    assert find_opa(tools) == tools / "opa"
    assert not go.exists()


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
    assert (tools / "opa").readlink() == Path(KEPT)


def test_an_installed_opa_that_no_longer_runs_is_downloaded_again(
    tools: Path, site: opa_site.Site
) -> None:
    tools.mkdir()
    (tools / KEPT).touch()
    install_opa(tools, base_url=site.url)
    assert (tools / KEPT).read_bytes() == site.answers[RELEASE].body


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
    assert names_in(tools) == {"opa", KEPT}


def test_ctrl_c_leaves_nothing_behind(tools: Path, site: opa_site.Site) -> None:
    site.answers[f"{RELEASE}.sha256"] = opa_site.Answer(stalls=True)
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
