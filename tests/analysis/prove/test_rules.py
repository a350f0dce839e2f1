from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ramgate import resources
from ramgate.analysis.prove.rules import read
from ramgate.errors import InvalidFiles, UnreadableFiles
from ramgate.opa.find import find_opa

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = Path(__file__).parents[3] / "schemas/rules.json"
ALICE = "acs:ram::1234567890123456:user/alice"
OFFICE = {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
ALWAYS = {"always": "oss:Get*", "principals": ALICE}

VALID: Mapping[str, Any] = {
    "never": {"never": "log:Delete*"},
    "a list": {"never": ["log:Delete*", "*"], "resource": "acs:log:*:*:p/*", "because": "x"},
    "an object": {"never": {"action": ["a:b"], "resource": "acs:a:*:*:b"}},
    "exceptions": {"never": "a:b", "except": [ALICE, "acs:ram::*:role/Break*", "*.aliyuncs.com"]},
    "no exceptions": {"never": "a:b", "except": []},
    "one exception": {"never": "a:b", "except": "1234567890123456@log.aliyuncs.com"},
    "a context": {"never": "a:b", "context": {"acs:MFAPresent": "false", "a:list": ["x", "y"]}},
    "never together": {"never_together": ["a:b", {"action": "a:c", "resource": "*"}]},
    "only when": {"only_when": OFFICE, "action": "a:*"},
    "always": {**ALWAYS, "context": {"acs:SourceIp": "10.0.0.1"}},
}
INVALID: Mapping[str, tuple[Any, str]] = {
    "a text": ("a:b", "must be an object, not `a:b`"),
    "nothing": ({}, "a rule has exactly one of `never`, `never_together`, `only_when`, `always`"),
    "two verbs": ({**ALWAYS, "never": "a:b"}, "a rule has exactly one of "),
    "an unknown word": ({"never": "a:b", "unless": []}, "unknown field: known are `never`, "),
    "an unknown verb": ({"forbid": "a:b"}, "unknown field: known are "),
    "principals of never": ({"never": "a:b", "principals": [ALICE]}, "unknown field: "),
    "no principals": ({"always": "a:b"}, "`principals` is missing"),
    "no action": ({"only_when": OFFICE}, "`action` is missing"),
    "no condition": ({"only_when": {}, "action": "a:b"}, "has no condition, such as "),
    "no keys": ({"only_when": {"Bool": {}}, "action": "a:b"}, "must be an object of condition"),
    "a number": ({"never": 5}, "must be an action on a resource, not `5` without quotes"),
    "a number as resource": ({"never": "a:b", "resource": 5}, "must be an action on a resource"),
    "no list": ({"never": []}, "must not be an empty list"),
    "one action": ({"never_together": ["a:b"]}, "needs two actions or more: for one action write"),
    "a text together": ({"never_together": "a:b"}, "needs two actions or more: for one action"),
    "a number together": ({"never_together": ["a:b", 5]}, "must be an action on a resource"),
    "an object without an action": ({"never": {"resource": "*"}}, "`action` is missing"),
    "a number in the context": ({"never": "a:b", "context": {"a:k": 5}}, "must be a string or a"),
    "a list as context": ({"never": "a:b", "context": []}, "must be an object, not a list"),
    "an empty value": ({"never": "a:b", "context": {"a:k": []}}, "must not be an empty list"),
    "a number as reason": ({"never": "a:b", "because": 5}, "must be a string, not `5`"),
    "a number as exception": ({"never": "a:b", "except": [5]}, "`5` without quotes is not a prin"),
}
ONLY_READ: Mapping[str, tuple[Any, str]] = {
    "an action without a service": ({"never": "Delete*"}, "action: must be `*` or "),
    "another resource": ({"never": "a:b", "resource": "b/*"}, "resource: must be `*`, or begin"),
    "no account": ({"never": "a:b", "resource": "acs:a:::b"}, "resource: states no account"),
    "a name": ({"never": "a:b", "except": "alice"}, "`alice` is not a principal: write an ARN"),
    "a pattern": ({**ALWAYS, "principals": "acs:ram::*:user/x"}, "is not a principal: write an A"),
    "an unknown operator": ({"only_when": {"Null": {"a:k": "x"}}, "action": "a:b"}, "unknown oper"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Whether each rule matches the schema, by OPA's implementation of JSON Schema."""
    file = tmp_path_factory.mktemp("schema") / "input.json"
    refused = {name: one for name, (one, _) in INVALID.items()}
    documents = {name: {"rules": {"r": one}} for name, one in {**VALID, **refused}.items()}
    file.write_text(json.dumps({"schema": json.loads(SCHEMA.read_text()), "documents": documents}))
    query = "{name: json.match_schema(one, input.schema)[0] | some name, one in input.documents}"
    command = [str(find_opa()), "eval", "--input", str(file), "--format=raw", query]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


def written(folder: Path, rule: object) -> Path:
    path = folder / "rules.json"
    path.write_text(json.dumps({"rules": {"r": rule}}))
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    return [fault.message for fault in refused.value.faults]


@pytest.mark.parametrize("name", VALID)
def test_a_rule_is_read(tmp_path: Path, verdicts: dict[str, bool], name: str) -> None:
    [rule] = read(written(tmp_path, VALID[name]))
    assert rule.kind in VALID[name]
    assert verdicts[name]


@pytest.mark.parametrize("name", INVALID)
def test_the_schema_and_the_reader_refuse_a_rule(
    tmp_path: Path, verdicts: dict[str, bool], name: str
) -> None:
    rule, expected = INVALID[name]
    assert any(expected in fault for fault in faults(written(tmp_path, rule)))
    assert not verdicts[name]


@pytest.mark.parametrize("name", ONLY_READ)
def test_the_reader_knows_more_than_the_schema(tmp_path: Path, name: str) -> None:
    rule, expected = ONLY_READ[name]
    assert any(expected in fault for fault in faults(written(tmp_path, rule)))


def test_a_fault_has_its_line_and_its_place(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "rules:\n"
        "  first:\n"
        "    never: 'a:b'\n"
        "    unles: []\n"
        "  second:\n"
        "    only_when:\n"
        "      Nothing: {a:k: x}\n"
        "    action: 'x y'\n"
        "other: 1\n"
    )
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    assert [(fault.line, fault.path) for fault in refused.value.faults] == [
        (4, "rules.first.unles"),
        (6, "rules.second.only_when"),
        (8, "rules.second.action"),
        (9, "other"),
    ]


def test_a_condition_has_the_place_of_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "rules:\n  r:\n    action: '*'\n    only_when:\n      Bool: {acs:mfapresent: 'true'}\n"
    )
    with pytest.raises(InvalidFiles) as refused:
        read(path)
    [fault] = refused.value.faults
    assert fault.path == "rules.r.only_when.Bool.acs:mfapresent"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", "`rules` is missing"),
        ("[]", "must be an object, not a list"),
        ('{"rules": {}}', "has no rule: a file without rules would prove nothing"),
        ('{"rules": {"": {"never": "*"}}}', "an empty string is not a valid name of a rule"),
    ],
)
def test_a_file_without_rules_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text)
    assert expected in "; ".join(faults(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFiles, match="there is no such file"):
        read(tmp_path / "gone.yaml")


def test_the_schema_is_shipped() -> None:
    assert (resources.path("schemas") / "rules.json").exists()
