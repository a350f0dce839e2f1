# METADATA
# title: Faults of requests
# description: >-
#   Explains why a request is malformed. Every fault is reported, as a message that begins with the field.
#   The messages decide nothing: `ram.request` alone determines whether a request can be read.
package ram.request_faults

import data.ram.action
import data.ram.condition
import data.ram.principal
import data.ram.request
import data.ram.resource

# METADATA
# description: The faults of a request, as sorted messages.
# scope: document
of_request(value) := ["input: must be an object"] if not is_object(value)

of_request(value) := ["input: must be an object of at most five fields"] if {
	is_object(value)
	count(value) > request.limit
}

of_request(value) := sort((((_unknown(value) | _missing(value)) | _unreadable(value)) | _in_context(value))) if {
	is_object(value)
	count(value) <= request.limit
}

# METADATA
# description: The faults of a simulation, as sorted messages.
# scope: document
of_simulation(value) := ["input: must be an object"] if not is_object(value)

of_simulation(value) := sort(array.concat(of_request(object.remove(value, ["policies"])), faults)) if {
	is_object(value)
	faults := array.concat(_of_policies(value), _of_simulated_principal(value))
}

# METADATA
# description: The faults of a batch, as messages.
of_batch(value) := [sprintf("requests: must be at most %d, so send several batches", [request.limit])] if {
	is_array(value.requests)
	count(value.requests) > request.limit
} else := ["requests: must be a list, and the only field"]

_of_policies(value) := ["policies: must be an object from names to translated identity policies"] if {
	not request.are_policies(object.get(value, "policies", null))
} else := []

# Services and providers have no identity policies that a simulation could replace.
_of_simulated_principal(value) := ["principal: must be a user, a role or an owner in a simulation"] if {
	caller := principal.parse(value.principal)
	not principal.has_identity(caller)
} else := []

_forms := {
	"principal": "must name a role, a user, an owner, a service or a provider, such as `acs:ram::<account>:user/<name>`",
	"action": "must be `<ram-code>:<Operation>`, without wildcards",
	"resource": "must be `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`",
	"context": "must be an object from condition keys to strings, numbers, booleans or lists of those",
	"session_policies": "must be a list of translated identity policies, in a role session's request",
}

_fields := object.keys(_forms)

_required := {"principal", "action", "resource"}

_is_readable(field, value) if {
	field == "principal"
	principal.parse(value.principal)
}

_is_readable(field, value) if {
	field == "action"
	action.is_valid(value.action)
}

_is_readable(field, value) if {
	field == "resource"
	resource.is_valid(value.resource)
}

_is_readable(field, value) if {
	field == "context"
	request.with_filled_in(value.context, _caller(value))
}

# Without the list of RAM's condition keys no context can be read, and the context is not at fault.
_is_readable(field, _) if {
	field == "context"
	not condition.spelling("")
}

_is_readable(field, value) if {
	field == "session_policies"
	request.session_policies(value.session_policies, _caller(value))
}

# If the principal cannot be parsed, the other fields are still checked, except those that depend on it.
_caller(value) := caller if {
	caller := principal.parse(value.principal)
} else := null

_unknown(value) := {sprintf("%v: is not a field of a request", [field]) |
	some field in (object.keys(value) - _fields)
}

_missing(value) := {sprintf("%s: is missing", [field]) |
	some field in (_required - object.keys(value))
}

_unreadable(value) := {sprintf("%s: %s", [field, _forms[field]]) |
	some field in (object.keys(value) & _fields)
	not _is_readable(field, value)
}

# With more keys than the limit, messages about each of them would take too long.
_in_context(value) := {sprintf("context: must have at most %d keys", [request.limit])} if {
	is_object(value.context)
	count(value.context) > request.limit
} else := {sprintf("context.%s: %s", [key, text]) |
	is_object(value.context)
	caller := _caller(value)
	some key, element in value.context
	some text in _of_key(key, element, caller)
}

_of_key(key, element, caller) := (unreadable | misspelled) | contradicting if {
	too_long := {sprintf("must be a list of at most %d elements", [request.limit]) |
		is_array(element)
		count(element) > request.limit
	}
	unreadable := {"must be a string, a number, a boolean or a list of those" | not request.is_value(element)} | too_long
	misspelled := {sprintf("is spelled `%s`", [condition.spelling(key)]) | condition.spelling(key) != key}
	contradicting := {"must be the principal's ARN, or left out" | not request.agrees({key: element}, caller)}
}
