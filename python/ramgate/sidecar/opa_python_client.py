"""Connect opa-python-client, which comes with the extra `opa`, to a sidecar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.errors import SidecarError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opa_client.opa import OpaClient

    from ramgate.sidecar.address import Address

__all__ = ["connect"]


def connect(addresses: Sequence[Address], *, is_open: bool) -> OpaClient:
    """Return a client of the first TCP address; it has no unix sockets.

    Raises `SidecarError` if OPA is not open or has no TCP address, or if the package is missing.
    """
    try:
        from opa_client.opa import OpaClient  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SidecarError(
            f"opa-python-client is missing: {error}; run `pip install 'ramgate[opa]'`"
        ) from error
    reachable = [address for address in addresses if not address.path]
    if not reachable or not is_open:
        raise SidecarError(
            "opa-python-client needs OPA's whole API on a TCP address: "
            'create the sidecar with `addresses=["127.0.0.1:0"], open=True`'
        )
    host = reachable[0].url.removeprefix("http://").rpartition(":")[0]
    return OpaClient(host=host, port=reachable[0].port)
