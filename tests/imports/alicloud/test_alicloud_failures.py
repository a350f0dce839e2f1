from __future__ import annotations

import datetime
import re
import socket
from typing import TYPE_CHECKING

import pytest
from alibabacloud_credentials.exceptions import CredentialException
from alibabacloud_tea_openapi.exceptions import ClientException
from darabonba.exceptions import UnretryableException
from darabonba.policy.retry import RetryPolicyContext

from alicloud.cloud import ACCOUNT, FakeCloud
from alicloud.keys import Key
from alicloud.sdk import Sdk
from alicloud_imports import ATTEMPTS, imported
from ramgate.errors import CloudError
from ramgate.imports.alicloud.calls import CALLS
from ramgate.imports.alicloud.failures import codes_in, failure
from ramgate.imports.alicloud.outcomes import Absent, Refused, Temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALL = CALLS["ListUsers"]


@pytest.fixture
def cloud() -> Iterator[FakeCloud]:
    with FakeCloud() as cloud:
        Sdk(cloud).ram("CreateUser", user_name="alice")
        yield cloud


def stopped(cloud: FakeCloud, key: Key | None = None) -> str:
    """Return the one line of the error that ends an import."""
    with pytest.raises(CloudError) as caught:
        imported(cloud, key)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def users(cloud: FakeCloud) -> list[str]:
    world = imported(cloud)
    assert world.notices == []
    return list(world.accounts[ACCOUNT].users)


TROUBLES: dict[str, Callable[[FakeCloud, int], None]] = {
    "throttled": lambda cloud, times: cloud.faults.throttle("ListUsers", times),
    "unavailable": lambda cloud, times: cloud.faults.fail("ListUsers", times),
    "internal error": lambda cloud, times: cloud.faults.fail("ListUsers", times, status=500),
    "cut": lambda cloud, times: cloud.faults.cut("ListUsers", times),
    "not JSON": lambda cloud, times: cloud.faults.garble("ListUsers", times),
}
TOLD = {
    "throttled": "Throttling.User",
    "unavailable": "ServiceUnavailable",
    "internal error": "InternalError",
    "cut": "`HOST`: IncompleteRead",
    "not JSON": "`HOST` did not answer with a JSON object",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_call_is_made_again_after_trouble(trouble: str, cloud: FakeCloud) -> None:
    TROUBLES[trouble](cloud, ATTEMPTS - 1)
    assert users(cloud) == ["alice"]
    assert cloud.count("ListUsers") == ATTEMPTS


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_that_does_not_pass_ends_the_import(trouble: str, cloud: FakeCloud) -> None:
    TROUBLES[trouble](cloud, 1000)
    line = stopped(cloud).replace(cloud.endpoint, "HOST")
    assert line.startswith(f"Ram ListUsers failed: {TOLD[trouble]}")
    assert line.endswith(f": gave up after {ATTEMPTS} attempts")
    assert cloud.count("ListUsers") == ATTEMPTS


def test_trouble_with_every_call_once(cloud: FakeCloud) -> None:
    for operation in CALLS:
        cloud.faults.throttle(operation)
        cloud.faults.cut(operation)
    assert users(cloud) == ["alice"]


@pytest.mark.parametrize(
    ("field", "line", "code"),
    [
        (
            "id",
            "Alibaba Cloud does not know the AccessKey ID: check the key, and --endpoint if given",
            "InvalidAccessKeyId.NotFound",
        ),
        (
            "secret",
            "the AccessKey secret is not the one of the AccessKey ID",
            "SignatureDoesNotMatch",
        ),
        (
            "token",
            "the security token is not the one of the AccessKey ID",
            "InvalidSecurityToken.MismatchWithAccessKey",
        ),
    ],
)
def test_a_wrong_key_is_told(field: str, line: str, code: str, cloud: FakeCloud) -> None:
    wrong = "0therValue"
    key = {
        "id": Key(wrong, cloud.owner.secret, ACCOUNT),
        "secret": Key(cloud.owner.id, wrong, ACCOUNT),
        "token": Key(cloud.owner.id, cloud.owner.secret, ACCOUNT, token=wrong),
    }[field]
    found = stopped(cloud, key)
    assert found == f"{line} ({code})"
    assert cloud.count("ListUsers") == 0


def test_a_clock_that_is_off_is_told(cloud: FakeCloud) -> None:
    cloud.world.clock = lambda: datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    assert re.fullmatch(
        r"the clock of this machine is off: it says 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \(UTC\) "
        r"\(InvalidTimeStamp\.Expired\)",
        stopped(cloud),
    )


def test_a_key_without_any_permission_is_told(cloud: FakeCloud) -> None:
    assert stopped(cloud, cloud.key(user="alice", allowed=())) == (
        f"`acs:ram::{ACCOUNT}:user/alice` may not read anything of account {ACCOUNT}: attach the "
        "policy that `ramgate import alicloud --policy` prints"
    )


def test_a_refusal_of_the_caller_s_identity_ends_the_import(cloud: FakeCloud) -> None:
    cloud.faults.refuse("GetCallerIdentity", "Forbidden")
    assert stopped(cloud) == "Sts GetCallerIdentity was refused: Forbidden"


def test_a_list_that_is_not_found_ends_the_import(cloud: FakeCloud) -> None:
    cloud.faults.refuse("ListUsers", "EntityNotExist.Account", status=404)
    assert stopped(cloud) == "Ram ListUsers found nothing: EntityNotExist.Account"


def test_an_account_number_in_another_form_ends_the_import() -> None:
    with FakeCloud("12345") as cloud:
        assert stopped(cloud) == (
            "Sts GetCallerIdentity answered with `12345`, not with an account number"
        )


def test_an_unknown_code_ends_the_import(cloud: FakeCloud) -> None:
    cloud.faults.refuse("ListUsers", "AccountInDebt", status=400)
    assert stopped(cloud) == "Ram ListUsers failed: AccountInDebt: the fake refuses it"


def test_an_endpoint_that_nobody_listens_on_is_told_at_once(cloud: FakeCloud) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        cloud.port, port = free.getsockname()[1], cloud.port
        line = stopped(cloud)
        host, cloud.port = cloud.endpoint, port
    assert line == (
        f"cannot reach `{host}`: Connection refused: check the network and the proxy, "
        "and --region and --endpoint if given"
    )


def test_an_endpoint_without_tls_is_told(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alicloud_imports.PROTOCOL", "https")
    assert re.fullmatch(
        f"no TLS connection to `{cloud.endpoint}`: .*(WRONG_VERSION_NUMBER|wrong version number).*",
        stopped(cloud),
    )


def test_the_proxy_of_the_environment_is_used(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{cloud.endpoint}")
    monkeypatch.setattr("alicloud_imports.HOST", "ram.example.com")
    assert users(cloud) == ["alice"]


def test_a_proxy_that_does_not_answer_is_told(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free.getsockname()[1]}")
        line = stopped(cloud)
    assert line == (
        f"the proxy of the environment does not reach `{cloud.endpoint}`: Connection refused"
    )


def error(code: str, status: int = 400, **more: int) -> Exception:
    return failure(ClientException(status_code=status, code=code, **more), CALL, "host")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("NoPermission", 403, Refused),
        ("NoPermission.Action", 400, Refused),
        ("Forbidden.RAM", 403, Refused),
        ("MemberAccountAccessDenied", 403, Refused),
        ("EntityNotExist.User", 404, Absent),
        ("EntityNotExists.Folder", 404, Absent),
        ("ResourceDirectoryNotInUse", 404, Absent),
        ("Throttling", 400, Temporary),
        ("Throttling.Api", 403, Temporary),
        ("FlowControl", 400, Temporary),
        ("ServiceUnavailable", 400, Temporary),
        ("AnyCode", 502, Temporary),
        ("InvalidAccessKeyId.NotFound", 404, CloudError),
        ("InvalidAccessKeyId.Inactive", 403, CloudError),
        ("InvalidSecurityToken.Expired", 403, CloudError),
        ("InvalidRegionId", 404, CloudError),
        ("InvalidAction.NotFound", 404, CloudError),
        ("IllegalTimestamp", 400, CloudError),
        ("InvalidParameter.PolicyName.Length", 400, CloudError),
        ("", 404, CloudError),
    ],
)
def test_a_code_tells_more_than_the_status(code: str, status: int, kind: type[Exception]) -> None:
    assert type(error(code, status)) is kind


def test_the_service_may_ask_for_a_pause() -> None:
    found = error("Slow", retry_after=1500)
    assert isinstance(found, Temporary)
    assert found.seconds == 1.5


def test_credentials_that_cannot_be_renewed_are_told() -> None:
    cause = CredentialException('refresh failed: {"Code": "NoPermission", "Secret": "abc"}')
    wrapped = UnretryableException(RetryPolicyContext(exception=cause))
    found = failure(wrapped, CALL, "host")
    assert isinstance(found, CloudError)
    assert str(found) == "the credentials cannot be renewed (NoPermission)"


def test_only_codes_of_an_answer_are_repeated() -> None:
    text = 'result: {\'Code\': \'A.B\', "Code": "C", "Code":"C", "Secret": "x"}'
    assert codes_in(text) == " (A.B, C)"
