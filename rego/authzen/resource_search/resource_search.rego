# METADATA
# title: Resource search of AuthZEN
# description: >-
#   Finds the resources on which a subject may do an action, among those that the mapping lists as `known`.
#   RAM's policies have patterns, and no list of resources.
package authzen.resource_search

import data.authzen.entity
import data.authzen.evaluation
import data.authzen.question
import data.authzen.search

# METADATA
# description: The answer to the input, which is the body of an AuthZEN request.
# entrypoint: true
# schemas:
#   - input: schema.evaluation
answer := answer_to(input)

default answer := {"status": 400, "body": "the request is missing, or could not be evaluated"}

# METADATA
# description: >-
#   The answer to any value. A type that the mapping does not know has no resources. The properties of the given
#   resource are those of each candidate, and a resource that is known with another value is none.
answer_to(one) := evaluation.refusal(faults) if {
	faults := entity.faults(one, object.union(entity.all, {"resource": {"type"}}))
	faults != set()
} else := search.refusal("resources cannot be searched: the mapping has no templates for them") if {
	not question.names_resources
} else := {"status": 200, "body": {"results": []}} if {
	not data.store.authzen.resources[one.resource.type]
} else := search.refusal(sprintf("resources of the type %s cannot be searched: the mapping lists none as `known`", [json.marshal(one.resource.type)])) if {
	not data.store.authzen.resources[one.resource.type].known
} else := search.answer_of([[result, asked] |
	given := object.filter(one.resource, ["properties"])
	some id in sort(object.keys(data.store.authzen.resources[one.resource.type].known))
	_agrees(data.store.authzen.resources[one.resource.type], id, entity.properties(one.resource))
	result := {"type": one.resource.type, "id": id}
	asked := object.union(object.remove(one, ["resource"]), {"resource": object.union(result, given)})
])

# True unless a property that is mapped, or that the template names, has another value than the one that is known.
_agrees(declared, id, given) if {
	names := object.keys(declared.properties) | {part.name | some part in declared.arn; part.field == "properties"}
	every name, value in object.filter(declared.known[id], names) {
		object.get(given, name, value) == value
	}
}
