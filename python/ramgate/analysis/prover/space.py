"""The requests that a question is about: who asks, for which actions, resources and context."""

from __future__ import annotations

import dataclasses
import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ramgate.analysis.prover import glob
from ramgate.analysis.prover.key_values import Domain
from ramgate.language.resource_pattern import allowing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.analysis.prover.glob import Glob
    from ramgate.analysis.prover.reading import Value
    from ramgate.analysis.prover.statement import Statement

__all__ = [
    "TRUST_ACTIONS",
    "Asker",
    "Frame",
    "Request",
    "Space",
]

TRUST_ACTIONS: Final = ("sts:assumerole", "sts:setsourceidentity", "sts:tagsession")
"""The actions, in lower case, that need the consent of a role's trust policy (5.8)."""

_NAME_LENGTH: Final = 64
_PRINCIPAL: Final = "acs:PrincipalARN"
_GROUP: Final = "acs:ResourceGroupId"
_TIME: Final = "acs:CurrentTime"
_EMPTY: Final[Mapping[str, Value]] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True)
class Asker:
    """A principal: `kind` is `user`, `role`, `service` or `federated`.

    A user or a role without a `name` stands for any user or role of the account, whose name is not
    one of `unnamed`, and which holds the policies of the user `like`.

    >>> Asker("role", "1234567890123456", "App").arn
    'acs:ram::1234567890123456:role/app'
    """

    kind: str
    account: str
    name: str | None
    unnamed: frozenset[str] = frozenset()
    like: str | None = None

    @property
    def arn(self) -> str:
        """The value of `acs:PrincipalARN`, or a service's or a provider's name."""
        if not self.has_identity:
            return self.name or ""
        name = self.name or "example"
        return f"{self.path}{name.lower() if self.kind == 'role' else name}"

    @property
    def path(self) -> str:
        """The ARN of a user or role, without its name."""
        return f"acs:ram::{self.account}:{self.kind}/"

    @property
    def has_identity(self) -> bool:
        """True for a user or a role, which may hold policies."""
        return self.kind in ("user", "role")

    @property
    def names(self) -> frozenset[str]:
        """The names by which a trust policy may admit the principal (5.8)."""
        if not self.has_identity:
            return frozenset({self.arn})
        root = f"acs:ram::{self.account}:root"
        return frozenset({root}) if self.name is None else frozenset({root, self.arn})


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A request that was found: the fields of a Request of `docs/reference/http.md`."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, Value]


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Resources of one form, as patterns are compared with them.

    A text must match each of `wanted` and none of `avoided`.
    """

    form: str
    wanted: tuple[Glob, ...]
    avoided: tuple[Glob, ...] = ()

    def spell(self, text: str) -> str:
        """Return the text as a request spells the resource."""
        if self.form.startswith("unstated"):
            start, service, region, _, rest = text.split(":", 4)
            return f"{start}:{service}:{region}::{rest}"
        return text


@dataclasses.dataclass(frozen=True)
class Space:
    """The requests of a question.

    `actions` are patterns of which one must match, `resource` is one that must match by fields, as
    in an Allow (3.1); None stands for all. With `role`, the ARN of a role in lower case, the
    question is about assuming it; at its end, `role/*` stands for any role of the account. Without
    it, the three actions of trust policies are left out. `given` are values of the context, and
    `free` the keys that may have any value; None stands for all keys. `groups` are resource groups
    that the request does not name. With `is_stated` the resource states its account (3.5).
    """

    asker: Asker
    actions: Sequence[str] | None = None
    resource: str | None = None
    role: str | None = None
    given: Mapping[str, Value] = dataclasses.field(default_factory=lambda: _EMPTY)
    free: frozenset[str] | None = None
    groups: frozenset[str] = frozenset()
    is_stated: bool = False

    @property
    def wanted_actions(self) -> tuple[list[Sequence[Glob]], list[Glob]]:
        """The globs that the action must match, one of each list, and those that it must not."""
        word = glob.some(glob.ACTION)
        wanted: list[Sequence[Glob]] = [[(*word, *glob.text(":"), *word)]]
        if self.actions is not None:
            wanted.append([glob.plain(one.lower()) for one in self.actions])
        trust = [glob.text(one) for one in TRUST_ACTIONS]
        if self.role is None:
            return wanted, trust
        return [*wanted, trust], []

    @functools.cached_property
    def frames(self) -> Sequence[Frame]:
        """The forms of the resources, those first that read best."""
        if self.role is not None:
            return list(self._role_frames(self.role))
        asked = () if self.resource is None else glob.resource(allowing(self.resource))
        account = self.asker.account
        role = (*glob.text(f"acs:ram::{account}:role/"), *glob.some(glob.NAME, _NAME_LENGTH))
        stated = (self._arn(account), *asked)
        frames = [
            Frame("stated", stated, (self._open_region(account), role)),
            Frame("any", (glob.text("*"), *asked)),
            Frame("role", (*glob.lower([role]), *glob.lower(asked))),
            Frame("system", (self._arn("system"), *asked), (self._open_region("system"),)),
        ]
        if not self.is_stated:
            frames += [
                Frame("unstated", stated, (self._open_region(account), role)),
                Frame("unstated role", (*glob.lower([role]), *glob.lower(asked))),
            ]
        return frames

    def _role_frames(self, role: str) -> Iterator[Frame]:
        start = role.removesuffix("*")
        name = () if start == role else glob.some(glob.NAME, _NAME_LENGTH)
        (wanted,) = glob.lower([(*glob.text(start), *name)])
        yield Frame("role", (wanted,))
        if not self.is_stated and role.startswith(f"acs:ram::{self.asker.account}:role/"):
            yield Frame("unstated role", (wanted,))

    def resources(self, statement: Statement, frame: Frame) -> tuple[Glob, ...]:
        """Return the globs with which a statement is compared with the resources of a form."""
        if statement.is_trust:
            admitted = not self.asker.names.isdisjoint(statement.principals)
            return (glob.ANYTHING,) if admitted else ()
        if frame.form == "role":
            return statement.role_globs
        if frame.form == "unstated":
            return (*statement.resource_globs, *statement.unstated_globs(self.asker.account))
        if frame.form == "unstated role":
            unstated = statement.unstated_globs(self.asker.account)
            return (*statement.role_globs, *glob.lower(unstated))
        return statement.resource_globs

    def fixed(self, key: str) -> tuple[Value] | None:
        """Return the value of a key in all these requests, in a tuple; None if it is free.

        The current time is free unless it is given.
        """
        if key == _PRINCIPAL and self.asker.name is not None and self.asker.has_identity:
            return (self.asker.arn,)
        if key in self.given:
            return (self.given[key],)
        if key == _TIME or (key == _PRINCIPAL and self.asker.has_identity):
            # a request without the time gets the current one
            return None
        if (self.free is None and (key != _PRINCIPAL)) or (self.free and key in self.free):
            return None
        return ((),)

    def folds(self, key: str) -> bool:
        """True if the texts of a key's conditions are compared in lower case (3.4)."""
        return key == _PRINCIPAL and self.asker.kind == "role"

    def domain(self, key: str) -> Domain:
        """Return the values that a free key may have."""
        if key == _PRINCIPAL:
            name = glob.some(glob.NAME, _NAME_LENGTH)
            texts = (*glob.text(self.asker.path), *name)
            if self.asker.kind == "role":
                (texts,) = glob.lower([texts])
            unnamed = frozenset(f"{self.asker.path}{one}" for one in self.asker.unnamed)
            return Domain(may_be_absent=False, texts=texts, fold=self.folds(key), excepted=unnamed)
        if key == _GROUP:
            return Domain(excepted=self.groups)
        return Domain(may_be_absent=key != _TIME)

    @staticmethod
    def _arn(account: str) -> Glob:
        return (
            *glob.text("acs:"),
            *glob.ANY_FIELD,
            *glob.text(":"),
            *glob.ANY_FIELD,
            *glob.text(f":{account}:"),
            *glob.ANYTHING,
        )

    @staticmethod
    def _open_region(account: str) -> Glob:
        """Return the glob of the resources whose region is `*`, which counts as empty (3.5)."""
        return (
            *glob.text("acs:"),
            *glob.ANY_FIELD,
            *glob.text(f":*:{account}:"),
            *glob.ANYTHING,
        )
