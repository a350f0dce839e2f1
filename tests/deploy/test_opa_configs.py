"""Each configuration in deploy/opa/ runs an OPA that follows its real source."""

from __future__ import annotations

import contextlib
import re
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
from ramgate.bundle.builder import Builder, Bundle
from ramgate.bundle.signature import Signer
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
    assert folder.exists()
    with servers.s3() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in servers.S3_ENVIRONMENT.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=url).create_bucket(Bucket="bundles")
        place = target("s3://bundles/ramgate/bundle.tar.gz", endpoint=url)
        yield Source(
            place.put,
            {
                **servers.S3_ENVIRONMENT,
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
    given = re.findall(r"--set\S+", config.read_text())
    assert len(given) == 3
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
