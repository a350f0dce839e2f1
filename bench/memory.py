"""Measure the memory of a grant in OPA: with a policy for each role, and with one for all roles."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import worlds
from bench.report import Figure, Section, Table
from bench.server import STORES, Opa

if TYPE_CHECKING:
    from pathlib import Path

    from bench.run import Run
    from bench.server import Store

__all__ = ["measure", "write_shared"]

_FEW: Final = 4
_ROLES_PER_ACCOUNT: Final = 100
_FIRST_ACCOUNT: Final = 1_000_000_000_000_001


def measure(run: Run) -> Section:
    """Measure both stores, each with one policy for each role and with one that all roles share."""
    roles = run.largest
    grants = worlds.GRANTS * roles
    base = {store: _bytes(run, _FEW, store) for store in STORES}
    rows: list[tuple[str, ...]] = []
    figures: dict[str, Figure] = {}
    for is_shared in (False, True):
        for store in STORES:
            heap, resident = _bytes(run, roles, store, is_shared=is_shared)
            each = (heap - base[store][0]) / grants
            key = (
                "memory_shared"
                if is_shared
                else {"default": "memory", "read": "memory_read"}[store]
            )
            figures.setdefault(key, Figure(each, store))
            rows.append(
                (
                    "one policy that all roles share" if is_shared else "one policy for each role",
                    store,
                    f"{heap / 2**20:,.0f} MiB",
                    f"{each:,.0f}",
                    f"{resident / 2**20:,.0f} MiB",
                    f"{(resident - base[store][1]) / grants:,.0f}",
                )
            )
    table = Table(
        f"Memory of {roles:,} roles with {worlds.GRANTS} grants each",
        ("policies", "store", "live heap", "per grant, bytes", "resident", "per grant, bytes"),
        tuple(rows),
        "A grant is an Allow statement with one action and one resource. *Live heap* is the heap "
        "after a garbage collection. *Resident* is the memory of the process as the system "
        "reports it, after OPA read the bundle; Go returns the memory that reading took only "
        f"slowly. *Per grant* is the difference to an OPA with {_FEW} roles, over the number of "
        "grants.",
    )
    return Section("memory", (table,), figures)


def write_shared(folder: Path, roles: int) -> None:
    """Write accounts files with so many roles, in which all roles of an account share one policy.

    All accounts have the same policy document.
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
        numbers = range(first, min(first + _ROLES_PER_ACCOUNT, roles))
        account = {
            "policies": {"shared": document},
            "roles": {f"role-{one}": role for one in numbers},
        }
        (folder / f"{number}.json").write_text(json.dumps({"accounts": {number: account}}))


def _bytes(run: Run, roles: int, store: Store, *, is_shared: bool = False) -> tuple[int, int]:
    """Return the bytes of the live heap, and of the process."""
    if is_shared:
        built = run.build(f"shared-{roles}", partial(write_shared, roles=roles))
    else:
        built = run.build(f"plain-{roles}", partial(worlds.write, roles=roles, plain=True))
    run.log(f"memory: {built.accounts.name}, {store} store")
    with Opa(built.content, run.folder, store=store, has_floor=False) as opa:
        return opa.memory()
