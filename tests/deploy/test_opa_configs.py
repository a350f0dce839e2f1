"""Each configuration in deploy/opa/ runs an OPA that follows its real source."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from typing import TYPE_CHECKING, NamedTuple

import boto3
import pytest
import yaml

import servers
from authority import Authority
from command_line import ALLOWED
from keys import key_pair
from processes import eventually
from ramgate import Client, RamgateError
from ramgate.bundle.builder import Builder, Bundle, build
from ramgate.bundle.signature import Signer
from ramgate.publish.registry import RegistryTarget
from ramgate.publish.server import PublishServer
from ramgate.publish.target import target
from ramgate.sidecar.address import Address
from stock_opa import BOUND, CONFIGS, faster, opa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

OURS = yaml.safe_load((CONFIGS.parents[1] / "opa-config.yaml").read_text())
NAMES = sorted(path.stem for path in CONFIGS.glob("*.yaml"))
VARIABLE = re.compile(r"\$\{(\w+)\}")


class Source(NamedTuple):
    """A place that has a bundle, and the environment of an OPA that downloads it."""

    put: Callable[[Bundle], None]
    environment: Mapping[str, str]


@contextlib.contextmanager
def file(folder: Path) -> Iterator[Source]:
    path = folder / "bundle.tar.gz"
    yield Source(target(str(path)).put, {"RAMGATE_BUNDLE_FILE": str(path)})


@contextlib.contextmanager
def https(folder: Path) -> Iterator[Source]:
    root, token = folder / "root", folder / "token"
    root.mkdir()
    token.touch()
    place = target(str(root / "bundle.tar.gz"), file_mode=0o644)
    with servers.nginx(folder, root) as url:
        yield Source(
            place.put,
            {"RAMGATE_BUNDLE_URL": url, "RAMGATE_BUNDLE_TOKEN_FILE": str(token)},
        )


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[Source]:
    with servers.s3() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in servers.S3_ENVIRONMENT.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=url).create_bucket(Bucket="bundles")
        place = target("s3://bundles/ramgate/bundle.tar.gz", endpoint=url)
        credentials = folder / "credentials"
        credentials.write_text(
            "[default]\naws_access_key_id = user\naws_secret_access_key = secret\n"
        )
        yield Source(
            place.put,
            {
                "RAMGATE_CREDENTIALS_FILE": str(credentials),
                "RAMGATE_BUCKET_REGION": servers.S3_ENVIRONMENT["AWS_REGION"],
                "RAMGATE_BUNDLE_URL": f"{url}/bundles",
                "RAMGATE_BUNDLE_KEY": "ramgate/bundle.tar.gz",
            },
        )


@contextlib.contextmanager
def oci(folder: Path) -> Iterator[Source]:
    with servers.registry(folder) as host:
        yield Source(
            target(f"oci://{host}/ramgate:production").put,
            {
                "RAMGATE_REGISTRY_URL": f"http://{host}",
                "RAMGATE_REGISTRY_IMAGE": f"{host}/ramgate:production",
            },
        )


@contextlib.contextmanager
def mtls(folder: Path) -> Iterator[Source]:
    authority = Authority(folder)
    shown = authority.sign("opa")
    with PublishServer(Address.parse("127.0.0.1:0"), authority.server, authority.cert) as server:
        served = server.serve("the accounts")
        served.admit_certificate("CN:opa")
        yield Source(
            served.put,
            {
                "RAMGATE_BUNDLE_URL": server.url,
                "RAMGATE_CLIENT_CERT_FILE": str(shown.cert),
                "RAMGATE_CLIENT_KEY_FILE": str(shown.key),
                "SSL_CERT_FILE": str(authority.cert),
            },
        )


SOURCES = {"file": file, "https": https, "mtls": mtls, "s3": s3, "oci": oci}


def test_there_is_a_source_for_each_configuration() -> None:
    assert sorted(SOURCES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_opa_with_the_configuration_decides_and_follows_its_source(
    tmp_path: Path, name: str
) -> None:
    first, second = Builder(serial=1).build(), Builder(serial=2).build()
    with SOURCES[name](tmp_path) as source:
        source.put(first)
        config = faster(CONFIGS / f"{name}.yaml", tmp_path)
        with opa(config, source.environment, tmp_path) as url, Client(url) as client:
            assert (client.revision(), bool(client.decide(*ALLOWED))) == (first.revision, True)
            source.put(second)
            if name != "file":
                eventually(lambda: client.revision() == second.revision, BOUND)
        if name == "file":
            with opa(config, source.environment, tmp_path) as url, Client(url) as client:
                assert client.revision() == second.revision


@pytest.mark.parametrize("name", NAMES)
def test_an_opa_with_a_public_key_takes_signed_bundles_only(tmp_path: Path, name: str) -> None:
    pair = key_pair(tmp_path, "signing", kind="RS256")
    signed = Builder(serial=1, signer=Signer(pair.private)).build()
    config = faster(CONFIGS / f"{name}.yaml", tmp_path)
    given, _ = flags(config, tmp_path)
    with SOURCES[name](tmp_path) as source:
        source.put(signed)
        with (
            opa(config, source.environment, tmp_path, given) as url,
            Client(url) as client,
        ):
            assert client.revision() == signed.revision
            if name == "file":
                return
            source.put(Builder(serial=2).build())
            newer = Builder(serial=3, signer=Signer(pair.private)).build()
            for _ in range(5):
                with contextlib.suppress(RamgateError):
                    assert client.revision() == signed.revision
            source.put(newer)
            eventually(lambda: client.revision() != signed.revision, BOUND)
            assert client.revision() == newer.revision


@pytest.mark.parametrize("name", sorted({*NAMES} - {"file"}))
def test_an_opa_that_keeps_its_signed_bundle_starts_without_its_source(
    tmp_path: Path, name: str
) -> None:
    pair = key_pair(tmp_path, "signing", kind="RS256")
    signed = Builder(serial=1, signer=Signer(pair.private)).build()
    config = faster(CONFIGS / f"{name}.yaml", tmp_path)
    given, persistence = flags(config, tmp_path)
    with SOURCES[name](tmp_path) as source:
        source.put(signed)
        with opa(config, source.environment, tmp_path, given + persistence) as url:
            kept = tmp_path / "state/bundles/ramgate/bundle.tar.gz"
            eventually(kept.exists, BOUND)
            with Client(url) as client:
                assert client.revision() == signed.revision
    with (
        opa(config, source.environment, tmp_path, given + persistence) as url,
        Client(url) as client,
    ):
        assert client.revision() == signed.revision
        assert client.decide(*ALLOWED)
    kept.write_bytes(Builder(serial=2).build().content)
    refused = [*given, *persistence, "--ready-timeout=2"]
    with (
        pytest.raises(AssertionError),
        opa(config, source.environment, tmp_path, refused),
    ):
        pass


def flags(config: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Return the flags in the comment of a configuration: of signatures, and of persistence."""
    found = re.findall(r"--set\S+", config.read_text())
    persistence = [one.replace("/var/lib/ramgate", f"{folder}/state") for one in found[3:]]
    assert len(persistence) == (0 if "file://" in config.read_text() else 2)
    return found[:3], persistence


def test_an_opa_shows_the_password_of_its_registry_to_the_registry_alone(tmp_path: Path) -> None:
    bundle = build()
    password = tmp_path / "password"
    password.write_text("user:s3cret\n")
    commented = (CONFIGS / "oci.yaml").read_text()
    text = re.sub(r"^    # ", "    ", commented, flags=re.MULTILINE)
    assert text.count("token_path: ${RAMGATE_REGISTRY_PASSWORD_FILE}") == 1
    with servers.registry(tmp_path, has_password=True) as host:
        RegistryTarget(f"oci://{host}/ramgate:production", lambda: ("user", "s3cret")).put(bundle)
        config = tmp_path / "opa.yaml"
        config.write_text(text)
        environment = {
            "RAMGATE_REGISTRY_URL": f"http://{host}",
            "RAMGATE_REGISTRY_IMAGE": f"{host}/ramgate:production",
            "RAMGATE_REGISTRY_PASSWORD_FILE": str(password),
        }
        with opa(config, environment, tmp_path) as url, Client(url) as client:
            assert client.revision() == bundle.revision
            connection = http.client.HTTPConnection("opa", timeout=BOUND)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(url.removeprefix("unix://"))
            query = {"query": "shown := opa.runtime()"}
            connection.request("POST", "/v1/query", json.dumps(query))
            shown = connection.getresponse().read().decode()
            connection.close()
    assert "RAMGATE_REGISTRY_PASSWORD_FILE" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_names_the_variables_to_fill_in(name: str) -> None:
    text = (CONFIGS / f"{name}.yaml").read_text()
    head, _, rest = text.partition("\n\n")
    named = set(re.findall(r"^#   (RAMGATE_\w+) ", head, re.MULTILINE))
    used = VARIABLE.findall(re.sub(r"^ *#.*$", "", rest, flags=re.MULTILINE))
    assert named == set(used)
    assert f"--config-file={name}.yaml" in head


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_is_that_of_the_configuration_of_run(name: str) -> None:
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    for key in ("default_decision", "default_authorization_decision", "status", "server"):
        assert config[key] == OURS[key]
    assert list(config["bundles"]) == ["ramgate"]
