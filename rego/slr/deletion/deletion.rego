# METADATA
# title: Deletion of a service-linked role
# description: >-
#   Decides whether a principal may delete a service-linked role, and names the features that stop
#   working without it. ram.authz decides the authorization. Only the service knows which resources
#   still use the role, so the caller passes them as `usages`.
package slr.deletion

import data.ram.authz
import data.ram.limit
import data.ram.resource
import data.slr.answer
import data.slr.request

# METADATA
# description: The answer to the question in `input`.
# entrypoint: true
# schemas:
#   - input: schema.deletion
decision := reply if {
	reply := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer to a question about a deletion, for any value of `question`.
decide(question) := answer.malformed(_faults(question)) if {
	not _is_readable(question)
} else := request.unknown(question, "unknown_role") if {
	not _exists(question)
} else := answer.of("not_service_linked", {
	"account": request.account(question),
	"role": _account_role(question).name,
}) if {
	not data.store.service_linked_roles[lower(question.role)]
} else := answer.of("denied", _fields(question)) if {
	not _authorization(question).allow
} else := answer.of("in_use", object.union(_fields(question), {
	"remedy": {"release": question.usages},
	"loss": _loss(question),
})) if {
	count(question.usages) > 0
} else := answer.of("delete", object.union(_fields(question), {"loss": _loss(question)}))

_exists(question) if {
	not request.denied_principal(question)
	_account_role(question)
}

# `lower` makes names of a text that is none, such as `K` of the sign for Kelvin: the ARN must be a role's.
_account_role(question) := data.store.accounts[account].roles[lower(question.role)] if {
	account := request.account(question)
	[_, true, account, _] = resource.parse(sprintf("acs:ram::%s:role/%s", [account, question.role]), "")
}

_authorization(question) := authz.decide(request.on_role(
	question,
	"ram:DeleteServiceLinkedRole",
	lower(question.role),
))

_fields(question) := {
	"account": request.account(question),
	"role": data.store.service_linked_roles[lower(question.role)].role,
	"service_name": data.store.service_linked_roles[lower(question.role)].service_name,
	"authorization": _authorization(question),
}

# The features that stop working without the role, and the event that creates it again.
_loss(question) := {
	"features": [feature | some feature, name in data.store.features; name == lower(question.role)],
	"created_when": data.store.service_linked_roles[lower(question.role)].created_when,
}

_is_readable(question) if {
	request.is_readable(question, {"role"}, {"usages"})
	every field in object.keys(question) & object.keys(_forms) {
		_is_well_formed(field, question[field])
	}
}

_is_usage(usage) if {
	count(usage) == 2
	object.keys(usage) == {"region", "resources"}
	is_string(usage.region)
	is_array(usage.resources)
	every text in usage.resources {
		limit.are_short([text])
		resource.is_valid(text)
	}
}

_faults(question) := array.concat(request.faults(question, {"role"}, {"usages"}), [text |
	some field, text in _forms
	field in object.keys(question)
	not _is_well_formed(field, question[field])
])

_forms := {
	"role": "role: must be a string",
	"usages": sprintf("usages: must be a list of at most %d objects with `region` and a list of ARNs, `resources`, at most %d in all", [
		limit.usages,
		limit.resources,
	]),
}

_is_well_formed("role", value) if is_string(value)

_is_well_formed("usages", value) if {
	is_array(value)
	count(value) <= limit.usages
	count([text | some usage in value; some text in usage.resources]) <= limit.resources
	every usage in value {
		_is_usage(usage)
	}
}
