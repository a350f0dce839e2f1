"""The state of a sidecar: the bundle that is wanted, the one that OPA decides by, the restarts."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Final

import msgspec

from ramgate.errors import AnswerError

__all__ = ["State"]

_METRICS: Final = """\
# HELP ramgate_wanted_info The revision that OPA is to decide by.
# TYPE ramgate_wanted_info gauge
ramgate_wanted_info{{revision="{wanted}"}} 1
# HELP ramgate_active_info The revision that OPA decides by, empty if it does not answer.
# TYPE ramgate_active_info gauge
ramgate_active_info{{revision="{active}"}} 1
# HELP ramgate_settled Whether OPA decides by the accounts files as they are now: 1 or 0.
# TYPE ramgate_settled gauge
ramgate_settled {settled:d}
# HELP ramgate_unsettled_seconds For how long that has not been so.
# TYPE ramgate_unsettled_seconds gauge
ramgate_unsettled_seconds {seconds:.3f}
# HELP ramgate_accounts_faults Faults because of which the last valid accounts stay in use.
# TYPE ramgate_accounts_faults gauge
ramgate_accounts_faults {faults:d}
# HELP ramgate_opa_restarts_total How often OPA was started again.
# TYPE ramgate_opa_restarts_total counter
ramgate_opa_restarts_total {restarts:d}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """`wanted` and `active` are revisions; `active` is None if OPA does not answer.

    `faults` counts the faults of newer accounts files, because of which the wanted bundle is an
    older one. `seconds` tells for how long the state has not been `settled`, 0 if it is. `restarts`
    counts how often OPA was started again.

    >>> sidecar.state().settled, sidecar.state().restarts
    (True, 0)
    """

    wanted: str
    active: str | None
    seconds: float = 0.0
    restarts: int = 0
    faults: int = 0

    @property
    def settled(self) -> bool:
        """True if OPA decides by the wanted bundle, and that is the one of the accounts files."""
        return self.wanted == self.active and not self.faults

    @property
    def since(self) -> str | None:
        """The time since when it is not settled, as `2026-01-31T12:00:00Z`; None if it is."""
        if self.settled:
            return None
        now = datetime.datetime.now(datetime.UTC)
        then = now - datetime.timedelta(seconds=self.seconds)
        return then.strftime("%Y-%m-%dT%H:%M:%SZ")

    def to_json(self) -> bytes:
        """Return the fields and the two properties as a JSON object."""
        shown = {**dataclasses.asdict(self), "settled": self.settled, "since": self.since}
        return msgspec.json.encode(shown) + b"\n"

    @classmethod
    def from_json(cls, text: bytes) -> State:
        """Return the state that `to_json` wrote. Raises `AnswerError` for any other text."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise AnswerError(f"the answer is not the state of a sidecar: {error}") from error

    def to_metrics(self) -> bytes:
        """Return the state in the text format of Prometheus."""
        shown = {**dataclasses.asdict(self), "active": self.active or "", "settled": self.settled}
        return _METRICS.format(**shown).encode()
