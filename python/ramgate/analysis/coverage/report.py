"""The result: each statement with its counts, and the share that is covered."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ramgate.model.decision import Request  # noqa: TC001 - msgspec resolves the annotations

__all__ = ["Condition", "Report", "Statement", "share"]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of a statement, and whether a test met it satisfied, and not satisfied.

    A request counts only if the action, the resource and the principal of the statement match.

    >>> Condition(operator="Bool", key="acs:MFAPresent", satisfied=True, failed=False).covered
    1
    """

    operator: str
    key: str
    line: int = 0
    satisfied: bool
    failed: bool

    @property
    def covered(self) -> int:
        """The number of outcomes that were met, of two."""
        return self.satisfied + self.failed


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of the accounts: how many requests it decided and matched.

    `account` is empty for a control policy. If the statement decided none, `attempt` (`try` in
    JSON) is a request that only this statement decides, and `dead` is true if it is proved that
    there is none.

    >>> Statement(account="", policy="p", index=0, effect="Deny", decided=2, matched=2).name
    'p[0]'
    """

    account: str
    policy: str
    index: int
    effect: str
    file: str = ""
    line: int = 0
    decided: int
    matched: int
    conditions: tuple[Condition, ...] = ()
    attempt: Request | None = msgspec.field(default=None, name="try")
    dead: bool = False

    @property
    def name(self) -> str:
        """The policy and the position, as decisions name the statement."""
        return f"{self.policy}[{self.index}]"

    @property
    def covered(self) -> int:
        """1 if the statement decided a request, and 1 for each outcome of a condition."""
        return (self.decided > 0) + sum(one.covered for one in self.conditions)

    @property
    def coverable(self) -> int:
        """The number that `covered` can reach: 0 for a dead statement."""
        return 0 if self.dead else 1 + 2 * len(self.conditions)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All statements of the accounts, and the number of different requests that were asked.

    >>> Report(requests=0, statements=()).percent
    100.0
    """

    requests: int
    statements: tuple[Statement, ...]

    @property
    def percent(self) -> float:
        """The share that is covered, in percent."""
        return share(self.statements)

    def json(self) -> bytes:
        """Return the report as JSON, with its percentage."""
        return msgspec.json.encode({"percent": self.percent, **msgspec.to_builtins(self)})

    def relative_to(self, folder: Path) -> Report:
        """Return the report with the files inside the folder named relative to it."""
        return msgspec.structs.replace(
            self,
            statements=tuple(
                msgspec.structs.replace(one, file=_relative(Path(one.file), folder))
                for one in self.statements
            ),
        )


def _relative(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def share(statements: tuple[Statement, ...]) -> float:
    """Return the share that is covered in these statements, in percent; dead ones are left out."""
    alive = [one for one in statements if not one.dead]
    total = sum(one.coverable for one in alive)
    return 100.0 * sum(one.covered for one in alive) / total if total else 100.0
