"""Bundles reach real servers, in one step, and OPAs that poll them."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import boto3
import pytest

import servers
from ramgate.bundle.builder import Bundle, build
from ramgate.errors import PublishError
from ramgate.publish.target import target
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE, TWO = tiny_bundle("1"), tiny_bundle("2")


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with servers.s3() as url:
        yield url


@pytest.fixture
def bucket(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a bucket that is there."""
    for name, value in servers.S3_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=s3_url).create_bucket(Bucket="bundles")
    return "bundles"


def test_a_file_is_replaced_in_one_step_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "b"
    place = target(str(file))
    place.put(ONE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    inode = file.stat().st_ino
    file.chmod(0o640)
    place.put(TWO)
    assert file.read_bytes() == TWO.content
    assert file.stat().st_ino != inode
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_new_content_is_a_later_second(tmp_path: Path) -> None:
    file = tmp_path / "b"
    place = target(str(file))
    place.put(ONE)
    before = int(file.stat().st_mtime) + 60.5  # so that the clock does not make it later
    os.utime(file, (before, before))
    place.put(ONE)
    assert file.stat().st_mtime == before
    place.put(TWO)
    assert int(file.stat().st_mtime) > int(before)


def test_a_file_gets_the_mode_that_is_stated(tmp_path: Path) -> None:
    file = tmp_path / "b"
    for _ in range(2):
        target(str(file), file_mode=0o644).put(ONE)
        assert stat.S_IMODE(file.stat().st_mode) == 0o644
        file.chmod(0o600)


def test_the_same_bundle_is_not_written_again(tmp_path: Path) -> None:
    file = tmp_path / "b"
    target(str(file)).put(ONE)
    before = file.stat()
    target(str(file)).put(ONE)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def etag(url: str, known: str | None = None) -> tuple[int, str]:
    request = Request(url, headers={} if known is None else {"If-None-Match": known})  # noqa: S310 - loopback
    try:
        with urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
            return response.status, response.headers["ETag"]
    except OSError as error:
        return error.code, ""  # type: ignore[attr-defined]


def test_two_changes_in_one_second_have_two_etags_at_a_real_nginx(tmp_path: Path) -> None:
    """nginx makes them of the size and the second: an OPA missed the second change for ever."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "nginx").mkdir()
    file, contents = root / "b", [Bundle(b"%d" % number, str(number), {}) for number in range(5)]
    with servers.nginx(tmp_path / "nginx", root) as url:
        seen = set()
        for bundle in contents:
            target(str(file), file_mode=0o644).put(bundle)
            status, tag = etag(f"{url}/b")
            assert status == 200
            seen.add(tag)
            assert etag(f"{url}/b", tag)[0] == 304
    assert len(seen) == len(contents)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"cannot write `.*/no/b`: no such file or directory"):
        target(str(tmp_path / "no" / "b")).put(ONE)
    (tmp_path / "d").mkdir()
    with pytest.raises(PublishError, match=r"cannot write `.*/d`: is a directory"):
        target(str(tmp_path / "d")).put(ONE)


def test_an_object_of_a_real_s3_server_is_replaced(s3_url: str, bucket: str) -> None:
    place = target(f"s3://{bucket}/a/b.tar.gz", endpoint=s3_url)
    client = boto3.client("s3", endpoint_url=s3_url)
    for bundle in (ONE, TWO):
        place.put(bundle)
        found = client.get_object(Bucket=bucket, Key="a/b.tar.gz")
        assert found["Body"].read() == bundle.content
        assert found["ContentType"] == "application/gzip"


def test_a_bucket_that_is_not_there_is_an_error(s3_url: str, bucket: str) -> None:
    with pytest.raises(PublishError, match=f"cannot write `s3://no-{bucket}/b`: .*NoSuchBucket"):
        target(f"s3://no-{bucket}/b", endpoint=s3_url).put(ONE)


def test_a_storage_that_does_not_answer_is_an_error(bucket: str) -> None:
    endpoint = f"http://127.0.0.1:{servers.free_port()}"
    with pytest.raises(PublishError, match="Could not connect"):
        target(f"s3://{bucket}/b", endpoint=endpoint).put(ONE)


def test_a_storage_on_another_machine_is_spoken_to_with_tls(bucket: str) -> None:
    for endpoint in ("http://storage.example.com", "http://192.0.2.1:9000"):
        with pytest.raises(ValueError, match="is another machine, and the bundle would travel in"):
            target(f"s3://{bucket}/b", endpoint=endpoint)
    plain = target(f"s3://{bucket}/b", endpoint="http://storage.example.com", plain_http=True)
    assert plain.name == f"s3://{bucket}/b"
    assert target(f"s3://{bucket}/b", endpoint="https://storage.example.com").name == plain.name


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_a_storage_that_boto3_finds_is_spoken_to_with_tls(
    bucket: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://storage.example.com")
    with pytest.raises(ValueError, match=r"`http://storage.example.com` is another machine"):
        target(f"s3://{bucket}/b")
    assert target(f"s3://{bucket}/b", plain_http=True).name == f"s3://{bucket}/b"
    assert target(f"s3://{bucket}/b", endpoint="https://storage.example.org")


@pytest.mark.parametrize("endpoint", ["storage", "http://"])
def test_an_endpoint_that_is_no_url_is_an_error(bucket: str, endpoint: str) -> None:
    with pytest.raises(PublishError, match="Invalid endpoint"):
        target(f"s3://{bucket}/b", endpoint=endpoint)


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ramgate.publish.s3", None)
    with pytest.raises(PublishError, match=r"run `pip install 'ramgate\[publish\]'`"):
        target("s3://bundles/b")


@pytest.mark.parametrize("url", ["s3://bundles", "s3://x/b", "s3:///b", "s3://bundles/a b"])
def test_an_s3_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not of the form s3://BUCKET/KEY"):
        target(url)


@pytest.mark.parametrize("url", ["http://x/b", "file:///b"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not a path, `s3://BUCKET/KEY` or"):
        target(url)


def manifest(host: str, name: str, tag: str) -> dict[str, Any]:
    request = Request(
        f"http://{host}/v2/{name}/manifests/{tag}",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
    )
    with urlopen(request, timeout=10) as response:  # noqa: S310 - loopback
        found: dict[str, Any] = json.loads(response.read())
        return found


def test_a_tag_of_a_real_registry_is_moved(tmp_path: Path) -> None:
    with servers.registry(tmp_path) as host:
        place = target(f"oci://{host}/team/ramgate:latest")
        digests = []
        for bundle in (ONE, TWO, ONE):
            place.put(bundle)
            found = manifest(host, "team/ramgate", "latest")
            [layer] = found["layers"]
            digests.append(layer["digest"])
            with urlopen(f"http://{host}/v2/team/ramgate/blobs/{layer['digest']}") as blob:
                assert blob.read() == bundle.content
        assert digests[0] == digests[2] != digests[1]


def test_two_publishers_agree_to_the_byte(tmp_path: Path) -> None:
    with servers.registry(tmp_path) as host:
        for name in ("one", "two"):
            target(f"oci://{host}/{name}:1").put(build())
        assert manifest(host, "one", "1") == manifest(host, "two", "1")
