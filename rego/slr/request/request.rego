# METADATA
# title: Questions about service-linked roles
# description: >-
#   The parts that the three questions share: the principal, the context, and the faults of a malformed
#   question. As in ram.request, the fault messages decide nothing.
package slr.request

import data.ram.authz
import data.ram.limit
import data.ram.principal
import data.ram.request
import data.ram.request_faults
import data.slr.answer

# METADATA
# description: >-
#   True if the question has valid common fields, all required fields, and no field besides the optional
#   ones. `ram:ServiceName` is filled in from the role, so the caller must leave it out. With a store of
#   another format no question is readable.
is_readable(question, required, optional) if {
	data.store.format == 2
	is_object(question)
	count(question) <= limit.fields
	fields := object.keys(question)
	fields & required == required
	fields & (_common | (required | optional)) == fields
	request.question(_with_service_name(question))
	not _has_service_name(question)
}

# METADATA
# description: The faults of the common fields, and the missing and unknown fields, as sorted messages.
# scope: document
faults(question, _, _) := ["input: must be an object"] if not is_object(question)

faults(question, _, _) := ["input: must be an object of at most five fields"] if {
	is_object(question)
	count(question) > limit.fields
}

faults(question, required, optional) := sort((((missing | unknown) | (common | own)) | undecidable)) if {
	is_object(question)
	count(question) <= limit.fields
	fields := object.keys(question)
	missing := {sprintf("%s: is missing", [field]) | some field in (required - fields)}
	unknown := {sprintf("%v: is not a field of this question", [field]) |
		some field in (fields - (_common | (required | optional)))
	}
	common := {text | some text in request_faults.of_request(_with_service_name(question))}
	own := {"context.ram:ServiceName: comes from the role: leave it out" | _has_service_name(question)}
	undecidable := {"input: could not be decided" | not data.store.format == 2}
}

# METADATA
# description: The number of the principal's account; null if the principal belongs to none.
# scope: document
account(question) := asking.account if {
	asking := principal.parse(question.principal)
	principal.has_identity(asking)
}

account(question) := null if not principal.has_identity(principal.parse(question.principal))

# METADATA
# description: >-
#   The denial for a principal that is unknown or belongs to no account; otherwise undefined.
denied_principal(question) := denial if {
	denial := authz.decide(_of_principal(question))
	denial.reason == "unknown_principal"
} else := authz.decide(_of_principal(question)) if {
	account(question) == null
}

# METADATA
# description: >-
#   The answer to a question that names an unknown service, feature or role. The denial of the principal
#   comes first.
unknown(question, _) := answer.of("denied", {"account": account(question), "authorization": denial}) if {
	denial := denied_principal(question)
}

unknown(question, outcome) := answer.of(outcome, {"account": account(question)}) if not denied_principal(question)

# METADATA
# description: >-
#   The RAM request to perform an action on a service-linked role of the principal's account. The role is
#   named in lower case; its service goes into the context.
on_role(question, action, name) := object.union(_of_principal(question), {
	"action": action,
	"resource": sprintf("acs:ram:*:%s:role/%s", [account(question), name]),
	"context": object.union(object.get(question, "context", {}), {"ram:ServiceName": service_name}),
}) if {
	service_name := data.store.service_linked_roles[name].service_name
}

_common := {"principal", "context"}

# A RAM request with the question's principal and context; its action and resource are placeholders.
_of_principal(question) := object.union(object.filter(question, _common), {
	"action": "ram:GetRole",
	"resource": "*",
})

_has_service_name(question) if object.get(question, ["context", "ram:ServiceName"], {}) != {}

# The limits hold for the request with the key that is filled in, here with a value as long as any service's name.
_with_service_name(question) := object.union(
	_of_principal(question),
	{"context": object.union({"ram:ServiceName": _longest_name}, question.context)},
) if {
	count(question.context) <= limit.keys
	is_object(question.context)
} else := _of_principal(question)

_longest_name := sprintf("%064d", [0])
