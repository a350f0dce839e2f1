"""Find the principals that may do an action: `who_can` decides, and returns a `WhoCan`.

>>> from ramgate import resources
>>> from ramgate.analysis.who_can import who_can
>>> found = who_can(
...     resources.path("examples/accounts.yaml"),
...     "alikafka:DeleteTopic",
...     "acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x",
... )
>>> [one.principal for one in found.principals if one.answer == "every"]
['acs:ram::1234567890123456:user/alice', 'acs:ram::1234567890123456:root']
"""

from ramgate.analysis.who_can.result import (
    Asked,
    Condition,
    Holding,
    NotDecided,
    Permission,
    When,
    WhoCan,
)
from ramgate.analysis.who_can.search import search, who_can

__all__ = [
    "Asked",
    "Condition",
    "Holding",
    "NotDecided",
    "Permission",
    "When",
    "WhoCan",
    "search",
    "who_can",
]
