# METADATA
# title: Conditions
# description: >-
#   Compares a condition of a translated statement with the context of a request (section 4 of the policy
#   language). An absent or unreadable value counts against the caller: it satisfies a Deny and not an
#   Allow. This file is long because each comparison is a body of its own.
package ram.condition

import data.ram.address
import data.ram.date
import data.ram.number

# METADATA
# description: True if the question's context satisfies the condition, in a statement with that effect.
# scope: document
is_satisfied(condition, _, question) if {
	element := question.context[condition.key]
	not is_array(element)
	_holds_of(condition, _read(_families[condition.operator], element), _values(condition, question))
}

is_satisfied(condition, _, question) if {
	elements := question.context[condition.key]
	is_array(elements)
	elements != []

	# Each element is read once, and not once for each listed value.
	values := [value | some element in elements; value := _read(_families[condition.operator], element)]
	count(values) == count(elements)
	_holds(condition, values, _values(condition, question))
}

is_satisfied(condition, effect, question) if {
	effect == "Deny"
	_counts_against(condition, object.get(question.context, condition.key, []))
}

# METADATA
# description: The names of all comparisons.
comparisons := object.keys(_families)

# METADATA
# description: >-
#   RAM's spelling of a condition key, or the key itself if RAM names no key that differs from it only
#   in case. Of the key of a tag, such as `acs:ResourceTag/<key>`, RAM names only the start. Undefined
#   without the list of RAM's keys.
spelling(key) := concat("", [_spellings[lower(start)], substring(key, count(start), -1)]) if {
	start := _start(key)
} else := object.get(_spellings, lower(key), key)

# METADATA
# description: >-
#   The context spells every condition key that RAM names as RAM does. Undefined without the list of
#   RAM's keys: a Deny on a key would miss a context that spells it in another case.
are_spelled(context) if {
	spellings := _spellings
	[key | some key, _ in context; spellings[lower(key)] != key] == []
	[start | some key, _ in context; start := _start(key); spellings[lower(start)] != start] == []
}

# The part of a key up to its first slash. Undefined without a slash.
_start(key) := substring(key, 0, indexof(key, "/") + 1) if contains(key, "/")

# The spelling of each key by the key in lower case (`catalog/condition-keys.yaml`). A list is usable
# only if it has the key that ramgate itself fills in: then it is an object, and not empty.
_spellings := spellings if {
	spellings := data.store.condition_keys
	spellings["acs:principalarn"] == "acs:PrincipalARN"
}

# 4.4, 4.5: the key is absent or its list is empty
_counts_against(condition, []) if not _needs_an_element(condition)

# 4.6
_counts_against(condition, element) if {
	not is_array(element)
	not is_readable(condition, element)
}

_counts_against(condition, elements) if {
	is_array(elements)
	some element in elements
	not is_readable(condition, element)
}

_needs_an_element(condition) if {
	condition.quantifier == "some"
	condition.negated == false
}

_holds(condition, values, listed) if {
	condition.quantifier == "some"
	some value in values
	_holds_of(condition, value, listed)
}

_holds(condition, values, listed) if {
	condition.quantifier == "every"
	every value in values {
		_holds_of(condition, value, listed)
	}
}

_holds_of(condition, value, listed) if {
	condition.negated == false
	_matches(condition.operator, value, listed)
}

_holds_of(condition, value, listed) if {
	condition.negated == true
	not _matches(condition.operator, value, listed)
}

# METADATA
# description: >-
#   True if the element of a context has the type of the condition's operator. `false` and the empty string
#   are readable values, so the result is compared with null.
is_readable(condition, element) if _read(_families[condition.operator], element) != null

# 3.4: role names are compared without case. ramgate writes a role's `acs:PrincipalARN` in lower case.
_values(condition, question) := [lower(listed) | some listed in condition.values] if {
	condition.key == "acs:PrincipalARN"
	question.principal.kind == "role"
	_families[condition.operator] == "String"
} else := condition.values

# The typed value of an element.
_read(family, element) := _text(element) if family == "String"

_read(family, element) := number.parse(element) if family == "Numeric"

_read(family, element) := date.parse(element) if family == "Date"

_read(family, element) := text == "true" if {
	family == "Bool"
	text := lower(_text(element))
	text in {"true", "false"}
}

_read(family, element) := element if {
	family == "IpAddress"
	address.is_valid(element)
}

_text(element) := element if {
	is_string(element)
} else := json.marshal(element) if is_boolean(element)

_matches(operator, value, listed) if {
	operator == "StringEquals"
	value in listed
}

_matches(operator, value, listed) if {
	operator == "StringEqualsIgnoreCase"
	folded := lower(value)
	some one in listed
	lower(one) == folded
}

_matches(operator, value, listed) if {
	operator == "StringLike"
	some pattern in listed
	glob.match(pattern, null, value)
}

_matches(operator, value, listed) if {
	operator == "NumericEquals"
	value in listed
}

_matches(operator, value, listed) if {
	operator == "NumericLessThan"
	some one in listed
	number.is_less(value, one)
}

_matches(operator, value, listed) if {
	operator == "NumericLessThanEquals"
	some one in listed
	not number.is_less(one, value)
}

_matches(operator, value, listed) if {
	operator == "NumericGreaterThan"
	some one in listed
	number.is_less(one, value)
}

_matches(operator, value, listed) if {
	operator == "NumericGreaterThanEquals"
	some one in listed
	not number.is_less(value, one)
}

_matches(operator, value, listed) if {
	operator == "DateEquals"
	value in listed
}

_matches(operator, value, listed) if {
	operator == "DateLessThan"
	some one in listed
	value < one
}

_matches(operator, value, listed) if {
	operator == "DateLessThanEquals"
	some one in listed
	value <= one
}

_matches(operator, value, listed) if {
	operator == "DateGreaterThan"
	some one in listed
	value > one
}

_matches(operator, value, listed) if {
	operator == "DateGreaterThanEquals"
	some one in listed
	value >= one
}

_matches(operator, value, listed) if {
	operator == "Bool"
	value in listed
}

_matches(operator, value, listed) if {
	operator == "IpAddress"
	some block in listed
	address.is_in(value, block)
}

# The type of the values that a comparison reads.
_families := {
	"Bool": "Bool",
	"DateEquals": "Date",
	"DateGreaterThan": "Date",
	"DateGreaterThanEquals": "Date",
	"DateLessThan": "Date",
	"DateLessThanEquals": "Date",
	"IpAddress": "IpAddress",
	"NumericEquals": "Numeric",
	"NumericGreaterThan": "Numeric",
	"NumericGreaterThanEquals": "Numeric",
	"NumericLessThan": "Numeric",
	"NumericLessThanEquals": "Numeric",
	"StringEquals": "String",
	"StringEqualsIgnoreCase": "String",
	"StringLike": "String",
}
