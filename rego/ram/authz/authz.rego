# METADATA
# title: Authorization
# description: >-
#   The entry points that decide by the stored policies: `decision` for one request, `decisions` for a
#   batch.
package ram.authz

import data.ram.answer
import data.ram.evaluation
import data.ram.request
import data.ram.request_faults
import data.ram.table

# METADATA
# description: The decision on the input, which is a request.
# entrypoint: true
# schemas:
#   - input: schema.request
decision := found if {
	# not `decide(input)`: one more function call costs 2 to 3 µs
	found := table.decision(input)
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
#   One decision for each request of the batch, in the same order. If the input is not a valid batch, an
#   object with `errors` instead.
# entrypoint: true
# schemas:
#   - input: schema.requests
decisions := [decide(one) | some one in input.requests] if request.is_batch(input)

else := {"errors": request_faults.of_batch(input)}

default decisions := {"errors": ["requests: must be a list, and the only field"]}

# METADATA
# description: >-
#   The decision on any value: from a table if one applies, else from the general rule. It is always
#   complete.
decide(one) := found if {
	found := table.decision(one)
} else := _decide(one)

# The general rule. A store of another format cannot be read, so nothing is allowed.
_decide(one) := evaluation.decision(request.question(one)) if {
	data.store.format == 2
} else := answer.malformed(faults) if {
	faults := request_faults.of_request(one)
	count(faults) > 0
} else := answer.malformed(["request: could not be decided"])
