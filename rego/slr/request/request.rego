# METADATA
# title: Questions about service-linked roles
# description: >-
#   What the three questions have in common: who asks, in which circumstances, and what is wrong with a
#   question that cannot be read. As in ram.request, the messages decide nothing.
package slr.request

import data.ram.authz
import data.ram.principal
import data.ram.request
import data.slr.answer

# METADATA
# description: >-
#   The input can be read: it has the fields that all questions have, of their form, those of its own
#   that are required, and no other. The service's name comes from the role, never from the caller. By a
#   store of another format nothing is answered.
is_readable(asked, required, optional) if {
	data.store.format == 1
	is_object(asked)
	given := object.keys(asked)
	given & required == required
	given & (_common | (required | optional)) == given
	request.question(_common_part(asked))
	not "ram:ServiceName" in object.keys(object.get(asked, "context", {}))
}

# METADATA
# description: What is wrong with the fields that all questions have, and which fields are missing or unknown.
# scope: document
faults(asked, _, _) := ["input: must be an object"] if not is_object(asked)

faults(asked, required, optional) := sort((((missing | unknown) | (common | own)) | undecidable)) if {
	is_object(asked)
	given := object.keys(asked)
	missing := {sprintf("%s: is missing", [field]) | some field in (required - given)}
	unknown := {sprintf("%v: is no field of this question", [field]) |
		some field in (given - (_common | (required | optional)))
	}
	common := {text | some text in request.faults(_common_part(asked))}
	own := {"context.ram:ServiceName: comes from the role, and cannot be given" |
		"ram:ServiceName" in object.keys(asked.context)
	}
	undecidable := {"input: could not be decided" | not data.store.format == 1}
}

# METADATA
# description: The account that the asker belongs to; null where there is none.
# scope: document
account(asked) := asking.account if {
	asking := principal.parsed(asked.principal)
	principal.has_identity(asking)
}

account(asked) := null if not principal.has_identity(principal.parsed(asked.principal))

# METADATA
# description: >-
#   The decision that turns away who is not there, or belongs to no account. Undefined for anybody else.
turned_away(asked) := decided if {
	decided := authz.decide(_common_part(asked))
	decided.reason == "unknown_principal"
} else := authz.decide(_common_part(asked)) if {
	account(asked) == null
}

# METADATA
# description: The answer to a question that names nothing known; who is not there is turned away first.
unnamed(asked, _) := answer.of("denied", {"account": account(asked), "authorization": denied}) if {
	denied := turned_away(asked)
}

unnamed(asked, outcome) := answer.of(outcome, {"account": account(asked)}) if not turned_away(asked)

# METADATA
# description: The request to do that to the asker's account's service-linked role of that name.
authorization(asked, action, name) := object.union(_common_part(asked), {
	"action": action,
	"resource": sprintf("acs:ram:*:%s:role/%s", [account(asked), name]),
	"context": object.union(object.get(asked, "context", {}), {"ram:ServiceName": service_name}),
}) if {
	service_name := data.store.service_linked_roles[name].service_name
}

_common := {"principal", "context"}

# What every question rests on, as a request whose action and resource say nothing.
_common_part(asked) := object.union(object.filter(asked, _common), {"action": "ram:GetRole", "resource": "*"})
