# METADATA
# title: Features that need a service-linked role
# description: Whether a feature is ready to be used, or may be made so by having its role created.
package slr.feature

import data.slr.answer
import data.slr.creation
import data.slr.request

# METADATA
# description: The answer on the feature that the input asks for.
# entrypoint: true
# schemas:
#   - input: schema.feature
decision := answered if {
	answered := decide(input)
} else := answer.malformed(["input: is missing, or could not be decided"])

# METADATA
# description: The answer on a feature, whole whatever is asked.
decide(asked) := answer.malformed(_faults(asked)) if {
	not _is_readable(asked)
} else := _renamed(creation.of_role(asked, data.store.features[asked.feature])) if {
	data.store.features[asked.feature]
} else := request.unnamed(asked, "unknown_feature")

_renamed(answered) := object.union(answered, {"outcome": "ready"}) if answered.outcome == "exists"

_renamed(answered) := answered if answered.outcome != "exists"

_required := {"feature"}

_is_readable(asked) if {
	request.is_readable(asked, _required, set())
	is_string(asked.feature)
}

_faults(asked) := array.concat(request.faults(asked, _required, set()), [text |
	not is_string(object.get(asked, "feature", ""))
	text := "feature: must be a string"
])
