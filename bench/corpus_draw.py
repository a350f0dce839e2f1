"""Draw the corpus mix from a folder of real documents: `python -m bench.corpus_draw DIR`.

DIR has policy documents and an `index.json` with the `file` and the `source` of each. A drawn
document keeps its effects, actions, operators, condition keys and the shapes of its resources and
values; its names, numbers and addresses are replaced, and texts that are no part of the decision
are left out. The same folder gives the same `corpus_mix.json`, which this command writes.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from bench.corpus_mix import ACCOUNT, FILE, Drawn, Mix, encode, principal_of
from ramgate import InvalidPolicy, Sidecar, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate import Client

__all__ = ["Rewriting", "main"]

_SEED: Final = 1
_EACH: Final = 150
_REASONS: Final = ("statement_allows", "statement_denies", "no_statement_matches")
_KEPT_KEYS: Final = ("ram:ServiceName", "acs:Service", "ram:TrustedPrincipalTypes")
_KEPT_WORDS: Final = frozenset({"", "true", "false", "system", "*"})
# The services whose relative id begins with a name; elsewhere a type and a name take turns.
_NAMED_FIRST: Final = frozenset({"oss", "mq", "alikafka"})
# A resource of the services whose resources have no type `instance`.
_ANY: Final = {"ram": "role/name-1", "oss": "name-1/part-1", "log": "project/name-1"}
_PLAIN: Final = re.compile(r"[A-Za-z]+")
_RUN: Final = re.compile(r"[^*?/:]+")
_SERVICE_WORD: Final = re.compile(r"[a-z0-9*-]+")


class _Candidate(NamedTuple):
    source: str
    document: Mapping[str, Any]


class Rewriting:
    """The names of one document, each with the name that replaces it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def statement(self, statement: Mapping[str, Any]) -> dict[str, Any]:
        """Return the statement with its names replaced."""
        kept = {
            key: statement[key] for key in ("Effect", "Action", "NotAction") if key in statement
        }
        resources = _list(statement["Resource"])
        found: list[str] = [self.resource(one) for one in resources]
        kept["Resource"] = found[0] if isinstance(statement["Resource"], str) else found
        if conditions := statement.get("Condition"):
            kept["Condition"] = {
                operator: {
                    self._key(key): self._values(operator, key, values)
                    for key, values in keys.items()
                }
                for operator, keys in conditions.items()
            }
        return kept

    def resource(self, pattern: str) -> str:
        """Return the resource with its account and its names replaced."""
        fields = pattern.split(":", 4)
        if len(fields) < 5:  # noqa: PLR2004 - the fields of an ARN
            return pattern
        partition, service, region, account, relative = fields
        account = account if account in _KEPT_WORDS else ACCOUNT
        region = region if _SERVICE_WORD.fullmatch(region) else "" if not region else "cn-hangzhou"
        parts = relative.split("/")
        first_is_type = service not in _NAMED_FIRST
        for at, part in enumerate(parts):
            is_type = first_is_type and at % 2 == 0 and _PLAIN.fullmatch(part)
            parts[at] = part if is_type else self._text(part)
        return ":".join([partition, service, region, account, "/".join(parts)])

    def _values(self, operator: str, key: str, values: str | Sequence[str]) -> str | list[str]:
        if key in _KEPT_KEYS or operator.startswith(("Bool", "Date", "Numeric")):
            return values if isinstance(values, str) else list(values)
        change = self._block if "IpAddress" in operator else self._text
        found = [change(one) for one in _list(values)]
        return found[0] if isinstance(values, str) else found

    def _key(self, key: str) -> str:
        name, slash, tag = key.partition("/")
        return f"{name}{slash}{self._text(tag)}" if slash else key

    def _text(self, text: str) -> str:
        return _RUN.sub(lambda found: self._name(found[0]), text)

    def _name(self, text: str) -> str:
        if text in _KEPT_WORDS:
            return text
        return self._names.setdefault(text, f"name-{len(self._names) + 1}")

    def _block(self, block: str) -> str:
        network = ipaddress.ip_network(block, strict=False)
        number = len(self._names) + 1
        start = "10.{}.0.1" if network.version == 4 else "fd00:{}::1"  # noqa: PLR2004
        own = self._names.setdefault(block, start.format(number))
        if "/" not in block:
            return own
        return str(ipaddress.ip_network(f"{own}/{network.prefixlen}", strict=False))


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _candidates(folder: Path) -> Iterator[_Candidate]:
    """Yield the distinct rewritten documents that ramgate takes as identity policies."""
    seen = set()
    for entry in json.loads((folder / "index.json").read_text()):
        try:
            document = json.loads((folder / entry["file"]).read_text())
            if translate(document)["kind"] != "identity":
                continue
        except (InvalidPolicy, ValueError, TypeError):
            continue
        rewriting = Rewriting()
        statements = [rewriting.statement(one) for one in document["Statement"]]
        rewritten = {"Version": "1", "Statement": statements}
        text = json.dumps(rewritten)
        if text not in seen:
            seen.add(text)
            yield _Candidate(entry["source"].partition("#")[0], rewritten)


class _Drawing:
    def __init__(self, candidates: Sequence[_Candidate]) -> None:
        self._random = random.Random(_SEED)  # noqa: S311 - equal seeds give equal draws
        self._candidates = candidates
        self._actions = sorted(
            {
                action
                for one in candidates
                for statement in one.document["Statement"]
                for action in _list(statement.get("Action", []))
                if not set("*?") & set(action)
            }
        )

    def draws(self, client: Client) -> Mix:
        """Return the mix: as many requests that a statement matches as others."""
        places = [
            (number, at)
            for number, one in enumerate(self._candidates)
            for at in range(len(one.document["Statement"]))
        ]
        self._random.shuffle(places)
        counts = {True: 0, False: 0}
        kept: list[tuple[int, Drawn]] = []
        for turn, (number, at) in enumerate(places):
            drawn = self._draw(client, number, at, is_matching=turn % 2 == 0)
            if drawn is None or counts[drawn.matches] == _EACH:
                continue
            counts[drawn.matches] += 1
            kept.append((number, drawn))
        if set(counts.values()) != {_EACH}:
            raise SystemExit(f"too few documents: {counts}")
        numbers = sorted({number for number, _ in kept})
        return Mix(
            [self._candidates[number].source for number in numbers],
            [self._candidates[number].document for number in numbers],
            [drawn._replace(document=numbers.index(number)) for number, drawn in kept],
        )

    def _draw(self, client: Client, number: int, at: int, *, is_matching: bool) -> Drawn | None:
        document = self._candidates[number].document
        statement = document["Statement"][at]
        action = self._action(statement)
        pattern = self._random.choice(_list(statement["Resource"]))
        resource = self._resource(pattern, action)
        context = self._context(statement)
        if not is_matching:
            action, resource, context = self._changed(statement, action, resource, context)
        principal = principal_of(number, ACCOUNT)
        decision = client.simulate(
            principal, action, resource, context, policies={"document": translate(document)}
        )
        matching = {one.index for one in decision.statements}
        if decision.reason not in _REASONS or is_matching != bool(matching):
            return None
        return Drawn(number, at, action, resource, context, decision.effect, decision.reason)

    def _action(self, statement: Mapping[str, Any]) -> str:
        if "NotAction" in statement:
            return self._random.choice(self._actions)
        pattern = self._random.choice(_list(statement["Action"]))
        if not set("*?") & set(pattern):
            return pattern
        fitting = [one for one in self._actions if fnmatch.fnmatch(one.lower(), pattern.lower())]
        chosen = self._random.choice(fitting) if fitting else pattern.replace("*", "GetTopic")
        return chosen.replace("?", "x")

    def _resource(self, pattern: str, action: str) -> str:
        """Return a resource that the pattern matches; for `*`, that or an ARN of the service."""
        service = action.partition(":")[0]
        if pattern == "*":
            relative = _ANY.get(service, "instance/i-1")
            arn = f"acs:{service}:{self._region(service)}:{ACCOUNT}:{relative}"
            return self._random.choice(("*", arn))
        fields = pattern.split(":", 4)
        fields += ["*"] * (5 - len(fields))
        _, named, region, account, relative = fields
        named = service if set("*?") & set(named) else named
        region = self._region(named) if region == "*" else region.replace("*", "hangzhou")
        account = ACCOUNT if account == "*" else account
        relative = self._filled(relative)
        return f"acs:{named}:{region}:{account}:{relative}"

    def _region(self, service: str) -> str:
        """Return a region as the service states it: the roles of RAM have none."""
        regions = {"ram": ("*",), "oss": ("*", "oss-cn-hangzhou")}.get(service, ("cn-hangzhou",))
        return self._random.choice(regions)

    def _filled(self, pattern: str) -> str:
        pattern = pattern.replace("?", "x")
        return re.sub(r"\*", lambda _: self._random.choice(("part-1", "2026", "a1b2")), pattern)

    def _context(self, statement: Mapping[str, Any]) -> dict[str, str]:
        return {
            key: self._value(operator, self._random.choice(_list(values)))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        }

    def _value(self, operator: str, value: str) -> str:
        if "Not" in operator:
            return "172.16.0.9" if "IpAddress" in operator else "another"
        if "IpAddress" in operator:
            network = ipaddress.ip_network(value, strict=False)
            return str(network[min(network.num_addresses - 1, 7)])
        if operator.startswith("DateLess"):
            return "2001-01-01T00:00:00Z"
        if operator.startswith("NumericLess"):
            return "0"
        return self._filled(value) if operator.endswith("Like") else value

    def _changed(
        self, statement: Mapping[str, Any], action: str, resource: str, context: dict[str, str]
    ) -> tuple[str, str, dict[str, str]]:
        """Return the request with one part changed, so that the statement does not match it."""
        changes = ["action"]
        changes += ["resource"] if "*" not in _list(statement["Resource"]) else []
        changes += ["value", "key"] if context else []
        match self._random.choice(changes):
            case "action":
                service = action.partition(":")[0]
                others = [one for one in self._actions if one.startswith(f"{service}:")]
                action = self._random.choice(others or [f"{service}:ListTagKeys"])
            case "resource":
                fields = resource.split(":", 4)
                parts = fields[4].split("/")
                parts[min(fields[1] not in _NAMED_FIRST, len(parts) - 1)] = "elsewhere"
                resource = ":".join([*fields[:4], "/".join(parts)])
            case "value":
                key = self._random.choice(list(context))
                value = context[key]
                context = {**context, key: "172.31.0.9" if value[:3] in {"10.", "fd0"} else "else"}
            case _:
                context = {}
        return action, resource, context


def main(arguments: Sequence[str]) -> int:
    """Draw from the folder that the arguments name, and write the file of the mix."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m bench.corpus_draw DIR\n")
        return 2
    candidates = list(_candidates(Path(arguments[0])))
    with Sidecar() as sidecar, sidecar.client() as client:
        mix = _Drawing(candidates).draws(client)
    FILE.write_text(encode(mix))
    sys.stdout.write(
        f"{len(mix.requests)} requests about {len(mix.documents)} of {len(candidates)} documents\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
