"""Compare ramgate with its peers on the same requests: their speed and their correctness."""

from __future__ import annotations

import fnmatch
import json
import statistics
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast
from urllib.parse import urlsplit

from opa_client import OpaClient

from bench import questions
from bench.clients import on_the_load_core
from bench.report import Section, Table
from bench.run import PEERS
from bench.server import SHIPPED, Opa
from ramgate import Client, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.questions import Question
    from bench.run import Run

__all__ = ["measure"]

_CALLS: Final = 200
_SECONDS: Final = 30.0
_DENY: Final = "Deny"
_CASBIN: Final = """
[request_definition]
r = sub, act, res
[policy_definition]
p = sub, act, res, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.sub == p.sub && like(r.act, p.act) && like(r.res, p.res)
"""

_Documents: TypeAlias = "Mapping[str, Sequence[Mapping[str, object]]]"


class _Engine(Protocol):
    def __call__(self, question: Question) -> bool: ...


def measure(run: Run) -> Section:
    """Measure each peer with the policies of one account, translated to the peer's language."""
    sys.path.append(str(PEERS))
    documents = questions.documents()
    content = run.build("mix", questions.write).content
    with Opa(content, run.folder) as opa, on_the_load_core():
        parts = urlsplit(opa.url)
        theirs = OpaClient(host=parts.hostname, port=parts.port, timeout=_SECONDS)
        with Client(f"unix://{opa.socket}") as near, Client(opa.url) as far:
            engines: dict[str, _Engine] = {
                "ramgate, unix socket": _ramgate(near),
                "ramgate, TCP": _ramgate(far),
                "opa-python-client, TCP": lambda question: bool(
                    theirs.query_rule(question.request, "ram.authz", "decision")["result"]["allow"]
                ),
                "cedarpy, in process": _cedar(documents),
                "casbin, in process": _casbin(documents),
                "moto, in process": _moto(documents),
            }
            run.log(f"peers, {run.rounds} rounds")
            table = _table(engines, run.rounds)
        theirs.close_connection()
    return Section("peers", (table,), {})


def _table(engines: Mapping[str, _Engine], rounds: int) -> Table:
    # The peers know a role by the name that the accounts file has; a probe asks in lower case.
    mix = questions.mix(as_stored=True)
    probes = [*mix, *questions.probes()]
    times: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, engine in engines.items():
            times[name].append(statistics.mean(_median(engine, question) for question in mix))
    ours = statistics.median(times[next(iter(engines))])
    rows = []
    for name, engine in engines.items():
        answers = [(engine(probe), probe.effect == "Allow") for probe in probes]
        taken = statistics.median(times[name])
        rows.append(
            (
                name,
                f"{taken:,.0f}",
                f"{taken / ours:.2f}{', faster' if taken < ours else ''}",
                f"{sum(answer == right for answer, right in answers)} of {len(answers)}",
                str(sum(answer and not right for answer, right in answers)),
            )
        )
    return Table(
        "Peers: the same requests, one at a time from Python",
        ("engine", "µs, mean of the mix", "over ramgate", "right answers", "wrongly allowed"),
        tuple(rows),
        f"The {SHIPPED} store. cedarpy gets the policies translated to Cedar and parsed "
        "beforehand, casbin as tuples with a wildcard function, moto as the original documents. "
        "Each peer has the policies of one account, ramgate those of 201.\n\n"
        "A peer that is faster than ramgate runs in the caller's process, without a round trip; "
        "the table of Python clients has the time of a round trip to the floor. The requests "
        "that count for the right answers are the mix, and probes of RAM's rules about role "
        "sessions, upper and lower case, other accounts, trust policies and malformed requests. "
        "Cedar and casbin decide the translated policies correctly, and know nothing of the "
        "other rules.",
    )


def _median(engine: _Engine, question: Question) -> float:
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        engine(question)
        taken.append(time.perf_counter() - began)
    return 1e6 * statistics.median(taken)


def _ramgate(client: Client) -> _Engine:
    def ask(question: Question) -> bool:
        asked = (question.principal, question.action, question.resource, question.context)
        try:
            return bool(client.decide(*asked))
        except InvalidRequest:
            return False

    return ask


def _statements(documents: _Documents) -> Iterator[tuple[str, Mapping[str, object]]]:
    for principal, policies in documents.items():
        for document in policies:
            for statement in cast("Sequence[Mapping[str, object]]", document["Statement"]):
                yield principal, statement


def _list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(cast("Sequence[str]", value))


def _cedar(documents: _Documents) -> _Engine:
    cedar = import_module("cedarpy")
    texts = []
    for principal, statement in _statements(documents):
        actions = [
            f"context.action like {_text(one.lower())}" for one in _list(statement["Action"])
        ]
        places = [f"context.resource like {_text(one)}" for one in _list(statement["Resource"])]
        tests = [" || ".join(actions), " || ".join(places)]
        conditions = cast("Mapping[str, Mapping[str, object]]", statement.get("Condition", {}))
        for keys in conditions.values():
            for key, values in keys.items():
                equal = [f"context[{_text(key)}] == {_text(one)}" for one in _list(values)]
                tests.append(f"context has {_text(key)} && ({' || '.join(equal)})")
        effect = "forbid" if statement["Effect"] == _DENY else "permit"
        texts.append(
            f"{effect}(principal == Ram::{_text(principal)}, action, resource) "
            f"when {{ {' && '.join(f'({test})' for test in tests)} }};"
        )
    policies = cedar.PolicySet.from_str("\n".join(texts))
    entities = cedar.Entities.from_json_str("[]")

    def ask(question: Question) -> bool:
        request = {
            "principal": {"type": "Ram", "id": question.principal},
            "action": {"type": "Action", "id": "use"},
            "resource": {"type": "Any", "id": "any"},
            "context": {
                "action": question.action.lower(),
                "resource": question.resource,
                **question.context,
            },
        }
        return bool(cedar.is_authorized(request, policies, entities).allowed)

    return ask


def _text(value: str) -> str:
    return json.dumps(value)


def _casbin(documents: _Documents) -> _Engine:
    casbin = import_module("casbin")
    model = casbin.Model()
    model.load_model_from_text(_CASBIN)
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("like", fnmatch.fnmatchcase)
    for principal, statement in _statements(documents):
        if "Condition" in statement and statement["Effect"] != _DENY:
            continue  # casbin's tuples have no conditions; without the statement it is safe
        effect = "deny" if statement["Effect"] == _DENY else "allow"
        for action in _list(statement["Action"]):
            for resource in _list(statement["Resource"]):
                enforcer.add_policy(principal, action.lower(), resource, effect)

    def ask(question: Question) -> bool:
        return bool(
            enforcer.enforce(question.principal, question.action.lower(), question.resource)
        )

    return ask


def _moto(documents: _Documents) -> _Engine:
    control = import_module("moto.iam.access_control")
    policies = {
        principal: [control.IAMPolicy(json.dumps(document)) for document in attached]
        for principal, attached in documents.items()
    }

    def ask(question: Question) -> bool:
        # the algorithm of moto's `IAMRequestBase.check_action_permitted`
        is_allowed = False
        for policy in policies.get(question.principal, []):
            result = policy.is_action_permitted(
                question.action, question.resource, None, dict(question.context)
            )
            if result == control.PermissionResult.DENIED:
                return False
            is_allowed |= result == control.PermissionResult.PERMITTED
        return is_allowed

    return ask
