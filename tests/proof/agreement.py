"""Compare OPA's answers with the reference evaluator's, and shrink the disagreements."""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import copy
import dataclasses
import datetime
import http.client
import json
import queue
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec
import yaml

from generator import Batch, Damaged, Question, Verbatim, World
from ramgate import InvalidFiles, InvalidPolicy, Sidecar, resources
from ramgate.bundle import builder as bundle
from ramgate.language.translation import translate
from ramgate.sidecar.address import Address
from reference_evaluator import Catalog, Evaluator, ServiceLinkedRole, principal_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ramgate.bundle.builder import Bundle

Object: TypeAlias = dict[str, Any]

_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_SECONDS: Final = 120
_MOST_IN_A_BATCH: Final = 250
_CONNECTIONS: Final = 2
_ONE_ALONE_IN: Final = 40
_MOST_SHOWN: Final = 3


def read_catalog() -> Catalog:
    """Return the shipped catalog, read without ramgate's own reader."""
    root = resources.path("catalog")
    documents = {path.stem: json.loads(path.read_text()) for path in root.glob("policies/*.json")}
    published = [yaml.safe_load(path.read_text()) for path in root.glob("roles/*.yaml")]
    known = yaml.safe_load((root / "known-roles.yaml").read_text())["roles"]
    return Catalog(
        {path.stem: documents[path.stem] for path in root.glob("system-policies/*.yaml")},
        {
            role["role"]: ServiceLinkedRole(
                role["service_name"],
                role["policy"],
                documents[role["policy"]] if role in published else None,
            )
            for role in (*published, *known)
        },
    )


class _Connection(http.client.HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, url: str) -> None:
        super().__init__("localhost")
        self._address = Address.parse(url)

    def connect(self) -> None:
        self.sock = self._address.connect(_SECONDS)


class Opa:
    """An OPA that decides by one batch of worlds after the other."""

    def __init__(self, sidecar: Sidecar, directory: Path) -> None:
        self._sidecar = sidecar
        self._file = directory / "accounts.json"
        self._connections = queue.SimpleQueue[_Connection]()
        for _ in range(_CONNECTIONS):
            self._connections.put(_Connection(sidecar.url))
        self._threads = concurrent.futures.ThreadPoolExecutor(_CONNECTIONS)

    def build(self, document: Object) -> Bundle:
        self._file.write_text(json.dumps(document))
        return bundle.build(self._file)

    def publish(self, built: Bundle) -> None:
        """Replace the accounts that OPA decides by."""
        self._sidecar.publish(built, timeout=_SECONDS)

    def ask(self, questions: Sequence[Question]) -> Callable[[], list[Object]]:
        """Send the questions; return a function that waits for the answers, in their order.

        One question in 40 is sent alone, all others in batches.
        """
        wire, asked = _Wire(), []
        for simulated, package in ((False, "authz"), (True, "simulate")):
            path = f"/v1/data/ram/{package}/decision"
            places = [at for at, asks in enumerate(questions) if asks.simulated == simulated]
            alone, together = places[::_ONE_ALONE_IN], [*places]
            del together[::_ONE_ALONE_IN]
            for at in alone:
                request = wire.request(questions[at].request)
                asked.append(([at], self._threads.submit(self._post, path, request)))
            for start in range(0, len(together), _MOST_IN_A_BATCH):
                part = together[start : start + _MOST_IN_A_BATCH]
                value = {"requests": [wire.request(questions[at].request) for at in part]}
                asked.append((part, self._threads.submit(self._post, f"{path}s", value)))

        def answers() -> list[Object]:
            found: list[Object] = [{}] * len(questions)
            for part, future in asked:
                result = future.result()
                items = result if isinstance(result, list) else [result]
                for at, answer in zip(part, items, strict=True):
                    found[at] = answer
            return found

        return answers

    def explain(self, questions: Sequence[Question]) -> list[Object]:
        """Return the explanations of the questions, in their order."""
        wire = _Wire()
        asked = [
            self._threads.submit(
                self._post,
                f"/v1/data/ram/explain/{'simulation' if asks.simulated else 'decision'}",
                wire.request(asks.request),
            )
            for asks in questions
        ]
        results = [future.result() for future in asked]
        return [result for result in results if isinstance(result, dict)]

    def close(self) -> None:
        self._threads.shutdown()
        while not self._connections.empty():
            self._connections.get().close()

    def _post(self, path: str, value: object) -> Object | list[Object]:
        body = _JSON.encode({"input": value})
        connection = self._connections.get()
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            self._connections.put(connection)
        answer = json.loads(content)
        assert response.status == http.HTTPStatus.OK, content[:2000]
        result: Object | list[Object] = answer["result"]
        return result


@contextlib.contextmanager
def running_opa() -> Iterator[Opa]:
    """Run an OPA during the `with` block."""
    with tempfile.TemporaryDirectory() as directory, Sidecar() as sidecar:
        opa = Opa(sidecar, Path(directory))
        try:
            yield opa
        finally:
            opa.close()


class _Wire:
    """A converter of questions to the requests that are sent, with translated documents."""

    def __init__(self) -> None:
        self._translated: dict[int, Object] = {}

    def request(self, request: Any) -> Any:  # noqa: ANN401 - a malformed request is anything
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
            return _damage(copy.deepcopy(translate(document.document)), document.how)
        if not isinstance(document, dict):
            return document
        if id(document) not in self._translated:
            self._translated[id(document)] = translate(document)
        return self._translated[id(document)]


def _damage(document: Object, how: int) -> Object:
    """Remove, add or change one part of a translated document; `how` selects which."""
    way, how = how % 5, how // 5
    if way == 0:
        del document[sorted(document)[how % len(document)]]
    elif way == 1:
        document["extra"] = how
    elif way == 2:
        document["format"] = (0, 1, 3, "2", None, 2.5)[how % 6]
    elif way == 3:
        document["kind"] = ("trust", "control", None, "")[how % 4]
    else:
        leaves = list(_leaves(document))
        holder, key = leaves[how % len(leaves)]
        holder[key] = None
    return document


def _leaves(value: Object | list[Any]) -> Iterator[tuple[Any, Any]]:
    items: Iterable[tuple[Any, Any]] = (
        value.items() if isinstance(value, dict) else enumerate(value)
    )
    for key, inner in items:
        if isinstance(inner, dict | list) and inner:
            yield from _leaves(inner)
        else:
            yield value, key


def agrees(answer: Object, expected: Object) -> bool:
    """True if OPA's answer equals the reference's, apart from the texts of `errors`."""
    bare = {name: value for name, value in answer.items() if name != "errors"}
    malformed = expected["reason"] == "malformed_request"
    return bare == expected and malformed == bool(answer.get("errors")) == ("errors" in answer)


@dataclasses.dataclass(frozen=True, slots=True)
class Disagreement:
    """A question that OPA and the reference answer differently, with the accounts."""

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
    """A comparison of OPA's answers with the reference, batch by batch, and a count of its cases.

    `decided` counts the kinds of decisions, `evaluated` the outcomes of operators and layers. Set
    `shrinks` to False if Hypothesis shrinks the disagreements.
    """

    def __init__(self, opa: Opa, catalog: Catalog, *, shrinks: bool = True) -> None:
        self.decided: Counter[tuple[str, str]] = collections.Counter()
        self.evaluated: Counter[tuple[str, str]] = collections.Counter()
        self.decisions = 0
        self.worlds = 0
        self._opa = opa
        self._catalog = catalog
        self._shrinks = shrinks

    def disagreements(self, batches: Iterable[Batch]) -> Iterator[Disagreement]:
        """Yield the disagreements, shrunk; OPA answers one batch while the next is generated."""
        waiting: Callable[[], list[Disagreement]] | None = None
        for batch in batches:
            built = self._opa.build(batch.document())
            if waiting:
                yield from self._shrink(waiting())
            self._opa.publish(built)
            waiting = self._compare(batch)
        if waiting:
            yield from self._shrink(waiting())

    def _shrink(self, found: Sequence[Disagreement]) -> Iterator[Disagreement]:
        few = found[:_MOST_SHOWN]
        return map(self.smallest, few) if self._shrinks else iter(few)

    def _compare(self, batch: Batch) -> Callable[[], list[Disagreement]]:
        questions = [asked for world in batch.worlds for asked in world.questions]
        answers = self._opa.ask(questions)
        worlds = [world for world in batch.worlds for _ in world.questions]
        evaluator = Evaluator(batch.document(), self._catalog)
        expected = [reference_answer(evaluator, question) for question in questions]
        self._count(questions, expected)
        self.worlds += len(batch.worlds)
        self.evaluated += evaluator.outcomes

        def compare() -> list[Disagreement]:
            return [
                Disagreement(_alone(batch, world), question, answer, wanted)
                for question, wanted, answer, world in zip(
                    questions, expected, answers(), worlds, strict=True
                )
                if not agrees(answer, wanted)
            ]

        return compare

    def _count(self, questions: Sequence[Question], expected: Sequence[Object]) -> None:
        self.decisions += len(questions)
        for question, wanted in zip(questions, expected, strict=True):
            for part in ("effect", "reason", "policy_type"):
                self.decided[part, str(wanted[part])] += 1
            if wanted["reason"] != "malformed_request":
                kind = principal_of(question.request["principal"]).kind
                self.decided["principal", kind] += 1
            if question.simulated:
                self.decided["question", "simulated"] += 1

    def disagreement(self, document: Object, question: Question) -> Disagreement | None:
        """Return the disagreement on one question, or None if they agree or the accounts fail."""
        try:
            self._opa.publish(self._opa.build(document))
            alone_and_together = self._opa.ask([question, question])()
        except (InvalidFiles, InvalidPolicy):
            return None
        expected = reference_answer(Evaluator(document, self._catalog), question)
        for answer in alone_and_together:
            if not agrees(answer, expected):
                return Disagreement(document, question, answer, expected)
        return None

    def smallest(self, found: Disagreement) -> Disagreement:
        """Remove every part of the accounts and the request that the disagreement does not need."""
        shrunk = True
        while shrunk:
            shrunk = False
            for path in [*_paths((found.document, found.question.request))]:
                document, request = _without((found.document, found.question.request), path)
                if (document, request) == (found.document, found.question.request):
                    continue
                question = Question(request, found.question.simulated)
                if less := self.disagreement(document, question):
                    found, shrunk = less, True
        return found


def reference_answer(evaluator: Evaluator, question: Question) -> Object:
    """Return the decision of the reference evaluator."""
    now = datetime.datetime.now(datetime.UTC)
    decide = evaluator.simulate if question.simulated else evaluator.decide
    return decide(question.request, now)


def _alone(batch: Batch, world: World) -> Object:
    """Return the accounts document of one world and of the world of the management account."""
    worlds = [world] if world is batch.worlds[0] else [batch.worlds[0], world]
    return dataclasses.replace(batch, worlds=worlds).document()


def _paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each part of a value, outer parts before inner ones."""
    if isinstance(value, dict | list | tuple):
        items = [*value.items()] if isinstance(value, dict) else [*enumerate(value)]
        if not isinstance(value, tuple):
            yield from ((*path, key) for key, _ in reversed(items))
        for key, inner in reversed(items):
            yield from _paths(inner, (*path, key))


def _without(value: Any, path: tuple[Any, ...]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy without the part at the path, or an equal copy if the path leads nowhere."""
    found = copy.deepcopy(value)
    holder = found
    with contextlib.suppress(LookupError, TypeError):
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]
    return found
