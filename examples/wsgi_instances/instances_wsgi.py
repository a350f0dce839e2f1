"""A plain WSGI application about Kafka instances, in which ramgate decides about every request.

- `GET /health`: public;
- `GET /instances/{instance}/topics`: needs `alikafka:ListTopic`, and tells the address of the
  caller to the policies;
- `DELETE /instances/{instance}`: needs `alikafka:ReleaseInstance`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import make_server

from ramgate import Client
from ramgate.middleware.template import Template
from ramgate.middleware.wsgi import RamgateMiddleware, require, requires

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ramgate.middleware.wsgi import App, Environ, StartResponse

__all__ = ["create", "main"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}
ROUTE: Final = re.compile(r"(GET|DELETE) /instances/([^/]*)(/topics)?")


def arn_of(environ: Environ) -> str | None:
    """Return the ARN of the caller, or `None`. A real application verifies a signed token here."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    return user and USER.format(user)


class Instances:
    """The application; ramgate answers the errors that it does not handle."""

    def __init__(self) -> None:
        self._topics = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, body = "200 OK", self._answer(environ)
        except KeyError:
            status, body = "404 Not Found", "there is nothing here"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    def _answer(self, environ: Environ) -> object:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if asked == "GET /health":
            return "ok"
        route = ROUTE.fullmatch(asked)
        match route and route.groups():
            case "GET", instance, "/topics":
                address = {"acs:SourceIp": environ["REMOTE_ADDR"]}
                resource = Template(INSTANCE).fill({"instance": instance})
                require("alikafka:ListTopic", resource, address)
                return self._topics[instance]
            case "DELETE", instance, None:
                return self._release(instance=instance)
        raise KeyError(asked)

    @requires("alikafka:ReleaseInstance", INSTANCE)
    def _release(self, *, instance: str) -> object:
        del self._topics[instance]
        return {"released": instance}


def create(client: Client) -> App:
    """Return the application, which asks with the client."""
    return RamgateMiddleware(Instances(), client=client, principal=arn_of, public={"/health"})


def main(port: int) -> None:
    """Serve until Ctrl-C; the URL of OPA is `$RAMGATE_URL`. Any server for WSGI will do."""
    with (
        Client(os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181")) as client,
        make_server("127.0.0.1", port, create(client)) as server,
    ):
        print(f"running on http://127.0.0.1:{server.server_port}")  # noqa: T201 - for the terminal
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
