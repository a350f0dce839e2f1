from __future__ import annotations

import json
from typing import TYPE_CHECKING

from accounts_files import CATALOG, EVERYTHING, HERE, TRUST, write
from policy_documents import policy, statement
from ramgate import translate
from ramgate.accounts import reader
from ramgate.analysis.population import Population

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ramgate.accounts.store import Store

KAFKA = "AliyunKafkaFullAccess"
SECRET = "AliyunServiceRoleForAlb"  # noqa: S105 - a role whose policy is not public


def store(folder: Path, **parts: object) -> Store:
    text = json.dumps({"accounts": {HERE: parts}})
    return reader.load(write(folder, text, "accounts.json"), CATALOG)


def names(
    population: Population, group: str | None = None, trusted: Sequence[str] = ()
) -> list[list[str]]:
    classes = population.classes(group=group, trusted=trusted)
    return [[one.name for one in members] for members in classes]


def conditional(operator: str, *values: str) -> dict[str, object]:
    condition = {operator: {"acs:PrincipalARN": list(values)}}
    return policy(statement(Condition=condition))


def arn(name: str) -> str:
    return f"acs:ram::{HERE}:{name}"


def test_principals_with_the_same_policies_are_one_class(tmp_path: Path) -> None:
    users = {
        "a": {"policies": [KAFKA]},
        "b": {"policies": [KAFKA, {"policy": "AliyunKafkaReadOnlyAccess", "resource_group": "rg"}]},
        "c": {"policies": [KAFKA]},
        "d": {},
    }
    trust = json.loads(TRUST)
    roles = {"App": {"trust": trust, "policies": [KAFKA]}}
    population = Population(
        store(tmp_path, users=users, roles=roles, service_linked_roles=[SECRET])
    )
    linked, app = SECRET.lower(), "app"
    assert names(population) == [["a", "b", "c", app], ["d"], [linked], ["root"]]
    assert names(population, group="rg") == [["a", "c", app], ["b"], ["d"], [linked], ["root"]]
    assert names(population, group="other") == names(population)
    trusted = [arn("user/c"), arn("role/app"), arn("root")]
    assert names(population, trusted=trusted) == [
        *(["a", "b"], ["c"], ["d"], [linked], [app], ["root"])
    ]


def test_a_principal_that_a_condition_names_is_a_class(tmp_path: Path) -> None:
    users: dict[str, object] = {name: {} for name in ("a", "b", "C", "x1", "x2", "y")}
    roles = {name: {"trust": json.loads(TRUST)} for name in ("A", "B", "X1")}
    policies = {
        "equal": conditional("StringEquals", arn("user/a"), arn("role/A")),
        "folded": conditional("StringEqualsIgnoreCase", arn("user/c")),
        "like": conditional("StringLike", "*:user/x*", "*:role/X*", arn("user/b")),
        "others": policy(
            statement(Condition={"Bool": {"acs:MFAPresent": "true"}}),
            statement(Condition={"DateLessThan": {"acs:PrincipalARN": "2026-01-01T00:00:00Z"}}),
        ),
    }
    population = Population(store(tmp_path, users=users, roles=roles, policies=policies))
    assert names(population) == [
        *(["C"], ["a"], ["b"], ["x1", "x2"], ["y", "b"], ["a"], ["x1"], ["root"])
    ]


def test_letters_are_compared_in_lower_case_as_opa_does(tmp_path: Path) -> None:
    only = conditional("StringEqualsIgnoreCase", arn("user/al\u0130ce"))
    users = {name: {"policies": ["only"]} for name in ("aaa", "alice", "bob")}
    found = names(Population(store(tmp_path, policies={"only": only}, users=users)))
    assert found == [["aaa", "bob"], ["alice"], ["root"]]


def test_an_unreadable_document_tests_nothing(tmp_path: Path) -> None:
    policies = {
        "odd": {"unreadable": "has an unknown operator", "document": "{}"},
        "all": json.loads(EVERYTHING),
    }
    users = {"a": {"policies": ["odd"]}, "b": {"policies": ["odd"]}, "c": {"policies": ["all"]}}
    population = Population(store(tmp_path, users=users, policies=policies))
    assert names(population) == [["a", "b"], ["c"], ["root"]]


def test_further_documents_may_name_a_principal(tmp_path: Path) -> None:
    users: dict[str, object] = {name: {} for name in ("a", "b", "c")}
    population = Population(store(tmp_path, users=users))
    assert names(population) == [["a", "b", "c"], ["root"]]
    documents = [translate(conditional("StringEquals", arn("user/b")))]
    classes = population.classes(group=None, trusted=(), documents=documents)
    assert [[one.name for one in members] for members in classes] == [["a", "c"], ["b"], ["root"]]
    assert names(population) == [["a", "b", "c"], ["root"]]
