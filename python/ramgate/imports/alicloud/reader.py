"""Read an account through the APIs, and the Resource Directory if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ramgate.errors import CloudError
from ramgate.imports.alicloud import credentials
from ramgate.imports.alicloud.account import read_account
from ramgate.imports.alicloud.answers import Identity, part
from ramgate.imports.alicloud.caller import Caller
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.connection import Connection
from ramgate.imports.alicloud.directory import read_directory
from ramgate.imports.alicloud.notices import Notices
from ramgate.imports.alicloud.outcomes import Absent, Refused
from ramgate.imports.alicloud.pool import Pool
from ramgate.imports.alicloud.work import Work
from ramgate.imports.world import World
from ramgate.language import grammar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ramgate.catalog.catalog import Catalog
    from ramgate.imports.alicloud.settings import Settings

__all__ = ["read"]


def _silent(_text: str) -> None:
    """Show no progress."""


def read(
    settings: Settings,
    catalog: Catalog,
    *,
    strict: bool = False,
    directory: bool = True,
    show: Callable[[str], None] = _silent,
) -> World:
    """Return the account of the credentials; with `directory`, its Resource Directory, too.

    If a call is refused, a notice of the result names the gap, and the result allows nothing more
    for it. With `strict`, the first refusal raises. `show` is told the progress. Raises
    `CloudError`.

    >>> from ramgate.catalog.catalog import load
    >>> from ramgate.imports.alicloud.settings import Settings
    >>> read(Settings(profile="no-such-profile"), load())
    Traceback (most recent call last):
    ramgate.errors.CloudError: there is no profile `no-such-profile` ...
    """
    show("looking for credentials")
    connection = Connection(settings, credentials.find(settings.profile))
    caller = Caller(connection.send, settings.pauses)
    notices = Notices(strict=strict)
    identity = _identity(caller)
    number = identity.account_id
    try:
        with Pool(settings.parallel).open() as pool:
            work = Work(caller, pool, notices, show)
            account = read_account(work, number, catalog)
            found = read_directory(work, number) if directory else None
    finally:
        caller.stop.set()
    if not caller.read:
        raise CloudError(
            f"`{identity.arn}` may not read anything of account {number}: attach the policy that "
            "`ramgate import alicloud --policy` prints"
        )
    return World({number: account}, found, notices.texts())


def _identity(caller: Caller) -> Identity:
    call = CALLS["GetCallerIdentity"]
    try:
        found = part(call, caller(call), "", Identity)
    except (Absent, Refused) as error:
        raise CloudError(str(error)) from error
    if not grammar.ACCOUNT.fullmatch(found.account_id):
        raise CloudError(f"{call} answered with `{found.account_id}`, not with an account number")
    return found
