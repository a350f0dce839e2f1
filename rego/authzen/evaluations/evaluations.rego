# METADATA
# title: Access evaluations of AuthZEN
# description: >-
#   Decides a list of AuthZEN requests, with defaults for their entities (section 7 of the standard). An
#   evaluation at fault is false, with its reason; only a fault of the whole list is an error.
package authzen.evaluations

import data.authzen.evaluation
import data.ram.limit

# METADATA
# description: The answer to the input, which is the body of an AuthZEN request.
# entrypoint: true
# schemas:
#   - input: schema.evaluations
answer := answer_to(input)

default answer := {"status": 400, "body": "the request is missing, or could not be evaluated"}

# METADATA
# description: >-
#   The answer to any value. Without a list of evaluations, or with an empty one, it is that of one
#   evaluation (7.1).
answer_to(batch) := evaluation.answer_to(batch) if {
	is_object(batch)
	object.get(batch, "evaluations", []) == []
} else := evaluation.refusal(_faults(batch)) if {
	faults := _faults(batch)
	faults != set()
} else := {"status": 200, "body": {"evaluations": _executed(batch, decisions)}} if {
	decisions := [evaluation.decide(_with_defaults(batch, item)) | some item in batch.evaluations]
}

# The first evaluation with this decision is the last one that is answered (7.1.2.1).
_last := {"deny_on_first_deny": false, "permit_on_first_permit": true}

_semantic(batch) := object.get(batch, ["options", "evaluations_semantic"], "execute_all")

_executed(batch, decisions) := array.slice(decisions, 0, first + 1) if {
	last := _last[_semantic(batch)]
	first := min({index | some index, one in decisions; one.decision == last})
} else := decisions

_faults(batch) := {"the request must be a JSON object"} if {
	not is_object(batch)
} else := {"evaluations: must be a list"} if {
	not is_array(batch.evaluations)
} else := {sprintf("evaluations: must be at most %d", [limit.requests])} if {
	count(batch.evaluations) > limit.requests
} else := {"options: must be an object"} if {
	not is_object(object.get(batch, "options", {}))
} else := {"options.evaluations_semantic: must be execute_all, deny_on_first_deny or permit_on_first_permit"} if {
	not _semantic(batch) in {"execute_all", "deny_on_first_deny", "permit_on_first_permit"}
} else := set()

_with_defaults(batch, item) := {field: value |
	some field in ["subject", "action", "resource", "context"]
	value := _field(batch, item, field)
} if {
	is_object(item)
} else := item

# An entity of the item replaces the default one (7.1.1). Only a missing `type` is that of the default, as the
# certification scenario wants. An `id` never is: an item that forgets it would be decided for another entity.
_field(batch, item, field) := object.union({"type": type}, item[field]) if {
	field in {"subject", "resource"}
	is_object(item[field])
	type := batch[field].type
} else := item[field] if {
	field in object.keys(item)
} else := batch[field]
