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
question(request) := asked if {
	[text, operation, target, context, session_policies] = _parts(request)
	asking := principal.parse(text)
	action.is_valid(operation)
	[compared, is_role, account] = resource.parse(target, asking.account)

	# what a built-in answers is a value; an object written here would be made anew wherever it is handed on
	asked := object.get({}, "question", {
		"principal": asking,
		"context": _context(context, asking),
		"action": lower(operation),
		"resource": compared,
		"is_role": is_role,
		"account": account,
		"session_policies": _session_policies(session_policies, asking),
	})
}

# No other field, and none but these missing, is in a request that can be read.
_parts(request) := [text, operation, target, {}, []] if {
	{"principal": text, "action": operation, "resource": target} = request
} else := [text, operation, target, context, []] if {
	{"principal": text, "action": operation, "resource": target, "context": context} = request
} else := [text, operation, target, {}, session_policies] if {
	{"principal": text, "action": operation, "resource": target, "session_policies": session_policies} = request
} else := [text, operation, target, context, session_policies] if {
	{
		"principal": text,
		"action": operation,
		"resource": target,
		"context": context,
		"session_policies": session_policies,
	} = request
}

# METADATA
# description: >-
#   The question that a simulation asks: a request's, with the documents that stand in for the
#   principal's own policies. Undefined for a simulation that cannot be read.
simulation(request) := object.union(question(_without_policies(request)), {"policies": request.policies}) if {
	_are_policies(request)
}

# METADATA
# description: How many requests a batch, how many keys a context, and how many elements a key's list may have.
limit := 10000

# METADATA
# description: The value is an envelope of at most 10,000 requests, and holds nothing else.
is_batch(value) if {
	object.keys(value) == {"requests"}
	is_array(value.requests)
	count(value.requests) <= limit
}

# METADATA
# description: What is wrong with a value that is no such envelope, a list of texts.
batch_faults(value) := [sprintf("requests: must be at most %d, so send several batches", [limit])] if {
	is_array(value.requests)
	count(value.requests) > limit
} else := ["requests: must be a list, and the only field"]

# METADATA
# description: What is wrong with a request, a sorted list of texts, each naming the field.
# scope: document
faults(request) := ["input: must be an object"] if not is_object(request)

faults(request) := ["input: must be an object of five fields at most"] if {
	is_object(request)
	count(request) > limit
}

faults(request) := sort((((_unknown(request) | _missing(request)) | _unreadable(request)) | _in_context(request))) if {
	is_object(request)
	count(request) <= limit
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
	principal.has_identity(principal.parse(request.principal))
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

_is_readable(field, request) if {
	field == "principal"
	principal.parse(request.principal)
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
	_context(request.context, _asking(request))
}

# Without the list of RAM's keys every context is unreadable, and none is at fault.
_is_readable(field, _) if {
	field == "context"
	not condition.spelling("")
}

_is_readable(field, request) if {
	field == "session_policies"
	_session_policies(request.session_policies, _asking(request))
}

# Where nobody is named, the rest can still be read, but for what rests on the name.
_asking(request) := asking if {
	asking := principal.parse(request.principal)
} else := null

# By their names. Undefined for what cannot be read, as is the context.
_session_policies(documents, asking) := {} if documents == []

else := {sprintf("session:%d", [position]): policy | some position, policy in documents} if {
	asking.is_session
	is_array(documents)
	every policy in documents {
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

# Each key is named, unless there are so many that naming them would take long.
_in_context(request) := {sprintf("context: must have at most %d keys", [limit])} if {
	is_object(request.context)
	count(request.context) > limit
} else := {sprintf("context.%s: %s", [key, text]) |
	is_object(request.context)
	some key, value in request.context
	some text in _key_faults(key, value, request)
}

_key_faults(key, value, request) := (unreadable | misspelled) | contradicting if {
	too_long := {sprintf("must be a list of at most %d elements", [limit]) | is_array(value); count(value) > limit}
	unreadable := {"must be a string, a number, a boolean or a list of those" | not _is_context_value(value)} | too_long
	misspelled := {sprintf("is spelled `%s`", [condition.spelling(key)]) | condition.spelling(key) != key}
	contradicting := {"must be what the principal says, or left out" | not _agrees({key: value}, _own(_asking(request)))}
}

# With the keys that are filled in. The principal says who asks; a caller's own `acs:PrincipalARN` can only agree.
_context(given, asking) := _own(asking) if given == {}

else := _filled_in(given, own) if {
	is_object(given)
	count(given) <= limit
	_are_values(given)
	condition.are_spelled(given)
	own := _own(asking)
	_agrees(given, own)
}

# The usual case, and the cheap one: strings alone.
_are_values(context) if concat("", [value | some value in context])

_are_values(context) if {
	every value in context {
		_is_context_value(value)
	}
}

_is_context_value(value) if type_name(value) in _scalars

_is_context_value(value) if {
	is_array(value)
	count(value) <= limit
	every element in value {
		type_name(element) in _scalars
	}
}

_scalars := {"string", "number", "boolean"}

_agrees(given, own) if {
	said := object.get(own, "acs:PrincipalARN", null)
	object.get(given, "acs:PrincipalARN", said) == said
}

# An empty list is no time, as it is no value to any condition.
_filled_in(given, own) := object.union(given, own) if given["acs:CurrentTime"] == []

else := object.union(own, given)

_own(asking) := {"acs:CurrentTime": _now, "acs:PrincipalARN": asking.arn} if principal.has_identity(asking)

else := {"acs:CurrentTime": _now}

_now := time.format(time.now_ns())
