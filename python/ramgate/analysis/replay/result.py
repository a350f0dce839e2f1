"""The result of `ramgate replay`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ramgate.model.decision import Decision

__all__ = ["Change", "NotReplayable", "Replay"]


class Change(msgspec.Struct, frozen=True):
    """A request that is decided otherwise, and how often it was asked with that difference.

    `request` is the JSON of the request as the log has it. `first` and `last` are the times of the
    first and the last such entry.

    >>> from ramgate import Decision
    >>> denied = Decision(
    ...     allow=False,
    ...     effect="ImplicitDeny",
    ...     reason="unknown_principal",
    ...     policy_type=None,
    ...     statements=(),
    ... )
    >>> time = "2026-01-31T12:00:00Z"
    >>> Change(msgspec.Raw(b"{}"), denied, denied, 2, time, time).count
    2
    """

    request: msgspec.Raw
    before: Decision
    after: Decision
    count: int
    first: str
    last: str


class NotReplayable(msgspec.Struct, frozen=True):
    """Entries that cannot be decided again, the reason, and their number.

    `access` is false if such an entry never gives access, such as that of a simulation.

    >>> NotReplayable("it is a simulation", 3, access=False).count
    3
    """

    reason: str
    count: int
    access: bool


class Replay(msgspec.Struct, frozen=True):
    """The comparison of logged decisions with those by other accounts.

    * `entries`: the entries of the logs; `decisions`: the decisions in them that were replayed, of
      a batch each; `questions`: the distinct requests among these.
    * `newly_allowed`, `newly_denied`: the requests whose `allow` differs. `other_reason`: those
      with the same `allow` and another effect, reason or policy type. The most frequent are first.
    * `not_replayable`: the rest, by reason.

    >>> Replay(entries=2, decisions=2, questions=1).differs
    False
    """

    entries: int
    decisions: int
    questions: int
    newly_allowed: tuple[Change, ...] = ()
    newly_denied: tuple[Change, ...] = ()
    other_reason: tuple[Change, ...] = ()
    not_replayable: tuple[NotReplayable, ...] = ()

    @property
    def differs(self) -> bool:
        """True if a decision differs."""
        return bool(self.newly_allowed or self.newly_denied or self.other_reason)

    @property
    def told(self) -> bool:
        """True if at least one decision was replayed, and each that may have given access."""
        return bool(self.decisions) and not any(one.access for one in self.not_replayable)
