# METADATA
# title: Access evaluation of AuthZEN
# description: >-
#   Decides an AuthZEN request (section 6 of the standard) by the functions of `ram.authz`, once
#   `authzen.question` has mapped it. An `answer` has the HTTP status, and the body that belongs to it.
package authzen.evaluation

import data.authzen.entity
import data.authzen.question
import data.ram.authz

# METADATA
# description: The answer to the input, which is the body of an AuthZEN request.
# entrypoint: true
# schemas:
#   - input: schema.evaluation
answer := answer_to(input)

default answer := {"status": 400, "body": "the request is missing, or could not be evaluated"}

# METADATA
# description: The answer to any value.
answer_to(one) := {"status": 200, "body": _decide(one)} if {
	entity.is_whole(one)
} else := refusal(entity.faults(one, entity.all))

# METADATA
# description: >-
#   The decision on any value: `decision`, and if that is false a `context` with the reason.
decide(one) := _decide(one) if {
	entity.is_whole(one)
} else := _no("malformed_request", sort(entity.faults(one, entity.all)))

# METADATA
# description: The answer to a request with these faults.
refusal(faults) := {"status": 400, "body": concat("; ", sort(faults))}

_decide(one) := _of_decision(authz.decide(request)) if {
	request := question.request(one)
} else := _no("malformed_request", question.faults(one))

_of_decision(decision) := {"decision": true} if {
	decision.allow == true
	decision.effect == "Allow"
} else := _no(decision.reason, object.get(decision, "errors", []))

_no(reason, errors) := {"decision": false, "context": {"reason": reason}} if errors == []

else := {"decision": false, "context": {"reason": reason, "errors": errors}}
