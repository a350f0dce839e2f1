"""Measure which statements of the accounts a test suite has tried: `measure` returns a `Report`.

OPA explains each request that was asked; no decision is computed here. The prover adds a request
that only an untried statement decides, or proves that there is none.
"""

from ramgate.analysis.coverage.measuring import measure
from ramgate.analysis.coverage.report import Condition, Report, Statement
from ramgate.analysis.coverage.writing import lcov, text

__all__ = ["Condition", "Report", "Statement", "lcov", "measure", "text"]
