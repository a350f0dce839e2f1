"""Make load without wrk: `python loop.py URL BODIES SECONDS CONNECTIONS`.

The output is the line of figures that `load.lua` prints. A loop in Python is slower than the floor,
so every ratio to the floor comes out too high.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_WHOLE = 65536


class _Connection(NamedTuple):
    socket: socket.socket
    received: bytearray
    sent_at: list[float]


def main() -> None:
    """Post the bodies in turn, and print the figures."""
    url, file, seconds, connections = sys.argv[1:]
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    asked = itertools.cycle(
        f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        for body in Path(file).read_bytes().splitlines()
    )
    latency: list[float] = []
    failed = 0
    with selectors.DefaultSelector() as ready:
        for _ in range(int(connections)):
            made = socket.create_connection((str(parts.hostname), parts.port or 80), timeout=60)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = _Connection(made, bytearray(), [time.perf_counter()])
            ready.register(made, selectors.EVENT_READ, connection)
            made.sendall(next(asked))
        began = time.perf_counter()
        while (now := time.perf_counter()) < began + float(seconds):
            for key, _ in ready.select(60):
                one: _Connection = key.data
                one.received.extend(one.socket.recv(_WHOLE))
                if not _is_whole(one.received):
                    continue
                failed += not one.received.startswith(b"HTTP/1.1 200")
                one.received.clear()
                now = time.perf_counter()
                latency.append(1e6 * (now - one.sent_at[0]))
                one.sent_at[0] = now
                one.socket.sendall(next(asked))
        micros = 1e6 * (time.perf_counter() - began)
        for key in list(ready.get_map().values()):
            key.data.socket.close()
    cuts = statistics.quantiles(latency, n=1000)
    figures = {
        "requests": len(latency),
        "micros": micros,
        "failed": failed,
        "latency": [cuts[499], cuts[899], cuts[989], cuts[998]],
    }
    sys.stdout.write(f"figures {json.dumps(figures)}\n")


def _is_whole(received: bytearray) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length:")
    if length:
        return len(body) >= int(length.split(b"\r\n", 1)[0])
    return received.endswith(b"0\r\n\r\n")  # OPA sends long responses chunked


if __name__ == "__main__":
    main()
