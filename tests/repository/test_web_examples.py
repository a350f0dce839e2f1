"""The web applications under `examples/` start, and answer, as their READMEs show."""

from __future__ import annotations

import re
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from web_server import ROOT, running

if TYPE_CHECKING:
    from pathlib import Path

    from ramgate import Sidecar

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
START = re.compile(
    r"^(?:uvicorn|flask|python (?=.*(?:manage|_wsgi)\.py)).*examples/\w+.*$", re.MULTILINE
)
LISTENS = re.compile(r"(?:Running on|running on|server at) http://(127\.0\.0\.1):(\d+)")
EXAMPLES = sorted(
    path.parent.name
    for path in ROOT.glob("examples/*/README.md")
    if "protects" in path.read_text() and START.search(path.read_text())
)
SECONDS = 60


def test_there_are_web_examples() -> None:
    frameworks = ["django", "fastapi", "flask", "litestar", "starlette", "wsgi"]
    assert [f"{framework}_instances" for framework in frameworks] == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_answers_as_its_readme_shows(
    name: str, ramgate_sidecar: Sidecar, tmp_path: Path
) -> None:
    text = (ROOT / "examples" / name / "README.md").read_text()
    start = START.search(text)
    assert start
    [commands] = [body for kind, body in BLOCK.findall(text) if "curl" in body and kind == "sh"]
    [shown] = [body for kind, body in BLOCK.findall(text) if kind == "text"]
    command = start[0].removeprefix("python ").replace("8000", str(free_port())).split()
    if command[0] == "uvicorn":
        command += ["--port", "0"]
    with running(command, LISTENS, ramgate_sidecar.url, tmp_path / "log") as (host, port):
        here = commands.replace("http://127.0.0.1:8000", f"http://{host}:{port}")
        done = subprocess.run(
            ["/bin/sh", "-euc", here], capture_output=True, text=True, timeout=SECONDS, check=True
        )
    assert done.stdout == shown


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_every_example_installs_its_framework_and_starts_opa() -> None:
    servers = {"django": " djangorestframework", "flask": ""}
    for name in EXAMPLES:
        text = (ROOT / "examples" / name / "README.md").read_text()
        framework = name.removesuffix("_instances")
        server = servers.get(framework, " uvicorn")
        install = "" if framework == "wsgi" else f"pip install {framework}{server}\n"
        assert f"```sh\n{install}ramgate run\n" in text
        assert f"pytest examples/{name}\n" in text
