"""The corpus mix: requests drawn from real documents' statements, one account for each document.

`corpus_mix.json` has the documents, with their names replaced, and the requests;
`corpus_draw.py` made it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench import floor, load
from bench.clients import Raw, on_the_load_core
from bench.measure import against_the_floor
from bench.questions import Question
from bench.report import Figure, Section, Table
from bench.server import DECISION, SHIPPED, Opa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.run import Run

__all__ = [
    "ACCOUNT",
    "FILE",
    "Drawn",
    "Mix",
    "encode",
    "measure",
    "principal_of",
    "questions",
    "read",
    "write",
]

ACCOUNT: Final = "5000000000000001"
"""The account in the file; `write` and `questions` give each document one of its own."""

FILE: Final = Path(__file__).with_suffix(".json")

_MIX: Final = "the corpus mix"
_TURNS: Final = 4
_CALLS: Final = 100
_SLOWEST: Final = 5


class Drawn(NamedTuple):
    """A request drawn from a statement of a document, both by number, with its right decision."""

    document: int
    statement: int
    action: str
    resource: str
    context: Mapping[str, str]
    effect: str
    reason: str

    @property
    def matches(self) -> bool:
        """True if a statement of the document matches the request."""
        return self.reason != "no_statement_matches"


class Mix(NamedTuple):
    """The documents, the sources from which each was made, and the requests."""

    sources: Sequence[str]
    documents: Sequence[Mapping[str, Any]]
    requests: Sequence[Drawn]


def encode(mix: Mix) -> str:
    """Return the text of the file: one document or request on a line."""
    documents = [
        {"source": source, "document": document}
        for source, document in zip(mix.sources, mix.documents, strict=True)
    ]
    parts = {"documents": documents, "requests": [one._asdict() for one in mix.requests]}
    blocks = []
    for name, lines in parts.items():
        listed = ",\n".join(json.dumps(one, ensure_ascii=False) for one in lines)
        blocks.append(f'"{name}": [\n{listed}\n]')
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def read() -> Mix:
    """Return the mix of the file."""
    found = json.loads(FILE.read_text())
    return Mix(
        [one["source"] for one in found["documents"]],
        [one["document"] for one in found["documents"]],
        [Drawn(**one) for one in found["requests"]],
    )


def principal_of(document: int, account: str) -> str:
    """Return the principal that holds a document: a user and a role in turn."""
    return f"acs:ram::{account}:{'role/app' if document % 2 else 'user/alice'}"


def questions() -> list[Question]:
    """Return the questions of the mix, each named by the numbers of its document and statement."""
    found = []
    for drawn in read().requests:
        number = _account(drawn.document)
        found.append(
            Question(
                f"{drawn.document}.{drawn.statement}",
                principal_of(drawn.document, number),
                drawn.action,
                drawn.resource.replace(ACCOUNT, number),
                drawn.context,
                drawn.effect,
                drawn.reason,
            )
        )
    return found


def write(folder: Path) -> None:
    """Write the accounts file: an account for each document, whose user and role hold it."""
    folder.mkdir(parents=True, exist_ok=True)
    trusting: dict[str, object] = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trusting["Principal"] = {"Service": ["ecs.aliyuncs.com"]}
    trust = {"Version": "1", "Statement": [trusting]}
    accounts = {}
    for number, document in enumerate(read().documents):
        own = json.loads(json.dumps(document).replace(ACCOUNT, _account(number)))
        accounts[_account(number)] = {
            "policies": {"own": own},
            "users": {"alice": {"policies": ["own"]}},
            "roles": {"App": {"trust": trust, "policies": ["own"]}},
        }
    (folder / "corpus.json").write_text(json.dumps({"accounts": accounts}))


def _account(document: int) -> str:
    return str(int(ACCOUNT) + document)


def measure(run: Run) -> Section:
    """Measure the whole mix in turn, then its slowest requests, each by itself.

    OPA's processor time for each request tells which are slow.
    """
    asked = {question.name: question for question in questions()}
    content = run.build("corpus", write).content
    files = {
        _MIX: load.write_bodies(run.folder, "corpus", [question.body for question in questions()])
    }
    with Opa(content, run.folder) as opa:
        opa.check(questions())
        run.log(f"corpus mix: OPA's processor time for each of {len(asked)} requests")
        with on_the_load_core():
            shares = {name: _share(opa, question) for name, question in asked.items()}
        slow = sorted(shares, key=lambda name: shares[name])[:_SLOWEST]
        for number, name in enumerate(slow):
            files[name] = load.write_bodies(run.folder, f"slow-{number}", [asked[name].body])
        run.log(f"corpus mix, {run.rounds} rounds")
        found = against_the_floor(opa, files, rounds=run.rounds, seconds=run.seconds)
    worst = min(found[name].ratio for name in slow)
    rows = [(_MIX, f"{statistics.harmonic_mean(shares.values()):.2f}", found[_MIX])]
    rows += [(_described(asked[name]), f"{shares[name]:.2f}", found[name]) for name in slow]
    table = Table(
        "Throughput of the corpus mix",
        ("request", "floor's over its processor time", "over the floor", "decisions /s"),
        tuple((name, share, f"{one.ratio:.2f}", f"{one.rate:,.0f}") for name, share, one in rows),
        f"The {SHIPPED} store. {len(asked)} requests about {len(read().documents)} real documents; "
        "a statement matches half of them. Role names are in lower case. The rows below the first "
        f"are the {_SLOWEST} requests for which OPA needs most processor time: {_CALLS} times "
        f"each, in turn with the floor, the least of {_TURNS} turns. A request has the number of "
        "its document and of its statement in `corpus_mix.json`.",
    )
    figures = {"corpus": found[_MIX].ratio, "corpus_worst": worst}
    return Section("corpus", (table,), {key: Figure(one, SHIPPED) for key, one in figures.items()})


def _described(question: Question) -> str:
    return f"{question.name}: {question.action}, {question.effect}"


def _share(opa: Opa, question: Question) -> float:
    """Return the floor's processor time over that of the question: at most about 1."""
    with contextlib.ExitStack() as stack:
        calls = []
        for path in (floor.ALLOW, DECISION):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(opa.socket))
            calls.append(Raw(connection, path, question.body))
        taken: list[list[float]] = [[], []]
        for _ in range(_TURNS):
            for call, seconds in zip(calls, taken, strict=True):
                before = opa.cpu_seconds()
                for _ in range(_CALLS):
                    call()
                seconds.append(opa.cpu_seconds() - before)
    # The least of the turns: a collection of garbage falls into some of them.
    least, asked = map(min, taken)
    return least / asked
