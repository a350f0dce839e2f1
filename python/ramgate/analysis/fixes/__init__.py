"""Changes that allow a denied request: each is tried, and compared with the accounts before it."""

from ramgate.analysis.fixes.find import fixes
from ramgate.analysis.fixes.fix import AlsoAllows, Change, Fix, Kind
from ramgate.analysis.fixes.rest import also_allows

__all__ = ["AlsoAllows", "Change", "Fix", "Kind", "also_allows", "fixes"]
