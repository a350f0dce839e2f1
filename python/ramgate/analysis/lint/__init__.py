"""Find mistakes and wide grants in policies: `lint` reads files and returns a `Report`.

Every check is in the tables of docs/lint.md. A new one is a function with a decorator in the module
of its group, and a section in docs/lint.
"""

from ramgate.analysis.lint.finding import Finding, Level, Report
from ramgate.analysis.lint.linter import lint

__all__ = ["Finding", "Level", "Report", "lint"]
