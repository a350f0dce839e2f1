"""The arguments that every middleware takes: their checks, when the application starts."""

from __future__ import annotations

__all__ = ["check_challenge", "check_client", "check_principal"]


def check_client(given: object, kind: type) -> None:
    """Raise `TypeError` unless `given` is a client of this kind.

    >>> from ramgate import AsyncClient
    >>> check_client(client, AsyncClient)
    Traceback (most recent call last):
    TypeError: `client` must be an `AsyncClient`, not `Client`
    """
    if not isinstance(given, kind):
        article = "an" if kind.__name__.startswith("A") else "a"
        raise TypeError(
            f"`client` must be {article} `{kind.__name__}`, not `{type(given).__name__}`"
        )


def check_principal(given: object) -> None:
    """Raise `TypeError` unless `given` is a function.

    >>> check_principal("acs:ram::1234567890123456:user/alice")
    Traceback (most recent call last):
    TypeError: `principal` must be a function from the request to an ARN or `None`
    """
    if not callable(given):
        raise TypeError("`principal` must be a function from the request to an ARN or `None`")


def check_challenge(given: str) -> None:
    """Raise `ValueError` unless `given` can be the value of `WWW-Authenticate`.

    >>> check_challenge("")
    Traceback (most recent call last):
    ValueError: `challenge` must be the printable text of a header
    """
    if not given.isprintable() or not given.isascii() or not given:
        raise ValueError("`challenge` must be the printable text of a header")
