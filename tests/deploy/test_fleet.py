"""Every command of docs/fleet.md runs, in its order, in one folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import servers
from command_line import link_tools
from processes import eventually
from ramgate import Client
from ramgate.bundle.builder import build

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/fleet.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAYING = re.compile(r"(ramgate run|ramgate publish(?!.* --once)|nginx|opa run) ")
SECONDS = 60


class Terminal:
    """A folder in which commands run; those that stay in the foreground run until `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: str(servers.free_port()) for port in ("8181", "8443", "8444", "8282")}
        self.staying: list[tuple[str, subprocess.Popen[bytes]]] = []
        path = f"{link_tools(folder)}:{os.environ['PATH']}:/usr/sbin"
        self.environment = {**os.environ, "PATH": path, "DEPLOY": str(folder / "deploy")}
        servers.program("nginx", "nginx-light")

    def run(self, line: str) -> str:
        """Run a line; `export` counts for the lines after it."""
        for port, free in self.ports.items():
            line = line.replace(port, free)
        if line.startswith("export "):
            for pair in shlex.split(line)[1:]:
                name, _, value = pair.partition("=")
                self.environment[name] = value
            return ""
        command = ["/bin/sh", "-euc", f"exec {line}" if STAYING.match(line) else line]
        if not STAYING.match(line):
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            assert done.returncode == 0, (line, done.stdout, done.stderr)
            return done.stdout
        if line.startswith("opa "):
            self.end("opa ")
        self.start(line, command)
        return ""

    def start(self, line: str, command: list[str]) -> None:
        """Start a command that stays, and wait until it serves."""
        output = self.folder / f"{len(self.staying)}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=file, stderr=file
            )
        self.staying.append((line, process))
        port = next((free for free in self.ports.values() if free in line), self.ports["8443"])
        if line.startswith("ramgate run"):
            eventually(
                lambda: "answering on" in output.read_text() or process.poll() is not None, SECONDS
            )
        elif line.startswith("ramgate publish"):
            eventually(
                lambda: "revision" in output.read_text() or process.poll() is not None, SECONDS
            )
        else:
            eventually(lambda: servers.is_open(int(port)) or process.poll() is not None, SECONDS)
        if line.startswith("opa "):
            path = self.folder / "opa.sock"
            eventually(lambda: servers.is_listening(path) or process.poll() is not None, SECONDS)
        assert process.poll() is None, (line, output.read_text())

    def end(self, start: str) -> None:
        """End the commands that begin so, the last first."""
        for line, process in reversed(self.staying):
            if line.startswith(start) and process.poll() is None:
                process.terminate()
                process.wait(SECONDS)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    started = Terminal(tmp_path)
    for name in ("nginx.conf", "opa/https.yaml"):
        copy = tmp_path / "deploy" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / "deploy" / name).read_text()
        # Its workers would be another user, which cannot open the folders of tests.
        user = "user root;\n" if name == "nginx.conf" and os.getuid() == 0 else ""
        copy.write_text(user + text.replace("8443", started.ports["8443"]))
    yield started
    started.end("")


def test_the_commands_of_the_page_lead_to_a_fleet(terminal: Terminal) -> None:
    ran = []
    for language, text in BLOCK.findall(PAGE):
        if language == "yaml":
            (terminal.folder / "accounts.yaml").write_text(text)
        elif language == "sh":
            for line in text.splitlines():
                if line.startswith("ramgate run"):
                    address = f" --addr 127.0.0.1:{terminal.ports['8181']}"
                    assert terminal.run(line + address) == ""
                else:
                    ran.append((line, terminal.run(line)))
    printed = dict(ran)
    asked = [out for line, out in ran if line.startswith("ramgate check")]
    assert len(asked) == 2
    assert all(out.startswith("Allow  statement_allows: AliyunKafkaFullAccess") for out in asked)
    [status] = [out for line, out in printed.items() if line.startswith("ramgate status")]
    assert "\nserial    7\n" in status
    assert json.loads(printed["curl -s http://127.0.0.1:8282/health?bundles"]) == {}

    assert (terminal.folder / "fetched.tar.gz").read_bytes() == build(
        terminal.folder / "accounts.yaml"
    ).content
    assert [out for line, out in ran if line.endswith("|| echo refused")] == ["refused\n"]

    # a change of the accounts reaches the first OPA's folder, and an unsigned bundle is refused
    file, bundle = terminal.folder / "accounts.yaml", terminal.folder / "bundles/bundle.tar.gz"
    file.write_text(file.read_text().replace("AliyunKafkaFullAccess", "AliyunKafkaReadOnlyAccess"))
    newer = build(file)
    eventually(lambda: bundle.read_bytes() == newer.content, SECONDS)
    with Client(f"unix://{terminal.folder}/opa.sock") as client:
        assert client.revision() != newer.revision
        assert client.serial() == 7


def test_nginx_gives_nothing_without_a_token_and_nothing_but_the_bundle(
    terminal: Terminal,
) -> None:
    (terminal.folder / "bundles").mkdir()
    (terminal.folder / "bundles/bundle.tar.gz").write_text("bundle")
    (terminal.folder / "bundles/other").write_text("other")
    [block] = [text for language, text in BLOCK.findall(PAGE) if "nginx -p" in text]
    for line in block.splitlines():
        terminal.run(line)
    token = (terminal.folder / "token").read_text().strip()
    url = f"https://localhost:{terminal.ports['8443']}"
    good = f"-H 'Authorization: Bearer {token}'"
    for given, path, status in (
        ("", "bundle.tar.gz", 401),
        ("-H 'Authorization: Bearer x'", "bundle.tar.gz", 401),
        (f"-H 'Authorization: {token}'", "bundle.tar.gz", 401),
        (good, "bundle.tar.gz", 200),
        (f"{good} -X PUT -d x", "bundle.tar.gz", 403),
        (good, "other", 404),
        (good, "", 404),
        (good, "../token", 404),
    ):
        curl = f"curl -s --cacert tls.crt --path-as-is -o /dev/null -w '%{{http_code}}' {given}"
        assert terminal.run(f"{curl} {url}/{path}") in {str(status), "400"}, (given, path)


def test_the_page_has_five_steps_and_a_command_in_each() -> None:
    steps = re.split(r"^## \d\. ", PAGE, flags=re.MULTILINE)[1:]
    assert len(steps) == 5
    assert all("```sh\n" in step for step in steps)
