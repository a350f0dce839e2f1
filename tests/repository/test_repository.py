"""Promises of the repository: equal grammars, whole tables, published policies, names and files."""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import pkgutil
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

import ramgate
from ramgate import resources
from ramgate.catalog import catalog
from ramgate.documents.source import parse
from ramgate.language import grammar
from ramgate.language.condition import OPERATORS
from ramgate.opa.find import find_opa

ROOT = Path(__file__).parents[2]
CODE = sorted(path for path in ROOT.glob("rego/**/*.rego") if not path.stem.endswith("_test"))
TESTS = sorted([*ROOT.glob("rego/**/*_test.rego"), *ROOT.glob("tests/**/*_test.rego")])
SECONDS = 60
SHA256 = {
    "AliyunServiceRolePolicyForAlikafka": (
        "fbf203bbc597f7c2789daca2cc2a8a544c5539deb88a5faedf300eee06bd7f8d"
    ),
    "AliyunServiceRolePolicyForAlikafkaConnector": (
        "dbf2f92ccf6343d54c7d54035065f1d6cff1322a5f3dee8ca862e70197fae428"
    ),
    "AliyunServiceRolePolicyForAlikafkaETL": (
        "44c68f7e9e1fff586903b377b2c8a05570ac9312ea40ab787933e14f60fb17fa"
    ),
    "AliyunServiceRolePolicyForAlikafkaInstanceEncryption": (
        "605a91a01892a63e954481d98ca3c5a3f1c0ffa2db14e68fbd9aee2b6fdf1aad"
    ),
}
ACTIONS: dict[str, list[str]] = json.loads((ROOT / "tests/data/kafka-actions.json").read_text())


def run_opa(*arguments: str, text: str = "") -> str:
    return subprocess.run(
        [str(find_opa()), *arguments],
        input=text,
        capture_output=True,
        check=True,
        text=True,
        timeout=SECONDS,
    ).stdout


def evaluate(query: str, value: object = None) -> list[Any]:
    """Return the result of a Rego query, which is a list; the query reads the value as `input`."""
    rego = f"--data={ROOT / 'rego'}"
    arguments = ("eval", "--format=raw", "--stdin-input", rego, query)
    return list(json.loads(run_opa(*arguments, text=json.dumps(value))))


def parse_rego(path: Path) -> dict[str, Any]:
    return dict(json.loads(run_opa("parse", "--format=json", str(path))))


# Rego and Python


def test_rego_and_python_know_the_same_comparisons() -> None:
    comparisons = {operator.comparison for operator in OPERATORS.values()}
    assert set(evaluate("data.ram.condition.comparisons")) == comparisons


def near(text: str) -> set[str]:
    """Return the text, and texts that differ from it by a character, by case or by repetition."""
    found = {text, text.upper(), text.lower(), text.title(), text * 2, f"{text}\n", f"\n{text}"}
    for at in range(len(text) + 1):
        found.add(text[:at] + text[at + 1 :])
        for char in "\n */:.-_@%0aZ٣é?[":
            found.add(text[:at] + char + text[at:])
            found.add(text[:at] + char + text[at + 1 :])
    return found


ARN = "acs:ram::1234567890123456:"
NAMES = {
    *near(f"{ARN}root"),
    *near(f"{ARN}user/a-B"),
    *near(f"{ARN}role/a"),
    *near(f"{ARN}saml-provider/a"),
    *near(f"{ARN}oidc-provider/a"),
    *near("ecs.aliyuncs.com"),
    *near("1234567890123456@ecs.aliyuncs.com"),
    *(f"{ARN}{kind}/{'a' * size}" for kind in ("user", "role") for size in (0, 1, 64, 65)),
    *(f"{ARN}{kind}/a/b" for kind in ("user", "role", "assumed-role")),
    "",
}
VALUES = {
    *near("-120.050"),
    *map(str, range(-20, 20)),
    *near("2024-02-29T23:59:59.5+08:00"),
    *near("1678-01-01T00:00:00Z"),
    *near("2261-12-31T23:59:59Z"),
    *near("10.0.200.1"),
    *near("2001:db8::1"),
    *near("::ffff:10.0.0.1"),
    *near("1:2:3:4:5:6:7:8"),
    "1::",
    "::",
    "1:2:3:4:5:6:7::",
    "1:2:3:4::5:6:7:8",
    "::1.2.3.4",
    "fe80::1%eth0",
    "",
}


def test_rego_and_python_accept_the_same_principals() -> None:
    texts = sorted(NAMES)
    kinds = evaluate("[[k | k := data.ram.principal.parse(t).kind] | some t in input]", texts)
    sessions = evaluate("[[1 | data.ram.principal.parse(t).is_session] | some t in input]", texts)
    forms = {
        "owner": grammar.RAM_PRINCIPAL,
        "user": grammar.RAM_PRINCIPAL,
        "role": grammar.RAM_PRINCIPAL,
        "service": grammar.SERVICE_PRINCIPAL,
        "federated": grammar.FEDERATED,
    }
    seen = set()
    for text, kind, session in zip(texts, kinds, sessions, strict=True):
        if not session:  # policies cannot name a session
            expected = {name for name, form in forms.items() if form.fullmatch(text)}
            assert set(kind) <= expected, text
            assert bool(kind) == bool(expected), text
            seen |= set(kind)
    assert seen == set(forms)


def test_rego_and_python_accept_the_same_actions_and_resources() -> None:
    texts = sorted({*near("ecs:List*"), *near("*"), *near("*:?"), *near("a:b:c"), ""})
    valid = evaluate("[[1 | data.ram.document._is_action_pattern(t)] | some t in input]", texts)
    expected = [bool(grammar.ACTION_PATTERN.fullmatch(text)) for text in texts]
    lowered = [not re.search("[A-Z]", text) for text in texts]
    assert [bool(one) for one in valid] == [
        both and low for both, low in zip(expected, lowered, strict=True)
    ]
    assert any(valid)

    texts = sorted({*near("acs:oss:*:*:b"), *near("acs::::"), *near("*"), ""})
    valid = evaluate("[[1 | data.ram.resource.is_valid(t)] | some t in input]", texts)
    assert [bool(one) for one in valid] == [
        bool(grammar.RESOURCE.fullmatch(text)) for text in texts
    ]
    assert any(valid)


@pytest.mark.parametrize(
    ("operator", "package"), [("NumericEquals", "number"), ("DateEquals", "date")]
)
def test_rego_and_python_read_the_same_values(operator: str, package: str) -> None:
    # Dates of other years differ: a policy's counts as the first or last instant, a request's is
    # unreadable.
    texts = sorted(
        text
        for text in VALUES
        if package == "number" or not re.match("[0-9]{4}", text) or "1678" <= text[:4] <= "2261"
    )
    read = evaluate(f"[[v | v := data.ram.{package}.parse(t)] | some t in input]", texts)
    count = 0
    for text, found in zip(texts, read, strict=True):
        value = OPERATORS[operator].read(text)
        assert found == ([] if value is None else [value]), text
        count += value is not None
    assert count > 20


def test_rego_and_python_read_the_same_addresses() -> None:
    texts = sorted(text for text in VALUES if "/" not in text)
    valid = evaluate("[[1 | data.ram.address.is_valid(t)] | some t in input]", texts)
    expected = [OPERATORS["IpAddress"].read(text) is not None for text in texts]
    assert dict(zip(texts, map(bool, valid), strict=True)) == dict(
        zip(texts, expected, strict=True)
    )
    assert sum(expected) > 20


# Rego


@pytest.mark.parametrize("path", CODE, ids=[path.stem for path in CODE])
def test_a_rego_file_has_its_package_and_its_test_beside_it(path: Path) -> None:
    package = [term["value"] for term in parse_rego(path)["package"]["path"]]
    assert package == ["data", *path.parent.relative_to(ROOT / "rego").parts]
    assert path.stem == path.parent.name
    test = path.with_name(f"{path.stem}_test.rego")
    package = [term["value"] for term in parse_rego(test)["package"]["path"]]
    assert package == ["data", *path.parent.parent.relative_to(ROOT / "rego").parts, test.stem]


def key(term: object) -> str:
    return json.dumps(term, sort_keys=True)


def guards(expression: dict[str, Any]) -> list[str]:
    """Return the tables that an expression requires: `some _ in table` or `count(table) > 0`."""
    terms = expression["terms"]
    if isinstance(terms, dict) and "symbols" in terms:
        calls = [symbol["value"] for symbol in terms["symbols"] if symbol["type"] == "call"]
        return [key(call[-1]) for call in calls]
    if not isinstance(terms, list) or len(terms) != 3:
        return []
    [operator, counted, least] = terms
    names = [part["value"] for part in operator["value"]]
    if (names, least["value"]) != (["gt"], 0) or counted["type"] != "call":
        return []
    return [key(counted["value"][1])]


def vacuous(module: dict[str, Any]) -> list[str]:
    """Return the table tests of a module that would pass with an empty table."""
    found = []
    for rule in module.get("rules", []):
        name = rule["head"]["name"]
        if name.endswith("_cases"):
            body = rule["body"]
            guarded = {table for expression in body for table in guards(expression)}
            loops = [
                expression["terms"]["domain"]
                for expression in body
                if isinstance(expression["terms"], dict) and "domain" in expression["terms"]
            ]
            if not guarded or not all(key(table) in guarded for table in loops):
                found.append(name)
    return found


@pytest.mark.parametrize("path", TESTS, ids=[path.stem for path in TESTS])
def test_no_table_test_passes_with_an_empty_table(path: Path) -> None:
    assert vacuous(parse_rego(path)) == []


def test_table_tests_that_pass_with_an_empty_table_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "a_test.rego"
    path.write_text(
        """package a_test

test_unguarded_cases if {
	cases := []
	every one in cases {
		one
	}
}

test_another_guarded_cases if {
	cases := []
	others := [1]
	count(others) > 0
	every one in cases {
		one
	}
}

test_badly_guarded_cases if {
	cases := []
	count(cases) >= 0
	every one in cases {
		one
	}
}

test_without_a_loop_cases if 1 == 1

test_counted_cases if {
	cases := [1]
	count(cases) > 0
	every one in cases {
		one
	}
}

test_held_cases if {
	cases := {"a": 1}
	some _ in cases
	every name, one in cases {
		name != one
	}
}
"""
    )
    assert vacuous(parse_rego(path)) == [
        "test_unguarded_cases",
        "test_another_guarded_cases",
        "test_badly_guarded_cases",
        "test_without_a_loop_cases",
    ]


# The catalog


def test_kafka_s_policies_are_byte_identical() -> None:
    found = {
        name: hashlib.sha256(resources.path(f"catalog/policies/{name}.json").read_bytes())
        for name in SHA256
    }
    assert {name: digest.hexdigest() for name, digest in found.items()} == SHA256


def test_kafka_s_policies_contain_exactly_the_listed_actions() -> None:
    roles = {role.role: role.policy for role in catalog.load().roles.values() if role.feature}
    assert set(roles) == set(ACTIONS)
    assert set(roles.values()) == set(SHA256)
    for role, policy in roles.items():
        text = resources.path(f"catalog/policies/{policy}.json").read_text()
        document: Any = parse(text, is_json=True).value
        found: list[str] = []
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            actions = statement["Action"]
            found += [actions] if isinstance(actions, str) else actions
        assert found == ACTIONS[role]


# Python

MODULES = sorted(
    module.name.removeprefix("ramgate.")
    for module in pkgutil.walk_packages(ramgate.__path__, "ramgate.")
    if not module.ispkg
)
ROOMS = sorted(module.name for module in pkgutil.iter_modules(ramgate.__path__) if module.ispkg)


def definitions(path: Path) -> set[str]:
    """Return the names that a module defines, except private names and aliases of types."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="TypeAlias")):
                pass
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in found if not name.startswith("_")}


def order(name: str) -> tuple[bool, bool, str]:
    """Return a sort key: constants, then classes, then functions."""
    return not name.isupper(), not name[0].isupper(), name


def test_the_modules_in_rooms_are_found() -> None:
    assert {"client.client", "errors", "model.decision"} <= set(MODULES)


@pytest.mark.parametrize("room", ROOMS)
def test_the_init_file_of_a_room_contains_one_docstring(room: str) -> None:
    [only] = ast.parse((ROOT / f"python/ramgate/{room}/__init__.py").read_text()).body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)


@pytest.mark.parametrize("name", MODULES)
def test_the_public_names_of_a_module_are_listed_and_sorted(name: str) -> None:
    module = importlib.import_module(f"ramgate.{name}")
    assert module.__all__ == sorted(set(module.__all__), key=order)
    assert definitions(Path(str(module.__file__))) <= set(module.__all__)
    for listed in module.__all__:
        assert hasattr(module, listed)


def test_the_public_names_of_the_package_exist_and_are_sorted() -> None:
    assert ramgate.__all__ == sorted(set(ramgate.__all__), key=order)
    for name in ramgate.__all__:
        assert getattr(ramgate, name) is not None


# Files

LEFT_BY_TOOLS = {"build", "dist", "__pycache__"}
OURS = {".ci", ".editorconfig", ".gitignore", ".pre-commit-hooks.yaml"}
ELSEWHERE = re.compile(
    r"\.\./shar" + r"ed|(?<![\w.*/-])/(?:work|farm|root|home|Users)/[\w.]", re.MULTILINE
)


def repository_files() -> list[Path]:
    """Return the files of the repository, without those that tools left behind."""
    found = []
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        is_hidden = any(part.startswith(".") and part not in OURS for part in parts)
        if path.is_file() and not is_hidden and not LEFT_BY_TOOLS & set(parts):
            found.append(path)
    return found


def test_no_file_names_a_place_outside_of_the_repository() -> None:
    paths = repository_files()
    assert ROOT / "pyproject.toml" in paths
    assert ROOT / "tests/repository/test_repository.py" in paths
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in paths
        if (match := ELSEWHERE.search(path.read_text(errors="replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("see ../" + "shared/x", True),
        ("/wo" + "rk/main", True),
        ("'/ho" + "me/x'", True),
        ("https://example.com/work/x", False),
        ("/working/x", False),
    ],
)
def test_a_place_outside_of_the_repository_is_found(text: str, is_found: bool) -> None:  # noqa: FBT001 - a parameter
    assert bool(ELSEWHERE.search(text)) == is_found


def test_dir_lists_the_lazily_imported_names() -> None:
    assert set(ramgate.__all__) <= set(dir(ramgate))
    assert {type(getattr(ramgate, name)).__name__ for name in ramgate.__all__} >= {"function"}
    with pytest.raises(AttributeError, match="has no attribute `nothing`"):
        _ = ramgate.nothing
