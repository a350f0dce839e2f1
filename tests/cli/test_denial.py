from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from command_line import ALICE, INSTANCE, NUMBER
from ramgate import Decision, Statement, resources
from ramgate.accounts import reader
from ramgate.catalog import catalog
from ramgate.cli.denial import control_level

if TYPE_CHECKING:
    from ramgate.accounts.store import Directory, Store
    from ramgate.model.decision import Reason

FULL, KAFKA = "FullAliyunAccess", "directory/only-kafka"
ROOT, FOLDER, MEMBER = "level 0, the root folder", "level 1, a folder", "level 2, the account"


def store(levels: list[list[str]]) -> Store:
    example = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    names = {NUMBER: ["root", "a-folder", NUMBER][: len(levels)]}
    directory: Directory = {"management": "1" * 16, "levels": {NUMBER: levels}, "names": names}
    return {**example, "directory": directory}


def denial(*policies: str) -> Decision:
    return Decision(
        allow=False,
        effect="ExplicitDeny" if policies else "ImplicitDeny",
        reason="statement_denies" if policies else "no_statement_matches",
        policy_type="ControlPolicy",
        statements=tuple(Statement(policy, 0) for policy in policies),
    )


@pytest.mark.parametrize(
    ("levels", "policies", "level"),
    [
        ([[FULL], [FULL], [KAFKA]], [], MEMBER),
        ([[FULL], [KAFKA], [FULL]], [], FOLDER),
        ([[KAFKA], [FULL], [KAFKA]], [], ROOT),
        ([[FULL], [], ["directory/x"]], [], FOLDER),
        ([["directory/x"], [FULL], [KAFKA]], [], None),
        ([[KAFKA, "directory/x"], [FULL], [KAFKA]], [], None),
        ([[FULL], ["directory/x", FULL], ["directory/x"]], ["x"], FOLDER),
        ([["directory/y", FULL], ["directory/x", "directory/y"], [FULL]], ["x", "y"], FOLDER),
        ([[FULL], [FULL], [FULL]], ["gone"], None),
    ],
)
def test_only_a_certain_level_is_named(
    levels: list[list[str]], policies: list[str], level: str | None
) -> None:
    known, decision = store(levels), denial(*policies)
    for resource in ("*", INSTANCE, "acs:oss:*:*:bucket", "acs:ecs:cn-hangzhou:system:x"):
        assert control_level(decision, ALICE, resource, known) == level


@pytest.mark.parametrize(
    ("levels", "reason", "level"),
    [
        ([[FULL], ["directory/odd"], ["directory/odd"]], "policy_unreadable", FOLDER),
        ([[KAFKA], [FULL], ["directory/odd", FULL]], "policy_unreadable", MEMBER),
        ([[KAFKA], ["directory/odd"], ["directory/x"]], "no_statement_matches", ROOT),
        ([[KAFKA], ["directory/x"], ["directory/odd"]], "no_statement_matches", None),
        ([["directory/odd"], [FULL], ["directory/x"]], "no_statement_matches", None),
    ],
)
def test_no_level_behind_an_unreadable_document_decides(
    levels: list[list[str]], reason: Reason, level: str | None
) -> None:
    known = store(levels)
    known["policies"] = {**known["policies"], "directory/odd": {"unreadable": "why"}}
    decision = msgspec.structs.replace(denial(), reason=reason)
    assert control_level(decision, ALICE, INSTANCE, known) == level


def test_an_own_policy_with_the_name_of_the_one_that_allows_all_may_deny() -> None:
    known = store([["directory/FullAliyunAccess"], [FULL]])
    assert control_level(denial(), ALICE, INSTANCE, known) == "level 0, the root folder"


def test_the_levels_are_those_of_the_resource_s_account() -> None:
    known = store([[FULL], [KAFKA]])
    foreign = "acs:ecs:cn-hangzhou:9999999999999999:instance/i"
    principal = "acs:ram::9999999999999999:user/x"
    assert control_level(denial(), ALICE, foreign, known) is None
    assert control_level(denial(), principal, INSTANCE, known) == "level 1, the account"


def test_only_a_control_policy_of_a_directory_has_a_level() -> None:
    known = store([[FULL], [KAFKA]])
    other = msgspec.structs.replace(denial(), policy_type="SessionPolicy")
    assert control_level(other, ALICE, INSTANCE, known) is None
    del known["directory"]
    assert control_level(denial(), ALICE, INSTANCE, known) is None
