from __future__ import annotations

from typing import Any

import pytest

from ramgate.middleware.public_paths import PublicPaths

PUBLIC = PublicPaths({"/", "/docs", "/health/live", "/openapi.json"})


@pytest.mark.parametrize("path", ["/", "/docs", "/health/live", "/openapi.json"])
def test_an_equal_path_is_public(path: str) -> None:
    assert PUBLIC.contains(path)
    assert PUBLIC.contains(path, path.encode())
    assert PUBLIC.contains(path, path.encode() + b"?q=/../admin")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "/docs/",
        "//docs",
        "/docs//",
        "/DOCS",
        "/Docs",
        "/docs/..",
        "/docs/../admin",
        "/./docs",
        "/docs;x",
        "/docs;/../admin",
        "/docs\0",
        "/docs\n",
        "/docs ",
        "/docs?x",
        "/docs/admin",
        "/admin/docs",
        "/adocs",
        "/docsa",
        "docs",
        "/ｄocs",
        "\\docs",
    ],
)
def test_any_other_path_is_not_public(path: str) -> None:
    assert not PUBLIC.contains(path)
    assert not PUBLIC.contains(path, b"/docs")


@pytest.mark.parametrize(
    "raw", [b"/%64ocs", b"/docs%00", b"/docs%2f..%2fadmin", b"/x/../docs", b"//docs", b""]
)
def test_another_spelling_of_a_public_path_is_not_public(raw: bytes) -> None:
    assert not PUBLIC.contains("/docs", raw)


def test_nothing_is_public_by_default() -> None:
    assert not PublicPaths().contains("/")


@pytest.mark.parametrize(
    "path",
    ["", "docs", "/docs*", "//", "/a//b", "/../a", "/a/.", "/a b", "/é", "/a%20b", "/a?b", "/{id}"],
)
def test_a_path_with_several_spellings_is_refused_at_once(path: str) -> None:
    with pytest.raises(ValueError, match="is not a public path"):
        PublicPaths({path})


def test_a_text_is_not_a_set_of_paths() -> None:
    with pytest.raises(TypeError, match=r"must be a set of paths, such as `\{'/docs'\}`"):
        PublicPaths("/docs")


def test_paths_of_other_types_are_not_public() -> None:
    path: Any = b"/docs"
    assert not PUBLIC.contains(path)
