"""RAM policy documents, checked and compiled to what Rego can look up.

The numbers in comments are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ramgate.documents.messages import describe, join_names
from ramgate.documents.source import Unquoted, parse
from ramgate.errors import InvalidFiles, InvalidPolicy
from ramgate.faults import Findings, Place, printable
from ramgate.language import condition, grammar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ramgate.language.condition import Operator, Value

__all__ = ["FORMAT", "translate", "translate_at"]

FORMAT: Final = 1

_LIMIT_CHARACTERS: Final = 6144
_SHORT: Final = 80
_NULLS: Final = ("", "~", "null")
_WILDCARD: Final = re.compile("[*?]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_QUANTIFIERS: Final = {"ForAllValues": "every", "ForAnyValue": "some"}
_FOLDED_KEYS: Final = {key.lower(): key for key in condition.KNOWN_KEYS}
_IDENTITY_KEYS: Final = ("Sid", "Effect", "Action", "NotAction", "Resource", "Condition")
_TRUST_KEYS: Final = ("Sid", "Effect", "Action", "Principal", "Condition")
_TRUST_ACTIONS: Final = ("sts:assumerole", "sts:setsourceidentity", "sts:tagsession")
_PRINCIPALS: Final = {
    "RAM": (grammar.RAM_PRINCIPAL, "`acs:ram::<account>:root`, `…:user/<name>` or `…:role/<name>`"),
    "Service": (grammar.SERVICE_NAME, "a service name such as `ecs.aliyuncs.com`"),
    "Federated": (
        grammar.FEDERATED,
        "`acs:ram::<account>:saml-provider/<name>` or `…:oidc-provider/<name>`",
    ),
}


def translate(document: Mapping[str, object] | str) -> dict[str, object]:
    """A RAM policy document, as parsed or as JSON text, as its translated document.

    The answer is plain data, ready for `json.dumps`; its shape is docs/reference/translated.md.
    The document is an identity, session or control policy, or, where a statement has a
    `Principal`, a trust policy. Raises `InvalidPolicy`, with every fault and its place, where RAM
    would refuse the document or nobody could say what it means.
    """
    place = Place(Findings(), "$")
    value: object = document
    if isinstance(document, str):
        try:
            source = parse(document, is_json=True)
        except InvalidFiles as error:
            raise InvalidPolicy(error.faults) from error
        place, value = source.place, source.value
    result = translate_at(value, place)
    if place.findings.faults:
        raise InvalidPolicy(place.findings.faults)
    return result


def translate_at(document: object, place: Place) -> dict[str, object]:
    """The translated document of a RAM policy document, all findings of which go to the place.

    Where a fault is among them, the answer is incomplete and of no use.
    """
    if not isinstance(document, Mapping):
        place.fault(f"a policy document must be an object, not {describe(document)}")
        return {}
    _refuse_others(document, ("Version", "Statement"), place)
    if "Version" not in document:
        place.fault('`Version` is missing: write `"Version": "1"`')
    elif document["Version"] != "1":
        (place / "Version").fault(f'must be the string `"1"`, not {describe(document["Version"])}')
    if "Statement" not in document:
        place.fault("`Statement` is missing")
        return {}
    statements, here = document["Statement"], place / "Statement"
    if not isinstance(statements, list | tuple) or not statements:
        given = "an empty list" if statements in ([], ()) else describe(statements)
        here.fault(f"must be a non-empty list of objects, not {given}")
        return {}
    # 1.3
    is_trust = any(isinstance(item, Mapping) and "Principal" in item for item in statements)
    index, compiled = _Index(), []
    for position, statement in enumerate(statements):
        parts, actions = _statement(statement, here / position, is_trust=is_trust)
        compiled.append(parts)
        index.add(position, actions)
    # 1.12
    if not place.findings.faults and _characters(document) > _LIMIT_CHARACTERS:
        place.advise(
            f"RAM takes {_LIMIT_CHARACTERS:,} characters in a custom policy; this has more"
        )
    return {
        "format": FORMAT,
        "kind": "trust" if is_trust else "identity",
        "statements": compiled,
        **index.data(),
    }


def _characters(document: Mapping[str, object]) -> int:
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=dict))


class _Index:
    """Which statements an action leads to: by its name, by its service, by neither."""

    def __init__(self) -> None:
        self._actions: dict[str, list[int]] = {}
        self._wildcards: dict[str, dict[str, list[int]]] = {}
        self._service_wildcards: dict[str, list[int]] = {}
        self._not_actions: list[int] = []

    def add(self, position: int, patterns: Iterable[str] | None) -> None:
        """Index the statement at that position by its `Action`s; None: it has a `NotAction`."""
        if patterns is None:
            self._not_actions.append(position)
        for pattern in sorted(set(patterns or ())):
            service = pattern.partition(":")[0]
            if not _WILDCARD.search(pattern):
                found = self._actions
            elif not _WILDCARD.search(service):
                found = self._wildcards.setdefault(service, {})
            else:
                found = self._service_wildcards
            found.setdefault(condition.glob(pattern), []).append(position)

    def data(self) -> dict[str, object]:
        return {
            "actions": dict(sorted(self._actions.items())),
            "wildcards": {
                service: dict(sorted(patterns.items()))
                for service, patterns in sorted(self._wildcards.items())
            },
            "service_wildcards": dict(sorted(self._service_wildcards.items())),
            "not_actions": self._not_actions,
        }


def _statement(
    statement: object, place: Place, *, is_trust: bool
) -> tuple[dict[str, object], list[str] | None]:
    """The translated statement, and its `Action`s in lower case (None: it has a `NotAction`)."""
    if not isinstance(statement, Mapping):
        place.fault(f"a statement must be an object, not {describe(statement)}")
        return {}, []
    _refuse_others(statement, _TRUST_KEYS if is_trust else _IDENTITY_KEYS, place)
    if "Sid" in statement and not isinstance(statement["Sid"], str):
        (place / "Sid").fault(f"must be a string, not {describe(statement['Sid'])}")
    parts = _effect(statement, place)
    actions = _actions(statement, place, is_trust=is_trust)
    if is_trust:
        parts |= _principals(statement, place)
    else:
        parts |= _resources(statement, place)
    if "NotAction" in statement:
        parts["except"] = sorted(set(map(condition.glob, actions)))
    if "Condition" in statement:
        conditions = _conditions(statement["Condition"], place / "Condition")
        if conditions:
            parts["conditions"] = conditions
    return parts, None if "NotAction" in statement else actions


def _refuse_others(value: Mapping[str, object], known: Iterable[str], place: Place) -> None:
    for key in value:
        if key not in known:
            place.fault(f"unknown element {describe(key)}: known are {join_names(known)}")


def _effect(statement: Mapping[str, object], place: Place) -> dict[str, object]:
    if "Effect" not in statement:
        place.fault("`Effect` is missing")
    elif statement["Effect"] not in ("Allow", "Deny"):
        given = describe(statement["Effect"])
        (place / "Effect").fault(f"must be `Allow` or `Deny`, not {given}")
    return {"effect": statement.get("Effect")}


def _texts(value: object, place: Place, *, may_be_empty: bool) -> Iterator[tuple[str, Place]]:
    """1.4: each string of a list, or the one that stands for a list of one, and its place."""
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not items:
        place.fault("must not be an empty list")
    for position, item in enumerate(items):
        here = place / position if isinstance(value, list | tuple) else place
        if not isinstance(item, str):
            here.fault(f"must be a string, not {describe(item)}{_quoting_advice(item)}")
        elif not item and not may_be_empty:
            here.fault("must not be an empty string")
        elif _SURROGATE.search(item):
            here.fault(f"{describe(item)} holds a lone surrogate, which is no character")
        else:
            yield item, here


def _quoting_advice(value: object) -> str:
    # 1.5
    match value:
        case bool() | int() | float():
            return f': write `"{json.dumps(value)}"`'
        case Unquoted(text=text) if text.lower() not in _NULLS and len(text) <= _SHORT:
            return f': write `"{printable(text)}"`'
        case _:
            return ""


def _actions(statement: Mapping[str, object], place: Place, *, is_trust: bool) -> list[str]:
    """The patterns of the `Action` or the `NotAction`, in lower case."""
    given = [name for name in ("Action", "NotAction") if name in statement]
    if is_trust and "Action" not in given:
        place.fault("`Action` is missing")
        return []
    if not is_trust and len(given) != 1:
        place.fault("a statement has exactly one of `Action` and `NotAction`")
        return []
    name = given[0]
    patterns = []
    for text, here in _texts(statement[name], place / name, may_be_empty=False):
        pattern = text.lower()
        if not grammar.ACTION_PATTERN.fullmatch(text):
            here.fault(f"{describe(text)} is no action: write `*` or `<service>:<operation>`")
        elif is_trust and not fnmatch.filter(_TRUST_ACTIONS, pattern):
            here.fault(
                f"{describe(text)} is no action of a trust policy: those are "
                "`sts:AssumeRole`, `sts:SetSourceIdentity`, `sts:TagSession`"
            )
        else:
            patterns.append(pattern)
    return patterns


def _resources(statement: Mapping[str, object], place: Place) -> dict[str, object]:
    if "Resource" not in statement:
        place.fault("`Resource` is missing")
        return {}
    anything, exact, prefixes, patterns = False, set(), set(), set()
    for text, here in _texts(statement["Resource"], place / "Resource", may_be_empty=False):
        if not _WILDCARD.search(text):
            # 1.8
            if grammar.RESOURCE.fullmatch(text):
                exact.add(text)
            else:
                here.fault(
                    f"{describe(text)} is no resource: write `*` or "
                    "`acs:<ram-code>:<region>:<account>:<relative-id>`"
                )
            continue
        if not (text.startswith("acs:") or text[0] in "*?"):
            here.advise(
                f"{describe(text)} matches nothing: a resource begins with `acs:` or a wildcard"
            )
        if not text.strip("*"):
            anything = True
        elif not _WILDCARD.search(text.rstrip("*")):
            prefixes.add(text.rstrip("*"))
        else:
            patterns.add(condition.glob(text))
    parts = {
        "resources": sorted(exact),
        "resource_prefixes": sorted(prefixes),
        "resource_patterns": sorted(patterns),
    }
    if anything:
        return {"any_resource": True}
    return {name: texts for name, texts in parts.items() if texts}


def _principals(statement: Mapping[str, object], place: Place) -> dict[str, object]:
    if "Principal" not in statement:
        place.fault("`Principal` is missing: another statement has one, so this is a trust policy")
        return {}
    value, here = statement["Principal"], place / "Principal"
    if not isinstance(value, Mapping) or not value:
        given = "an empty one" if value == {} else describe(value)
        here.fault(f"must be an object with {join_names(_PRINCIPALS)}, not {given}")
        return {}
    _refuse_others(value, _PRINCIPALS, here)
    found = set()
    for kind, (form, shown) in _PRINCIPALS.items():
        if kind in value:
            for text, where in _texts(value[kind], here / kind, may_be_empty=False):
                if form.fullmatch(text):
                    # role names are compared without case (section 5)
                    found.add(text.lower() if ":role/" in text else text)
                else:
                    where.fault(f"{describe(text)} is no principal of this kind: write {shown}")
    return {"principals": sorted(found)}


def _conditions(value: object, place: Place) -> list[dict[str, object]]:
    if not isinstance(value, Mapping):
        place.fault(f"must be an object, not {describe(value)}")
        return []
    conditions: list[dict[str, object]] = []
    for name, keys in value.items():
        quantifier, colon, bare_name = str(name).rpartition(":")
        operator = condition.OPERATORS.get(bare_name)
        if operator is None or (colon and quantifier not in _QUANTIFIERS):
            place.fault(f"unknown operator {describe(name)}")
            continue
        if colon:
            # 4.7
            (place / name).advise(
                f"RAM's pages do not list `{quantifier}`; its own policies use it"
            )
        conditions += _keys(keys, place / name, bare_name, operator, _QUANTIFIERS.get(quantifier))
    return sorted(conditions, key=json.dumps)


def _keys(
    keys: object, place: Place, name: str, operator: Operator, quantifier: str | None
) -> Iterator[dict[str, object]]:
    if not isinstance(keys, Mapping) or not keys:
        given = "an empty one" if keys == {} else describe(keys)
        place.fault(f"must be an object of condition keys, not {given}")
        return
    for key, values in keys.items():
        here = place / str(key)
        if not isinstance(key, str) or not key or _SURROGATE.search(key):
            here.fault(f"a condition key must be a non-empty string, not {describe(key)}")
            continue
        # OPA's `lower` makes an `i` of it, Python's does not
        known = _FOLDED_KEYS.get(key.replace("İ", "i").lower(), key)
        if known != key:
            here.fault(f"the condition key is spelled `{known}`")
        yield {
            "operator": operator.comparison,
            "negated": operator.negated,
            # 4.2, 4.3: a negated operator holds where it holds of every element
            "quantifier": quantifier or ("every" if operator.negated else "some"),
            "key": key,
            "values": _condition_values(values, here, name, operator),
        }


def _condition_values(values: object, place: Place, name: str, operator: Operator) -> list[Value]:
    found: list[Value] = []
    for text, here in _texts(values, place, may_be_empty=True):
        value = operator.read(text)
        if value is None:
            here.fault(f"{describe(text)} is no value of `{name}`: write {operator.form}")
            continue
        if operator.comparison in ("StringEquals", "StringEqualsIgnoreCase") and "*" in text:
            meant = "StringNotLike" if operator.negated else "StringLike"
            here.advise(f"`*` is an ordinary character under `{name}`: did you mean `{meant}`?")
        if value not in found:
            found.append(value)
    return sorted(found, key=json.dumps)
