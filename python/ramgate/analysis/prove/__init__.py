"""Prove rules about accounts: `prove` reads a rule file, and returns a `Proof` of each rule.

>>> from pathlib import Path
>>> from ramgate import resources
>>> from ramgate.analysis.prove import prove
>>> _ = Path("rules.yaml").write_text('''
... rules:
...   topics-stay:
...     never: "alikafka:DeleteTopic"
...     except: ["acs:ram::1234567890123456:user/alice"]
... ''')
>>> [proof] = prove("rules.yaml", resources.path("examples/accounts.yaml"))
>>> proof.rule, proof.result
('topics-stay', 'proved')
"""

from ramgate.analysis.prove.check import prove
from ramgate.analysis.prove.result import Proof, Violation

__all__ = ["Proof", "Violation", "prove"]
