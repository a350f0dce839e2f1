from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proving import ACCOUNT, ALICE, allow, between, deny, statement
from ramgate.analysis.prover.space import Space

if TYPE_CHECKING:
    from ramgate.analysis.prover.space import Request
    from ramgate.analysis.prover.statement import Statement


def found(
    *inside: Statement, outside: list[Statement] | None = None, space: Space | None = None
) -> Request:
    request = between(inside, outside or [], space)
    assert request is not None
    return request


def test_an_action_of_the_catalog_is_preferred() -> None:
    assert found(allow("oss:*")).action == "oss:AbortMultipartUpload"
    assert found(allow("oss:getobject")).action == "oss:GetObject"
    assert found(allow("*")).action.startswith("ecs:")


def test_an_action_that_the_catalog_does_not_have_is_shown_as_it_was_found() -> None:
    assert found(allow("oss:x")).action == "oss:x"
    assert found(allow("odd:Do*")).action == "odd:do"


def test_an_action_is_shown_as_it_was_found_if_all_others_are_covered() -> None:
    assert found(allow("oss:*"), outside=[deny("oss:??*")]).action == "oss:a"


def test_the_action_is_one_of_the_question() -> None:
    assert found(allow("oss:*"), space=Space(ALICE, actions=["oss:PutB*"])).action.startswith(
        "oss:PutB"
    )
    others = statement(Action=None, NotAction=["oss:A*", "oss:C*", "oss:D*"])
    assert not found(others, allow("oss:*")).action.startswith(("oss:A", "oss:C", "oss:D"))


def test_assuming_a_role_is_written_as_people_do() -> None:
    role = f"acs:ram::{ACCOUNT}:role/app"
    request = found(allow("sts:*"), space=Space(ALICE, role=role))
    assert (request.action, request.resource) == ("sts:AssumeRole", role)
    request = found(allow("sts:Tag*"), space=Space(ALICE, role=role))
    assert request.action == "sts:tagsession"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("oss:GetObject", "*", f"acs:oss:cn-hangzhou:{ACCOUNT}:example/example"),
        ("oss:GetObject", "acs:oss:*:*:logs/*", f"acs:oss:cn-hangzhou:{ACCOUNT}:logs/example"),
        ("oss:GetObject", "acs:oss:*:*:logs/a?", f"acs:oss:cn-hangzhou:{ACCOUNT}:logs/ax"),
        ("alikafka:CreatePrePayOrder", "*", f"acs:alikafka:cn-hangzhou:{ACCOUNT}:example"),
        ("odd:Do", "*", f"acs:odd:cn-hangzhou:{ACCOUNT}:example"),
        ("odd:Do", "acs:odd:cn-a*:*:x", f"acs:odd:cn-a:{ACCOUNT}:x"),
        ("ram:GetUser", "*", f"acs:ram::{ACCOUNT}:user/example"),
        ("ram:GetApplication", "*", f"acs:ram::{ACCOUNT}:application/example"),
        ("odd:Do", "acs:odd:*", f"acs:odd:cn-hangzhou:{ACCOUNT}:example"),
    ],
)
def test_a_resource_has_the_form_that_the_action_has(
    action: str, resource: str, expected: str
) -> None:
    assert found(allow(action, resource)).resource == expected


def test_a_readable_request_is_still_outside_of_the_others() -> None:
    request = found(
        allow("oss:*"), outside=[deny("oss:Abort*"), allow("*", "acs:oss:*:*:example*")]
    )
    assert not request.action.startswith("oss:Abort")
    assert not request.resource.split(":")[4].startswith("example")


def test_a_readable_request_has_the_form_of_the_question() -> None:
    # the ARN of a role is compared in lower case, other resources are not (3.4)
    request = found(allow("ram:GetRole"), outside=[deny("ram:*", "acs:ram:*:*:ROLE/*")])
    assert not request.resource.startswith(f"acs:ram::{ACCOUNT}:role/")


def test_a_statement_whose_conditions_fail_is_no_rival() -> None:
    tagged = allow("oss:Abort*", StringEquals={"acs:ResourceTag/team": "a"})
    assert found(allow("oss:*"), outside=[tagged]).action == "oss:AbortMultipartUpload"
    given = Space(ALICE, given={"acs:ResourceTag/team": "a"})
    assert found(allow("oss:*"), outside=[tagged], space=given).action != "oss:AbortMultipartUpload"


def test_a_time_that_is_not_given_may_be_any() -> None:
    late = deny("oss:Abort*", DateGreaterThan={"acs:CurrentTime": "2020-01-01T00:00:00Z"})
    request = found(allow("oss:*"), outside=[late])
    assert "acs:CurrentTime" in request.context or not request.action.startswith("oss:Abort")


def test_a_role_or_another_form_keeps_its_text() -> None:
    role = f"acs:ram::{ACCOUNT}:role/app"
    assert found(allow("ram:*", role)).resource == role
    outside = [deny("*", "acs:*")]
    assert found(allow("ram:*"), outside=outside).resource == "*"


def test_a_request_without_a_readable_form_is_shown_as_it_was_found() -> None:
    narrow = [deny("*", "acs:*:*:*:?*")]
    assert found(allow("odd:Do", "acs:odd:*:*:*"), outside=narrow).resource.endswith(f":{ACCOUNT}:")
