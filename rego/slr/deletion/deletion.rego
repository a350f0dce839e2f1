# METADATA
# title: Deletion of a service-linked role
# description: >-
#   Whether a service-linked role may be deleted, and what stops working without it. Authorization is
#   ram.authz's; what still uses the role is the service's to say, and the caller's to hand on.
package slr.deletion

import data.ram.authz
import data.ram.resource
import data.slr.answer
import data.slr.request

# METADATA
# description: The answer on the deletion that the input asks for.
# entrypoint: true
# schemas:
#   - input: schema.deletion
decision := answered if {
	answered := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer on a deletion, whole whatever is asked.
decide(asked) := answer.malformed(_faults(asked)) if {
	not _is_readable(asked)
} else := request.unnamed(asked, "unknown_role") if {
	not _is_there(asked)
} else := answer.of("not_service_linked", {"account": request.account(asked), "role": _stored(asked).name}) if {
	not data.store.service_linked_roles[lower(asked.role)]
} else := answer.of("denied", object.union(_known(asked), {"authorization": decided})) if {
	decided := _decided(asked)
	not decided.allow
} else := answer.of("in_use", object.union(_known(asked), {
	"authorization": _decided(asked),
	"remedy": {"release": asked.usages},
	"loss": _loss(asked),
})) if {
	count(asked.usages) > 0
} else := answer.of("delete", object.union(_known(asked), {
	"authorization": _decided(asked),
	"loss": _loss(asked),
}))

_is_there(asked) if {
	not request.turned_away(asked)
	_stored(asked)
}

_stored(asked) := data.store.accounts[request.account(asked)].roles[lower(asked.role)]

_decided(asked) := authz.decide(request.authorization(asked, "ram:DeleteServiceLinkedRole", lower(asked.role)))

_known(asked) := {
	"account": request.account(asked),
	"role": data.store.service_linked_roles[lower(asked.role)].role,
	"service_name": data.store.service_linked_roles[lower(asked.role)].service_name,
}

# What stops working, and how the role comes back.
_loss(asked) := {
	"features": [feature | some feature, name in data.store.features; name == lower(asked.role)],
	"created_when": data.store.service_linked_roles[lower(asked.role)].created_when,
}

_is_readable(asked) if {
	request.is_readable(asked, {"role"}, {"usages"})
	every field in object.keys(asked) & object.keys(_forms) {
		_is_field(field, asked[field])
	}
}

_is_usage(usage) if {
	object.keys(usage) == {"region", "resources"}
	is_string(usage.region)
	is_array(usage.resources)
	every text in usage.resources {
		resource.is_valid(text)
	}
}

_faults(asked) := array.concat(request.faults(asked, {"role"}, {"usages"}), [text |
	some field, text in _forms
	field in object.keys(asked)
	not _is_field(field, asked[field])
])

_forms := {
	"role": "role: must be a string",
	"usages": "usages: must be a list of objects with `region` and a list of ARNs, `resources`",
}

_is_field(field, value) if {
	field == "role"
	is_string(value)
}

_is_field(field, value) if {
	field == "usages"
	is_array(value)
	every usage in value {
		_is_usage(usage)
	}
}
