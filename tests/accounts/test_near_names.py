from __future__ import annotations

import pytest

from ramgate import resources
from ramgate.accounts import reader
from ramgate.accounts.near_names import near_name, nearest_member
from ramgate.catalog import catalog

ACCOUNT = "acs:ram::1234567890123456"


@pytest.mark.parametrize(
    ("arn", "near"),
    [
        (f"{ACCOUNT}:user/alcie", "user/alice"),
        (f"{ACCOUNT}:user/connectorap", "role/ConnectorApp"),
        (f"{ACCOUNT}:assumed-role/conectorapp/s", "role/ConnectorApp"),
        ("acs:ram::1234567890123465:root", "1234567890123456"),
        ("acs:ram::9999999999999999:root", None),
        (f"{ACCOUNT}:user/zoltan", None),
        (f"{ACCOUNT}:root", None),
        ("ecs.aliyuncs.com", None),
    ],
)
def test_the_nearest_member_is_found(arn: str, near: str | None) -> None:
    store = reader.load(resources.path("examples/accounts.yaml"), catalog.load())
    assert nearest_member(arn, store) == near
    assert near_name(arn, store) == (near and f"did you mean `{near}`?")
