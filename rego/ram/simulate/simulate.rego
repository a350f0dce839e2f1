# METADATA
# title: Simulation
# description: >-
#   The entry points for somebody else's policies: what would be decided if the given documents were
#   all that is attached to the principal's account scope.
package ram.simulate

import data.ram.answer
import data.ram.evaluation
import data.ram.request

# METADATA
# description: The decision on the simulation that the input is.
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
#   The decisions on the simulations that the input lists, in their order, one for each; or an object
#   of errors, where the input is no such list.
# entrypoint: true
# schemas:
#   - input: schema.simulations
decisions := [decide(one) | some one in input.requests] if request.is_batch(input)

else := {"errors": request.batch_faults(input)}

default decisions := {"errors": ["requests: must be a list, and the only field"]}

# METADATA
# description: The decision on a simulation, whole whatever the request is.
decide(one) := object.union(_decided(one), {"simulated": true})

_decided(one) := evaluation.decision(request.simulation(one)) if {
	data.store.format == 1
} else := answer.malformed(faults) if {
	faults := request.simulation_faults(one)
	count(faults) > 0
} else := answer.malformed(["request: could not be decided"])
