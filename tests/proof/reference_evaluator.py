"""A second implementation of RAM's rules in plain Python, for comparison with OPA's answers.

It reads RAM's JSON documents, never translated ones, and shares no code with ramgate. The numbers
refer to the rules in the reference of the policy language. A comment that is only a number cites
the rule that its line implements.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import functools
import ipaddress
import re
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Object: TypeAlias = dict[str, Any]
Effect: TypeAlias = Literal["Allow", "ExplicitDeny", "ImplicitDeny", "Unreadable"]
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceLinkedRole:
    """A service-linked role of the catalog; `document` is None if its policy is not published."""

    service_name: str
    policy: str
    document: Object | None


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    system_policies: Mapping[str, Object]
    service_linked_roles: Mapping[str, ServiceLinkedRole]


# Text


def lower(text: str) -> str:
    """Return the text in lower case as OPA's `lower` does.

    OPA converts each character by itself: there is no final sigma, and a dotted capital I becomes
    an i.
    """
    if text.isascii():
        return text.lower()
    return "".join("i" if character == "\u0130" else character.lower() for character in text)


def like(pattern: str, text: str) -> bool:
    """True if the pattern matches the whole text (2.1).

    `*` matches any number of characters, also none; `?` matches exactly one.
    """
    first, *others = pattern.split("*")
    if not others:
        return _piece_matches(first, text)
    *between, last = others
    at, end = len(first), len(text) - len(last)
    if at > end or not _piece_matches(first, text[:at]) or not _piece_matches(last, text[end:]):
        return False
    for piece in between:
        found = _find_piece(piece, text, at, end)
        if found is None:
            return False
        at = found + len(piece)
    return True


def _piece_matches(piece: str, text: str) -> bool:
    if "?" not in piece:
        return piece == text
    return len(piece) == len(text) and all(
        mine in ("?", other) for mine, other in zip(piece, text, strict=True)
    )


def _find_piece(piece: str, text: str, start: int, end: int) -> int | None:
    for at in range(start, end - len(piece) + 1):
        if _piece_matches(piece, text[at : at + len(piece)]):
            return at
    return None


# Section 4: conditions

KEYS: Final = frozenset(
    {
        "acs:CurrentTime",
        "acs:MFAPresent",
        "acs:PrincipalARN",
        "acs:ResourceGroupId",
        "acs:SecureTransport",
        "acs:Service",
        "acs:SourceIp",
        "acs:SourceVpc",
        "acs:VpcSourceIp",
        "alikafka:Acl",
        "alikafka:DeployModule",
        "alikafka:DiskEncryption",
        "alikafka:SpecType",
        "oidc:aud",
        "oidc:iss",
        "oidc:sub",
        "ram:ServiceName",
        "ram:ServiceNames",
        "ram:TrustedPrincipalTypes",
        "saml:recipient",
        "sts:ExternalId",
    }
)
"""The keys of section 6 whose names have no `<…>` part."""
TAG_KEYS: Final = frozenset({"acs:RequestTag/", "acs:ResourceTag/", "kms:tag/"})
"""The keys of section 6 that end in the key of a tag, without it."""
_LOWER_KEYS: Final = frozenset(map(lower, KEYS))
_LOWER_TAG_KEYS: Final = frozenset(map(lower, TAG_KEYS))

_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_PREFIX_LENGTH: Final = re.compile(r"0|[1-9][0-9]*")
_FIRST_YEAR: Final = 1678
_LAST_YEAR: Final = 2261
_HOUR: Final = 24
_MINUTE: Final = 60
_NANOSECONDS: Final = 10**9


class Unreadable(Exception):
    """A value does not have the type of the operator (4.6)."""


def is_misspelt(key: str) -> bool:
    """True if a key differs from a key of section 6 only in case."""
    start, slash, _ = key.partition("/")
    if slash and lower(start + slash) in _LOWER_TAG_KEYS:
        return start + slash not in TAG_KEYS
    return key not in KEYS and lower(key) in _LOWER_KEYS


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise Unreadable


def _number(value: object) -> decimal.Decimal:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return decimal.Decimal(value)
    if isinstance(value, int | float | decimal.Decimal) and not isinstance(value, bool):
        return decimal.Decimal(repr(value) if isinstance(value, float) else value)
    raise Unreadable


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and lower(value) in {"true", "false"}:
        return lower(value) == "true"
    raise Unreadable


def _instant(value: object) -> int:
    """Return a date of the years 1678 to 2261 as nanoseconds since a fixed instant."""
    year, instant = _date(value)
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise Unreadable
    return instant


@functools.lru_cache
def _policy_instant(value: str) -> int:
    """Return a policy's date as nanoseconds; a date outside those years is moved to their bound."""
    year, instant = _date(value)
    if year < _FIRST_YEAR:
        return _date(f"{_FIRST_YEAR}-01-01T00:00:00Z")[1]
    if year > _LAST_YEAR:
        return _date(f"{_LAST_YEAR}-12-31T23:59:59.999999999Z")[1]
    return instant


def _date(value: object) -> tuple[int, int]:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable
    *calendar, hour, minute, second = (int(found[place]) for place in range(1, 7))
    fraction, sign, offset_hour, offset_minute = found.group(7, 8, 9, 10)
    hours, minutes = int(offset_hour or 0), int(offset_minute or 0)
    if not (hour < _HOUR and minute < _MINUTE and second < _MINUTE):
        raise Unreadable
    if not (hours < _HOUR and minutes < _MINUTE):
        raise Unreadable
    try:
        day = datetime.date(*calendar).toordinal()
    except ValueError:
        raise Unreadable from None
    offset = (hours * _MINUTE + minutes) * (-1 if sign == "-" else 1)
    seconds = ((day * _HOUR + hour) * _MINUTE + minute - offset) * _MINUTE + second
    return calendar[0], seconds * _NANOSECONDS + int((fraction or "0").ljust(9, "0"))


def _address(value: object) -> Address:
    if not isinstance(value, str) or "%" in value:
        raise Unreadable
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        raise Unreadable from None
    return getattr(address, "ipv4_mapped", None) or address


@functools.lru_cache
def _block(value: str) -> Network:
    """Return the addresses of a policy's address or block."""
    text, slash, length = value.partition("/")
    address = _address(text)
    if not slash:
        return ipaddress.ip_network(address)
    if not _PREFIX_LENGTH.fullmatch(length):
        raise Unreadable
    is_mapped = ":" in text and isinstance(address, ipaddress.IPv4Address)
    if is_mapped or int(length) > address.max_prefixlen:
        raise Unreadable
    return ipaddress.ip_network((address, int(length)), strict=False)


@dataclasses.dataclass(frozen=True, slots=True)
class _Operator:
    """Functions that read a request's value and a policy's value, and that compare the two."""

    read: Callable[[object], Any]
    listed: Callable[[str], Any]
    matches: Callable[[Any, Any], bool]


def _family(
    read: Callable[[object], Any],
    listed: Callable[[str], Any],
    **operators: Callable[[Any, Any], bool],
) -> dict[str, _Operator]:
    return {name: _Operator(read, listed, matches) for name, matches in operators.items()}


_POSITIVE: Final = {
    **_family(
        _text,
        str,
        StringEquals=lambda value, listed: value == listed,
        StringEqualsIgnoreCase=lambda value, listed: lower(value) == lower(listed),
        StringLike=lambda value, listed: like(listed, value),
    ),
    **_family(
        _number,
        _number,
        NumericEquals=lambda value, listed: value == listed,
        NumericLessThan=lambda value, listed: value < listed,
        NumericLessThanEquals=lambda value, listed: value <= listed,
        NumericGreaterThan=lambda value, listed: value > listed,
        NumericGreaterThanEquals=lambda value, listed: value >= listed,
    ),
    **_family(
        _instant,
        _policy_instant,
        DateEquals=lambda value, listed: value == listed,
        DateLessThan=lambda value, listed: value < listed,
        DateLessThanEquals=lambda value, listed: value <= listed,
        DateGreaterThan=lambda value, listed: value > listed,
        DateGreaterThanEquals=lambda value, listed: value >= listed,
    ),
    **_family(_boolean, _boolean, Bool=lambda value, listed: value == listed),
    **_family(
        _address,
        _block,
        IpAddress=lambda value, listed: value in listed,
        IpAddressIncludeBorder=lambda value, listed: value in listed,
    ),
}
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "NotIpAddressIncludeBorder": "IpAddressIncludeBorder",
}
OPERATORS: Final = frozenset({*_POSITIVE, *_NEGATED})
QUANTIFIERS: Final = frozenset({"", "ForAllValues", "ForAnyValue"})


def is_satisfied(
    operator: str,
    listed: Sequence[str],
    given: object,
    effect: str,
    *,
    folded: bool = False,
) -> bool:
    """True if the condition `operator: {key: listed}` of a statement with this effect is satisfied.

    `given` is the request's value of the key, or None if the key is absent. With `folded`, both
    sides are compared in lower case (3.4).
    """
    quantifier, _, name = operator.rpartition(":")
    negated = name in _NEGATED
    doubt = effect == "Deny"
    elements = _list(given)
    if given is None or not elements:
        if not negated and quantifier != "ForAllValues":
            return False  # 4.4
        return doubt  # 4.5, 4.7
    rule = _POSITIVE[_NEGATED.get(name, name)]
    fold = _fold if folded else _as_is
    try:
        values = [rule.read(fold(element)) for element in elements]
    except Unreadable:
        return doubt  # 4.6
    wanted = [rule.listed(fold(value)) for value in listed]
    hits = [any(rule.matches(value, want) for want in wanted) for value in values]  # 4.1
    if quantifier == "ForAllValues":
        return all(hit != negated for hit in hits)  # 4.7
    if quantifier == "ForAnyValue":
        return any(hit != negated for hit in hits)  # 4.7
    return any(hits) != negated  # 4.2, 4.3


def _fold(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return lower(value) if isinstance(value, str) else value


def _as_is(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value


# Section 5: principals and requests

_ACCOUNT: Final = r"[0-9]{16}"
_NAME: Final = r"[A-Za-z0-9._@-]{1,64}"
_SERVICE: Final = rf"(?:{_ACCOUNT}@)?(?:[a-z0-9-]+\.)+aliyuncs\.com"
_FORMS: Final = {
    "role": rf"acs:ram::({_ACCOUNT}):role/({_NAME})",
    "session": rf"acs:ram::({_ACCOUNT}):(?:assumed-role|role)/({_NAME})/{_NAME}",
    "user": rf"acs:ram::({_ACCOUNT}):user/({_NAME})",
    "owner": rf"acs:ram::({_ACCOUNT}):(root)",
    "service": rf"()({_SERVICE})",
    "federated": rf"acs:ram::({_ACCOUNT}):((?:saml|oidc)-provider/{_NAME})",
}
_PRINCIPALS: Final = {kind: re.compile(form) for kind, form in _FORMS.items()}
_ACTION: Final = re.compile(r"[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+")
_ROLE_ARN: Final = re.compile(rf"acs:ram:\*?:({_ACCOUNT}):role/({_NAME})")
_FIELD_COUNT: Final = 5
_OPEN: Final = ("", "*")
"""The texts of a region or an account that a request does not state (3.5)."""
_TRUST_ACTIONS: Final = frozenset({"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"})
_FIELDS: Final = frozenset({"principal", "action", "resource", "context", "session_policies"})
_LEAST_COLONS: Final = 4

# The limits of a request. Those on the JSON of translated documents, and on their wildcards, are
# not here: this evaluator reads RAM's documents. Characters are counted, not bytes.
_MAX_NAME: Final = 2048
_MAX_KEYS: Final = 200
_MAX_KEY: Final = 256
_MAX_VALUE: Final = 2048
_MAX_LIST: Final = 100
_MAX_ELEMENTS: Final = 1000
_MAX_VALUES: Final = 8192
_MAX_SESSION_POLICIES: Final = 10
_MAX_POLICIES: Final = 100
_MAX_COMPARISONS: Final = 20000


class Malformed(Exception):
    """A request is malformed (5.1)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    kind: str
    account: str
    name: str

    @property
    def is_role(self) -> bool:
        """True for a role, and for a session, which is compared as its role."""
        return self.kind in {"role", "session"}

    @property
    def identity_account(self) -> str:
        """The account that completes a resource: services and providers have none (3.5)."""
        return "" if self.is_outside else self.account

    @property
    def is_outside(self) -> bool:
        """True for a service or a federated principal, which no account has as an identity."""
        return self.kind in {"service", "federated"}

    @property
    def arn(self) -> str:
        """The value of `acs:PrincipalARN`."""
        if self.kind == "owner":
            return f"acs:ram::{self.account}:root"
        if self.kind == "user":
            return f"acs:ram::{self.account}:user/{self.name}"
        return f"acs:ram::{self.account}:role/{lower(self.name)}"


def principal_of(text: object) -> Principal:
    if isinstance(text, str):
        for kind, form in _PRINCIPALS.items():
            if found := form.fullmatch(text):
                return Principal(kind, found[1], found[2])
    raise Malformed


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A well-formed request."""

    principal: Principal
    action: str
    resource: str
    context: Object
    session_policies: list[Object]
    policies: Object | None
    outcomes: Counter[tuple[str, str]]

    @property
    def fields(self) -> list[str]:
        """The five fields of the resource; an account that is not stated is the caller's (3.5)."""
        fields = self.resource.split(":", _FIELD_COUNT - 1)
        if fields[3] in _OPEN and self.principal.identity_account:
            fields[3] = self.principal.identity_account
        return fields

    @property
    def states_account(self) -> bool:
        """True unless the caller's account stands for one that the request does not state (3.5)."""
        account = self.resource.split(":")[3]
        return account not in _OPEN or not self.principal.identity_account

    @property
    def role(self) -> tuple[str, str] | None:
        """Account and lower-case name of the role if the resource is a role's ARN (3.4)."""
        if self.resource == "*":
            return None
        found = _ROLE_ARN.fullmatch(":".join(self.fields))
        return (found[1], lower(found[2])) if found else None

    @property
    def account(self) -> str:
        """The account that the resource belongs to (5.4, 5.7)."""
        segment = "*" if self.resource == "*" else self.resource.split(":")[3]
        return self.principal.account if segment in {"", "*", "system"} else segment

    @property
    def assumes(self) -> bool:
        """True for one of the three actions that a trust policy decides, in any case (5.8)."""
        return lower(self.action) in _TRUST_ACTIONS


def _read(
    request: object, now: datetime.datetime, outcomes: Counter[tuple[str, str]], *, simulated: bool
) -> Request:
    fields = _FIELDS | {"policies"} if simulated else _FIELDS
    required = {"principal", "action", "resource", *({"policies"} if simulated else ())}
    if not isinstance(request, dict) or not required <= request.keys() <= fields:
        raise Malformed
    for field in ("principal", "action", "resource"):
        if not isinstance(request[field], str) or len(request[field]) > _MAX_NAME:
            raise Malformed
    principal = principal_of(request["principal"])
    if simulated and principal.is_outside:
        raise Malformed
    context = request.get("context", {})
    found = Request(
        principal,
        _action(request["action"]),
        _resource(request["resource"]),
        _context(context, principal, now),
        _session_policies(request.get("session_policies", []), principal),
        _policies(request["policies"]) if simulated else None,
        outcomes,
    )
    for documents in (found.session_policies, (found.policies or {}).values()):
        if _comparisons(documents, context) > _MAX_COMPARISONS:
            raise Malformed
    return found


def request_of(value: object, now: datetime.datetime) -> Request:
    """Return the request of a decision; raise `Malformed` if it is malformed."""
    return _read(value, now, collections.Counter(), simulated=False)


def _comparisons(documents: Iterable[Object], context: Object) -> int:
    """Return how often the conditions may compare an element with a listed value."""
    return sum(
        len(_list(listed)) * len(_list(context[key]))
        for document in documents
        for statement in document["Statement"]
        for keys in statement.get("Condition", {}).values()
        for key, listed in keys.items()
        if key in context
    )


def _action(text: object) -> str:
    if not isinstance(text, str) or not _ACTION.fullmatch(text):
        raise Malformed  # 2.3
    return text


def _resource(text: object) -> str:
    if not isinstance(text, str) or (text != "*" and not _is_arn(text)):
        raise Malformed  # 3.2
    return text


def _is_arn(text: str) -> bool:
    return text.startswith("acs:") and text.count(":") >= _LEAST_COLONS


def _context(given: object, principal: Principal, now: datetime.datetime) -> Object:
    if not isinstance(given, dict):
        raise Malformed
    for key, value in given.items():
        if is_misspelt(key) or not all(map(_is_scalar, _list(value))):
            raise Malformed
    if not _is_small(given):
        raise Malformed
    context = dict(given)
    if principal.is_outside:
        if "acs:PrincipalARN" in context:
            raise Malformed
    elif context.setdefault("acs:PrincipalARN", principal.arn) != principal.arn:
        raise Malformed
    if context.get("acs:CurrentTime", []) == []:
        context["acs:CurrentTime"] = now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return context


def _is_small(context: Object) -> bool:
    lists = [_list(value) for value in context.values()]
    sizes = [sum(len(_as_text(element)) for element in elements) for elements in lists]
    return (
        len(context) <= _MAX_KEYS
        and all(len(key) <= _MAX_KEY for key in context)
        and all(len(elements) <= _MAX_LIST for elements in lists)
        and sum(map(len, lists)) <= _MAX_ELEMENTS
        and all(size <= _MAX_VALUE for size in sizes)
        and sum(sizes) <= _MAX_VALUES
    )


def _as_text(element: object) -> str:
    """Return the text of an element, whose length is limited."""
    return element if isinstance(element, str) else str(element)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | bool | int | float | decimal.Decimal)


def _session_policies(given: object, principal: Principal) -> list[Object]:
    if not isinstance(given, list) or (given and principal.kind != "session"):
        raise Malformed
    if len(given) > _MAX_SESSION_POLICIES:
        raise Malformed
    return [_identity_document(document) for document in given]


def _policies(given: object) -> Object:
    if not isinstance(given, dict) or len(given) > _MAX_POLICIES:
        raise Malformed
    return {name: _identity_document(document) for name, document in given.items()}


def _identity_document(document: object) -> Object:
    if not isinstance(document, dict) or is_trust(document):
        raise Malformed
    return document


def is_trust(document: Object) -> bool:
    """True if the document is a trust policy (1.3)."""
    return any("Principal" in statement for statement in document["Statement"])


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - a single value stands for a list of one (1.4)
    return value if isinstance(value, list) else [value]


# Statements


def matches(statement: Object, request: Request) -> bool:
    """True if a statement of an identity, session or control policy matches the request."""
    return (
        _action_matches(statement, request.action)
        and _resource_matches(statement, request)
        and _condition_holds(statement, request)
    )


def _trust_matches(statement: Object, request: Request) -> bool:
    """True if a statement of a trust policy matches the request."""
    return (
        _action_matches(statement, request.action)
        and _principal_matches(statement["Principal"], request.principal)
        and _condition_holds(statement, request)
    )


def _action_matches(statement: Object, action: str) -> bool:
    patterns = _list(statement["Action" if "Action" in statement else "NotAction"])
    matched = any(like(lower(pattern), lower(action)) for pattern in patterns)  # 2.1
    return matched == ("Action" in statement)  # 2.2


def _resource_matches(statement: Object, request: Request) -> bool:
    patterns = _list(statement["Resource"])
    if request.resource == "*":
        return any(like(pattern, "*") for pattern in patterns)  # 3.2
    fields = request.fields
    is_region_stated = fields[2] not in _OPEN
    if not is_region_stated:
        fields[2] = ""  # 3.5
    if request.role:
        fields, patterns = (
            [lower(field) for field in fields],
            [lower(one) for one in patterns],
        )  # 3.4
    if statement["Effect"] == "Deny":
        return any(
            like(pattern, ":".join(fields))
            or _denies_by_fields(pattern, fields, is_region_stated=is_region_stated)
            for pattern in patterns
        )  # 3.1
    return any(
        _allows_by_fields(pattern, fields, states_account=request.states_account)
        for pattern in patterns
    )  # 3.1


def _split_pattern(pattern: str) -> list[str] | None:
    """Return the five fields of a pattern, or None if it is cut short and covers nothing (3.1)."""
    fields = pattern.split(":", _FIELD_COUNT - 1)
    missing = _FIELD_COUNT - len(fields)
    if missing and not pattern.endswith("*"):
        return None
    return fields + ["*"] * missing


def _allows_by_fields(pattern: str, fields: Sequence[str], *, states_account: bool) -> bool:
    wanted = _split_pattern(pattern)
    if wanted is None:
        return False
    if wanted[3] == "" and not states_account:
        wanted[3] = "*"  # 3.5
    return all(map(like, wanted, fields))


def _denies_by_fields(pattern: str, fields: Sequence[str], *, is_region_stated: bool) -> bool:
    wanted = _split_pattern(pattern)
    if wanted is None:
        return False
    if wanted[2] == "" or not is_region_stated:
        wanted[2] = "*"  # 3.5
    if wanted[3] == "":
        wanted[3] = "*"  # 3.5
    return all(map(like, wanted, fields))


def _condition_holds(statement: Object, request: Request) -> bool:
    for operator, keys in statement.get("Condition", {}).items():
        for key, listed in keys.items():
            holds = is_satisfied(
                operator,
                _list(listed),
                request.context.get(key),
                statement["Effect"],
                folded=key == "acs:PrincipalARN" and request.principal.is_role,  # 3.4
            )
            request.outcomes[operator, "holds" if holds else "fails"] += 1
            if not holds:
                return False  # 4.1
    return True


def _principal_matches(trusted: Object, principal: Principal) -> bool:
    return any(
        _is_trusted(kind, value, principal)
        for kind, values in trusted.items()
        for value in _list(values)
    )


def _is_trusted(kind: str, value: str, principal: Principal) -> bool:
    if kind == "Service":
        return principal.kind == "service" and principal.name == value
    trusted = principal_of(value)
    if trusted.account != principal.account:
        return False
    if kind == "Federated":
        return principal.kind == "federated" and principal.name == trusted.name
    if trusted.kind == "owner":
        return principal.kind == "user" or principal.is_role
    if trusted.kind == "role":
        return principal.is_role and lower(principal.name) == lower(trusted.name)
    return principal.kind == "user" and principal.name == trusted.name


# Layers

Decision: TypeAlias = dict[str, Any]
Verdict: TypeAlias = tuple[Effect, list[Object]]

_REASONS: Final[Mapping[Effect, str]] = {
    "Allow": "statement_allows",
    "ExplicitDeny": "statement_denies",
    "ImplicitDeny": "no_statement_matches",
    "Unreadable": "policy_unreadable",
}
_DECIDING: Final[Mapping[Effect, str | None]] = {
    "Allow": "Allow",
    "ExplicitDeny": "Deny",
    "ImplicitDeny": None,
    "Unreadable": None,
}
CONTROL: Final = "ControlPolicy"
SESSION: Final = "SessionPolicy"
ACCOUNT_LEVEL: Final = "AccountLevelIdentityBasedPolicy"
RESOURCE_GROUP_LEVEL: Final = "ResourceGroupLevelIdentityBasedPolicy"
TRUST: Final = "AssumeRolePolicy"
LAYERS: Final = (CONTROL, SESSION, ACCOUNT_LEVEL, RESOURCE_GROUP_LEVEL, TRUST)


def _layer(
    name: str,
    policies: Iterable[tuple[str, Object]],
    request: Request,
    matches: Callable[[Object, Request], bool] = matches,
) -> Verdict:
    """Decide one layer: a matching Deny decides, else a matching Allow, else there is neither.

    An unreadable document leaves only the Deny of the others (5.9).
    """
    matching: dict[str, set[tuple[str, int]]] = {"Allow": set(), "Deny": set()}
    unreadable = False
    for policy, document in policies:
        if "unreadable" in document:
            unreadable = True
            continue
        for index, statement in enumerate(document["Statement"]):
            if matches(statement, request):
                matching[statement["Effect"]].add((policy, index))
    effect: Effect = "ImplicitDeny"
    if matching["Allow"]:
        effect = "Allow"
    if unreadable:
        effect = "Unreadable"
    if matching["Deny"]:
        effect = "ExplicitDeny"
    request.outcomes[name, effect] += 1
    deciding = matching.get(_DECIDING[effect] or "", set())
    return effect, [{"policy": policy, "index": index} for policy, index in sorted(deciding)]


def _decision(
    effect: Effect,
    statements: list[Object],
    policy_type: str | None,
    reason: str = "",
) -> Decision:
    return {
        "allow": effect == "Allow",
        "effect": "ImplicitDeny" if effect == "Unreadable" else effect,
        "reason": reason or _REASONS[effect],
        "policy_type": policy_type,
        "statements": statements,
    }


def _deny(reason: str, policy_type: str | None = None) -> Decision:
    return _decision("ImplicitDeny", [], policy_type, reason)


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """A layer that is asked about a request: its verdict by itself, and its statements.

    `statements` has `(policy, index)` of each readable statement, and whether it matches; a
    statement of two policies of one name is there twice.
    """

    policy_type: str
    level: str | None
    verdict: Verdict
    statements: list[tuple[str, int, bool]]


def _asked(
    policy_type: str,
    level: str | None,
    policies: Iterable[tuple[str, Object]],
    request: Request,
    matches: Callable[[Object, Request], bool] = matches,
) -> Asked:
    known = {(name, id(document)): document for name, document in policies}
    named = [(name, document) for (name, _), document in known.items()]
    found = [
        (name, index, matches(statement, request))
        for name, document in named
        for index, statement in enumerate(document.get("Statement", []))
    ]
    return Asked(policy_type, level, _layer(policy_type, named, request, matches), found)


class Evaluator:
    """The decisions of a parsed accounts document and a catalog.

    `outcomes` counts the outcomes of each operator and each layer that was evaluated.
    """

    def __init__(self, document: Object, catalog: Catalog) -> None:
        self.outcomes: Counter[tuple[str, str]] = collections.Counter()
        self._accounts: Mapping[str, Object] = document.get("accounts", {})
        self._directory: Object | None = document.get("directory")
        self._catalog_s = catalog.system_policies
        self._file_s: Mapping[str, Object] = {
            name: entry if "unreadable" in entry else entry["document"]
            for name, entry in document.get("system_policies", {}).items()
        }
        self._linked = {
            lower(name): (name, role) for name, role in catalog.service_linked_roles.items()
        }

    def decide(self, value: object, now: datetime.datetime) -> Decision:
        try:
            request = _read(value, now, self.outcomes, simulated=False)
        except Malformed:
            return _deny("malformed_request")  # 5.1
        return self._judge(
            request,
            (
                self._unknown_principal,
                self._owner,
                self._control,
                self._session,
                self._unknown_role,
            ),
        )

    def simulate(self, value: object, now: datetime.datetime) -> Decision:
        try:
            request = _read(value, now, self.outcomes, simulated=True)
        except Malformed:
            return _deny("malformed_request") | {"simulated": True}  # 5.1
        checks = (self._control, self._session, self._unknown_role)
        return self._judge(request, checks) | {"simulated": True}

    def layers(self, value: object, now: datetime.datetime, *, simulated: bool) -> list[Asked]:
        """Return every layer that can be asked, each by itself, whichever of them decides."""
        try:
            request = _read(value, now, self.outcomes, simulated=simulated)
        except Malformed:
            return []
        if not simulated and (
            request.principal.kind == "owner"
            or not (request.principal.is_outside or self._is_known(request.principal))
        ):
            return []
        return [
            *self._control_layers(request),
            *self._session_layer(request),
            *self._identity_layers(request),
            *self._trust_layer(request),
        ]

    def _control_layers(self, request: Request) -> Iterator[Asked]:
        if self._directory is None or not self._is_bound(request.principal):
            return
        names = _names(self._directory["root"], "root", request.account) or []
        levels = _levels(self._directory["root"], request.account) or []
        for name, level in zip(names, levels, strict=True):
            policies = self._policies_named(level["control_policies"], self._directory)
            yield _asked(CONTROL, name, policies, request)

    def _session_layer(self, request: Request) -> Iterator[Asked]:
        policies = [
            (f"session:{place}", document)
            for place, document in enumerate(request.session_policies)
        ]
        if policies:
            asked = _asked(SESSION, None, policies, request)
            denial = self._session(request)
            verdict = (denial["effect"], denial["statements"]) if denial else asked.verdict
            yield dataclasses.replace(asked, verdict=verdict)

    def _identity_layers(self, request: Request) -> Iterator[Asked]:
        principal = request.principal
        if request.policies is not None:
            yield _asked(ACCOUNT_LEVEL, None, request.policies.items(), request)
            return
        linked = self._linked.get(lower(principal.name)) if principal.is_role else None
        if principal.is_outside or (linked and self._linked_document(linked[1]) is None):
            return
        yield _asked(ACCOUNT_LEVEL, None, self._attached_policies(principal, None), request)
        group = request.context.get("acs:ResourceGroupId")
        if isinstance(group, str):
            policies = self._attached_policies(principal, group)
            yield _asked(RESOURCE_GROUP_LEVEL, None, policies, request)

    def _trust_layer(self, request: Request) -> Iterator[Asked]:
        if request.assumes and request.role and self._has_role(*request.role):
            policy = self._trust(*request.role)
            yield _asked(TRUST, None, [policy], request, _trust_matches)

    def _judge(
        self, request: Request, checks: Iterable[Callable[[Request], Decision | None]]
    ) -> Decision:
        """Return the decision of the first check that decides, else that of the policies."""
        for check in checks:
            if decision := check(request):
                return decision
        return self._assume(request) if request.assumes else self._own(request)

    def _unknown_principal(self, request: Request) -> Decision | None:
        """Deny a principal that is unknown (5.2)."""
        principal = request.principal
        if principal.is_outside:
            return None if request.assumes else _deny("no_statement_matches")
        return None if self._is_known(principal) else _deny("unknown_principal")

    def _is_known(self, principal: Principal) -> bool:
        account = self._accounts.get(principal.account)
        return account is not None and (
            principal.kind == "owner"
            or (principal.kind == "user" and principal.name in account.get("users", {}))
            or (principal.is_role and self._has_role(principal.account, lower(principal.name)))
        )

    def _owner(self, request: Request) -> Decision | None:
        """Decide for an account owner (5.3)."""
        if request.principal.kind != "owner":
            return None
        if request.assumes:
            return _deny("no_statement_matches")
        if request.account != request.principal.account:
            return _deny("resource_of_another_account")  # 5.7
        return _decision("Allow", [], None, "account_owner")

    def _control(self, request: Request) -> Decision | None:
        """Deny by the first level of control policies that does not allow (5.4)."""
        if self._directory is None or not self._is_bound(request.principal):
            return None
        levels = _levels(self._directory["root"], request.account)
        for level in levels or ():
            policies = self._policies_named(level["control_policies"], self._directory)
            effect, statements = _layer(CONTROL, policies, request)
            if effect != "Allow":
                return _decision(effect, statements, CONTROL)
        return None

    def _is_bound(self, principal: Principal) -> bool:
        assert self._directory is not None
        return not (
            principal.is_outside
            or principal.kind == "owner"
            or principal.account == self._directory["management"]
            or (principal.is_role and lower(principal.name) in self._linked)
        )

    def _session(self, request: Request) -> Decision | None:
        """Deny by session policies that do not all allow (5.5)."""
        if not request.session_policies:
            return None
        policies = [
            (f"session:{place}", document)
            for place, document in enumerate(request.session_policies)
        ]
        effect, statements = _layer(SESSION, policies, request)
        if effect == "ExplicitDeny":
            return _decision(effect, statements, SESSION)
        if all(_layer(SESSION, [policy], request)[0] == "Allow" for policy in policies):
            return None
        return _decision("ImplicitDeny", [], SESSION)

    def _unknown_role(self, request: Request) -> Decision | None:
        """Deny assuming a role unless the resource is the ARN of an existing role (5.8)."""
        if not request.assumes or (request.role and self._has_role(*request.role)):
            return None
        return _deny("unknown_role")

    def _own(self, request: Request) -> Decision:
        """Decide by the identity policies, within the principal's account (5.6, 5.7)."""
        decision = self._identity(request)
        if decision["allow"] and request.account != request.principal.account:
            return _deny("resource_of_another_account", decision["policy_type"])
        return decision

    def _identity(self, request: Request) -> Decision:
        """Decide by the identity policies: account level first, then the resource group (5.6)."""
        if request.policies is not None:
            return _decision(
                *_layer(ACCOUNT_LEVEL, request.policies.items(), request), ACCOUNT_LEVEL
            )
        linked = (
            self._linked.get(lower(request.principal.name)) if request.principal.is_role else None
        )
        if linked and self._linked_document(linked[1]) is None:
            return _deny("policy_not_published")
        effect, statements = _layer(
            ACCOUNT_LEVEL, self._attached_policies(request.principal, None), request
        )
        group = request.context.get("acs:ResourceGroupId")
        if effect != "ImplicitDeny" or not isinstance(group, str):
            return _decision(effect, statements, ACCOUNT_LEVEL)
        policies = self._attached_policies(request.principal, group)
        return _decision(*_layer(RESOURCE_GROUP_LEVEL, policies, request), RESOURCE_GROUP_LEVEL)

    def _assume(self, request: Request) -> Decision:
        """Decide on assuming a role, by identity and trust policies (5.8)."""
        assert request.role is not None
        policy = self._trust(*request.role)
        trust = _decision(*_layer(TRUST, [policy], request, _trust_matches), TRUST)
        if request.principal.is_outside:
            return trust
        identity = self._identity(request)
        if identity["effect"] == "ExplicitDeny" or identity["reason"] == "policy_unreadable":
            return identity  # 5.9
        if trust["effect"] == "ExplicitDeny":
            return trust
        if not identity["allow"]:
            return identity
        return trust

    # Lookups in the accounts

    def _has_role(self, account: str, name: str) -> bool:
        return self._stored_name(account, name) is not None

    def _stored_name(self, account: str, name: str) -> str | None:
        """Return the stored spelling of a role's lower-case name."""
        stored = self._accounts.get(account, {})
        for role in (*stored.get("roles", {}), *stored.get("service_linked_roles", [])):
            if lower(role) == name:
                return str(role)
        return None

    def _trust(self, account: str, name: str) -> tuple[str, Object]:
        if name in self._linked:
            stored, role = self._linked[name]
            statement = {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": role.service_name},
            }
            return f"trust:{stored}", {"Version": "1", "Statement": [statement]}
        stored_name = self._stored_name(account, name)
        assert stored_name is not None
        return f"trust:{stored_name}", self._accounts[account]["roles"][stored_name]["trust"]

    def _attached_policies(
        self, principal: Principal, group: str | None
    ) -> Iterator[tuple[str, Object]]:
        """Yield the policies attached in a resource group, or at account level if it is None."""
        account = self._accounts[principal.account]
        if principal.is_role:
            folded = lower(principal.name)
            if folded in self._linked:
                role = self._linked[folded][1]
                document = self._linked_document(role)
                assert document is not None
                yield from [(role.policy, document)] if group is None else []
                return
            stored_name = self._stored_name(principal.account, folded)
            assert stored_name is not None
            holders = [account["roles"][stored_name]]
        else:
            user = account["users"][principal.name]
            holders = [user, *(account["groups"][name] for name in user.get("groups", []))]
        for holder in holders:
            for attachment in holder.get("policies", []):
                attached_to = (
                    None if isinstance(attachment, str) else attachment.get("resource_group")
                )
                if attached_to == group:
                    yield from self._policies_named([attachment], account)

    def _policies_named(
        self, attachments: Iterable[str | Object], owner: Object
    ) -> Iterator[tuple[str, Object]]:
        """Yield the attached policies: without a `type`, the owner's, else the system policy."""
        for attachment in attachments:
            fields = {"policy": attachment} if isinstance(attachment, str) else attachment
            name, kind = fields["policy"], fields.get("type")
            owners = {} if kind == "System" else owner.get("policies", {})
            yield name, owners.get(name) or self._file_s.get(name) or self._catalog_s[name]

    def _linked_document(self, role: ServiceLinkedRole) -> Object | None:
        """Return the document of a service-linked role: the file's, else the catalog's."""
        return self._file_s.get(role.policy, role.document)


def _levels(folder: Object, account: str) -> list[Object] | None:
    """Return the levels from this folder down to the account, or None if it is not below."""
    if account in folder.get("accounts", {}):
        return [folder, folder["accounts"][account]]
    for inner in folder.get("folders", {}).values():
        if (below := _levels(inner, account)) is not None:
            return [folder, *below]
    return None


def _names(folder: Object, name: str, account: str) -> list[str] | None:
    """Return the names of the levels that `_levels` returns."""
    if account in folder.get("accounts", {}):
        return [name, account]
    for inner_name, inner in folder.get("folders", {}).items():
        if (below := _names(inner, inner_name, account)) is not None:
            return [name, *below]
    return None


# Section 1: valid documents

_PART: Final = r"[A-Za-z0-9_.*?-]+"
_ACTION_PATTERN: Final = re.compile(rf"\*|{_PART}:{_PART}")
_TRUSTED: Final = {
    "RAM": frozenset({"owner", "role", "user"}),
    "Service": frozenset({"service"}),
    "Federated": frozenset({"federated"}),
}


def is_accepted(document: object) -> bool:
    """True if a document is valid."""
    if not isinstance(document, dict) or document.keys() != {"Version", "Statement"}:
        return False  # 1.1
    statements = document["Statement"]
    if document["Version"] != "1" or not isinstance(statements, list) or not statements:
        return False  # 1.1
    if not all(isinstance(statement, dict) for statement in statements):
        return False  # 1.1
    trust = is_trust(document)
    return all(_is_statement(statement, trust=trust) for statement in statements)


def _is_statement(statement: Object, *, trust: bool) -> bool:
    optional = {"Condition", "Sid"}
    if trust:
        required = {"Effect", "Action", "Principal"}  # 1.3
    else:
        required = {"Effect", "Resource", "NotAction" if "NotAction" in statement else "Action"}
    if not required <= statement.keys() <= required | optional:
        return False  # 1.2
    action = statement.get("Action", statement.get("NotAction"))
    return (
        statement["Effect"] in ("Allow", "Deny")  # 1.6
        and isinstance(statement.get("Sid", ""), str)
        and _are(action, _is_trust_action if trust else _is_action)
        and (
            _is_principal(statement["Principal"])
            if trust
            else _are(statement["Resource"], _is_resource)
        )
        and _is_condition(statement.get("Condition", {}))
    )


def _are(value: object, fits: Callable[[str], bool]) -> bool:
    """True for a string that fits, or a list of such strings that is not empty (1.4)."""
    texts = _list(value)
    return bool(texts) and all(isinstance(text, str) and fits(text) for text in texts)


def _is_action(text: str) -> bool:
    return bool(_ACTION_PATTERN.fullmatch(text))  # 1.7


def _is_trust_action(text: str) -> bool:
    return _is_action(text) and any(like(lower(text), action) for action in _TRUST_ACTIONS)  # 1.3


def _is_resource(text: str) -> bool:
    return "*" in text or "?" in text or _is_arn(text)  # 1.8


def _is_principal(trusted: object) -> bool:
    return (
        isinstance(trusted, dict)
        and bool(trusted)
        and trusted.keys() <= _TRUSTED.keys()
        and all(
            _are(values, functools.partial(_is_trusted_principal, kind))
            for kind, values in trusted.items()
        )
    )


def _is_trusted_principal(kind: str, text: str) -> bool:
    try:
        return principal_of(text).kind in _TRUSTED[kind]
    except Malformed:
        return False


def _is_condition(condition: object) -> bool:
    return isinstance(condition, dict) and all(
        _is_operator(operator)
        and isinstance(keys, dict)
        and bool(keys)  # 1.9
        and all(_is_listed(operator, key, values) for key, values in keys.items())
        for operator, keys in condition.items()
    )


def _is_operator(operator: str) -> bool:
    quantifier, colon, name = operator.rpartition(":")
    return name in OPERATORS and (quantifier in QUANTIFIERS - {""} if colon else True)


def _is_listed(operator: str, key: str, values: object) -> bool:
    name = operator.rpartition(":")[2]
    read = _POSITIVE[_NEGATED.get(name, name)].listed

    def fits(text: str) -> bool:
        try:
            read(text)
        except Unreadable:
            return False
        return True

    return not is_misspelt(key) and _are(values, fits)
