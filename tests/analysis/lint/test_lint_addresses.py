from __future__ import annotations

import pytest

from lint_remarks import allow, deny, paths, remarks


def condition(operator: str, *addresses: str, key: str = "acs:SourceIp") -> dict[str, object]:
    return {operator: {key: list(addresses)}}


@pytest.mark.parametrize(
    ("operator", "addresses", "families"),
    [
        ("IpAddress", ["0.0.0.0/0"], "IPv4"),
        ("IpAddress", ["203.0.113.0/24", "0.0.0.0/1", "128.0.0.0/1"], "IPv4"),
        ("IpAddressIncludeBorder", ["::/0"], "IPv6"),
        ("IpAddress", ["0.0.0.0/0", "::/0"], "IPv4 address and IPv6"),
        ("IpAddress", ["0.0.0.0/1"], None),
        ("IpAddress", ["not an address"], None),
        ("StringEquals", ["0.0.0.0/0"], None),
    ],
)
def test_a_list_with_every_address_is_reported(
    operator: str, addresses: list[str], families: str | None
) -> None:
    found = remarks("EVERY_ADDRESS", allow("a:B", Condition=condition(operator, *addresses)))
    assert [said.message.split(" is in")[0] for said in found] == (
        [f"every {families} address"] if families else []
    )


def test_the_effect_of_a_list_with_every_address_is_named() -> None:
    def said(statement: dict[str, object]) -> list[str]:
        return [one.message.split(": ")[1] for one in remarks("EVERY_ADDRESS", statement)]

    every, none = condition("IpAddress", "0.0.0.0/0"), condition("NotIpAddress", "0.0.0.0/0")
    assert said(allow("a:B", Condition=every)) == ["the condition restricts none of them"]
    assert said(allow("a:B", Condition=none)) == ["this statement never allows one of them"]
    assert said(deny("a:B", Condition=none)) == ["this statement never denies one of them"]
    # a Deny for every address is meant so
    assert said(deny("a:B", Condition=every)) == []


def test_private_addresses_are_reported_for_the_source_ip() -> None:
    code = "PRIVATE_SOURCE_IP"
    some = condition("IpAddress", "203.0.113.7", "10.1.0.0/16", "172.16.0.1", "192.168.0.0/24")
    [said] = remarks(code, allow("a:B", Condition=some))
    assert said.path == "$.Statement[0].Condition.IpAddress.acs:SourceIp"
    assert said.message.startswith("`10.1.0.0/16`, `172.16.0.1`, `192.168.0.0/24`: ")
    vpc = {"StringEquals": {"acs:SourceVpc": "vpc-1"}}
    for harmless in (
        condition("IpAddress", "203.0.113.7", "172.32.0.1", "10.0.0.0/7", "fd00::/8"),
        condition("IpAddress", "10.0.0.0/8", key="acs:VpcSourceIp"),
        {**condition("IpAddress", "10.0.0.0/8"), **vpc},
    ):
        assert paths(code, allow("a:B", Condition=harmless)) == []


def test_a_single_address_as_a_block_is_reported() -> None:
    some = condition("NotIpAddress", "203.0.113.7/32", "203.0.113.8", "203.0.113.0/24", "::1/128")
    found = remarks("ADDRESS_AS_BLOCK", deny("a:B", Condition=some))
    assert [said.suggestion for said in found] == ["write `203.0.113.7`", "write `::1`"]
    assert found[0].path == "$.Statement[0].Condition.NotIpAddress.acs:SourceIp[0]"


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["10.0.0.0/9", "10.128.0.0/9"], "the blocks `10.0.0.0/9`, `10.128.0.0/9` together are"),
        (["10.0.0.0/8", "10.1.0.0/16"], "the blocks `10.0.0.0/8`, `10.1.0.0/16` together are"),
        (["10.0.0.0/8", "2001:db8::/33", "2001:db8:8000::/33"], "the blocks `2001:db8::/33`, "),
        (["10.0.0.0/8", "10.0.0.0/8"], "the block `10.0.0.0/8` is listed 2 times"),
    ],
)
def test_blocks_that_are_one_together_can_be_merged(blocks: list[str], expected: str) -> None:
    condition = {"IpAddress": {"acs:SourceIp": blocks}}
    [said] = remarks("MERGE_BLOCKS", allow("oss:*", Condition=condition))
    assert said.message.startswith(expected)
    assert said.suggestion.startswith("write `")


@pytest.mark.parametrize(
    "blocks",
    [
        ["10.0.0.0/9"],
        ["10.0.0.0/9", "11.0.0.0/9"],
        ["203.0.113.6", "203.0.113.7", "203.0.113.8/32", "203.0.113.9/32"],
        ["0.0.0.0/1", "128.0.0.0/1"],  # EVERY_ADDRESS reports it
    ],
)
def test_other_blocks_stay_as_they_are(blocks: list[str]) -> None:
    condition = {"IpAddress": {"acs:SourceIp": blocks}}
    assert remarks("MERGE_BLOCKS", allow("oss:*", Condition=condition)) == []
