"""Write RAM's condition keys as constants in Rego: `python tests/support/condition_key_rego.py`.

OPA converts a stored object for each request, but it reads a constant as it is.
"""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Final

from ramgate.language.keys import spellings
from ramgate.tables.clauses import in_any_case

FILE: Final = Path(__file__).parents[2] / "rego/ram/condition_keys/condition_keys.rego"

_FOR_THE_RULE: Final = {"acs:PrincipalARN", "acs:ResourceGroupId"}
_TEXT: Final = """\
# METADATA
# title: Condition keys
# description: >-
#   RAM's condition keys in the text of a rule, which OPA reads faster than stored data. Written
#   by `tests/support/condition_key_rego.py` from `catalog/condition-keys.yaml`; a test compares.
package ram.condition_keys

import data.ram.condition

# METADATA
# description: >-
#   True if each of the keys is short, and either spelled as RAM spells it or not one of RAM's.
#   Undefined for the caller's ARN and the resource group, which mean more than their conditions.
are_plain(keys) if {
	# the usual case, and the cheap one: no other key has the service of one of RAM's
	count(keys) <= 50
	others := concat("\\n", keys - {
%s
	})
	count(others) <= 256
	regex.match(
		`%s`,
		others,
	) == false
} else if {
	count(keys) <= 50
	count(concat("", keys)) <= 256
	not "acs:PrincipalARN" in keys
	not "acs:ResourceGroupId" in keys
	condition.are_spelled(keys)
}
"""


def text() -> str:
    """Return the text of the file."""
    known = set(spellings().values())
    keys = sorted(known - _FOR_THE_RULE)
    spelled = [f'\t\t"{key}",' for key in keys if not key.endswith("/")]
    return _TEXT % ("\n".join(spelled), doubtful(known))


def doubtful(keys: set[str]) -> str:
    """Return an expression for lines with the service of a key.

    A line that begins with a key that ends in a slash is no such line.
    """
    begun: dict[str, set[str]] = collections.defaultdict(set)
    for key in keys:
        service, _, name = key.partition(":")
        begun[service] |= {name} if name.endswith("/") else set()
    services = [
        rf"{_misspelled(service)}:|{service}:{_other(names)}"
        if names
        else f"{in_any_case(service)}:"
        for service, names in sorted(begun.items())
    ]
    return f"(?m)^(?:{'|'.join(services)})"


def _misspelled(text: str) -> str:
    """Return an expression for the text in each spelling but this one, in lower case."""
    first, rest = text[0], text[1:]
    wrong = in_any_case(first).replace(first, "", 1) + in_any_case(rest)
    return f"(?:{wrong}|{first}{_misspelled(rest)})" if rest else wrong


def _other(names: set[str]) -> str:
    """Return an expression for the beginnings of lines that none of the names begins."""
    if "" in names:
        return r"[^\x00-\x{10FFFF}]"
    rests: dict[str, set[str]] = collections.defaultdict(set)
    for name in names:
        rests[name[0]].add(name[1:])
    firsts = "".join(sorted(rests))
    inner = [f"{first}{_other(left)}" for first, left in sorted(rests.items()) if "" not in left]
    return f"(?:{'|'.join([f'[^{firsts}]', '$', *inner])})"


if __name__ == "__main__":
    FILE.write_text(text())
