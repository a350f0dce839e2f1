# METADATA
# title: Translated documents
# description: >-
#   Checks that a document in a request has exactly the form that ramgate's translator produces. The
#   grammar is repeated here on purpose: a caller may send any JSON as a session policy or in a simulation,
#   the evaluation skips a statement that it cannot look up, and a skipped Deny would be an Allow. For the
#   same reason the file is long: every field of every statement is checked.
package ram.document

import data.ram.condition
import data.ram.resource

# METADATA
# description: True if the value is a complete translated identity policy.
is_complete(document) if {
	is_object(document)
	object.keys(document) == {"format", "kind", "statements", "actions", "wildcards", "service_wildcards", "not_actions"}
	document.format == 2
	document.kind == "identity"
	is_array(document.statements)
	count(document.statements) > 0
	every statement in document.statements {
		_is_statement(statement)
	}
	_has_action_indexes(document)
	_is_reachable(document)
}

_is_statement(statement) if {
	object.keys(statement) - {"effect", "any_resource", "resources", "resource_prefixes", "resource_patterns", "resource_fields", "except", "conditions"} == set()
	statement.effect in {"Allow", "Deny"}
	_has_resources(statement)
	_are_action_patterns(object.get(statement, "except", ["*"]))
	_has_conditions(statement)
}

# `conditions` must be absent or non-empty. An empty list means that something removed the entries.
_has_conditions(statement) if not "conditions" in object.keys(statement)

_has_conditions(statement) if {
	is_array(statement.conditions)
	count(statement.conditions) > 0
	every one in statement.conditions {
		_is_condition(one)
	}
}

_has_resources(statement) if {
	statement.any_resource == true
	object.keys(statement) & _resource_fields == set()
}

_has_resources(statement) if {
	not "any_resource" in object.keys(statement)
	_are_resources(object.get(statement, "resources", ["acs::::"]))
	_are_texts(object.get(statement, "resource_prefixes", ["*"]))
	_are_resource_patterns(object.get(statement, "resource_patterns", ["*"]))
	_are_resource_fields(object.get(statement, "resource_fields", [["*"]]))
	object.keys(statement) & _resource_fields != set()
}

_resource_fields := {"resources", "resource_prefixes", "resource_patterns", "resource_fields"}

_are_resources(texts) if {
	_are_texts(texts)
	every text in texts {
		resource.is_valid(text)
	}
}

_are_texts(texts) if {
	is_array(texts)
	count(texts) > 0
	every text in texts {
		is_string(text)
		text != ""
	}
}

_are_action_patterns(patterns) if {
	_are_texts(patterns)
	every pattern in patterns {
		_is_action_pattern(pattern)
	}
}

_is_action_pattern(pattern) if regex.match(`^(\*|[a-z0-9_.*?-]+:[a-z0-9_.*?-]+)$`, pattern)

# `glob.match` is undefined for a pattern that it cannot read, which would skip the statement. The translator
# escapes every special character but `*` and `?`. It writes two more forms in the pattern of a resource: `[…]`
# for any character, and `{…,,[*]}` or `{,[*]}` for a region that the request may leave out. With several `*` in a field, or
# several `{…}`, `glob.match` would try all their combinations.
_are_resource_patterns(patterns) if {
	_are_texts(patterns)
	every pattern in patterns {
		regex.match(_resource_pattern, pattern)
	}
}

# Up to five fields, and after a `**` any text. The fields behind the region are the account and the relative id.
_resource_pattern := concat("", [
	"^", _field, "(?::", _field, "(?::(?:", _field, `|\{(?:`, _field_in_braces, `,)?,\[\*\]\})`, "(?::", _field, ")*)?)?",
	`(?:\*\*(?:`, _unit, `|:|\*\*)*)?$`,
])

_field := concat("", [_unit, `*\*?`, _unit, `*`])

_field_in_braces := concat("", [_unit_in_braces, `*\*?`, _unit_in_braces, `*`])

_unit := `(?:[^\\\[\]{}*:]|\\[\\\[\]{}]|\[\x{0}-\x{10FFFF}\])`

_unit_in_braces := `(?:[^\\\[\]{}*:,]|\\[\\\[\]{},])`

_are_resource_fields(patterns) if {
	is_array(patterns)
	count(patterns) > 0
	every globs in patterns {
		is_array(globs)
		count(globs) > 0
		every index, pattern in globs {
			is_string(pattern)
			regex.match(object.get(_glob_of, index, _glob_of[0]), pattern)
		}
	}
}

_glob_of := {
	0: `^([^\\\[\]{}]|\\[\\\[\]{}]|\[\x{0}-\x{10FFFF}\])*$`,
	2: `^([^\\\[\]{}]|\\[\\\[\]{}]|\[\x{0}-\x{10FFFF}\])*$|^\{(?:([^\\\[\]{},]|\\[\\\[\]{},])*,)?,\[\*\]\}$`,
}

_is_pattern(pattern) if regex.match(`^([^\\\[\]{}]|\\[\\\[\]{}])*$`, pattern)

_is_condition(one) if {
	object.keys(one) == {"operator", "negated", "quantifier", "key", "values"}
	one.operator in condition.comparisons
	is_boolean(one.negated)
	one.quantifier in {"some", "every"}
	is_string(one.key)
	one.key != ""
	condition.spelling(one.key) == one.key
	is_array(one.values)
	count(one.values) > 0
	every value in one.values {
		_is_value(one.operator, value)
	}
}

_is_value(operator, value) if {
	operator in {"StringEquals", "StringEqualsIgnoreCase"}
	is_string(value)
}

_is_value(operator, value) if {
	operator == "StringLike"
	is_string(value)
	_is_pattern(value)
}

_is_value(operator, value) if {
	operator == "Bool"
	is_boolean(value)
}

_is_value(operator, value) if {
	startswith(operator, "Date")
	_is_integer(value)
}

_is_value(operator, value) if {
	startswith(operator, "Numeric")
	_is_decimal(value)
}

_is_value(operator, value) if {
	operator == "IpAddress"
	is_string(value)
	contains(value, "/")
	net.cidr_is_valid(value)
	not _is_mapped(value)
}

# An IPv4-mapped block looks like IPv6 and covers IPv4. The translator never produces one.
_is_mapped(value) if {
	contains(value, ":")
	net.cidr_contains("0.0.0.0/0", split(value, "/")[0])
}

_is_decimal(value) if value == [0, 0, ""]

_is_decimal(value) if {
	[sign, exponent, digits] = value
	sign in {-1, 1}
	_is_integer(exponent)
	regex.match(`^([1-9]|[1-9][0-9]*[1-9])$`, digits)
}

_is_integer(value) if {
	is_number(value)
	regex.match(`^-?(0|[1-9][0-9]{0,18})$`, json.marshal(value))
}

_has_action_indexes(document) if {
	every action, indexes in document.actions {
		regex.match(`^[a-z0-9_.-]+:[a-z0-9_.-]+$`, action)
		_are_references(indexes, document)
	}
	every service, patterns in document.wildcards {
		regex.match(`^[a-z0-9_.-]+$`, service)
		is_object(patterns)
		count(patterns) > 0
		every pattern, indexes in patterns {
			startswith(pattern, concat("", [service, ":"]))
			regex.match(`^[a-z0-9_.-]+:[a-z0-9_.*?-]+$`, pattern)
			_are_references(indexes, document)
		}
	}
	every pattern, indexes in document.service_wildcards {
		_is_action_pattern(pattern)
		_are_references(indexes, document)
	}
	is_object(document.actions)
	is_object(document.wildcards)
	is_object(document.service_wildcards)
}

_are_references(indexes, document) if {
	_are_indexes(indexes, document)
	count(indexes) > 0
}

_are_indexes(indexes, document) if {
	is_array(indexes)
	every index in indexes {
		_is_integer(index)
		document.statements[index]
	}
}

# Every statement must be reachable: through one of the three action indexes or, with `except`, through
# `not_actions`.
_is_reachable(document) if {
	_are_indexes(document.not_actions, document)
	by_action := {index | walk(document.actions, [[_, _], index])}
	by_service := {index | walk(document.wildcards, [[_, _, _], index])}
	by_pattern := {index | walk(document.service_wildcards, [[_, _], index])}
	excepting := {index | some index, statement in document.statements; "except" in object.keys(statement)}
	{index | some index in document.not_actions} == excepting
	{index | some index, _ in document.statements} - excepting == (by_action | by_service) | by_pattern
}
