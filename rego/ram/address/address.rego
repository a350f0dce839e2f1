# METADATA
# title: IP addresses
# description: IPv4 and IPv6 addresses, without a zone and without a prefix length.
package ram.address

# METADATA
# description: True if the value is an address. An IPv4-mapped IPv6 address counts as the IPv4 address.
# scope: document
is_valid(value) if _is_in(value, "0.0.0.0/0")

is_valid(value) if _is_in(value, "::/0")

# METADATA
# description: True if the block contains the address. The first and the last address belong to the block.
is_in(value, block) if net.cidr_contains(block, value)

# `net.cidr_contains` also accepts a block here, so the pattern rules out a prefix length first.
_is_in(value, block) if {
	is_string(value)
	regex.match(`^[0-9A-Fa-f:.]+$`, value)
	net.cidr_contains(block, value)
}
