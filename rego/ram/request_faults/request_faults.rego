# METADATA
# title: Faults of requests
# description: >-
#   Explains why a request is malformed. Every fault is reported, as a message that begins with the field.
#   The messages decide nothing: `ram.request` alone determines whether a request can be read.
package ram.request_faults

import data.ram.action
import data.ram.condition
import data.ram.limit
import data.ram.principal
import data.ram.request
import data.ram.resource

# METADATA
# description: The faults of a request, as sorted messages.
# scope: document
of_request(value) := ["input: must be an object"] if not is_object(value)

of_request(value) := ["input: must be an object of at most five fields"] if {
	is_object(value)
	count(value) > limit.fields
}

of_request(value) := sort(((fields | _in_context(value)) | _in_session_policies(value))) if {
	is_object(value)
	count(value) <= limit.fields
	fields := ((_unknown(value) | _missing(value)) | _unreadable(value)) | _too_long(value)
}

# METADATA
# description: The faults of a simulation, as sorted messages.
# scope: document
of_simulation(value) := ["input: must be an object"] if not is_object(value)

of_simulation(value) := of_request(value) if {
	is_object(value)
	count(value) > limit.fields
}

of_simulation(value) := sort(array.concat(of_request(object.remove(value, ["policies"])), faults)) if {
	is_object(value)
	count(value) <= limit.fields
	faults := array.concat(_of_policies(value), _of_simulated_principal(value))
}

# METADATA
# description: The faults of a batch, as messages.
of_batch(value) := [sprintf("requests: must be at most %d, so send several batches", [limit.requests])] if {
	is_array(value.requests)
	count(value.requests) > limit.requests
} else := ["requests: must be a list, and the only field"]

_of_policies(value) := [sprintf("policies: must be at most %d documents of at most %d characters each and %d together, as JSON", [
	limit.policies,
	limit.policy,
	limit.all_policies,
])] if {
	is_object(value.policies)
	not request.are_few_policies(value.policies)
} else := ["policies: must be an object from names to translated identity policies"] if {
	not request.are_policies(object.get(value, "policies", null))
} else := [sprintf("policies: %s", [text]) | some text in _products(value, value.policies)]

# Services and providers have no identity policies that a simulation could replace.
_of_simulated_principal(value) := ["principal: must be a user, a role or an owner in a simulation"] if {
	caller := _caller(value)
	caller != null
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
	_caller(value) != null
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
	not _is_too_long(value.principal)
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
	not _is_too_long(object.get(value, field, null))
	not _is_readable(field, value)
	not _has_named_faults(field, value)
}

# A message about the form of the whole field would hide the fault of its part.
_has_named_faults(field, value) if {
	field == "context"
	_in_context(value) != set()
}

_has_named_faults(field, value) if {
	field == "session_policies"
	_in_session_policies(value) != set()
}

_too_long(value) := {sprintf("%s: must have at most %d characters", [field, limit.name]) |
	some field in _required
	_is_too_long(value[field])
}

_is_too_long(text) if {
	is_string(text)
	count(text) > limit.name
}

_in_session_policies(value) := {sprintf("session_policies: must be at most %d", [limit.session_policies])} if {
	is_array(value.session_policies)
	count(value.session_policies) > limit.session_policies
} else := texts if {
	is_array(value.session_policies)
	texts := {text |
		some position, document in value.session_policies
		limit.size(document) > limit.session_policy
		text := sprintf("session_policies[%d]: must have at most %d characters, as JSON", [position, limit.session_policy])
	}
	count(texts) > 0
} else := {text |
	is_array(value.session_policies)
	some one in _products(value, value.session_policies)
	text := sprintf("session_policies: %s", [one])
}

# The products are a fault only where the documents and the context can be read.
_products(value, documents) := limit.products(documents, context, [value.action, value.resource]) if {
	context := object.get(value, "context", {})
	request.with_filled_in(context, _caller(value))
	every field in ["action", "resource"] {
		is_string(value[field])
	}
	count(documents) > 0
} else := set()

# With more keys than the limit, messages about each of them would take too long.
_in_context(value) := {sprintf("context: must have at most %d keys", [limit.keys])} if {
	is_object(value.context)
	count(value.context) > limit.keys
} else := {sprintf("context.%s: %s", [_shown(key), text]) |
	is_object(value.context)
	caller := _caller(value)
	some key, element in value.context
	some text in _of_key(key, element, caller)
} | _of_all_values(object.get(value, "context", {}))

# The whole of a long key would hide the rest of the message.
_shown(key) := key if {
	count(key) <= 80
} else := concat("", [substring(key, 0, 80), "…"])

_of_key(key, element, caller) := (unreadable | too_large) | (misspelled | contradicting) if {
	unreadable := {"must be a string, a number, a boolean or a list of those" |
		_is_short_list(element)
		not request.is_scalars(element)
	}
	too_large := _of_size(key, element)
	misspelled := {sprintf("is spelled `%s`", [condition.spelling(key)]) | condition.spelling(key) != key}
	contradicting := {"must be the principal's ARN, or left out" | not request.agrees({key: element}, caller)}
}

_of_size(key, element) := (named | listed) | long if {
	named := {sprintf("must be a key of at most %d characters", [limit.key]) | count(key) > limit.key}
	listed := {sprintf("must be a list of at most %d elements", [limit.elements]) | not _is_short_list(element)}
	long := {sprintf("must have at most %d characters", [limit.value]) |
		_is_short_list(element)
		request.is_scalars(element)
		not limit.is_short(element)
	}
}

_is_short_list(element) if count(limit.list(element)) <= limit.elements

# A fault of the values together, if none of them is at fault by itself.
_of_all_values(context) := elements | characters if {
	is_object(context)
	every element in context {
		request.is_value(element)
	}
	elements := {sprintf("context: must have at most %d elements in all", [limit.all_elements]) |
		count(limit.texts(context)) > limit.all_elements
	}
	characters := {sprintf("context: must have at most %d characters in all values", [limit.all_values]) |
		count(concat("", limit.texts(context))) > limit.all_values
	}
} else := set()
