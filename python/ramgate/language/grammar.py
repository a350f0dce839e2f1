"""The syntax of names and ARNs (docs/reference/policy-language.md, sections 1, 3 and 5).

Use `fullmatch`, except for `WILDCARD`. All names are ASCII. Rego has its own copies for requests;
tests/repository/test_repository.py checks that both accept the same texts.

>>> bool(ACCOUNT.fullmatch("1234567890123456")), bool(NAME.fullmatch("two words"))
(True, False)
>>> bool(RESOURCE.fullmatch("acs:alikafka:cn-hangzhou:1234567890123456:alikafka_post-cn-x"))
True
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "ACCOUNT",
    "ACTION_PATTERN",
    "FEDERATED",
    "NAME",
    "POLICY_NAME",
    "RAM_PRINCIPAL",
    "RESOURCE",
    "RESOURCE_GROUP",
    "SERVICE_NAME",
    "SERVICE_PRINCIPAL",
    "WILDCARD",
]

_NAME: Final = r"[A-Za-z0-9._@-]{1,64}"
_ARN: Final = r"acs:ram::[0-9]{16}:"

ACCOUNT: Final = re.compile(r"[0-9]{16}")
NAME: Final = re.compile(_NAME)
POLICY_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,128}")
ACTION_PATTERN: Final = re.compile(r"\*|[A-Za-z0-9_.*?-]+:[A-Za-z0-9_.*?-]+")
RESOURCE: Final = re.compile(r"\*|acs:(?:[^:]*:){3}.*", re.DOTALL)
RESOURCE_GROUP: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
SERVICE_NAME: Final = re.compile(r"(?:[a-z0-9-]+\.)+aliyuncs\.com")
SERVICE_PRINCIPAL: Final = re.compile(rf"(?:[0-9]{{16}}@)?{SERVICE_NAME.pattern}")
RAM_PRINCIPAL: Final = re.compile(rf"{_ARN}(?:root|user/{_NAME}|role/{_NAME})")
FEDERATED: Final = re.compile(rf"{_ARN}(?:saml-provider|oidc-provider)/{_NAME}")
WILDCARD: Final = re.compile("[*?]")
