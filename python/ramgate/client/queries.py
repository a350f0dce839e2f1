"""The Rego rules that a client queries, each with the type of its answer."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Generic, Protocol, TypeAlias, TypeVar

import msgspec

from ramgate.model.decision import Decision
from ramgate.model.service_linked_role import Creation, Deletion, Feature

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.model.explanation import Explained

__all__ = [
    "CREATION",
    "DECISION",
    "DECISIONS",
    "DELETION",
    "EXPLANATION",
    "FEATURE",
    "QUERIES",
    "REVISION",
    "SERIAL",
    "SIMULATED_DECISION",
    "SIMULATED_DECISIONS",
    "SIMULATED_EXPLANATION",
    "Answer",
    "BatchAnswer",
    "Envelope",
    "Query",
    "Refusal",
]

_T_co = TypeVar("_T_co", covariant=True)


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to a batch that is not a list of requests: a text for each fault."""

    errors: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class Envelope(msgspec.Struct, Generic[_T_co], frozen=True):
    """The JSON object around an answer; `result` is unset where the rule is undefined.

    OPA and its wrappers may add keys beside `result` (`DataResponseV1` in OPA's
    v1/server/types/types.go), so unknown keys are allowed.
    """

    result: _T_co | msgspec.UnsetType = msgspec.UNSET


class Answer(Protocol):
    """The answer to one request: a `Decision`, or an answer that may rest on a `Decision`."""

    @property
    def errors(self) -> tuple[str, ...]:
        """A text for each field at fault in a malformed request."""

    @property
    def simulated(self) -> bool:
        """True if the answer is a simulation, or rests on one."""


BatchAnswer: TypeAlias = list[Decision] | Refusal
"""The answer to a batch: one decision for each request, or a refusal of the whole batch."""


class Query(msgspec.Struct, Generic[_T_co], frozen=True, eq=False):
    """One rule: its path under `/v1/data/`, and the decoder of a response body.

    `simulated` is the value that each of its decisions must have in the field of that name.
    """

    path: str
    decode: Callable[[bytes], Envelope[_T_co]]
    simulated: bool = False


def _decode_explanation(body: bytes) -> Envelope[Explained]:
    return _explanation_decoder().decode(body)


@functools.cache
def _explanation_decoder() -> msgspec.json.Decoder[Envelope[Explained]]:
    # explanations are rare, and their classes would take a tenth of the import time
    from ramgate.model.explanation import Explained  # noqa: PLC0415

    return msgspec.json.Decoder(Envelope[Explained])


_decode_one = msgspec.json.Decoder(Envelope[Decision]).decode
_decode_batch = msgspec.json.Decoder(Envelope[BatchAnswer]).decode

DECISION = Query("ram/authz/decision", _decode_one)
DECISIONS = Query("ram/authz/decisions", _decode_batch)
SIMULATED_DECISION = Query("ram/simulate/decision", _decode_one, simulated=True)
SIMULATED_DECISIONS = Query("ram/simulate/decisions", _decode_batch, simulated=True)
EXPLANATION = Query("ram/explain/decision", _decode_explanation)
SIMULATED_EXPLANATION = Query("ram/explain/simulation", _decode_explanation, simulated=True)
CREATION = Query("slr/creation/decision", msgspec.json.Decoder(Envelope[Creation]).decode)
FEATURE = Query("slr/feature/decision", msgspec.json.Decoder(Envelope[Feature]).decode)
DELETION = Query("slr/deletion/decision", msgspec.json.Decoder(Envelope[Deletion]).decode)
REVISION = Query("system/status/revision", msgspec.json.Decoder(Envelope[str]).decode)
SERIAL = Query("system/status/serial", msgspec.json.Decoder(Envelope[int | None]).decode)

QUERIES: tuple[Query[object], ...] = (
    DECISION,
    DECISIONS,
    SIMULATED_DECISION,
    SIMULATED_DECISIONS,
    EXPLANATION,
    SIMULATED_EXPLANATION,
    CREATION,
    FEATURE,
    DELETION,
    REVISION,
    SERIAL,
)
