# METADATA
# title: IP addresses
# description: An address is IPv4 or IPv6, without a zone and without a prefix length.
package ram.address

# METADATA
# description: The value is an address; an IPv4-mapped IPv6 address is that IPv4 address.
# scope: document
is_valid(value) if _is_in(value, "0.0.0.0/0")

is_valid(value) if _is_in(value, "::/0")

# METADATA
# description: The address is in the block, its first and its last address included.
is_in(value, block) if net.cidr_contains(block, value)

# A block is an address to net.cidr_contains, so the form is settled before it reads the value.
_is_in(value, block) if {
	is_string(value)
	regex.match(`^[0-9A-Fa-f:.]+$`, value)
	net.cidr_contains(block, value)
}
