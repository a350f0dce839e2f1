"""Serve the application with uvicorn until a signal ends it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from ramgate.web.app import HEAD_LIMIT
from ramgate.web.protocol import DeadlineProtocol

if TYPE_CHECKING:
    from ramgate.web.app import AuthzenApp

__all__ = ["listen", "serve"]

_OWNER_ONLY: Final = 0o600
_MOST_CONNECTIONS: Final = 2048
_KEEP_ALIVE_SECONDS: Final = 75
_GRACE_SECONDS: Final = 3


def listen(host: str, port: int, path: str = "") -> socket.socket:
    """Return a socket that listens on a host and a port, or on the unix socket at `path`.

    Only the owner can open the unix socket; a file at its path is replaced. Raises `OSError`.

    >>> with listen("127.0.0.1", 0) as listener:
    ...     listener.getsockname()[0]
    '127.0.0.1'
    """
    if not path:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_MOST_CONNECTIONS)
        # uvicorn writes head and body apart: with Nagle's algorithm, a client that delays its
        # acknowledgement gets the body 40 ms late. Accepted sockets inherit the option.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        # Before `listen` nobody can connect, so the file never has a mode that lets others in.
        listener.bind(path)
        Path(path).chmod(_OWNER_ONLY)
        listener.listen(_MOST_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def serve(app: AuthzenApp, listener: socket.socket, tls: tuple[Path, Path] | None = None) -> None:
    """Answer on a socket until SIGINT or SIGTERM, which is raised again at the end.

    `tls` has the files of a certificate and of its key. The server speaks HTTP/1.1 by `h11`, which
    limits the head of a request while it arrives, and shows the target as sent. The head has ten
    seconds.

    >>> def run(app: AuthzenApp) -> None:
    ...     with listen("127.0.0.1", 8182) as listener:
    ...         serve(app, listener)
    """
    cert, key = tls or (None, None)
    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        h11_max_incomplete_event_size=HEAD_LIMIT,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=cert,
        ssl_keyfile=key,
    )
    uvicorn.Server(config).run(sockets=[listener])
