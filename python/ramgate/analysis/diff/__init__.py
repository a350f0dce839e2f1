"""Compare two sides: `diff` returns a `Diff`, with a request for each change, or a proof.

>>> from ramgate import resources
>>> from ramgate.analysis.diff import diff
>>> example = resources.path("examples/accounts.yaml")
>>> diff(example, example).result
'equivalent'
"""

from ramgate.analysis.diff.compare import diff
from ramgate.analysis.diff.result import Cause, Change, Diff, Principals, Undecided

__all__ = ["Cause", "Change", "Diff", "Principals", "Undecided", "diff"]
