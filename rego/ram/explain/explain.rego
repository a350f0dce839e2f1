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
decision := _explain(authz.decide(input), request.question(input), input) if {
	_is_asked(authz.decide(input))
} else := _bare(authz.decide(input))

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
simulation := _explain(simulate.decide(input), request.simulation(input), input) if {
	_is_asked(simulate.decide(input))
} else := _bare(simulate.decide(input))

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

# Without a question, or a principal, no layer is asked.
_is_asked(made) if not made.reason in {"malformed_request", "unknown_principal"}

_explain(made, question, asked) := {
	"decision": made,
	"layers": layers,
	"considered": near.considered,
	"more": near.more,
	"hints": hint.of(made, question, asked, {"layers": layers, "sources": sources, "considered": near.considered}),
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
