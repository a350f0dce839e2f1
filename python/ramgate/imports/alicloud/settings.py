"""How an import reaches Alibaba Cloud: credentials, endpoints, limits."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from ramgate.imports.alicloud.calls import PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Pauses", "Settings", "endpoints"]

_PARALLEL: Final = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Pauses:
    """How often a call that failed is made, and the seconds between two attempts.

    The first pause is at most `first`, each further one at most twice as long, none longer than
    `longest`. With the defaults, a call is given up after about half a minute.

    >>> Pauses().attempts
    8
    """

    attempts: int = 8
    first: float = 0.5
    longest: float = 8.0


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The profile and the region, empty for the defaults, and how the products are reached.

    `hosts` has the host, with a port if it is not the default, of products that are elsewhere than
    the SDKs say.

    >>> Settings(hosts=endpoints(["ram.example.com", "sts=127.0.0.1:8443"])).hosts["Ims"]
    'ram.example.com'
    """

    profile: str = ""
    region: str = ""
    protocol: str = "https"
    hosts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    parallel: int = _PARALLEL
    pauses: Pauses = Pauses()


def endpoints(texts: Sequence[str]) -> dict[str, str]:
    """Return the host of each product from texts `HOST` (for all products) and `PRODUCT=HOST`.

    Raises `ValueError` for an unknown product, and for a URL.

    >>> endpoints(["ram=ram.example.com"])
    {'Ram': 'ram.example.com'}
    """
    names = {name.lower(): name for name in PRODUCTS}
    hosts: dict[str, str] = {}
    own: dict[str, str] = {}
    for text in texts:
        name, equals, host = text.partition("=")
        if equals and name.lower() not in names:
            known = ", ".join(sorted(names))
            raise ValueError(f"`{name}` is not a product of an endpoint: choose from {known}")
        if "/" in text:
            raise ValueError(f"`{text}` is not a host, or a host and a port: leave `/` out")
        if equals:
            own[names[name.lower()]] = host
        else:
            hosts = dict.fromkeys(PRODUCTS, text)
    return hosts | own
