"""Changes that may allow more to principals, or beside policies, that no side contains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ramgate.analysis.diff import diff
from terraform_files import NUMBER, attachment, me, plan, policy, resource, written

MEMBER = "2222222222222222"
ALLOW = {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "oss:PutObject", "Resource": "*"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def left(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the names that the comparison of a plan leaves open."""
    common = [policy("allow", ALLOW), policy("deny", DENY)]
    written(Path("plan.json"), plan(me(), *common, *after, before=(*common, *before)))
    return [one.principals for one in diff("terraform:plan.json").not_decided]


GROUP = resource("ram_group.devs", name="devs", group_name="devs")
USER = resource("ram_user.anna", name="anna")
JOINED = resource("ram_group_membership.devs", group_name="devs", user_names=["anna"])
OF_GROUP = f"acs:ram::{NUMBER}:group/devs"
OF_USER = f"acs:ram::{NUMBER}:user/anna"


def test_a_group_without_a_member_in_the_file_may_be_allowed_more() -> None:
    allowed, denied = attachment("group", "devs", "allow"), attachment("group", "devs", "deny")
    assert left([GROUP], [GROUP, allowed]) == [(OF_GROUP,)]
    assert left([GROUP, denied], [GROUP]) == [(OF_GROUP,)]
    assert left([], [allowed]) == [(OF_GROUP,)]
    assert left([denied], []) == [(OF_GROUP,)]
    # fewer rights, or members that are compared
    assert left([GROUP, allowed], [GROUP]) == []
    assert left([GROUP], [GROUP, denied]) == []
    assert left([GROUP, USER, JOINED], [GROUP, USER, JOINED, allowed]) == []


def test_a_principal_that_loses_a_deny_may_hold_policies_that_are_not_in_the_file() -> None:
    allowed, denied = attachment("user", "anna", "allow"), attachment("user", "anna", "deny")
    assert left([USER, denied], [USER]) == [(OF_USER,)]
    assert left([denied], []) == [(OF_USER,)]
    assert left([USER, allowed], [USER]) == []
    assert left([USER], [USER, denied]) == []
    assert left([USER, allowed], [USER, allowed]) == []


def diffed(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, list[tuple[str, ...]]]:
    """Return the result of a comparison of accounts, and the names that it leaves open."""
    for name, accounts in (("old", old), ("new", new)):
        Path(f"{name}.json").write_text(json.dumps(accounts))
    found = diff("old.json", "new.json")
    return found.result, [one.principals for one in found.not_decided]


def directory(*levels: list[dict[str, Any]], is_stated: bool = False) -> dict[str, Any]:
    """Return accounts with a member whose folder, and that itself, has these control policies.

    Without `levels` the directory does not have the member.
    """
    names = [[f"own{number}"] if held else [] for number, held in enumerate(levels)]
    policies = {
        f"own{number}": {"Version": "1", "Statement": held}
        for number, held in enumerate(levels)
        if held
    }
    folder: dict[str, Any] = {"control_policies": [], "accounts": {}}
    if levels:
        folder["control_policies"] = names[0]
        folder["accounts"] = {MEMBER: {"control_policies": names[1]}}
    return {
        "accounts": {NUMBER: {}, **({MEMBER: {}} if is_stated else {})},
        "directory": {
            "management": NUMBER,
            "policies": policies,
            "root": {"control_policies": ["FullAliyunAccess"], "folders": {"prod": folder}},
        },
    }


OWNER = f"acs:ram::{MEMBER}:root"
OPEN = ("not_decided", [(OWNER,)])
EQUAL: tuple[str, list[tuple[str, ...]]] = ("equivalent", [])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (directory([ALLOW, DENY], [ALLOW]), directory([ALLOW], [ALLOW]), OPEN),
        (directory([ALLOW], [ALLOW]), directory([ALLOW, DENY], [ALLOW]), EQUAL),
        (directory([ALLOW], []), directory([ALLOW], [ALLOW]), OPEN),
        (directory([ALLOW], [ALLOW]), directory([ALLOW], []), EQUAL),
        (directory([ALLOW], [ALLOW]), directory(), OPEN),
        (directory(), directory([ALLOW], [ALLOW]), EQUAL),
        ({"accounts": {NUMBER: {}}}, directory([ALLOW], [ALLOW]), EQUAL),
        (directory([ALLOW], [ALLOW]), {"accounts": {NUMBER: {}}}, OPEN),
        # the principals of the account are stated: they are compared
        (
            directory([ALLOW, DENY], [ALLOW], is_stated=True),
            directory([ALLOW], [ALLOW], is_stated=True),
            EQUAL,
        ),
    ],
)
def test_a_member_account_that_is_not_stated_may_be_allowed_more(
    old: dict[str, Any],
    new: dict[str, Any],
    expected: tuple[str, list[tuple[str, ...]]],
) -> None:
    assert diffed(old, new) == expected


def test_an_unreadable_policy_is_no_statement() -> None:
    unread = {"unreadable": "GetPolicy was refused", "document": "{}"}
    old = directory([ALLOW], [ALLOW])
    old["directory"]["policies"]["own0"] = unread
    assert diffed(old, directory([ALLOW], [ALLOW])) == OPEN
