"""A request that is authenticated: its account, its parameters, and the world it works on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from alicloud.keys import Key
    from alicloud.parameters import Parameters
    from alicloud.state import Account
    from alicloud.world import World

__all__ = ["Answer", "Call", "Operation"]

Answer: TypeAlias = dict[str, object]


@dataclasses.dataclass(frozen=True)
class Call:
    world: World
    account: Account
    key: Key
    parameters: Parameters

    @property
    def now(self) -> str:
        return self.world.now()


Operation: TypeAlias = Callable[[Call], Answer]
