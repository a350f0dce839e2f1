"""OPA's answers held against the reference evaluator's, and disagreements made small."""

from __future__ import annotations

import collections
import contextlib
import copy
import dataclasses
import datetime
import http.client
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
import yaml

from generator import Batch, Damaged, Question, Verbatim
from ramgate import Sidecar, bundle, resources
from ramgate.translate import translate
from reference_evaluator import Catalog, Evaluator, Malformed, ServiceLinkedRole, principal_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence

Object: TypeAlias = dict[str, Any]

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_SECONDS: Final = 120
_QUESTIONS_A_REQUEST: Final = 500


def read_catalog() -> Catalog:
    """The shipped catalog, read without ramgate."""
    root = resources.path("catalog")
    documents = {path.stem: json.loads(path.read_text()) for path in root.glob("policies/*.json")}
    roles = (yaml.safe_load(path.read_text()) for path in root.glob("roles/*.yaml"))
    return Catalog(
        {path.stem: documents[path.stem] for path in root.glob("system-policies/*.yaml")},
        {
            role["role"]: ServiceLinkedRole(
                role["service_name"], role.get("policy", ""), documents.get(role.get("policy", ""))
            )
            for role in roles
        },
    )


class Opa:
    """One OPA that decides by one batch of worlds after the other."""

    def __init__(self, sidecar: Sidecar, directory: Path) -> None:
        self._sidecar = sidecar
        self._file = directory / "accounts.json"
        self._connection = http.client.HTTPConnection(
            sidecar.url.removeprefix("http://"), timeout=_SECONDS
        )
        self._translated: dict[int, tuple[Object, Object]] = {}

    def learn(self, document: Object) -> None:
        """Decide by these accounts from now on."""
        self._sidecar.publish(self.build(document))

    def build(self, document: Object) -> bundle.Bundle:
        self._file.write_text(json.dumps(document))
        return bundle.build(self._file)

    def publish(self, built: bundle.Bundle) -> None:
        self._translated.clear()
        self._sidecar.publish(built, timeout=_SECONDS)

    def answers(self, questions: Sequence[Question]) -> list[Object]:
        """The answers in the order of the questions."""
        found: list[Object] = [{}] * len(questions)
        for simulated, package in ((False, "authz"), (True, "simulate")):
            places = [at for at, asked in enumerate(questions) if asked.simulated == simulated]
            for start in range(0, len(places), _QUESTIONS_A_REQUEST):
                part = places[start : start + _QUESTIONS_A_REQUEST]
                requests = [self._wire(questions[at].request) for at in part]
                answers = self._post(f"/v1/data/ram/{package}/decisions", {"requests": requests})
                for at, answer in zip(part, answers, strict=True):
                    found[at] = answer
        return found

    def _post(self, path: str, value: Object) -> list[Object]:
        body = _JSON.encode({"input": value})
        self._connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        content = response.read()
        answer = json.loads(content)
        if response.status != http.HTTPStatus.OK or "result" not in answer:
            raise AssertionError(f"OPA answered {response.status}: {content[:2000]!r}")
        result: list[Object] = answer["result"]
        return result

    def _wire(self, request: Any) -> Any:  # noqa: ANN401 - a malformed request is anything
        if not isinstance(request, dict):
            return request
        wire = dict(request)
        if isinstance(session := request.get("session_policies"), list):
            wire["session_policies"] = [self._document(document) for document in session]
        if isinstance(policies := request.get("policies"), dict):
            wire["policies"] = {
                name: self._document(document) for name, document in policies.items()
            }
        return wire

    def _document(self, document: Any) -> Any:  # noqa: ANN401 - a malformed document is anything
        if isinstance(document, Verbatim):
            return document.value
        if isinstance(document, Damaged):
            return _damaged(copy.deepcopy(self._document(document.document)), document.how)
        if not isinstance(document, dict):
            return document
        _, translated = self._translated.setdefault(id(document), (document, {}))
        if not translated:
            translated |= translate(document)
        return translated


def _damaged(document: Object, how: int) -> Object:
    """A translated document with something missing, too much or of the wrong type."""
    way, how = how % 5, how // 5
    if way == 0:
        del document[sorted(document)[how % len(document)]]
    elif way == 1:
        document["extra"] = how
    elif way == 2:
        document["format"] = (0, 2, "1", None, 1.5, True)[how % 6]
    elif way == 3:
        document["kind"] = ("trust", "control", None, "")[how % 4]
    else:
        leaves = list(_leaves(document))
        holder, key = leaves[how % len(leaves)]
        holder[key] = None
    return document


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list) and inner:
            yield from _leaves(inner)
        else:
            yield value, key


@dataclasses.dataclass(frozen=True, slots=True)
class Disagreement:
    document: Object
    question: Question
    answer: Object
    expected: Object

    def __str__(self) -> str:
        lines = {
            "accounts": self.document,
            "simulated": self.question.simulated,
            "request": self.question.request,
            "OPA": self.answer,
            "reference": self.expected,
        }
        return "\n".join(
            f"{name}: {json.dumps(value, default=repr, ensure_ascii=False)}"
            for name, value in lines.items()
        )


class Judge:
    def __init__(self, opa, catalog):
        self._opa=opa; self.catalog=catalog
        self.tally=collections.Counter(); self.seen=collections.Counter()

def agrees(answer: Object, expected: Object) -> bool:
    """Whether OPA's answer is the reference's; the texts of `errors` are its own."""
    bare = {name: value for name, value in answer.items() if name != "errors"}
    malformed = expected["reason"] == "malformed_request"
    return bare == expected and malformed == bool(answer.get("errors")) and ("errors" in answer)==malformed
