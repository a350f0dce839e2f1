"""Facts about condition keys from the catalog of actions: near spellings, and keys not filled in.

No decision depends on them.
"""

from __future__ import annotations

import fnmatch
from typing import Final

from ramgate.catalog import actions
from ramgate.documents.near import nearest
from ramgate.language import keys
from ramgate.language.grammar import WILDCARD

__all__ = ["carriers", "is_filled_in", "lacks", "near_key"]

# documented keys of many services beside those of `condition-keys.yaml`
_ALSO_KNOWN: Final = (
    "acs:AccessId",
    "acs:PrincipalTag",
    "acs:RequestTag",
    "acs:ResourceTag",
    "acs:TLSVersion",
    "acs:UserAgent",
)
# observed on the live service: calls of these actions carry no `acs:ResourceTag`
_WITHOUT_TAGS: Final = ("ecs:describe*", "ecs:list*", "ecs:*keypair*", "oss:*", "rds:*")


def near_key(key: str) -> str:
    """Return the known key that another key is probably meant to be, or nothing.

    >>> near_key("acs:MFAPresnt"), near_key("acs:MFAPresent"), near_key("acs:ResourceTags/env")
    ('acs:MFAPresent', '', 'acs:ResourceTag/env')
    """
    base, slash, rest = key.partition("/")
    prefix = base.partition(":")[0]
    service = actions.service(prefix)
    known = {
        one.partition("/")[0]
        for one in (
            *_ALSO_KNOWN,
            *keys.spellings().values(),
            *(service.condition_keys if service else ()),
        )
        if one.startswith(f"{prefix}:")
    }
    if base in known or keys.fold(base) in keys.spellings():
        return ""  # the translator reports a known key in another case
    near = next((one for one in known if one.lower() == base.lower()), "")
    if not near and prefix == "acs":
        near = nearest(base, known, most=1)
    return f"{near}{slash}{rest}" if near else ""


def is_filled_in(key: str, action: str) -> bool:
    """False if calls of the action are known to carry no such key; the action in any case.

    >>> is_filled_in("acs:ResourceTag/team", "rds:DescribeDBInstances")
    False
    """
    return not key.startswith("acs:ResourceTag/") or not any(
        fnmatch.fnmatchcase(action.lower(), pattern) for pattern in _WITHOUT_TAGS
    )


def lacks(action: str, key: str) -> bool:
    """True if a documented action is none of those that carry a key of its service.

    >>> lacks("oss:PutObject", "oss:Prefix"), lacks("oss:ListObjects", "oss:Prefix")
    (True, False)
    """
    code, _, name = action.lower().partition(":")
    service = actions.service(code)
    known = service.find(name) if service and not WILDCARD.search(action) else None
    found = [one.partition(":")[2].lower() for one in carriers(action, key)]
    # a page may leave out another version of an operation, such as `ListObjectVersions`
    verbs = tuple(one[:4] for one in found)
    return bool(known and known.resources and found and not name.startswith(verbs))


def carriers(action: str, key: str) -> list[str]:
    """Return the actions that carry a key of an action's service; none if that is not known.

    >>> carriers("oss:PutObject", "oss:Prefix")
    ['oss:ListObjects']
    """
    code = action.partition(":")[0].lower()
    service = actions.service(code)
    known = service.condition_keys.get(key) if service else None
    # the pages name only examples of the actions that carry tags
    if known is None or known.note or key.lower().endswith("tag"):
        return []
    return [f"{code}:{name}" for name in known.actions]
