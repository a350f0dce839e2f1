"""Requests byte by byte, and accounts in which `eve` may do everything but with one instance."""

from __future__ import annotations

import socket

# The token of bob in the examples: he is `eve` here.
EVE = "Authorization: Bearer bob-token"
ALICE = "Authorization: Bearer alice-token"
CAROL = "Authorization: Bearer carol-token"
ACCOUNTS = """
accounts:
  "1234567890123456":
    policies:
      all-but-y:
        Version: "1"
        Statement:
          - {Effect: Allow, Action: "alikafka:*", Resource: "acs:alikafka:*:1234567890123456:*"}
          - Effect: Deny
            Action: "alikafka:*"
            Resource: "acs:alikafka:*:1234567890123456:alikafka_post-cn-y"
    users:
      alice: {policies: [AliyunKafkaFullAccess]}
      bob: {policies: [all-but-y]}
      carol: {}
"""
SECONDS = 20
Y = "/instances/alikafka_post-cn-y"


def send(address: tuple[str, int], text: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes the connection."""
    with socket.create_connection(address, SECONDS) as connection:
        connection.sendall(text)
        found = b""
        while part := connection.recv(65_536):
            found += part
        return found


def ask(
    address: tuple[str, int], target: str, *headers: str, method: str = "DELETE"
) -> tuple[int, str]:
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]
    found = send(address, "\r\n".join(lines).encode("latin-1"))
    head, _, body = found.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()
