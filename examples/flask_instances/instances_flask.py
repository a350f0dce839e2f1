"""A Flask application about Kafka instances, in which ramgate decides about every request.

- `GET /health`: public;
- `GET /instances/<instance>/topics`: needs `alikafka:ListTopic`, and tells the address of the
  caller to the policies;
- `DELETE /instances/<instance>`: needs `alikafka:ReleaseInstance`;
- `POST /topics`: needs `alikafka:CreateTopic` on the instance that the body names.
"""

from __future__ import annotations

import atexit
import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from flask import Flask, abort, request

from ramgate import Client
from ramgate.middleware.flask import protect, require, requires
from ramgate.middleware.template import Template

if TYPE_CHECKING:
    from ramgate.middleware.wsgi import Environ

__all__ = ["create"]

INSTANCE: Final = "acs:alikafka:cn-hangzhou:1234567890123456:{instance}"
USER: Final = "acs:ram::1234567890123456:user/{}"
TOKENS: Final = {"alice-token": "alice", "bob-token": "bob", "carol-token": "carol"}


def arn_of(environ: Environ) -> str | None:
    """Return the ARN of the caller, or `None`. A real application verifies a signed token here."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    user = TOKENS.get(token) if scheme.lower() == "bearer" else None
    return user and USER.format(user)


def address_of(environ: Environ) -> dict[str, str]:
    """Return the condition key for the address that the request came from."""
    return {"acs:SourceIp": environ["REMOTE_ADDR"]}


def create(client: Client | None = None) -> Flask:
    """Return the application; without a client, it asks the OPA at `$RAMGATE_URL`."""
    if client is None:
        client = Client(os.environ.get("RAMGATE_URL", "http://127.0.0.1:8181"))
        atexit.register(client.close)
    topics = {"alikafka_post-cn-x": ["orders"], "alikafka_post-cn-y": []}
    app = Flask(__name__)
    protect(app, client=client, principal=arn_of, public={"/health"})

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.get("/instances/<instance>/topics")
    @requires("alikafka:ListTopic", INSTANCE, address_of)
    def list_topics(instance: str) -> list[str]:
        if instance not in topics:
            abort(HTTPStatus.NOT_FOUND)
        return topics[instance]

    @app.delete("/instances/<instance>")
    @requires("alikafka:ReleaseInstance", INSTANCE)
    def release(instance: str) -> dict[str, str]:
        if topics.pop(instance, None) is None:
            abort(HTTPStatus.NOT_FOUND)
        return {"released": instance}

    @app.post("/topics")
    def create_topic() -> tuple[list[str], HTTPStatus]:
        new = request.get_json()
        resource = Template(INSTANCE).fill(new)
        require("alikafka:CreateTopic", resource)
        if new["instance"] not in topics:
            abort(HTTPStatus.NOT_FOUND)
        topics[new["instance"]].append(str(new["topic"]))
        return topics[new["instance"]], HTTPStatus.CREATED

    return app
