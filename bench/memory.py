"""What a grant takes of OPA's memory, when none is shared and when all are."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import worlds
from bench.report import Figure, Section, Table
from bench.server import STORES, Opa

if TYPE_CHECKING:
    from pathlib import Path

    from bench.ground import Ground
    from bench.server import Store

__all__ = ["measure", "shared"]

_FEW: Final = 4
_ROLES_PER_ACCOUNT: Final = 100
_FIRST_ACCOUNT: Final = 1_000_000_000_000_001


def measure(ground: Ground) -> Section:
    """Of both stores, with policies of each role's own and with one that all roles share."""
    roles = ground.largest
    grants = worlds.GRANTS * roles
    least = {store: _taken(ground, _FEW, store) for store in STORES}
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Figure] = {}
    for is_shared in (False, True):
        for store in STORES:
            heap, resident = _taken(ground, roles, store, is_shared=is_shared)
            each = (heap - least[store][0]) / grants
            key = (
                "memory_shared"
                if is_shared
                else {"default": "memory", "read": "memory_read"}[store]
            )
            figures.setdefault(key, Figure(each, store))
            rows.append(
                (
                    "one policy, shared by all" if is_shared else "each role's own",
                    store,
                    f"{heap / 2**20:,.0f} MiB",
                    f"{each:,.0f}",
                    f"{resident / 2**20:,.0f} MiB",
                    f"{(resident - least[store][1]) / grants:,.0f}",
                )
            )
    table = Table(
        f"Memory of {roles:,} roles with {worlds.GRANTS} grants each",
        ("policies", "store", "live heap", "bytes a grant", "resident", "bytes a grant"),
        tuple(rows),
        "A grant is an Allow statement with one action and one resource. The live heap is what "
        f"is left after a collection, a grant's part of it what it is more than with {_FEW} "
        "roles. Resident is the process as the system sees it, after it read the bundle: Go "
        "gives back slowly what reading took.",
    )
    return Section("memory", (table,), figures)


def shared(folder: Path, roles: int) -> None:
    """Write accounts files of so many roles, all those of an account with the same policy.

    The policy is the same document in every account.
    """
    folder.mkdir(parents=True, exist_ok=True)
    services = ("alikafka", "oss", "ecs", "log", "kms", "vpc", "fc", "mns", "rds", "slb")
    document = {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": f"{service}:Use", "Resource": f"acs:{service}:*:*:shared"}
            for service in services
        ],
    }
    service = {"Service": ["ecs.aliyuncs.com"]}
    trusting = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": service}
    role = {"trust": {"Version": "1", "Statement": [trusting]}, "policies": ["shared"]}
    for first in range(0, roles, _ROLES_PER_ACCOUNT):
        number = str(_FIRST_ACCOUNT + first // _ROLES_PER_ACCOUNT)
        held = range(first, min(first + _ROLES_PER_ACCOUNT, roles))
        account = {"policies": {"shared": document}, "roles": {f"role-{one}": role for one in held}}
        (folder / f"{number}.json").write_text(json.dumps({"accounts": {number: account}}))


def _taken(ground: Ground, roles: int, store: Store, *, is_shared: bool = False) -> tuple[int, int]:
    """The bytes of the live heap, and of the process."""
    if is_shared:
        built = ground.built(f"shared-{roles}", partial(shared, roles=roles))
    else:
        built = ground.built(f"plain-{roles}", partial(worlds.grants, roles=roles, plain=True))
    ground.say(f"memory: {built.accounts.name}, {store} store")
    with Opa(built.content, ground.folder, store=store, has_floor=False) as opa:
        return opa.memory()
