"""The faults of the fake, as the unmodified SDKs see them."""

from __future__ import annotations

import concurrent.futures
import datetime
import http.client
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from darabonba.exceptions import UnretryableException

from alicloud.cloud import FakeCloud
from alicloud.keys import Key
from alicloud.reading import by_marker, refusal
from alicloud.sdk import Sdk

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 30


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        for number in range(5):
            Sdk(cloud).ram("CreateUser", user_name=f"user{number}")
        cloud.calls.clear()
        yield cloud


@pytest.fixture
def sdk(cloud: FakeCloud) -> Sdk:
    return Sdk(cloud)


def users(sdk: Sdk) -> list[Any]:
    body = sdk.ram("ListUsers")
    return [user["UserName"] for user in body["Users"]["User"]]


def test_a_refused_operation_and_no_other(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.refuse("resourcemanager:ListRoles")
    cloud.faults.refuse("GetUser", "EntityNotExist.User", status=404, UserName="user1")
    for _ in range(2):
        assert refusal(lambda: sdk.resource_manager("ListRoles")) == (403, "NoPermission")
    assert sdk.ram("ListRoles")["IsTruncated"] is False
    gone = refusal(lambda: sdk.ram("GetUser", user_name="user1"))
    assert gone == (404, "EntityNotExist.User")
    assert sdk.ram("GetUser", user_name="user2")["User"]["UserName"] == "user2"
    cloud.faults.heal()
    assert sdk.resource_manager("ListRoles")["TotalCount"] == 0


def test_throttling_ends(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.throttle("ListUsers", 2)
    for _ in range(2):
        assert refusal(lambda: users(sdk)) == (400, "Throttling.User")
    assert len(users(sdk)) == 5
    assert cloud.count("ListUsers") == cloud.count("ram:ListUsers") == 3
    assert cloud.count("ims:ListUsers") == 0


def test_a_failure_of_the_server_ends(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.fail("ListUsers")
    assert refusal(lambda: users(sdk)) == (503, "ServiceUnavailable")
    cloud.faults.fail("ListUsers", status=500)
    assert refusal(lambda: users(sdk)) == (500, "InternalError")
    assert len(users(sdk)) == 5


@pytest.mark.parametrize("status", [200, 502])
def test_a_body_that_is_not_json(cloud: FakeCloud, sdk: Sdk, status: int) -> None:
    cloud.faults.garble("ListUsers", status=status)
    with pytest.raises(UnretryableException, match="parse the value as json"):
        users(sdk)
    assert len(users(sdk)) == 5


def test_a_connection_that_is_cut(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.cut("ListUsers")
    with pytest.raises(UnretryableException, match="IncompleteRead"):
        users(sdk)
    assert len(users(sdk)) == 5


def test_a_connection_that_ends_without_an_answer(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.drop("ListUsers")
    with pytest.raises(UnretryableException, match="without response"):
        users(sdk)
    assert len(users(sdk)) == 5


def test_a_slow_answer(cloud: FakeCloud) -> None:
    cloud.faults.slow("ListUsers", SECONDS, times=1)
    hasty = Sdk(cloud, read_timeout=50)
    with pytest.raises(UnretryableException, match="timed out"):
        users(hasty)
    assert len(users(hasty)) == 5


def test_a_change_between_two_pages(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.before("ListUsers", lambda: sdk.ram("DeleteUser", user_name="user4"), call=2)
    found = by_marker(lambda **page: sdk.ram("ListUsers", **page), "Users", "User")
    assert [user["UserName"] for user in found] == ["user0", "user1", "user2", "user3"]


def test_a_role_that_is_deleted_before_it_is_read(cloud: FakeCloud, sdk: Sdk) -> None:
    for name in ("App", "Old"):
        sdk.ram("CreateRole", role_name=name, assume_role_policy_document="{}")
    cloud.faults.before("GetRole", lambda: sdk.ram("DeleteRole", role_name="Old"), RoleName="Old")
    assert sdk.resource_manager("ListRoles")["TotalCount"] == 2
    assert sdk.ram("GetRole", role_name="App")["Role"]["RoleName"] == "App"
    gone = refusal(lambda: sdk.ram("GetRole", role_name="Old"))
    assert gone == (404, "EntityNotExist.Role")


def test_calls_at_the_same_time_are_counted(cloud: FakeCloud, sdk: Sdk) -> None:
    arrived = threading.Barrier(5)
    for number in range(4):
        cloud.faults.before("GetUser", arrived.wait, UserName=f"user{number}")
    answers = cloud.faults.hold("GetUser")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        started = [pool.submit(sdk.ram, "GetUser", user_name=f"user{n}") for n in range(4)]
        arrived.wait(SECONDS)
        assert not any(call.done() for call in started)
        answers.set()
        names = {call.result(SECONDS)["User"]["UserName"] for call in started}
    assert names == {f"user{number}" for number in range(4)}
    assert cloud.most_at_once == 4


def test_the_log_has_the_parameters(cloud: FakeCloud, sdk: Sdk) -> None:
    sdk.ram("GetUser", user_name="user3")
    call = cloud.calls[-1]
    assert (call.product, call.operation) == ("ram", "GetUser")
    assert call.parameters == {"UserName": "user3"}
    assert call.key == cloud.owner.id


def test_an_unknown_operation_has_no_faults(cloud: FakeCloud) -> None:
    with pytest.raises(ValueError, match="the fake has no operation ListUser"):
        cloud.faults.cut("ListUser")


def test_wrong_keys(cloud: FakeCloud) -> None:
    owner = cloud.owner
    nobody = Sdk(cloud, Key("LTAInobody", owner.secret, owner.account))
    assert refusal(nobody.caller) == (404, "InvalidAccessKeyId.NotFound")
    wrong = Sdk(cloud, Key(owner.id, "wrong", owner.account))
    assert refusal(wrong.caller) == (400, "SignatureDoesNotMatch")
    Sdk(cloud).ram("CreateRole", role_name="App", assume_role_policy_document="{}")
    session = cloud.key(role="App")
    assert Sdk(cloud, session).caller()["IdentityType"] == "AssumedRoleUser"
    tokenless = Sdk(cloud, Key(session.id, session.secret, session.account))
    assert refusal(tokenless.caller) == (400, "InvalidSecurityToken.MismatchWithAccessKey")
    assert [call.key for call in cloud.calls[:2]] == ["LTAInobody", owner.id]
    assert cloud.count("GetCallerIdentity") == 4


def test_a_clock_that_is_off(cloud: FakeCloud, sdk: Sdk) -> None:
    late = datetime.timedelta(minutes=16)
    cloud.world.clock = lambda: datetime.datetime.now(datetime.UTC) + late
    assert refusal(sdk.caller) == (400, "InvalidTimeStamp.Expired")


def test_a_key_that_may_do_few_actions(cloud: FakeCloud) -> None:
    key = cloud.key(user="user1", allowed=["ram:ListUsers", "ram:ListPolicyAttachments"])
    few = Sdk(cloud, key)
    assert few.caller()["Arn"].endswith(":user/user1")
    assert len(users(few)) == 5
    assert few.resource_manager("ListPolicyAttachments")["TotalCount"] == 0
    assert refusal(lambda: few.ram("ListRoles")) == (403, "NoPermission")
    assert refusal(lambda: few.ims("ListOIDCProviders")) == (403, "NoPermission")


def test_a_refusal_names_the_action(cloud: FakeCloud, sdk: Sdk) -> None:
    cloud.faults.refuse("ListControlPolicies")
    with pytest.raises(AlibabaCloudException) as refused:
        sdk.directory("ListControlPolicies")
    action = refused.value.access_denied_detail["AuthAction"]
    assert action == "resourcemanager:ListControlPolicies"


def test_a_connection_serves_many_requests(cloud: FakeCloud) -> None:
    connection = http.client.HTTPConnection(cloud.endpoint, timeout=SECONDS)
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("POST", "/", headers={"x-acs-version": "2015-01-01"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["Code"]) == (404, "InvalidVersion")
        assert connection.sock is socket
    connection.close()
