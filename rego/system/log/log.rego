# METADATA
# title: Masking of the decision log
# description: >-
#   OPA evaluates this package for every entry of its decision log, if the log is turned on. An entry keeps
#   the principal, action, resource and context of the request, and the decision.
package system.log

# METADATA
# title: Drop
# description: True for an entry that is left out. A query of the loaded revision or serial is not a decision.
# scope: document
drop if input.path in {"system/status/revision", "system/status/serial"}

# METADATA
# title: Mask
# description: >-
#   The paths to remove from an entry: whole policy documents that came with a request, those of a role
#   session and those of a simulation, for a single request and for a batch; of an HTTP request that a proxy
#   asks about, the query and the headers that decide nothing, since both may be secrets.
# scope: document
mask contains $"/input/{field}" if {
	some field in _documents
	input.input[field]
}

mask contains $"/input/requests/{index}/{field}" if {
	some index, request in input.input.requests
	some field in _documents
	request[field]
}

mask contains "/input/query" if {
	_is_http
	input.input.query
}

# The headers are replaced as a whole: OPA finds no field in a path if its name has an escaped character.
mask contains {"op": "upsert", "path": "/input/headers", "value": kept} if {
	_is_http
	kept := {name: values | some name, values in input.input.headers; name in _deciding}
	kept != input.input.headers
}

_is_http if input.path == "authzen/route/answer"

# The headers that the mapping reads.
_deciding contains part.name if {
	some part in data.store.authzen.http.subject.id
	part.field == "header"
}

_deciding contains part.name if {
	some parts in data.store.authzen.http.context
	some part in parts
	part.field == "header"
}

_deciding contains part.name if {
	some route in data.store.authzen.http.routes
	some part in route.resource.id
	part.field == "header"
}

_documents := {"policies", "session_policies"}
