from __future__ import annotations

import codecs
import io
import itertools
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parsing import faults
from ramgate.documents import source
from ramgate.documents.source import (
    STANDARD_INPUT,
    Unquoted,
    argument_path,
    content,
    decode,
    embedded,
    inside,
    read,
)
from ramgate.errors import InvalidFiles, UnreadableFiles

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_file_is_read_by_its_name(tmp_path: Path) -> None:
    for name, text in (("a.yaml", "a: b"), ("a.json", '{"a": "b"}'), ("a", "a: b")):
        path = tmp_path / name
        path.write_text(text)
        assert read(path).value == {"a": "b"}
    (tmp_path / "b.json").write_text("a: b")
    with pytest.raises(InvalidFiles, match=r"b\.json:1: is not strict JSON: expecting value"):
        read(tmp_path / "b.json")


def test_a_file_is_named_in_its_findings(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: b\na: c")
    found = read(path, root="")
    assert faults(found) == [f"{path}:2: a: key `a` is given twice, first in line 1"]


def test_an_unreadable_file_is_reported_with_the_reason(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "gone.yaml", "there is no such file"),
        (tmp_path, "is a directory, not a file"),
        (tmp_path / "file" / "below", "cannot be read: not a directory"),
    ):
        (tmp_path / "file").touch()
        with pytest.raises(UnreadableFiles) as refused:
            read(path)
        assert str(refused.value) == f"{path}: {reason}"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "is a FIFO, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
    ],
)
def test_a_path_that_is_not_a_file_is_reported_without_opening_it(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    """Opening a FIFO took for ever, and reading `/dev/zero` took 64 MiB."""
    make(tmp_path / "a.yaml")
    with pytest.raises(UnreadableFiles) as refused:
        read(tmp_path / "a.yaml")
    assert str(refused.value) == f"{tmp_path}/a.yaml: {reason}"


def test_a_file_that_changes_while_it_is_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that writes in place left a valid document with half of its denials."""
    path = tmp_path / "a.yaml"
    path.write_text("a: b\n")
    sizes = itertools.count()
    monkeypatch.setattr("ramgate.documents.source.version", lambda _: next(sizes))
    with pytest.raises(UnreadableFiles) as refused:
        read(path)
    assert str(refused.value) == f"{path}: changed while it was read"


def test_a_file_without_permission_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    path = tmp_path / "a.yaml"
    path.touch()
    monkeypatch.setattr("ramgate.documents.source.os.open", refuse)
    with pytest.raises(UnreadableFiles) as refused:
        read(path)
    assert str(refused.value) == f"{path}: cannot be read: permission denied"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x80", "is not UTF-8 text"),
        (b"\xff\xfea\x00", "is not UTF-8 text"),
        (b"\xed\xa0\x80", "is not UTF-8 text"),
        (b"\x7fELF\x02\x01\x01\x00", "is not YAML: "),
        (bytes(4096), "is not YAML: "),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    assert str(refused.value).startswith(f"{path}: {message}")


def test_a_huge_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert source.MAXIMUM_BYTES == 64 * 1024 * 1024
    monkeypatch.setattr(source, "MAXIMUM_BYTES", 8)
    path = tmp_path / "a.yaml"
    path.write_text("a: bcdef")
    assert read(path).value == {"a": "bcdef"}
    path.write_text("a: bcdefg")
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    assert str(refused.value) == f"{path}: is larger than 64 MiB"


# Standard input and pipes


def test_a_minus_names_standard_input_and_nothing_else_does() -> None:
    assert argument_path("-") == STANDARD_INPUT
    assert argument_path("./-") == Path("-")
    assert argument_path("a/-") == Path("a/-")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ('\n {"a": 1}', {"a": Unquoted("1")}),
        ("a: b", {"a": "b"}),
        ("[a]", ["a"]),
    ],
)
def test_standard_input_and_pipes_are_read_once(
    text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read(STANDARD_INPUT).value == value
    assert content(STANDARD_INPUT) == b""
    reading, writing = os.pipe()
    try:
        os.write(writing, text.encode())
        os.close(writing)
        assert read(Path(f"/dev/fd/{reading}")).value == value
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("name", "is_json"),
    [
        ("<stdin>", True),
        ("/dev/stdin", True),
        ("/dev/fd/63", True),
        ("/proc/self/fd/0", True),
        ("/dev/shm/a.json", True),  # noqa: S108 - a name, not a file
        ("/dev/shm/a.yaml", False),  # noqa: S108 - a name, not a file
        ("a", False),
    ],
)
def test_only_a_stream_is_json_by_its_first_character(name: str, *, is_json: bool) -> None:
    if is_json:
        with pytest.raises(InvalidFiles, match="is not strict JSON"):
            decode(b"{a: b}", name)
    else:
        assert decode(b"{a: b}", name).value == {"a": "b"}
    assert decode(b'{"a": "b"}', name).value == {"a": "b"}


def test_a_pipe_is_read_to_its_end() -> None:
    sent = b"a: " + b"b" * 200_000  # more than a pipe holds
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as file:
            file.write(sent)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert content(Path(f"/dev/fd/{reading}")) == sent
    finally:
        os.close(reading)
        writer.join()


def test_a_fault_of_standard_input_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{'a': 1}")))
    with pytest.raises(InvalidFiles, match=r"^<stdin>:1: is not strict JSON: "):
        read(STANDARD_INPUT)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a: b\na: c")))
    assert faults(read(STANDARD_INPUT)) == [
        "<stdin>:2: $.a: key `a` is given twice, first in line 1"
    ]


def test_a_closed_standard_input_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UnreadableFiles) as refused:
        read(STANDARD_INPUT)
    assert str(refused.value) == "<stdin>: cannot be read: standard input is closed"


@pytest.mark.parametrize(
    ("text", "is_json"),
    [("[{a: b}]", True), ('[ "a" ]', True), ("[[]]", True), ("[a]", False), ("- {}", False)],
)
def test_a_list_of_a_stream_is_json_by_its_first_item(text: str, *, is_json: bool) -> None:
    with pytest.raises(InvalidFiles, match="is not strict JSON" if is_json else "is not YAML"):
        decode(f"{text}}}".encode(), "<stdin>")


# Byte order marks


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "<stdin>"])
def test_a_byte_order_mark_is_left_out(name: str) -> None:
    document = decode(codecs.BOM_UTF8 + b'{"a": "b",\n"c": "d"}', name)
    assert document.value == {"a": "b", "c": "d"}
    assert document.place.findings.line_of(("c",)) == 2
    with pytest.raises(InvalidFiles, match="is empty"):
        decode(codecs.BOM_UTF8, name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_by_its_byte_order_mark(encoding: str) -> None:
    marks = {"utf-16": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    with pytest.raises(InvalidFiles) as refused:
        decode(marks[encoding] + '{"a": "\u00fc"}'.encode(encoding), "a.json")
    assert str(refused.value) == (
        "a.json: is not UTF-8 text but UTF-16, as the `>` of PowerShell writes it: save it as UTF-8"
    )


# Documents inside documents


def test_a_document_inside_another_has_findings_of_its_own_with_its_places() -> None:
    outer = decode(b'{"a": [\n{"b":\n{"c": "d"}}]}', "o.json")
    here = inside(outer.place / "a" / 0)
    deeper = inside(here / "b")
    (deeper / "c").fault("is wrong")
    assert [str(fault) for fault in deeper.findings.faults] == ["o.json:3: $.a[0].b.c: is wrong"]
    assert outer.place.findings.faults == here.findings.faults == []


def test_a_text_inside_a_document_has_the_line_of_the_text() -> None:
    outer = decode(b'a:\n  b: "{\\"c\\":\\n1, \\"c\\": 2}"', "o.yaml")
    found = embedded('{"c":\n1, "c": 2}', outer.place / "a" / "b")
    (found.place / "c").fault("is wrong")
    assert found.value == {"c": Unquoted("2")}
    assert [str(fault) for fault in found.place.findings.faults] == [
        "o.yaml:2: $.a.b.c: key `c` is given twice, first in line 1",
        "o.yaml:2: $.a.b.c: is wrong",
    ]
