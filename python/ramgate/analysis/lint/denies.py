"""Find Deny statements that leave a way around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.analysis.lint.patterns import covers, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ramgate.analysis.lint.document import Document, Statement

__all__ = ["CHECKS"]

# the codes of one product that are both in use (catalog/product-codes.yaml notes them)
_TWINS: Final = {
    "bss": "bssapi",
    "bssapi": "bss",
    "kvstore": "r-kvstore",
    "r-kvstore": "kvstore",
    "cen": "cbn",
    "cbn": "cen",
    "sas": "yundun-sas",
    "yundun-sas": "sas",
}


@check(
    "DENY_NEEDS_A_KEY",
    Level.SECURITY,
    "A Deny that needs a condition key which some calls do not carry",
)
def _deny_needs_a_key(document: Document) -> Iterator[Remark]:
    for statement in document.statements:
        for condition in statement.conditions if statement.denies else ():
            asks_for_false = any(text.value.lower() == "false" for text in condition.values)
            if condition.key == "acs:MFAPresent" and asks_for_false and not condition.needs_no_key:
                yield Remark(
                    condition.place,
                    "calls with an AccessKey carry no `acs:MFAPresent`: this Deny does not apply to"
                    " them, and they are not denied",
                    'put `"Bool": {"acs:MFAPresent": "true"}` on the Allow instead',
                )


@check(
    "DENY_MISSES_SERVICE",
    Level.SECURITY,
    "A Deny of every action of one service code, for a product that has a second code",
)
def _deny_misses_service(document: Document) -> Iterator[Remark]:
    allows = [statement for statement in document.statements if statement.allows]
    denied = [
        text.value.lower()
        for statement in document.statements
        if statement.denies
        for text in statement.actions
    ]
    for statement in document.statements:
        for text in statement.actions if statement.denies else ():
            code, _, name = text.value.lower().partition(":")
            twin = _TWINS.get(code)
            if not twin or name != "*" or any(covers(one, f"{twin}:*") for one in denied):
                continue
            if not allows or any(_allows_some(one, twin) for one in allows):
                yield Remark(
                    text.place,
                    f"the product with the code `{code}` has more actions under the code `{twin}`:"
                    " this Deny leaves them allowed",
                    f"add `{twin}:*`",
                )


def _allows_some(statement: Statement, code: str) -> bool:
    """True if a statement that allows has an action of the service."""
    if statement.not_actions:
        return not any(covers(text.value.lower(), f"{code}:*") for text in statement.not_actions)
    return any(matches(text.value.lower().partition(":")[0], code) for text in statement.actions)


CHECKS: Final = (_deny_needs_a_key, _deny_misses_service)
