from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker.errors import DockerException, ImageNotFound, NotFound

from processes import BOUND, eventually
from ramgate import resources
from ramgate.errors import SidecarError
from ramgate.sidecar import container
from ramgate.sidecar.address import Address, AddressTakenError
from ramgate.sidecar.container import LABEL, Container
from ramgate.sidecar.settings import Settings
from ramgate.sidecar.sidecar import Sidecar
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "a-token"  # noqa: S105 - a test's own
BUNDLE = tiny_bundle()


class Thing:
    """A container, a network or an image of the engine below."""

    def __init__(self, home: Things, name: str) -> None:
        self._home = home
        self._name = name
        self.attrs: dict[str, Any] = {"NetworkSettings": {"Ports": {}}}
        self.output = [b"one\n", b"two\n"]
        self.stopped = False

    def logs(self, *, stream: bool, follow: bool) -> Iterator[bytes]:
        assert stream
        assert follow
        yield from self.output

    def stop(self, *, timeout: int) -> None:
        assert timeout > 0
        self.stopped = True

    def remove(self, **_: object) -> None:
        del self._home.there[self._name]
        self._home.removed.append(self._name)


class Things:
    def __init__(self, missing: type[NotFound]) -> None:
        self.there: dict[str, Thing] = {}
        self.made: list[dict[str, Any]] = []
        self.removed: list[str] = []
        self.failure: Exception | None = None
        self._missing = missing

    def get(self, name: str) -> Thing:
        if name not in self.there:
            raise self._missing(name)
        return self.there[name]

    def _make(self, name: str, **arguments: Any) -> Thing:  # noqa: ANN401 - Docker's own
        if self.failure:
            raise self.failure
        self.made.append(arguments)
        self.there[name] = Thing(self, name)
        return self.there[name]

    def create(self, name: str, **arguments: Any) -> Thing:  # noqa: ANN401
        return self._make(name, **arguments)

    def run(self, image: str, command: list[str], *, name: str, **arguments: Any) -> Thing:  # noqa: ANN401
        return self._make(name, image=image, command=command, **arguments)

    def build(self, *, tag: str, **arguments: Any) -> Thing:  # noqa: ANN401
        return self._make(tag, **arguments)


class Engine:
    """The part of a Docker engine that ramgate uses."""

    def __init__(self) -> None:
        self.images = Things(ImageNotFound)
        self.containers = Things(NotFound)
        self.networks = Things(NotFound)
        self.open = True

    def version(self) -> dict[str, str]:
        return {"Arch": "riscv64"}

    def close(self) -> None:
        self.open = False


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    return engine


@pytest.fixture
def opa(tmp_path: Path) -> Path:
    path = tmp_path / "linux-opa"
    path.write_bytes(b"\x7fELF")
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The jobs for the process that attends a container, which is not started."""
    jobs: list[dict[str, Any]] = []

    class Attendant:
        lines = ()

        def __init__(self, command: list[str], env: dict[str, str], report: object) -> None:
            assert command == [sys.executable, "-m", "ramgate.sidecar.container"]
            assert report is None
            jobs.append(json.loads(env["RAMGATE_CONTAINER"]))

        def wait(self, timeout: float) -> None:
            assert timeout == 0

        def stop(self) -> None:
            jobs.append({"stopped": True})

    monkeypatch.setattr(container, "Supervised", Attendant)
    return jobs


def start(opa: Path | None, *, address: str = "127.0.0.1:0", token: str | None = None) -> Container:
    settings = Settings((Address.parse(address),), token=token, opa=opa, runtime="container")
    return Container(settings, BUNDLE)


def test_the_image_is_opa_and_the_bundle_from_scratch(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    start(opa)
    (built,) = engine.images.made
    assert built["custom_context"]
    with tarfile.open(fileobj=built["fileobj"]) as context:
        files = {
            member.name: (oct(member.mode), context.extractfile(member).read())  # type: ignore[union-attr]
            for member in context
        }
    dockerfile = files.pop("Dockerfile")[1].decode().splitlines()
    assert files == {
        "opa": ("0o555", b"\x7fELF"),
        "opa-config.yaml": ("0o444", resources.path("opa-config.yaml").read_bytes()),
        "bundle.tar.gz": ("0o444", BUNDLE.content),
    }
    assert dockerfile[0] == "FROM scratch"
    assert "USER 65532:65532" in dockerfile
    assert started[0]["image"] in engine.images.there


def test_the_same_image_is_built_once(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    start(opa)
    start(opa)
    assert len(engine.images.made) == 1
    opa.write_bytes(b"another")
    start(opa)
    assert len(engine.images.made) == 2
    assert len({job["image"] for job in started}) == 2
    assert len({job["name"] for job in started}) == 3


def test_opa_is_the_one_for_the_engines_architecture(
    engine: Engine, opa: Path, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[tuple[str, str]] = []

    def install_for(system: str, architecture: str) -> Path:
        requested.append((system, architecture))
        return opa

    monkeypatch.setattr("ramgate.sidecar.container.install_opa_for", install_for)
    start(None)
    assert requested == [("linux", "riscv64")]
    assert started
    assert engine.images.made


def test_opa_receives_its_address_and_its_bundle(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    start(opa, address="localhost:0", token=TOKEN)
    (job,) = started
    assert job["host"] == "127.0.0.1"
    assert job["port"] is None
    assert "--addr=0.0.0.0:8181" in job["command"]
    assert "--authorization=basic" in job["command"]
    assert job["command"][-1] == "--set=bundles.ramgate.resource=file:///bundle.tar.gz"
    assert TOKEN not in str(job)
    assert engine.open


def test_a_port_in_use_is_named(engine: Engine, opa: Path, started: list[dict[str, Any]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SidecarError, match=rf"^cannot listen on `127.0.0.1:{port}`"):
            start(opa, address=f"127.0.0.1:{port}")
    start(opa, address=f"127.0.0.1:{port}")
    assert started[0]["port"] == port
    assert engine.open


def test_the_address_is_known_once_the_container_runs(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    runtime = start(opa)
    assert not runtime.addresses
    running = engine.containers.create(started[0]["name"])
    assert not runtime.addresses
    bindings = {"8181/tcp": None}
    running.attrs["NetworkSettings"]["Ports"] = bindings
    assert not runtime.addresses
    bindings["8181/tcp"] = [{"HostIp": "127.0.0.1", "HostPort": "4711"}]  # type: ignore[assignment]
    assert runtime.addresses == (Address("127.0.0.1", 4711),)
    del engine.containers.there[started[0]["name"]]
    assert runtime.addresses == (Address("127.0.0.1", 4711),)


def test_a_container_is_ready_once_it_has_an_address_and_opa_is_healthy(
    engine: Engine, opa: Path, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy: set[Address] = set()
    revisions = {Address("127.0.0.1", 4711): "another"}
    monkeypatch.setattr(container, "is_healthy", healthy.__contains__)
    monkeypatch.setattr(container, "active_revision", lambda address, _: revisions[address])
    runtime = start(opa)
    assert not runtime.ready()
    running = engine.containers.create(started[0]["name"])
    ports = {"8181/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4711"}]}
    running.attrs["NetworkSettings"]["Ports"] = ports
    assert not runtime.ready()
    healthy.add(Address("127.0.0.1", 4711))
    assert not runtime.ready()
    revisions[Address("127.0.0.1", 4711)] = BUNDLE.revision
    assert runtime.ready()
    assert not runtime.refused


def test_a_container_that_has_ended_runs_again_on_its_port(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    runtime = start(opa)
    runtime.restart()  # before it has got a port
    assert started[1] == started[0]
    running = engine.containers.create(started[0]["name"])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"8181/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
        running.attrs["NetworkSettings"]["Ports"] = ports
        assert runtime.addresses == (Address("127.0.0.1", port),)
        with pytest.raises(AddressTakenError, match="Address already in use"):
            runtime.restart()
    runtime.restart()
    assert started[2:] == [{**started[0], "port": port}]
    assert running.stopped
    runtime.await_news(0)


def test_a_container_that_the_engine_does_not_remove_cannot_run_again(
    engine: Engine, opa: Path, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(_name: str) -> Thing:
        raise DockerException("gone")

    runtime = start(opa)
    monkeypatch.setattr(engine.containers, "get", get)
    with pytest.raises(SidecarError, match=r"^cannot create the container: gone$"):
        runtime.restart()
    assert len(started) == 1


def test_stopping_leaves_nothing_but_the_image(
    engine: Engine, opa: Path, started: list[dict[str, Any]]
) -> None:
    runtime = start(opa)
    name = started[0]["name"]
    running = engine.containers.create(name)
    engine.networks.create(name)
    runtime.stop()
    assert started[1] == {"stopped": True}
    assert running.stopped
    assert engine.containers.removed == engine.networks.removed == [name]
    assert engine.images.there
    assert not engine.open


def test_an_engine_that_goes_away_does_not_keep_a_sidecar_from_stopping(
    engine: Engine, opa: Path, started: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = start(opa)

    def get(_name: str) -> Thing:
        raise ConnectionError

    monkeypatch.setattr(engine.containers, "get", get)
    assert runtime.addresses == ()
    runtime.stop()
    assert started[1] == {"stopped": True}
    assert not engine.open


@pytest.mark.usefixtures("started")
def test_a_bundle_cannot_be_published_into_an_image(engine: Engine, opa: Path) -> None:
    runtime = start(opa)
    assert runtime.bundle is BUNDLE
    with pytest.raises(SidecarError, match=r"is part of its image: start another sidecar$"):
        runtime.want(BUNDLE)
    assert engine.open


@pytest.mark.usefixtures("started")
def test_a_refusal_of_the_engine_is_an_error(engine: Engine, opa: Path) -> None:
    engine.images.failure = DockerException("no space left on device")
    with pytest.raises(
        SidecarError, match=r"^cannot create the container: no space left on device$"
    ):
        start(opa)
    assert not engine.open


@pytest.mark.usefixtures("started")
def test_an_interrupted_start_closes_the_connection(engine: Engine, opa: Path) -> None:
    engine.images.failure = SidecarError("interrupted")
    with pytest.raises(SidecarError, match=r"^interrupted$"):
        start(opa)
    assert not engine.open


def test_without_an_engine_the_sidecar_does_not_start(
    opa: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def from_env() -> Engine:
        raise DockerException("connection refused")

    monkeypatch.setattr(docker, "from_env", from_env)
    with pytest.raises(SidecarError, match=r"^no Docker engine answers: connection refused$"):
        Sidecar(bundle=BUNDLE, runtime="container", opa=opa).start()


def test_without_the_docker_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ramgate.sidecar.container", None)
    with pytest.raises(
        SidecarError, match=r"^the docker SDK is missing: .*pip install 'ramgate\[docker\]'`$"
    ):
        Sidecar(bundle=BUNDLE, runtime="container").start()


# The attending process's code, run in this process.


@pytest.fixture
def attend(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Prepare the job of the attending process, and check that it leaves nothing behind."""
    job = {
        "image": "ramgate:tag",
        "name": "ramgate-name",
        "command": ["--server"],
        "environment": {"NAME": "value"},
        "host": "127.0.0.1",
        "port": None,
    }
    monkeypatch.setenv("RAMGATE_CONTAINER", json.dumps(job))
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)
    assert engine.containers.there == engine.networks.there == {}
    assert not engine.open


def run_module() -> None:
    runpy.run_path(container.__file__, run_name="__main__")


@pytest.mark.usefixtures("attend")
def test_a_container_has_no_rights_beyond_its_port(
    engine: Engine, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    run_module()
    assert capfdbinary.readouterr().out == b"one\ntwo\n"
    (run,) = engine.containers.made
    assert run == {
        "image": "ramgate:tag",
        "command": ["--server"],
        "detach": True,
        "network": "ramgate-name",
        "ports": {"8181/tcp": ("127.0.0.1", None)},
        "environment": {"NAME": "value"},
        "labels": {LABEL: ""},
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
    }
    assert engine.networks.made == [{"labels": {LABEL: ""}}]


@pytest.mark.usefixtures("attend")
def test_sigterm_removes_the_container(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def logs(_self: Thing, **_: object) -> Iterator[bytes]:
        yield b""
        os.kill(os.getpid(), signal.SIGTERM)
        yield b""

    monkeypatch.setattr(Thing, "logs", logs)
    with pytest.raises(SystemExit):
        run_module()
    assert engine.containers.removed == engine.networks.removed == ["ramgate-name"]


@pytest.mark.usefixtures("attend")
def test_a_container_that_cannot_run_prints_the_reason(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.containers.failure = DockerException("port is already allocated")
    run_module()
    assert capsys.readouterr().out == "error: port is already allocated\n"
    assert engine.networks.removed == ["ramgate-name"]


# With a real Docker engine.


def engine_here() -> docker.DockerClient | str:
    """Return the local engine, or the reason why there is none."""
    try:
        return docker.from_env()
    except (DockerException, OSError) as error:
        return str(error)


@pytest.fixture
def docker_engine() -> Iterator[docker.DockerClient]:
    with warnings.catch_warnings():
        # docker's client leaks its socket if no engine answers
        warnings.simplefilter("ignore", ResourceWarning)
        engine = engine_here()
        gc.collect()
    if isinstance(engine, str):
        pytest.skip(f"no Docker engine answers: {engine}")
    with contextlib.closing(engine):
        yield engine
        for things in (engine.containers, engine.networks):
            assert things.list(filters={"label": LABEL}) == []


def decide(url: str, token: str | None = None) -> object:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url}/v1/data/ram/authz/decision", b"{}", headers)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=BOUND) as response:  # noqa: S310
        return json.load(response)["result"]


def test_a_sidecar_runs_in_a_container(docker_engine: docker.DockerClient) -> None:
    log = io.StringIO()
    sidecar = Sidecar(bundle=BUNDLE, runtime="container", token=TOKEN, decision_log=True, log=log)
    with sidecar:
        assert decide(sidecar.url, TOKEN) == "tiny"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            decide(sidecar.url)
        (running,) = docker_engine.containers.list(filters={"label": LABEL})
        config, host = running.attrs["Config"], running.attrs["HostConfig"]
        assert config["User"] == "65532:65532"
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert not host["Privileged"]
        assert running.attrs["Mounts"] == []
        binding = {"HostIp": "127.0.0.1", "HostPort": sidecar.url.rpartition(":")[2]}
        assert running.ports["8181/tcp"] == [binding]
        assert TOKEN not in json.dumps(running.attrs)
        eventually(lambda: '"decision_id"' in log.getvalue())

    # and is removed when the process that started it is killed
    program = (
        f"import sys, time\nsys.path.insert(0, {str(Path(__file__).parents[1] / 'support')!r})\n"
        "from tiny_bundle import tiny_bundle\nfrom ramgate.sidecar.sidecar import Sidecar\n"
        "with Sidecar(bundle=tiny_bundle(), runtime='container') as sidecar:\n"
        "    print(sidecar.url, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert decide(parent.stdout.readline().decode().strip()) == "tiny"
        parent.kill()
    eventually(lambda: docker_engine.networks.list(filters={"label": LABEL}) == [])
