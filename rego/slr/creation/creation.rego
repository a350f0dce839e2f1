# METADATA
# title: Creation of a service-linked role
# description: >-
#   Whether a service may create its role on somebody's behalf: because it is there, or because they may
#   have it created. Authorization is ram.authz's.
package slr.creation

import data.ram.authz
import data.slr.answer
import data.slr.remedy
import data.slr.request

# METADATA
# description: The answer on the creation that the input asks for.
# entrypoint: true
# schemas:
#   - input: schema.creation
decision := answered if {
	answered := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer on a creation, whole whatever is asked.
decide(asked) := answer.malformed(_faults(asked)) if {
	not _is_readable(asked)
} else := of_role(asked, data.store.services[asked.service_name]) if {
	data.store.services[asked.service_name]
} else := request.unnamed(asked, "unknown_service")

# METADATA
# description: The answer on the creation of the catalog's role of that name, in lower case.
of_role(asked, name) := answer.of("denied", object.union(known, {"authorization": denied})) if {
	known := _known(asked, name)
	denied := request.turned_away(asked)
} else := answer.of("exists", _known(asked, name)) if {
	data.store.accounts[request.account(asked)].roles[name]
} else := answer.of("create", object.union(_known(asked, name), {"authorization": decided})) if {
	decided := authz.decide(_wanted(asked, name))
	decided.allow
} else := answer.of("denied", object.union(_known(asked, name), {"authorization": decided, "remedy": way_out})) if {
	wanted := _wanted(asked, name)
	decided := authz.decide(wanted)
	way_out := remedy.of_creation(wanted)
}

_known(asked, name) := {
	"account": request.account(asked),
	"role": data.store.service_linked_roles[name].role,
	"service_name": data.store.service_linked_roles[name].service_name,
}

_wanted(asked, name) := request.authorization(asked, "ram:CreateServiceLinkedRole", name)

_required := {"service_name"}

_is_readable(asked) if {
	request.is_readable(asked, _required, set())
	is_string(asked.service_name)
}

_faults(asked) := array.concat(request.faults(asked, _required, set()), [text |
	not is_string(object.get(asked, "service_name", ""))
	text := "service_name: must be a string"
])
