"""Replay decision logs: `replay` decides the requests in them again, by other accounts."""

from ramgate.analysis.replay.compare import replay
from ramgate.analysis.replay.result import Change, NotReplayable, Replay

__all__ = ["Change", "NotReplayable", "Replay", "replay"]
