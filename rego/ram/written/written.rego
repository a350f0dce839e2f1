# METADATA
# title: RAM's spelling
# description: >-
#   Writes the parts of a translated document as RAM spells them. `python/ramgate/language` translates in the
#   other direction.
package ram.written

# METADATA
# description: >-
#   RAM's name of a condition's operator. The quantifier is shown if the operator without it would mean
#   something else.
operator(condition) := concat("", [_quantifiers[condition.negated][condition.quantifier], name]) if {
	name := object.get({false: condition.operator}, condition.negated, object.get(
		negations, condition.operator,
		concat(" ", ["not", condition.operator]),
	))
}

# METADATA
# description: RAM's name of the negation of each comparison that has one.
negations := {
	"DateEquals": "DateNotEquals",
	"IpAddress": "NotIpAddress",
	"NumericEquals": "NumericNotEquals",
	"StringEquals": "StringNotEquals",
	"StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
	"StringLike": "StringNotLike",
}

# 4.3: by default a positive operator asks for some element, a negated one for every element
_quantifiers := {
	false: {"some": "", "every": "ForAllValues:"},
	true: {"every": "", "some": "ForAnyValue:"},
}

# METADATA
# description: A listed value of a condition as text.
# scope: document
value(condition, listed) := unescaped(listed) if condition.operator == "StringLike"

else := _decimal(listed) if startswith(condition.operator, "Numeric")

else := time.format(listed) if startswith(condition.operator, "Date")

else := trim_suffix(trim_suffix(listed, "/32"), "/128") if {
	condition.operator == "IpAddress"
	contains(listed, ":") == endswith(listed, "/128")
} else := listed if is_string(listed)

else := json.marshal(listed)

# METADATA
# description: >-
#   The resource pattern of a glob. A glob that stands only for a region that the request leaves out is written with
#   the region `*`.
pattern(glob) := unescaped(regex.replace(one_by_one, `\*+`, "*")) if {
	# of a Deny, 3.5
	without_region := regex.replace(glob, `\{,\[\*\]\}`, "*")
	with_region := regex.replace(without_region, `\{((?:\\.|[^\\{}])*),,\[\*\]\}`, "$1")
	one_by_one := regex.replace(with_region, `\[\x{0}-\x{10FFFF}\]`, "?")
}

# METADATA
# description: The text without the backslashes that keep special characters from a meaning in a glob.
unescaped(text) := regex.replace(text, `(?s)\\(.)`, "$1")

# METADATA
# description: The text with a backslash before each character that has a meaning in a glob but not in a RAM pattern.
escaped(text) := regex.replace(text, `[\\\[\]{}]`, `\$0`)

# sign × 0.digits × 10^exponent
_decimal([0, _, _]) := "0"

_decimal([sign, exponent, digits]) := concat("", [_signs[sign], _absolute(exponent, digits)]) if sign != 0

_signs := {-1: "-", 1: ""}

# A request's own document may have any exponent.
_absolute(exponent, digits) := sprintf("0.%se%d", [digits, exponent]) if {
	abs(exponent) > 400
} else := concat("", [digits, _zeros(exponent - count(digits))]) if {
	exponent >= count(digits)
} else := concat("", [substring(digits, 0, exponent), ".", substring(digits, exponent, -1)]) if {
	exponent > 0
} else := concat("", ["0.", _zeros(0 - exponent), digits])

_zeros(count) := concat("", ["0" | some number in numbers.range(0, count); number > 0])
