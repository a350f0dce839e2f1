"""The tables of one set of policies: lines, entries, patterns of actions, assuming a role."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from decision_tables import ACCOUNT, OWN, TOPIC, effects, line, tables_of_alice

if TYPE_CHECKING:
    from pathlib import Path


PREFIX = {"StringLike": {"oss:Prefix": ["a*"]}}
BOTH = {"StringLike": {"oss:Prefix": ["", "b"], "oss:Delimiter": ["/"]}}


def test_the_general_rule_decides_on_an_action_longer_than_a_request_may_have(
    tmp_path: Path,
) -> None:
    longest = f"ecs:{'x' * 2044}"
    whole = tables_of_alice(tmp_path, {"Action": [longest, f"{longest}x"]})
    assert line(whole, longest) is not None
    assert line(whole, f"{longest}x") is None


def test_actions_with_equal_statements_share_an_entry(tmp_path: Path) -> None:
    whole = tables_of_alice(tmp_path, {"Action": ["ecs:Start", "ecs:Stop"]})
    lines = whole["lines"][OWN]
    assert lines["ecs:start"] == lines["ecs:stop"]


@pytest.mark.parametrize(
    "resource",
    ["acs:ram:*:*:role/x", "*role/x", "acs:r*", "ACS:RAM*:x", "acs:?am:*:*:role/x"],
)
def test_an_entry_that_may_be_about_roles_has_a_form_for_them(
    tmp_path: Path, resource: str
) -> None:
    whole = tables_of_alice(tmp_path, {"Action": "ram:GetRole", "Resource": resource})
    entry = line(whole, "ram:getrole")
    assert entry["patterns"][1] == "(?s)^(?:acs:ram:[^:]*:[^:]*:role/[^:]*)$"
    assert effects(entry) == {"00": "ImplicitDeny", "10": "Allow"}
    of_roles = whole["entries"][entry["of_roles"]]
    assert effects(of_roles) == {"0": "ImplicitDeny", "1": "Allow"}


def test_the_form_for_roles_compares_without_case(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path, {"Action": "ram:GetRole", "Resource": "acs:ram:*:*:role/Ops*"}
    )
    of_roles = whole["entries"][line(whole, "ram:getrole")["of_roles"]]
    assert of_roles["resource"] == "[aA][cC][sS]:[rR][aA][mM]:*:*:[rR][oO][lL][eE]/[oO][pP][sS]**"


def test_the_general_rule_decides_on_roles_that_cannot_be_compared_without_case(
    tmp_path: Path,
) -> None:
    whole = tables_of_alice(
        tmp_path, {"Action": "ram:GetRole", "Resource": "acs:ram:*:*:role/\u00e4*"}
    )
    assert "of_roles" not in line(whole, "ram:getrole")


def test_an_index_that_may_be_about_roles_has_a_form_for_them(tmp_path: Path) -> None:
    resources = [f"acs:ram:*:*:role/{name}" for name in "abcde"]
    whole = tables_of_alice(tmp_path, {"Action": "ram:GetRole", "Resource": resources})
    index = line(whole, "ram:getrole")
    [pattern] = whole["entries"][index["of_roles"]]["patterns"]
    assert re.match(pattern, f"acs:ram::{ACCOUNT}:role/B")
    part = whole["entries"][index["entries"]["role/b"]]
    assert effects(part) == {"00": "ImplicitDeny", "10": "Allow"}


def test_assuming_a_role_has_a_table_of_its_own(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path,
        {"Action": ["sts:AssumeRole", "sts:Get*"]},
        {"Action": "sts:*", "Effect": "Deny", "Resource": "acs:ram:*:*:role/Ops-[1]"},
        {"Action": "sts:Tag*", "Effect": "Deny", "Resource": f"acs:ram:*:{ACCOUNT}:role/Ops*"},
        {"Action": "sts:SetSourceIdentity", "Condition": {"Bool": {"acs:MFAPresent": "true"}}},
    )
    assert line(whole, "sts:assumerole") is None
    assert whole["assuming"] == {}
    whole = tables_of_alice(
        tmp_path,
        {"Action": "sts:*"},
        {"Action": "sts:Assume*", "Effect": "Deny", "Resource": f"acs:ram:*:{ACCOUNT}:role/Ops*"},
    )
    assuming = whole["entries"][whole["assuming"][OWN]]
    assert (
        assuming["resource"]
        == f"[aA][cC][sS]:[rR][aA][mM]:**:{ACCOUNT}:[rR][oO][lL][eE]/[oO][pP][sS]**"
    )
    assert effects(assuming) == {"0": "Allow", "1": "ExplicitDeny"}
    two = tables_of_alice(
        tmp_path,
        {"Action": "sts:*", "Resource": [f"acs:ram:*:{ACCOUNT}:role/{one}" for one in "ab"]},
    )
    [pattern] = two["entries"][two["assuming"][OWN]]["patterns"]
    assert re.match(pattern, f"acs:ram::{ACCOUNT}:role/B")
    silent = tables_of_alice(tmp_path, {"Action": "ecs:Start"})
    assert silent["assuming"] == {}


def test_patterns_of_the_action_choose_the_entry(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path,
        {"Action": ["ecs:Get*", "ecs:List*", "oss:*", "v*:Get*", "*:Describe*"]},
        {"Action": "ecs:GetThis", "Effect": "Deny"},
    )
    name = OWN
    assert whole["lines"][name].keys() == {"ecs:getthis"}
    assert name not in whole["rest"]
    patterns = whole["patterns"][name]
    asked = {
        service: line and line["tests"] if service != "oss" else line["prefixes"]
        for service, line in (*patterns["services"].items(), ("", patterns["otherwise"]))
    }
    assert asked == {
        "ecs": [("*:describe*", "ecs:get*", "ecs:list*")],
        "oss": [],
        "sts": None,
        "": [("*:describe*", "v*:get*")],
    }
    found = {
        held: effects(whole["entries"][entry])["1"]
        for held, entry in patterns["services"]["ecs"]["entries"].items()
    }
    assert found == {"0": "ImplicitDeny", "1": "Allow"}


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
    whole = tables_of_alice(tmp_path, {"Action": actions})
    ecs = whole["patterns"][OWN]["services"]["ecs"]
    assert ecs.get("prefixes") == prefixes
    held = {"false": "ImplicitDeny", "true": "Allow"} if prefixes else {"false": "Allow"}
    if prefixes is not None:
        found = {result: effects(whole["entries"][one]) for result, one in ecs["entries"].items()}
        assert found == {result: {"1": effect} for result, effect in held.items()}


def test_a_pattern_of_not_action_may_be_a_prefix(tmp_path: Path) -> None:
    excepting = tables_of_alice(tmp_path, {"NotAction": ["ecs:Get*"]})
    assert excepting["rest"] == {}
    assert excepting["patterns"][OWN]["otherwise"]["prefixes"] == ["ecs:get"]


def test_every_entry_is_named_by_a_table(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path, {"Action": "sts:Get*", "Resource": f"{TOPIC}/one"}, {"Action": "ecs:*"}
    )
    patterns = whole["patterns"][OWN]
    lines = filter(None, (*patterns["services"].values(), patterns["otherwise"]))
    named = {entry for line in lines for entry in line["entries"].values()}
    assert whole["lines"] == whole["assuming"] == {}
    assert named == whole["entries"].keys()


def test_the_general_rule_decides_on_too_many_patterns_of_actions(tmp_path: Path) -> None:
    many = tables_of_alice(tmp_path, {"Action": [f"ecs:Get{number}*" for number in range(41)]})
    several = tables_of_alice(
        tmp_path,
        *({"Action": f"ecs:Get{number}*"} for number in range(6)),
        {"Action": ["oss:A*"], "Condition": {"NumericEquals": {"oss:Size": "1"}}},
        {"Action": "oss:B*"},
    )
    services = several["patterns"][OWN]["services"]
    assert many["patterns"][OWN]["services"]["ecs"] is None
    assert services["ecs"] is None
    assert [bits for bits, entry in services["oss"]["entries"].items() if entry is None] == [
        "10",
        "11",
    ]


def test_not_action_is_a_pattern_that_must_not_match(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path,
        {"NotAction": ["ecs:Stop*", "oss:*"]},
        {"NotAction": "*", "Effect": "Deny"},
        {"Action": ["oss:GetObject", "ecs:StopAll", "ecs:Get*", "oss:Put*"]},
        {"NotAction": "vpc:*", "Effect": "Deny", "Resource": "acs:vpc:*"},
    )
    entry = line(whole, "oss:getobject")
    assert effects(entry) == {"0": "Allow", "1": "ExplicitDeny"}
    assert entry["false"]["statements"] == [{"policy": "own", "index": 2}]
    ecs = whole["patterns"][OWN]["services"]["ecs"]
    assert ecs["tests"] == [("ecs:stop*",), ("ecs:get*",)]
    found = {held: effects(whole["entries"][entry])["0"] for held, entry in ecs["entries"].items()}
    assert found == {"00": "Allow", "10": "ImplicitDeny", "11": "Allow", "01": "Allow"}


BUCKETS = [f"acs:oss:*:*:bucket-{number}{end}" for number in range(5) for end in ("", "/*")]


def test_many_patterns_of_resources_are_divided_by_their_beginnings(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path,
        *({"Action": "oss:Get", "Resource": BUCKETS[i : i + 2]} for i in range(0, 10, 2)),
        {"Action": "oss:Get", "Resource": "acs:oss:*:*:*/public", "Effect": "Deny"},
    )
    index = line(whole, "oss:get")
    assert index["entries"].keys() == {
        "",
        *(f"bucket-{number}{end}" for number in range(5) for end in ("", "/")),
    }
    one = whole["entries"][index["entries"]["bucket-3/"]]
    assert one["patterns"] == [
        "(?s)^(?:acs:oss:[^:]*:[^:]*:bucket-3/.*)$",
        "(?s)^(?:acs:oss:.*:.*:.*/public)$",
    ]
    other = whole["entries"][index["entries"][""]]
    assert effects(other) == {"0": "ImplicitDeny", "1": "ExplicitDeny"}


def test_a_part_of_an_index_may_be_left_to_the_general_rule(tmp_path: Path) -> None:
    whole = tables_of_alice(
        tmp_path,
        {"Action": "oss:Get", "Resource": BUCKETS},
        {
            "Action": "oss:Get",
            "Resource": "acs:oss:*:*:bucket-1/*",
            "Condition": {"NumericEquals": {"oss:Size": "1"}},
        },
    )
    # a condition that no table expresses makes the statement as a whole one for the general rule
    assert line(whole, "oss:get") is None
    whole = tables_of_alice(
        tmp_path,
        {"Action": "oss:Get", "Resource": BUCKETS},
        *(
            {"Action": "oss:Get", "Resource": f"acs:oss:*:*:bucket-1/{number}*x"}
            for number in "aaaaaa"
        ),
        *(
            {"Action": "oss:Get", "Resource": f"acs:oss:*:*:bucket-1/*{number}"}
            for number in range(6)
        ),
    )
    entries = line(whole, "oss:get")["entries"]
    assert entries["bucket-1/"] is None
    assert entries["bucket-2/"] is not None


def test_an_index_makes_entries_with_fewer_tests(tmp_path: Path) -> None:
    statements: list[dict[str, object]] = [
        {"Action": "oss:List", "Resource": "acs:oss:*:*:a", "Condition": BOTH},
        {"Effect": "Deny", "Action": "oss:*", "Resource": "acs:oss:*:*:b/*"},
        {"Effect": "Deny", "Action": "oss:List", "Resource": "acs:oss:*:*:*", "Condition": PREFIX},
    ]
    whole = tables_of_alice(tmp_path, *statements)
    index = line(whole, "oss:list")
    assert index["entries"].keys() == {"", "a", "b/"}
    assert len(whole["entries"][index["entries"]["a"]]["tests"]) == 5


def test_patterns_that_no_index_divides_are_one_expression(tmp_path: Path) -> None:
    resources = [f"acs:oss:*:*:*-{number}" for number in range(5)]
    entry = line(tables_of_alice(tmp_path, {"Action": "oss:Get", "Resource": resources}), "oss:get")
    assert len(entry["patterns"]) == 1


@pytest.mark.parametrize("also", [[], [f"acs:oss:*:{ACCOUNT}:b{number}" for number in range(5)]])
def test_an_empty_account_in_an_allow_is_told_by_its_entry(tmp_path: Path, also: list[str]) -> None:
    resources = ["acs:oss:*::b", *also]
    with_it = tables_of_alice(tmp_path, {"Action": "oss:Get", "Resource": resources})
    assert line(with_it, "oss:get")["needs_account"] is True
    without = tables_of_alice(tmp_path, {"Action": "oss:Get", "Resource": also or "*"})
    assert "needs_account" not in line(without, "oss:get")
