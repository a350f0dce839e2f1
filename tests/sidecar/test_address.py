from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ramgate.errors import SidecarError
from ramgate.sidecar.address import Address


@pytest.fixture
def short_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path short enough for a socket, wherever tests keep their files."""
    monkeypatch.chdir(tmp_path)
    return Path("s.sock")


def listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


@pytest.mark.parametrize(
    ("text", "address", "url"),
    [
        ("127.0.0.1:8181", Address("127.0.0.1", 8181), "http://127.0.0.1:8181"),
        ("localhost:1", Address("localhost", 1), "http://localhost:1"),
        ("[::1]:65535", Address("::1", 65535), "http://[::1]:65535"),
        (":8181", Address("", 8181), "http://127.0.0.1:8181"),
        ("0.0.0.0:8181", Address("0.0.0.0", 8181), "http://127.0.0.1:8181"),  # noqa: S104 - not bound
        ("[::]:8181", Address("::", 8181), "http://[::1]:8181"),
        ("opa.example.com:80", Address("opa.example.com", 80), "http://opa.example.com:80"),
        ("unix:///run/a b%20,é.sock", Address(path="/run/a b%20,é.sock"), None),
    ],
)
def test_an_address_is_read_and_written(text: str, address: Address, url: str | None) -> None:
    assert Address.parse(text) == address
    assert str(address) == text
    assert address.url == (url or text)


def test_a_relative_socket_is_below_the_working_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert Address.parse("unix://opa.sock").path == "/opa.sock"


def test_an_abstract_socket_is_a_file_of_that_name() -> None:
    # An abstract socket has no owner, so every user of the machine could connect.
    assert Path(Address.parse("unix://@x").path).is_absolute()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8181",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:http",
        "::1:8181",
        "[::g]:8181",
        "[1.2.3.4]:8181",
        "http://127.0.0.1:8181",
        "user@host:1",
        "a b:1",
        "127.0.0.1:8181,0.0.0.0:8181",
        "unix:",
        "unix://",
        "unix:///a\0b",
    ],
)
def test_a_text_that_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address: write `host:port` or `unix://PATH`"):
        Address.parse(text)


def test_a_path_too_long_for_a_socket_is_refused() -> None:
    fits = "/" + "x" * 102
    assert Address.parse(f"unix://{fits}").path == fits
    with pytest.raises(ValueError, match="is too long for a socket: more than 103 bytes"):
        Address.parse(f"unix://{fits}x")


def test_a_flag_survives_opas_list_and_url_parsing() -> None:
    assert Address.parse("unix:///run/a,b c%?#.sock").flag == "unix:///run/a%2Cb%20c%25%3F%23.sock"
    assert Address.parse("[::1]:8181").flag == "[::1]:8181"


@pytest.mark.parametrize(
    "text", ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:///x"]
)
def test_loopback_and_sockets_are_private(text: str) -> None:
    assert Address.parse(text).private


@pytest.mark.parametrize(
    "text", [":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "localhost.example.com:1"]
)
def test_other_addresses_are_not_private(text: str) -> None:
    assert not Address.parse(text).private


def test_port_0_becomes_a_free_port() -> None:
    claimed = Address("127.0.0.1", 0).claim()
    assert claimed.port > 0
    assert claimed.host == "127.0.0.1"
    assert Address("", 0).claim().port > 0


def test_a_port_in_use_cannot_be_claimed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SidecarError, match=f"^cannot listen on `127.0.0.1:{port}`: .*in use$"):
            Address("127.0.0.1", port).claim()


def test_a_host_that_is_not_here_cannot_be_claimed() -> None:
    with pytest.raises(SidecarError, match=r"^cannot listen on `192\.0\.2\.1:1`: "):
        Address("192.0.2.1", 1).claim()
    with pytest.raises(SidecarError, match=r"^cannot listen on `\[2001:db8::1\]:1`: "):
        Address("2001:db8::1", 1).claim()


def test_a_path_with_nothing_there_can_be_claimed(short_path: Path) -> None:
    assert Address(path=str(short_path)).claim() == Address(path=str(short_path))


def test_only_a_leftover_socket_is_removed(short_path: Path) -> None:
    address = Address(path=str(short_path))
    address.remove_leftover()
    Address("127.0.0.1", 1).remove_leftover()
    with socket.socket(socket.AF_UNIX) as leftover:
        leftover.bind(address.path)
        leftover.listen()
        address.remove_leftover()
        assert Path(address.path).is_socket()
    address.remove_leftover()
    assert not Path(address.path).exists()
    Path(address.path).touch()
    address.remove_leftover()
    assert Path(address.path).exists()


def test_a_leftover_socket_can_be_claimed(short_path: Path) -> None:
    listening(short_path).close()
    assert short_path.is_socket()
    Address(path=str(short_path)).claim()


def test_a_socket_in_use_cannot_be_claimed(short_path: Path) -> None:
    with (
        listening(short_path),
        pytest.raises(SidecarError, match=r"^cannot .*: another process is listening there$"),
    ):
        Address(path=str(short_path)).claim()


def test_a_file_in_the_way_is_not_removed(short_path: Path) -> None:
    short_path.write_text("precious")
    with pytest.raises(SidecarError, match="the file exists and is not a socket"):
        Address(path=str(short_path)).claim()
    assert short_path.read_text() == "precious"


def test_a_socket_needs_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "s.sock"
    with pytest.raises(SidecarError, match="No such file or directory"):
        Address(path=str(path)).claim()


def test_connecting_reaches_what_listens(short_path: Path) -> None:
    with listening(short_path) as listener:
        Address(path=str(short_path)).connect(1).close()
        listener.accept()[0].close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Address("", listener.getsockname()[1]).connect(1).close()
        listener.accept()[0].close()


def test_connecting_to_nothing_fails(short_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Address(path=str(short_path)).connect(1)
