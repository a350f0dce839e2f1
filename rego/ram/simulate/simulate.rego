# METADATA
# title: Simulation
# description: >-
#   The entry points of simulations: the decision that a request would get if its own `policies` replaced
#   the principal's policies of account scope.
package ram.simulate

import data.ram.answer
import data.ram.evaluation
import data.ram.request
import data.ram.request_faults

# METADATA
# description: The decision on the input, which is a simulation.
# entrypoint: true
# schemas:
#   - input: schema.simulation
decision := decide(input)

default decision := {
	"allow": false,
	"effect": "ImplicitDeny",
	"reason": "malformed_request",
	"policy_type": null,
	"statements": [],
	"errors": ["input: is missing, or could not be decided"],
	"simulated": true,
}

# METADATA
# description: >-
#   One decision for each simulation of the batch, in the same order. If the input is not a valid batch,
#   an object with `errors` instead.
# entrypoint: true
# schemas:
#   - input: schema.simulations
decisions := [decide(one) | some one in input.requests] if request.is_batch(input)

else := {"errors": request_faults.of_batch(input)}

default decisions := {"errors": ["requests: must be a list, and the only field"]}

# METADATA
# description: The decision on any value as a simulation. It is always complete.
decide(one) := object.union(_decide(one), {"simulated": true})

_decide(one) := evaluation.decision(request.simulation(one)) if {
	data.store.format == 2
} else := answer.malformed(faults) if {
	faults := request_faults.of_simulation(one)
	count(faults) > 0
} else := answer.malformed(["request: could not be decided"])
