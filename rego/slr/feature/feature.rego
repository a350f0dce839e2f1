# METADATA
# title: Features that need a service-linked role
# description: Decides whether a principal may use a feature - its role exists, or may be created.
package slr.feature

import data.slr.answer
import data.slr.creation
import data.slr.request

# METADATA
# description: The answer to the question in `input`.
# entrypoint: true
# schemas:
#   - input: schema.feature
decision := reply if {
	reply := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer to a question about a feature, for any value of `question`.
decide(question) := answer.malformed(_faults(question)) if {
	not _is_readable(question)
} else := _of_creation(creation.of_role(question, data.store.features[question.feature])) if {
	data.store.features[question.feature]
} else := request.unknown(question, "unknown_feature")

# A feature whose role exists is ready; every other outcome is that of the creation.
_of_creation(reply) := object.union(reply, {"outcome": "ready"}) if reply.outcome == "exists"

_of_creation(reply) := reply if reply.outcome != "exists"

_required := {"feature"}

_is_readable(question) if {
	request.is_readable(question, _required, set())
	is_string(question.feature)
}

_faults(question) := array.concat(request.faults(question, _required, set()), [text |
	not is_string(object.get(question, "feature", ""))
	text := "feature: must be a string"
])
