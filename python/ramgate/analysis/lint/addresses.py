"""Find conditions on addresses that restrict nothing, or match no request."""

from __future__ import annotations

import contextlib
import ipaddress
from typing import TYPE_CHECKING, Final, TypeAlias

from ramgate.analysis.lint.check import Remark, check
from ramgate.analysis.lint.finding import Level
from ramgate.documents.messages import join_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ramgate.analysis.lint.document import Condition, Document, Statement, Text

__all__ = ["CHECKS"]

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


@check("EVERY_ADDRESS", Level.SECURITY, "A list of addresses that contains every address")
def _every_address(document: Document) -> Iterator[Remark]:
    for statement, condition in _conditions(document):
        families = _whole_families(network for _, network in _networks(condition))
        if not families or (statement.denies and not condition.is_negated):
            continue
        addresses = " and ".join(f"{family} address" for family in families)
        if not condition.is_negated:
            message = f"every {addresses} is in the list: the condition restricts none of them"
        else:
            never = f"this statement never {statement.verb} one of them"
            message = f"every {addresses} is in the list: {never}"
        yield Remark(condition.place, message, "write the addresses that you mean")


def _whole_families(networks: Iterable[_Network]) -> list[str]:
    """Return the families of addresses that the networks contain as a whole."""
    return [f"IPv{one.version}" for one in _collapsed(list(networks)) if one.prefixlen == 0]


@check("PRIVATE_SOURCE_IP", Level.WARNING, "A private address as `acs:SourceIp`")
def _private_source_ip(document: Document) -> Iterator[Remark]:
    for statement, condition in _conditions(document):
        found = [text.value for text, network in _networks(condition) if _is_private(network)]
        is_for_a_vpc = any(one.key == "acs:SourceVpc" for one in statement.conditions)
        if found and condition.key == "acs:SourceIp" and not is_for_a_vpc:
            yield Remark(
                condition.place,
                f"{join_names(found)}: no call over the internet comes from a private address, and"
                " a call from within a VPC may carry it only as `acs:VpcSourceIp`, as for KMS",
                "write `acs:VpcSourceIp` for addresses in a VPC, and for others the public address"
                " of their gateway",
            )


def _is_private(network: _Network) -> bool:
    return isinstance(network, ipaddress.IPv4Network) and any(map(network.subnet_of, _PRIVATE))


@check("ADDRESS_AS_BLOCK", Level.SUGGESTION, "A single address, written as a block")
def _address_as_block(document: Document) -> Iterator[Remark]:
    for _, condition in _conditions(document):
        for text, network in _networks(condition):
            if "/" in text.value and network.num_addresses == 1:
                yield Remark(
                    text.place,
                    f"`{text}` is a block of one address, and RAM may not count the first and the"
                    " last address of a block",
                    f"write `{network.network_address}`",
                )


@check("MERGE_BLOCKS", Level.SUGGESTION, "Blocks of addresses that are one block together")
def _merge_blocks(document: Document) -> Iterator[Remark]:
    for _, condition in _conditions(document):
        blocks = [
            (text, network)
            for text, network in _networks(condition)
            if "/" in text.value and network.num_addresses > 1
        ]
        for whole in _collapsed([network for _, network in blocks]):
            parts = [text.value for text, network in blocks if _is_within(network, whole)]
            different = join_names(dict.fromkeys(parts))
            # EVERY_ADDRESS reports a list that has all
            if parts[1:] and whole.prefixlen:
                yield Remark(
                    condition.place,
                    f"the blocks {different} together are `{whole}`"
                    if "," in different
                    else f"the block {different} is listed {len(parts)} times",
                    f"write `{whole}`",
                )


def _collapsed(networks: Sequence[_Network]) -> Iterator[_Network]:
    """Return the fewest blocks that have the same addresses."""
    yield from ipaddress.collapse_addresses(
        one for one in networks if isinstance(one, ipaddress.IPv4Network)
    )
    yield from ipaddress.collapse_addresses(
        one for one in networks if isinstance(one, ipaddress.IPv6Network)
    )


def _is_within(network: _Network, whole: _Network) -> bool:
    return network.version == whole.version and network.subnet_of(whole)  # type: ignore[arg-type]


def _conditions(document: Document) -> Iterator[tuple[Statement, Condition]]:
    for statement, condition in document.conditions:
        if condition.family == "IpAddress":
            yield statement, condition


def _networks(condition: Condition) -> Iterator[tuple[Text, _Network]]:
    for text in condition.values:
        with contextlib.suppress(ValueError):
            yield text, ipaddress.ip_network(text.value, strict=False)


CHECKS: Final = (_every_address, _private_source_ip, _address_as_block, _merge_blocks)
