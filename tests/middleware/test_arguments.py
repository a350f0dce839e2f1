from __future__ import annotations

import pytest

from ramgate import AsyncClient, Client
from ramgate.middleware.arguments import check_challenge, check_client, check_principal


def test_a_client_must_be_of_the_kind_that_fits_the_application() -> None:
    with Client() as client:
        check_client(client, Client)
        with pytest.raises(TypeError, match="must be an `AsyncClient`, not `Client`"):
            check_client(client, AsyncClient)
    with pytest.raises(TypeError, match="must be a `Client`, not `AsyncClient`"):
        check_client(AsyncClient(), Client)


def test_a_principal_must_be_a_function() -> None:
    check_principal(lambda scope: scope)
    with pytest.raises(TypeError, match="must be a function"):
        check_principal("acs:ram::1234567890123456:user/alice")


@pytest.mark.parametrize("challenge", ["", "Bearer\n", "Bearer\r\nx: y", "é", "\0"])
def test_a_challenge_must_be_the_text_of_a_header(challenge: str) -> None:
    check_challenge('Basic realm="x"')
    with pytest.raises(ValueError, match="printable text of a header"):
        check_challenge(challenge)
