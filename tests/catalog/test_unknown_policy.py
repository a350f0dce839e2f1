from __future__ import annotations

import pytest

from ramgate.catalog import catalog
from ramgate.catalog.unknown_policy import describe_unknown_policy

KNOWN = sorted(catalog.load().system_policies)
MISSING = "looks like a system policy that the catalog of 2026-11-29 does not have: "


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("AliyunKafkaFullAcess", "AliyunKafkaFullAccess"),
        ("AliyunKafkaFulAccess", "AliyunKafkaFullAccess"),
        ("AliyunKafakFullAccess", "AliyunKafkaFullAccess"),
        ("AliyunEcsFullAccess", "AliyunECSFullAccess"),
        ("AliyunVPCReadonlyAccess", "AliyunVPCReadOnlyAccess"),
        ("administratoraccess", "AdministratorAccess"),
    ],
)
def test_few_other_small_letters_or_another_case_are_a_misspelt_name(name: str, meant: str) -> None:
    found = describe_unknown_policy(name, KNOWN, "2026-11-29")
    assert found == f"there is no policy `{name}`: did you mean `{meant}`?"


@pytest.mark.parametrize(
    "name",
    [
        "AliyunOSSFullAccess",  # OTS is another product
        "AliyunRDSFullAccess",
        "AliyunMQReadOnlyAccess",
        "AliyunKafkaPubOnlyAccess",
        "AliyunFooAccess",
        "ReadOnlyAccess",
        "PowerUserAccess",
    ],
)
def test_another_product_or_another_permission_is_a_policy_that_the_catalog_misses(
    name: str,
) -> None:
    found = describe_unknown_policy(name, KNOWN, "2026-11-29")
    assert found.startswith(f"`{name}` {MISSING}")


def test_a_name_that_no_system_policy_has_gets_the_nearest_candidate() -> None:
    found = describe_unknown_policy("kafka-teem", ["kafka-team", *KNOWN], "2026-11-29")
    assert found == "there is no policy `kafka-teem`: did you mean `kafka-team`?"
    assert describe_unknown_policy("x", KNOWN, "2026-11-29") == "there is no policy `x`"
