# METADATA
# title: Requests
# description: >-
#   Reads a request. A request that can be read becomes a question, and only a question is evaluated. Any
#   other request is malformed; `ram.request_faults` explains why, and decides nothing.
package ram.request

import data.ram.action
import data.ram.condition
import data.ram.document
import data.ram.limit
import data.ram.principal
import data.ram.resource

# METADATA
# description: >-
#   The question of a request: the parsed principal, the action in lower case, the completed resource, its
#   account, the context with the filled-in keys, and the session policies by name. Undefined if any field
#   is missing, unknown or unreadable.
question(request) := read if {
	[text, operation, target, context, documents] = _fields(request)
	limit.are_short([text, operation, target])
	caller := principal.parse(text)
	action.is_valid(operation)
	[compared, is_role, account, unstated] = resource.parse(target, _own_account(caller))

	# `object.get` returns a constant. OPA would rebuild an object literal each time it is passed to a function.
	read := object.get({}, "question", {
		"principal": caller,
		"context": with_filled_in(context, caller),
		"action": lower(operation),
		"resource": compared,
		"is_role": is_role,
		"unstated": unstated,
		"account": account,
		"session_policies": session_policies(documents, caller),
	})
	are_affordable(documents, context, [operation, target])
}

# 3.5: a service or a provider has no account that could complete a resource.
_own_account(caller) := "" if caller.kind == "federated"

else := caller.account

# A request has the three required fields, either or both of the optional ones, and no other field.
_fields(request) := [text, operation, target, {}, []] if {
	{"principal": text, "action": operation, "resource": target} = request
} else := [text, operation, target, context, []] if {
	{"principal": text, "action": operation, "resource": target, "context": context} = request
} else := [text, operation, target, {}, documents] if {
	{"principal": text, "action": operation, "resource": target, "session_policies": documents} = request
} else := [text, operation, target, context, documents] if {
	{
		"principal": text,
		"action": operation,
		"resource": target,
		"context": context,
		"session_policies": documents,
	} = request
}

# METADATA
# description: >-
#   The question of a simulation: that of the request without `policies`, and the documents that replace the
#   principal's own policies. Undefined if the simulation cannot be read.
simulation(request) := object.union(question(object.remove(request, ["policies"])), {"policies": request.policies}) if {
	count(request) <= limit.fields
	principal.has_identity(principal.parse(request.principal))
	are_policies(request.policies)
	are_affordable(request.policies, object.get(request, "context", {}), [request.action, request.resource])
}

# METADATA
# description: True if the value maps names to complete translated identity policies.
are_policies(policies) if {
	is_object(policies)
	are_few_policies(policies)
	every policy in policies {
		document.is_complete(policy)
	}
}

# METADATA
# description: True if the documents of a simulation are neither too many nor too long, each and together.
are_few_policies(policies) if {
	count(policies) <= limit.policies
	limit.size(policies) <= limit.all_policies
	every policy in policies {
		limit.size(policy) <= limit.policy
	}
}

# METADATA
# description: True if the evaluation of a request's own documents cannot take too long.
are_affordable(documents, context, searchable) if {
	# without documents: the usual case, and the cheap one
	documents == []
} else if {
	limit.products(documents, context, searchable) == set()
}

# METADATA
# description: True if the value is an object with a list of at most 10,000 requests and no other field.
is_batch(value) if {
	count(value) == 1
	is_array(value.requests)
	count(value.requests) <= limit.requests
}

# METADATA
# description: >-
#   The session policies by name, `session:<position>`. Undefined if the caller is not a role session, or if
#   a document is not a complete translated identity policy.
session_policies(documents, caller) := {} if documents == []

else := {sprintf("session:%d", [position]): policy | some position, policy in documents} if {
	caller.is_session
	is_array(documents)
	count(documents) <= limit.session_policies
	every policy in documents {
		limit.size(policy) <= limit.session_policy
		document.is_complete(policy)
	}
}

# METADATA
# description: >-
#   The context with the filled-in keys. Undefined if it cannot be read, if it spells one of RAM's keys in
#   another case, or if it contradicts the principal.
with_filled_in(context, caller) := _own(caller) if context == {}

else := _fill_in(context, own) if {
	is_object(context)
	count(context) <= limit.keys
	limit.has_short_keys(context)
	_are_values(context)
	condition.are_spelled(context)
	own := _own(caller)
	_agrees(context, own)
}

# A context of a few strings is the usual case, and `concat` is the cheap check for it.
_are_values(context) if {
	count(concat("", [value | some value in context])) <= limit.value
} else if {
	every value in context {
		is_value(value)
	}
	texts := limit.texts(context)
	count(texts) <= limit.all_elements
	count(concat("", texts)) <= limit.all_values
}

# METADATA
# description: True if the value is a string, a number, a boolean or a list of these, within its limits.
is_value(value) if {
	count(limit.list(value)) <= limit.elements
	is_scalars(value)
	limit.is_short(value)
}

# METADATA
# description: True if the value is a string, a number, a boolean or a list of these, of any size.
is_scalars(value) if {
	every element in limit.list(value) {
		type_name(element) in _scalars
	}
}

_scalars := {"string", "number", "boolean"}

# METADATA
# description: >-
#   True if the context has no `acs:PrincipalARN` of its own or exactly the one that ramgate fills in from
#   the principal.
agrees(context, caller) if _agrees(context, _own(caller))

_agrees(context, own) if {
	arn := object.get(own, "acs:PrincipalARN", null)
	object.get(context, "acs:PrincipalARN", arn) == arn
}

# An empty list counts as absent, so the current time is filled in.
_fill_in(context, own) := object.union(context, own) if context["acs:CurrentTime"] == []

else := object.union(own, context)

_own(caller) := {"acs:CurrentTime": _now, "acs:PrincipalARN": caller.arn} if principal.has_identity(caller)

else := {"acs:CurrentTime": _now}

_now := time.format(time.now_ns())
