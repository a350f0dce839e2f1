# METADATA
# title: Explanation
# description: >-
#   The entry points that explain a decision: each layer by itself, the statements that could have mattered, and the
#   likely causes of a denial. They rest on the functions that decide.
package ram.explain

import data.ram.authz
import data.ram.hint
import data.ram.nearness
import data.ram.request
import data.ram.simulate
import data.ram.source
import data.ram.survey

# METADATA
# description: The explanation of the decision on the input, which is a request.
# entrypoint: true
# schemas:
#   - input: schema.request
decision := _explain(_decided, request.question(input)) if {
	_is_asked(_decided)
} else := _bare(_decided)

default decision := {
	"decision": {
		"allow": false,
		"effect": "ImplicitDeny",
		"reason": "malformed_request",
		"policy_type": null,
		"statements": [],
		"errors": ["input: is missing, or could not be decided"],
	},
	"layers": [],
	"considered": [],
	"more": 0,
	"hints": [],
}

# METADATA
# description: The explanation of the decision on the input, which is a simulation.
# entrypoint: true
# schemas:
#   - input: schema.simulation
simulation := _explain(_simulated, request.simulation(input)) if {
	_is_asked(_simulated)
} else := _bare(_simulated)

default simulation := {
	"decision": {
		"allow": false,
		"effect": "ImplicitDeny",
		"reason": "malformed_request",
		"policy_type": null,
		"statements": [],
		"errors": ["input: is missing, or could not be decided"],
		"simulated": true,
	},
	"layers": [],
	"considered": [],
	"more": 0,
	"hints": [],
}

# OPA evaluates a rule once, and a function at each call.
_decided := authz.decide(input)

_simulated := simulate.decide(input)

# Without a question, or a principal, no layer is asked.
_is_asked(made) if not made.reason in {"malformed_request", "unknown_principal"}

_explain(made, question) := {
	"decision": made,
	"layers": layers,
	"considered": near.considered,
	"more": near.more,
	"hints": hint.of(made, question, input, {"layers": layers, "sources": sources, "considered": near.considered}),
} if {
	layers := survey.layers(question)
	sources := source.of(question, layers)
	near := nearness.of(sources, question)
}

_bare(made) := {
	"decision": made,
	"layers": [],
	"considered": [],
	"more": 0,
	"hints": hint.without_layers(made, input),
}
