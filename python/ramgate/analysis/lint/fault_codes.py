"""Turn the faults, errors and advice of the readers into findings with codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.finding import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.faults import Fault, Findings

__all__ = ["RULES", "findings_of"]

_REQUIRED: Final = ("Version", "Statement", "Effect", "Action", "Resource", "Principal")
_MISSING: Final = re.compile(r"`(\w+)` is missing")
_STEP: Final = re.compile(r"\.(\w+)")
_ADVICE: Final = re.compile(r"(.*?): ((?:add|did you mean|put|use|write)\b.*)", re.DOTALL)

RULES: Final = {
    "INVALID_FILE": (Level.ERROR, "A file that cannot be parsed"),
    "INVALID_ACCOUNTS": (Level.ERROR, "An accounts file that is refused"),
    "INVALID_POLICY": (Level.ERROR, "A policy document that is refused"),
    **{
        f"MISSING_{name.upper()}": (Level.ERROR, f"A missing `{name}`: the document is refused")
        for name in _REQUIRED
    },
    **{
        f"INVALID_{name.upper()}": (Level.ERROR, f"A wrong `{name}`: the document is refused")
        for name in (*_REQUIRED, "Condition")
    },
    "EMPTY_SERVICE": (Level.ERROR, "A resource without a service"),
    "INVALID_ARN_PREFIX": (Level.ERROR, "A resource that does not begin with `acs:`"),
    "INVALID_CONDITION_KEY": (Level.ERROR, "A condition key of a form that no request carries"),
    "MISSING_ARN_FIELD": (Level.ERROR, "A resource of fewer than five fields"),
    "MULTIPLE_BOOLEAN": (Level.ERROR, "Several values under `Bool`"),
    "SET_OPERATOR": (Level.WARNING, "An operator that RAM's pages do not list"),
    "TOO_LONG": (Level.WARNING, "A document that is longer than RAM accepts"),
    "WILDCARD_UNDER_EQUALS": (Level.WARNING, "A wildcard that is compared literally"),
    "RESOURCE_POLICY": (Level.WARNING, "A policy of a resource, which ramgate does not decide"),
    "NO_POLICY": (Level.WARNING, "A file without policy documents"),
    "ADVICE": (Level.SUGGESTION, "Other advice of `ramgate validate`"),
}
"""The class and the title of each code that is given here."""


def findings_of(found: Findings, policy: str = "", code: str = "") -> Iterator[Finding]:
    """Yield the findings of a reader; the code of its faults follows from the place by default."""
    for fault in found.faults:
        yield _finding(fault, fault.code or code or _code(fault), policy)
    for error in found.errors:
        yield _finding(error, error.code, policy)
    for advice in found.advice:
        yield _finding(advice, advice.code or code or "ADVICE", policy)


def _finding(fault: Fault, code: str, policy: str) -> Finding:
    parts = _ADVICE.fullmatch(fault.message)
    message, suggestion = parts.groups() if parts else (fault.message, "")
    return Finding(
        code=code,
        level=RULES[code][0],
        policy=policy,
        path=fault.path,
        file=fault.file,
        line=fault.line,
        message=message,
        suggestion=suggestion,
    )


def _code(fault: Fault) -> str:
    """Return the code of a fault: the innermost element of a policy document that it is about."""
    if missing := _MISSING.match(fault.message):
        code = f"MISSING_{missing[1].upper()}"
        return code if code in RULES else "INVALID_ACCOUNTS"
    for step in reversed(_STEP.findall(fault.path)):
        code = f"INVALID_{step.removeprefix('Not').upper()}"
        if code in RULES and step[0].isupper():
            return code
    return "INVALID_POLICY" if fault.path.startswith("$") else "INVALID_ACCOUNTS"
