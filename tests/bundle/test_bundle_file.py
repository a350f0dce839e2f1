from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from ramgate import InvalidFiles, UnreadableFiles
from ramgate.bundle.builder import Builder, build
from ramgate.bundle.bundle_file import BundleFile, read_bundle


def packed(*files: tuple[str, bytes | None]) -> bytes:
    """Return an archive of files; None is a directory."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            if data is None:
                member.type = tarfile.DIRTYPE
            member.size = len(data or b"")
            archive.addfile(member, io.BytesIO(data or b""))
    return content.getvalue()


@pytest.mark.parametrize("name", [".manifest", "./.manifest", "/.manifest"])
def test_a_bundle_has_its_revision_and_its_serial(name: str) -> None:
    content = packed(("a", b""), (name, b'{"revision": "r-1", "metadata": {"serial": 7}}'))
    bundle = read_bundle(content, "x")
    assert (bundle.content, bundle.revision, bundle.serial) == (content, "r-1", 7)
    assert (bundle.counts, bundle.example) == ({}, {})
    built = build()
    assert read_bundle(built.content, "x").revision == built.revision
    assert read_bundle(built.content, "x").serial is None


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty file"),
        (b"text", "not a gzip file"),
        (build().content[:100], "Compressed file ended"),
        (packed(("a", b"")), "it has no manifest"),
        (packed(*[("a", b"")] * 1001, (".manifest", b'{"revision": "1"}')), "it has no manifest"),
        (packed((".manifest", None)), "it has no manifest"),
        (packed((".manifest", b"{}")), "missing required field `revision`"),
        (packed((".manifest", b'{"revision": ""}')), "it has no revision"),
        (packed((".manifest", b'{"revision": "a\\"b"}')), "it has no revision"),
        (packed((".manifest", b'{"revision": "1", "metadata": {"serial": -1}}')), ">= 0"),
        (packed((".manifest", b'{"revision": "1"}'.ljust(70_000))), None),
        (packed((".manifest", b'{"revision": "1"'.ljust(70_000) + b"}")), "truncated"),
    ],
    # a name for each, since the bytes of an archive have the time in them
    ids=map(str, range(12)),
)
def test_anything_else_is_refused(content: bytes, cause: str | None) -> None:
    if cause is None:
        assert read_bundle(content, "x").revision == "1"
        return
    with pytest.raises(InvalidFiles, match=r"^x: is not a bundle of `ramgate build`: ") as refused:
        read_bundle(content, "x")
    assert cause in str(refused.value)


def bundle(revision: str, serial: int | None = None) -> bytes:
    metadata = "" if serial is None else f', "metadata": {{"serial": {serial}}}'
    return packed((".manifest", f'{{"revision": "{revision}"{metadata}}}'.encode()))


def test_a_changed_file_counts_once_two_looks_agree(tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_bytes(bundle("1"))
    watched = BundleFile(file)
    assert watched.build().revision == "1"
    assert watched.look("1") is None
    file.write_bytes(bundle("2")[:50])
    assert watched.look("1") is None
    file.write_bytes(bundle("2"))
    assert watched.look("1") is None
    found = watched.look("1")
    assert found is not None
    assert found.revision == "2"
    assert watched.look("1") is None
    file.write_bytes(bundle("2") + b"\0")
    assert watched.look("2") is None
    assert watched.look("2") is None


@pytest.mark.parametrize("kind", [tarfile.CONTTYPE, b"Z"])
def test_a_manifest_is_a_file_like_those_that_opa_reads(kind: bytes) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for text, type_ in ((b'{"revision": "forged"}', kind), (b'{"revision": "1"}', b"0")):
            member = tarfile.TarInfo(".manifest")
            member.type, member.size = type_, len(text)
            archive.addfile(member, io.BytesIO(text))
    assert read_bundle(content.getvalue(), "x").revision == "1"


def test_an_archive_with_headers_for_all_members_is_refused() -> None:
    content = io.BytesIO()
    headers = {"path": "other"}
    with tarfile.open(
        fileobj=content, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers
    ) as archive:
        archive.addfile(tarfile.TarInfo(".manifest"), io.BytesIO(b""))
    with pytest.raises(InvalidFiles, match="headers for all members"):
        read_bundle(content.getvalue(), "x")


def faulty(file: Path) -> BundleFile:
    """Return the watch of a file that was a bundle, and whose fault has been raised."""
    file.write_bytes(bundle("1"))
    watched = BundleFile(file)
    watched.build()
    file.write_bytes(b"text")
    assert watched.look("1") is None
    with pytest.raises(InvalidFiles):
        watched.look("1")
    return watched


def test_a_fault_ends_with_the_bundle_before_it(tmp_path: Path) -> None:
    watched = faulty(tmp_path / "b")
    (tmp_path / "b").write_bytes(bundle("1"))
    assert watched.look("1") is None
    found = watched.look("1")
    assert found is not None
    assert found.revision == "1"
    assert watched.look("1") is None


def test_a_file_that_is_no_bundle_is_a_fault_once(tmp_path: Path) -> None:
    assert faulty(tmp_path / "b").look("1") is None


def test_a_file_that_cannot_be_read_is_told_once_and_keeps_its_bundle(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "b"
    watched = BundleFile(file, told.append)
    with pytest.raises(UnreadableFiles, match="No such file"):
        watched.build()
    file.write_bytes(bundle("1"))
    watched.build()
    file.unlink()
    for _ in range(2):
        assert watched.look("1") is None
        assert watched.unread == [file]
    os.mkfifo(file)
    assert watched.look("1") is None
    kept = "the bundle that was read before stays in use"
    assert told == [f"{file}: No such file or directory: {kept}"]
    file.unlink()
    file.write_bytes(bundle("1"))
    assert watched.look("1") is None
    assert watched.unread == []
    with pytest.raises(UnreadableFiles, match="is not a regular file"):
        BundleFile(Path("/dev/null")).build()


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (7, 8, None),
        (7, 7, None),
        (None, None, None),
        (None, 1, None),
        (7, 6, "has the serial 6, which is older than 7"),
        (7, None, "has no serial, which is older than 7"),
    ],
)
def test_an_older_serial_never_follows(
    tmp_path: Path, before: int | None, after: int | None, fault: str | None
) -> None:
    file = tmp_path / "b"
    file.write_bytes(bundle("1", before))
    watched = BundleFile(file)
    assert watched.build().serial == before
    file.write_bytes(bundle("2", after))
    assert watched.look("1") is None
    if fault is None:
        found = watched.look("1")
        assert found is not None
        assert found.serial == after
    else:
        with pytest.raises(InvalidFiles, match=fault):
            watched.look("1")
        assert watched.look("1") is None


def test_only_a_bundle_that_opa_decides_by_raises_the_serial(tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_bytes(bundle("1", 7))
    watched = BundleFile(file)
    watched.build()
    for revision, serial in (("forged", 2**53 - 1), ("2", 8)):
        file.write_bytes(bundle(revision, serial))
        assert watched.look("1") is None
        found = watched.look("1")
        assert found is not None
        assert found.revision == revision
        if serial == 8:
            watched.keep(found)
    file.write_bytes(bundle("3", 7))
    assert watched.look("2") is None
    with pytest.raises(InvalidFiles, match="has the serial 7, which is older than 8"):
        watched.look("2")


@pytest.mark.parametrize(("serial", "fits"), [(None, False), (6, False), (7, True), (8, True)])
def test_the_first_bundle_has_at_least_the_serial_that_is_asked_for(
    tmp_path: Path, serial: int | None, *, fits: bool
) -> None:
    file = tmp_path / "b"
    file.write_bytes(bundle("1", serial))
    watched = BundleFile(file, at_least=7)
    if fits:
        assert watched.build().serial == serial
    else:
        with pytest.raises(InvalidFiles, match="older than 7"):
            watched.build()


def test_a_builder_gives_its_bundles_the_serial() -> None:
    built = Builder(serial=7).build()
    assert built.serial == 7
    assert read_bundle(built.content, "x").serial == 7
