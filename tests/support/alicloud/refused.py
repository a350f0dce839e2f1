"""The error answer of an operation."""

from __future__ import annotations

__all__ = ["Refused", "exists", "missing"]


class Refused(Exception):
    """An operation answers with this HTTP status and error code."""

    def __init__(self, status: int, code: str, message: str, **details: object) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def missing(kind: str, name: str, *, spelling: str = "EntityNotExist") -> Refused:
    """Return the error that an entity does not exist; the directory spells `EntityNotExists`."""
    return Refused(404, f"{spelling}.{kind}", f"there is no such {kind.lower()}: {name}")


def exists(kind: str, name: str) -> Refused:
    """Return the error that an entity exists already."""
    return Refused(409, f"EntityAlreadyExists.{kind}", f"the {kind.lower()} exists: {name}")
