"""The files of deploy/ are valid, hardened, and agree with each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import servers

DEPLOY = Path(__file__).parents[2] / "deploy"
DATA = Path(__file__).parents[1] / "data"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
DOCKERFILES = sorted((DEPLOY / "docker").glob("*ockerfile"))
BIN = Path(sys.executable).parent
USER = "65532"
SECONDS = 60


def run(*command: str | Path) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"`{name}` is missing: install {package}")
    return found


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_a_unit_is_valid_and_its_exposure_is_at_most_two(tmp_path: Path, unit: Path) -> None:
    analyze = program("systemd-analyze", "systemd")
    (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/ramgate/bin", str(BIN)))
    run(analyze, "verify", tmp_path / unit.name)
    run(analyze, "security", "--offline=true", "--threshold=20", unit)


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_a_unit_is_not_ended_by_a_refused_call_and_is_started_again(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    assert {"SystemCallErrorNumber=EPERM", "Restart=on-failure", "StartLimitIntervalSec=0"} <= set(
        lines
    )


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_a_unit_starts_a_command_with_options_that_it_has(unit: Path) -> None:
    [command] = re.findall(
        r"^ExecStart=/opt/ramgate/bin/ramgate (.*)$", unit.read_text(), re.MULTILINE
    )
    name, *arguments = command.split()
    listed = run(BIN / "ramgate", name, "--help")
    options = [one for one in arguments if one.startswith("--")]
    assert options
    assert all(re.search(rf"{option}\b", listed) for option in options)


@pytest.mark.parametrize("file", DOCKERFILES, ids=[file.name for file in DOCKERFILES])
def test_a_dockerfile_has_no_fault(file: Path) -> None:
    run(BIN / "hadolint", file)
    assert f"\nUSER {USER}:{USER}\n" in file.read_text()


def documents() -> list[dict[str, Any]]:
    """Return the objects of the Kubernetes files."""
    names = ("app.yaml", "network-policy.yaml")
    return [yaml.safe_load((DEPLOY / "kubernetes" / name).read_text()) for name in names]


def test_the_kubernetes_files_are_valid_by_themselves() -> None:
    for name in ("app.yaml", "network-policy.yaml"):
        run(BIN / "kubernetes-validate", "--strict", DEPLOY / "kubernetes" / name)


def test_the_kustomization_builds_valid_objects(tmp_path: Path) -> None:
    built = run(program("kubectl", "kubectl"), "kustomize", DEPLOY / "kubernetes")
    (tmp_path / "built.yaml").write_text(built)
    run(BIN / "kubernetes-validate", "--strict", tmp_path / "built.yaml")
    objects = list(yaml.safe_load_all(built))
    assert [one["kind"] for one in objects] == ["ConfigMap", "Deployment", "NetworkPolicy"]
    [volume] = [
        one["configMap"]["name"]
        for one in objects[1]["spec"]["template"]["spec"]["volumes"]
        if "configMap" in one
    ]
    assert volume == objects[0]["metadata"]["name"]


def test_the_configuration_in_kubernetes_is_that_of_a_web_server() -> None:
    names = ("kubernetes/opa.yaml", "opa/https.yaml")
    one, other = ((DEPLOY / name).read_text() for name in names)
    assert one == other


def test_the_pod_has_no_privileges_and_asks_opa_over_a_socket_in_memory() -> None:
    app, policy = documents()
    pod = app["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    [opa], [main] = pod["initContainers"], pod["containers"]
    assert opa["restartPolicy"] == "Always"
    for container in (opa, main):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    assert "args" not in opa  # those of the image
    probes = {name: opa[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["port"] for probe in probes.values()} == {"diagnostics"}
    assert probes["startup"]["path"] == probes["readiness"]["path"] == "/health?bundles"
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert volumes["socket"]["emptyDir"]["medium"] == "Memory"
    mounted = {one["name"] for container in (opa, main) for one in container["volumeMounts"]}
    assert mounted == set(volumes)
    assert policy["spec"]["podSelector"]["matchLabels"] == app["spec"]["selector"]["matchLabels"]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    [metrics] = policy["spec"]["ingress"]
    assert [port["port"] for port in metrics["ports"]] == [8282]
    assert all(rule["to"] for rule in policy["spec"]["egress"])


def test_the_variables_of_the_configuration_are_set_in_the_pod_and_in_compose() -> None:
    text = re.sub(r"^ *#.*$", "", (DEPLOY / "opa/https.yaml").read_text(), flags=re.MULTILINE)
    needed = set(re.findall(r"\$\{(\w+)\}", text))
    [opa] = documents()[0]["spec"]["template"]["spec"]["initContainers"]
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())
    assert needed <= {one["name"] for one in opa["env"]}
    assert needed <= set(compose["services"]["opa"]["environment"])


def test_compose_publishes_no_port_and_names_only_volumes_that_it_has() -> None:
    compose = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())
    for service in compose["services"].values():
        assert "ports" not in service
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in compose["volumes"]
    # nothing is mounted below a folder that is mounted read-only
    nginx = [volume.split(":")[1] for volume in compose["services"]["bundles"]["volumes"]]
    assert not any(one.startswith(f"{other}/") for one in nginx for other in nginx)
    # a file that is mounted alone stays the old one when it is replaced
    assert "secrets" not in compose
    assert not any(one.endswith((".conf", ".crt", ".key")) for one in nginx)
    for name in ("publisher", "opa"):
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] == f"{USER}:{USER}"
    arguments: list[str] = compose["services"]["publisher"]["command"]
    listed = run(BIN / "ramgate", "publish", "--help")
    assert all(one in listed for one in arguments if one.startswith("--"))


def test_nginx_starts_in_the_folders_that_compose_mounts(tmp_path: Path) -> None:
    nginx = yaml.safe_load((DEPLOY / "docker/compose.yaml").read_text())["services"]["bundles"]
    for place in [*nginx["tmpfs"], *(volume.split(":")[1] for volume in nginx["volumes"])]:
        Path(f"{tmp_path}{place}").mkdir(parents=True)
    conf = tmp_path / "srv/ramgate/conf"
    (conf / "tokens.conf").write_text('"Bearer abc" 1;\n')
    for file in (DEPLOY / "nginx.conf", DATA / "tls.crt", DATA / "tls.key"):
        shutil.copy(file, conf)
    arguments = [f"{tmp_path}{one}" if one.startswith("/") else one for one in nginx["command"][1:]]
    run(Path(servers.program("nginx", "nginx-light")), *arguments, "-t")


@pytest.mark.parametrize("name", ["docker/Dockerfile", "kubernetes/app.yaml"])
def test_every_health_check_asks_for_the_bundle(name: str) -> None:
    assert "/health?bundles" in (DEPLOY / name).read_text()
