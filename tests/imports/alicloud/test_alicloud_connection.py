from __future__ import annotations

import json

import pytest

from alicloud.cloud import FakeCloud
from alicloud_imports import signed_in
from ramgate.errors import CloudError
from ramgate.imports.alicloud import credentials
from ramgate.imports.alicloud.calls import CALLS, PRODUCTS
from ramgate.imports.alicloud.connection import Connection
from ramgate.imports.alicloud.documents import plain
from ramgate.imports.alicloud.outcomes import Temporary
from ramgate.imports.alicloud.settings import Settings, endpoints

EVERYWHERE = {
    "Ims": "ims.aliyuncs.com",
    "Ram": "ram.aliyuncs.com",
    "ResourceDirectoryMaster": "resourcedirectory.aliyuncs.com",
    "ResourceManager": "resourcemanager.aliyuncs.com",
    "Sts": "sts.aliyuncs.com",
}


def test_the_endpoints_are_alibaba_cloud_s() -> None:
    assert Connection(Settings(), None).hosts == EVERYWHERE


def test_a_region_has_an_sts_of_its_own() -> None:
    hosts = Connection(Settings(region="eu-central-1"), None).hosts
    assert hosts == {**EVERYWHERE, "Sts": "sts.eu-central-1.aliyuncs.com"}


def test_endpoints_may_be_given_for_all_products_and_for_one() -> None:
    hosts = endpoints(["IMS=ims.example.com:8443", "cloud.example.com", "ram=ram.example.com"])
    assert Connection(Settings(hosts=hosts), None).hosts == {
        **dict.fromkeys(PRODUCTS, "cloud.example.com"),
        "Ims": "ims.example.com:8443",
        "Ram": "ram.example.com",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kms=kms.example.com", "`kms` is not a product of an endpoint: choose from ims, ram, "),
        ("https://ram.example.com", "`https://ram.example.com` is not a host, or a host and a "),
    ],
)
def test_an_endpoint_in_another_form_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        endpoints([text])


def test_an_answer_that_is_no_object_is_worth_another_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FakeCloud() as cloud, signed_in(cloud.owner):
        settings = Settings(protocol="http", hosts=endpoints([cloud.endpoint]))
        connection = Connection(settings, credentials.find())
        monkeypatch.setattr(json, "dumps", lambda _: "[]")
        with pytest.raises(Temporary, match="did not answer with a JSON object"):
            connection.send(CALLS["GetCallerIdentity"], {})


def test_text_with_escaped_quotes_that_are_no_json_stays() -> None:
    assert plain('{\\"Version" "}') == '{\\"Version" "}'


def test_a_document_may_begin_with_white_space() -> None:
    assert plain("\n%7b%22a%22%3A+1%7d") == '\n{"a": 1}'
    assert plain(' {\\"a\\": 1,\n\\"b\\": 2}') == ' {"a": 1,\n"b": 2}'


def test_credentials_of_the_environment_are_found() -> None:
    with FakeCloud() as cloud, signed_in(cloud.owner):
        assert credentials.find().get_credential().access_key_id == cloud.owner.id


def test_an_unknown_profile_is_told() -> None:
    with pytest.raises(CloudError) as caught:
        credentials.find("no\nsuch")
    assert str(caught.value) == (
        r"there is no profile `no\nsuch` in ~/.aliyun/config.json or "
        "~/.alibabacloud/credentials.ini"
    )
