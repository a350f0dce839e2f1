from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alicloud.cloud import FakeCloud
from alicloud.sdk import Sdk
from alicloud_imports import ALLOW_OSS, imported
from ramgate.errors import CloudError
from ramgate.imports.alicloud.caller import Caller
from ramgate.imports.alicloud.listings import ROLES, USERS
from ramgate.imports.alicloud.pages import READINGS, entries
from ramgate.imports.alicloud.settings import Pauses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ramgate.imports.alicloud.calls import Call

NUMBER = "1234567890123456"


class Script:
    """Answers calls with prepared answers, the last one for ever."""

    def __init__(self, *answers: dict[str, object]) -> None:
        self.answers = answers
        self.asked: list[Mapping[str, str]] = []
        self.caller = Caller(self._send, Pauses())

    def _send(self, _: Call, parameters: Mapping[str, str]) -> dict[str, object]:
        self.asked.append(parameters)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


def users(*names: str, **fields: object) -> dict[str, object]:
    return {"Users": {"User": [{"UserName": name} for name in names]}, **fields}


def roles(total: object, *names: str) -> dict[str, object]:
    return {"Roles": {"Role": [{"RoleName": name} for name in names]}, "TotalCount": total}


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        yield cloud


def test_markers_are_followed_to_the_end() -> None:
    script = Script(users("a", IsTruncated=True, Marker="m"), users("b", IsTruncated=False))
    assert [entry.name for entry in entries(script.caller, USERS)] == ["a", "b"]
    assert script.asked == [{"MaxItems": "1000"}, {"MaxItems": "1000", "Marker": "m"}]


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ([users("a", Marker="m"), users("b")], ["a", "b"]),
        ([users("a", IsTruncated="true", Marker="m"), users("b", IsTruncated="false")], ["a", "b"]),
        ([users("a", IsTruncated=False, Marker="m"), users("b")], ["a"]),
        ([{"Users": {}, "IsTruncated": False}], []),
        ([{"Users": {"User": None}}], []),
    ],
)
def test_a_marker_or_the_flag_tells_of_a_further_page(
    answers: Sequence[dict[str, object]], names: list[str]
) -> None:
    assert [entry.name for entry in entries(Script(*answers).caller, USERS)] == names


@pytest.mark.parametrize("marker", ["m", ""])
def test_a_repeated_marker_is_an_error(marker: str) -> None:
    script = Script(users("a", IsTruncated=True, Marker=marker))
    with pytest.raises(CloudError, match="Ram ListUsers repeats its pages: the marker comes twice"):
        entries(script.caller, USERS)
    assert len(script.asked) <= 2


def test_numbered_pages_are_read_to_the_total() -> None:
    script = Script(roles(3, "a", "b"), roles("3", "c"))
    assert [entry.role_name for entry in entries(script.caller, ROLES)] == ["a", "b", "c"]
    assert [asked["PageNumber"] for asked in script.asked] == ["1", "2"]
    assert {asked["PageSize"] for asked in script.asked} == {"100"}


@pytest.mark.parametrize(
    "first",
    [
        [roles(3, "a", "b"), roles(4, "c")],  # the total changes
        [roles(3, "a", "b"), roles(3)],  # too few
        [roles(1, "a", "b")],  # too many
        [roles(3, "a", "b"), roles(3, "b")],  # one comes twice
    ],
)
def test_a_list_that_changes_is_read_again(first: Sequence[dict[str, object]]) -> None:
    script = Script(*first, roles(1, "z"))
    assert [entry.role_name for entry in entries(script.caller, ROLES)] == ["z"]


def test_a_list_that_never_stops_changing_is_an_error() -> None:
    script = Script(roles(2, "a"), *[roles(2)] * 20)
    with pytest.raises(CloudError, match="ResourceManager ListRoles changed during each of 5"):
        entries(script.caller, ROLES)
    assert len(script.asked) == READINGS + 1


def test_an_empty_list_has_one_page() -> None:
    script = Script(roles(0))
    assert entries(script.caller, ROLES) == []
    assert len(script.asked) == 1


class Endless(Script):
    """Answers with a new entry and a new marker each time."""

    def _send(self, call: Call, parameters: Mapping[str, str]) -> dict[str, object]:
        super()._send(call, parameters)
        number = str(len(self.asked))
        return {**users(number, IsTruncated=True, Marker=number), **roles(10**6, number)}


def test_a_list_without_an_end_is_an_error() -> None:
    script = Endless(users())
    with pytest.raises(CloudError, match="Ram ListUsers does not end: 2000 pages were read"):
        entries(script.caller, USERS)
    with pytest.raises(CloudError, match="ResourceManager ListRoles does not end: 2000 pages"):
        entries(Endless(users()).caller, ROLES)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({}, "`Users`: Expected `object`, got `null`"),
        ({"Users": []}, "`Users`: Expected `object`, got `array`"),
        ({"Users": {"User": {}}}, "`Users.User`: Expected `array`, got `object`"),
        ({"Users": {"User": [{}]}}, "`Users.User`: Object missing required field `UserName`"),
        (users(Marker=[]), "Expected `str | null`, got `array` - at `$.Marker`"),
    ],
)
def test_an_answer_in_another_form_is_an_error(answer: dict[str, object], message: str) -> None:
    with pytest.raises(CloudError) as caught:
        entries(Script(answer).caller, USERS)
    assert str(caught.value) == f"Ram ListUsers answered in an unknown form: {message}"


def test_a_list_without_a_total_is_an_error() -> None:
    with pytest.raises(CloudError, match="Object missing required field `TotalCount`"):
        entries(Script({"Roles": {}}).caller, ROLES)


def test_an_attachment_that_moves_to_a_page_that_was_read_is_found(cloud: FakeCloud) -> None:
    sdk = Sdk(cloud)
    sdk.ram("CreatePolicy", policy_name="readers", policy_document=ALLOW_OSS)
    attached = {"policy_name": "readers", "policy_type": "Custom"}
    for number in range(150):
        sdk.ram("CreateUser", user_name=f"u{number:03}")
        sdk.ram("AttachPolicyToUser", user_name=f"u{number:03}", **attached)

    def detach() -> None:  # the entry 101 becomes the entry 100, which was read already
        sdk.ram("DetachPolicyFromUser", user_name="u000", **attached)

    cloud.faults.before("ListPolicyAttachments", detach, PageNumber="2")
    cloud.calls.clear()
    users = imported(cloud).accounts[NUMBER].users
    assert len(users) == 150
    assert [name for name, user in users.items() if not user.attachments] == ["u000"]
    assert cloud.count("ListPolicyAttachments") == 4


def test_a_list_with_markers_that_changes_loses_nobody(cloud: FakeCloud) -> None:
    sdk = Sdk(cloud)
    for number in range(150):
        sdk.ram("CreateGroup", group_name=f"g{number:03}")
    cloud.faults.before("ListGroups", lambda: sdk.ram("DeleteGroup", group_name="g000"), call=2)
    groups = imported(cloud).accounts[NUMBER].groups
    assert list(groups) == [f"g{number:03}" for number in range(1, 150)]
    assert cloud.count("ListGroups") == 2
