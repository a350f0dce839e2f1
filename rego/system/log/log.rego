# METADATA
# title: What the decision log leaves out
# description: >-
#   OPA asks this package about every entry of its decision log, where the log
#   is turned on. An entry keeps who asked for what, and the decision.
package system.log

# METADATA
# title: Mask
# description: >-
#   Whole policy documents that came with a request are not logged, neither those of
#   a role session nor those of a simulation, be the request alone or in a batch.
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
