"""Send the bytes of a request that no library would write."""

from __future__ import annotations

import socket

_SECONDS = 10.0


def send_raw(port: int, head: str) -> int:
    """Send the head of a request, and return the status; 0 if the connection is only closed."""
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        with connection.makefile("rb") as lines:
            first = lines.readline().split()
    return int(first[1]) if len(first) > 1 else 0
