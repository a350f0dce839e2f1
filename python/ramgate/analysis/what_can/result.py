"""The result of `ramgate what-can`. Its JSON is that of `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WhatCan"]


class WhatCan(msgspec.Struct, frozen=True):
    """All that a principal may do with resources of its own account.

    * `action`, `resource`: the patterns that limit the answer.
    * `document`: a policy document that allows exactly the same requests, `None` if it allows none.
    * `exact`: `proved` if the document allows all that the principal may do, and no more;
      otherwise `not_decided`, and `reasons` say why.
    * `actions`: the actions of the catalog of which at least one request is allowed. An action that
      the catalog does not have may be allowed, too.
    * `roles`: the ARNs of the roles that the principal may assume, which `document` leaves out.

    >>> WhatCan("ecs.aliyuncs.com", "*", "*", None, "proved").actions
    ()
    """

    principal: str
    action: str
    resource: str
    document: Mapping[str, object] | None
    exact: Literal["proved", "not_decided"]
    reasons: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
