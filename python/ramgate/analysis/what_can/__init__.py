"""Say all that a principal may do in one document: `what_can` returns a `WhatCan`.

>>> from ramgate import resources
>>> from ramgate.analysis.what_can import what_can
>>> carol = "acs:ram::1234567890123456:user/carol"
>>> found = what_can(resources.path("examples/accounts.yaml"), carol)
>>> found.document is None, found.exact
(True, 'proved')
"""

from ramgate.analysis.what_can.result import WhatCan
from ramgate.analysis.what_can.search import what_can

__all__ = ["WhatCan", "what_can"]
