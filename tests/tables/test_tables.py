"""Decision tables: what is settled when policies are translated, and what is left to the rule."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import fuzz
from agreement import Opa, read_catalog, running_opa
from ramgate.accounts import reader as accounts
from ramgate.bundle import builder as bundle
from ramgate.catalog import catalog
from ramgate.tables import tables
from ramgate.tables.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ramgate.accounts.store import Store
    from ramgate.bundle.builder import Bundle

CATALOG = read_catalog()
ACCOUNT = "1234567890123456"
ALICE = f"acs:ram::{ACCOUNT}:user/alice"
TOPIC = f"acs:alikafka:cn:{ACCOUNT}:topic"


def store(folder: Path, **parts: Any) -> Store:  # noqa: ANN401 - what an accounts file holds
    """The store of one account with these parts, beside what the directory says of it."""
    directory = parts.pop("directory", None)
    document: dict[str, Any] = {"accounts": {ACCOUNT: parts}}
    if directory:
        document["directory"] = directory
    path = folder / "accounts.json"
    path.write_text(json.dumps(document))
    return accounts.load(path, catalog.load())


def policy(*statements: Mapping[str, object]) -> dict[str, object]:
    """A policy of these statements, each an Allow of everything where it says nothing else."""
    anything = {"Effect": "Allow", "Resource": "*"}
    return {"Version": "1", "Statement": [{**anything, **statement} for statement in statements]}


def alices(folder: Path, *statements: Mapping[str, object]) -> dict[str, Any]:
    """The store with its tables, where alice holds one policy of these statements."""
    users = {"alice": {"policies": ["own"]}}
    return Tables().add_to(store(folder, policies={"own": policy(*statements)}, users=users))


def line(whole: dict[str, Any], action: str) -> Any:  # noqa: ANN401 - an entry, or None
    """The entry of alice's line for an action that some policy names; None where it has none."""
    named = whole["lines"][whole["who"][ACCOUNT][ALICE]][action]
    return named and whole["entries"][named]


def effects(entry: dict[str, Any]) -> dict[str, str]:
    """The effect of each outcome, by the bits of the tests that hold."""
    outcomes = entry.get("outcomes") or {
        bits: entry[held] for bits, held in {"": "false", "a": "true"}.items() if held in entry
    }
    return {held: decision["effect"] for held, decision in outcomes.items()}


def asked_by(entry: dict[str, Any]) -> list[tuple[object, tuple[str, ...]]]:
    """Where what is tested stands in a request, and the patterns of each test."""
    if "tests" in entry:
        return [(path, patterns) for _, path, patterns in entry["tests"]]
    if "key" in entry:
        return [(("context", entry["key"]), (entry["value"],))]
    return [] if entry["resource"] == "*" else [("resource", (entry["resource"],))]


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running_opa() as opa:
        yield opa


def without_tables(built: Bundle) -> Bundle:
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(built.content)) as whole,
        tarfile.open(fileobj=packed, mode="w:gz") as bare,
    ):
        for member in whole:
            file = whole.extractfile(member)
            assert file is not None
            content = file.read()
            if member.name == "data.json":
                data = json.loads(content)
                assert data["store"].pop("who")
                content = json.dumps(data).encode()
            if member.name == ".manifest":
                content = content.replace(built.revision.encode(), b"without")
            member.size = len(content)
            bare.addfile(member, io.BytesIO(content))
    return dataclasses.replace(built, content=packed.getvalue(), revision="without")


def test_what_the_tables_say_the_general_rule_says_too(opa: Opa) -> None:
    for batch in fuzz.generate(CATALOG, iter(range(700, 704))):
        questions = [asked for world in batch.worlds for asked in world.questions]
        built = opa.build(batch.document())
        opa.publish(built)
        with_tables = opa.ask(questions)()
        opa.publish(without_tables(built))
        assert opa.ask(questions)() == with_tables


def test_an_action_that_is_allowed_whatever_else_is_asked_has_no_tests(tmp_path: Path) -> None:
    entry = line(alices(tmp_path, {"Action": "ecs:Start"}), "ecs:start")
    assert entry == {
        "resource": "*",
        "true": {
            "allow": True,
            "effect": "Allow",
            "reason": "statement_allows",
            "policy_type": "AccountLevelIdentityBasedPolicy",
            "statements": [{"policy": "own", "index": 0}],
        },
    }


def test_an_action_longer_than_a_request_may_have_is_left_to_the_general_rule(
    tmp_path: Path,
) -> None:
    longest = f"ecs:{'x' * 2044}"
    whole = alices(tmp_path, {"Action": [longest, f"{longest}x"]})
    assert line(whole, longest) is not None
    assert line(whole, f"{longest}x") is None


def test_actions_that_nothing_tells_apart_share_an_entry(tmp_path: Path) -> None:
    whole = alices(tmp_path, {"Action": ["ecs:Start", "ecs:Stop"]})
    lines = whole["lines"][f"{ACCOUNT}/own"]
    assert lines["ecs:start"] == lines["ecs:stop"]


def test_a_resource_is_a_test(tmp_path: Path) -> None:
    resources = [f"{TOPIC}/[a]", f"{TOPIC}/b*", f"{TOPIC}/?c"]
    entry = line(
        alices(
            tmp_path,
            {"Action": "alikafka:Send"},
            {"Action": "alikafka:*", "Effect": "Deny", "Resource": resources},
        ),
        "alikafka:send",
    )
    patterns = (f"{TOPIC}/\\[a\\]", f"{TOPIC}/b*", f"{TOPIC}/?c")
    assert entry["tests"] == [["a", "resource", patterns]]
    assert effects(entry) == {"": "Allow", "a": "ExplicitDeny"}


def test_one_pattern_of_the_resource_is_an_entry_of_its_own_kind(tmp_path: Path) -> None:
    entry = line(
        alices(tmp_path, {"Action": "alikafka:Send", "Resource": f"{TOPIC}/b*"}), "alikafka:send"
    )
    assert entry.keys() == {"resource", "true", "false"}
    assert entry["resource"] == f"{TOPIC}/b*"
    assert effects(entry) == {"": "ImplicitDeny", "a": "Allow"}


@pytest.mark.parametrize(
    "resource",
    ["acs:ram:*:*:role/x", "*role/x", "acs:r*", "ACS:RAM*:x", "acs:?am:*:*:role/x"],
)
def test_what_may_be_about_a_role_is_left_where_the_resource_is_of_ram(
    tmp_path: Path, resource: str
) -> None:
    entry = line(alices(tmp_path, {"Action": "ram:GetRole", "Resource": resource}), "ram:getrole")
    assert entry["tests"][1] == ["b", "resource", ("acs:ram:*",)]
    assert effects(entry) == {"": "ImplicitDeny", "a": "Allow"}


def test_what_is_only_about_ram_has_no_outcome_there(tmp_path: Path) -> None:
    entry = line(
        alices(tmp_path, {"Action": "ram:GetRole", "Resource": "acs:ram:*"}), "ram:getrole"
    )
    assert entry["tests"] == [["a", "resource", ("acs:ram:*",)]]
    assert effects(entry) == {"": "ImplicitDeny"}


T, F = "[tT][rR][uU][eE]", "[fF][aA][lL][sS][eE]"
CONDITIONS: dict[str, tuple[object, list[tuple[str, ...]], dict[str, str]]] = {
    "Allow StringEquals": (["x", "[y"], [("\\[y", "x")], {"": "no", "a": "yes"}),
    "Allow StringLike": ("x*", [("x*",)], {"": "no", "a": "yes"}),
    "Allow StringEqualsIgnoreCase": ("ki-", [("[kK\u212a][iI\u0130]-",)], {"": "no", "a": "yes"}),
    "Allow StringNotEquals": ("x", [("x",), ("*",)], {"": "no", "a": "no", "b": "yes", "ab": "no"}),
    "Allow Bool": ("true", [(T,)], {"": "no", "a": "yes"}),
    "Allow ForAllValues:StringEquals": ("x", [("x",)], {"": "no", "a": "yes"}),
    "Deny StringEquals": ("x", [("x",)], {"": "no", "a": "yes"}),
    "Deny StringNotEquals": ("x", [("x",)], {"": "yes", "a": "no"}),
    "Deny Bool": ("true", [(T,), (T, F), ("*",)], {"": "no", "c": "yes", "bc": "no", "abc": "yes"}),
    "Deny ForAllValues:Bool": ("true", [(T,), (T, F)], {"": "yes", "b": "no", "ab": "yes"}),
    "Deny ForAllValues:StringEquals": ("x", [("x",), ("*",)], {"": "yes", "b": "no", "ab": "yes"}),
}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_on_a_string_is_a_test(tmp_path: Path, kind: str) -> None:
    values, patterns, expected = CONDITIONS[kind]
    effect, operator = kind.split(" ")
    condition = {operator: {"acs:Service": values}}
    asked = {"Action": "ecs:Start", "Effect": effect, "Condition": condition}
    entry = line(alices(tmp_path, asked), "ecs:start")
    assert asked_by(entry) == [(("context", "acs:Service"), one) for one in patterns]
    matches = {"Allow": "yes", "ExplicitDeny": "yes", "ImplicitDeny": "no"}
    found = {held: matches[effect] for held, effect in effects(entry).items()}
    assert {held: found[held] for held in expected} == expected


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericEquals": {"acs:Size": "1"}},
        {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
        {"StringEquals": {"k" * 257: "x"}},
        {"StringEquals": {"acs:CurrentTime": "x"}},
        {"StringEquals": {"acs:PrincipalARN": "x"}},
        {"StringEquals": {"acs:Service": "x*"}},
        {"StringEquals": {"acs:Service": ""}},
        {"StringEqualsIgnoreCase": {"acs:Service": "x?"}},
        {"StringEqualsIgnoreCase": {"acs:Service": "ä"}},
        {"StringEquals": {f"acs:ResourceTag/{number}": "x" for number in range(6)}},
        {"StringEquals": {"acs:Service": [f"{number}" for number in range(41)]}},
    ],
)
def test_what_does_not_fit_is_left_to_the_general_rule(
    tmp_path: Path, condition: dict[str, object]
) -> None:
    whole = alices(tmp_path, {"Action": ["ecs:Start", "ecs:Stop"], "Condition": condition})
    assert line(whole, "ecs:start") is None
    assert line(whole, "ecs:stop") is None


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"acs:ResourceGroupId": "rg-1"}},
        {"StringLike": {"acs:Service": "**"}},
        {"StringEquals": {"acs:Service": ["x", "y"]}},
    ],
)
def test_what_is_no_single_pattern_of_a_plain_key_is_a_list_of_tests(
    tmp_path: Path, condition: dict[str, object]
) -> None:
    whole = alices(tmp_path, {"Action": "ecs:Start", "Condition": condition})
    assert line(whole, "ecs:start").keys() == {"tests", "outcomes"}


def test_assuming_a_role_has_a_table_of_its_own(tmp_path: Path) -> None:
    whole = alices(
        tmp_path,
        {"Action": ["sts:AssumeRole", "sts:Get*"]},
        {"Action": "sts:*", "Effect": "Deny", "Resource": "acs:ram:*:*:role/Ops-[1]"},
        {"Action": "sts:Tag*", "Effect": "Deny", "Resource": f"acs:ram:*:{ACCOUNT}:role/Ops*"},
        {"Action": "sts:SetSourceIdentity", "Condition": {"Bool": {"acs:MFAPresent": "true"}}},
    )
    assert line(whole, "sts:assumerole") is None
    assert whole["assuming"].get(f"{ACCOUNT}/own", {}).keys() == set()
    whole = alices(
        tmp_path,
        {"Action": "sts:*"},
        {"Action": "sts:Tag*", "Effect": "Deny", "Resource": f"acs:ram:*:{ACCOUNT}:role/Ops*"},
        {"Action": "sts:SetSourceIdentity", "Condition": {"StringEquals": {"acs:Service": ""}}},
    )
    assuming = whole["assuming"][f"{ACCOUNT}/own"]
    assert assuming.keys() == {"sts:assumerole", "sts:tagsession"}
    assert whole["entries"][assuming["sts:assumerole"]]["resource"] == "*"
    tagging = whole["entries"][assuming["sts:tagsession"]]
    assert (
        tagging["resource"]
        == f"[aA][cC][sS]:[rR][aA][mM]:*:{ACCOUNT}:[rR][oO][lL][eE]/[oO][pP][sS]*"
    )
    assert effects(tagging) == {"": "Allow", "a": "ExplicitDeny"}
    silent = alices(tmp_path, {"Action": "ecs:Start"})
    assert silent["assuming"] == {}


def test_patterns_of_actions_say_what_statements_are_asked(tmp_path: Path) -> None:
    whole = alices(
        tmp_path,
        {"Action": ["ecs:Get*", "ecs:List*", "oss:*", "v*:Get*", "*:Describe*"]},
        {"Action": "ecs:GetThis", "Effect": "Deny"},
    )
    name = f"{ACCOUNT}/own"
    assert whole["lines"][name].keys() == {"ecs:getthis"}
    assert name not in whole["rest"]
    patterns = whole["patterns"][name]
    asked = {
        service: line and line["tests"] if service != "oss" else line["prefixes"]
        for service, line in (*patterns["services"].items(), ("", patterns["otherwise"]))
    }
    assert asked == {
        "ecs": [("a", ("*:describe*", "ecs:get*", "ecs:list*"))],
        "oss": [],
        "sts": None,
        "": [("a", ("*:describe*", "v*:get*"))],
    }
    found = {
        held: effects(whole["entries"][entry])["a"]
        for held, entry in patterns["services"]["ecs"]["entries"].items()
    }
    assert found == {"": "ImplicitDeny", "a": "Allow"}


@pytest.mark.parametrize(
    ("actions", "prefixes"),
    [
        (["ecs:Get*", "ecs:*", "ecs:List*"], []),
        (["ecs:Get*", "ecs:List-All.*"], ["ecs:get", "ecs:list-all."]),
        (["ecs:Get*", "*:List*"], None),
        (["ecs:Get*All"], None),
        (["ecs:Get?"], None),
        (["ecs:Get?*"], None),
        (["ecs:**"], []),
        (["ecs:Get**"], None),
    ],
)
def test_a_pattern_that_ends_in_its_only_wildcard_is_a_prefix(
    tmp_path: Path, actions: list[str], prefixes: list[str] | None
) -> None:
    whole = alices(tmp_path, {"Action": actions})
    ecs = whole["patterns"][f"{ACCOUNT}/own"]["services"]["ecs"]
    assert ecs.get("prefixes") == prefixes
    held = {"false": "ImplicitDeny", "true": "Allow"} if prefixes else {"false": "Allow"}
    if prefixes is not None:
        found = {result: effects(whole["entries"][one]) for result, one in ecs["entries"].items()}
        assert found == {result: {"a": effect} for result, effect in held.items()}


def test_what_is_excepted_may_be_a_prefix(tmp_path: Path) -> None:
    excepting = alices(tmp_path, {"NotAction": ["ecs:Get*"]})
    assert excepting["rest"] == {}
    assert excepting["patterns"][f"{ACCOUNT}/own"]["otherwise"]["prefixes"] == ["ecs:get"]


def test_no_entry_is_made_that_nothing_names(tmp_path: Path) -> None:
    whole = alices(
        tmp_path, {"Action": "sts:Get*", "Resource": f"{TOPIC}/one"}, {"Action": "ecs:*"}
    )
    patterns = whole["patterns"][f"{ACCOUNT}/own"]
    lines = filter(None, (*patterns["services"].values(), patterns["otherwise"]))
    named = {entry for line in lines for entry in line["entries"].values()}
    assert whole["lines"] == whole["assuming"] == {}
    assert named == whole["entries"].keys()


def test_too_many_patterns_of_actions_are_left_to_the_general_rule(tmp_path: Path) -> None:
    many = alices(tmp_path, {"Action": [f"ecs:Get{number}*" for number in range(41)]})
    several = alices(
        tmp_path,
        *({"Action": f"ecs:Get{number}*"} for number in range(6)),
        {"Action": ["oss:A*"], "Resource": [f"acs:oss:*:*:{number}" for number in range(41)]},
        {"Action": "oss:B*"},
    )
    services = several["patterns"][f"{ACCOUNT}/own"]["services"]
    assert many["patterns"][f"{ACCOUNT}/own"]["services"]["ecs"] is None
    assert services["ecs"] is None
    assert [bits for bits, entry in services["oss"]["entries"].items() if entry is None] == [
        "a",
        "ab",
    ]


def test_what_a_statement_excepts_is_a_pattern_that_must_not_match(tmp_path: Path) -> None:
    whole = alices(
        tmp_path,
        {"NotAction": ["ecs:Stop*", "oss:*"]},
        {"NotAction": "*", "Effect": "Deny"},
        {"Action": ["oss:GetObject", "ecs:StopAll", "ecs:Get*", "oss:Put*"]},
        {"NotAction": "vpc:*", "Effect": "Deny", "Resource": "acs:vpc:*"},
    )
    entry = line(whole, "oss:getobject")
    assert effects(entry) == {"": "Allow", "a": "ExplicitDeny"}
    assert entry["false"]["statements"] == [{"policy": "own", "index": 2}]
    ecs = whole["patterns"][f"{ACCOUNT}/own"]["services"]["ecs"]
    assert ecs["tests"] == [("a", ("ecs:stop*",)), ("b", ("ecs:get*",))]
    found = {held: effects(whole["entries"][entry])[""] for held, entry in ecs["entries"].items()}
    assert found == {"": "Allow", "a": "ImplicitDeny", "ab": "Allow", "b": "Allow"}


def test_a_plain_grant_is_kept_with_its_policy(tmp_path: Path) -> None:
    one, other = f"{TOPIC}/one", f"{TOPIC}/other"
    whole = alices(
        tmp_path,
        {"Action": "alikafka:Send", "Resource": one},
        {"Action": ["alikafka:Pull", "alikafka:Twice"], "Resource": other},
        {"Action": "alikafka:Twice", "Resource": one},
        {"Action": "alikafka:List", "Resource": [one, other]},
        {"Action": ["alikafka:Half", "alikafka:Get*"], "Resource": one},
        {"Action": "ram:GetRole", "Resource": f"acs:ram::{ACCOUNT}:role/x"},
        {"Action": "sts:AssumeRole", "Resource": one},
    )
    own = whole["policies"][f"{ACCOUNT}/own"]
    assert own["grants"] == {"alikafka:send": [0, one]}
    assert own["statements"][0] is None
    assert None not in own["statements"][1:]
    assert "alikafka:send" not in own["actions"]
    assert whole["lines"][f"{ACCOUNT}/own"].keys() == own["actions"].keys()


def test_what_is_plain_grants_alone_has_one_entry_for_all_else(tmp_path: Path) -> None:
    whole = alices(tmp_path, {"Action": "alikafka:Send", "Resource": f"{TOPIC}/one"})
    name = f"{ACCOUNT}/own"
    assert name not in {**whole["lines"], **whole["patterns"], **whole["rest"]}
    assert whole["entries"][whole["otherwise"][name]]["true"]["effect"] == "ImplicitDeny"


def test_a_resource_group_has_sets_of_its_own(tmp_path: Path) -> None:
    policies = {
        "own": policy({"Action": "ecs:Start"}, {"Action": "ecs:Stop", "Effect": "Deny"}),
        "group": policy({"Action": ["ecs:Stop", "ecs:Show"]}),
    }
    held = ["own", {"policy": "group", "resource_group": "rg-1"}]
    users = {"alice": {"policies": held}, "bob": {"policies": ["own"]}}
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, policies=policies, users=users))
    assert whole["who"][ACCOUNT][ALICE] == f"{ACCOUNT}/own"
    assert whole["groups"] == {ACCOUNT: {ALICE: {"rg-1": whole["groups"][ACCOUNT][ALICE]["rg-1"]}}}
    name = whole["groups"][ACCOUNT][ALICE]["rg-1"]
    found = {
        action: whole["entries"][entry]["true"]
        for action, entry in (*whole["lines"][name].items(), ("", whole["rest"][name]))
    }
    own, group = "AccountLevelIdentityBasedPolicy", "ResourceGroupLevelIdentityBasedPolicy"
    assert {action: (one["effect"], one["policy_type"]) for action, one in found.items()} == {
        "ecs:start": ("Allow", own),
        "ecs:stop": ("ExplicitDeny", own),
        "ecs:show": ("Allow", group),
        "": ("ImplicitDeny", group),
    }
    assert name not in whole["assuming"]


def test_control_policies_are_judged_first_and_level_by_level(tmp_path: Path) -> None:
    directory = {
        "management": "9" * 16,
        "policies": {"only-ecs": policy({"Action": "ecs:*"})},
        "root": {
            "control_policies": ["FullAliyunAccess"],
            "accounts": {ACCOUNT: {"control_policies": ["only-ecs"]}},
        },
    }
    own = policy({"Action": ["ecs:Start", "oss:GetObject"]})
    linked = "AliyunServiceRoleForAlikafka"
    parts: dict[str, Any] = {
        "policies": {"own": own},
        "users": {"alice": {"policies": ["own"]}},
        "service_linked_roles": [linked, "AliyunServiceRoleForOSS"],
    }
    known = catalog.load().roles
    parts["service_linked_roles"] = [
        linked,
        next(role.role for role in known.values() if not role.is_published),
    ]
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, directory=directory, **parts))
    assert line(whole, "ecs:start")["true"]["allow"] is True
    denied = line(whole, "oss:getobject")["true"]
    assert (denied["effect"], denied["policy_type"]) == ("ImplicitDeny", "ControlPolicy")
    # 5.4, 5.6: they do not bind a service-linked role, and one without a document has no table
    assert (
        whole["who"][ACCOUNT][f"acs:ram::{ACCOUNT}:role/{linked}"] == known[linked.lower()].policy
    )
    assert len(whole["who"][ACCOUNT]) == 2
    directory["management"] = ACCOUNT
    free: dict[str, Any] = Tables().add_to(store(tmp_path, directory=directory, **parts))
    assert free["who"][ACCOUNT][ALICE] == f"{ACCOUNT}/own"


def test_what_has_not_changed_is_the_same_object(tmp_path: Path) -> None:
    made, reader = Tables(), accounts.Reader(catalog.load())
    path = tmp_path / "accounts.json"

    def whole(**users: list[str]) -> dict[str, Any]:
        policies = {
            "a": policy({"Action": "ecs:Start", "Resource": "acs:ecs:*:*:one"}),
            "b": policy({"Action": "ecs:Stop"}),
        }
        held = {name: {"policies": given} for name, given in users.items()}
        document = {"accounts": {ACCOUNT: {"policies": policies, "users": held}}}
        path.write_text(json.dumps(document))
        return made.add_to(reader.load(path))

    first, second = whole(alice=["a", "b"]), whole(alice=["a", "b"])
    third = whole(alice=["a", "b"], bob=["a"])
    name = first["who"][ACCOUNT][ALICE]
    assert first == second
    assert first["who"][ACCOUNT] is second["who"][ACCOUNT]
    assert first["who"][ACCOUNT] is not third["who"][ACCOUNT]
    assert first["lines"][name] is third["lines"][name]
    for entry in first["entries"].keys() & third["entries"].keys():
        assert first["entries"][entry] is third["entries"][entry]


def test_sets_of_several_policies_have_tables_as_far_as_they_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_SPARE_LINES", -2000)
    policies = {name: policy({"Action": f"ecs:{name}"}) for name in "abc"}
    users = {"alice": {"policies": ["a", "b"]}, "bob": {"policies": ["c"]}}
    whole: dict[str, Any] = Tables().add_to(store(tmp_path, policies=policies, users=users))
    assert whole["lines"].keys() == {f"{ACCOUNT}/c"}
    assert whole["who"][ACCOUNT][ALICE] not in whole["rest"]


def test_a_bundle_has_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    users = {"alice": {"policies": ["FullAliyunAccess"]}}
    path.write_text(json.dumps({"accounts": {ACCOUNT: {"users": users}}}))
    built = bundle.build(path)
    with tarfile.open(fileobj=io.BytesIO(built.content)) as packed:
        file = packed.extractfile("data.json")
        assert file is not None
        data = json.load(file)["store"]
    assert data["who"] == {ACCOUNT: {ALICE: "FullAliyunAccess"}}
    assert data["entries"][data["rest"]["FullAliyunAccess"]]["resource"] == "*"
