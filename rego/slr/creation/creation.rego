# METADATA
# title: Creation of a service-linked role
# description: >-
#   Decides whether a service may create its role on a principal's behalf: the role exists already, or
#   the principal may have it created. ram.authz decides the authorization.
package slr.creation

import data.ram.authz
import data.slr.answer
import data.slr.remedy
import data.slr.request

# METADATA
# description: The answer to the question in `input`.
# entrypoint: true
# schemas:
#   - input: schema.creation
decision := reply if {
	reply := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer to a question about a creation, for any value of `question`.
decide(question) := answer.malformed(_faults(question)) if {
	not _is_readable(question)
} else := of_role(question, data.store.services[question.service_name]) if {
	data.store.services[question.service_name]
} else := request.unknown(question, "unknown_service")

# METADATA
# description: The answer on the creation of one of the catalog's roles, by its name in lower case.
of_role(question, name) := answer.of("denied", object.union(_role(question, name), {"authorization": denial})) if {
	denial := request.denied_principal(question)
} else := answer.of("exists", _role(question, name)) if {
	data.store.accounts[request.account(question)].roles[name]
} else := answer.of("create", object.union(_role(question, name), {"authorization": authorization})) if {
	authorization := authz.decide(_ram_request(question, name))
	authorization.allow
} else := answer.of("denied", object.union(_role(question, name), {
	"authorization": authz.decide(_ram_request(question, name)),
	"remedy": remedy.of_creation(_ram_request(question, name)),
}))

_role(question, name) := {
	"account": request.account(question),
	"role": data.store.service_linked_roles[name].role,
	"service_name": data.store.service_linked_roles[name].service_name,
}

_ram_request(question, name) := request.on_role(question, "ram:CreateServiceLinkedRole", name)

_required := {"service_name"}

_is_readable(question) if {
	request.is_readable(question, _required, set())
	is_string(question.service_name)
}

_faults(question) := array.concat(request.faults(question, _required, set()), [text |
	not is_string(object.get(question, "service_name", ""))
	text := "service_name: must be a string"
])
