"""Decision tables: what the policies that a principal holds say, settled as far as it can be.

They are a cache of the general rule, laid beside the store: docs/reference/translated.md has the
shapes, and rego/ram/table reads them. What a set of policies says about an action hangs on a few
tests of the request, each whether one of its strings matches one of some patterns; for whatever
comes of them, the whole decision is there. What does not fit has no line, and is left to the
general rule: too many tests, comparisons of numbers, dates and addresses, conditions on who asks or
when, trust policies, session policies.

The numbers in comments are those of the rules in docs/reference/policy-language.md.
"""

from __future__ import annotations

import collections
import fnmatch
import hashlib
import itertools
import operator
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from ramgate.language import condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ramgate.accounts.store import Account, Scopes, Store

__all__ = ["Tables"]

_Document: TypeAlias = dict[str, Any]
# where in a request a string stands, and the patterns of which one has to match it
_Test: TypeAlias = tuple[str | tuple[str, ...], tuple[str, ...]]
# one of these tests has to come out as it says
_Clause: TypeAlias = tuple[tuple[_Test, bool], ...]

_S = TypeVar("_S")
# of each layer, the policies, and of each the statements that are asked
_About: TypeAlias = "Sequence[Sequence[tuple[str, tuple[int, ...]]]]"

_PARTS: Final = ("assuming", "lines", "otherwise", "patterns", "rest")
_MOST_TESTS: Final = 5
_MOST_PATTERNS: Final = 40
_SPARE_LINES: Final = 100_000
_BITS: Final = "abcde"
_ASSUMING: Final = frozenset({"sts:assumerole", "sts:setsourceidentity", "sts:tagsession"})
_THIRD_FORMS: Final = {"i": "\u0130", "k": "\u212a"}
_LIVE: Final = re.compile(r"[*?]")
# whether a role may be assumed is not for the identity policies alone (5.8)
_NOT_OF_STS: Final = {"sts": None}
_PREFIX: Final = re.compile(r"[a-z0-9_.:-]*\*")
_RESOURCE: Final = "resource"
_GROUP: Final = "acs:ResourceGroupId"
_IS_OF_RAM: Final[_Test] = (_RESOURCE, ("acs:ram:*",))
_FILLED_IN: Final = ("acs:CurrentTime", "acs:PrincipalARN")
_BOOLEANS: Final = {True: "[tT][rR][uU][eE]", False: "[fF][aA][lL][sS][eE]"}
_CONTROL: Final = "ControlPolicy"
_OWN: Final = "AccountLevelIdentityBasedPolicy"
_GOING_ON: Final = {_CONTROL: "Allow", _OWN: "ImplicitDeny"}
"""Of a layer that is not the last, the effect after which the next one is judged."""
_REASONS: Final = {
    "Allow": "statement_allows",
    "ExplicitDeny": "statement_denies",
    "ImplicitDeny": "no_statement_matches",
}


class Tables:
    """Makes the tables of one store after the other; what has not changed is the same object."""

    def __init__(self) -> None:
        self._granting: dict[str, tuple[_Document, _Document]] = {}
        self._who: dict[str, _Who] = {}
        self._sets: dict[str, _Set] = {}

    def beside(self, store: Store) -> dict[str, object]:
        """The store with its tables, and with the `grants` of policies."""
        documents: Mapping[str, _Document] = store["policies"]
        self._granting = {
            name: self._with_grants(name, document) for name, document in documents.items()
        }
        self._who = {
            number: self._of_account(number, account, store)
            for number, account in store["accounts"].items()
        }
        self._sets = dict(self._of_policies(documents))
        entries: dict[str, object] = {}
        for found in self._sets.values():
            entries.update(found.entries)
        return {
            **store,
            "policies": {name: granting for name, (_, granting) in self._granting.items()},
            "who": {number: who.sets for number, who in self._who.items()},
            "groups": {number: who.groups for number, who in self._who.items() if who.groups},
            **{
                part: {
                    name: found.parts[part]
                    for name, found in self._sets.items()
                    if part in found.parts
                }
                for part in _PARTS
            },
            "entries": entries,
        }

    def _with_grants(self, name: str, document: _Document) -> tuple[_Document, _Document]:
        known = self._granting.get(name)
        return known if known and known[0] is document else (document, _granting(document))

    def _of_account(self, number: str, account: Account, store: Store) -> _Who:
        levels: list[list[str]] = []
        if "directory" in store and store["directory"]["management"] != number:
            levels = store["directory"]["levels"].get(number, [])
        known = self._who.get(number)
        if known and known.account is account and known.levels == levels:
            return known
        sets: dict[str, str] = {}
        groups: dict[str, dict[str, str]] = {}
        policies: dict[str, _Policies] = {}
        for arn, group, held in _held(number, account, levels, store["service_linked_roles"]):
            policies[held.name] = held
            if group:
                groups.setdefault(arn, {})[group] = held.name
            else:
                sets[arn] = held.name
        return _Who(account, levels, sets, groups, policies)

    def _of_policies(self, documents: Mapping[str, _Document]) -> Iterator[tuple[str, _Set]]:
        """The tables of all sets that are one policy; of others, as far as they are few enough.

        What most accounts have comes first. The lines of the others are never more than twice those
        of the policies themselves, and some to spare, or a set for each user would take all memory.
        """
        held = collections.Counter(name for who in self._who.values() for name in who.policies)
        policies = {name: one for who in self._who.values() for name, one in who.policies.items()}
        left = _SPARE_LINES + 2 * sum(len(document["actions"]) for document in documents.values())
        for name in sorted(held, key=lambda name: (-held[name], name)):
            found = self._of_set(name, policies[name], documents)
            if name not in documents:
                left -= found.size
            if name in documents or left >= 0:
                yield name, found

    def _of_set(self, name: str, policies: _Policies, documents: Mapping[str, _Document]) -> _Set:
        read = [documents[policy] for _, layer in policies.layers for policy in layer]
        known = self._sets.get(name)
        if known and all(map(operator.is_, known.read, read)):
            return known
        granted = self._granting[name][1].get("grants", {}) if name in documents else {}
        return _Making(policies, documents).made(read, granted)


class _Policies(NamedTuple):
    """What a principal holds: control policies by level, its own, a resource group's; by ids."""

    levels: tuple[tuple[str, ...], ...]
    own: tuple[str, ...]
    group: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """The policy's id where it is one policy, else one that is no policy's."""
        if not self.levels and len(self.own) == 1 and self.group is None:
            return self.own[0]
        return f"set:{_digest(tuple(self))}"

    @property
    def layers(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for level in self.levels:
            yield _CONTROL, level
        yield _OWN, self.own
        if self.group is not None:
            yield "ResourceGroupLevelIdentityBasedPolicy", self.group


class _Who(NamedTuple):
    """The sets that an account's principals hold, also in a resource group, and what each is."""

    account: Account
    levels: list[list[str]]
    sets: dict[str, str]
    groups: dict[str, dict[str, str]]
    policies: dict[str, _Policies]


class _Set(NamedTuple):
    """A set's part of each table, the entries they name, the documents that it was made of."""

    parts: dict[str, Any]
    entries: dict[str, object]
    read: list[_Document]

    @property
    def size(self) -> int:
        """How many lines it has, those that patterns choose among them."""
        services = self.parts.get("patterns", {}).get("services", {})
        by_patterns = sum(len(line["entries"]) for line in services.values() if line)
        return len(self.parts.get("lines", ())) + by_patterns


class _Statement(NamedTuple):
    """One that matches where every clause holds."""

    effect: str
    policy: str
    position: int
    clauses: tuple[_Clause, ...]


# the statements of each layer, and the layer's policy type
_Layers: TypeAlias = "Sequence[tuple[str, Sequence[_Statement]]]"


class _UnsettledError(Exception):
    """No table can hold this: the general rule decides."""


class _Making:
    """Makes the table of one set. What several actions share is settled once."""

    def __init__(self, policies: _Policies, documents: Mapping[str, _Document]) -> None:
        self._layers = [
            (kind, [(policy, documents[policy]) for policy in layer])
            for kind, layer in policies.layers
        ]
        self._named: dict[str, str | None] = {}
        self._entries: dict[str, object] = {}

    def made(self, read: list[_Document], granted: Mapping[str, object]) -> _Set:
        actions = {action for document in read for action in document["actions"]}
        services = {service for document in read for service in document["wildcards"]}
        parts: dict[str, Any] = {
            "lines": {
                action: None if action in _ASSUMING else self._entry(self._naming(action))
                for action in sorted(actions - granted.keys())
            },
            "assuming": dict(self._assuming()),
        }
        otherwise = self._by_patterns(None)
        if services or otherwise is None or len(otherwise["entries"]) > 1:
            others = sorted(services - _NOT_OF_STS.keys())
            by_service = {one: self._by_patterns(one) for one in others}
            parts["patterns"] = {"services": by_service | _NOT_OF_STS, "otherwise": otherwise}
        else:
            parts["otherwise" if granted else "rest"] = otherwise["entries"]["false"]
        return _Set({name: part for name, part in parts.items() if part}, self._entries, read)

    def _naming(self, action: str) -> _About:
        return [
            [(policy, _of_action(document, action)) for policy, document in layer]
            for _, layer in self._layers
        ]

    def _assuming(self) -> Iterator[tuple[str, str]]:
        """What the identity policies say of assuming a role, where they say anything (5.8).

        What a control policy or a resource group's says is left to the general rule.
        """
        for action in sorted(_ASSUMING) if len(self._layers) == 1 else ():
            about = self._naming(action)
            says_something = any(indexes for layer in about for _, indexes in layer)
            if says_something and (entry := self._entry(about, is_assuming=True)):
                yield action, entry

    def _by_patterns(self, service: str | None) -> dict[str, Any] | None:
        """Which patterns an action is to be held against, and the entry for whatever comes of it.

        The actions are those of the service that no policy names; without a service, those of
        services of which no policy has a wildcard. None where the general rule decides.
        """
        asked = [
            [(policy, _of_service(document, service)) for policy, document in layer]
            for _, layer in self._layers
        ]
        tests = list(
            dict.fromkeys(
                one[0] for layer in asked for _, about in layer for one in about.values() if one
            )
        )
        if len(tests) > _MOST_TESTS or sum(map(len, tests)) > _MOST_PATTERNS:
            return None
        entries = {}
        for bits, results in _outcomes(tests):
            about = [
                [
                    (
                        policy,
                        tuple(
                            i for i, one in found.items() if not one or results[one[0]] is one[1]
                        ),
                    )
                    for policy, found in layer
                ]
                for layer in asked
            ]
            entries[bits] = self._entry(about, most=_MOST_TESTS - len(tests))
        match tests:
            case []:
                return {"prefixes": [], "entries": {"false": entries[""]}}
            case [patterns] if all(map(_PREFIX.fullmatch, patterns)):
                found = {"false": entries[""], "true": entries["a"]}
                return {"prefixes": [pattern[:-1] for pattern in patterns], "entries": found}
            case _:
                return {"tests": list(zip(_BITS, tests, strict=False)), "entries": entries}

    def _entry(
        self, about: _About, *, most: int = _MOST_TESTS, is_assuming: bool = False
    ) -> str | None:
        """The name of what these statements say, or None where the general rule decides."""
        key = repr((about, most, is_assuming))
        if key not in self._named:
            try:
                layers = self._statements(about, is_assuming=is_assuming)
                may_be_about_roles = not is_assuming and _may_be_about_roles(layers)
                entry = _settled(layers, [_IS_OF_RAM] if may_be_about_roles else [], most)
            except _UnsettledError:
                self._named[key] = None
            else:
                self._named[key] = name = _digest(entry)
                self._entries[name] = entry
        return self._named[key]

    def _statements(self, about: _About, *, is_assuming: bool) -> _Layers:
        return [
            (
                kind,
                [
                    _statement(
                        policy, index, document["statements"][index], is_assuming=is_assuming
                    )
                    for (policy, document), (_, indexes) in zip(layer, concerned, strict=True)
                    for index in indexes
                ],
            )
            for (kind, layer), concerned in zip(self._layers, about, strict=True)
        ]


def _granting(document: _Document) -> _Document:
    """The document with its plain grants as `grants`, and `null` where they say all of a statement.

    A plain grant is an Allow of one literal resource, without conditions, of actions that no other
    statement of the document is about. An account's own policies are mostly made of such, and this
    is how a million of them fit into memory.
    """
    actions: Mapping[str, list[int]] = document["actions"]
    named = collections.defaultdict(list)
    for action, indexes in actions.items():
        for index in indexes:
            named[index].append(action)
    for pattern in (document["service_wildcards"], *document["wildcards"].values()):
        for index in itertools.chain(*pattern.values()):
            named.pop(index, None)
    statements = list(document["statements"])
    grants: dict[str, list[object]] = {}
    for index, naming in named.items():
        if _is_plain(statements[index]) and all(
            action not in _ASSUMING and len(_of_action(document, action)) == 1 for action in naming
        ):
            grants.update((action, [index, *statements[index]["resources"]]) for action in naming)
            statements[index] = None
    if not grants:
        return document
    left = {action: indexes for action, indexes in actions.items() if action not in grants}
    return {**document, "statements": statements, "actions": left, "grants": grants}


def _is_plain(statement: Mapping[str, Any]) -> bool:
    # 3.4: an ARN of RAM's may be a role's, which is compared without case
    return (
        statement.keys() == {"effect", "resources"}
        and statement["effect"] == "Allow"
        and len(statement["resources"]) == 1
        and not statement["resources"][0].startswith("acs:ram:")
    )


def _held(
    number: str,
    account: Account,
    levels: Iterable[Iterable[str]],
    service_linked_roles: Mapping[str, Mapping[str, object]],
) -> Iterator[tuple[str, str, _Policies]]:
    """The principals of an account, by their ARNs, and what each holds.

    What one holds for the resources of a resource group comes once more, with the group's name.
    """
    bound = tuple(tuple(level) for level in levels)
    for folded, role in account["roles"].items():
        service_linked = service_linked_roles.get(folded)
        # 5.4: control policies do not bind a service-linked role; 5.6: one may be unpublished
        if service_linked is None or service_linked["is_published"]:
            arn = f"acs:ram::{number}:role/{role['name']}"
            yield from _by_group(arn, role, () if service_linked else bound)
    for name, user in account["users"].items():
        yield from _by_group(f"acs:ram::{number}:user/{name}", user, bound)


def _by_group(
    arn: str, scopes: Scopes, levels: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[str, str, _Policies]]:
    own = tuple(scopes["policies"])
    yield arn, "", _Policies(levels, own)
    for group, attached in scopes.get("resource_groups", {}).items():
        yield arn, group, _Policies(levels, own, tuple(attached))


def _of_action(document: _Document, action: str) -> tuple[int, ...]:
    """The statements about an action."""
    service = action.partition(":")[0]
    found = set(document["actions"].get(action, ()))
    for patterns in (document["wildcards"].get(service, {}), document["service_wildcards"]):
        for pattern, indexes in patterns.items():
            if fnmatch.fnmatchcase(action, pattern):
                found.update(indexes)
    for index in document["not_actions"]:
        excepted = document["statements"][index]["except"]
        if not any(fnmatch.fnmatchcase(action, pattern) for pattern in excepted):
            found.add(index)
    return tuple(sorted(found))


def _of_service(
    document: _Document, service: str | None
) -> dict[int, tuple[tuple[str, ...], bool] | None]:
    """The statements about actions as in `_by_patterns`, and what is left to be asked.

    That is whether one of some patterns matches the action, and which answer is wanted.
    """
    found: dict[int, set[str]] = collections.defaultdict(set)
    for patterns in (document["wildcards"].get(service, {}), document["service_wildcards"]):
        for pattern, indexes in patterns.items():
            for index in indexes:
                found[index].add(pattern)
    about: dict[int, tuple[tuple[str, ...], bool] | None] = {}
    for index, patterns in found.items():
        asked = _narrowed(patterns, service)
        if asked is None:
            about[index] = None
        elif asked:
            about[index] = (asked, True)
    for index in document["not_actions"]:
        asked = _narrowed(document["statements"][index]["except"], service)
        if asked is not None:
            about[index] = (asked, False) if asked else None
    return dict(sorted(about.items()))


def _narrowed(patterns: Iterable[str], service: str | None) -> tuple[str, ...] | None:
    """Those patterns that tell actions of the service apart; None where one matches all of them."""
    left = []
    for pattern in sorted(patterns):
        of, _, operation = pattern.partition(":")
        matches_service = not of.strip("*") or (service and fnmatch.fnmatchcase(service, of))
        if matches_service and not operation.strip("*"):
            return None
        if matches_service or service is None:
            left.append(pattern)
    return tuple(left)


def _statement(policy: str, index: int, statement: _Document, *, is_assuming: bool) -> _Statement:
    clauses: list[_Clause] = []
    if not statement.get("any_resource"):
        patterns: Iterable[str] = (
            *map(condition.glob, statement.get("resources", ())),
            *(f"{condition.glob(text)}*" for text in statement.get("resource_prefixes", ())),
            *statement.get("resource_patterns", ()),
        )
        if is_assuming:  # 3.4
            patterns = map(_folded, patterns)
        clauses.append((((_RESOURCE, tuple(patterns)), True),))
    for one in statement.get("conditions", ()):
        clauses += _of_condition(one, statement["effect"])
    name = policy.rpartition("/")[2]
    return _Statement(statement["effect"], name, index, tuple(clauses))


def _of_condition(one: Mapping[str, Any], effect: str) -> list[_Clause]:
    """What has to hold where every value of the context is a string (4.2 to 4.7)."""
    if one["key"] in _FILLED_IN:
        raise _UnsettledError
    path = ("context", one["key"])
    match = (path, _patterns(one["operator"], one["values"]))
    given = (path, ("*",))
    wanted: list[tuple[_Test, bool]] = [(match, not one["negated"])]
    if effect == "Allow":
        return [(*wanted,), ((given, True),)] if one["negated"] else [(*wanted,)]
    every = one["quantifier"] == "every"
    if one["operator"] == "Bool":
        # 4.6: neither true nor false; what is absent is neither, too
        wanted.append(((path, tuple(_BOOLEANS.values())), False))
        return [(*wanted,)] if every else [(*wanted,), ((given, True),)]
    if every and not one["negated"]:
        wanted.append((given, False))
    return [(*wanted,)]


def _patterns(comparison: str, values: Iterable[Any]) -> tuple[str, ...]:
    if comparison == "Bool":
        return tuple(_BOOLEANS[value] for value in values)
    if comparison == "StringEquals":
        texts = [condition.glob(value) for value in values]
        if any(_LIVE.search(text) for text in texts):
            raise _UnsettledError
    elif comparison == "StringEqualsIgnoreCase":
        texts = ["".join(map(_in_any_case, value)) for value in values]
    elif comparison == "StringLike":
        texts = list(values)
    else:
        raise _UnsettledError
    if not all(texts):
        raise _UnsettledError
    return tuple(texts)


def _in_any_case(character: str) -> str:
    """A pattern of what OPA's `lower` makes the same of: two letters have a third form."""
    if character in "*?" or not character.isascii():
        raise _UnsettledError
    if not character.isalpha():
        return condition.glob(character)
    lower = character.lower()
    return f"[{lower}{lower.upper()}{_THIRD_FORMS.get(lower, '')}]"


def _folded(pattern: str) -> str:
    """A pattern that matches, of ASCII, what the pattern matches once both are lower-cased."""
    if "\\" in pattern or not pattern.isascii():
        raise _UnsettledError
    return "".join(f"[{one.lower()}{one.upper()}]" if one.isalpha() else one for one in pattern)


def _settled(layers: _Layers, left: Sequence[_Test], most: int) -> dict[str, object]:
    """What is tested, and the decision for each outcome.

    Where a test of those `left` holds, there is none: then the general rule decides.
    """
    statements = [statement for _, found in layers for statement in found]
    clauses = [clause for statement in statements for clause in statement.clauses]
    tests = list(dict.fromkeys([*(test for clause in clauses for test, _ in clause), *left]))
    if len(tests) > most or sum(len(texts) for _, texts in tests) > _MOST_PATTERNS:
        raise _UnsettledError
    outcomes = {
        bits: _decision(layers, results)
        for bits, results in _outcomes(tests)
        if not any(results[test] for test in left)
    }
    match tests:
        case []:
            return {"resource": "*", "true": outcomes[""]}
        case [("resource", (pattern,))] if not left:
            return {"resource": pattern, "true": outcomes["a"], "false": outcomes[""]}
        # what is absent is looked at as an empty string; a group's policies are another matter
        case [(("context", key), (pattern,))] if pattern.strip("*") and key != _GROUP:
            return {"key": key, "value": pattern, "true": outcomes["a"], "false": outcomes[""]}
        case _:
            shown = [[bit, *test] for bit, test in zip(_BITS, tests, strict=False)]
            return {"tests": shown, "outcomes": outcomes}


def _outcomes(tests: Sequence[_S]) -> Iterator[tuple[str, dict[_S, bool]]]:
    """Whatever may come of the tests: the bits of those that hold, and each test's result."""
    for held in itertools.product((False, True), repeat=len(tests)):
        bits = "".join(bit for bit, holds in zip(_BITS, held, strict=False) if holds)
        yield bits, dict(zip(tests, held, strict=True))


def _may_be_about_roles(layers: _Layers) -> bool:
    # 3.4: where the resource is a role, it and the patterns are compared without case
    heads = (
        re.split(r"[*?\\]", pattern.lower(), maxsplit=1)[0]
        for _, statements in layers
        for statement in statements
        for clause in statement.clauses
        for (path, patterns), _ in clause
        if path == _RESOURCE
        for pattern in patterns
    )
    return any(head.startswith("acs:ram:") or "acs:ram:".startswith(head) for head in heads)


def _decision(layers: _Layers, results: Mapping[_Test, bool]) -> dict[str, object]:
    """5.4, level by level, then 5.6: the first that is final, or else the last."""
    for kind, statements in layers:
        matching: dict[str, list[tuple[str, int]]] = {"Deny": [], "Allow": []}
        for statement in statements:
            if all(any(results[test] is it for test, it in clause) for clause in statement.clauses):
                matching[statement.effect].append((statement.policy, statement.position))
        settling, policy_type = matching["Deny"] or matching["Allow"], kind
        effect = "ExplicitDeny" if matching["Deny"] else "Allow" if settling else "ImplicitDeny"
        if effect != _GOING_ON.get(kind):
            break
    return {
        "allow": effect == "Allow",
        "effect": effect,
        "reason": _REASONS[effect],
        "policy_type": policy_type,
        "statements": [{"policy": policy, "index": index} for policy, index in sorted(settling)],
    }


def _digest(value: object) -> str:
    return hashlib.blake2b(repr(value).encode(), digest_size=8).hexdigest()
