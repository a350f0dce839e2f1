"""The decision log: rotated and followed files, streams and uploads; failures are told."""

from __future__ import annotations

import asyncio
import gzip
import http.server
import io
import json
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from processes import eventually
from ramgate import Sidecar
from ramgate.bundle.builder import build
from ramgate.client.authzen_client import AuthzenClient
from ramgate.errors import SidecarError
from ramgate.sidecar import decision_log
from ramgate.sidecar.decision_log import FileLog, StreamLog, Upload
from ramgate.sidecar.output import last_error, writer_to
from sidecars import ask
from tiny_bundle import tiny_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRY = json.dumps({"level": "info", "type": "openpolicyagent.org/decision_logs"}) + "\n"
TOKEN = "s3cret"  # noqa: S105 - a test's own


def numbers(path: Path) -> list[int]:
    """Return the numbers in the lines of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_new_file_is_the_owners_alone_and_an_old_one_is_appended_to(tmp_path: Path) -> None:
    for number in (1, 2):
        with FileLog(tmp_path / "log") as log:
            log.write(f"{number}\n")
    assert numbers(tmp_path / "log") == [1, 2]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


@pytest.mark.parametrize(("mode", "warns"), [(0o600, False), (0o640, True), (0o602, True)])
def test_a_file_that_others_can_use_is_told(tmp_path: Path, mode: int, *, warns: bool) -> None:
    told: list[str] = []
    path = tmp_path / "log"
    path.touch()
    path.chmod(mode)
    FileLog(path, told.append).close()
    warning = f"the decision log `{path}` is open to other users: run `chmod 600` on it"
    assert told == [warning] * warns
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_files_are_rotated_by_size_and_the_oldest_is_removed(tmp_path: Path) -> None:
    with FileLog(tmp_path / "log", most_bytes=4, keep=2) as log:
        for number in range(9):
            log.write(f"{number}\n")
    assert {path.name: numbers(path) for path in tmp_path.iterdir()} == {
        "log": [8],
        "log.1": [6, 7],
        "log.2": [4, 5],
    }
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_new_file_that_cannot_be_opened_costs_no_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FileLog(tmp_path / "log", most_bytes=4, keep=3) as log:
        for number in range(6):
            log.write(f"{number}\n")
        before = {path.name: path.read_text() for path in tmp_path.iterdir()}

        def fails(*_: object) -> int:
            raise OSError("too many open files")

        monkeypatch.setattr("ramgate.sidecar.decision_log.os.open", fails)
        for number in range(6, 10):
            log.write(f"{number}\n")
        monkeypatch.undo()
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept["log.2"] == before["log.1"]
    assert kept["log.3"] == before["log.2"]
    assert kept["log.1"].startswith(before["log"])


def test_a_file_that_cannot_be_rotated_grows_and_loses_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise PermissionError("permission denied")

    told: list[str] = []
    path = tmp_path / "log"
    with FileLog(path, told.append, most_bytes=4, keep=1) as log:
        with monkeypatch.context() as patched:
            patched.setattr("pathlib.Path.replace", fails)
            for number in range(5):
                log.write(f"{number}\n")
        assert numbers(path) == [0, 1, 2, 3, 4]
        log.write("5\n")
    assert told == [f"cannot rotate the decision log `{path}`: permission denied; it grows"]
    assert numbers(path) == [5]


def test_an_entry_larger_than_a_file_is_written_whole(tmp_path: Path) -> None:
    with FileLog(tmp_path / "log", most_bytes=4, keep=1) as log:
        log.write("1234567890\n")
        log.write("2\n")
    assert (numbers(tmp_path / "log.1"), numbers(tmp_path / "log")) == ([1234567890], [2])


def test_without_files_to_keep_the_file_grows(tmp_path: Path) -> None:
    with FileLog(tmp_path / "log", most_bytes=1, keep=0) as log:
        for number in range(3):
            log.write(f"{number}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
    assert numbers(tmp_path / "log") == [0, 1, 2]


@pytest.mark.parametrize("new", [None, "7\n"])
def test_a_file_that_another_program_has_renamed_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: str | None
) -> None:
    monkeypatch.setattr(decision_log, "_LOOK_SECONDS", 0.0)
    path = tmp_path / "log"
    with FileLog(path) as log:
        log.write("1\n")
        log.write("2\n")
        path.rename(tmp_path / "log-20260131")
        if new is not None:
            path.write_text(new)
        log.write("3\n")
    assert numbers(tmp_path / "log-20260131") == [1, 2]
    assert numbers(path) == [*([] if new is None else [7]), 3]


def test_a_file_that_is_gone_when_it_is_full_is_begun_again(tmp_path: Path) -> None:
    with FileLog(tmp_path / "log", most_bytes=2, keep=1) as log:
        log.write("1\n")
        (tmp_path / "log").unlink()
        log.write("2\n")
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_log_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    for name, cause in (
        ("no/log", "No such file or directory"),
        (".", "Is a directory"),
        ("fifo", "it is not a regular file; `-` is stdout"),
    ):
        with pytest.raises(SidecarError, match=f"cannot write the decision log `.*`: {cause}"):
            FileLog(tmp_path / name)
    os.close(reader)


def test_lost_entries_are_told_once_and_a_cut_line_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    write = os.write
    with FileLog(tmp_path / "log", told.append) as log:
        log.write("1\n")
        with monkeypatch.context() as full:
            full.setattr(os, "write", lambda file, content: write(file, content[:1]))
            log.write("22\n")
            full.setattr(os, "write", lambda *_: write(-1, b""))
            log.write("33\n")
        log.write("4\n")
        log.write("5\n")
    assert (tmp_path / "log").read_text() == "1\n2\n4\n5\n"
    name = f"decision log `{tmp_path}/log`"
    assert told == [
        f"cannot write the {name}: no space left on device; entries are lost",
        f"the {name} is written again",
    ]


def test_an_entry_after_the_end_is_lost_and_told(tmp_path: Path) -> None:
    told: list[str] = []
    log = FileLog(tmp_path / "log", told.append)
    log.close()
    log.close()
    log.write("1\n")
    assert len(told) == 1
    assert (tmp_path / "log").read_text() == ""


def test_a_closed_stream_stops_nothing() -> None:
    told: list[str] = []
    stream = io.StringIO()
    log = StreamLog(stream, told.append)
    log.write("1\n")
    assert stream.getvalue() == "1\n"
    stream.close()
    log.write("2\n")
    log.write("3\n")
    cause = "I/O operation on closed file"
    assert told == [f"cannot write the decision log on its stream: {cause}; entries are lost"]


def test_entries_are_told_from_all_other_lines() -> None:
    decisions, other = io.StringIO(), io.StringIO()
    write = writer_to(other, StreamLog(decisions))
    assert write is not None
    kind = "openpolicyagent.org/decision_logs"
    errors = [
        json.dumps({"level": "error", "msg": f'"type":"{kind}"'}) + "\n",
        f"error: {kind}\n",
        '{"level": "error"}\n',
    ]
    for line in (ENTRY, *errors):
        write(line)
    assert decisions.getvalue() == ENTRY
    assert other.getvalue() == "".join(errors)
    write = writer_to(None, StreamLog(decisions))
    assert write is not None
    for line in (ENTRY, *errors):
        write(line)
    assert decisions.getvalue() == 2 * ENTRY
    assert writer_to(None, True) is None  # noqa: FBT003 - on, without a receiver


def test_an_entry_that_is_nested_too_deeply_to_be_read_is_one() -> None:
    decisions, other = io.StringIO(), io.StringIO()
    write = writer_to(other, StreamLog(decisions))
    assert write is not None
    deep = ENTRY.rstrip()[:-1] + ', "input": ' + "[" * 5_000 + "]" * 5_000 + "}\n"
    write(deep)
    write(ENTRY)
    assert decisions.getvalue() == deep + ENTRY
    assert other.getvalue() == ""
    assert last_error([deep]).startswith('{"')


def test_decisions_of_a_real_opa_go_to_the_file_without_policy_documents(tmp_path: Path) -> None:
    log, other = tmp_path / "log", io.StringIO()
    body = {"input": {"principal": "alice", "session_policies": [{"Hidden": "document"}]}}
    with (
        FileLog(log) as decisions,
        Sidecar(bundle=tiny_bundle(), decision_log=decisions, log=other) as sidecar,
    ):
        ask(sidecar.url, body=body)
        eventually(lambda: b"\n" in log.read_bytes())
    [entry] = numbers(log)
    assert entry["input"] == {"principal": "alice"}  # type: ignore[index]
    assert other.getvalue() == ""


def test_secrets_of_a_proxied_request_stay_out_of_the_log_of_a_real_opa(tmp_path: Path) -> None:
    log = tmp_path / "log"
    headers = {name: ["secret"] for name in ("x-api-key", "x~y", "x%41+z")}
    asked = {"method": "GET", "path": "/r", "query": "token=secret", "headers": headers}

    async def ask_route(url: str) -> int:
        async with AuthzenClient(url) as client:
            return (await client.ask("route", json.dumps(asked).encode())).status

    with (
        FileLog(log) as decisions,
        Sidecar(bundle=build(), decision_log=decisions) as sidecar,
    ):
        assert asyncio.run(ask_route(sidecar.url)) == 403
        eventually(lambda: b"\n" in log.read_bytes())
    assert "secret" not in log.read_text()
    [entry] = numbers(log)
    assert entry["input"] == {"method": "GET", "path": "/r", "headers": {}}  # type: ignore[index]


class Received(http.server.BaseHTTPRequestHandler):
    """Keeps the uploads of an OPA."""

    uploads: list[tuple[str, str | None, list[dict[str, Any]]]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        entries = json.loads(gzip.decompress(content))
        self.uploads.append((self.path, self.headers["Authorization"], entries))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, str | None, list[dict[str, Any]]]]]]:
    """Yield the URL of a server for decision logs, and its uploads."""
    handler = type("Handler", (Received,), {"uploads": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler.uploads  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "target"), [("", "/logs"), ("/a,b/{c}", "/a,b/%7Bc%7D"), ("/x/", "/x")]
)
def test_a_real_opa_uploads_its_entries_with_the_token(
    tmp_path: Path,
    collector: tuple[str, list[tuple[str, str | None, list[dict[str, Any]]]]],
    path: str,
    target: str,
) -> None:
    url, uploads = collector
    token = tmp_path / "a,token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    log = io.StringIO()
    with Sidecar(
        bundle=tiny_bundle(), decision_log=Upload(f"{url}{path}", token), log=log
    ) as sidecar:
        ask(sidecar.url, body={"input": {"policies": {}, "principal": "alice"}})
        eventually(lambda: bool(uploads))
    [(posted, authorization, [entry])] = uploads
    assert (posted, authorization) == (target, f"Bearer {TOKEN}")
    assert entry["input"] == {"principal": "alice"}
    assert log.getvalue() == ""


def test_entries_are_uploaded_before_opa_ends(
    collector: tuple[str, list[tuple[str, str | None, list[dict[str, Any]]]]],
) -> None:
    url, uploads = collector
    with Sidecar(bundle=tiny_bundle(), decision_log=Upload(url)) as sidecar:
        ask(sidecar.url, body={"input": {}})
    [(_, authorization, [entry])] = uploads
    assert (authorization, entry["input"]) == (None, {})


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("file:///log", "is not an http:// or https:// URL"),
        ("https:///log", "is not an http:// or https:// URL"),
        ("https://me:secret@logs.example.com", "has a user, a query or a fragment"),
        ("https://logs.example.com/a?b=c", "has a user, a query or a fragment"),
        ("https://logs.example.com/a#b", "has a user, a query or a fragment"),
        ("http://logs.example.com", "would travel in clear text"),
    ],
)
def test_a_url_that_does_not_fit_is_refused(url: str, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        Upload(url)


def test_another_machine_may_be_behind_a_proxy() -> None:
    flags = Upload("http://logs.example.com", plain_http=True).flags
    assert flags[0] == "--set=services.ramgate_decisions.url=http://logs.example.com"


def test_the_log_of_a_container_is_not_uploaded() -> None:
    with pytest.raises(ValueError, match="a container reaches no other program"):
        Sidecar(runtime="container", decision_log=Upload("http://127.0.0.1:1"))
