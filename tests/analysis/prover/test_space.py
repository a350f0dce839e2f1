from __future__ import annotations

import dataclasses

import pytest

from policy_documents import policy
from proving import ACCOUNT, ALICE, ANY_ROLE, ANY_USER, APP, OTHER, allow, deny
from ramgate import translate
from ramgate.analysis.prover import glob
from ramgate.analysis.prover.space import TRUST_ACTIONS, Asker, Frame, Space
from ramgate.analysis.prover.statement import Statement, statements_of

SERVICE = Asker("service", "", "ecs.aliyuncs.com")
ROLE = f"acs:ram::{ACCOUNT}:role/app"


def frame(space: Space, form: str) -> Frame:
    (found,) = [one for one in space.frames if one.form == form]
    return found


def forms(space: Space, text: str) -> list[str]:
    """Return the forms of the space that have the text."""
    return [
        one.form
        for one in space.frames
        if all(glob.matches([wanted], text) for wanted in one.wanted)
        and not glob.matches(one.avoided, text)
    ]


@pytest.mark.parametrize(
    ("asker", "arn"),
    [
        (ALICE, f"acs:ram::{ACCOUNT}:user/alice"),
        (APP, ROLE),
        (ANY_USER, f"acs:ram::{ACCOUNT}:user/example"),
        (ANY_ROLE, f"acs:ram::{ACCOUNT}:role/example"),
        (SERVICE, "ecs.aliyuncs.com"),
        (Asker("federated", "", None), ""),
    ],
)
def test_a_principal_has_a_name_for_requests(asker: Asker, arn: str) -> None:
    assert asker.arn == arn


def test_a_trust_policy_may_admit_a_principal_by_its_account() -> None:
    root = f"acs:ram::{ACCOUNT}:root"
    assert ALICE.names == {root, ALICE.arn}
    assert ANY_ROLE.names == {root}
    assert SERVICE.names == {"ecs.aliyuncs.com"}


def test_only_users_and_roles_hold_policies() -> None:
    assert [one.has_identity for one in (ALICE, ANY_ROLE, SERVICE)] == [True, True, False]


@pytest.mark.parametrize(
    ("action", "asked"),
    [("oss:get", True), ("oss:get:x", False), ("oss", False), (":get", False), ("oss:", False)],
)
def test_an_action_has_two_parts(action: str, *, asked: bool) -> None:
    wanted, avoided = Space(ALICE).wanted_actions
    assert all(glob.matches(group, action) for group in wanted) == asked
    assert not glob.matches(avoided, action)


def test_the_actions_of_trust_policies_are_asked_with_a_role_only() -> None:
    for action in TRUST_ACTIONS:
        wanted, avoided = Space(ALICE).wanted_actions
        assert glob.matches(avoided, action)
        wanted, avoided = Space(ALICE, role=ROLE).wanted_actions
        assert all(glob.matches(group, action) for group in wanted)
        assert not glob.matches(avoided, action)
    wanted, _ = Space(ALICE, role=ROLE).wanted_actions
    assert not all(glob.matches(group, "sts:getcalleridentity") for group in wanted)


def test_one_of_the_actions_is_asked() -> None:
    wanted, _ = Space(ALICE, actions=["OSS:Get*", "ecs:?"]).wanted_actions
    asked = ["oss:getobject", "ecs:x", "ecs:xy", "oss:put"]
    found = [all(glob.matches(group, one) for group in wanted) for one in asked]
    assert found == [True, True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ["any"]),
        (f"acs:oss:cn-a:{ACCOUNT}:b/x", ["stated", "unstated"]),
        (f"acs:oss::{ACCOUNT}:b/x", ["stated", "unstated"]),
        (f"acs:oss:*:{ACCOUNT}:b/x", []),
        (f"acs:oss:*x:{ACCOUNT}:b/x", ["stated", "unstated"]),
        (ROLE, ["role", "unstated role"]),
        (f"acs:ram::{ACCOUNT}:role/App", []),
        (f"acs:ram::{ACCOUNT}:role/app/x", ["stated", "unstated"]),
        (f"acs:ram:cn-a:{ACCOUNT}:role/app", ["stated", "unstated"]),
        (f"acs:ram::{ACCOUNT}:role/{'a' * 65}", ["stated", "unstated"]),
        ("acs:ram::system:policy/P", ["system"]),
        ("acs:ram:*:system:policy/P", []),
        (f"acs:oss:cn-a:{OTHER}:b/x", []),
        ("oss:x", []),
    ],
)
def test_each_resource_has_one_form_and_another_without_its_account(
    text: str, expected: list[str]
) -> None:
    assert forms(Space(ALICE), text) == expected


def test_a_pattern_limits_the_resources_that_are_stated() -> None:
    space = Space(ALICE, resource="acs:ram:*:*:role/A*", is_stated=True)
    assert [one.form for one in space.frames] == ["stated", "any", "role", "system"]
    assert forms(space, f"acs:ram::{ACCOUNT}:role/app") == ["role"]
    open_ = Space(ALICE, resource="acs:ram:*:*:role/A*")
    assert forms(open_, f"acs:ram::{ACCOUNT}:role/app") == ["role", "unstated role"]
    assert forms(open_, f"acs:ram::{ACCOUNT}:role/b") == []
    assert forms(open_, f"acs:ram:cn:{ACCOUNT}:role/A") == ["stated", "unstated"]
    assert forms(space, f"acs:ram::{ACCOUNT}:role/b") == []
    assert forms(space, "*") == []
    assert forms(Space(ALICE, resource="*"), "*") == ["any"]
    assert forms(Space(ALICE, resource="acs:*"), "acs:oss::system:x") == ["system"]


def test_the_question_may_be_about_one_role() -> None:
    (found,) = Space(ALICE, role=ROLE, is_stated=True).frames
    assert found.form == "role"
    assert forms(Space(ALICE, role=ROLE), ROLE) == ["role", "unstated role"]
    other = f"acs:ram::{OTHER}:role/app"
    assert forms(Space(ALICE, role=other), other) == ["role"]
    assert forms(Space(ALICE, role=ROLE), f"{ROLE}x") == []


def test_the_question_may_be_about_any_role_of_an_account() -> None:
    own = Space(ALICE, role=f"acs:ram::{ACCOUNT}:role/*")
    assert forms(own, ROLE) == ["role", "unstated role"]
    assert forms(own, f"acs:ram::{ACCOUNT}:role/{'a' * 65}") == []
    assert forms(own, f"acs:ram::{ACCOUNT}:role/App") == []
    other = Space(ALICE, role=f"acs:ram::{OTHER}:role/*")
    assert forms(other, f"acs:ram::{OTHER}:role/app") == ["role"]
    assert forms(other, ROLE) == []


def test_a_resource_without_its_account_is_spelled_so() -> None:
    text = f"acs:oss:cn-a:{ACCOUNT}:b:c"
    space = Space(ALICE)
    assert frame(space, "unstated").spell(text) == "acs:oss:cn-a::b:c"
    assert frame(space, "unstated role").spell(ROLE) == "acs:ram:::role/app"
    assert frame(space, "stated").spell(text) == text


def test_a_statement_is_compared_by_the_form_of_the_resource() -> None:
    space = Space(ALICE)
    role = allow(resource="acs:ram:*::role/App")
    globs = {one.form: space.resources(role, one) for one in space.frames}
    assert glob.matches(globs["unstated role"], ROLE)
    assert not glob.matches(globs["role"], ROLE)
    assert glob.matches(globs["unstated"], f"acs:ram:x:{ACCOUNT}:role/App")
    assert not glob.matches(globs["stated"], f"acs:ram:x:{ACCOUNT}:role/App")
    denied = deny(resource="acs:ram:*:*:role/App")
    assert glob.matches(space.resources(denied, frame(space, "role")), ROLE)
    assert not glob.matches(space.resources(denied, frame(space, "system")), ROLE)


def _trust(principal: str) -> Statement:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": principal}}
    return statements_of("t", translate(policy(trust)))[0]


def test_a_trust_policy_admits_the_principals_that_it_names() -> None:
    space = Space(ALICE, role=ROLE, is_stated=True)
    (one,) = space.frames
    assert space.resources(_trust(f"acs:ram::{ACCOUNT}:root"), one)
    assert space.resources(_trust(ALICE.arn), one)
    assert not space.resources(_trust(f"acs:ram::{OTHER}:root"), one)


@pytest.mark.parametrize(
    ("space", "key", "expected"),
    [
        (Space(ALICE), "k", None),
        (Space(ALICE, given={"k": "a"}), "k", ("a",)),
        (Space(ALICE, given={"k": "a"}), "other", None),
        (Space(ALICE, free=frozenset({"k"})), "k", None),
        (Space(ALICE, free=frozenset({"k"})), "other", ((),)),
        (Space(ALICE, free=frozenset()), "k", ((),)),
        (Space(ALICE, free=frozenset()), "acs:CurrentTime", None),
        (Space(ALICE, given={"acs:CurrentTime": "x"}), "acs:CurrentTime", ("x",)),
        (Space(ALICE), "acs:PrincipalARN", (ALICE.arn,)),
        (Space(APP), "acs:PrincipalARN", (ROLE,)),
        (Space(ANY_USER, free=frozenset()), "acs:PrincipalARN", None),
        (Space(SERVICE), "acs:PrincipalARN", ((),)),
    ],
)
def test_a_key_has_a_given_value_or_is_free_or_absent(
    space: Space, key: str, expected: object
) -> None:
    assert space.fixed(key) == expected


def test_only_the_name_of_a_role_is_compared_in_lower_case() -> None:
    assert Space(APP).folds("acs:PrincipalARN")
    assert not Space(ALICE).folds("acs:PrincipalARN")
    assert not Space(APP).folds("k")


@pytest.mark.parametrize(
    ("asker", "name", "may_be"),
    [
        (ANY_USER, "user/Alice", True),
        (ANY_USER, f"user/{'a' * 64}", True),
        (ANY_USER, f"user/{'a' * 65}", False),
        (ANY_USER, "user/a/b", False),
        (ANY_USER, "role/a", False),
        (ANY_ROLE, "role/app", True),
        (ANY_ROLE, "role/App", False),
    ],
)
def test_a_principal_without_a_name_has_any(asker: Asker, name: str, *, may_be: bool) -> None:
    domain = Space(asker).domain("acs:PrincipalARN")
    assert domain.texts is not None
    assert glob.matches([domain.texts], f"acs:ram::{ACCOUNT}:{name}") == may_be
    assert not domain.may_be_absent
    assert domain.fold == (asker.kind == "role")


def test_some_names_are_left_out() -> None:
    asker = dataclasses.replace(ANY_USER, unnamed=frozenset({"alice"}))
    assert Space(asker).domain("acs:PrincipalARN").excepted == {ALICE.arn}


def test_a_request_may_not_name_some_resource_groups() -> None:
    domain = Space(ALICE, groups=frozenset({"rg-a"})).domain("acs:ResourceGroupId")
    assert domain.excepted == {"rg-a"}
    assert domain.may_be_absent


def test_the_current_time_is_never_absent() -> None:
    assert not Space(ALICE).domain("acs:CurrentTime").may_be_absent
    assert Space(ALICE).domain("k").may_be_absent
