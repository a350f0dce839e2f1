"""Alibaba Cloud RAM policies, decided by a stock Open Policy Agent beside your application.

Start an OPA with `ramgate run`, or in Python with `Sidecar`, and ask it with a `Client`. Without
accounts of your own, it decides about the shipped example:

    >>> from ramgate import Client, Sidecar
    >>> with Sidecar() as sidecar, Client(sidecar.url) as client:
    ...     decision = client.decide(
    ...         "acs:ram::1234567890123456:user/alice",
    ...         "alikafka:ListTopic",
    ...         "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
    ...     )
    >>> decision.effect
    'Allow'

Each name is imported on its first use: every pytest run loads this package for its plugin, and a
client needs no YAML parser.
"""

from importlib import import_module

TYPE_CHECKING = False  # importing `typing` would double the import time

if TYPE_CHECKING:
    from ramgate.client.async_client import AsyncClient
    from ramgate.client.client import Client
    from ramgate.errors import (
        AnswerError,
        CloudError,
        EditError,
        InvalidFiles,
        InvalidPolicy,
        InvalidRequest,
        OpaUnavailable,
        PublishError,
        RamgateError,
        SidecarError,
        TransportError,
        UnreadableFiles,
    )
    from ramgate.faults import Fault
    from ramgate.language.translation import translate
    from ramgate.model.decision import Decision, Decisions, Request, Simulation, Statement
    from ramgate.model.denials import AccessDenied, FeatureDenied
    from ramgate.model.explanation import (
        ConditionOutcome,
        Considered,
        Difference,
        Explanation,
        Hint,
        Layer,
    )
    from ramgate.model.service_linked_role import Creation, Deletion, Feature, Loss, Remedy, Usage
    from ramgate.sidecar.sidecar import Sidecar

__all__ = [
    "AccessDenied",
    "AnswerError",
    "AsyncClient",
    "Client",
    "CloudError",
    "ConditionOutcome",
    "Considered",
    "Creation",
    "Decision",
    "Decisions",
    "Deletion",
    "Difference",
    "EditError",
    "Explanation",
    "Fault",
    "Feature",
    "FeatureDenied",
    "Hint",
    "InvalidFiles",
    "InvalidPolicy",
    "InvalidRequest",
    "Layer",
    "Loss",
    "OpaUnavailable",
    "PublishError",
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
    "AccessDenied": "model.denials",
    "AsyncClient": "client.async_client",
    "Client": "client.client",
    "ConditionOutcome": "model.explanation",
    "Considered": "model.explanation",
    "Creation": "model.service_linked_role",
    "Decision": "model.decision",
    "Decisions": "model.decision",
    "Deletion": "model.service_linked_role",
    "Difference": "model.explanation",
    "Explanation": "model.explanation",
    "Fault": "faults",
    "Feature": "model.service_linked_role",
    "FeatureDenied": "model.denials",
    "Hint": "model.explanation",
    "Layer": "model.explanation",
    "Loss": "model.service_linked_role",
    "Remedy": "model.service_linked_role",
    "Request": "model.decision",
    "Sidecar": "sidecar.sidecar",
    "Simulation": "model.decision",
    "Statement": "model.decision",
    "Usage": "model.service_linked_role",
    "translate": "language.translation",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
