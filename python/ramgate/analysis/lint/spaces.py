"""The requests that a policy document may decide about, whichever principal holds it.

A document alone does not say who holds it, so a proof must be true for each user and each role of
each account. Four kinds of requests are apart: those of users and of roles, because a role is
compared without case (3.4), and each of them with and without the actions that assume a role, whose
resource is always a role (5.8). The account, 16 digits, and the role's name are left open.

The open account of the resource and that of the principal need not be equal, as those of a request
must be. So these are more requests than there are, and a proof that none of them matches holds.
"""

from __future__ import annotations

import dataclasses
import functools
import string
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.space import Asker, Frame, Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.prover.glob import Glob
    from ramgate.analysis.prover.key_values import Domain
    from ramgate.analysis.prover.statement import Statement

__all__ = ["EXAMPLE_ACCOUNT", "assuming", "elsewhere", "identity_spaces", "trust_spaces"]

EXAMPLE_ACCOUNT: Final = "1234567890123456"
"""The account of a request that stands for those of all accounts."""

_PRINCIPAL: Final = "acs:PrincipalARN"
_KINDS: Final = ("user", "role")
_ANY_ACCOUNT: Final = "\ue010"
_ANY_ROLE: Final = "\ue011"
_ANY_ARN: Final = f"acs:ram::{_ANY_ACCOUNT}:role/{_ANY_ROLE}"
_OPEN: Final[dict[frozenset[str], Glob]] = {
    frozenset(_ANY_ACCOUNT): tuple(glob.some(frozenset(string.digits), 1)) * 16,
    frozenset(_ANY_ROLE): glob.lower([glob.some(glob.NAME, 64)])[0],
}


def identity_spaces(
    statements: Iterable[Statement], *, is_named: bool = False
) -> tuple[Space, ...]:
    """Return the spaces of the requests that these statements decide about.

    Roles are apart only if a condition tests the principal. With `is_named`, requests for the
    resource `*` are left out.

    >>> len(identity_spaces(()))
    2
    """
    tests_principal = any(
        condition["key"] == _PRINCIPAL for one in statements for condition in one.conditions
    )
    return tuple(
        _open_space(kind, role, is_named=is_named)
        for kind in (_KINDS if tests_principal else _KINDS[:1])
        for role in (None, _ANY_ARN)
    )


def assuming(asker: Asker) -> Space:
    """Return the space of a principal's requests to assume roles, those of any account."""
    return _OpenSpace(asker, role=_ANY_ARN)


def elsewhere(asker: Asker) -> Space:
    """Return the space of a principal's requests for resources, those of any account."""
    return _OpenSpace(asker, is_elsewhere=True)


@functools.lru_cache(maxsize=64)
def _open_space(kind: str, role: str | None, *, is_named: bool) -> _OpenSpace:
    return _OpenSpace(Asker(kind, _ANY_ACCOUNT, None), role=role, is_named=is_named)


def trust_spaces(statements: Sequence[Statement]) -> tuple[Space, ...]:
    """Return the spaces of the requests to assume a role that these trust policies may admit."""
    named = sorted({name for one in statements for name in one.principals})
    role = f"acs:ram::{EXAMPLE_ACCOUNT}:role/example"
    return tuple(Space(asker, role=role) for asker in _askers(named))


def _askers(named: Sequence[str]) -> Iterator[Asker]:
    """Yield the principals that are named, and all others of an account whose `root` is."""
    for name in named:
        start, _, last = name.rpartition(":")
        account = start.removeprefix("acs:ram::")
        kind, _, member = last.partition("/")
        if kind in _KINDS:
            yield Asker(kind, account, member)
        elif last == "root":
            for one in _KINDS:
                path = Asker(one, account, None).path
                others = (other.removeprefix(path) for other in named if other.startswith(path))
                yield Asker(one, account, None, frozenset(others))
        else:
            yield Asker("federated" if start else "service", "", name)


@dataclasses.dataclass(frozen=True)
class _OpenSpace(Space):
    """A space in which a mark stands for any account, and another for the name of any role."""

    is_named: bool = False
    is_elsewhere: bool = False

    @functools.cached_property
    def frames(self) -> Sequence[Frame]:
        found = [
            Frame(one.form, _opened(one.wanted), _opened(one.avoided))
            for one in self._frames()
            if not (self.is_named and one.form == "any")
        ]
        if self.role is not None:
            # 3.5: the account of a role need not be stated either, whichever account it is
            found = [one for one in found if one.form == "role"]
            found += [Frame(f"unstated {one.form}", one.wanted) for one in found]
        return found

    def _frames(self) -> Sequence[Frame]:
        if not self.is_elsewhere:
            return super().frames
        return Space(dataclasses.replace(self.asker, account=_ANY_ACCOUNT)).frames

    def resources(self, statement: Statement, frame: Frame) -> tuple[Glob, ...]:
        found = super().resources(statement, frame)
        return _opened(found) if frame.form.startswith("unstated") else found

    def domain(self, key: str) -> Domain:
        found = super().domain(key)
        if found.texts is None:
            return found
        return dataclasses.replace(found, texts=_opened([found.texts])[0])


def _opened(globs: Iterable[Glob]) -> tuple[Glob, ...]:
    """Return the globs with all accounts, and all roles, in the places of the marks."""
    return tuple(
        tuple(atom for part in one for atom in (_OPEN.get(part.characters or _NOTHING, (part,))))
        for one in globs
    )


_NOTHING: Final = frozenset[str]()
