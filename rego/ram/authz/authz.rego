# METADATA
# title: Authorization
# description: >-
#   The entry points: may this principal do this to that? Decided by what is stored, one request or
#   many at a time.
package ram.authz

import data.ram.answer
import data.ram.evaluation
import data.ram.request
import data.ram.table

# METADATA
# description: The decision on the request that the input is.
# entrypoint: true
# schemas:
#   - input: schema.request
decision := settled if {
	# as `decide`, which would be one more call of a function: 2 to 3 µs
	settled := table.decision(input)
} else := _decide(input)

default decision := {
	"allow": false,
	"effect": "ImplicitDeny",
	"reason": "malformed_request",
	"policy_type": null,
	"statements": [],
	"errors": ["input: is missing, or could not be decided"],
}

# METADATA
# description: >-
#   The decisions on the requests that the input lists, in their order, one for each; or an object of
#   errors, where the input is no such list.
# entrypoint: true
# schemas:
#   - input: schema.requests
decisions := [decide(one) | some one in input.requests] if request.is_batch(input)

else := {"errors": request.batch_faults(input)}

default decisions := {"errors": ["requests: must be a list, and the only field"]}

# METADATA
# description: >-
#   The decision on a request, whole whatever the request is: the one that a table has, or else the
#   general rule's.
decide(one) := settled if {
	settled := table.decision(one)
} else := _decide(one)

# By the general rule.
_decide(one) := evaluation.decision(request.question(one)) if {
	data.store.format == 1
} else := answer.malformed(faults) if {
	faults := request.faults(one)
	count(faults) > 0
} else := answer.malformed(["request: could not be decided"])
