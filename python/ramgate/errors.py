"""What can go wrong, one class per party at fault.

    RamgateError
    ├── InvalidPolicy      a RAM policy document is refused; `faults` has all of its faults
    ├── InvalidFiles       accounts or catalog files are refused; `faults` has all of their faults
    │   └── UnreadableFiles   and there was one that could not even be read
    ├── InvalidRequest     the request is malformed; `errors` names each field at fault
    ├── AccessDenied       the decision was no; `decision` says why (a PermissionError too)
    ├── FeatureDenied      a feature cannot be used; `answer` says why (a PermissionError too)
    ├── TransportError     OPA was unreachable or late, or the connection was cut off
    ├── AnswerError        OPA answered, but with no clean decision
    ├── EditError          an accounts file is left as it is, because what was asked does not fit
    ├── OpaUnavailable     no OPA that fits could be found, fetched or built
    └── SidecarError       an OPA could not be started, or stopped by itself

Nothing here ever stands for an allow: what could not be decided raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ramgate.faults import Fault

__all__ = [
    "AnswerError",
    "EditError",
    "InvalidFiles",
    "InvalidPolicy",
    "InvalidRequest",
    "OpaUnavailable",
    "RamgateError",
    "SidecarError",
    "TransportError",
    "UnreadableFiles",
]


class RamgateError(Exception):
    """The base of every error that ramgate raises on purpose."""


class _Refused(RamgateError):
    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class InvalidPolicy(_Refused):
    """A RAM policy document that is refused whole.

    `faults` is a tuple of every `Fault` found, in the order of the document, never empty.
    """


class InvalidFiles(_Refused):
    """Policy, accounts or catalog files of which nothing is loaded.

    `faults` is a tuple of every `Fault` found, by file, then by line, never empty.
    """


class UnreadableFiles(InvalidFiles):
    """The same, where the system did not let one of the files be read: it says why."""


class InvalidRequest(RamgateError):
    """The request is malformed: OPA was asked, and could not read the question.

    `errors` is a tuple of texts, each naming the field at fault.
    """

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(self.errors))


class TransportError(RamgateError):
    """OPA was unreachable or late, or the connection ended before the answer did."""


class AnswerError(RamgateError):
    """OPA answered with an HTTP error, with undefined, or with what is not a decision."""


class EditError(RamgateError):
    """An accounts file is left as it is: what was asked does not fit, or somebody else writes."""


class OpaUnavailable(RamgateError):
    """No OPA that fits could be found, fetched or built; the text says what to install."""


class SidecarError(RamgateError):
    """An OPA could not be started, or stopped by itself; the text ends with what it said."""
