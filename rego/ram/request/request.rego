# METADATA
# title: Requests
# description: >-
#   Whether a request can be read, and if so, the question it asks. A request is a question only
#   where every field has its form; what is said about a field at fault decides nothing.
package ram.request

import data.ram.action
import data.ram.condition
import data.ram.document
import data.ram.principal
import data.ram.resource

# METADATA
# description: >-
#   The question that a request asks: the principal as parsed, the action in lower case, the resource
#   as it is compared, the account it belongs to, the context with the keys that are filled in, and
#   the session policies by their names. Undefined for a request that cannot be read.
question(request) := {
	"principal": asking,
	"action": lower(request.action),
	"resource": resource.compared(request.resource),
	"account": resource.account(request.resource, asking.account),
	"context": _filled_in(object.get(request, "context", {}), asking),
	"session_policies": {sprintf("session:%d", [position]): policy |
		some position, policy in object.get(request, "session_policies", [])
	},
} if {
	_is_valid(request)
	asking := principal.parsed(request.principal)
}

# METADATA
# description: >-
#   The question that a simulation asks: a request's, with the documents that stand in for the
#   principal's own policies. Undefined for a simulation that cannot be read.
simulation(request) := object.union(question(_without_policies(request)), {"policies": request.policies}) if {
	_are_policies(request)
}

# METADATA
# description: The value is an envelope of requests, and holds nothing else.
is_batch(value) if {
	object.keys(value) == {"requests"}
	is_array(value.requests)
}

# METADATA
# description: What is wrong with a request, a sorted list of texts, each naming the field.
# scope: document
faults(request) := ["input: must be an object"] if not is_object(request)

faults(request) := sort((((_unknown(request) | _missing(request)) | _unreadable(request)) | _in_context(request))) if {
	is_object(request)
}

# METADATA
# description: The same for a simulation.
# scope: document
simulation_faults(request) := ["input: must be an object"] if not is_object(request)

simulation_faults(request) := sort(array.concat(faults(_without_policies(request)), _policies_faults(request))) if {
	is_object(request)
}

_without_policies(request) := object.remove(request, ["policies"])

_are_policies(request) if {
	principal.has_identity(principal.parsed(request.principal))
	is_object(request.policies)
	every policy in request.policies {
		document.is_complete(policy)
	}
}

_policies_faults(request) := [text |
	not _are_policies(request)
	text := "policies: must be an object from names to translated identity policies of a user, role or owner"
]

_forms := {
	"principal": "must name a role, a user, an owner, a service or a provider, such as `acs:ram::<account>:user/<name>`",
	"action": "must be `<ram-code>:<Operation>`, and no pattern",
	"resource": "must be `*` or `acs:<ram-code>:<region>:<account>:<relative-id>`",
	"context": "must be an object from condition keys to strings, numbers, booleans or lists of those",
	"session_policies": "must be a list of translated identity policies, in a role session's request",
}

_fields := object.keys(_forms)

_required := {"principal", "action", "resource"}

_is_valid(request) if {
	is_object(request)
	given := object.keys(request)
	given & _required == _required

	# no other field is readable
	every field in given {
		_is_readable(field, request)
	}
}

_is_readable(field, request) if {
	field == "principal"
	principal.parsed(request.principal)
}

_is_readable(field, request) if {
	field == "action"
	action.is_valid(request.action)
}

_is_readable(field, request) if {
	field == "resource"
	resource.is_valid(request.resource)
}

_is_readable(field, request) if {
	field == "context"
	_is_context(request.context, request)
}

_is_readable(field, request) if {
	field == "session_policies"
	request.session_policies == []
}

_is_readable(field, request) if {
	field == "session_policies"
	principal.parsed(request.principal).is_session
	is_array(request.session_policies)
	every policy in request.session_policies {
		document.is_complete(policy)
	}
}

_unknown(request) := {sprintf("%v: is no field of a request", [field]) |
	some field in (object.keys(request) - _fields)
}

_missing(request) := {sprintf("%s: is missing", [field]) |
	some field in (_required - object.keys(request))
}

_unreadable(request) := {sprintf("%s: %s", [field, _forms[field]]) |
	some field in (object.keys(request) & _fields)
	not _is_readable(field, request)
}

_in_context(request) := {sprintf("context.%s: %s", [key, text]) |
	is_object(request.context)
	some key, value in request.context
	some text in _key_faults(key, value, request)
}

_key_faults(key, value, request) := (unreadable | misspelled) | contradicting if {
	unreadable := {"must be a string, a number, a boolean or a list of those" | not _is_context_value(value)}
	misspelled := {sprintf("is spelled `%s`", [condition.spelling(key)]) | condition.spelling(key) != key}
	contradicting := {"must be what the principal says, or left out" | not _agrees(key, value, request)}
}

_is_context(context, request) if {
	is_object(context)
	every key, value in context {
		condition.spelling(key) == key
		_is_context_value(value)
		_agrees(key, value, request)
	}
}

_is_context_value(value) if _is_scalar(value)

_is_context_value(value) if {
	is_array(value)
	every element in value {
		_is_scalar(element)
	}
}

_is_scalar(value) if is_string(value)

_is_scalar(value) if is_number(value)

_is_scalar(value) if is_boolean(value)

# The principal says who asks; a caller's own `acs:PrincipalARN` can only agree.
_agrees(key, _, _) if key != "acs:PrincipalARN"

_agrees(key, value, request) if {
	key == "acs:PrincipalARN"
	asking := principal.parsed(request.principal)
	principal.has_identity(asking)
	value == asking.arn
}

_filled_in(context, asking) := object.union_n([context, _now(context), _own_arn(asking)])

# An empty list is no time, as it is no value to any condition.
_now(context) := {"acs:CurrentTime": time.format(time.now_ns())} if {
	object.get(context, "acs:CurrentTime", []) == []
}

_now(context) := {} if object.get(context, "acs:CurrentTime", []) != []

_own_arn(asking) := {"acs:PrincipalARN": asking.arn} if principal.has_identity(asking)

_own_arn(asking) := {} if not principal.has_identity(asking)
