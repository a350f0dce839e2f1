"""Images for a real Docker engine: those of deploy/docker, and those that they stand on.

No image is pulled: in place of `python` and `nginx`, there are images of this machine's programs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
from docker.errors import DockerException

import servers
from command_line import link_tools
from moved_python import copy_libraries, copy_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

__all__ = ["copy_deploy", "engine", "nginx_image", "python_image", "run_top", "shell"]

ROOT = Path(__file__).parents[2]
SECONDS = 300.0
NOBODY = "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"


@pytest.fixture
def engine() -> Iterator[DockerClient]:
    # The SDK leaves its socket open if nothing listens there.
    path = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    if path.startswith("/") and not servers.is_listening(Path(path)):
        pytest.skip("no Docker engine answers")
    try:
        client = docker.from_env()
        client.ping()
    except DockerException:
        pytest.skip("no Docker engine answers")
    yield client
    client.close()


def copy_deploy(folder: Path) -> Path:
    """Copy deploy/ to the folder, with `opa` and `ramgate` in `tools`; return the docker folder."""
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    link_tools(folder)
    return folder / "deploy/docker"


def shell(folder: Path, command: str) -> str:
    """Run a command in the folder of `copy_deploy`; return what it printed."""
    done = subprocess.run(
        ["/bin/sh", "-euc", command],
        cwd=folder / "deploy/docker",
        env={**os.environ, "PATH": f"{folder / 'tools'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def run_top(folder: Path, file: str) -> str:
    """Run the commands at the top of a Dockerfile but the last, and return this: it builds."""
    text = (folder / "deploy/docker" / file).read_text()
    *commands, last = re.findall(r"^#   (.+)$", text, re.MULTILINE)
    assert last.startswith("docker build ")
    shell(folder, "\n".join(commands))
    return str(last)


def add_links_and_users(root: Path) -> None:
    """Add the links of this machine, such as `lib64`, and its users to the root of an image."""
    for name in ("bin", "lib", "lib64"):
        if Path(f"/{name}").is_symlink():
            (root / name).symlink_to(Path(f"/{name}").readlink())
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n" + NOBODY)
    (root / "etc/group").write_text("root:x:0:\nnobody:x:65534:\nnogroup:x:65533:\n")


def image(engine: DockerClient, tag: str, root: Path, path: str) -> None:
    """Make an image of the files below `root`; `path` is its PATH."""
    archive = root.with_suffix(".tar")
    with tarfile.open(archive, "w") as tar:
        tar.add(root, "")
    changes = [f"ENV PATH={path}", "ENV PIP_NO_INDEX=1"]
    engine.api.import_image_from_file(str(archive), repository=tag, changes=changes)


def python_image(engine: DockerClient, tag: str, folder: Path) -> None:
    """Make an image with this Python, pip and the dependencies of `ramgate[publish]`."""
    root = folder / "root"
    copy_python(root)
    (root / "usr/bin").mkdir()
    programs = [Path(str(shutil.which(name))).resolve() for name in ("sh", "rm")]
    shutil.copy(programs[0], root / "usr/bin/sh")
    shutil.copy(programs[1], root / "usr/bin/rm")
    copy_libraries(programs, root)
    add_links_and_users(root)
    pip = root / "usr/local/bin/pip"
    pip.write_text('#!/bin/sh\nexec python3 -m pip "$@"\n')
    pip.chmod(0o755)
    image(engine, tag, root, "/usr/local/bin:/usr/bin")


def nginx_image(engine: DockerClient, tag: str, folder: Path) -> None:
    """Make an image with nginx."""
    root = folder / "root"
    (root / "usr/sbin").mkdir(parents=True)
    (root / "var/log/nginx").mkdir(parents=True)
    nginx = Path(servers.program("nginx", "nginx-light"))
    shutil.copy(nginx, root / "usr/sbin/nginx")
    copy_libraries([nginx], root)
    add_links_and_users(root)
    image(engine, tag, root, "/usr/sbin")
