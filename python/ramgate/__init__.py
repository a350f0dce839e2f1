"""Alibaba Cloud RAM policies, decided by a stock Open Policy Agent beside your application.

    from ramgate import Client

    with Client("http://127.0.0.1:8181") as client:
        decision = client.decide(principal, action, resource)

A name is imported when it is first used: every pytest run loads this package for its plugin, and a
client needs no YAML parser.
"""

from importlib import import_module

TYPE_CHECKING = False  # `typing` would be half of the time that the import takes

if TYPE_CHECKING:
    from ramgate.async_client import AsyncClient
    from ramgate.client import Client
    from ramgate.decision import Decision, Request, Simulation, Statement
    from ramgate.errors import (
        AccessDenied,
        AnswerError,
        EditError,
        FeatureDenied,
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
    from ramgate.service_linked_role import Creation, Deletion, Feature, Loss, Remedy, Usage
    from ramgate.sidecar import Sidecar
    from ramgate.translation import translate

__all__ = [
    "AccessDenied",
    "AnswerError",
    "AsyncClient",
    "Client",
    "Creation",
    "Decision",
    "Deletion",
    "EditError",
    "Fault",
    "Feature",
    "FeatureDenied",
    "InvalidFiles",
    "InvalidPolicy",
    "InvalidRequest",
    "Loss",
    "OpaUnavailable",
    "RamgateError",
    "Remedy",
    "Request",
    "Sidecar",
    "SidecarError",
    "Simulation",
    "Statement",
    "TransportError",
    "UnreadableFiles",
    "Usage",
    "translate",
]

_MODULES = {
    "AsyncClient": "async_client",
    "Client": "client",
    "Creation": "service_linked_role",
    "Decision": "decision",
    "Deletion": "service_linked_role",
    "Fault": "faults",
    "Feature": "service_linked_role",
    "Loss": "service_linked_role",
    "Remedy": "service_linked_role",
    "Request": "decision",
    "Sidecar": "sidecar",
    "Simulation": "decision",
    "Statement": "decision",
    "Usage": "service_linked_role",
    "translate": "translation",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
