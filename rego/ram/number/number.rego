# METADATA
# title: Exact decimals
# description: >-
#   Decimals as `[sign, exponent, digits]`, which is sign × 0.digits × 10^exponent. The digits neither begin
#   nor end with a zero. OPA's own comparison is not exact in every version and expands exponents.
package ram.number

# METADATA
# description: The decimal of a JSON number, or of a string in the form that policies use.
# scope: document
parse(value) := _decimal(json.marshal(value), 0) if {
	is_number(value)
	not regex.match(`[eE]`, json.marshal(value))
}

parse(value) := _decimal(mantissa, to_number(exponent)) if {
	is_number(value)
	[[_, mantissa, exponent]] := regex.find_all_string_submatch_n(`^([^eE]+)[eE]\+?(-?[0-9]{1,9})$`, json.marshal(value), 1)
}

parse(value) := _decimal(value, 0) if {
	is_string(value)
	regex.match(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`, value)
}

# METADATA
# description: True if the first decimal is less than the second.
# scope: document
is_less([sign, _, _], [other_sign, _, _]) if sign < other_sign

is_less([1, exponent, digits], [1, other_exponent, other_digits]) if {
	[exponent, digits] < [other_exponent, other_digits]
}

is_less([-1, exponent, digits], [-1, other_exponent, other_digits]) if {
	[other_exponent, other_digits] < [exponent, digits]
}

_decimal(text, _) := [0, 0, ""] if _significant(text) == ""

_decimal(text, shift) := [_sign(text), (count(_significant(text)) - count(_fraction(text))) + shift, digits] if {
	digits := trim_right(_significant(text), "0")
	digits != ""
}

_significant(text) := trim_left(replace(trim_prefix(text, "-"), ".", ""), "0")

_fraction(text) := split(text, ".")[1]

_fraction(text) := "" if not contains(text, ".")

_sign(text) := -1 if startswith(text, "-")

_sign(text) := 1 if not startswith(text, "-")
