"""Hold explanations against the reference evaluator, and try the differences that they report.

A difference is tried by asking again: with the wanted value, the element must match.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from agreement import agrees, reference_answer
from generator import Question
from reference_evaluator import LAYERS, Evaluator

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping

    from agreement import Opa
    from generator import Batch
    from reference_evaluator import Asked, Catalog

Object: TypeAlias = dict[str, Any]

MOST: Final = 50
_FIELDS: Final = {"service": 1, "region": 2, "account": 3, "relative_id": 4}
_ONLY_OF_ROLES: Final = re.compile("^[^:]*[A-Z]|RAM:|ROLE/")
_ROUNDS: Final = 8
_UNREADABLE_YEARS: Final = ("1677", "2262")
"""A policy's date may be in one of these by its offset; a request's date may not."""
_DERIVED: Final = ("acs:PrincipalARN", "acs:ResourceGroupId")
"""Keys that cannot be turned: one is the principal's, the other adds a layer."""


def errors(opa: Opa, catalog: Catalog, batch: Batch, met: Counter[str]) -> Iterator[str]:
    """Yield a text for each explanation that is wrong; count the cases in `met`."""
    opa.publish(opa.build(batch.document()))
    evaluator = Evaluator(batch.document(), catalog)
    questions = [asked for world in batch.worlds for asked in world.questions]
    explained = opa.explain(questions)
    for question, explanation in zip(questions, explained, strict=True):
        for fault in _faults(evaluator, question, explanation, met):
            yield _text(fault, question, explanation)
    for question, explanation in zip(questions, explained, strict=True):
        tried = [turn.fault(opa, met) for turn in _turns(question, explanation)]
        yield from (_text(fault, question, explanation) for fault in tried if fault)


def _text(fault: str, question: Question, explanation: Object) -> str:
    return f"{fault}\n{json.dumps(question.request, default=repr)}\n{json.dumps(explanation)}"


def _faults(
    evaluator: Evaluator, question: Question, explanation: Object, met: Counter[str]
) -> Iterator[str]:
    if not agrees(explanation["decision"], reference_answer(evaluator, question)):
        yield "the decision differs"
    now = datetime.datetime.now(datetime.UTC)
    layers = evaluator.layers(question.request, now, simulated=question.simulated)
    asked = [_layer(layer) for layer in layers]
    found = [layer for layer in explanation["layers"] if layer["effect"]]
    if found != asked:
        yield f"the layers differ from {json.dumps(asked)}"
    types = dict.fromkeys(layer["policy_type"] for layer in explanation["layers"])
    if tuple(types) not in ((), LAYERS):
        yield "a layer is missing, or in the wrong place"
    met["layers"] += len(asked)
    met["silent"] += len(explanation["layers"]) - len(asked)
    yield from _wrong_statements(layers, explanation, met)
    for hint in explanation["hints"]:
        met[hint["code"]] += 1


def _layer(asked: Asked) -> Object:
    effect, statements = asked.verdict
    is_unreadable = effect == "Unreadable"
    return {
        "policy_type": asked.policy_type,
        "level": asked.level,
        "effect": "ImplicitDeny" if is_unreadable else effect,
        "statements": statements,
        "note": "policy_unreadable" if is_unreadable else None,
    }


def _wrong_statements(
    layers: Iterable[Asked], explanation: Object, met: Counter[str]
) -> Iterator[str]:
    # a control policy of several levels is considered once
    of_levels = {
        (layer.policy_type, *statement): layer.statements.count(statement)
        for layer in layers
        for statement in layer.statements
    }
    considered = explanation["considered"]
    found = collections.Counter(
        (one["policy_type"], one["policy"], one["index"], one["matches"]) for one in considered
    )
    for one, times in found.items():
        if times > of_levels.get(one, 0):
            yield f"is considered wrongly: {one}"
    matching = {one: times for one, times in of_levels.items() if one[3]}
    if explanation["more"] == 0 and any(found[one] < times for one, times in matching.items()):
        yield "a matching statement is missing"
    flags = [one["matches"] for one in considered]
    if flags != sorted(flags, reverse=True) or len(flags) > MOST:
        yield "the statements that match are not first, or too many are considered"
    met["matching"] += sum(flags)
    met["near"] += len(flags) - sum(flags)
    for one in considered:
        yield from _wrong_entry(one, met)


def _wrong_entry(one: Object, met: Counter[str]) -> Iterator[str]:
    target = one["principal"] or one["resource"]
    elements = [one["action"], target, *({"matches": c["satisfied"]} for c in one["conditions"])]
    if one["matches"] != all(element["matches"] for element in elements):
        yield f"the elements contradict the statement: {one}"
    if not one["attached"]:
        yield f"nothing says with whom the policy came: {one}"
    for condition in one["conditions"]:
        met[condition["reason"]] += 1
        met[f"rule {condition['rule']}"] += 1
    for attached in one["attached"]:
        met[f"to {attached['to']}"] += 1


# Differences, tried


@dataclasses.dataclass(frozen=True, slots=True)
class _Turn:
    """A change of a request that must make an element of a considered statement match."""

    question: Question
    one: Object
    condition: Object | None

    def fault(self, opa: Opa, met: Counter[str]) -> str | None:
        question, one = self.question, self.one
        for _ in range(_ROUNDS):
            question = self._changed(question, one)
            [explanation] = opa.explain([question])
            found = _same(one, explanation)
            if found is None:
                return None  # its layer was not asked again, or it was left off
            if self.condition is not None:
                met["turned condition"] += 1
                return None if self._is_satisfied(found) else f"is not turned: {self.condition}"
            if found["resource"]["matches"]:
                met["turned resource"] += 1
                return None
            if found["resource"]["differs_at"] is None:
                return f"is not turned: {one['resource']}, but {found['resource']}"
            one = found
        return f"is not turned in {_ROUNDS} rounds: {one['resource']}"

    def _changed(self, question: Question, one: Object) -> Question:
        request = dict(question.request)
        if self.condition is not None:
            value = _wanted(self.condition)
            request["context"] = {**request.get("context", {}), self.condition["key"]: value}
        else:
            differs_at = one["resource"]["differs_at"]
            fields = request["resource"].split(":", 4)
            fields[_FIELDS[differs_at["field"]]] = instance(differs_at["wanted"])
            request["resource"] = ":".join(fields)
        return Question(request, question.simulated)

    def _is_satisfied(self, found: Object) -> bool:
        assert self.condition is not None
        same = [
            one
            for one in found["conditions"]
            if all(one[name] == self.condition[name] for name in ("operator", "key", "values"))
        ]
        return bool(same) and all(one["satisfied"] for one in same)


def _same(one: Object, explanation: Object) -> Object | None:
    names = ("policy_type", "policy", "index", "attached")
    found = [
        other
        for other in explanation["considered"]
        if all(other[name] == one[name] for name in names)
    ]
    return found[0] if len(found) == 1 else None


def _turns(question: Question, explanation: Object) -> Iterator[_Turn]:
    """Yield the turns of the first condition and of the first two resources that differ."""
    conditions = [
        _Turn(question, one, condition)
        for one in explanation["considered"]
        for condition in one["conditions"]
        if condition["reason"] == "value_differs"
        and condition["key"] not in _DERIVED
        and "Not" not in condition["operator"]
        and _wanted(condition) is not None
    ]
    resources = [
        _Turn(question, one, None)
        for one in explanation["considered"]
        if one["resource"]
        and one["resource"]["differs_at"]
        # 3.4: such a pattern matches roles, but no resource with `ACS:` or `ROLE/` is one
        and not _ONLY_OF_ROLES.search(one["resource"]["pattern"])
    ]
    yield from conditions[:1]
    yield from resources[:2]


def instance(pattern: str) -> str:
    """Return a text that the pattern matches."""
    return pattern.replace("*", "").replace("?", "x")


def _wanted(condition: Mapping[str, Any]) -> str | None:
    """Return a value that satisfies a condition with a positive operator."""
    operator, value = condition["operator"].rpartition(":")[2], condition["values"][0]
    if operator == "StringLike":
        return instance(value)
    if operator.startswith("Date") and value[:4] in _UNREADABLE_YEARS:
        return None
    if operator == "IpAddress":
        return str(ipaddress.ip_network(value)[0])
    for family, order in (("Numeric", "Less"), ("Numeric", "Greater"), ("Date", "")):
        if operator.startswith(family + order) and not operator.endswith("Equals"):
            if family == "Date":
                return None
            step = 1 if order == "Greater" else -1
            with decimal.localcontext(prec=200):
                return f"{decimal.Decimal(value) + step:f}"
    return str(value)
