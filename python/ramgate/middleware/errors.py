"""The errors of a request that gets no decision, besides those of the client.

Each of them is a `RamgateError`:

- `Unauthenticated`: the request has no principal;
- `InvalidResource`: a path value cannot stand in a resource;
- `InvalidTemplate`: a template is no ARN, or has a placeholder without a value;
- `PrincipalError`: the function `principal` failed, or returned no text;
- `Undecided`: the application would succeed, and there is no decision.
"""

from __future__ import annotations

from ramgate.errors import RamgateError

__all__ = [
    "InvalidResource",
    "InvalidTemplate",
    "PrincipalError",
    "Unauthenticated",
    "Undecided",
]


class Unauthenticated(RamgateError):
    """The request has no principal: the function `principal` returned `None` or an empty text.

    >>> from ramgate.middleware.current import Current
    >>> Current().identify(None)
    Traceback (most recent call last):
    ramgate.middleware.errors.Unauthenticated: the request has no principal
    """


class InvalidResource(RamgateError):
    """A path value cannot stand in a resource. The text names the value, and does not show it.

    >>> from ramgate.middleware.template import Template
    >>> Template("acs:alikafka:cn-hangzhou:1234567890123456:{instance}").fill({"instance": "*"})
    Traceback (most recent call last):
    ramgate.middleware.errors.InvalidResource: `instance` cannot stand in a resource: ...
    """


class InvalidTemplate(RamgateError, ValueError):
    """A template is not the ARN of a resource, or the route has no value for its placeholder.

    >>> from ramgate.middleware.template import Template
    >>> Template("{instance}")
    Traceback (most recent call last):
    ramgate.middleware.errors.InvalidTemplate: `{instance}` is not a template of a resource: ...
    """


class PrincipalError(RamgateError):
    """The function `principal` raised an error, or returned something else than a printable text.

    >>> from ramgate.middleware.current import Current
    >>> Current().identify(7)
    Traceback (most recent call last):
    ramgate.middleware.errors.PrincipalError: `principal` must return a text or `None`, not `int`
    """


class Undecided(RamgateError):
    """The application would succeed without a decision.

    With `verify`, nobody asked for one. Or a requirement was cancelled, as by a timeout of
    the application.

    >>> from ramgate.middleware.current import Current
    >>> Current().verify()
    Traceback (most recent call last):
    ramgate.middleware.errors.Undecided: the response was held back: no decision was asked for
    """
