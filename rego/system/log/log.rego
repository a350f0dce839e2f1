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
#   session and those of a simulation, for a single request and for a batch.
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

_documents := {"policies", "session_policies"}
