# METADATA
# title: Entries of the decision tables
# description: >-
#   The tests of an entry, whose results select one of its decisions. OPA reads only those parts of a
#   stored object that are used, and a stored array whole.
package ram.entry

import data.ram.answer
import data.ram.date
import data.ram.layer

# METADATA
# description: >-
#   The decision of an entry: by one pattern for the resource, by several tests, by an index that divides the
#   patterns by the beginnings of relative ids, or of the plain grant `[set, index, resource]`. Undefined if
#   the general rule decides.
decision(name, request) := found[{true: "true", false: "false"}[glob.match(found.resource, [":"], request.resource)]] if {
	found := data.store.entries[name]
} else := found[{true: "true", false: "false"}[glob.match(found.resource, [":"], request.resource)]] if {
	index := data.store.entries[name]
	[[_, key]] = regex.find_all_string_submatch_n(index.cut, request.resource, 1)
	found := data.store.entries[index.entries[key]]
} else := _by_patterns(name, request.resource) if {
	data.store.entries[name].patterns
} else := _by_tests(name, request) if {
	data.store.entries[name].tests
} else := _by_patterns(index.entries[key], request.resource) if {
	index := data.store.entries[name]
	[[_, key]] = regex.find_all_string_submatch_n(index.cut, request.resource, 1)
} else := _by_tests(index.entries[key], request) if {
	index := data.store.entries[name]
	[[_, key]] = regex.find_all_string_submatch_n(index.cut, request.resource, 1)
} else := found[{true: "true", false: "false"}[glob.match(found.resource, [":"], request.resource)]] if {
	# 3.4: a role's ARN is compared without case
	found := data.store.entries[_of_roles(name, request.resource)]
} else := _by_patterns(of_roles, request.resource) if {
	of_roles := _of_roles(name, request.resource)
} else := _by_tests(of_roles, request) if {
	of_roles := _of_roles(name, request.resource)
} else := answer.yes([{"policy": layer.name(set), "index": index}], "AccountLevelIdentityBasedPolicy") if {
	[set, index, resource] = name
	request.resource == resource
} else := answer.no("no_statement_matches", "AccountLevelIdentityBasedPolicy") if {
	is_array(name)
}

# The name of an entry's form for a resource that is a role.
_of_roles(name, resource) := found.of_roles if {
	found := data.store.entries[name]
	regex.match(`^acs:ram:\*?:[0-9]{16}:role/[A-Za-z0-9._@-]{1,64}$`, resource)
}

_by_patterns(name, resource) := data.store.entries[name].outcomes[results] if {
	patterns := data.store.entries[name].patterns
	results := concat("", [{true: "1", false: "0"}[regex.match(pattern, resource)] | some pattern in patterns])
}

_by_tests(name, request) := data.store.entries[name].outcomes[results] if {
	tests := data.store.entries[name].tests
	results := concat("", [one |
		some [kind, path, listed] in tests
		one := result(kind, listed, object.get(request, path, null))
	])
}

# METADATA
# description: >-
#   The result of a test, `1` if it holds, else `0`. A `pattern` is the commonest: one regular expression.
result(kind, pattern, value) := {true: "1", false: "0"}[regex.match(pattern, value)] if {
	kind == "pattern"
} else := "0" if {
	# the request has no such key
	value == null
	kind != "time"
} else := "1" if {
	_holds(kind, pattern, value)
} else := "0"

# METADATA
# description: The result of a test of an address, `1` if one of the blocks contains it, else `0`.
address_result(blocks, value) := "1" if {
	regex.match(`^[0-9A-Fa-f:.]+$`, value)
	some block in blocks
	net.cidr_contains(block, value)
} else := "0"

# METADATA
# description: The result of a test of the time; `""` stands for the current time, which ramgate fills in.
time_result(spans, text) := "1" if {
	text == ""
	_is_in(time.now_ns(), spans)
} else := "1" if {
	_is_in(date.parse(text), spans)
} else := "0"

_is_in(instant, spans) if {
	some [first, last] in spans
	instant >= first
	instant <= last
}

_holds(kind, patterns, action) if {
	kind == "action"
	some pattern in patterns
	glob.match(pattern, null, action)
}

_holds(kind, blocks, value) if {
	kind == "address"
	address_result(blocks, value) == "1"
}

_holds(kind, spans, value) if {
	kind in {"date", "time"}
	_is_in(date.parse(value), spans)
}

_holds(kind, spans, null) if {
	kind == "time"
	_is_in(time.now_ns(), spans)
}
