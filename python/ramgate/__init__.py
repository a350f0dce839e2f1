"""Alibaba Cloud RAM policies, decided by a stock Open Policy Agent beside your application.

from ramgate import Client

with Client("http://127.0.0.1:8181") as client:
    decision = client.decide(principal, action, resource)
"""

from ramgate.client import AsyncClient, Client
from ramgate.decision import Decision, Request, Simulation, Statement
from ramgate.errors import (
    AccessDenied,
    AnswerError,
    InvalidFiles,
    InvalidPolicy,
    InvalidRequest,
    OpaUnavailable,
    RamgateError,
    SidecarError,
    TransportError,
    UnreadableFiles,
)
from ramgate.faults import Fault
from ramgate.sidecar import Sidecar
from ramgate.translate import translate

__all__ = [
    "AccessDenied",
    "AnswerError",
    "AsyncClient",
    "Client",
    "Decision",
    "Fault",
    "InvalidFiles",
    "InvalidPolicy",
    "InvalidRequest",
    "OpaUnavailable",
    "RamgateError",
    "Request",
    "Sidecar",
    "SidecarError",
    "Simulation",
    "Statement",
    "TransportError",
    "UnreadableFiles",
    "translate",
]
