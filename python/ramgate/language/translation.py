"""Check RAM policy documents and translate them to the form that Rego evaluates.

The numbers in comments are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from ramgate.documents.messages import describe, join_names
from ramgate.documents.source import parse
from ramgate.errors import InvalidFiles, InvalidPolicy
from ramgate.faults import Findings, Place
from ramgate.language import grammar
from ramgate.language.action_index import ActionIndex
from ramgate.language.condition import glob
from ramgate.language.condition_element import translate_conditions
from ramgate.language.elements import refuse_unknown, strings
from ramgate.language.resource_element import is_whole, translate_resources

if TYPE_CHECKING:
    import re

__all__ = ["FORMAT", "translate", "translate_at"]

FORMAT: Final = 2

_LIMIT_CHARACTERS: Final = 6144
_PLAIN_ELEMENTS: Final = 3
# Objects, since a look-up in them is faster, and they keep the order.
_IDENTITY_KEYS: Final = dict.fromkeys(
    ("Sid", "Effect", "Action", "NotAction", "Resource", "Condition")
)
_TRUST_KEYS: Final = dict.fromkeys(("Sid", "Effect", "Action", "Principal", "Condition"))
_TRUST_ACTIONS: Final = ("sts:assumerole", "sts:setsourceidentity", "sts:tagsession")
_PRINCIPALS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "RAM": (grammar.RAM_PRINCIPAL, "`acs:ram::<account>:root`, `…:user/<name>` or `…:role/<name>`"),
    "Service": (
        grammar.SERVICE_PRINCIPAL,
        "a service name such as `ecs.aliyuncs.com` or `<account>@log.aliyuncs.com`",
    ),
    "Federated": (
        grammar.FEDERATED,
        "`acs:ram::<account>:saml-provider/<name>` or `…:oidc-provider/<name>`",
    ),
}


def translate(document: Mapping[str, object] | str) -> dict[str, object]:
    """Translate a RAM policy document, given as parsed JSON or as JSON text.

    The result is plain data, ready for `json.dumps`; docs/reference/translated.md describes its
    fields. A document in which a statement has a `Principal` is a trust policy; any other is an
    identity, session or control policy. Raises `InvalidPolicy`, with every fault and its place, if
    RAM would refuse the document or its meaning is not certain.

    >>> statement = {"Effect": "Allow", "Action": "alikafka:ListTopic", "Resource": "*"}
    >>> document = translate({"Version": "1", "Statement": [statement]})
    >>> document["kind"], document["statements"], document["actions"]
    ('identity', [{'effect': 'Allow', 'any_resource': True}], {'alikafka:listtopic': [0]})
    >>> translate('{"Version": "1"}')
    Traceback (most recent call last):
    ramgate.errors.InvalidPolicy: `Statement` is missing @ $
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
    """Translate the policy document at a place, which collects its faults and advice.

    If there is a fault, the result is incomplete and must not be used.

    >>> place = Place(Findings(), "$")
    >>> _ = translate_at({"Version": 1, "Statement": []}, place)
    >>> for fault in place.findings.faults:
    ...     print(fault)
    must be the string `"1"`, not `1` without quotes @ $.Version
    must be a non-empty list of objects, not an empty list @ $.Statement
    """
    if not isinstance(document, Mapping):
        place.fault(f"a policy document must be an object, not {describe(document)}")
        return {}
    refuse_unknown(document, ("Version", "Statement"), place)
    if "Version" not in document:
        place.fault('`Version` is missing: write `"Version": "1"`')
    elif document["Version"] != "1":
        (place / "Version").fault(f'must be the string `"1"`, not {describe(document["Version"])}')
    if "Statement" not in document:
        place.fault("`Statement` is missing")
        return {}
    statements, here = document["Statement"], place / "Statement"
    if not isinstance(statements, list | tuple) or not statements:
        kind = "an empty list" if statements in ([], ()) else describe(statements)
        here.fault(f"must be a non-empty list of objects, not {kind}")
        return {}
    # 1.3
    is_trust = any(isinstance(item, Mapping) and "Principal" in item for item in statements)
    index, translated = ActionIndex(), []
    for position, statement in enumerate(statements):
        parts, actions = (None if is_trust else _plain(statement)) or _statement(
            statement, here / position, is_trust=is_trust
        )
        translated.append(parts)
        index.add(position, actions)
    # 1.12
    if not place.findings.faults and _is_long(document):
        place.advise(
            f"RAM accepts {_LIMIT_CHARACTERS:,} characters in a custom policy; this has more",
            "TOO_LONG",
        )
    return {
        "format": FORMAT,
        "kind": "trust" if is_trust else "identity",
        "statements": translated,
        **index.data(),
    }


def _is_long(document: Mapping[str, object]) -> bool:
    """True if the JSON of a document has more characters than RAM accepts."""
    # A fast encoder first: it is the exact one that takes time, and UTF-8 has no fewer bytes.
    with contextlib.suppress(TypeError):  # a `Mapping` that is no dict
        if len(msgspec.json.encode(document)) <= _LIMIT_CHARACTERS:
            return False
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=dict)
    return len(text) > _LIMIT_CHARACTERS


def _plain(statement: object) -> tuple[dict[str, object], list[str]] | None:
    """Return what `_statement` does, for an Allow of one action and one whole resource, or None.

    Most statements of large accounts are such grants, which have nothing to report.
    """
    if not isinstance(statement, dict) or len(statement) != _PLAIN_ELEMENTS:
        return None
    action, resource = statement.get("Action"), statement.get("Resource")
    if not (
        statement.get("Effect") == "Allow"
        and isinstance(action, str)
        and isinstance(resource, str)
        and is_whole(resource)
    ):
        return None
    pattern, is_valid = _action(action)
    return ({"effect": "Allow", "resources": [resource]}, [pattern]) if is_valid else None


def _statement(
    statement: object, place: Place, *, is_trust: bool
) -> tuple[dict[str, object], list[str] | None]:
    """Return the translated statement, and its `Action`s in lower case, or None for `NotAction`."""
    if not isinstance(statement, Mapping):
        place.fault(f"a statement must be an object, not {describe(statement)}")
        return {}, []
    refuse_unknown(statement, _TRUST_KEYS if is_trust else _IDENTITY_KEYS, place)
    if "Sid" in statement and not isinstance(statement["Sid"], str):
        (place / "Sid").fault(f"must be a string, not {describe(statement['Sid'])}")
    parts = _effect(statement, place)
    actions = _actions(statement, place, is_trust=is_trust)
    if is_trust:
        parts |= _principals(statement, place)
    elif "Resource" in statement:
        parts |= translate_resources(
            statement["Resource"], place / "Resource", is_deny=parts["effect"] == "Deny"
        )
    else:
        place.fault("`Resource` is missing")
    if "NotAction" in statement:
        parts["except"] = sorted(set(map(glob, actions)))
    if "Condition" in statement:
        conditions = translate_conditions(
            statement["Condition"], place / "Condition", is_deny=parts["effect"] == "Deny"
        )
        if conditions:
            parts["conditions"] = conditions
    return parts, None if "NotAction" in statement else actions


def _effect(statement: Mapping[str, object], place: Place) -> dict[str, object]:
    if "Effect" not in statement:
        place.fault("`Effect` is missing")
    elif statement["Effect"] not in ("Allow", "Deny"):
        effect = describe(statement["Effect"])
        (place / "Effect").fault(f"must be `Allow` or `Deny`, not {effect}")
    return {"effect": statement.get("Effect")}


def _actions(statement: Mapping[str, object], place: Place, *, is_trust: bool) -> list[str]:
    """Return the patterns of the `Action` or the `NotAction`, in lower case."""
    names = [name for name in ("Action", "NotAction") if name in statement]
    if is_trust and "Action" not in names:
        place.fault("`Action` is missing")
        return []
    if not is_trust and len(names) != 1:
        place.fault("a statement has exactly one of `Action` and `NotAction`")
        return []
    name = names[0]
    patterns = []
    for text, here in strings(statement[name], place / name, may_be_empty=False):
        pattern, is_valid = _action(text)
        if not is_valid:
            here.fault(
                f"{describe(text)} is not a valid action: write `*` or `<service>:<operation>`"
            )
        # `fnmatch` gives a meaning to `[`, Rego's `glob.match` to `\`, `[` and `{` as well. An
        # action has none of them; any other pattern must be escaped by `glob` and matched by Rego.
        elif is_trust and not fnmatch.filter(_TRUST_ACTIONS, pattern):
            here.fault(
                f"{describe(text)} is not an action of a trust policy: write "
                "`sts:AssumeRole`, `sts:SetSourceIdentity` or `sts:TagSession`"
            )
        else:
            patterns.append(pattern)
    return patterns


@functools.lru_cache(maxsize=4096)
def _action(text: str) -> tuple[str, bool]:
    """Return an action in lower case, and whether it is valid: policies name the same ones."""
    return text.lower(), grammar.ACTION_PATTERN.fullmatch(text) is not None


def _principals(statement: Mapping[str, object], place: Place) -> dict[str, object]:
    if "Principal" not in statement:
        place.fault("`Principal` is missing: another statement has one, so this is a trust policy")
        return {}
    value, here = statement["Principal"], place / "Principal"
    if not isinstance(value, Mapping) or not value:
        kind = "an empty one" if value == {} else describe(value)
        here.fault(f"must be an object with {join_names(_PRINCIPALS)}, not {kind}")
        return {}
    refuse_unknown(value, _PRINCIPALS, here)
    found = set()
    for kind, (form, syntax) in _PRINCIPALS.items():
        if kind in value:
            for text, where in strings(value[kind], here / kind, may_be_empty=False):
                if form.fullmatch(text):
                    # role names are compared without case (section 5)
                    found.add(text.lower() if ":role/" in text else text)
                else:
                    where.fault(
                        f"{describe(text)} is not a valid `{kind}` principal: write {syntax}"
                    )
    return {"principals": sorted(found)}
