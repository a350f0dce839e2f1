from __future__ import annotations

import pytest

from ramgate.sidecar.sidecar import Sidecar
from tiny_bundle import tiny_bundle


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accounts": "x", "bundle": tiny_bundle()}, "exclude each other"),
        ({"addresses": []}, "at least one address"),
        ({"addresses": "127.0.0.1:0"}, "must be a list"),
        ({"addresses": ["nonsense"]}, "is not an address: write `host:port`"),
        ({"addresses": ["127.0.0.1:0", ":0"]}, "^`:0` needs a token: other machines can reach it"),
        ({"addresses": ["10.0.0.1:0"]}, "`--token-file FILE` to the command, or `token` in Python"),
        ({"token": ""}, "visible ASCII"),
        ({"token": "two words"}, "visible ASCII"),
        ({"token": "x" * 4097}, "1 to 4096"),
        ({"runtime": "container", "addresses": ["unix:///x"]}, "one loopback address"),
        ({"runtime": "container", "addresses": [":1"], "token": "x"}, "one loopback address"),
        ({"runtime": "container", "addresses": ["127.0.0.1:0"] * 2}, "one loopback address"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Sidecar(**arguments)  # type: ignore[arg-type]


def test_the_error_for_an_exposed_address_has_the_reason_and_both_remedies() -> None:
    with pytest.raises(ValueError, match="needs a token") as caught:
        Sidecar(addresses=["0.0.0.0:8181"])
    assert str(caught.value) == (
        "`0.0.0.0:8181` needs a token: other machines can reach it, and without a token OPA shows "
        "everyone all policies and accounts; "
        "add `--token-file FILE` to the command, or `token` in Python"
    )
    Sidecar(addresses=["0.0.0.0:8181"], token="s3cret")  # noqa: S106 - a test's own
